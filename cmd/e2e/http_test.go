package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// reply is an HTTP response that has been read.
type reply struct {
	status int
	header http.Header
	body   string
}

// fields reads the reply's JSON object.
func (r reply) fields(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	require.NoError(t, json.Unmarshal([]byte(r.body), &v), r.body)
	return v
}

// post sends JSON. More headers come in pairs.
func post(t *testing.T, url, body string, headers ...string) reply {
	t.Helper()
	return fetch(t, http.MethodPost, url, body, headers...)
}

func fetch(t *testing.T, method, url, body string, headers ...string) reply {
	t.Helper()
	res := send(t, method, url, body, headers...)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return reply{res.StatusCode, res.Header, string(text)}
}

func send(t *testing.T, method, url, body string, headers ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	return res
}

// serves says whether an HTTP server answers well at the address.
func serves(t *testing.T, url string) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// sseEvent is one server-sent event.
type sseEvent struct {
	name string
	data map[string]any
}

// stream reads server-sent events until the server ends them.
func stream(t *testing.T, url, body string) []sseEvent {
	t.Helper()
	res := send(t, http.MethodPost, url, body)
	defer res.Body.Close()
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, "text/event-stream", res.Header.Get("Content-Type"))
	var events []sseEvent
	var name string
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if n, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			name = n
		}
		if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			var data map[string]any
			require.NoError(t, json.Unmarshal([]byte(text), &data))
			events = append(events, sseEvent{name, data})
		}
	}
	require.NoError(t, lines.Err())
	require.GreaterOrEqual(t, len(events), 2)
	return events
}
