package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/cmd/internal/threads"
)

const (
	threadA = "01a20f0d-d575-7072-8550-ddc62f03e498"
	threadB = "01a20f0d-da42-7945-9836-9825079c5eb6"
	asked1  = "How many mechanical cycles does API 622 run?"
)

func TestThreadsAreListedFoundAndLookedInto(t *testing.T) {
	t.Parallel()
	r := startAgent(t)
	require.Contains(t, r.do(t, "threads"), "no such threads")
	answer := r.ask(t, threadA, asked1)
	r.ask(t, threadB, "What does API 641 cover?")

	list := read[[]threads.Thread](t, r.do(t, "threads", "--json"))
	require.Len(t, list, 2)
	require.Equal(t, threadB, list[0].ID, "the newest first")
	table := r.do(t, "threads", "--status", "idle")
	require.Regexp(t, threadA+`  idle  .*`+regexp.QuoteMeta(asked1), table)
	require.Contains(t, r.do(t, "threads", "--limit", "1"), "1 of 2 threads")
	require.Contains(t, r.do(t, "threads", "--status", "busy"), "no such threads")
	require.Contains(t, r.do(t, "threads", "--metadata", "customer=acme"), "no such threads")

	history := read[[]threads.State](t, r.do(t, "history", threadA[:13], "--json"))
	require.Equal(t, -1, history[len(history)-1].Metadata.Step)
	text := r.do(t, "history", threadA)
	require.Equal(t, len(history)+2, strings.Count(text, "\n"), "a row for each checkpoint, a header and a hint")
	require.Regexp(t, `thought +action_selector .* iterations, messages`, text)
	require.Contains(t, r.do(t, "history", threadA, "--limit", "2"), "the newest 2 checkpoints")

	state := r.do(t, "state", threadA)
	require.Contains(t, state, "human: "+asked1)
	require.Contains(t, state, "calls lookup_standard")
	require.Contains(t, state, answer[:40])
	first := r.do(t, "state", threadA, "--at", history[len(history)-2].ID()[:18])
	require.NotContains(t, first, "calls lookup_standard")
	require.Empty(t, plain(read[threads.State](t, r.do(t, "state", threadA, "--at", history[len(history)-2].ID(), "--json")).Values["answer"]))
}

func TestUnknownThreadsAndCheckpointsAreNamedWithWhatIsNear(t *testing.T) {
	t.Parallel()
	r := startAgent(t)
	r.ask(t, threadA, asked1)
	r.ask(t, threadB, asked1)
	require.Contains(t, r.refused(t, exitFailure, "history", "01a20f0d"), "thread 01a20f0d fits "+threadB+", "+threadA+": give more of it")
	require.Contains(t, r.refused(t, exitFailure, "state", threadA[:35]+"9"), "did you mean "+threadA+"? (`ragline threads` lists them)")
	require.Contains(t, r.refused(t, exitFailure, "state", "nothing"), "there is no thread nothing (`ragline threads`")
	require.Contains(t, r.refused(t, exitFailure, "state", threadA, "--at", "ffff"), "there is no checkpoint ffff (`ragline history THREAD`")
	require.Contains(t, r.refused(t, exitFailure, "replay", threadA, "01a"), "more: give more of it")
	require.Contains(t, r.refused(t, exitFailure, "fork", threadA, threadB, "--set", "max_steps=1"), "there is no checkpoint "+threadB)
}

func TestReplayRunsFromACheckpointOnABranch(t *testing.T) {
	t.Parallel()
	r := startAgent(t)
	answer := r.ask(t, threadA, asked1)
	history := read[[]threads.State](t, r.do(t, "history", threadA, "--json"))
	start := history[len(history)-2].ID() // before the first thought

	text := r.do(t, "replay", threadA, start[:18])
	require.Regexp(t, `(?s)^thought +\S+ +ai: calls lookup_standard .*\nfinal_answer .*`, text)
	require.Contains(t, text, "\n"+answer+"\n")
	require.Contains(t, r.do(t, "history", threadA), "fork    "+start[:8])

	other := read[replayed](t, r.do(t, "replay", threadA, start, "--question", "What does API 641 cover?", "--json"))
	require.Contains(t, other.Answer, "[api-641]")
	require.Equal(t, "human: What does API 641 cover?", messages(other.Values)[0].String(), "in the place of the one that was asked")
	require.NotEqual(t, start, other.From)
	require.Equal(t, "thought", other.Steps[0].Node)
	require.Equal(t, other.Checkpoint, read[[]threads.State](t, r.do(t, "history", threadA, "--json"))[0].ID())
	for _, s := range other.Steps {
		require.Positive(t, s.TookMS)
	}

	out, _, code := r.call(t, "replay", threadA, start, "--set", "max_steps=1")
	require.Equal(t, exitFailure, code, "the answer is that there is none")
	require.Contains(t, out, "the limit of 1 steps")
}

func TestForkEditsAndRunsNothing(t *testing.T) {
	t.Parallel()
	r := startAgent(t)
	r.ask(t, threadA, asked1)
	history := read[[]threads.State](t, r.do(t, "history", threadA, "--json"))
	start := history[len(history)-2].ID()

	forked := read[threads.State](t, r.do(t, "fork", threadA, start, "--set", "max_steps=7", "--json"))
	require.Equal(t, "7", string(forked.Values["max_steps"]))
	require.Equal(t, []string{"thought"}, forked.Next)
	require.Equal(t, start, forked.ParentID())
	require.Len(t, read[[]threads.State](t, r.do(t, "history", threadA, "--json")), len(history)+1)

	text := r.do(t, "fork", threadA, start, "--question", "What does API 641 cover?", "--as-node", "observation")
	require.Contains(t, text, "changed: messages; next: thought")
	id, _, _ := strings.Cut(strings.TrimPrefix(text, "forked: "), "\n")
	require.Contains(t, r.do(t, "replay", threadA, id), "[api-641]")

	require.Contains(t, r.refused(t, exitFailure, "fork", threadA, start, "--set", "nokey=1"), "unknown key")
	require.Contains(t, r.refused(t, exitFailure, "fork", threadA, start, "--set", "max_steps=1", "--as-node", "nowhere"), "unknown node")
	require.Contains(t, r.refused(t, exitFailure, "fork", threadA, history[len(history)-1].ID(), "--question", "x"), "nothing was asked at checkpoint")
}

func TestWrongArgumentsAreFoundBeforeAnybodyIsAsked(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"threads --status asleep", "threads --limit 0", "threads --metadata acme", "threads extra", "history", "history a --limit 1001", "state",
		"replay a", "replay a b --set x", "replay a b --set =1", "replay a b --set x={1", "replay a b --set x=1 --set x=2", "replay a b --as-node c",
		"replay a b --question q --set messages=[]", "fork a b", "fork a b c", "graph --svg a.svg --png a.png", "graph --mermaid --json", "graph extra",
		"review show", "review edit a", "review edit a {", "review edit a null", "review respond a", "review respond a -- \x20",
	} {
		file := t.TempDir() + "/settings"
		require.NoError(t, os.WriteFile(file, []byte("RAGLINE_DOMAIN_DIR="+packDir+"\nRAGLINE_AGENT_API_ADDR=127.0.0.1:1\nKAFKA_BROKERS=127.0.0.1:1\n"), 0o600))
		out, errs, code := call(t, append(strings.Split(line, " "), "--env-file", file)...)
		require.Equal(t, exitUsage, code, "ragline %s: %s%s", line, out, errs)
		require.Empty(t, out, line)
	}
}

func TestAgentThatIsNotReachedIsNamedWithWhatToDo(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/settings"
	for settings, want := range map[string]struct {
		code  int
		words string
	}{
		"RAGLINE_AGENT_API_ADDR=127.0.0.1:1": {exitFailure, "the agent does not answer at http://127.0.0.1:1: start it with `ragline up`"},
		"RAGLINE_AGENT_API_ADDR=127.0.0.1:0": {exitUsage, "set it to the address at which the agent serves"},
	} {
		require.NoError(t, os.WriteFile(file, []byte("RAGLINE_DOMAIN_DIR="+packDir+"\n"+settings+"\n"), 0o600))
		for _, line := range []string{"threads", "history a", "state a", "replay a b", "fork a b --set x=1"} {
			_, errs, code := call(t, append(strings.Fields(line), "--env-file", file)...)
			require.Equal(t, want.code, code, line)
			require.Contains(t, errs, want.words, line)
		}
	}
}

func TestGraphIsDrawnWithoutAnythingThatRuns(t *testing.T) {
	t.Parallel()
	text, errs, code := call(t, "graph")
	require.Zero(t, code, errs)
	require.Contains(t, text, "\tthought --> action_selector;\n")
	for range 20 {
		again, _, _ := call(t, "graph", "--mermaid")
		require.Equal(t, text, again, "the same each time")
	}
	dir := t.TempDir()
	for flag, begins := range map[string]string{"svg": "<svg", "png": "\x89PNG"} {
		file := filepath.Join(dir, "graph."+flag)
		out, errs, code := call(t, "graph", "--"+flag, file)
		require.Zero(t, code, errs)
		require.Equal(t, "wrote "+file+"\n", out)
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(data), begins))
		piped, _, code := call(t, "graph", "--"+flag, "-")
		require.Zero(t, code)
		require.Equal(t, string(data), piped)
	}
	out, _, _ := call(t, "graph", "--json")
	require.Contains(t, read[drawing](t, out).Edges, drawnEdge{Source: "thought", Target: "action_selector"})
	_, errs, code = call(t, "graph", "--svg", filepath.Join(dir, "nowhere", "a.svg"))
	require.Equal(t, exitFailure, code)
	require.Contains(t, errs, "writing the picture")
}

func TestKeyIsSentAndAskedForWhereItIsMissing(t *testing.T) {
	t.Parallel()
	const key = "0123456789abcdef"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Api-Key") != key {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"detail":"send a key"}`))
			return
		}
		_, _ = w.Write([]byte("[]"))
	}))
	t.Cleanup(server.Close)
	settings := "RAGLINE_DOMAIN_DIR=" + packDir + "\nRAGLINE_AGENT_API_ADDR=" + strings.TrimPrefix(server.URL, "http://") + "\n"
	file := t.TempDir() + "/settings"
	require.NoError(t, os.WriteFile(file, []byte(settings), 0o600))
	_, errs, code := call(t, "threads", "--env-file", file)
	require.Equal(t, exitFailure, code)
	require.Contains(t, errs, "set RAGLINE_AGENT_API_KEYS to one of its keys")

	require.NoError(t, os.WriteFile(file, []byte(settings+"RAGLINE_AGENT_API_KEYS="+key+"\n"), 0o600))
	out, errs, code := call(t, "threads", "--json", "--env-file", file)
	require.Zero(t, code, errs)
	require.Equal(t, "[]\n", out)
}
