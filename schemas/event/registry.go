package event

import (
	"fmt"
	"sync"

	"google.golang.org/protobuf/proto"
)

// Definition describes one type of event.
type Definition struct {
	// Type is the ce_type. It is never renamed; a change that old readers cannot take gets a new one.
	Type string
	// Prototype is an empty message of the type.
	Prototype proto.Message
	// Key returns the record key: what must stay in order on one partition.
	Key func(proto.Message) string
}

// definitions is the list of all events. A new event is one line here, one in the topic catalogue,
// one .proto message and one golden record.
var definitions = []Definition{
	define("query.asked.v1", (*QueryAsked).GetThreadId),
	define("answer.given.v1", (*AnswerGiven).GetThreadId),
	define("answer.chunk.v1", (*AnswerChunk).GetThreadId),
	define("span.ended.v1", (*SpanEnded).GetTraceId),
	define("interaction.captured.v1", (*InteractionCaptured).GetTraceId),
	define("score.given.v1", (*ScoreGiven).GetTraceId),
	define("feedback.given.v1", (*FeedbackGiven).key),
	define("review.requested.v1", (*ReviewRequested).GetThreadId),
	define("review.decided.v1", (*ReviewDecided).GetThreadId),
	define("document.changed.v1", (*DocumentChanged).GetDocumentId),
	define("enquiry.submitted.v1", (*EnquirySubmitted).GetThreadId),
	define("quotation.generated.v1", (*QuotationGenerated).GetThreadId),
	define("dataset.ready.v1", (*DatasetReady).GetName),
	define("training.started.v1", (*TrainingStarted).GetJobId),
	define("training.progressed.v1", (*TrainingProgressed).GetJobId),
	define("training.finished.v1", (*TrainingFinished).GetJobId),
	define("training.failed.v1", (*TrainingFailed).GetJobId),
	define("training.blocked.v1", (*TrainingBlocked).GetJobId),
	define("model.trained.v1", (*ModelTrained).GetModel),
	define("model.packaged.v1", (*ModelPackaged).GetModel),
	define("model.evaluated.v1", (*ModelEvaluated).GetModel),
	define("model.promoted.v1", (*ModelPromoted).GetModel),
	define("model.rejected.v1", (*ModelRejected).GetModel),
	define("model.rolled_back.v1", (*ModelRolledBack).GetModel),
}

var byType = index(func(d Definition) string { return d.Type })

// byName waits for its first use, see define.
var byName = sync.OnceValue(func() map[string]Definition {
	return index(func(d Definition) string { return string(d.Prototype.ProtoReflect().Descriptor().FullName()) })
})

// Definitions returns every type of event, in the order of the loop.
func Definitions() []Definition { return append([]Definition(nil), definitions...) }

// Lookup returns the definition of a ce_type, and whether this build knows it.
func Lookup(typ string) (Definition, bool) {
	d, ok := byType[typ]
	return d, ok
}

// LookupMessage returns the definition of a message's type, and whether the message is an event of this contract.
func LookupMessage(m proto.Message) (Definition, bool) {
	if m == nil {
		return Definition{}, false
	}
	d, ok := byName()[string(m.ProtoReflect().Descriptor().FullName())]
	return d, ok
}

// TypeOf returns the ce_type of a message.
// It panics when the message is not part of this contract, which is a programming error.
func TypeOf(m proto.Message) string {
	d, ok := LookupMessage(m)
	if !ok {
		panic(fmt.Sprintf("event: %T is not an event", m))
	}
	return d.Type
}

// KeyOf returns the record key of a message: the thread, trace, document, ... that it belongs to.
func KeyOf(m proto.Message) string { return byType[TypeOf(m)].Key(m) }

// define must not touch the prototype's reflection: the generated code is ready only after this package's
// variables are.
func define[M any, T interface {
	*M
	proto.Message
}](typ string, key func(T) string,
) Definition {
	return Definition{
		Type:      typ,
		Prototype: T(new(M)),
		Key:       func(m proto.Message) string { return key(m.(T)) },
	}
}

func index(by func(Definition) string) map[string]Definition {
	m := make(map[string]Definition, len(definitions))
	for _, d := range definitions {
		m[by(d)] = d
	}
	return m
}

// key of feedback is the trace where it is known, or else the query.
func (f *FeedbackGiven) key() string {
	if f.GetTraceId() != "" {
		return f.GetTraceId()
	}
	return f.GetQueryId()
}
