package otlp

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"

	collogspb "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Encoding is one of the two forms of an OTLP request.
type Encoding int

// Encodings of OTLP/HTTP.
const (
	Protobuf Encoding = iota
	JSON
)

// DecodeTraces reads the body of POST /v1/traces.
func DecodeTraces(body []byte, encoding Encoding) (*coltracepb.ExportTraceServiceRequest, error) {
	req := &coltracepb.ExportTraceServiceRequest{}
	if err := decode(body, encoding, req); err != nil {
		return nil, err
	}
	if encoding == JSON {
		for _, span := range spansOf(req) {
			span.TraceId, span.SpanId, span.ParentSpanId = hexID(span.GetTraceId()), hexID(span.GetSpanId()), hexID(span.GetParentSpanId())
			for _, link := range span.GetLinks() {
				link.TraceId, link.SpanId = hexID(link.GetTraceId()), hexID(link.GetSpanId())
			}
		}
	}
	return req, nil
}

// DecodeLogs reads the body of POST /v1/logs.
func DecodeLogs(body []byte, encoding Encoding) (*collogspb.ExportLogsServiceRequest, error) {
	req := &collogspb.ExportLogsServiceRequest{}
	if err := decode(body, encoding, req); err != nil {
		return nil, err
	}
	if encoding == JSON {
		for _, rl := range req.GetResourceLogs() {
			for _, sl := range rl.GetScopeLogs() {
				for _, record := range sl.GetLogRecords() {
					record.TraceId, record.SpanId = hexID(record.GetTraceId()), hexID(record.GetSpanId())
				}
			}
		}
	}
	return req, nil
}

// Both forms of the runtime bound how deep values may nest, so that no request exhausts the stack.
func decode(body []byte, encoding Encoding, into proto.Message) error {
	if encoding == JSON {
		if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(body, into); err != nil {
			return fmt.Errorf("reading OTLP/JSON: %w", err)
		}
		return nil
	}
	if err := proto.Unmarshal(body, into); err != nil {
		return fmt.Errorf("reading OTLP/protobuf: %w", err)
	}
	return nil
}

// Encode writes an answer in the form of its request.
func Encode(m proto.Message, encoding Encoding) ([]byte, error) {
	if encoding == JSON {
		return protojson.Marshal(m)
	}
	return proto.Marshal(m)
}

// hexID undoes what protojson did to an id: OTLP/JSON writes ids in hex where JSON for protobuf has base64, and the
// digits of hex are digits of base64, too. What is no hex stays as it is: an id of the wrong length, refused later.
func hexID(raw []byte) []byte {
	id, err := hex.DecodeString(base64.StdEncoding.EncodeToString(raw))
	if err != nil {
		return raw
	}
	return id
}
