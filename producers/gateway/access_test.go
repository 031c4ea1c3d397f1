package gateway_test

import (
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/producers/gateway"
)

func TestKeysOpenTheGateway(t *testing.T) {
	t.Parallel()
	b := setup(t, func(cfg *gateway.Config) { cfg.APIKeys = []string{"first-key-of-this-test", "second-key-of-this-test"} })
	for name, c := range map[string]struct {
		headers []string
		status  int
	}{
		"none":           {nil, 401},
		"wrong":          {[]string{"X-API-Key", "first-key-of-this-tes"}, 401},
		"other scheme":   {[]string{"Authorization", "Basic first-key-of-this-test"}, 401},
		"header":         {[]string{"X-API-Key", "second-key-of-this-test"}, 404},
		"bearer":         {[]string{"Authorization", "bearer first-key-of-this-test"}, 404},
		"bearer over it": {[]string{"Authorization", "Bearer nope", "X-API-Key", "first-key-of-this-test"}, 401},
	} {
		require.Equal(t, c.status, b.do(t, "GET", "/v1/queries/x", "", c.headers...).status, name)
	}
	r := b.do(t, "GET", "/v1/queries/x", "")
	require.Contains(t, r.header.Get("WWW-Authenticate"), "Bearer")
	matches(t, "Problem", r.raw)
	require.Equal(t, http.StatusOK, b.do(t, "GET", "/healthz", "").status, "probes need no key")
}

func TestCallerOverTheRateIsToldWhenToComeBack(t *testing.T) {
	t.Parallel()
	b := setup(t, func(cfg *gateway.Config) {
		cfg.Rate = 0.01
		cfg.APIKeys = []string{"first-key-of-this-test", "second-key-of-this-test"}
	})
	first, second := []string{"X-API-Key", "first-key-of-this-test"}, []string{"X-API-Key", "second-key-of-this-test"}
	require.Equal(t, http.StatusNotFound, b.do(t, "GET", "/v1/queries/x", "", first...).status)
	r := b.do(t, "GET", "/v1/queries/x", "", first...)
	require.Equal(t, http.StatusTooManyRequests, r.status)
	require.Equal(t, "100", r.header.Get("Retry-After"))
	require.Equal(t, http.StatusNotFound, b.do(t, "GET", "/v1/queries/x", "", second...).status, "each key has its own rate")
}

func TestPagesOfOtherOriginsAreKeptOut(t *testing.T) {
	t.Parallel()
	b := setup(t, func(cfg *gateway.Config) { cfg.CORSOrigins = []string{"https://app.example.com"} })
	body := `{"query_id": "q", "value": 1}`
	r := b.do(t, "POST", "/v1/feedback", body, "Origin", "https://evil.example.com")
	require.Equal(t, http.StatusForbidden, r.status)
	require.Empty(t, r.header.Get("Access-Control-Allow-Origin"))
	r = b.do(t, "POST", "/v1/feedback", body, "Origin", "https://app.example.com")
	require.Equal(t, http.StatusAccepted, r.status)
	require.Equal(t, "https://app.example.com", r.header.Get("Access-Control-Allow-Origin"))
	r = b.do(t, "OPTIONS", "/v1/feedback", "", "Origin", "https://app.example.com", "Access-Control-Request-Method", "POST")
	require.Equal(t, http.StatusNoContent, r.status)
}

func TestNamesThatWereReboundToLoopbackAreKeptOut(t *testing.T) {
	t.Parallel()
	open := setup(t, nil)
	locked := setup(t, func(cfg *gateway.Config) { cfg.APIKeys = []string{"first-key-of-this-test"} })
	for host, status := range map[string]int{
		"evil.example.com": 403, "evil.example.com:8080": 403, "127.0.0.1.evil.example.com": 403, "localhost.evil.example.com": 403,
		"localhost": 200, "LOCALHOST:8080": 200, "ragline.localhost:1": 200, "127.0.0.1": 200, "127.0.0.9:8080": 200, "[::1]:8080": 200, "[::1]": 200,
	} {
		require.Equal(t, status, open.do(t, "GET", "/healthz", "", "Host", host).status, host)
		require.Equal(t, 200, locked.do(t, "GET", "/healthz", "", "Host", host).status, "with a key %s is nobody's trick", host)
	}
	matches(t, "Problem", open.do(t, "GET", "/v1/queries/x", "", "Host", "evil.example.com").raw)
}

func TestGatewayIsExposedWithoutKeyAndLoopback(t *testing.T) {
	t.Parallel()
	for addr, exposed := range map[string]bool{
		"127.0.0.1:8080": false, "localhost:8080": false, "[::1]:0": false,
		"0.0.0.0:8080": true, ":8080": true, "[::]:8080": true, "ragline.example.com:8080": true,
	} {
		cfg := gateway.Config{Addr: addr}
		require.Equal(t, exposed, cfg.Exposed(), addr)
		cfg.APIKeys = []string{"first-key-of-this-test"}
		require.False(t, cfg.Exposed(), addr)
	}
}

func TestConfigNamesTheVariable(t *testing.T) {
	t.Parallel()
	require.NoError(t, defaults(t).Validate())
	for want, change := range map[string]func(*gateway.Config){
		"RAGLINE_GATEWAY_ADDR":             func(c *gateway.Config) { c.Addr = "8080" },
		"RAGLINE_GATEWAY_TIMEOUT":          func(c *gateway.Config) { c.Timeout = time.Hour },
		"RAGLINE_GATEWAY_MAX_TIMEOUT":      func(c *gateway.Config) { c.MaxTimeout = 0 },
		"RAGLINE_GATEWAY_MAX_BODY":         func(c *gateway.Config) { c.MaxBody = 1 },
		"RAGLINE_GATEWAY_API_KEYS":         func(c *gateway.Config) { c.APIKeys = []string{"short"} },
		"RAGLINE_GATEWAY_RATE":             func(c *gateway.Config) { c.Rate = math.NaN() },
		"RAGLINE_GATEWAY_CORS_ORIGINS":     func(c *gateway.Config) { c.CORSOrigins = []string{"*"} },
		"RAGLINE_GATEWAY_HEARTBEAT":        func(c *gateway.Config) { c.Heartbeat = 0 },
		"RAGLINE_GATEWAY_SHUTDOWN_TIMEOUT": func(c *gateway.Config) { c.ShutdownTimeout = -1 },
	} {
		cfg := defaults(t)
		change(&cfg)
		require.ErrorContains(t, cfg.Validate(), want)
	}
	cfg := defaults(t)
	cfg.APIKeys = []string{"short"}
	require.NotContains(t, cfg.Validate().Error(), "=short", "a key stays out of error messages")
}
