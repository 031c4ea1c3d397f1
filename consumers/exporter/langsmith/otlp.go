package langsmith

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/consumers/exporter/internal/genai"
	"github.com/ragline/ragline/consumers/exporter/internal/httpapi"
	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/schemas/event"
)

// sendOTLP sends spans to the OpenTelemetry endpoint, with the ids that the runs of mode multipart have.
func (b *Backend) sendOTLP(ctx context.Context, spans []event.Event, paths trace.Paths) error {
	m := b.mapper
	m.Extra = func(s *event.SpanEnded, a *genai.Attributes) { attributes(s, pathOf(s, paths), a) }
	body, err := proto.Marshal(m.Traces(spans))
	if err != nil {
		return &trace.RejectedError{Err: err}
	}
	header := b.header("application/x-protobuf")
	header.Set("Content-Encoding", "gzip")
	header.Set("Langsmith-Project", b.cfg.Project)
	_, err = b.do(ctx, httpapi.Request{Method: http.MethodPost, URL: b.cfg.url("/otel/v1/traces"), Header: header, Body: b.gzip.Pack(body)})
	return err
}

func attributes(s *event.SpanEnded, path trace.Path, a *genai.Attributes) {
	p, order := placeOf(nil, s.GetTraceId(), s.GetSpanId(), s.GetStartTime().AsTime(), path)
	a.Text("langsmith.span.kind", runType(s))
	a.Text("langsmith.span.id", p.id.String())
	if p.parentID != uuid.Nil {
		a.Text("langsmith.span.parent_id", p.parentID.String())
	}
	a.Text("langsmith.span.dotted_order", string(order))
	a.Text("langsmith.span.tags", strings.Join(s.GetOrigin().GetTags(), ","))
	a.Text("langsmith.trace.id", p.traceID.String())
	for _, f := range texts(s) {
		a.Text("langsmith.metadata."+f.name, f.value)
	}
}
