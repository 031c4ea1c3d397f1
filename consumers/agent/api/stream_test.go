package api_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/api"
)

const (
	hi    = `{"messages":[{"type":"human","content":"hi","id":"h1"}]}`
	sleep = `{"messages":[{"type":"human","content":"hi","id":"h1"}],"mode":"sleep"}`
)

func TestAStreamIsJoinedWhereItWasLeft(t *testing.T) {
	t.Parallel()
	server := setup(t)
	thread := newThread(t, server)
	whole := call(t, "POST", thread+"/runs/stream", `{"assistant_id":"agent","input":`+hi+`,"stream_mode":["values","updates"]}`)
	require.Equal(t, http.StatusOK, whole.Status)
	require.Equal(t, "text/event-stream", whole.Header.Get("Content-Type"))
	require.Equal(t, whole.Header.Get("Content-Location")+"/stream", whole.Header.Get("Location"))
	require.Equal(t, []string{"metadata 0", "values 1", "updates 2", "values 3", "updates 4", "values 5"}, names(whole.Body))

	run := server + whole.Header.Get("Content-Location")
	again := call(t, "GET", run+"/stream", "", "Last-Event-ID", "-1")
	require.Equal(t, whole.Body, again.Body)
	require.Equal(t, whole.Body, call(t, "GET", run+"/stream", "").Body)
	rest := call(t, "GET", run+"/stream", "", "Last-Event-ID", "3")
	require.Equal(t, []string{"updates 4", "values 5"}, names(rest.Body))
	updates := call(t, "GET", run+"/stream?stream_mode=updates", "", "Last-Event-ID", "0")
	require.Equal(t, []string{"updates 2", "updates 4"}, names(updates.Body))
	wrong := call(t, "GET", run+"/stream", "", "Last-Event-ID", "1795546324867-0")
	require.Equal(t, http.StatusUnprocessableEntity, wrong.Status)
}

// names lists the frames of a stream with their ids.
func names(stream string) []string {
	var out []string
	for _, f := range strings.Split(stream, "\n\n") {
		var event, id string
		for _, line := range strings.Split(f, "\n") {
			if v, ok := strings.CutPrefix(line, "event: "); ok {
				event = v
			}
			if v, ok := strings.CutPrefix(line, "id: "); ok {
				id = v
			}
		}
		out = append(out, event+" "+id)
	}
	return out
}

// open starts a stream and returns its lines and how to leave it.
func open(t *testing.T, url, body string) (lines func() string, leave func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() })
	require.Equal(t, http.StatusOK, resp.StatusCode)
	scanner := bufio.NewScanner(resp.Body)
	return func() string {
		if !scanner.Scan() {
			return "end"
		}
		return scanner.Text()
	}, cancel
}

func TestAnIdleStreamShowsSignsOfLife(t *testing.T) {
	t.Parallel()
	thread := newThread(t, setup(t, func(c *api.Config, _ *api.Deps) { c.Heartbeat = 10 * time.Millisecond }))
	lines, _ := open(t, thread+"/runs/stream", `{"assistant_id":"agent","input":`+sleep+`}`)
	for line := ""; line != ": heartbeat"; line = lines() {
		require.NotEqual(t, "end", line)
	}
}

func TestAClientThatGoesAwayCancelsItsRunIfItSaidSo(t *testing.T) {
	t.Parallel()
	canceled := make(chan string, 1)
	thread := newThread(t, setup(t, func(_ *api.Config, d *api.Deps) { d.Backend = watched{d.Backend, canceled} }))
	leave := begin(t, thread, "cancel")
	leave()
	run := <-canceled
	require.Equal(t, http.StatusOK, call(t, "GET", thread+"/runs/"+run+"/join", "").Status)
	require.Equal(t, "interrupted", call(t, "GET", thread+"/runs/"+run, "").object(t)["status"])
}

func TestAClientThatGoesAwayLeavesItsRun(t *testing.T) {
	t.Parallel()
	canceled := make(chan string, 1)
	t.Cleanup(func() { require.Empty(t, canceled) }) // when the server's requests have ended
	thread := newThread(t, setup(t, func(_ *api.Config, d *api.Deps) { d.Backend = watched{d.Backend, canceled} }))
	begin(t, thread, "continue")()
}

// begin starts a run that sleeps, sees its first values, and returns how to go away.
func begin(t *testing.T, thread, onDisconnect string) func() {
	t.Helper()
	lines, leave := open(t, thread+"/runs/stream", `{"assistant_id":"agent","input":`+sleep+`,"on_disconnect":"`+onDisconnect+`"}`)
	for line := ""; line != "id: 1"; line = lines() {
		require.NotEqual(t, "end", line)
	}
	return leave
}

// watched tells what it is asked to cancel.
type watched struct {
	api.Backend
	canceled chan<- string
}

func (w watched) Cancel(ctx context.Context, runID string, rollback bool) error {
	err := w.Backend.Cancel(ctx, runID, rollback)
	w.canceled <- runID
	return err
}

func TestAStreamEndsWithItsRun(t *testing.T) {
	t.Parallel()
	thread := newThread(t, setup(t))
	lines, _ := open(t, thread+"/runs/stream", `{"assistant_id":"agent","input":`+sleep+`}`)
	require.Equal(t, "event: metadata", lines())
	var runs []map[string]any
	r := call(t, "GET", thread+"/runs", "")
	decodeInto(t, r.Body, &runs)
	r = call(t, "POST", thread+"/runs/"+runs[0]["run_id"].(string)+"/cancel?wait=true", "")
	require.Equal(t, http.StatusNoContent, r.Status, r.Body)
	for line := ""; line != "end"; line = lines() {
		require.NotContains(t, line, "event: error")
	}
	again := call(t, "POST", thread+"/runs/"+runs[0]["run_id"].(string)+"/cancel", "")
	require.Equal(t, http.StatusAccepted, again.Status, "what has ended is what was wanted")
}

func TestAnUnknownStreamModeIsRefusedAndAnEmptyOneMeansAll(t *testing.T) {
	t.Parallel()
	thread := newThread(t, setup(t))
	r := call(t, "POST", thread+"/runs/stream", `{"assistant_id":"agent","input":`+hi+`,"stream_mode":"nonsense"}`)
	require.Equal(t, http.StatusUnprocessableEntity, r.Status)
	require.Equal(t, "stream_mode", r.object(t)["field"])
	require.Contains(t, r.object(t)["detail"], "messages-tuple")
}

func TestStoppingEndsStreamsAndLeavesRuns(t *testing.T) {
	t.Parallel()
	canceled := make(chan string, 1)
	s := build(t, func(_ *api.Config, d *api.Deps) { d.Backend = watched{d.Backend, canceled} })
	require.Empty(t, s.Addr())
	require.NoError(t, s.Listen(t.Context()))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(ctx) }()
	thread := newThread(t, "http://"+s.Addr())
	lines, _ := open(t, thread+"/runs/stream", `{"assistant_id":"agent","input":`+sleep+`,"on_disconnect":"cancel"}`)
	require.Equal(t, "event: metadata", lines())
	stop()
	require.NoError(t, <-stopped)
	for line := ""; line != "end"; line = lines() {
		require.NotContains(t, line, "error")
	}
	require.Empty(t, canceled)
}

func TestATakenAddressIsNamed(t *testing.T) {
	t.Parallel()
	first := build(t)
	require.NoError(t, first.Listen(t.Context()))
	second := build(t, func(c *api.Config, _ *api.Deps) { c.Addr = first.Addr() })
	require.ErrorContains(t, second.Run(t.Context()), "RAGLINE_AGENT_API_ADDR="+first.Addr())
	ctx, stop := context.WithCancel(t.Context())
	stop()
	require.NoError(t, first.Run(ctx))
}
