package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/schemas/topic"
)

// TestOperatorSeesWhatHappens follows one question through every command that shows something.
func TestOperatorSeesWhatHappens(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	s.requireEngine()
	requireDown(s)
	p := s.start()
	p.ready(t)
	s.ingestPack()

	var answer struct {
		QueryID string `json:"queryId"`
		TraceID string `json:"traceId"`
		Text    string
		Success bool
		Sources []struct {
			DocumentID string `json:"documentId"`
			Cited      bool
		}
	}
	t.Run("ask", func(t *testing.T) {
		s := s.in(t)
		text := s.do("ask", "How many mechanical cycles does API 622 run?")
		inOrder(t, text, "1,510 mechanical cycles [api-622-emission-test]", "\n  [api-622-emission-test] API 622: the emission test\n", "extractive, ", " steps, ", "trace ")
		unknown := s.run("", "ask", "What is the price of gold today?")
		require.Contains(t, unknown.stdout, "not in the knowledge base")
		require.NoError(t, json.Unmarshal([]byte(s.do("ask", "--json", "--user", "ada", "--tag", "e2e", "What leak does API 624 accept?")), &answer))
		require.True(t, answer.Success)
		require.Contains(t, answer.Text, "[api-624]")
		require.Regexp(t, "^[0-9a-f]{32}$", answer.TraceID)
	})
	t.Run("feedback", func(t *testing.T) {
		s := s.in(t)
		require.Contains(t, s.do("feedback", "--value", "1", "--comment", "just right", answer.TraceID), "recorded ")
		for _, wrong := range [][]string{{answer.TraceID}, {"--value", "7", answer.TraceID}, {"--value", "good", answer.TraceID}} {
			require.Equal(t, 2, s.run("", append([]string{"feedback"}, wrong...)...).code, wrong)
		}
		require.EqualValues(t, 1, recordsOf(s, topic.Feedback))
	})
	s.waitStored(p, time.Minute)
	t.Run("trace", func(t *testing.T) { requireTrace(s.in(t), answer.TraceID) })
	t.Run("sql", func(t *testing.T) { requireSQL(s.in(t), answer.QueryID) })
	t.Run("dataset", func(t *testing.T) { requireDataset(s.in(t)) })
	t.Run("topics", func(t *testing.T) { requireTopics(s.in(t), answer.QueryID) })
	t.Run("ClickHouse over HTTP", func(t *testing.T) { requireHTTP(s.in(t)) })
	t.Run("ClickHouse with clickhouse-go", func(t *testing.T) { requireTyped(s.in(t), answer.QueryID) })
	t.Run("doctor, config and version", func(t *testing.T) {
		s := s.in(t)
		s.waitStored(p, time.Minute)
		doctor := s.do("doctor")
		require.NotContains(t, doctor, "FAIL")
		require.Contains(t, doctor, "ClickHouse holds every record of Kafka once")
		require.Contains(t, s.do("doctor", "--gateway", "http://"+s.gateway), "ok    gateway")
		require.Contains(t, s.do("config", "check"), "settings are right")
		require.Contains(t, s.with("RAGLINE_AGENT_SLOT=9").do("config", "check"), "RAGLINE_AGENT_SLOT is not a setting")
		require.Equal(t, runtime.Version(), decode[map[string]string](s, "version", "--json")["go"])
		require.Contains(t, s.do("migrate"), "everything is up to date")
	})
	p.stop(t)
	requireDown(s)
}

// requireDown wants commands to say that nothing runs, and what to do.
func requireDown(s *system) {
	s.t.Helper()
	doctor := s.run("", "doctor")
	require.Equal(s.t, 1, doctor.code, doctor.text())
	require.Contains(s.t, doctor.stdout, "FAIL  Kafka")
	require.Contains(s.t, doctor.stdout, "ragline up")
	for _, args := range [][]string{{"ask", "Is anybody there?"}, {"sql", "SELECT 1"}, {"topics", "list"}} {
		r := s.run("", args...)
		require.Equal(s.t, 1, r.code, "%v", args)
		require.Contains(s.t, r.stderr, "ragline up", "%v", args)
		require.Empty(s.t, r.stdout)
	}
}

func requireTrace(s *system, id string) {
	text := s.do("trace", id)
	inOrder(s.t, text, id, " spans, ", "\nspan ", "█")
	for _, words := range []string{"search_knowledge", "score grounding ", "score hallucination ", "feedback 1.0 just right"} {
		require.Contains(s.t, text, words)
	}
	trace := decode[struct{ Spans, Scores, Feedback []map[string]any }](s, "trace", "--json", id)
	require.Greater(s.t, len(trace.Spans), 5)
	require.Len(s.t, trace.Scores, 4)
	require.Len(s.t, trace.Feedback, 1)
	unknown := s.run("", "trace", strings.Repeat("0", 32))
	require.Equal(s.t, 1, unknown.code)
	require.Contains(s.t, unknown.stderr, "not stored")
}

func requireSQL(s *system, queryID string) {
	statement := "SELECT text FROM queries WHERE event_id = '" + queryID + "'"
	require.Equal(s.t, "text\nWhat leak does API 624 accept?\n", s.do("sql", statement))
	piped := s.run(statement, "sql", "--json")
	require.JSONEq(s.t, `{"text": "What leak does API 624 accept?"}`, piped.stdout)
	require.Equal(s.t, "What leak does API 624 accept?\n", s.do("sql", statement+" FORMAT TSV"))
	wrong := s.run("", "sql", "SELECT nothing FROM nowhere")
	require.Equal(s.t, 1, wrong.code)
	require.Contains(s.t, wrong.stderr, "nowhere")
	require.Equal(s.t, 2, s.run(" \n", "sql").code)
	for _, write := range []string{"DROP TABLE queries", "INSERT INTO queries (text) VALUES ('x')", "CREATE TABLE mine (x UInt8) ENGINE = Memory", "SET readonly = 0"} {
		require.Equal(s.t, 1, s.run("", "sql", write).code, write)
	}
	require.Equal(s.t, "text\nWhat leak does API 624 accept?\n", s.do("sql", statement), "all is still there")
}

func requireDataset(s *system) {
	require.Contains(s.t, s.do("dataset", "list"), "no datasets in ")
	require.Empty(s.t, decode[[]any](s, "dataset", "list", "--json"))
	built := s.do("dataset", "build")
	id, _, _ := strings.Cut(built, " ")
	require.Contains(s.t, built, "gold ")
	require.True(s.t, strings.HasPrefix(s.do("dataset", "build"), id+" "), "nothing new, so no new one")
	require.Contains(s.t, s.do("dataset", "list"), id)

	shown := decode[struct {
		DatasetID string `json:"dataset_id"`
		Folder    string
		Files     []struct{ Path string }
	}](s, "dataset", "show", "--json", id[:8])
	require.Equal(s.t, id, shown.DatasetID)
	require.Len(s.t, decode[[]any](s, "dataset", "list", "--json"), 1)
	require.NotEmpty(s.t, shown.Files)
	for _, f := range shown.Files {
		require.FileExists(s.t, filepath.Join(shown.Folder, f.Path))
		require.Contains(s.t, s.do("dataset", "show", id), f.Path)
	}
	require.Equal(s.t, 1, s.run("", "dataset", "show", "nothing").code)
}

func requireTopics(s *system, queryID string) {
	tail := s.do("topics", "tail", "queries", "--once", "--json")
	require.Contains(s.t, tail, `"id":"`+queryID+`"`)
	require.Equal(s.t, 3, strings.Count(tail, "\n"), "an event is a line")
	require.Contains(s.t, s.do("topics", "tail", topic.Answers, "--once"), "answer.given.v1")
	require.Equal(s.t, 2, s.run("", "topics", "tail", "nothing").code)
	require.Contains(s.t, s.do("topics", "lag"), "ragline.queries")
	require.Contains(s.t, s.do("topics", "create"), "every topic exists")
	for _, line := range []string{"ragline.queries ", "ragline.dlq.agent "} {
		require.Contains(s.t, s.do("topics", "list"), line)
	}
}

// requireHTTP reads as anybody's script would, and may not write.
func requireHTTP(s *system) {
	ask := func(query string) reply {
		return fetch(s.t, http.MethodGet, "http://"+s.clickhouse+"/?database=ragline&query="+url.QueryEscape(query), "")
	}
	r := ask("SELECT count() FROM queries")
	require.Equal(s.t, http.StatusOK, r.status, r.body)
	require.Equal(s.t, "3\n", r.body)
	for _, write := range []string{"DROP TABLE queries", "TRUNCATE TABLE queries", "INSERT INTO queries (text) VALUES ('x')", "ALTER TABLE queries DELETE WHERE 1"} {
		r := ask(write)
		require.NotEqual(s.t, http.StatusOK, r.status, "%s: %s", write, r.body)
		require.NotEmpty(s.t, r.header.Get("X-ClickHouse-Exception-Code"), write)
		require.NotEqual(s.t, http.StatusOK, fetch(s.t, http.MethodPost, "http://"+s.clickhouse+"/?database=ragline", write).status, write)
	}
	require.Equal(s.t, "3\n", ask("SELECT count() FROM queries").body)
	wrong := fetch(s.t, http.MethodGet, "http://default:guess@"+s.clickhouse+"/?query=SELECT+1", "")
	require.NotEqual(s.t, http.StatusOK, wrong.status, wrong.body)
}

// requireTyped reads rows with the usual Go client.
func requireTyped(s *system, queryID string) {
	db, err := clickhouse.Open(&clickhouse.Options{
		Protocol: clickhouse.HTTP, Addr: []string{s.clickhouse}, Auth: clickhouse.Auth{Database: "ragline", Username: "analyst"},
	})
	require.NoError(s.t, err)
	defer db.Close()
	var rows []struct {
		QueryID string    `ch:"query_id"`
		Time    time.Time `ch:"time"`
		Success bool      `ch:"success"`
		Tools   []string  `ch:"tools_used"`
	}
	require.NoError(s.t, db.Select(s.t.Context(), &rows, "SELECT query_id, time, success, tools_used FROM answers WHERE query_id = ?", queryID))
	require.Len(s.t, rows, 1)
	require.Equal(s.t, queryID, rows[0].QueryID)
	require.True(s.t, rows[0].Success)
	require.WithinDuration(s.t, time.Now(), rows[0].Time, time.Hour)
	require.Contains(s.t, rows[0].Tools, "search_knowledge")
	var refused *clickhouse.Exception
	require.ErrorAs(s.t, db.Exec(s.t.Context(), "TRUNCATE TABLE answers"), &refused)
	require.Error(s.t, db.Exec(s.t.Context(), "INSERT INTO queries (text) VALUES ('x')"))
}

// TestFolderOfDocumentsIsTheKnowledgeBase ingests a folder, changes it, and asks in between.
func TestFolderOfDocumentsIsTheKnowledgeBase(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	p := s.start()
	p.ready(t)
	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	write("gland.md", "# Zephyr gland follower\n\nThe gland follower of the Zephyr pump is tightened to 47 N m.\n")
	write("seal.txt", "The mechanical seal of the Zephyr pump runs for 8,000 hours.\n")
	write("casing.html", "<html><title>Zephyr casing</title><body><p>The casing of the Zephyr pump is tested at 24 bar.</p><script>alert(1)</script></body></html>")
	write("broken.pdf", "%PDF-1.7\nthis is no PDF")
	write("picture.png", "\x89PNG")

	type report struct {
		New, Changed, Unchanged, Removed []string
		Skipped                          []struct{ Path, Reason string }
	}
	ingest := func(t *testing.T, args ...string) report {
		return decode[report](s.in(t), append([]string{"ingest", dir, "--json"}, args...)...)
	}
	const question = "How many hours does the mechanical seal of the Zephyr pump run?"
	t.Run("what can be read is published, the rest is skipped with a reason", func(t *testing.T) {
		r := ingest(t)
		require.ElementsMatch(t, []string{"gland", "seal", "casing"}, r.New)
		require.Len(t, r.Skipped, 2)
		require.Equal(t, "broken.pdf", r.Skipped[0].Path)
		require.Contains(t, r.Skipped[0].Reason, "PDF")
		require.Contains(t, r.Skipped[1].Reason, "not a type of document")
		require.EqualValues(t, 3, recordsOf(s.in(t), topic.Documents))
	})
	t.Run("it is answered from", func(t *testing.T) {
		require.Contains(t, s.in(t).do("ask", question), "8,000 hours [seal]")
		require.Contains(t, s.in(t).do("ask", "At how many bar is the casing of the Zephyr pump tested?"), "24 bar [casing]")
	})
	t.Run("what has not changed is left alone", func(t *testing.T) {
		text := s.in(t).do("ingest", dir)
		require.Contains(t, text, "0 new, 0 changed, 3 unchanged, 0 removed, 2 skipped")
		require.Contains(t, text, "skipped broken.pdf: ")
		require.EqualValues(t, 3, recordsOf(s.in(t), topic.Documents))
	})
	t.Run("a change is published, and pruning removes what is gone", func(t *testing.T) {
		write("gland.md", "# Zephyr gland follower\n\nThe gland follower of the Zephyr pump is tightened to 52 N m.\n")
		require.NoError(t, os.Remove(filepath.Join(dir, "seal.txt")))
		require.Empty(t, ingest(t).Removed, "not without being asked to")
		r := ingest(t, "--prune")
		require.Equal(t, []string{"seal"}, r.Removed)
		require.ElementsMatch(t, []string{"gland", "casing"}, r.Unchanged)
		s := s.in(t)
		require.Eventually(t, func() bool { return !strings.Contains(s.do("ask", question), "8,000") }, time.Minute, 100*time.Millisecond)
		require.Contains(t, s.do("ask", "To how many N m is the gland follower of the Zephyr pump tightened?"), "52 N m [gland]")
	})
	t.Run("a folder that is not there is a failure", func(t *testing.T) {
		require.Equal(t, 1, s.in(t).run("", "ingest", dir+"/nowhere").code)
	})
	p.stop(t)
}
