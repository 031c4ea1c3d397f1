package exporter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/ragline/ragline/consumers/exporter/langfuse"
	"github.com/ragline/ragline/consumers/exporter/memory"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/schemas/topic"
)

// ReplayPrefix and the name of a replay are a consumer group. Its committed offsets are the replay's cursor.
const ReplayPrefix = "replay-"

var (
	// ErrNoReplay says that there is nothing to fill.
	ErrNoReplay = errors.New("the memory backend cannot be filled: it is empty in every process")

	errNoOffset = errors.New("Kafka does not say")
)

// Replay fills a backend from the log. A replay that ended early, even by a crash, goes on where it was when it is
// started again with the same name; another name starts anew.
type Replay struct {
	// Name begins with that of a backend, for example "langfuse-new".
	Name string
	// From is the time of the first record. A replay that goes on does not look at it.
	From time.Time
	// Progress is told how many records are settled, of how many. Nil is not told.
	Progress func(done, total int64)

	parts map[place]span
}

// span is what is to be replayed of a partition.
type span struct{ next, end int64 }

// Plan is what a replay would do.
type Plan struct {
	// Records to come, by topic, and Resumes when a part is done.
	Records map[string]int64
	Resumes bool
}

// Total is the number of records to come.
func (p Plan) Total() (n int64) {
	for _, records := range p.Records {
		n += records
	}
	return n
}

// backend finds the entry that a name begins with.
func (r *Replay) backend() (backend, error) {
	for _, b := range backends() {
		if r.Name == b.name || strings.HasPrefix(r.Name, b.name+"-") {
			if b.name == memory.Name {
				return b, ErrNoReplay
			}
			return b, nil
		}
	}
	return backend{}, fmt.Errorf("replay to %q: the name has to begin with that of a backend: %s", r.Name, strings.Join(backendNames()[1:], ", "))
}

// Check says whether there is such a backend.
func (r *Replay) Check() error {
	_, err := r.backend()
	return err
}

// Plan looks where the replay stands. It sends and writes nothing.
func (r *Replay) Plan(ctx context.Context, deps Deps) (Plan, error) {
	if _, err := r.backend(); err != nil {
		return Plan{}, err
	}
	client, err := deps.Broker.Client()
	if err != nil {
		return Plan{}, err
	}
	defer client.Close()
	return r.plan(ctx, kadm.NewClient(client))
}

func (r *Replay) plan(ctx context.Context, adm *kadm.Client) (Plan, error) {
	starts, err := adm.ListOffsetsAfterMilli(ctx, max(r.From.UnixMilli(), 0), exported()...)
	if err != nil {
		return Plan{}, fmt.Errorf("finding the offsets at %s: %w", r.From.Format(time.RFC3339), err)
	}
	ends, err := adm.ListEndOffsets(ctx, exported()...)
	if err != nil {
		return Plan{}, fmt.Errorf("reading the ends of the topics: %w", err)
	}
	committed, err := adm.FetchOffsets(ctx, r.group())
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		return Plan{}, fmt.Errorf("reading where the replay stands: %w", err)
	}
	plan := Plan{Records: map[string]int64{}}
	r.parts = map[place]span{}
	for _, end := range sorted(ends) {
		if end.Err != nil {
			return Plan{}, fmt.Errorf("reading the end of %s/%d: %w", end.Topic, end.Partition, end.Err)
		}
		start, found := starts.Lookup(end.Topic, end.Partition)
		if start.Err != nil || !found { // an offset of -1 would be taken for one where nothing is left
			return Plan{}, fmt.Errorf("finding the offset of %s/%d at %s: %w", end.Topic, end.Partition, r.From.Format(time.RFC3339), cmp.Or(start.Err, errNoOffset))
		}
		next := start.Offset
		c, ok := committed.Lookup(end.Topic, end.Partition)
		if c.Err != nil {
			return Plan{}, fmt.Errorf("reading where the replay stands in %s/%d: %w", end.Topic, end.Partition, c.Err)
		}
		if ok && c.At >= 0 {
			next, plan.Resumes = c.At, true
		}
		r.parts[place{end.Topic, end.Partition}] = span{next, end.Offset}
		plan.Records[end.Topic] += max(end.Offset-next, 0)
	}
	return plan, nil
}

func sorted(offsets kadm.ListedOffsets) (all []kadm.ListedOffset) {
	offsets.Each(func(o kadm.ListedOffset) { all = append(all, o) })
	return all
}

func (r *Replay) group() string { return ReplayPrefix + r.Name }

// Run replays until everything that was in the log at its start is settled, or ctx ends. Scores keep their time.
func (r *Replay) Run(ctx context.Context, cfg Config, deps Deps, running stream.Config, shared stream.Deps) error {
	entry, err := r.backend()
	if err != nil {
		return err
	}
	cfg.LangFuse.Scores = langfuse.ScoresIngestion
	cfg.Backends = []string{entry.name}
	opened, err := New(cfg, deps)
	if err != nil {
		return err
	}
	x := opened[0]
	x.group = r.group()
	x.letters.group = x.group
	if err := r.begin(ctx, deps); err != nil {
		return errors.Join(err, x.Close())
	}
	until, finish := context.WithCancel(ctx)
	defer finish()
	h := &replayer{Exporter: x, left: r.parts, progress: r.Progress, finish: finish}
	h.start()
	c, err := stream.NewBatchConsumer(x.Stream(running), shared, x.Topics(), h)
	if err != nil {
		return errors.Join(err, x.Close())
	}
	err = errors.Join(c.Run(until), x.Close())
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// begin writes the start of the replay down as committed offsets, unless it has one.
func (r *Replay) begin(ctx context.Context, deps Deps) error {
	client, err := deps.Broker.Client()
	if err != nil {
		return err
	}
	defer client.Close()
	adm := kadm.NewClient(client)
	plan, err := r.plan(ctx, adm)
	if err != nil || plan.Resumes {
		return err
	}
	offsets := kadm.Offsets{}
	for at, s := range r.parts {
		offsets.AddOffset(at.topic, at.partition, s.next, -1)
	}
	if err := adm.CommitAllOffsets(ctx, r.group(), offsets); err != nil {
		return fmt.Errorf("writing down the start of the replay: %w", err)
	}
	return nil
}

// replayer is an exporter that ends.
type replayer struct {
	*Exporter
	progress func(done, total int64)
	finish   func()

	mu          sync.Mutex
	left        map[place]span
	done, total int64
}

func (h *replayer) start() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for at, s := range h.left {
		if s.next >= s.end {
			delete(h.left, at)
			continue
		}
		h.total += s.end - s.next
	}
	h.tell()
}

// tell is called with mu.
func (h *replayer) tell() {
	if h.progress != nil {
		h.progress(h.done, h.total)
	}
	if len(h.left) == 0 {
		h.finish()
	}
}

// HandleBatch exports a batch. What came into the log after the start of the replay may be exported as well, at the end
// of a batch.
func (h *replayer) HandleBatch(ctx context.Context, b stream.Batch) error {
	if err := h.Exporter.HandleBatch(ctx, b); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	at := place{b.Topic, b.Partition}
	s, open := h.left[at]
	if !open {
		return nil
	}
	h.done += max(min(b.To, s.end)-s.next, 0)
	s.next = b.To
	h.left[at] = s
	if s.next >= s.end {
		delete(h.left, at)
	}
	h.tell()
	return nil
}

func exported() []string { return []string{topic.Spans, topic.Scores, topic.Feedback} }
