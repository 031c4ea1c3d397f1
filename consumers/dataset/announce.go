package dataset

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// source stamps our events, and namespaces their derived ids.
const source = "dataset"

// announcements is what the datasets topic says about one series.
type announcements struct {
	ids  map[string]struct{}
	last *event.DatasetReady
}

func (a *announcements) take(r event.Record, name string) {
	e, err := topic.Decode(r)
	if err != nil {
		return // another version's announcement is none of ours
	}
	if d, ok := e.Data.(*event.DatasetReady); ok && d.GetName() == name {
		a.ids[d.GetDatasetId()] = struct{}{}
		a.last = d
	}
}

func (b *Builder) announced(ctx context.Context) (*announcements, error) {
	a := &announcements{ids: map[string]struct{}{}}
	cfg := broker.FollowConfig{Topics: []string{topic.Datasets}, Stop: true}
	err := b.broker.Follow(ctx, cfg, func(r event.Record) error {
		a.take(r, b.cfg.Name)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading announcements: %w", err)
	}
	return a, ctx.Err()
}

// announce copies the dataset to the bucket, if there is one, publishes dataset.ready and waits for the ack. Repeating it is
// harmless: the bytes are the same, and the id is derived.
func (b *Builder) announce(ctx context.Context, info Info) (*event.DatasetReady, error) {
	ready, err := b.readyOf(info)
	if err != nil {
		return nil, err
	}
	if b.cfg.Bucket != "" {
		if err := upload(ctx, info, ready.GetUri()); err != nil {
			return nil, fmt.Errorf("uploading dataset %s: %w", info.DatasetID, err)
		}
	}
	publisher, err := b.broker.Publisher()
	if err != nil {
		return nil, fmt.Errorf("opening publisher: %w", err)
	}
	defer publisher.Close()
	e := event.New("ragline/"+source, ready)
	e.ID = event.DeriveID(info.DatasetID, source, 0)
	e.Time = info.BuiltAt
	if err := publisher.Publish(ctx, e); err != nil {
		return nil, fmt.Errorf("announcing dataset %s: %w", info.DatasetID, err)
	}
	return ready, nil
}

// readyOf is the announcement of a dataset, with the place that readers find it at.
func (b *Builder) readyOf(info Info) (*event.DatasetReady, error) {
	uri, err := b.place(info)
	if err != nil {
		return nil, err
	}
	ready := info.ready(uri, info.ManifestSHA256)
	ready.BuiltAt = timestamppb.New(info.BuiltAt)
	return ready, nil
}

func (b *Builder) place(info Info) (string, error) {
	if b.cfg.Bucket == "" {
		folder, err := filepath.Abs(info.Folder)
		if err != nil {
			return "", fmt.Errorf("naming dataset folder: %w", err)
		}
		return (&url.URL{Scheme: "file", Path: filepath.ToSlash(folder)}).String(), nil
	}
	u, err := url.Parse(b.cfg.Bucket)
	if err != nil {
		return "", fmt.Errorf("reading RAGLINE_DATASET_BUCKET: %w", err)
	}
	return u.JoinPath(info.Name, info.DatasetID).String(), nil
}

// repair announces what a crash left complete but unannounced. A folder whose offsets lie beyond the end of the
// log belongs to another log and stays silent.
func (b *Builder) repair(ctx context.Context, a *announcements) error {
	list, err := List(b.cfg.Dir)
	if err != nil {
		return err
	}
	ranges, err := b.broker.Ranges(ctx, inputs()...)
	if err != nil {
		return fmt.Errorf("reading offsets: %w", err)
	}
	for i := len(list) - 1; i >= 0; i-- { // the oldest first, so that the last announced is the newest
		info := list[i]
		if _, known := a.ids[info.DatasetID]; known || info.Name != b.cfg.Name {
			continue
		}
		if !within(info.Offsets, ranges) {
			b.logger.Warn("dataset belongs to another log and is not announced", "dataset_id", info.DatasetID, "folder", info.Folder)
			continue
		}
		ready, err := b.announce(ctx, info)
		if err != nil {
			return err
		}
		a.ids[info.DatasetID], a.last = struct{}{}, ready
	}
	return nil
}

func within(offsets []Offsets, ranges map[string]map[int32]broker.Range) bool {
	for _, o := range offsets {
		if o.To > ranges[o.Topic][o.Partition].End {
			return false
		}
	}
	return true
}
