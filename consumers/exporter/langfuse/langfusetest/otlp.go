package langfusetest

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"time"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

func (s *Server) postTraces(w http.ResponseWriter, r *http.Request) {
	if t := r.Header.Get("Content-Type"); t != "application/x-protobuf" {
		s.t.Errorf("content type %q", t)
	}
	version, err := strconv.Atoi(r.Header.Get("X-Langfuse-Ingestion-Version"))
	if r.Header.Get("X-Langfuse-Ingestion-Version") == "" {
		s.t.Error("no x-langfuse-ingestion-version: rows may come 10 minutes late")
	} else if err != nil || version > 4 {
		answer(w, http.StatusBadRequest, map[string]string{"message": "unsupported ingestion version"})
		return
	}
	request := &coltracepb.ExportTraceServiceRequest{}
	if err := proto.Unmarshal(s.body(r), request); err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"message": "Failed to parse OTel Protobuf Trace"})
		return
	}
	rows, bad := s.read(request)
	if bad != "" {
		answer(w, http.StatusBadRequest, map[string]string{"message": bad})
		return
	}
	if len(rows) == 0 {
		answer(w, http.StatusOK, map[string]string{})
		return
	}
	s.mu.Lock()
	s.exports = append(s.exports, request)
	s.rows = append(s.rows, rows...)
	gate := s.gate
	s.mu.Unlock()
	if gate != nil {
		gate()
	}
	answer(w, http.StatusOK, map[string]any{"id": "1", "name": "otel-ingestion-job"}) // not an OTLP response
}

// read checks every span before any is stored: one bad id refuses all of them.
func (s *Server) read(request *coltracepb.ExportTraceServiceRequest) (rows []Row, bad string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	shared := map[string]string{}
	for _, row := range s.rows {
		shared[row.TraceID] = traceAttributes(row)
	}
	for _, rs := range request.GetResourceSpans() {
		for _, ss := range rs.GetScopeSpans() {
			for _, span := range ss.GetSpans() {
				row := s.row(span)
				if len(span.GetTraceId()) != 16 || len(span.GetSpanId()) != 8 || len(span.GetParentSpanId())%8 != 0 {
					return nil, "invalid id " + row.SpanID
				}
				if s.bad != nil && s.bad(row) {
					return nil, "cannot convert span"
				}
				if seen, ok := shared[row.TraceID]; ok && seen != traceAttributes(row) {
					s.t.Errorf("span %s says %s of its trace, others %s", row.SpanID, traceAttributes(row), seen)
				}
				shared[row.TraceID] = traceAttributes(row)
				rows = append(rows, row)
			}
		}
	}
	return rows, ""
}

// traceAttributes must be the same on every span.
func traceAttributes(r Row) string {
	return fmt.Sprint(r.Attributes["user.id"], r.Attributes["session.id"], r.Attributes["langfuse.trace.name"], r.Attributes["langfuse.environment"])
}

func (s *Server) row(span *tracepb.Span) Row {
	a := map[string]any{}
	for _, kv := range span.GetAttributes() {
		a[kv.GetKey()] = value(kv.GetValue())
	}
	text := func(name string) string { t, _ := a[name].(string); return t }
	row := Row{
		TraceID: hex.EncodeToString(span.GetTraceId()), SpanID: hex.EncodeToString(span.GetSpanId()), ParentID: hex.EncodeToString(span.GetParentSpanId()),
		Name: span.GetName(), Type: strings.ToUpper(text("langfuse.observation.type")), Level: text("langfuse.observation.level"), Attributes: a,
		Start: time.Unix(0, int64(span.GetStartTimeUnixNano())).UTC(), End: time.Unix(0, int64(span.GetEndTimeUnixNano())).UTC(),
	}
	if span.GetEndTimeUnixNano() == 0 || text("langfuse.trace.name") == "" || text("langfuse.environment") == "" {
		s.t.Errorf("span %s is without end time, langfuse.trace.name or langfuse.environment", row.SpanID)
	}
	if tool := text("gen_ai.tool.name"); tool != "" {
		row.Name = tool
	}
	if op := text("gen_ai.operation.name"); op != "invoke_agent" && op != "create_agent" {
		s.bill(&row, text("langfuse.observation.usage_details"), text("langfuse.observation.cost_details"))
	} else if text("langfuse.observation.cost_details") != "" {
		s.t.Errorf("span %s: LangFuse drops the cost of an agent", row.SpanID)
	}
	return row
}

// bill reads the details, whose buckets must not overlap.
func (s *Server) bill(row *Row, usage, cost string) {
	if usage != "" {
		if err := json.Unmarshal([]byte(usage), &row.Usage); err != nil {
			s.t.Errorf("span %s: usage_details %s: %v", row.SpanID, usage, err)
		}
		var sum int64
		for name, n := range row.Usage {
			if name != "total" {
				sum += n
			}
		}
		if total, ok := row.Usage["total"]; ok && total != sum {
			s.t.Errorf("span %s: buckets of usage_details overlap: %s", row.SpanID, usage)
		}
	}
	if cost != "" {
		var details map[string]json.Number
		if err := json.Unmarshal([]byte(cost), &details); err != nil {
			s.t.Errorf("span %s: cost_details %s: %v", row.SpanID, cost, err)
		}
		row.CostPicoUSD = s.pico(details["total"].String())
	}
}

// pico reads dollars exactly.
func (s *Server) pico(usd string) int64 {
	amount, ok := new(big.Rat).SetString(usd)
	if !ok {
		s.t.Errorf("cost %q is no number", usd)
		return 0
	}
	amount.Mul(amount, big.NewRat(1e12, 1))
	if !amount.IsInt() {
		s.t.Errorf("cost %q has more than twelve digits after the point", usd)
	}
	return amount.Num().Int64()
}

func value(v *commonpb.AnyValue) any {
	switch v := v.GetValue().(type) {
	case *commonpb.AnyValue_StringValue:
		return v.StringValue
	case *commonpb.AnyValue_IntValue:
		return v.IntValue
	case *commonpb.AnyValue_DoubleValue:
		return v.DoubleValue
	case *commonpb.AnyValue_BoolValue:
		return v.BoolValue
	case *commonpb.AnyValue_ArrayValue:
		list := []any{}
		for _, item := range v.ArrayValue.GetValues() {
			list = append(list, value(item))
		}
		return list
	default:
		return nil
	}
}
