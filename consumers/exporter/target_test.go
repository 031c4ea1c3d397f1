package exporter_test

import (
	"encoding/hex"
	"encoding/json"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/ragline/ragline/consumers/exporter/langfuse/langfusetest"
	"github.com/ragline/ragline/consumers/exporter/langsmith/langsmithtest"
	"github.com/ragline/ragline/consumers/exporter/otlp/otlptest"
	"github.com/ragline/ragline/consumers/exporter/trace/tracetest"
)

// target is a strict server of one backend.
type target struct {
	backend  string
	settings []string
	// fail makes the next requests fail.
	fail func(...tracetest.Fault)
	// refuse makes the server refuse spans with the name for ever.
	refuse func(name string)
	// stored is how often each span is there, and what all of them cost.
	stored func(t *testing.T) (copies map[string]int, picoUSD int64)
	// scored are the scores that are there.
	scored func() int
	// onStored is called after a request was stored, before its answer.
	onStored func(func())
	// hide keeps what was stored from the next questions. Nil: nobody asks, or it does not matter.
	hide func(questions int)
	// repeats says that a span whose request got no answer is there twice: the protocol has no questions.
	repeats bool
}

// targets opens a server for each way to send.
func targets(t *testing.T) map[string]func(testing.TB) target {
	t.Helper()
	return map[string]func(testing.TB) target{
		"langfuse":        func(t testing.TB) target { return langfuseTarget(t, "4.16.0", "otlp") },
		"langfuse legacy": func(t testing.TB) target { return langfuseTarget(t, "3.225.4", "legacy") },
		"langsmith":       langsmithTarget,
		"otlp":            func(t testing.TB) target { return otlpTarget(t, false) },
		"otlp grpc":       func(t testing.TB) target { return otlpTarget(t, true) },
	}
}

func langfuseTarget(t testing.TB, version, mode string) target {
	return langfuseTargetOn(langfusetest.New(t, version), mode)
}

func langfuseTargetOn(s *langfusetest.Server, mode string) target {
	return target{
		backend: "langfuse",
		settings: []string{
			"LANGFUSE_HOST=" + s.URL(), "LANGFUSE_PUBLIC_KEY=" + langfusetest.PublicKey, "LANGFUSE_SECRET_KEY=" + langfusetest.SecretKey,
			"RAGLINE_LANGFUSE_MODE=" + mode, "RAGLINE_LANGFUSE_SHOWS=400ms",
		},
		fail:     func(f ...tracetest.Fault) { s.Fail(f...) },
		refuse:   func(name string) { s.Refuse(func(r langfusetest.Row) bool { return r.Name == name }) },
		onStored: s.OnStored,
		hide:     s.Hide,
		scored:   func() int { scores, _ := s.Scores(); return len(scores) },
		stored: func(t *testing.T) (map[string]int, int64) {
			copies, cost := map[string]int{}, int64(0)
			for _, row := range s.Rows() {
				copies[row.SpanID]++
				cost += row.CostPicoUSD
			}
			for id, e := range s.Entities() {
				if e.Type != "trace-create" {
					copies[id]++
				}
				if details, ok := e.Body["costDetails"].(map[string]any); ok {
					cost += pico(t, json.Number(big.NewFloat(details["total"].(float64)).Text('f', 12)))
				}
			}
			return copies, cost
		},
	}
}

func langsmithTarget(t testing.TB) target { return langsmithTargetOn(langsmithtest.New(t)) }

func langsmithTargetOn(s *langsmithtest.Server) target {
	return target{
		backend:  "langsmith",
		settings: []string{"LANGSMITH_ENDPOINT=" + s.URL(), "LANGSMITH_API_KEY=" + langsmithtest.APIKey, "RAGLINE_LANGSMITH_HOLD=1m"},
		fail:     func(f ...tracetest.Fault) { s.Fail(f...) },
		refuse:   func(name string) { s.Refuse(func(r langsmithtest.Run) bool { return r.Name == name }) },
		onStored: s.OnStored,
		scored:   func() int { return len(s.Feedback()) },
		stored: func(t *testing.T) (map[string]int, int64) {
			copies, cost := map[string]int{}, int64(0)
			for _, r := range s.Runs() {
				var extra struct {
					Metadata struct {
						Span  string `json:"otel_span_id"`
						Usage struct {
							Cost json.Number `json:"total_cost"`
						} `json:"usage_metadata"`
					} `json:"metadata"`
				}
				require.NoError(t, json.Unmarshal(r.Parts["extra"], &extra))
				copies[extra.Metadata.Span]++
				if extra.Metadata.Usage.Cost != "" {
					cost += pico(t, extra.Metadata.Usage.Cost)
				}
			}
			return copies, cost
		},
	}
}

func otlpTarget(t testing.TB, grpc bool) target {
	c := otlptest.New(t)
	settings := []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.URL()}
	if grpc {
		settings = []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.GRPC(), "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}
	}
	faults := map[tracetest.Fault]otlptest.Fault{
		tracetest.Throttle: otlptest.Throttle(tracetest.RetryAfter), tracetest.Broken: otlptest.Status(500), tracetest.BrokenAfter: otlptest.BrokenAfter(),
		tracetest.Reset: otlptest.Reset(), tracetest.Hang: otlptest.Hang(), tracetest.Oversized: otlptest.Status(413), tracetest.Unauthorized: otlptest.Status(401),
	}
	return target{
		backend: "otlp", settings: settings, repeats: true,
		fail: func(list ...tracetest.Fault) {
			for _, f := range list {
				c.Fail(faults[f])
			}
		},
		refuse:   func(name string) { c.Refuse(func(s *tracepb.Span) bool { return s.GetName() == name }) },
		onStored: c.OnStored,
		scored:   func() int { return len(c.Logs()) },
		stored: func(*testing.T) (map[string]int, int64) {
			copies, cost := map[string]int{}, int64(0)
			for _, s := range c.Spans() {
				copies[hex.EncodeToString(s.GetSpanId())]++
				for _, kv := range s.GetAttributes() {
					if kv.GetKey() == "ragline.cost.pico_usd" {
						cost += kv.GetValue().GetIntValue()
					}
				}
			}
			return copies, cost
		},
	}
}

// pico reads dollars exactly.
func pico(t *testing.T, usd json.Number) int64 {
	t.Helper()
	amount, ok := new(big.Rat).SetString(usd.String())
	require.True(t, ok)
	amount.Mul(amount, big.NewRat(1e12, 1))
	require.True(t, amount.IsInt(), usd)
	return amount.Num().Int64()
}
