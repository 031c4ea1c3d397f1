package dataset

import (
	"sort"

	"github.com/ragline/ragline/schemas/event"
)

// trace is everything that is known about one answer.
type trace struct {
	interaction *event.InteractionCaptured
	at          event.Event
	// scores holds the latest score of each name.
	scores map[string]scored
	// verdicts holds the latest feedback of each user; correction is the latest that corrects.
	verdicts   map[string]event.Event
	correction *event.Event
}

type scored struct {
	*event.ScoreGiven
	at event.Event
}

// fold joins the events by trace id. The order of the partitions does not matter.
func fold(h *history) []*trace {
	events := distinct(h.events)
	traces := map[string]*trace{}
	byQuery := map[string]string{}
	for _, e := range events {
		in, ok := e.Data.(*event.InteractionCaptured)
		// What a candidate says to the promoter's questions is a test, and its rows are held out.
		if !ok || in.GetTraceId() == "" || in.GetOrigin().GetEnvironment() == event.EnvironmentGate {
			continue
		}
		// The first event of a trace wins: a later one with another id is a second publisher of the same answer.
		if _, taken := traces[in.GetTraceId()]; !taken {
			traces[in.GetTraceId()] = &trace{interaction: in, at: e, scores: map[string]scored{}, verdicts: map[string]event.Event{}}
			if in.GetQueryId() != "" {
				byQuery[in.GetQueryId()] = in.GetTraceId()
			}
		}
	}
	for _, e := range events {
		switch data := e.Data.(type) {
		case *event.ScoreGiven:
			// A score of one span says nothing about the answer as a whole.
			if t := traces[data.GetTraceId()]; t != nil && data.GetSpanId() == "" {
				t.scores[data.GetName()] = scored{data, e}
			}
		case *event.FeedbackGiven:
			if t := traces[traceOf(data, byQuery)]; t != nil {
				t.takeFeedback(e, data)
			}
		}
	}
	return inOrder(traces)
}

// distinct returns the events in the order of the log. A repeated event id is a repeat, not an event.
func distinct(events []event.Event) []event.Event {
	sorted := append([]event.Event(nil), events...)
	sort.SliceStable(sorted, func(i, j int) bool { return before(sorted[i], sorted[j]) })
	seen := make(map[string]struct{}, len(sorted))
	kept := sorted[:0]
	for _, e := range sorted {
		key := e.Position.Topic + "\x00" + e.ID
		if _, repeated := seen[key]; !repeated {
			seen[key] = struct{}{}
			kept = append(kept, e)
		}
	}
	return kept
}

func traceOf(f *event.FeedbackGiven, byQuery map[string]string) string {
	if f.GetTraceId() != "" {
		return f.GetTraceId()
	}
	return byQuery[f.GetQueryId()]
}

func (t *trace) takeFeedback(e event.Event, f *event.FeedbackGiven) {
	t.verdicts[f.GetOrigin().GetUserId()] = e
	if f.GetCorrectedAnswer() != "" {
		t.correction = &e
	}
}

func inOrder(traces map[string]*trace) []*trace {
	list := make([]*trace, 0, len(traces))
	for _, t := range traces {
		list = append(list, t)
	}
	sort.Slice(list, func(i, j int) bool {
		return list[i].interaction.GetTraceId() < list[j].interaction.GetTraceId()
	})
	return list
}

// worstVerdict is the lowest of the users' latest verdicts; ok is false without any.
func (t *trace) worstVerdict() (worst float64, ok bool) {
	worst = 1
	for _, e := range t.verdicts {
		worst = min(worst, e.Data.(*event.FeedbackGiven).GetValue())
	}
	return worst, len(t.verdicts) > 0
}
