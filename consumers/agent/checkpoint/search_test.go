package checkpoint_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

func searchCases() cases {
	return cases{
		"threads are found by what is asked for":      searchFilters,
		"threads are found in order":                  searchOrder,
		"threads are found in pages":                  searchPages,
		"a search that makes no sense is refused":     searchInvalid,
		"threads are found by what metadata contains": searchMetadata,
	}
}

// population puts threads, oldest update first: a/2 is busy, a/1 has failed.
func population(t *testing.T, s checkpoint.Store) {
	for _, th := range []checkpoint.Thread{
		{ID: "a/1", CreatedAt: time.Unix(30, 0), Metadata: json.RawMessage(`{"user":"x","n":1}`)},
		{ID: "b/1", CreatedAt: time.Unix(10, 0), Metadata: json.RawMessage(`{"user":"x","n":2}`)},
		{ID: "a/2", CreatedAt: time.Unix(20, 0), Metadata: json.RawMessage(`{"user":"y"}`)},
		{ID: "a%", CreatedAt: time.Unix(20, 0)},
	} {
		put(t, s, th)
	}
	for _, id := range []string{"a/1", "a/2"} {
		_, err := s.Accept(t.Context(), checkpoint.Acceptance{Run: run(id, id)})
		require.NoError(t, err)
	}
	require.NoError(t, s.Commit(t.Context(), checkpoint.Commit{ThreadID: "a/1", RunID: "a/1", Status: checkpoint.StatusFailed}))
}

func search(t *testing.T, s checkpoint.Store, q checkpoint.ThreadQuery) []string {
	t.Helper()
	list, total, err := s.SearchThreads(t.Context(), q)
	require.NoError(t, err)
	if q.Limit == 0 && q.Offset == 0 {
		require.Len(t, list, total)
	}
	var out []string
	for _, th := range list {
		require.Equal(t, thread(t, s, th.ID), th)
		out = append(out, th.ID)
	}
	return out
}

func searchFilters(t *testing.T, s checkpoint.Store) {
	population(t, s)
	x := json.RawMessage(`{"user":"x"}`)
	for name, c := range map[string]struct {
		q    checkpoint.ThreadQuery
		want []string
	}{
		"all":      {checkpoint.ThreadQuery{}, []string{"a%", "a/1", "a/2", "b/1"}},
		"prefix":   {checkpoint.ThreadQuery{Prefix: "a/"}, []string{"a/1", "a/2"}},
		"no such":  {checkpoint.ThreadQuery{Prefix: "c"}, nil},
		"percent":  {checkpoint.ThreadQuery{Prefix: "a%"}, []string{"a%"}},
		"ids":      {checkpoint.ThreadQuery{IDs: []string{"b/1", "a/2", "none"}}, []string{"a/2", "b/1"}},
		"no ids":   {checkpoint.ThreadQuery{IDs: []string{}}, nil},
		"status":   {checkpoint.ThreadQuery{Status: checkpoint.ThreadError}, []string{"a/1"}},
		"metadata": {checkpoint.ThreadQuery{Metadata: x}, []string{"a/1", "b/1"}},
		"together": {checkpoint.ThreadQuery{Prefix: "a", IDs: []string{"a/1", "a/2"}, Metadata: x, Status: checkpoint.ThreadError}, []string{"a/1"}},
	} {
		c.q.SortBy, c.q.Ascending = "thread_id", true
		require.Equal(t, c.want, search(t, s, c.q), name)
	}
}

func searchOrder(t *testing.T, s checkpoint.Store) {
	population(t, s)
	for by, want := range map[string][]string{
		"":           {"b/1", "a%", "a/2", "a/1"},
		"updated_at": {"b/1", "a%", "a/2", "a/1"},
		"created_at": {"b/1", "a%", "a/2", "a/1"},
		"thread_id":  {"a%", "a/1", "a/2", "b/1"},
		"status":     {"a/2", "a/1", "a%", "b/1"},
	} {
		require.Equal(t, want, search(t, s, checkpoint.ThreadQuery{SortBy: by, Ascending: true}), by)
		down := search(t, s, checkpoint.ThreadQuery{SortBy: by})
		for i := range want {
			require.Equal(t, want[i], down[len(down)-1-i], by)
		}
	}
}

func searchPages(t *testing.T, s checkpoint.Store) {
	population(t, s)
	q := checkpoint.ThreadQuery{SortBy: "created_at", Ascending: true, Limit: 2, Prefix: "a"}
	require.Equal(t, []string{"a%", "a/2"}, search(t, s, q))
	q.Offset = 2
	require.Equal(t, []string{"a/1"}, search(t, s, q))
	q.Offset = 5
	list, total, err := s.SearchThreads(t.Context(), q)
	require.NoError(t, err)
	require.Empty(t, list)
	require.Equal(t, 3, total)
	require.Len(t, search(t, s, checkpoint.ThreadQuery{Offset: 3}), 1)
}

func searchInvalid(t *testing.T, s checkpoint.Store) {
	for _, q := range []checkpoint.ThreadQuery{{SortBy: "thread_id; DROP TABLE threads"}, {Metadata: json.RawMessage(`[]`)}, {Metadata: json.RawMessage(`{`)}} {
		_, _, err := s.SearchThreads(t.Context(), q)
		require.ErrorIs(t, err, checkpoint.ErrInvalid)
	}
}

func searchMetadata(t *testing.T, s checkpoint.Store) {
	put(t, s, checkpoint.Thread{ID: "t", Metadata: json.RawMessage(`{"s":"x","n":1.0,"o":{"a":1,"b":[1,{"c":2},"d"]},"z":null}`)})
	for wanted, found := range map[string]bool{
		`{}`:                          true,
		`{"s":"x"}`:                   true,
		`{"s":"y"}`:                   false,
		`{"S":"x"}`:                   false,
		`{"n":1}`:                     true,
		`{"n":"1"}`:                   false,
		`{"o":{"a":1}}`:               true,
		`{"o":{}}`:                    true,
		`{"o":[]}`:                    false,
		`{"o":{"b":[]}}`:              true,
		`{"o":{"b":["d",1]}}`:         true,
		`{"o":{"b":[{"c":2}]}}`:       true,
		`{"o":{"b":[{"c":2,"e":1}]}}`: false,
		`{"o":{"b":[2]}}`:             false,
		`{"o":{"b":"d"}}`:             false,
		`{"z":null}`:                  true,
		`{"y":null}`:                  false,
	} {
		require.Equal(t, found, len(search(t, s, checkpoint.ThreadQuery{Metadata: json.RawMessage(wanted)})) == 1, wanted)
	}
}
