package promoter

import (
	"context"
	"fmt"
	"strings"

	"github.com/ragline/ragline/consumers/internal/registry"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
)

// The state of trained models, for commands.
type (
	// Registry holds all series.
	Registry = registry.Registry
	// Series is the versions of one model.
	Series = registry.Series
	// Version is one of them.
	Version = registry.Version
)

// Read returns the state of all models.
func Read(ctx context.Context, b *broker.Broker) (*Registry, error) { return registry.Read(ctx, b) }

// Promote makes a version the one that answers because a person says so, whatever the scores.
func Promote(ctx context.Context, b *broker.Broker, model, version, reason string) (*event.ModelPromoted, error) {
	s, err := seriesOf(ctx, b, model, reason)
	if err != nil {
		return nil, err
	}
	v, err := s.Match(version)
	if err != nil {
		return nil, err
	}
	if err := promotable(v); err != nil {
		return nil, err
	}
	if s.Promoted == v {
		return nil, fmt.Errorf("promoting %s:%s: %w", model, v.Version, ErrAnswers)
	}
	out := &event.ModelPromoted{Model: model, Version: v.Version, ServedName: v.ServedName(), Reason: reason}
	if s.Promoted != nil {
		out.FromVersion = s.Promoted.Version
	}
	return out, publish(ctx, b, event.New("ragline/cli", out))
}

// RollBack makes the version answer that answered before.
func RollBack(ctx context.Context, b *broker.Broker, model, reason string) (*event.ModelRolledBack, error) {
	s, err := seriesOf(ctx, b, model, reason)
	if err != nil {
		return nil, err
	}
	v := s.Before()
	if v == nil {
		return nil, fmt.Errorf("rolling back %s: %w", model, ErrNoneBefore)
	}
	if err := promotable(v); err != nil {
		return nil, err
	}
	out := &event.ModelRolledBack{Model: model, Version: v.Version, FromVersion: s.Promoted.Version, ServedName: v.ServedName(), Reason: reason}
	return out, publish(ctx, b, event.New("ragline/cli", out))
}

func seriesOf(ctx context.Context, b *broker.Broker, model, reason string) (*Series, error) {
	if strings.TrimSpace(reason) == "" {
		return nil, ErrNoReason
	}
	r, err := registry.Read(ctx, b)
	if err != nil {
		return nil, err
	}
	s := r.Series(model)
	if len(s.Versions) == 0 {
		return nil, fmt.Errorf("%w: %s", ErrUnknown, model)
	}
	return s, nil
}

func promotable(v *Version) error {
	switch {
	case v.ServedName() == "":
		return fmt.Errorf("%s:%s: %w; package it first", v.Model, v.Version, ErrNotServed)
	case !v.Promotable():
		return fmt.Errorf("%s:%s: %w; package it again", v.Model, v.Version, ErrNotProven)
	}
	return nil
}

func publish(ctx context.Context, b *broker.Broker, e event.Event) error {
	p, err := b.Publisher()
	if err != nil {
		return fmt.Errorf("opening publisher: %w", err)
	}
	defer p.Close()
	if err := p.Publish(ctx, e); err != nil {
		return fmt.Errorf("publishing %s: %w", e.Type, err)
	}
	return nil
}
