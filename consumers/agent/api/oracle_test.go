package api_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/langgraphtest"
)

// startJS serves testdata/oracle/graph.mjs with LangGraph.js and returns the server's URL.
func startJS(t *testing.T) string {
	t.Helper()
	node := langgraphtest.Node(t)
	dir := filepath.Dir(langgraphtest.Script(t, node, "server.mjs", read(t, "oracle/server.mjs")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "graph.mjs"), read(t, "oracle/graph.mjs"), 0o600))
	cmd := exec.CommandContext(t.Context(), "node", "server.mjs", dir)
	cmd.Dir, cmd.Stderr, cmd.WaitDelay = dir, t.Output(), 10*time.Second
	cmd.Cancel = func() error { return cmd.Process.Kill() }
	_, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	address := make(chan string, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if a, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
				address <- a
			}
		}
		close(address)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
		_ = cmd.Wait()
	})
	a := <-address
	require.NotEmpty(t, a, "LangGraph.js's server did not start")
	return "http://" + a
}

// startPython serves testdata/oracle/graph.py with `langgraph dev` and returns the server's URL.
func startPython(t *testing.T) string {
	t.Helper()
	python, dir := langgraphtest.Python(t), t.TempDir()
	for _, name := range []string{"graph.py", "langgraph.json"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), read(t, "oracle/"+name), 0o600))
	}
	port := freePort(t)
	cmd := exec.CommandContext(t.Context(), python, "-m", "langgraph_cli", "dev", "--no-browser", "--no-reload",
		"--n-jobs-per-worker", "8", "--host", "127.0.0.1", "--port", port)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = dir, io.Discard, io.Discard, 10*time.Second
	cmd.Env = append(os.Environ(), "LANGGRAPH_CLI_NO_ANALYTICS=1", "LANGGRAPH_NO_VERSION_CHECK=1", "LANGSMITH_TRACING=false", "PYTHONDONTWRITEBYTECODE=1")
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	url := "http://127.0.0.1:" + port
	retry := time.NewTicker(100 * time.Millisecond)
	defer retry.Stop()
	for {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/ok", http.NoBody)
		require.NoError(t, err)
		if resp, err := http.DefaultClient.Do(req); err == nil {
			require.NoError(t, resp.Body.Close())
			return url
		}
		select {
		case <-ended:
			t.Fatal("langgraph dev did not start")
		case <-retry.C:
		}
	}
}

// freePort is a port that nobody listens on at the moment: langgraph dev cannot choose one itself.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return data
}

// step is one line of a drive.
type step struct {
	Step  string `json:"step"`
	Value any    `json:"value"`
}

// driveJS drives a server with the JavaScript client.
func driveJS(t *testing.T, url string) []step {
	t.Helper()
	node := langgraphtest.Node(t)
	return drive(t, "node", langgraphtest.Script(t, node, "drive.mjs", read(t, "drive.mjs")), url)
}

// drivePython drives a server with the Python client.
func drivePython(t *testing.T, url string) []step {
	t.Helper()
	return drive(t, langgraphtest.Python(t), filepath.Join("testdata", "drive.py"), url)
}

func drive(t *testing.T, program, script string, args ...string) []step {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, append([]string{script}, args...)...)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	require.NoError(t, err, "%s\n%s", tail(out), clip(problems.String()))
	var steps []step
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var s step
		err := dec.Decode(&s)
		if errors.Is(err, io.EOF) {
			return steps
		}
		require.NoError(t, err)
		s.Value = normal(s.Value)
		steps = append(steps, s)
	}
}

func tail(data []byte) string {
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return fmt.Sprintf("after %d steps: %.300s", len(lines), lines[len(lines)-1])
}

func clip(s string) string { return s[max(0, len(s)-900):] }
