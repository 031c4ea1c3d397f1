package sink

import (
	"slices"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// tables knows the table of every record.
type tables struct {
	byType      map[string]table
	spans       table
	spansFull   table
	rawRecords  tableOf[rawRecord]
	deadLetters tableOf[deadLetter]
	// reprice changes the cost of a span before it becomes a row. Nil but for Reprice.
	reprice func(*span)
}

func newTables() tables {
	training, models, spans := trainingEvents(), modelEvents(), spans()
	return tables{
		byType: map[string]table{
			"query.asked.v1":          queries(),
			"answer.given.v1":         answers(),
			"answer.chunk.v1":         answerChunks(),
			"span.ended.v1":           spans,
			"interaction.captured.v1": interactions(),
			"score.given.v1":          scores(),
			"feedback.given.v1":       feedback(),
			"review.requested.v1":     reviewRequests(),
			"review.decided.v1":       reviewDecisions(),
			"document.changed.v1":     documents(),
			"enquiry.submitted.v1":    enquiries(),
			"quotation.generated.v1":  quotations(),
			"dataset.ready.v1":        datasets(),
			"training.started.v1":     training,
			"training.progressed.v1":  training,
			"training.finished.v1":    training,
			"training.failed.v1":      training,
			"training.blocked.v1":     training,
			"model.trained.v1":        models,
			"model.packaged.v1":       models,
			"model.evaluated.v1":      models,
			"model.promoted.v1":       models,
			"model.rejected.v1":       models,
			"model.rolled_back.v1":    models,
		},
		spans:       spans,
		spansFull:   spans.also,
		rawRecords:  rawRecords(),
		deadLetters: deadLetters(),
	}
}

// placeQuickly is place, with a short way for sound spans.
func (t tables) placeQuickly(r event.Record, d *spanDecoder) row {
	placed := t.findPlace(r, d)
	if t.reprice != nil {
		if s, ok := placed.data.(*span); ok {
			t.reprice(s)
		}
	}
	return placed
}

func (t tables) findPlace(r event.Record, d *spanDecoder) row {
	if e, s, ok := d.decode(r); ok {
		if placed := (row{table: t.spans, event: e, data: s}); t.spans.check(placed, r.Timestamp) == nil {
			return placed
		}
	}
	return t.place(r)
}

// place decides what becomes of a record. It is a pure function: a replay places every record alike.
func (t tables) place(r event.Record) row {
	if topic.IsDeadLetters(r.Topic) {
		return t.dead(r)
	}
	e, err := topic.Decode(r)
	if err != nil {
		return t.raw(e, r, err)
	}
	home, known := t.byType[e.Type]
	if !known {
		return t.raw(e, r, &event.DecodeError{Reason: event.ReasonUnknownType, Field: event.HeaderType, Err: event.ErrUnknownType})
	}
	placed := row{table: home, event: e, data: e.Data}
	switch data := e.Data.(type) {
	case nil:
		placed.data = removed(e)
	case *event.SpanEnded:
		placed.data = spanOf(data)
	}
	if err := home.check(placed, r.Timestamp); err != nil {
		return t.raw(e, r, err)
	}
	return placed
}

// of returns the names of all tables that records of a topic can be in.
func (t tables) of(name string) []string {
	if topic.IsDeadLetters(name) {
		return []string{t.deadLetters.name(), t.rawRecords.name()}
	}
	names := []string{t.rawRecords.name()}
	entry, known := topic.Get(name)
	for typ, home := range t.byType {
		if !known || slices.Contains(entry.Types, typ) {
			names = append(names, home.name())
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// besides returns the names of the tables that hold more of a topic's rows.
func (t tables) besides(name string) []string {
	if name == topic.Spans {
		return []string{t.spansFull.name()}
	}
	return nil
}
