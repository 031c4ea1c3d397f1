package stream

import (
	"slices"
	"sync"
)

// Budget is the memory for records that the consumers of one process share. A quarter of it is divided among them:
// its part is a consumer's own, so that none starves when another has used up the rest. It is safe for concurrent use.
type Budget struct {
	bytes int64

	mu       sync.Mutex
	accounts []*account
	full     bool // what is not reserved is used up
}

// NewBudget returns a budget of bytes, which Config.BudgetBytes gives a process.
func NewBudget(bytes int64) *Budget { return &Budget{bytes: bytes} }

// account is the part of one consumer. Its fields are guarded by Budget.mu.
type account struct {
	budget  *Budget
	held    int64
	stopped bool
	// changed gets a signal when stopped has changed, as it does through the other consumers, too.
	changed chan struct{}
}

func (b *Budget) open() *account {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := &account{budget: b, changed: make(chan struct{}, 1)}
	b.accounts = append(b.accounts, a)
	b.balance()
	return a
}

// close gives everything back.
func (a *account) close() {
	b := a.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	b.accounts = slices.DeleteFunc(b.accounts, func(other *account) bool { return other == a })
	b.balance()
}

// hold notes how much the consumer holds now and says whether it has to stop fetching.
func (a *account) hold(bytes int64) (stop bool) {
	b := a.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	a.held = bytes
	b.balance()
	return a.stopped
}

// share is what one consumer may hold whatever the others do.
func (a *account) share() int64 {
	a.budget.mu.Lock()
	defer a.budget.mu.Unlock()
	return a.budget.share()
}

func (b *Budget) share() int64 { return max(b.bytes/4/int64(max(len(b.accounts), 1)), 1) }

// balance stops consumers whose own part is used up while the rest of the budget is, too. Both have hysteresis: what
// was used up is so until half of it is free.
func (b *Budget) balance() {
	share := b.share()
	common, used := b.bytes-share*int64(len(b.accounts)), int64(0)
	for _, a := range b.accounts {
		used += max(a.held-share, 0)
	}
	switch {
	case used >= common:
		b.full = true
	case used <= common/2:
		b.full = false
	}
	for _, a := range b.accounts {
		switch {
		case !b.full || a.held <= share/2:
			a.stop(false)
		case a.held >= share:
			a.stop(true)
		}
	}
}

func (a *account) stop(stop bool) {
	if a.stopped == stop {
		return
	}
	a.stopped = stop
	select {
	case a.changed <- struct{}{}:
	default:
	}
}
