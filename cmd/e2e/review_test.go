package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// review is what `ragline review list --json` prints of a waiting action.
type review struct {
	ID        string `json:"review_id"`
	ThreadID  string `json:"thread_id"`
	QueryID   string `json:"query_id"`
	Question  string `json:"question"`
	Tool      string `json:"tool"`
	Arguments string `json:"arguments"`
}

// TestQuotationWaitsForAPerson asks for quotations, and a person says yes, no, and yes to something else.
func TestQuotationWaitsForAPerson(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	p := s.start()
	p.ready(t)
	s.ingestPack()

	t.Run("nothing waits at first", func(t *testing.T) {
		require.Empty(t, s.in(t).waiting())
		require.Contains(t, s.in(t).do("review", "list"), "no action waits")
		require.Equal(t, 1, s.in(t).run("", "review", "approve", "unknown").code)
	})
	t.Run("an approved quotation is sent once", func(t *testing.T) {
		s := s.in(t)
		r := s.askQuotation("approved", "Please prepare a quotation for 20 m of NS-P101 for Acme Pumps.")
		require.Equal(t, "generate_quotation", r.Tool)
		require.JSONEq(t, `{"customer": "Acme Pumps", "items": [{"style": "NS-P101", "quantity": 20}]}`, r.Arguments)
		require.Contains(t, s.do("review", "list"), "ragline review approve "+r.ID)
		require.Empty(t, s.quotations("approved"), "nothing is sent before")

		require.Contains(t, s.do("review", "approve", r.ID, "--reviewer", "ada"), "decided: "+r.ID)
		s.waitAnswer("approved", "EUR 368.00")
		q := s.quotations("approved")
		require.Len(t, q, 1)
		require.EqualValues(t, 36800, q[0].GetTotalMinor())
		require.Equal(t, "Acme Pumps", q[0].GetCustomer())
		require.Equal(t, r.QueryID, q[0].GetQueryId())
	})
	t.Run("a rejected one is not, and the answer says so", func(t *testing.T) {
		s := s.in(t)
		r := s.askQuotation("rejected", "Please prepare a quotation for 3 pieces of NS-J610 for Acme Pumps.")
		s.do("review", "reject", r.ID, "--comment", "the customer is blocked")
		a := s.waitAnswer("rejected", "the customer is blocked")
		require.Equal(t, event.AnswerState_ANSWER_STATE_REJECTED, a.GetState())
		require.Empty(t, s.quotations("rejected"))

		again := s.run("", "review", "approve", r.ID)
		require.Equal(t, 1, again.code, "a second decision is refused")
		require.Contains(t, again.stderr, "does not wait")
	})
	t.Run("a second decision has no effect, whoever publishes it", func(t *testing.T) {
		s := s.in(t)
		r := s.askQuotation("twice", "Please prepare a quotation for 5 sets of NS-P120 for Acme Pumps.")
		s.do("review", "reject", r.ID)
		late := post(t, "http://"+s.gateway+"/v1/reviews/"+r.ID+"/decision", `{"thread_id": "twice", "decision": "approve"}`)
		require.Equal(t, http.StatusAccepted, late.status, late.body)
		// The next review of the thread is decided after the late decision, so that one has been read.
		next := s.askQuotation("twice", "Please prepare a quotation for 6 sets of NS-P120 for Acme Pumps.")
		s.do("review", "approve", next.ID, "--arguments", `{"customer": "Acme Pumps", "items": [{"style": "NS-P120", "quantity": 7}]}`)
		require.Eventually(t, func() bool { return len(s.quotations("twice")) > 0 }, time.Minute, 100*time.Millisecond)
		q := s.quotations("twice")
		require.Len(t, q, 1, "the rejected one was not sent")
		require.InDelta(t, 7, q[0].GetItems()[0].GetQuantity(), 0, "with the reviewer's arguments")
	})
	t.Run("nothing waits in the end", func(t *testing.T) {
		require.Empty(t, s.in(t).waiting())
		require.Zero(t, recordsOf(s.in(t), topic.DeadLetters("agent")))
	})
	p.stop(t)
}

// askQuotation asks without waiting for the answer, and returns the review that waits for a person.
func (s *system) askQuotation(thread, text string) review {
	s.t.Helper()
	id := s.do("ask", "--no-wait", "--thread", thread, text)
	var found review
	require.Eventually(s.t, func() bool {
		for _, r := range s.waiting() {
			if r.QueryID+"\n" == id {
				found = r
			}
		}
		return found.ID != ""
	}, time.Minute, 100*time.Millisecond, "no review of query %s", id)
	require.Equal(s.t, thread, found.ThreadID)
	require.Equal(s.t, text, found.Question)
	return found
}

func (s *system) waiting() []review {
	s.t.Helper()
	return decode[[]review](s, "review", "list", "--json")
}

func (s *system) quotations(thread string) []*event.QuotationGenerated {
	s.t.Helper()
	var all []*event.QuotationGenerated
	for _, r := range readAll(s.t, s.kafkaOf(), topic.Quotations) {
		e, err := topic.Decode(r)
		require.NoError(s.t, err)
		if q := e.Data.(*event.QuotationGenerated); q.GetThreadId() == thread {
			all = append(all, q)
		}
	}
	return all
}
