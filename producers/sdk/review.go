package sdk

import "github.com/ragline/ragline/schemas/event"

// ReviewState says that a run waits for a person, or that the person has decided.
type ReviewState struct {
	// Requested is what the person is asked.
	Requested *event.ReviewRequested
	// Decided is nil until the first decision, which is the one that counts.
	Decided *event.ReviewDecided
}

// requested tells those who wait for the query of a review. A run that was started again asks with the same review id:
// that is one request.
func (d *desk) requested(m *event.ReviewRequested) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.reviews[m.GetReviewId()]; known || len(d.waiting[m.GetQueryId()]) == 0 {
		return
	}
	d.reviews[m.GetReviewId()] = &ReviewState{Requested: m}
	d.tell(ReviewState{Requested: m})
}

// decided keeps the first decision. It names the review only, so that one which was asked for before anybody waited
// here is nobody's.
func (d *desk) decided(m *event.ReviewDecided) {
	d.mu.Lock()
	defer d.mu.Unlock()
	known := d.reviews[m.GetReviewId()]
	if known == nil || known.Decided != nil {
		return
	}
	known.Decided = m
	d.tell(*known)
}

// tell needs the desk's lock.
func (d *desk) tell(r ReviewState) {
	for _, w := range d.waiting[r.Requested.GetQueryId()] {
		if w.stream {
			w.reviews = append(w.reviews, r)
			w.signal()
		}
	}
}
