package checkpoint_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

func outboxCases() cases {
	return cases{
		"messages stay in order until confirmed": outbox,
		"a message is added once":                addedOnce,
		"positions only move forward":            positions,
	}
}

func outbox(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	commit(t, s, checkpoint.Commit{Messages: []checkpoint.Message{
		{ID: "1", Topic: "a", Key: []byte("k"), Value: []byte{0, 1}, Headers: []checkpoint.Header{{Key: "h", Value: []byte("v")}}},
		{ID: "2", Topic: "b"},
	}})
	commit(t, s, checkpoint.Commit{Messages: []checkpoint.Message{{ID: "3", Topic: "a"}}})
	all, err := s.Unsent(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, all, 3)
	require.Equal(t, []byte{0, 1}, all[0].Value)
	require.Equal(t, "h", all[0].Headers[0].Key)
	ids, err := s.UnsentIDs(t.Context(), all[0].Seq, 1)
	require.NoError(t, err)
	require.Equal(t, []checkpoint.MessageID{{Seq: all[1].Seq, ID: "2", Topic: "b"}}, ids)
	require.NoError(t, s.Confirm(t.Context(), []int64{all[0].Seq, all[2].Seq}, nil))
	rest, err := s.Unsent(t.Context(), all[0].Seq, 1)
	require.NoError(t, err)
	require.Equal(t, "2", rest[0].ID)
	ids, err = s.UnsentIDs(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, ids, 1)
}

func positions(t *testing.T, s checkpoint.Store) {
	at := checkpoint.Position{Topic: "a", Partition: 2, Offset: 9}
	require.NoError(t, s.Confirm(t.Context(), nil, []checkpoint.Position{at}))
	require.NoError(t, s.Confirm(t.Context(), nil, []checkpoint.Position{{Topic: "a", Partition: 2, Offset: 4}}))
	got, err := s.Confirmed(t.Context())
	require.NoError(t, err)
	require.Equal(t, []checkpoint.Position{at}, got)
}

func addedOnce(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	commit(t, s, checkpoint.Commit{Messages: messages("1", "2")})
	commit(t, s, checkpoint.Commit{Messages: messages("2", "3")})
	require.Equal(t, []string{"1", "2", "3"}, unsent(t, s))
}
