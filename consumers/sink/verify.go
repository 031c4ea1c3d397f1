package sink

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ragline/ragline/consumers/warehouse"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// Proof is what Verify found.
type Proof struct {
	Partitions []Check            `json:"partitions"`
	Rollups    []warehouse.Rollup `json:"rollups"`
}

// Check compares one partition of the log, from its start to where the sink has committed, with its rows.
type Check struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	From      int64  `json:"from"`
	To        int64  `json:"to"`
	// Lag is what the sink has not committed yet, which is not compared.
	Lag int64 `json:"lag"`
	// Records are in the log, Rows in ClickHouse; Raw of the records belong into raw_records, as no table holds them.
	Records uint64 `json:"records"`
	Rows    uint64 `json:"rows"`
	Raw     uint64 `json:"raw"`
	// Missing and Doubled count positions that have no row and rows beyond the first of a position.
	Missing uint64 `json:"missing"`
	Doubled uint64 `json:"doubled"`
	// Same says that offsets and event ids agree: the exclusive or of their hashes.
	Same bool `json:"same"`
	// Beside compares spans_full where there are spans. Nil elsewhere.
	Beside *Beside `json:"beside,omitempty"`
}

// Beside compares the table that holds more of the rows.
type Beside struct {
	Table    string `json:"table"`
	Expected uint64 `json:"expected"`
	Rows     uint64 `json:"rows"`
	Same     bool   `json:"same"`
}

// OK says that everything is stored once.
func (c Check) OK() bool {
	return c.Missing == 0 && c.Doubled == 0 && c.Same && c.Rows == c.Records &&
		(c.Beside == nil || c.Beside.Same && c.Beside.Rows == c.Beside.Expected)
}

// OK says that everything is stored once and summed up rightly.
func (p Proof) OK() bool {
	return !slices.ContainsFunc(p.Partitions, func(c Check) bool { return !c.OK() }) &&
		!slices.ContainsFunc(p.Rollups, func(r warehouse.Rollup) bool { return !r.Equal() })
}

// Verify reads the log as far as the sink has committed it and compares it with ClickHouse. The sink may run
// meanwhile. progress is called with the records read so far and their number in all.
func Verify(ctx context.Context, b *broker.Broker, w *warehouse.Warehouse, now time.Time, progress func(done, total int64)) (Proof, error) {
	extents, err := committedExtents(ctx, b)
	if err != nil {
		return Proof{}, err
	}
	v := verifier{tables: newTables(), found: map[partition]*sum{}, retained: w.Retained(now)}
	var total, done int64
	for p, e := range extents {
		v.found[p] = &sum{extent: e}
		total += e.to - e.from
	}
	err = readLog(ctx, b, extents, func(r event.Record) error {
		v.count(r)
		if done++; progress != nil {
			progress(done, total)
		}
		return nil
	})
	if err != nil {
		return Proof{}, fmt.Errorf("reading the log: %w", err)
	}
	proof := Proof{}
	for _, p := range v.partitions() {
		check, err := v.check(ctx, w, p)
		if err != nil {
			return Proof{}, err
		}
		proof.Partitions = append(proof.Partitions, check)
	}
	proof.Rollups, err = w.Rollups(ctx)
	return proof, err
}

// readLog hands over every record of the extents.
func readLog(ctx context.Context, b *broker.Broker, extents map[partition]extent, fn func(event.Record) error) error {
	cfg := broker.FollowConfig{Stop: true, Offsets: map[string]map[int32]int64{}}
	for p, e := range extents {
		if cfg.Offsets[p.topic] == nil {
			cfg.Offsets[p.topic] = map[int32]int64{}
			cfg.Topics = append(cfg.Topics, p.topic)
		}
		cfg.Offsets[p.topic][p.number] = e.from
		if e.from == e.to {
			cfg.Offsets[p.topic][p.number] = e.end
		}
	}
	if len(cfg.Topics) == 0 {
		return nil
	}
	err := b.Follow(ctx, cfg, func(r event.Record) error {
		if r.Offset >= extents[partition{r.Topic, r.Partition}].to {
			return nil
		}
		return fn(r)
	})
	if err == nil {
		err = ctx.Err() // Follow takes the end of ctx for a wish
	}
	return err
}

// sum is what the log says of a partition.
type sum struct {
	extent       extent
	records, raw uint64
	hash         uint64
	beside       uint64
	besideHash   uint64
	runs         []warehouse.Run
}

type verifier struct {
	tables   tables
	spans    spanDecoder
	found    map[partition]*sum
	retained map[string]time.Time
}

func (v *verifier) count(r event.Record) {
	s := v.found[partition{r.Topic, r.Partition}]
	placed := v.tables.placeQuickly(r, &v.spans)
	s.runs = extend(s.runs, r.Offset)
	hash := warehouse.TallyHash(r.Offset, placed.event.ID)
	if !placed.table.dated(placed).Before(v.retained[placed.table.name()]) {
		s.records++
		s.hash ^= hash
		if placed.table.name() == v.tables.rawRecords.name() {
			s.raw++
		}
	}
	if also := placed.table.beside(placed); also != nil && !also.dated(placed).Before(v.retained[also.name()]) {
		s.beside++
		s.besideHash ^= hash
	}
}

func (v *verifier) partitions() []partition {
	list := make([]partition, 0, len(v.found))
	for p := range v.found {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b partition) int {
		if a.topic != b.topic {
			return compareTopics(a.topic, b.topic)
		}
		return int(a.number - b.number)
	})
	return list
}

func (v *verifier) check(ctx context.Context, w *warehouse.Warehouse, p partition) (Check, error) {
	s := v.found[p]
	runs := s.runs
	if entry, _ := topic.Get(p.topic); !entry.Compacted && s.extent.from < s.extent.to {
		runs = []warehouse.Run{{From: s.extent.from, To: s.extent.to}} // what is between two records may have no row either
	}
	got, err := w.Tally(ctx, v.sources(v.tables.of(p.topic)), p.topic, p.number, runs)
	if err != nil {
		return Check{}, err
	}
	c := Check{
		Topic: p.topic, Partition: p.number, From: s.extent.from, To: s.extent.to, Lag: s.extent.end - s.extent.to,
		Records: s.records, Raw: s.raw, Rows: got.Rows, Doubled: got.Rows - got.Distinct, Same: s.hash == got.Hash,
	}
	if s.records > got.Distinct {
		c.Missing = s.records - got.Distinct
	}
	names := v.tables.besides(p.topic)
	if len(names) == 0 {
		return c, nil
	}
	got, err = w.Tally(ctx, v.sources(names), p.topic, p.number, runs)
	c.Beside = &Beside{Table: names[0], Expected: s.beside, Rows: got.Rows, Same: s.besideHash == got.Hash}
	return c, err
}

func (v *verifier) sources(names []string) []warehouse.Source {
	list := make([]warehouse.Source, len(names))
	for i, name := range names {
		list[i] = warehouse.Source{Table: name, Since: v.retained[name]}
	}
	return list
}

// compareTopics puts dead letters behind the catalogue.
func compareTopics(a, b string) int {
	if topic.IsDeadLetters(a) != topic.IsDeadLetters(b) {
		if topic.IsDeadLetters(b) {
			return -1
		}
		return 1
	}
	if a < b {
		return -1
	}
	return 1
}
