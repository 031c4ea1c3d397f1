package threads_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/cmd/internal/threads"
)

// The client against the real server is tested with the commands; here is what a real server does not do on demand.

// serve answers everything with one handler.
func serve(t *testing.T, handler http.HandlerFunc) *threads.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	c := threads.New(strings.TrimPrefix(server.URL, "http://"), "")
	t.Cleanup(func() {
		c.Close()
		server.Close()
	})
	return c
}

// replay collects what a stream tells.
func replay(t *testing.T, c *threads.Client) (all []threads.Event, err error) {
	t.Helper()
	for e, broken := range c.Replay(t.Context(), "t", "agent", "c") {
		if broken != nil {
			return all, broken
		}
		all = append(all, e)
	}
	return all, nil
}

func TestStreamIsReadAsItsStandardSays(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<20)
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, ": heartbeat\n\nevent: metadata\r\ndata: {\"run_id\":\"r\"}\r\nid: 0\r\n\r\n")
		fmt.Fprint(w, "event:unknown\ndata:{}\n\n")
		fmt.Fprintf(w, "event: debug\ndata: {\"type\":\"task_result\",\"timestamp\":\"2026-11-24T10:00:00.5+00:00\",\ndata: \"payload\":{\"name\":%q}}\n\n", long)
	})
	all, err := replay(t, c)
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, "r", all[0].Run.ID)
	require.Equal(t, long, all[1].Finished.Name)
	require.Equal(t, 500_000_000, all[1].At.Nanosecond())
}

func TestStreamThatBreaksIsNoEndOfTheRun(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w http.ResponseWriter){
		"the connection is cut": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"the server says so": func(w http.ResponseWriter) {
			fmt.Fprint(w, "event: error\ndata: {\"error\":\"StreamError\",\"message\":\"x\"}\n\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, "event: metadata\ndata: {\"run_id\":\"r\"}\n\n")
				_ = http.NewResponseController(w).Flush()
				end(w)
			})
			all, err := replay(t, c)
			require.ErrorIs(t, err, threads.ErrBroken)
			require.Len(t, all, 1)
		})
	}
}

func TestWhatAnswersMayBeAnotherServer(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"no JSON":      func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
		"another page": http.NotFound,
		"another API": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"detail":"no such route"}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := serve(t, answer).FindThread(t.Context(), "t")
			require.ErrorIs(t, err, threads.ErrAnother)
		})
	}
}

func TestNobodyAtTheAddress(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	c := threads.New(l.Addr().String(), "")
	defer c.Close()
	_, _, err = c.Threads(t.Context(), threads.Query{Limit: 1})
	require.ErrorIs(t, err, threads.ErrAway)
}

func TestServerThatListensEverywhereIsCalledHere(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"0.0.0.0:8124": "http://127.0.0.1:8124", "[::]:8124": "http://127.0.0.1:8124", ":8124": "http://127.0.0.1:8124", "agent:8124": "http://agent:8124",
	} {
		require.Equal(t, want, threads.New(addr, "").Address())
	}
}

func TestShortenedIDsAreUnambiguous(t *testing.T) {
	t.Parallel()
	ids := []string{"01a20f0d-d5fb-7777", "01a20f0d-d5b8-7555", "01a20f0d-d5b8-75aa", "demo", "demo-2"}
	for id, want := range map[string]string{"01a20f0d-d5f": ids[0], "01a20f0d-d5b8-755": ids[1], "demo": "demo", "demo-": "demo-2"} {
		found, err := threads.Pick("thread", id, ids)
		require.NoError(t, err, id)
		require.Equal(t, want, found)
	}
	for id, words := range map[string]string{
		"01a":                "fits 01a20f0d-d5fb-7777, 01a20f0d-d5b8-7555, 01a20f0d-d5b8-75aa: give more of it",
		"dmeo":               "there is no thread dmeo, did you mean demo?",
		"01a20f0d-d5fb-7771": "did you mean 01a20f0d-d5fb-7777?",
		"01a20f0d-e5b8":      "did you mean 01a20f0d-d5b8-7555 or 01a20f0d-d5b8-75aa?",
		"zzz":                "there is no thread zzz",
		"":                   "there is no thread",
	} {
		_, err := threads.Pick("thread", id, ids)
		require.ErrorContains(t, err, words, id)
	}
	require.Equal(t, 17, threads.Short(ids[:3]))
	require.Equal(t, 8, threads.Short(ids[3:]))
	require.Equal(t, 8, threads.Short(nil))
}
