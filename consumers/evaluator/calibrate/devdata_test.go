package calibrate_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/evaluator/calibrate"
	"github.com/ragline/ragline/consumers/evaluator/feature"
)

// dataEnv names the folder with the public development sets. Without it the measurements are skipped:
// their rows are not part of this repository.
const dataEnv = "RAGLINE_EVAL_DATA"

type labelled struct {
	ID, Task, Question, Context, Response, Group string
	Label                                        int
}

type pair struct {
	Knowledge string `json:"knowledge"`
	Question  string `json:"question"`
	Right     string `json:"right_answer"`
	Wrong     string `json:"hallucinated_answer"`
}

type clap struct {
	ID, Question, Title, Passage string
	Answers                      []string
	Answerable                   int
}

func dataFolder(t testing.TB) string {
	t.Helper()
	dir := os.Getenv(dataEnv)
	if dir == "" {
		t.Skip("set " + dataEnv + " to the folder with the development sets")
	}
	return dir
}

func readRows[T any](t testing.TB, dir, name string) []T {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, name+".jsonl"))
	require.NoError(t, err)
	defer f.Close()
	var out []T
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var row T
		require.NoError(t, json.Unmarshal(lines.Bytes(), &row))
		out = append(out, row)
	}
	require.NoError(t, lines.Err())
	return out
}

// example is one answer to judge; positive means not supported.
type example struct {
	feature.Input
	positive bool
	group    string
}

func labelledExamples(t testing.TB, dir, name, task string) []example {
	t.Helper()
	var out []example
	for _, r := range readRows[labelled](t, dir, name) {
		if task != "" && r.Task != task {
			continue
		}
		out = append(out, example{newInput(r.Question, r.Response, "", r.Context), r.Label == 1, r.Group})
	}
	return out
}

func haluEval(t testing.TB, dir string) []example {
	t.Helper()
	var out []example
	for _, name := range []string{"halueval_qa_one_turn", "halueval_qa_multi_turn"} {
		for _, r := range readRows[pair](t, dir, name) {
			if name == "halueval_qa_one_turn" { // the right answers are the same in both files
				out = append(out, example{newInput(r.Question, r.Right, "", r.Knowledge), false, r.Question})
			}
			out = append(out, example{newInput(r.Question, r.Wrong, "", r.Knowledge), true, r.Question})
		}
	}
	return out
}

func newInput(question, answer, title, text string) feature.Input {
	return feature.Input{Question: question, Answer: answer, Passages: []feature.Passage{{ID: "context", Title: title, Text: text}}}
}

func clapRows(t testing.TB, dir string) []clap {
	t.Helper()
	var out []clap
	for _, r := range readRows[clap](t, dir, "clapnq_dev") {
		if len(r.Answers) == 7 { // padded with "NA"
			continue
		}
		out = append(out, r)
	}
	return out
}

// foreignSentences pairs each right answer of CLAPnq with itself plus the answer to another question.
func foreignSentences(t testing.TB, dir string) []example {
	t.Helper()
	rows := answerable(t, dir)
	var out []example
	for i, r := range rows {
		other := rows[(i+1)%len(rows)]
		out = append(out,
			example{newInput(r.Question, r.Answers[0], r.Title, r.Passage), false, r.Question},
			example{newInput(r.Question, r.Answers[0]+" "+other.Answers[0], r.Title, r.Passage), true, r.Question})
	}
	return out
}

// answersToOthers: positive are right answers, negative the answers to the most similar other question and to
// an arbitrary one, with the passages of both at hand.
func answersToOthers(t testing.TB, dir string) []example {
	t.Helper()
	short := make([]clap, 0, 500)
	for _, r := range readRows[pair](t, dir, "halueval_qa_one_turn") {
		short = append(short, clap{Question: r.Question, Passage: r.Knowledge, Answers: []string{r.Right}})
	}
	var out []example
	for _, rows := range [][]clap{answerable(t, dir), short} {
		for i, r := range rows {
			out = append(out, example{newInput(r.Question, r.Answers[0], r.Title, r.Passage), true, r.Question})
			for _, j := range []int{mostSimilar(rows, i), (i + 17) % len(rows)} {
				in := newInput(r.Question, rows[j].Answers[0], rows[j].Title, rows[j].Passage)
				in.Passages = append(in.Passages, feature.Passage{ID: "own", Title: r.Title, Text: r.Passage})
				out = append(out, example{in, false, r.Question})
			}
		}
	}
	return out
}

func mostSimilar(rows []clap, i int) int {
	best, at := -1.0, 0
	for j := range rows {
		if j == i || rows[j].Passage == rows[i].Passage {
			continue
		}
		shared := feature.Analyse(feature.Input{Question: rows[i].Question, Answer: rows[j].Question}).Relevance()[0]
		if shared > best {
			best, at = shared, j
		}
	}
	return at
}

func answerable(t testing.TB, dir string) []clap {
	t.Helper()
	var out []clap
	for _, r := range clapRows(t, dir) {
		if r.Answerable == 1 {
			out = append(out, r)
		}
	}
	return out
}

// set computes the vector of each example and keeps the named columns.
func set(examples []example, columns []string) calibrate.Set {
	var s calibrate.Set
	for _, e := range examples {
		v := feature.Analyse(e.Input).Vector()
		s.Rows = append(s.Rows, pick(v[:], feature.Names(), columns))
		s.Labels = append(s.Labels, e.positive)
		s.Groups = append(s.Groups, e.group)
	}
	return s
}

func pick(values []float64, names, columns []string) []float64 {
	out := make([]float64, 0, len(columns))
	for _, c := range columns {
		for i, n := range names {
			if n == c {
				out = append(out, values[i])
			}
		}
	}
	return out
}
