package evaluator

import (
	"crypto/sha256"
	"encoding/binary"
)

// samplePrefix is our own: with the prefix of another sampler the two would select the same ids.
const samplePrefix = "ragline:evaluator-sampling:v1\x00"

// sampled says whether the id belongs to the share. Raising the rate only adds ids; replays choose the same.
func sampled(id string, rate float64) bool {
	return rate >= 1 || rate > 0 && hashFraction(samplePrefix, id) < rate
}

// hashFraction maps prefix and id to [0, 1) with the 53 bits that a float holds.
func hashFraction(prefix, id string) float64 {
	sum := sha256.Sum256([]byte(prefix + id))
	return float64(binary.BigEndian.Uint64(sum[:8])>>11) / (1 << 53)
}
