package mcp

import (
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

const (
	// maxSaid bounds what is kept of a server's standard error: its last words.
	maxSaid = 2 << 10
	// patience is how long a command may take to end when its input ends, and again when it is told to.
	patience = 2 * time.Second
)

// inherited is what a server gets of our environment. The rest holds keys that are none of its business.
func inherited() []string {
	return []string{
		"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TERM", "TMPDIR", "TZ",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
		"APPDATA", "LOCALAPPDATA", "PROGRAMFILES", "SYSTEMDRIVE", "SYSTEMROOT", "TEMP", "TMP", "USERNAME", "USERPROFILE",
	}
}

// transport is the way to the server, and what the server has said beside the protocol.
func (s *server) transport() (sdk.Transport, func() string) {
	if s.cfg.URL != "" {
		client := &http.Client{
			Transport: headers{s.cfg.Headers, http.DefaultTransport},
			// A redirect would carry the headers elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
		return &sdk.StreamableClientTransport{Endpoint: s.cfg.URL, HTTPClient: client}, func() string { return "" }
	}
	cmd := exec.Command(s.cfg.Command, s.cfg.Args...) // the operator's own file names it
	cmd.Dir, cmd.Env = s.cfg.Dir, environment(s.cfg.Env)
	said := &lastWords{}
	cmd.Stderr = said
	return &sdk.CommandTransport{Command: cmd, TerminateDuration: patience}, said.String
}

func environment(own map[string]string) []string {
	var out []string
	ours := inherited()
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if slices.Contains(ours, name) || strings.HasPrefix(name, "LC_") {
			out = append(out, pair)
		}
	}
	for k, v := range own {
		out = append(out, k+"="+v)
	}
	return out
}

// headers adds the configured headers to each request.
type headers struct {
	list map[string]string
	next http.RoundTripper
}

func (h headers) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for k, v := range h.list {
		r.Header.Set(k, v)
	}
	return h.next.RoundTrip(r)
}

// lastWords keeps the end of what is written to it.
type lastWords struct {
	mu   sync.Mutex
	text []byte
}

func (w *lastWords) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, p...)
	if over := len(w.text) - maxSaid; over > 0 {
		w.text = slices.Delete(w.text, 0, over)
	}
	return len(p), nil
}

func (w *lastWords) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if text := strings.TrimSpace(string(w.text)); text != "" {
		return "; it said: " + strings.ToValidUTF8(text, "\uFFFD")
	}
	return ""
}
