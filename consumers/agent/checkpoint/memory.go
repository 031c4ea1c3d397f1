package checkpoint

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"
)

// Memory is a store that forgets. For tests and for runs that need no durability.
type Memory struct {
	mu          sync.Mutex
	closed      bool
	checkpoints map[string][]Checkpoint // by thread, oldest first
	tasks       map[string][]TaskRecord // by checkpoint
	interrupts  map[string]*openInterrupt
	runs        map[string]*Run
	order       []string // run ids by acceptance
	runSeq      int64
	ended       map[string]time.Time // by run, meaningful when it has ended
	consumed    map[partition]int64
	confirmed   map[partition]int64
	outbox      []Message
	seq         int64
	receipts    map[string]Receipt
}

type partition struct {
	topic  string
	number int32
}

type openInterrupt struct {
	Interrupt
	runID  string
	resume json.RawMessage
}

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{
		checkpoints: map[string][]Checkpoint{},
		tasks:       map[string][]TaskRecord{},
		interrupts:  map[string]*openInterrupt{},
		runs:        map[string]*Run{},
		ended:       map[string]time.Time{},
		consumed:    map[partition]int64{},
		confirmed:   map[partition]int64{},
		receipts:    map[string]Receipt{},
	}
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

func (m *Memory) Load(ctx context.Context, threadID, checkpointID string) ([]Checkpoint, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	all := m.checkpoints[threadID]
	if checkpointID == "" {
		if len(all) == 0 {
			return nil, nil
		}
		checkpointID = all[len(all)-1].ID
	}
	var line []Checkpoint
	for id := checkpointID; id != ""; {
		i := slices.IndexFunc(all, func(c Checkpoint) bool { return c.ID == id })
		if i < 0 {
			return nil, ErrNotFound
		}
		line = append(line, all[i])
		if all[i].Snapshot != nil {
			break
		}
		id = all[i].ParentID
	}
	slices.Reverse(line)
	return line, nil
}

func (m *Memory) Tasks(ctx context.Context, _, checkpointID string) ([]TaskRecord, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return gather(m.tasks[checkpointID], m.answered(checkpointID)), nil
}

func (m *Memory) answered(checkpointID string) []answeredInterrupt {
	var out []answeredInterrupt
	for _, in := range m.interrupts {
		if in.CheckpointID == checkpointID && in.resume != nil {
			out = append(out, answeredInterrupt{taskID: in.TaskID, index: in.Index, resume: in.resume})
		}
	}
	slices.SortFunc(out, func(a, b answeredInterrupt) int { return cmp.Compare(a.index, b.index) })
	return out
}

func (m *Memory) Commit(ctx context.Context, c Commit) error {
	unlock, err := m.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	run, ok := m.runs[c.RunID]
	if !ok {
		return ErrNotFound
	}
	if run.Status.Ended() {
		return ErrRunEnded
	}
	if c.Checkpoint != nil {
		m.checkpoints[c.ThreadID] = append(m.checkpoints[c.ThreadID], *c.Checkpoint)
		delete(m.tasks, c.Checkpoint.ParentID)
	}
	m.tasks[c.CheckpointID] = append(m.tasks[c.CheckpointID], c.Done...)
	for _, in := range c.Interrupts {
		if _, known := m.interrupts[in.ID]; !known {
			m.interrupts[in.ID] = &openInterrupt{Interrupt: in, runID: c.RunID}
		}
	}
	for _, r := range c.Receipts {
		if known := m.receipts[r.CallID]; known.Result == nil {
			m.receipts[r.CallID] = r
		}
	}
	for _, msg := range c.Messages {
		m.seq++
		msg.Seq = m.seq
		m.outbox = append(m.outbox, msg)
	}
	if c.Status != "" {
		run.Status, run.Error = c.Status, c.Error
		if m.ended[run.ID] = c.EndedAt; c.EndedAt.IsZero() {
			m.ended[run.ID] = run.CreatedAt
		}
	}
	return nil
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

// Close ends the store.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}
