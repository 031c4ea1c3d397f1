package dataset

import (
	"crypto/sha256"
	"encoding/binary"
)

// Split says whether a row may be trained on.
type Split string

// Splits of a dataset.
const (
	SplitTrain   Split = "train"
	SplitHeldOut Split = "heldout"
)

const splitPrefix = "ragline:dataset-split:v1\x00"

// splitOf hashes the conversation, so that all its rows stay together, in this dataset and in every later one.
func splitOf(thread string, heldOut float64) Split {
	sum := sha256.Sum256([]byte(splitPrefix + thread))
	if float64(binary.BigEndian.Uint64(sum[:8])>>11)/(1<<53) < heldOut {
		return SplitHeldOut
	}
	return SplitTrain
}

// decontaminate drops training rows whose question is also held out, in these or nearly these words.
func decontaminate(rows []row) (kept []row, dropped int) {
	seen := newSimilar()
	for i, r := range rows {
		if r.split == SplitHeldOut {
			seen.add(i, r.question)
		}
	}
	for _, r := range rows {
		if r.split == SplitTrain {
			if _, found := seen.find(r.question); found {
				dropped++
				continue
			}
		}
		kept = append(kept, r)
	}
	return kept, dropped
}
