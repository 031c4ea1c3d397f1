package mask

import (
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/schemas/event"
)

// Event returns the message with its fields masked, and the version of the recognisers that looked at it. The caller's
// message stays as it is. The version is empty where no field of the message is to be masked: nobody looked.
// User and session ids, tags and names are not texts and stay.
func (m *Masker) Event(msg proto.Message) (masked proto.Message, version string) {
	if m == nil || !m.covers(msg) {
		return msg, ""
	}
	masked = proto.Clone(msg)
	switch e := masked.(type) {
	case *event.QueryAsked:
		e.Text = m.text(e.GetText(), m.cfg.Queries)
		for name, value := range e.GetMetadata() {
			e.Metadata[name] = m.text(value, m.cfg.Queries)
		}
	case *event.SpanEnded:
		m.span(e)
	case *event.InteractionCaptured:
		m.interaction(e)
	case *event.FeedbackGiven:
		e.Comment = m.text(e.GetComment(), m.cfg.Feedback)
		e.CorrectedAnswer = m.text(e.GetCorrectedAnswer(), m.cfg.Feedback)
	case *event.ScoreGiven:
		e.Explanation = m.text(e.GetExplanation(), m.cfg.Feedback)
		for _, evidence := range e.GetEvidence() {
			evidence.Sentence = m.text(evidence.GetSentence(), m.cfg.Feedback)
			evidence.SourceSentence = m.text(evidence.GetSourceSentence(), m.cfg.Feedback)
			evidence.Note = m.text(evidence.GetNote(), m.cfg.Feedback)
		}
	case *event.DocumentChanged:
		e.Title = m.text(e.GetTitle(), m.cfg.Documents)
		e.Text = m.text(e.GetText(), m.cfg.Documents)
	}
	return masked, Version
}

// covers says whether a field of the message is to be masked.
func (m *Masker) covers(msg proto.Message) bool {
	switch msg.(type) {
	case *event.QueryAsked:
		return m.cfg.Queries.active()
	case *event.SpanEnded:
		return m.cfg.SpanInput.active() || m.cfg.SpanOutput.active() || m.cfg.SpanAttributes.active()
	case *event.InteractionCaptured:
		return m.cfg.Interactions.active()
	case *event.FeedbackGiven, *event.ScoreGiven:
		return m.cfg.Feedback.active()
	case *event.DocumentChanged:
		return m.cfg.Documents.active()
	default:
		return false
	}
}

func (m *Masker) span(s *event.SpanEnded) {
	s.Input = m.text(s.GetInput(), m.cfg.SpanInput)
	s.Output = m.text(s.GetOutput(), m.cfg.SpanOutput)
	s.StatusMessage = m.text(s.GetStatusMessage(), m.cfg.SpanAttributes)
	m.attributes(s.GetAttributes())
	for _, e := range s.GetEvents() {
		m.attributes(e.GetAttributes())
	}
	for name, value := range s.GetResource() {
		s.Resource[name] = m.text(value, m.cfg.SpanAttributes)
	}
}

// attributes masks texts and JSON; numbers of their own are measurements.
func (m *Masker) attributes(all map[string]*event.AttributeValue) {
	for _, a := range all {
		switch v := a.GetValue().(type) {
		case *event.AttributeValue_StringValue:
			v.StringValue = m.text(v.StringValue, m.cfg.SpanAttributes)
		case *event.AttributeValue_JsonValue:
			v.JsonValue = m.text(v.JsonValue, m.cfg.SpanAttributes)
		}
	}
}

func (m *Masker) interaction(e *event.InteractionCaptured) {
	e.Question = m.text(e.GetQuestion(), m.cfg.Interactions)
	e.Answer = m.text(e.GetAnswer(), m.cfg.Interactions)
	e.ReferenceAnswer = m.text(e.GetReferenceAnswer(), m.cfg.Interactions)
	for _, s := range e.GetSources() {
		s.Title = m.text(s.GetTitle(), m.cfg.Interactions)
		s.Text = m.text(s.GetText(), m.cfg.Interactions)
	}
}
