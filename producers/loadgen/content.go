package loadgen

import (
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ragline/ragline/schemas/event"
)

// fact is a question with its source, a supported answer and one that the source does not support.
type fact struct{ question, document, passage, supported, unsupported string }

// facts are about an office building that does not exist, so that nothing here can be mistaken for advice.
var facts = []fact{
	{"When does the reception open?", "reception", "The reception is staffed from 7:30 to 18:00 on working days.", "The reception opens at 7:30 on working days.", "The reception opens at 6:00 every day."},
	{"How many people fit into room Elm?", "rooms", "Room Elm seats 14 people. Room Oak seats 32 people.", "Room Elm seats 14 people.", "Room Elm seats 40 people."},
	{"Who books the projector?", "equipment", "The projector is booked through the service desk two days ahead.", "The projector is booked through the service desk.", "The projector is booked by the catering team."},
	{"What does a lost badge cost?", "badges", "A lost badge is replaced for 15 euros. A damaged badge is replaced free of charge.", "A lost badge costs 15 euros.", "A lost badge costs 150 euros and a week of waiting."},
	{"Where are bicycles parked?", "parking", "Bicycles are parked on level B1. Cars are parked on levels B2 and B3.", "Bicycles are parked on level B1.", "Bicycles are parked on the roof."},
	{"How warm is the office in winter?", "heating", "From October to April the heating holds 21 degrees.", "The heating holds 21 degrees in winter.", "The heating holds 26 degrees all year."},
	{"When is the fire drill?", "safety", "The fire drill takes place twice a year, in March and in September.", "The fire drill is in March and in September.", "The fire drill is every Monday."},
	{"Which bin takes glass?", "waste", "Glass goes into the green bin. Paper goes into the blue bin.", "Glass goes into the green bin.", "Glass goes into the red bin on the second floor."},
}

func (t *Traffic) query() proto.Message {
	return &event.QueryAsked{Text: t.questions[t.rng.IntN(len(t.questions))], ThreadId: t.thread(), Origin: t.origin()}
}

func (t *Traffic) interaction() proto.Message {
	f := facts[t.rng.IntN(len(facts))]
	answer := f.supported
	if t.rng.Float64() < t.cfg.Unsupported {
		answer = f.unsupported
	}
	return &event.InteractionCaptured{
		TraceId: t.hexID(16), ThreadId: t.thread(), Question: f.question, Answer: answer + " [" + f.document + "]",
		Sources: []*event.Source{{DocumentId: f.document, Title: strings.ToUpper(f.document[:1]) + f.document[1:], Text: t.pad(f.passage), Score: 1 + t.rng.Float64(), Cited: true}},
		Model:   "synthetic-1", PromptName: "support", PromptVersion: "1", State: event.AnswerState_ANSWER_STATE_ANSWERED,
		Usage: t.usage(), Cost: t.cost(), LatencyMs: 200 + t.rng.Int64N(3000), Origin: t.origin(),
	}
}

// trace is the one that the next span belongs to.
type trace struct {
	id, root, thread string
	origin           *event.Origin
	fact             fact
	spans            int
	start            time.Time
}

// span returns the next span of a trace: children end before the agent that called them, as in life.
func (t *Traffic) span(at time.Time) proto.Message {
	if t.trace.spans == 0 {
		t.trace = trace{id: t.hexID(16), root: t.hexID(8), thread: t.thread(), origin: t.origin(), fact: facts[t.rng.IntN(len(facts))], start: at.Add(-time.Second)}
	}
	tr := &t.trace
	m := &event.SpanEnded{
		TraceId: tr.id, SpanId: t.hexID(8), ParentSpanId: tr.root, ThreadId: tr.thread, Origin: tr.origin,
		StartTime: timestamppb.New(at.Add(-time.Duration(50+t.rng.IntN(800)) * time.Millisecond)), EndTime: timestamppb.New(at),
		Status: event.StatusCode_STATUS_CODE_OK, Resource: map[string]string{"service.name": "loadgen"},
	}
	t.shape(m, tr)
	if t.rng.IntN(50) == 0 {
		m.Status, m.StatusMessage = event.StatusCode_STATUS_CODE_ERROR, "synthetic failure"
	}
	tr.spans = (tr.spans + 1) % spansPerTrace
	return m
}

// shape fills what depends on the place of the span in its trace.
func (t *Traffic) shape(m *event.SpanEnded, tr *trace) {
	switch tr.spans {
	case 0:
		m.Kind, m.Operation, m.Name = event.SpanKind_SPAN_KIND_RETRIEVAL, "retrieval", "retrieval documents"
		m.Input, m.Output = tr.fact.question, t.pad(tr.fact.passage)
	case 1:
		m.Kind, m.Operation, m.Name = event.SpanKind_SPAN_KIND_TOOL, "execute_tool", "execute_tool search_knowledge"
		m.Input, m.Output = `{"query":"`+tr.fact.question+`"}`, t.pad(tr.fact.passage)
		m.Attributes = map[string]*event.AttributeValue{"gen_ai.tool.name": text("search_knowledge")}
	case 2:
		m.Kind, m.Operation, m.Name = event.SpanKind_SPAN_KIND_LLM, "chat", "chat synthetic-1"
		m.Provider, m.Model = "synthetic", "synthetic-1"
		m.Input, m.Output = t.pad(tr.fact.question), t.pad(tr.fact.supported)
		m.Usage, m.Cost = t.usage(), t.cost()
		m.Attributes = map[string]*event.AttributeValue{"gen_ai.request.model": text("synthetic-1"), "gen_ai.response.finish_reasons": {Value: &event.AttributeValue_JsonValue{JsonValue: `["stop"]`}}}
	default:
		m.SpanId, m.ParentSpanId = tr.root, ""
		m.Kind, m.Operation, m.Name = event.SpanKind_SPAN_KIND_AGENT, "invoke_agent", "invoke_agent support"
		m.StartTime = timestamppb.New(tr.start)
		m.Input, m.Output = tr.fact.question, tr.fact.supported
	}
}

func text(s string) *event.AttributeValue {
	return &event.AttributeValue{Value: &event.AttributeValue_StringValue{StringValue: s}}
}

func (t *Traffic) usage() *event.Usage {
	return &event.Usage{InputTokens: 200 + t.rng.Int64N(2000), OutputTokens: 10 + t.rng.Int64N(300)}
}

func (t *Traffic) cost() *event.Cost {
	return &event.Cost{PicoUsd: 1_000_000 * (10 + t.rng.Int64N(500)), PriceTable: "synthetic"}
}
