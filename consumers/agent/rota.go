package agent

import "slices"

// rota takes turns between tenants: each gets a worker before any of them gets another one, whatever the number of its threads.
type rota struct {
	// most is how many workers a tenant may have at the same time, 0 for any number.
	most int
	// order are the tenants with threads that are ready, the one whose turn it is first.
	order  []string
	ready  map[string][]string
	active map[string]int
}

func newRota(most int) rota {
	return rota{most: most, ready: map[string][]string{}, active: map[string]int{}}
}

func (r *rota) push(threadID string) {
	tenant, _ := splitKey(threadID)
	if len(r.ready[tenant]) == 0 {
		r.order = append(r.order, tenant)
	}
	r.ready[tenant] = append(r.ready[tenant], threadID)
}

// pop takes the next thread. It returns false when no tenant has one that may run now.
func (r *rota) pop() (string, bool) {
	for i, tenant := range r.order {
		if r.most > 0 && r.active[tenant] >= r.most {
			continue
		}
		r.order = slices.Delete(r.order, i, i+1)
		threadID := r.ready[tenant][0]
		if r.ready[tenant] = r.ready[tenant][1:]; len(r.ready[tenant]) > 0 {
			r.order = append(r.order, tenant)
		} else {
			delete(r.ready, tenant)
		}
		r.active[tenant]++
		return threadID, true
	}
	return "", false
}

// done gives a worker back.
func (r *rota) done(threadID string) {
	tenant, _ := splitKey(threadID)
	if r.active[tenant]--; r.active[tenant] == 0 {
		delete(r.active, tenant)
	}
}

// any says whether a thread is ready, whether it may run now or not.
func (r *rota) any() bool { return len(r.order) > 0 }
