package dataset

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
)

// Builder builds the datasets of one series.
type Builder struct {
	cfg    Config
	broker *broker.Broker
	seeds  seedSet
	logger *slog.Logger
}

// New returns a builder. The pack gives seeds and the system prompt; nil is a dataset without either.
func New(cfg Config, b *broker.Broker, pack *domain.Pack, logger *slog.Logger) (*Builder, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Dir == "" {
		return nil, ErrNoDir
	}
	seeds, err := loadSeeds(pack)
	if err != nil {
		return nil, fmt.Errorf("loading seeds: %w", err)
	}
	return &Builder{cfg: cfg, broker: b, seeds: seeds, logger: logger}, nil
}

// Build builds a dataset from all history up to now, announces it and returns the announcement.
// When its rows are those of the last announced dataset, it returns that one, unless force asks for a dataset
// with the new offsets. It returns ErrNoRows when nothing is eligible.
func (b *Builder) Build(ctx context.Context, force bool) (*event.DatasetReady, error) {
	a, err := b.announced(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.repair(ctx, a); err != nil {
		return nil, err
	}
	h, err := readHistory(ctx, b.broker)
	if err != nil {
		return nil, err
	}
	if !force && a.last != nil && b.unchanged(h, a.last) {
		return a.last, nil
	}
	return b.build(ctx, h, a)
}

// build writes and announces the dataset of a history.
func (b *Builder) build(ctx context.Context, h *history, a *announcements) (*event.DatasetReady, error) {
	info, err := b.write(h)
	if err != nil {
		return nil, err
	}
	if _, known := a.ids[info.DatasetID]; known {
		return b.readyOf(info)
	}
	ready, err := b.announce(ctx, info)
	if err != nil {
		return nil, err
	}
	a.ids[info.DatasetID], a.last = struct{}{}, ready
	return ready, nil
}

// write puts the dataset of a history on disk.
func (b *Builder) write(h *history) (Info, error) {
	p := makePlan(h, b.seeds, b.cfg)
	if len(p.rows) == 0 {
		return Info{}, ErrNoRows
	}
	files, err := p.render()
	if err != nil {
		return Info{}, err
	}
	m := newManifest(p, h, b.seeds, b.cfg)
	for _, f := range files {
		m.Files = append(m.Files, f.File)
		if f.Split == string(SplitHeldOut) && f.Format == formatMessages {
			m.HeldOutSHA256 = f.SHA256
		}
	}
	raw, err := m.encode()
	if err != nil {
		return Info{}, err
	}
	folder, err := write(b.cfg.Dir, m, append(files, content{File{Path: manifestName}, raw}))
	if err != nil {
		return Info{}, fmt.Errorf("writing dataset %s: %w", m.DatasetID, err)
	}
	return read(filepath.Join(folder, manifestName))
}

// unchanged says whether the last announced dataset has the rows of now, under the rules, seeds and settings
// of now. The second half is asked of its id: a dataset is a function of its offsets.
func (b *Builder) unchanged(h *history, last *event.DatasetReady) bool {
	past := h.upTo(last.GetOffsets())
	now, then := makePlan(h, b.seeds, b.cfg), makePlan(past, b.seeds, b.cfg)
	return idOf(then, past, b.seeds, b.cfg) == last.GetDatasetId() && len(now.rows) == len(then.rows) && now.newRows(then) == 0
}
