package react_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/retrieval"
	"github.com/ragline/ragline/consumers/agent/tool"
	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/consumers/internal/llm/extractive"
)

// TestAnswerabilityOnCLAPnq reports how well the extractive model knows what it cannot answer. The figures are in DESIGN.md.
func TestAnswerabilityOnCLAPnq(t *testing.T) {
	dir := os.Getenv("RAGLINE_EVAL_DATA")
	if dir == "" {
		t.Skip("set RAGLINE_EVAL_DATA to a folder with clapnq_dev.jsonl")
	}
	f, err := os.Open(filepath.Join(dir, "clapnq_dev.jsonl"))
	require.NoError(t, err)
	defer f.Close()
	type row struct {
		Question, Title, Passage string
		Answerable               int
	}
	var rows []row
	index, err := retrieval.NewIndex()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, index.Close()) })
	ids := map[string]bool{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r row
		require.NoError(t, json.Unmarshal(lines.Bytes(), &r))
		rows = append(rows, r)
		if !ids[r.Passage] {
			ids[r.Passage] = true
			require.NoError(t, index.Put(retrieval.Document{ID: strconv.Itoa(len(ids)), Title: r.Title, Text: r.Passage}))
		}
	}
	require.NoError(t, index.Flush())
	search := tool.Search(index)
	var yes, no []float64
	right := 0
	matrix := map[[2]bool]int{}
	for _, r := range rows {
		args, err := json.Marshal(map[string]string{"query": r.Question})
		require.NoError(t, err)
		res, err := search.Call(t.Context(), tool.Invocation{Arguments: args})
		require.NoError(t, err)
		var found llm.Knowledge
		found, err = llm.ReadKnowledge(res.Text, res.Data)
		require.NoError(t, err)
		coverage, answered := extractive.Assess(r.Question, found)
		matrix[[2]bool{r.Answerable == 1, answered}]++
		if answered == (r.Answerable == 1) {
			right++
		}
		if r.Answerable == 1 {
			yes = append(yes, coverage)
		} else {
			no = append(no, coverage)
		}
	}
	t.Logf("AUROC %.3f, accuracy %.3f; answerable and answered %d of %d, not answerable and refused %d of %d",
		auroc(yes, no), float64(right)/float64(len(rows)),
		matrix[[2]bool{true, true}], len(yes), matrix[[2]bool{false, false}], len(no))
	require.Greater(t, auroc(yes, no), .55)
}

func auroc(yes, no []float64) float64 {
	sort.Float64s(no)
	sum := 0.0
	for _, y := range yes {
		below := sort.SearchFloat64s(no, y)
		above := sort.Search(len(no), func(i int) bool { return no[i] > y })
		sum += float64(below) + float64(above-below)/2
	}
	return sum / float64(len(yes)*len(no))
}
