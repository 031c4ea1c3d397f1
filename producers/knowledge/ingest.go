package knowledge

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
)

// Source is the ce_source of the documents that Ingest publishes.
const Source = "ragline/knowledge"

// batch is how many documents are acknowledged together.
const batch = 64

// Options of Ingest.
type Options struct {
	// Config bounds what is read. Required: its defaults are in the tags.
	Config Config
	// Tenant owns the documents. Defaults to event.DefaultTenant.
	Tenant string
	// Collection names the folder among others. Prune removes documents of the same collection only. Defaults to the
	// folder's name.
	Collection string
	// Prune removes documents from the knowledge base whose files are gone.
	Prune bool
	// Progress, if set, is called for each file from Ingest's goroutine.
	Progress func(Progress)
}

// Progress is where a run is.
type Progress struct {
	Path        string
	Done, Total int
}

// Report says what a run did. The lists hold document ids in the order of the files' paths; Removed is sorted.
type Report struct {
	New       []string  `json:"new"`
	Changed   []string  `json:"changed"`
	Unchanged []string  `json:"unchanged"`
	Removed   []string  `json:"removed"`
	Skipped   []Skipped `json:"skipped"`
}

// Skipped is a file that is not in the knowledge base, and why.
type Skipped struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// String is the report in one line.
func (r Report) String() string {
	return fmt.Sprintf("%d new, %d changed, %d unchanged, %d removed, %d skipped",
		len(r.New), len(r.Changed), len(r.Unchanged), len(r.Removed), len(r.Skipped))
}

// Ingest publishes the documents of dir that the documents topic does not hold yet, in the order of their paths.
// Files that cannot be read as documents are skipped with a reason; an error means that the run stopped: the
// report then says what was read, of which the last 64 documents may not be published. Running again is right.
func Ingest(ctx context.Context, dir string, b *broker.Broker, opts Options) (Report, error) {
	if err := opts.Config.Validate(); err != nil {
		return Report{}, err
	}
	if opts.Tenant == "" {
		opts.Tenant = event.DefaultTenant
	}
	if opts.Collection == "" {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return Report{}, fmt.Errorf("naming the collection: %w", err)
		}
		opts.Collection = filepath.Base(abs)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Report{}, fmt.Errorf("opening the documents: %w", err)
	}
	defer root.Close()
	held, err := readHeld(ctx, b, opts.Tenant)
	if err != nil {
		return Report{}, err
	}
	publisher, err := b.Publisher()
	if err != nil {
		return Report{}, err
	}
	defer publisher.Close()
	run := run{root: root, opts: opts, held: held, publisher: publisher, taken: map[string]string{}, seen: map[string]bool{}}
	err = run.all(ctx)
	return run.report, err
}

// run is the state of one Ingest.
type run struct {
	root      *os.Root
	opts      Options
	held      map[string]heldDocument
	publisher *broker.Publisher
	taken     map[string]string // path by document id
	seen      map[string]bool   // uris of the files that are there, skipped ones included
	waiting   []event.Event
	report    Report
}

func (r *run) all(ctx context.Context) error {
	files, err := r.walk()
	if err != nil {
		return err
	}
	for i, f := range files {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("ingesting %s: %w", f.path, err)
		}
		r.seen[uriOf(f.path)] = true
		if err := r.file(f); err != nil {
			r.report.Skipped = append(r.report.Skipped, Skipped{f.path, err.Error()})
		}
		if len(r.waiting) >= batch {
			if err := r.flush(ctx); err != nil {
				return err
			}
		}
		if r.opts.Progress != nil {
			r.opts.Progress(Progress{f.path, i + 1, len(files)})
		}
	}
	if r.opts.Prune {
		if err := r.prune(len(files)); err != nil {
			return err
		}
	}
	return r.flush(ctx)
}

// file reads one file and notes what to publish. Its error is the reason to skip the file.
func (r *run) file(f file) error {
	d, err := r.read(f)
	if err != nil {
		return err
	}
	id := d.GetDocumentId()
	if other, ok := r.taken[id]; ok {
		return fmt.Errorf("its id %q is taken by %s", id, other)
	}
	e := event.New(Source, d)
	e.Tenant = r.opts.Tenant
	if _, err := event.Encode(e); err != nil {
		return err
	}
	r.taken[id] = f.path
	old, known := r.held[id]
	switch {
	case known && old.same(d):
		r.report.Unchanged = append(r.report.Unchanged, id)
		return nil
	case known:
		r.report.Changed = append(r.report.Changed, id)
	default:
		r.report.New = append(r.report.New, id)
	}
	r.waiting = append(r.waiting, e)
	return nil
}

// prune removes documents of this collection that have no file. A file that was skipped this time still counts: half
// a copy must not remove a document.
func (r *run) prune(files int) error {
	var gone []string
	for id, old := range r.held {
		if _, here := r.taken[id]; !here && old.collection == r.opts.Collection && old.source == Source && !r.seen[old.uri] {
			gone = append(gone, id)
		}
	}
	if files == 0 && len(gone) > 0 {
		return fmt.Errorf("pruning: the folder has no documents, and %d would be removed; check that it is the right one", len(gone))
	}
	slices.Sort(gone)
	for _, id := range gone {
		e := event.New(Source, &event.DocumentChanged{})
		e.Tenant, e.Data, e.Key = r.opts.Tenant, nil, id
		r.waiting = append(r.waiting, e)
	}
	r.report.Removed = gone
	return nil
}

func (r *run) flush(ctx context.Context) error {
	if len(r.waiting) == 0 {
		return nil
	}
	if err := r.publisher.Publish(ctx, r.waiting...); err != nil {
		return fmt.Errorf("publishing documents: %w", err)
	}
	r.waiting = r.waiting[:0]
	return nil
}
