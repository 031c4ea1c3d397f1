package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/schemas/topic"
)

const (
	firstKey  = "the-first-of-two-keys"
	secondKey = "the-second-of-two-keys"
)

// TestGatewayRefusesWhatItMustNotPublish runs a second gateway, with keys and a rate, beside that of `ragline up`.
func TestGatewayRefusesWhatItMustNotPublish(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	p := s.start()
	p.ready(t)
	base := "http://" + s.gateway + "/v1/"

	t.Run("a bad request names the field", func(t *testing.T) {
		for body, field := range map[string]string{
			`{"txt": "misspelt"}`:              "txt",
			`{"text": ""}`:                     "text",
			`{}`:                               "text",
			`{"text": 7}`:                      "text",
			`{"text": "x", "mode": "psychic"}`: "mode",
			`{"text": "x", "max_steps": -1}`:   "max_steps",
			`{"text": "x", "thread_id": "a", "threadId": ""}`: "thread_id",
		} {
			r := post(t, base+"queries", body)
			require.Equal(t, http.StatusBadRequest, r.status, "%s: %s", body, r.body)
			require.Equal(t, "application/problem+json", r.header.Get("Content-Type"))
			require.Equal(t, field, r.fields(t)["field"], "%s: %s", body, r.body)
			require.Contains(t, r.fields(t)["detail"], field)
		}
		r := post(t, base+"feedback", `{"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "value": 7}`)
		require.Equal(t, http.StatusBadRequest, r.status, r.body)
		require.Equal(t, "value", r.fields(t)["field"])
		require.Equal(t, http.StatusBadRequest, post(t, base+"queries", `{"text": "half`).status)
	})
	t.Run("a body that is too large is refused", func(t *testing.T) {
		r := post(t, base+"queries", `{"text": "`+strings.Repeat("x", 2*megabyte)+`"}`)
		require.Equal(t, http.StatusRequestEntityTooLarge, r.status, r.body)
		require.Contains(t, r.body, "RAGLINE_GATEWAY_MAX_BODY")
	})
	t.Run("nothing of it reached Kafka", func(t *testing.T) {
		require.Zero(t, recordsOf(s.in(t), topic.Queries))
		require.Zero(t, recordsOf(s.in(t), topic.Feedback))
	})

	guarded := s.with("RAGLINE_GATEWAY_ADDR="+freeAddr(t), "RAGLINE_GATEWAY_API_KEYS="+firstKey+","+secondKey, "RAGLINE_GATEWAY_RATE=0.001")
	gateway := guarded.launch("ragline runs: gateway", "run", "gateway")
	gateway.ready(t)
	base = "http://" + setting(guarded, "RAGLINE_GATEWAY_ADDR") + "/v1/"
	ask := func(t *testing.T, headers ...string) reply {
		return post(t, base+"queries", `{"text": "What leak does API 624 accept?", "mode": "async"}`, headers...)
	}
	t.Run("without a key it is closed", func(t *testing.T) {
		for _, headers := range [][]string{nil, {"Authorization", "Bearer guess"}, {"X-API-Key", firstKey + "x"}} {
			r := ask(t, headers...)
			require.Equal(t, http.StatusUnauthorized, r.status, r.body)
			require.Contains(t, r.header.Get("WWW-Authenticate"), "Bearer")
		}
	})
	t.Run("each key has a rate of its own", func(t *testing.T) {
		require.Equal(t, http.StatusAccepted, ask(t, "Authorization", "Bearer "+firstKey).status)
		r := ask(t, "Authorization", "Bearer "+firstKey)
		require.Equal(t, http.StatusTooManyRequests, r.status, r.body)
		require.NotEmpty(t, r.header.Get("Retry-After"))
		require.Contains(t, r.body, "RAGLINE_GATEWAY_RATE")
		require.Equal(t, http.StatusAccepted, ask(t, "X-API-Key", secondKey).status)
		require.EqualValues(t, 2, recordsOf(s.in(t), topic.Queries))
	})
	gateway.stop(t)
	p.stop(t)
}

// setting is the value in force of a variable of a system's commands.
func setting(s *system, name string) string {
	value := ""
	for _, pair := range s.env() {
		if v, ok := strings.CutPrefix(pair, name+"="); ok {
			value = v
		}
	}
	return value
}
