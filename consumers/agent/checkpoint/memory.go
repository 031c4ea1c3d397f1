package checkpoint

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// Memory is a store that forgets. For tests and for runs that need no durability.
type Memory struct {
	mu        sync.Mutex
	closed    bool
	threads   map[string]*memoryThread
	runs      map[string]*Run
	runSeq    int64
	consumed  map[partition]int64
	confirmed map[partition]int64
	outbox    []Message
	seq       int64
	receipts  map[string]Receipt
	records   map[recordKey]Record
	leases    map[string]memoryLease
	epoch     int64
}

// memoryThread is a thread with what belongs to it.
type memoryThread struct {
	Thread
	checkpoints []Checkpoint   // oldest first
	places      map[string]int // of the checkpoints, by id
	tasks       map[taskKey]TaskRecord
	interrupts  map[string]*memoryInterrupt
	runs        []*Run // by acceptance
}

type taskKey struct{ checkpointID, taskID string }

type memoryInterrupt struct {
	Interrupt
	runID string
}

type partition struct {
	topic  string
	number int32
}

type recordKey struct{ kind, id string }

type memoryLease struct {
	Lease
	expires time.Time
}

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{
		threads:   map[string]*memoryThread{},
		runs:      map[string]*Run{},
		consumed:  map[partition]int64{},
		confirmed: map[partition]int64{},
		receipts:  map[string]Receipt{},
		records:   map[recordKey]Record{},
		leases:    map[string]memoryLease{},
	}
}

// Shared is false: nobody else sees the memory of a process.
func (*Memory) Shared() bool { return false }

// Close ends the store.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}

func (m *Memory) lock(ctx context.Context) (func(), error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return nil, ErrClosed
	}
	return m.mu.Unlock, nil
}

// thread returns a thread, new if need be.
func (m *Memory) thread(id string, created time.Time) *memoryThread {
	if t := m.threads[id]; t != nil {
		return t
	}
	t := &memoryThread{places: map[string]int{}, tasks: map[taskKey]TaskRecord{}, interrupts: map[string]*memoryInterrupt{}}
	t.Thread, _ = Thread{ID: id, CreatedAt: created}.complete(time.Now())
	t.Status = ThreadIdle
	m.threads[id] = t
	return t
}

func (t *memoryThread) head() string {
	if n := len(t.checkpoints); n > 0 {
		return t.checkpoints[n-1].ID
	}
	return ""
}

// index returns the place of a checkpoint, or -1.
func (t *memoryThread) index(id string) int {
	if i, ok := t.places[id]; ok {
		return i
	}
	return -1
}

func (m *Memory) Load(ctx context.Context, threadID, checkpointID string) ([]Checkpoint, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	t := m.threads[threadID]
	if t == nil {
		t = &memoryThread{}
	}
	if checkpointID == "" {
		checkpointID = t.head()
	}
	line, whole := t.line(checkpointID)
	if !whole {
		return nil, ErrNotFound
	}
	slices.Reverse(line)
	return line, nil
}

// line goes up from a checkpoint to the nearest snapshot or the root. It returns false when one is missing on the way.
func (t *memoryThread) line(id string) ([]Checkpoint, bool) {
	var line []Checkpoint
	for id != "" {
		i := t.index(id)
		if i < 0 {
			return nil, false
		}
		line = append(line, t.checkpoints[i])
		if t.checkpoints[i].Snapshot != nil {
			break
		}
		id = t.checkpoints[i].ParentID
	}
	return line, true
}

func (m *Memory) History(ctx context.Context, threadID, before string, limit int) ([]Checkpoint, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	t := m.threads[threadID]
	if t == nil {
		t = &memoryThread{}
	}
	end := len(t.checkpoints)
	if before != "" {
		end = t.index(before)
	}
	if end < 0 {
		return nil, ErrNotFound
	}
	out := slices.Clone(t.checkpoints[:end])
	slices.Reverse(out)
	return page(out, limit, 0), nil
}

func (m *Memory) Tasks(ctx context.Context, threadID, checkpointID string) ([]TaskRecord, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	t := m.threads[threadID]
	if t == nil {
		return nil, nil
	}
	var tasks []TaskRecord
	for key, task := range t.tasks {
		if key.checkpointID == checkpointID {
			tasks = append(tasks, task)
		}
	}
	var interrupts []Interrupt
	for _, in := range t.interrupts {
		if in.CheckpointID == checkpointID {
			interrupts = append(interrupts, in.Interrupt)
		}
	}
	return gather(tasks, interrupts), nil
}

func (m *Memory) Receipt(ctx context.Context, callID string) (Receipt, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return Receipt{}, err
	}
	defer unlock()
	r, ok := m.receipts[callID]
	if !ok {
		return Receipt{}, ErrNotFound
	}
	return r, nil
}

func page[T any](list []T, limit, offset int) []T {
	offset = min(offset, len(list))
	return slices.Clip(list[offset:min(len(list), offset+limit)])
}

// newestFirst orders by a time, and equals by id.
func newestFirst(a, b time.Time, idA, idB string) int {
	return cmp.Or(b.Compare(a), cmp.Compare(idB, idA))
}
