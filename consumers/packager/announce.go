package packager

import (
	"context"
	"fmt"
	"strings"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// source stamps our events, and namespaces their derived ids.
const eventSource = "packager"

// packagedEvent has an id of the model, the quantization and the served name: the same package is told once.
func packagedEvent(trainedID string, p *event.ModelPackaged) event.Event {
	e := event.New("ragline/"+eventSource, p)
	e.ID = event.DeriveID(trainedID, strings.Join([]string{eventSource, "packaged", p.GetQuantization(), p.GetServedName()}, "/"), 0)
	return e
}

func rejectedEvent(trainedID string, t *event.ModelTrained, f *Failure) event.Event {
	e := event.New("ragline/"+eventSource, &event.ModelRejected{
		Model: t.GetModel(), Version: t.GetVersion(), Reason: f.Reason, Stage: stage, Message: strings.ReplaceAll(f.Error(), "VERSION", t.GetVersion()),
	})
	e.ID = event.DeriveID(trainedID, strings.Join([]string{eventSource, "rejected", f.Reason}, "/"), 0)
	return e
}

// Now packages a model of a series by command and announces it: the version that begins like the given one, or the
// newest. What is found wrong is told to the caller, not to the log.
func (p *Packager) Now(ctx context.Context, series, version string, opts Options) (*event.ModelPackaged, error) {
	s := newState()
	err := p.broker.Follow(ctx, broker.FollowConfig{Topics: []string{topic.Models}, Stop: true}, func(r event.Record) error {
		s.take(r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the models: %w", err)
	}
	m, err := s.find(series, version)
	if err != nil {
		return nil, err
	}
	packaged, err := p.Package(ctx, m.trained, opts)
	if err != nil {
		return nil, err
	}
	publisher, err := p.broker.Publisher()
	if err != nil {
		return nil, fmt.Errorf("opening publisher: %w", err)
	}
	defer publisher.Close()
	return packaged, publisher.Publish(ctx, packagedEvent(m.id, packaged))
}

func (s *state) find(series, version string) (*model, error) {
	var found *model
	for _, m := range s.models {
		if m.trained.GetModel() != series || !strings.HasPrefix(m.trained.GetVersion(), version) {
			continue
		}
		if found != nil && version != "" {
			return nil, fmt.Errorf("%w as %s", ErrAmbiguous, version)
		}
		found = m
	}
	if found == nil {
		return nil, fmt.Errorf("%w: series %s, version %q", ErrNotFound, series, version)
	}
	return found, nil
}
