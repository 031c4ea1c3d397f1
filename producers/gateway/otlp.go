package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	collogspb "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/producers/otlp"
	"github.com/ragline/ragline/producers/sdk"
)

// busyRetry and awayRetry are when to come back: requests on their way take moments, an outage takes longer.
const (
	busyRetry = time.Second
	awayRetry = 5 * time.Second
)

// partial is what became of a request that was taken.
type partial struct {
	refused int64
	message string
}

// takeTraces stores what a request of spans becomes. It returns when Kafka has acknowledged all of it.
func (g *Gateway) takeTraces(ctx context.Context, req *coltracepb.ExportTraceServiceRequest) (partial, error) {
	return g.take(ctx, "span", g.reader.Traces(req))
}

// takeLogs is takeTraces for evaluation results.
func (g *Gateway) takeLogs(ctx context.Context, req *collogspb.ExportLogsServiceRequest) (partial, error) {
	return g.take(ctx, "score", g.reader.Logs(req))
}

func (g *Gateway) take(ctx context.Context, kind string, batch otlp.Batch) (partial, error) {
	events, refused := g.prepare(batch.Events)
	stored := len(events)
	refused = append(batch.Refused, refused...)
	interactions, failed := g.prepare(batch.Interactions)
	for _, err := range failed {
		g.logger.Debug("a trace gives no interaction", "error", err)
	}
	ctx, cancel := context.WithTimeout(ctx, g.cfg.OTLPTimeout)
	defer cancel()
	if err := g.client.PublishPrepared(ctx, append(events, interactions...)...); err != nil {
		return partial{}, problem{Status: http.StatusServiceUnavailable, Detail: err.Error(), retryAfter: awayRetry}
	}
	for _, c := range []struct {
		kind, outcome string
		n             int
	}{
		{kind, "stored", stored},
		{kind, "refused", len(refused)},
		{"interaction", "stored", len(interactions)},
		{"interaction", "refused", len(failed)},
	} {
		g.metrics.otlp.WithLabelValues(c.kind, c.outcome).Add(float64(c.n))
	}
	return partial{int64(len(refused)), reasons(refused)}, nil
}

// prepare masks, checks and encodes events, and says why of each that is refused: what is too large, for example.
func (g *Gateway) prepare(events []otlp.Event) (prepared []sdk.Prepared, refused []error) {
	for _, e := range events {
		p, err := g.client.Prepare(e.Message, sdk.WithID(e.ID), sdk.WithTime(e.Time))
		if err != nil {
			refused = append(refused, err)
			continue
		}
		prepared = append(prepared, p)
	}
	return prepared, refused
}

// maxReasons bounds the message of a partial success: a log line of the sender.
const maxReasons = 3

func reasons(refused []error) string {
	var texts []string
	for i, err := range refused {
		if i == maxReasons {
			texts = append(texts, fmt.Sprintf("and %d more", len(refused)-maxReasons))
			break
		}
		texts = append(texts, fmt.Sprintf("%.300s", err.Error()))
	}
	return strings.ToValidUTF8(strings.Join(texts, "; "), "?")
}

func tracesAnswer(p partial) proto.Message {
	answer := &coltracepb.ExportTraceServiceResponse{}
	if p.refused > 0 {
		answer.PartialSuccess = &coltracepb.ExportTracePartialSuccess{RejectedSpans: p.refused, ErrorMessage: p.message}
	}
	return answer
}

func logsAnswer(p partial) proto.Message {
	answer := &collogspb.ExportLogsServiceResponse{}
	if p.refused > 0 {
		answer.PartialSuccess = &collogspb.ExportLogsPartialSuccess{RejectedLogRecords: p.refused, ErrorMessage: p.message}
	}
	return answer
}

// errBusy is the answer while the buffer is full.
func errBusy() problem {
	return problem{
		Status: http.StatusTooManyRequests, retryAfter: busyRetry,
		Detail: "as many bytes as RAGLINE_GATEWAY_OTLP_BUFFER allows wait for Kafka",
	}
}

// asProblem finds the problem in an error of this file's helpers.
func asProblem(err error) problem {
	var p problem
	if errors.As(err, &p) {
		return p
	}
	return problem{Status: http.StatusBadRequest, Detail: err.Error()}
}
