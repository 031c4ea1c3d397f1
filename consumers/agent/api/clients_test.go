package api_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestClientsGetWhatTheyAskFor plays the requests of agent-chat-ui, agent-inbox and Studio and compares with golden answers.
func TestClientsGetWhatTheyAskFor(t *testing.T) {
	t.Parallel()
	for _, client := range []string{"agent-chat-ui", "agent-inbox", "studio"} {
		t.Run(client, func(t *testing.T) {
			t.Parallel()
			server, vars := setup(t), map[string]string{}
			var out strings.Builder
			for _, part := range strings.Split(string(read(t, "clients/"+client+".txt")), "###") {
				note, request, found := strings.Cut(part, "\n")
				if !found || !strings.HasPrefix(part, " ") && !strings.HasPrefix(part, "\n") {
					note, request = "", part
				}
				method, path, headers, body := parseRequest(fill(strings.TrimSpace(request), vars))
				r := call(t, method, server+path, body, headers...)
				fmt.Fprintf(&out, "###%s\n%s %s\n%d %s\n%s\n", note, method, normal(path), r.Status, r.Header.Get("Content-Type"), shown(r))
				collect(r, vars)
			}
			golden := filepath.Join("testdata", "clients", client+".golden")
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(out.String()), 0o600))
			}
			require.Equal(t, string(read(t, "clients/"+client+".golden")), out.String())
		})
	}
}

func fill(text string, vars map[string]string) string {
	for name, value := range vars {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

func parseRequest(text string) (method, path string, headers []string, body string) {
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	method, path, _ = strings.Cut(lines[0], " ")
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		headers = append(headers, name, value)
	}
	return method, path, headers, body
}

// shown is an answer without ids and times.
func shown(r reply) string {
	var out []string
	for _, line := range strings.Split(r.Body, "\n") {
		data, isData := strings.CutPrefix(line, "data: ")
		var v any
		if json.Unmarshal([]byte(data), &v) != nil {
			out = append(out, line)
			continue
		}
		v = normal(v)
		if run, ok := v.(map[string]any); ok && run["kwargs"] != nil {
			run["status"] = "<any>" // it has begun, or not
		}
		text, err := json.Marshal(v)
		if err != nil {
			text = []byte(err.Error())
		}
		line = strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(text))
		if isData {
			line = "data: " + line
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n") + "\n"
}

// collect remembers the ids that later requests name.
func collect(r reply, vars map[string]string) {
	if at := r.Header.Get("Content-Location"); at != "" {
		vars["run"] = at[strings.LastIndex(at, "/")+1:]
	}
	var v any
	if json.Unmarshal([]byte(r.Body), &v) != nil {
		return
	}
	if list, ok := v.([]any); ok && len(list) == 1 {
		v = list[0]
	}
	object, _ := v.(map[string]any)
	if id, ok := object["thread_id"].(string); ok {
		vars["thread"] = id
	}
	if checkpoint, ok := object["checkpoint"].(map[string]any); ok {
		vars["checkpoint"] = checkpoint["checkpoint_id"].(string)
	}
}
