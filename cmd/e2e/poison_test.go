package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// poison is a record that no consumer can use, and what must become of it.
type poison struct {
	name   string
	record kafka.Message
	reason event.Reason
}

const megabyte = 1 << 20

// poisons are what broken, hostile and newer producers send. Between them, queries go on.
func poisons() []poison {
	queries := func(value []byte, headers ...string) kafka.Message {
		return kafka.Message{Topic: topic.Queries, Key: []byte("poison"), Value: value, Headers: pairs(headers)}
	}
	question := []byte(`{"text": "What leak does API 624 accept?"}`)
	large := []byte(`{"text": "` + strings.Repeat("x", megabyte+20<<10) + `"}`)
	return []poison{
		{"JSON that ends early", queries([]byte(`{"text": "How many`)), event.ReasonInvalidJSON},
		{"a value that is no JSON at all", queries([]byte("\x00\x01\x02")), event.ReasonInvalidJSON},
		{"a field of another type", queries([]byte(`{"text": 7}`)), event.ReasonInvalidJSON},
		{"no text", queries([]byte(`{}`)), event.ReasonMissingField},
		{"no value", queries(nil), event.ReasonMissingField},
		{"text that is not UTF-8", queries([]byte("{\"text\": \"\xff\xfe\"}")), event.ReasonInvalidUTF8},
		{"protobuf that is none", queries([]byte("\xff\xff\xff"), event.HeaderContentType, event.ContentTypeProtobuf), event.ReasonInvalidProtobuf},
		{"more than is allowed, less than the broker refuses", queries(large), event.ReasonOversized},
		{"an event of another topic", queries([]byte(`{"traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "value": 1}`), event.HeaderType, "feedback.given.v1"), event.ReasonWrongTopic},
		{"no type where the topic carries two", kafka.Message{Topic: topic.Reviews, Value: []byte(`{}`)}, event.ReasonMissingType},
		{"a type of the future", queries(question, event.HeaderType, "query.asked.v9"), event.ReasonUnknownType},
		{"a type of somebody else", queries(question, event.HeaderType, "com.example.ping"), event.ReasonUnknownType},
	}
}

func pairs(headers []string) []kafka.Header {
	var all []kafka.Header
	for i := 0; i+1 < len(headers); i += 2 {
		all = append(all, kafka.Header{Key: headers[i], Value: []byte(headers[i+1])})
	}
	return all
}

// letter is a line of `ragline dlq list --json` and the whole of `dlq show --json`.
type letter struct {
	Group    string   `json:"group"`
	Offset   int64    `json:"offset"`
	Reason   string   `json:"reason"`
	Message  string   `json:"message"`
	From     string   `json:"from"`
	Attempts int      `json:"attempts"`
	Key      string   `json:"key"`
	Value    string   `json:"value"`
	Headers  []string `json:"headers"`
}

// TestBadRecordsAreSetAsideAndQueriesGoOn puts every kind of bad record between two good queries of one partition.
func TestBadRecordsAreSetAsideAndQueriesGoOn(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	s.requireEngine()
	p := s.start()
	p.ready(t)
	s.ingestPack()

	all := poisons()
	want := map[string]int{} // dead letters by reason
	stored := map[string]int{}
	dead := 0
	produce(t, s.kafka, good("before"))
	inflate(t, s.kafka)
	want[string(event.ReasonOversized)], stored[string(event.ReasonOversized)], dead = 1, 1, 1
	for _, bad := range all {
		produce(t, s.kafka, bad.record)
		stored[string(bad.reason)]++
		if bad.reason != event.ReasonUnknownType {
			want[string(bad.reason)]++
			dead++
		}
	}
	refuseHuge(t, s.kafka)
	produce(t, s.kafka, good("after"))

	t.Run("the good queries are answered", func(t *testing.T) {
		s := s.in(t)
		s.waitAnswer("before", "100 ppmv")
		s.waitAnswer("after", "100 ppmv")
	})
	t.Run("the bad ones are dead letters with their reason", func(t *testing.T) { requireLetters(s.in(t), want, dead) })
	t.Run("a dead letter keeps the record and its headers", func(t *testing.T) { requireOriginal(s.in(t)) })
	t.Run("topics list counts them", func(t *testing.T) {
		require.EqualValues(t, dead, recordsOf(s.in(t), topic.DeadLetters("agent")))
		require.Zero(t, recordsOf(s.in(t), topic.DeadLetters("evaluator")))
	})
	t.Run("ClickHouse holds them", func(t *testing.T) {
		s := s.in(t)
		s.waitStored(p, time.Minute)
		require.Equal(t, want, s.counts("SELECT reason AS name, count() AS n FROM dead_letters GROUP BY reason"))
		require.Equal(t, stored, s.counts("SELECT reason AS name, count() AS n FROM raw_records GROUP BY reason"))
		require.Equal(t, map[string]int{"query.asked.v9": 1, "com.example.ping": 1},
			s.counts("SELECT type AS name, count() AS n FROM raw_records WHERE reason = 'unknown_type' GROUP BY type"))
		require.Equal(t, map[string]int{string(topic.Queries): 2}, s.counts("SELECT _topic AS name, count() AS n FROM queries GROUP BY _topic"))
	})
	t.Run("redrive publishes again what was given up", func(t *testing.T) { redrive(s.in(t), dead) })
	p.stop(t)
}

func good(thread string) kafka.Message {
	value, _ := json.Marshal(map[string]string{"text": "What leak does API 624 accept?", "threadId": thread})
	return kafka.Message{Topic: topic.Queries, Value: value}
}

// inflate sends what is small on the wire and 8 MiB when it is unpacked, so that no broker refuses it.
func inflate(t *testing.T, addr string) {
	t.Helper()
	w := writer(addr)
	w.Compression = kafka.Gzip
	defer w.Close()
	value := []byte(`{"text": "` + strings.Repeat("x", 8*megabyte) + `"}`)
	require.NoError(t, w.WriteMessages(t.Context(), kafka.Message{Topic: topic.Queries, Key: []byte("inflated"), Value: value}))
}

// refuseHuge sends what the broker itself does not take: it never gets on the log.
func refuseHuge(t *testing.T, addr string) {
	t.Helper()
	noise := make([]byte, 3*megabyte)
	_, _ = rand.Read(noise)
	w := writer(addr)
	w.MaxAttempts = 1
	defer w.Close()
	err := w.WriteMessages(t.Context(), kafka.Message{Topic: topic.Queries, Value: noise})
	var refused kafka.WriteErrors
	require.ErrorAs(t, err, &refused)
	require.ErrorIs(t, refused[0], kafka.MessageSizeTooLarge)
}

func requireLetters(s *system, want map[string]int, total int) {
	var letters []letter
	require.Eventually(s.t, func() bool {
		letters = decode[[]letter](s, "dlq", "list", "--json")
		return len(letters) >= total
	}, time.Minute, 200*time.Millisecond)
	got := map[string]int{}
	for _, l := range letters {
		got[l.Reason]++
		require.Equal(s.t, "agent", l.Group)
		require.NotContains(s.t, l.Message, "How many", "the message quotes no payload")
	}
	require.Equal(s.t, want, got)
	require.Len(s.t, decode[[]letter](s, "dlq", "list", "agent", "--json"), total)
	require.Empty(s.t, decode[[]letter](s, "dlq", "list", "evaluator", "--json"))
	table := s.do("dlq", "list")
	require.Contains(s.t, table, "invalid_json")
	require.Equal(s.t, 2, s.run("", "dlq", "list", "nobody").code)
}

func requireOriginal(s *system) {
	for _, l := range decode[[]letter](s, "dlq", "list", "agent", "--json") {
		shown := decode[letter](s, "dlq", "show", "agent", strconv.FormatInt(l.Offset, 10), "--json")
		require.Equal(s.t, l.From, shown.From)
		switch l.Reason {
		case "wrong_topic":
			require.Contains(s.t, shown.Value, "4bf92f3577b34da6a3ce929d0e0e4736")
			require.Equal(s.t, []string{event.HeaderType + ": feedback.given.v1"}, shown.Headers)
			require.Equal(s.t, "poison", shown.Key)
		case "oversized":
			text := s.do("dlq", "show", "agent", strconv.FormatInt(l.Offset, 10))
			require.Less(s.t, len(text), 10_000, "a screen must hold it")
		}
	}
	require.Equal(s.t, 1, s.run("", "dlq", "show", "agent", "999").code)
	require.Equal(s.t, 2, s.run("", "dlq", "show", "agent", "first").code)
}

// redrive first says what it would do; then it does so, and what is still broken is given up again.
func redrive(s *system, dead int) {
	dry := s.do("dlq", "redrive", "agent", "--all", "--dry-run")
	require.Contains(s.t, dry, fmt.Sprintf("would publish %d of %d", dead-1, dead), "one is too large to be kept twice")
	require.EqualValues(s.t, dead, recordsOf(s, topic.DeadLetters("agent")), "a dry run publishes nothing")
	require.Equal(s.t, 2, s.run("", "dlq", "redrive", "agent").code, "all of them must be said")

	before := recordsOf(s, topic.Queries)
	letters := decode[[]letter](s, "dlq", "list", "agent", "--json")
	i := slices.IndexFunc(letters, func(l letter) bool { return l.Reason == string(event.ReasonOversized) })
	require.GreaterOrEqual(s.t, i, 0)
	tooLarge := s.run("", "dlq", "redrive", "agent", strconv.FormatInt(letters[i].Offset, 10))
	require.Equal(s.t, 1, tooLarge.code, "the first oversized one was not kept whole: %s", tooLarge.text())
	require.Contains(s.t, tooLarge.stderr, "left out")
	i = slices.IndexFunc(letters, func(l letter) bool { return l.Reason == string(event.ReasonMissingField) })
	require.Contains(s.t, s.do("dlq", "redrive", "agent", strconv.FormatInt(letters[i].Offset, 10)), "published 1 of 1")
	require.Equal(s.t, before+1, recordsOf(s, topic.Queries))
	require.Eventually(s.t, func() bool { return recordsOf(s, topic.DeadLetters("agent")) == int64(dead)+1 }, time.Minute, 200*time.Millisecond)
}

// recordsOf reads a topic's count from `ragline topics list --json`.
func recordsOf(s *system, name string) int64 {
	s.t.Helper()
	for _, row := range decode[[]struct {
		Topic   string `json:"topic"`
		Records int64  `json:"records"`
	}](s, "topics", "list", "--json") {
		if row.Topic == name {
			return row.Records
		}
	}
	require.Fail(s.t, "topics list leaves out "+name)
	return 0
}

// counts reads names and numbers with `ragline sql --json`, which prints one object on each line.
func (s *system) counts(statement string) map[string]int {
	s.t.Helper()
	all := map[string]int{}
	lines := json.NewDecoder(bytes.NewReader([]byte(s.do("sql", "--json", statement))))
	for lines.More() {
		var row struct {
			Name string
			N    json.Number
		}
		require.NoError(s.t, lines.Decode(&row))
		n, err := strconv.Atoi(row.N.String())
		require.NoError(s.t, err)
		all[row.Name] = n
	}
	return all
}

// waitAnswer waits for the answer on a thread, which must hold the words.
func (s *system) waitAnswer(thread, words string) *event.AnswerGiven {
	s.t.Helper()
	b := s.kafkaOf()
	var found *event.AnswerGiven
	require.Eventually(s.t, func() bool {
		for _, r := range readAll(s.t, b, topic.Answers) {
			e, err := topic.Decode(r)
			require.NoError(s.t, err)
			if a := e.Data.(*event.AnswerGiven); a.GetThreadId() == thread {
				found = a
			}
		}
		return found != nil
	}, time.Minute, 100*time.Millisecond, "no answer on thread %s", thread)
	require.Contains(s.t, found.GetText(), words)
	return found
}
