package retrieval_test

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/retrieval"
)

// row is a question with the passage that it was written for, of XQuAD or CLAPnq.
type row struct {
	Question   string `json:"question"`
	Title      string `json:"title"`
	Context    string `json:"context"`
	Passage    string `json:"passage"`
	Answerable *int   `json:"answerable"`
}

// TestRankingQuality reports how well questions find their passage. The figures are in DESIGN.md.
func TestRankingQuality(t *testing.T) {
	dir := os.Getenv("RAGLINE_EVAL_DATA")
	if dir == "" {
		t.Skip("set RAGLINE_EVAL_DATA to a folder with xquad_en.jsonl and clapnq_dev.jsonl")
	}
	for file, floor := range map[string]float64{"xquad_en.jsonl": .95, "clapnq_dev.jsonl": .92} {
		t.Run(file, func(t *testing.T) {
			rows := read(t, filepath.Join(dir, file))
			ids := map[string]string{}
			var docs []retrieval.Document
			for _, r := range rows {
				text := r.Context + r.Passage
				if _, ok := ids[text]; !ok {
					ids[text] = filepath.Base(file) + string(rune('0'+len(ids)))
					docs = append(docs, retrieval.Document{ID: ids[text], Title: r.Title, Text: text})
				}
			}
			x := setup(t, docs...)
			var ndcg, mrr, r1, r5, r10, n float64
			for _, r := range rows {
				if r.Answerable != nil && *r.Answerable == 0 {
					continue
				}
				n++
				seen := map[string]bool{}
				for _, id := range found(t, x, r.Question) {
					if seen[id] {
						continue
					}
					seen[id] = true
					if id != ids[r.Context+r.Passage] {
						continue
					}
					rank := float64(len(seen))
					ndcg += 1 / math.Log2(rank+1)
					mrr += 1 / rank
					r10++
					if rank <= 5 {
						r5++
					}
					if rank == 1 {
						r1++
					}
				}
			}
			t.Logf("%d passages, %.0f questions: nDCG@10 %.3f MRR@10 %.3f R@1 %.3f R@5 %.3f R@10 %.3f", len(docs), n, ndcg/n, mrr/n, r1/n, r5/n, r10/n)
			require.Greater(t, ndcg/n, floor)
		})
	}
}

func read(t *testing.T, path string) []row {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	var out []row
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r row
		require.NoError(t, json.Unmarshal(lines.Bytes(), &r))
		out = append(out, r)
	}
	require.NoError(t, lines.Err())
	return out
}
