package e2e

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/warehouse"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
)

const minute = time.Minute

var discard = slog.New(slog.NewTextHandler(io.Discard, nil))

// TestKillAtRandomMomentsAnswersEveryQueryOnce kills `ragline up` with -9 at random moments while queries arrive,
// every other time together with its child processes, starts it again, and in the end finds every query
// answered once and every record of every topic once in ClickHouse.
func TestKillAtRandomMomentsAnswersEveryQueryOnce(t *testing.T) {
	t.Parallel()
	const kills, queries = 20, 500
	s := newSystem(t)
	s.requireEngine()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))

	p := s.start()
	p.ready(t)
	s.ingestPack()
	asked := 0
	for round := range kills {
		asked += s.ask(asked, queries/kills)
		select {
		case <-time.After(time.Duration(random.IntN(1500)) * time.Millisecond):
		case <-p.done:
			require.Fail(t, "ragline up ended by itself", p.text())
		}
		if round%2 == 0 {
			p.kill()
		} else {
			p.killAll()
		}
		p = s.start()
	}
	p.ready(t)
	require.Equal(t, queries, asked)

	b := s.kafkaOf()
	require.Eventually(t, func() bool { return len(answers(t, b)) == queries }, 2*time.Minute, time.Second, "every query is answered")
	s.waitStored(p, 2*time.Minute)
	for id, n := range answers(t, b) {
		require.Equal(t, 1, n, "query %s", id)
	}
	p.stop(t)
}

// ask publishes count queries, numbered from first, and returns how many are acknowledged: all, since
// the producer waits for a broker that is on its way up.
func (s *system) ask(first, count int) int {
	s.t.Helper()
	pub, err := s.kafkaOf().Publisher()
	require.NoError(s.t, err)
	defer pub.Close()
	for i := first; i < first+count; i++ {
		e := event.New("e2e", &event.QueryAsked{Text: questions[i%len(questions)], ThreadId: fmt.Sprintf("thread-%d", i%97)})
		// A try that dies with the broker may have been written: the same id again is the same query.
		require.Eventually(s.t, func() bool { return pub.Publish(s.t.Context(), e) == nil }, time.Minute, 50*time.Millisecond)
	}
	return count
}

var questions = []string{
	"How many mechanical cycles does API 622 run?",
	"Which gas does the API 622 fixture use?",
	"What leak does API 624 accept?",
	"What is the price of gold today?",
}

// waitStored waits until ClickHouse holds each record of each topic exactly once.
func (s *system) waitStored(p *process, limit time.Duration) {
	s.t.Helper()
	w := s.analyst()
	var last string
	agree := assert.Eventually(s.t, func() bool {
		last = s.difference(w)
		return last == ""
	}, limit, time.Second)
	require.True(s.t, agree, "ClickHouse and Kafka do not agree\n%s\n%s", last, p.text())
}

// difference says how ClickHouse differs from Kafka's offsets, or "".
func (s *system) difference(w *warehouse.Warehouse) string {
	b := s.kafkaOf()
	stored := s.storedRecords(w)
	var diff []string
	for name, partitions := range s.extents(b) {
		var want uint64
		for _, r := range partitions {
			want += uint64(r.End)
		}
		if got := stored[name]; got.rows != want || got.distinct != want {
			diff = append(diff, fmt.Sprintf("%s: Kafka holds %d records, ClickHouse %d rows with %d distinct offsets", name, want, got.rows, got.distinct))
		}
	}
	return strings.Join(diff, "\n")
}

func (s *system) extents(b *broker.Broker) map[string]map[int32]broker.Range {
	s.t.Helper()
	names, err := b.DeadLetterTopics(s.t.Context())
	require.NoError(s.t, err)
	extents, err := b.Ranges(s.t.Context(), append(names, catalogue()...)...)
	require.NoError(s.t, err)
	return extents
}
