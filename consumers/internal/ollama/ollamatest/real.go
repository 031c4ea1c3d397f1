package ollamatest

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	version = "0.17.4"
	// startLimit is for a machine with forty times the load that it can bear.
	startLimit = 2 * time.Minute
)

// Start runs a real Ollama on a free port, with folders of its own, and returns its address. It skips the test where
// there is none.
func Start(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("a real Ollama is not started by -short")
	}
	binary := find(t)
	addr := freeAddr(t)
	home := t.TempDir() // removed after the server, which was registered later
	log, err := os.Create(filepath.Join(home, "log"))
	require.NoError(t, err)
	cmd := exec.Command(binary, "serve")
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + home, "OLLAMA_HOST=" + addr, "OLLAMA_MODELS=" + filepath.Join(home, "models"),
		"OLLAMA_NUM_PARALLEL=1", "OLLAMA_LOAD_TIMEOUT=10m", "HTTPS_PROXY=http://127.0.0.1:9", "OLLAMA_NO_CLOUD=1",
	}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its runners end with it
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait() // it was killed
		_ = log.Close()
		if t.Failed() {
			raw, _ := os.ReadFile(log.Name()) // a log that cannot be read says nothing
			t.Logf("the log of Ollama ends with\n%s", raw[max(0, len(raw)-8000):])
		}
	})
	require.Eventually(t, func() bool { return answers(t.Context(), addr) }, startLimit, 20*time.Millisecond, "Ollama does not start")
	return "http://" + addr
}

func find(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("RAGLINE_TEST_OLLAMA"); path != "" {
		return path
	}
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	path := filepath.Join(cache, "ragline", "tools", "ollama-"+version, "ollama")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("there is no Ollama at %s: build it with `make ollama`, or set RAGLINE_TEST_OLLAMA", path)
	}
	return path
}

func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func answers(ctx context.Context, addr string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/api/version", nil)
	if err != nil {
		return false
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}
