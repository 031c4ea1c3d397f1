package event

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
)

// MaxTextBytes bounds a question, a tool argument and other short texts: 64 KiB.
const MaxTextBytes = 64 << 10

var (
	errRequired = errors.New("required")
	errHex32    = errors.New("want 32 lower-case hex digits, not all zero")
	errHex16    = errors.New("want 16 lower-case hex digits, not all zero")
)

// Validate checks what every reader relies on: required fields, ids, bounds.
// Its error is a *DecodeError that names the field in JSON spelling.
func Validate(m proto.Message) error {
	var c checker
	switch m := m.(type) {
	case *QueryAsked:
		c.text("text", m.GetText())
		c.bound("maxSteps", int64(m.GetMaxSteps()), 0, 1000)
	case *AnswerGiven:
		c.required("queryId", m.GetQueryId())
		c.required("threadId", m.GetThreadId())
	case *AnswerChunk:
		c.required("queryId", m.GetQueryId())
	case *SpanEnded:
		c.span(m)
	case *InteractionCaptured:
		c.hex("traceId", m.GetTraceId(), 32, errHex32)
		c.required("question", m.GetQuestion())
		c.required("answer", m.GetAnswer())
	case *ScoreGiven:
		c.hex("traceId", m.GetTraceId(), 32, errHex32)
		c.required("name", m.GetName())
	case *FeedbackGiven:
		c.feedback(m)
	case *ReviewRequested:
		c.required("reviewId", m.GetReviewId())
	case *ReviewDecided:
		c.required("reviewId", m.GetReviewId())
		c.required("threadId", m.GetThreadId())
		if m.GetDecision() == Decision_DECISION_UNSPECIFIED {
			c.fail(ReasonMissingField, "decision", errRequired)
		}
	case *DocumentChanged:
		c.required("documentId", m.GetDocumentId())
		c.required("text", m.GetText())
	default:
		c.ids(m)
	}
	c.shared(m)
	return c.err()
}

// Bounds of what is copied from a query onto every event of its run: without them one hostile query makes events
// that no broker takes.
const (
	// MaxIDBytes bounds ids and other names: 512 bytes.
	MaxIDBytes = 512
	// MaxTags bounds the labels of an origin, each at most MaxIDBytes.
	MaxTags = 64
)

// shared checks the fields that many messages have.
func (c *checker) shared(m proto.Message) {
	if m, ok := m.(interface{ GetThreadId() string }); ok {
		c.short("threadId", m.GetThreadId())
	}
	if m, ok := m.(interface{ GetQueryId() string }); ok {
		c.short("queryId", m.GetQueryId())
	}
	if m, ok := m.(interface{ GetDocumentId() string }); ok {
		c.short("documentId", m.GetDocumentId())
	}
	if m, ok := m.(interface{ GetOrigin() *Origin }); ok {
		c.origin(m.GetOrigin())
	}
}

func (c *checker) origin(o *Origin) {
	c.short("origin.userId", o.GetUserId())
	c.short("origin.sessionId", o.GetSessionId())
	c.short("origin.environment", o.GetEnvironment())
	if n := len(o.GetTags()); n > MaxTags {
		c.fail(ReasonInvalidField, "origin.tags", fmt.Errorf("%d tags, at most %d are allowed", n, MaxTags))
	}
	for _, tag := range o.GetTags() {
		c.short("origin.tags", tag)
	}
}

func (c *checker) short(field, value string) {
	if len(value) > MaxIDBytes {
		c.fail(ReasonOversized, field, fmt.Errorf("%d bytes, at most %d are allowed", len(value), MaxIDBytes))
	}
}

// checker keeps the first fault.
type checker struct{ first *DecodeError }

func (c *checker) err() error {
	if c.first == nil {
		return nil
	}
	return c.first
}

func (c *checker) fail(reason Reason, field string, err error) {
	if c.first == nil {
		c.first = &DecodeError{reason, field, err}
	}
}

func (c *checker) required(field, value string) {
	if strings.TrimSpace(value) == "" {
		c.fail(ReasonMissingField, field, errRequired)
	}
}

func (c *checker) text(field, value string) {
	c.required(field, value)
	if len(value) > MaxTextBytes {
		c.fail(ReasonOversized, field, fmt.Errorf("%d bytes, at most %d are allowed", len(value), MaxTextBytes))
	}
}

func (c *checker) bound(field string, value, low, high int64) {
	if value < low || value > high {
		c.fail(ReasonInvalidField, field, fmt.Errorf("%d is not within %d to %d", value, low, high))
	}
}

func (c *checker) hex(field, value string, digits int, want error) {
	if value == "" {
		c.fail(ReasonMissingField, field, errRequired)
		return
	}
	if len(value) != digits || strings.Trim(value, "0123456789abcdef") != "" || strings.Trim(value, "0") == "" {
		c.fail(ReasonInvalidField, field, fmt.Errorf("%.80q: %w", value, want))
	}
}

func (c *checker) span(m *SpanEnded) {
	c.hex("traceId", m.GetTraceId(), 32, errHex32)
	c.hex("spanId", m.GetSpanId(), 16, errHex16)
	if m.GetParentSpanId() != "" {
		c.hex("parentSpanId", m.GetParentSpanId(), 16, errHex16)
	}
	c.required("name", m.GetName())
	if !m.GetStartTime().IsValid() {
		c.fail(ReasonMissingField, "startTime", errRequired)
	}
	if !m.GetEndTime().IsValid() {
		c.fail(ReasonMissingField, "endTime", errRequired)
	}
}

func (c *checker) feedback(m *FeedbackGiven) {
	if m.GetTraceId() == "" && m.GetQueryId() == "" {
		c.fail(ReasonMissingField, "traceId", errors.New("traceId or queryId is required"))
	}
	if m.GetTraceId() != "" {
		c.hex("traceId", m.GetTraceId(), 32, errHex32)
	}
	if m.Value == nil {
		c.fail(ReasonMissingField, "value", errRequired)
	}
	if v := m.GetValue(); !(v >= 0 && v <= 1) { // written so that NaN fails too
		c.fail(ReasonInvalidField, "value", fmt.Errorf("%v is not within 0 to 1", v))
	}
}

// ids requires what the record's key and the event's identity come from: fields marked "Required."
// in the simple messages (datasets, training, models, enquiries, quotations).
func (c *checker) ids(m proto.Message) {
	for _, field := range requiredIDs[TypeOf(m)] {
		fd := m.ProtoReflect().Descriptor().Fields().ByJSONName(field)
		c.required(field, m.ProtoReflect().Get(fd).String())
	}
}

var requiredIDs = map[string][]string{
	"enquiry.submitted.v1":   {"enquiryId"},
	"quotation.generated.v1": {"quotationId"},
	"dataset.ready.v1":       {"datasetId", "name", "manifestSha256"},
	"training.started.v1":    {"jobId"},
	"training.progressed.v1": {"jobId"},
	"training.finished.v1":   {"jobId"},
	"training.failed.v1":     {"jobId"},
	"training.blocked.v1":    {"jobId"},
	"model.trained.v1":       {"model", "version"},
	"model.packaged.v1":      {"model", "version"},
	"model.evaluated.v1":     {"model", "version"},
	"model.promoted.v1":      {"model", "version"},
	"model.rejected.v1":      {"model", "version"},
	"model.rolled_back.v1":   {"model", "version"},
}
