package packager

import (
	"context"
	"fmt"
	"strings"

	"github.com/ragline/ragline/consumers/internal/registry"
	"github.com/ragline/ragline/schemas/event"
)

const sender = "ragline/packager"

// packagedEvent has an id of the adapter, the quantization and the served name: the same package is told once.
func packagedEvent(t *event.ModelTrained, p *event.ModelPackaged) event.Event {
	e := event.New(sender, p)
	e.ID = derivedID(t, "packaged", p.GetQuantization(), p.GetServedName())
	return e
}

// rejectedEvent has an id of the adapter, the reason and the package that it takes back, if there is one.
func rejectedEvent(v *registry.Version, f *Failure) event.Event {
	t := v.Trained
	name := t.GetModel() + ":" + t.GetVersion()
	e := event.New(sender, &event.ModelRejected{
		Model: t.GetModel(), Version: t.GetVersion(), Reason: f.Reason, Stage: stage, Message: strings.ReplaceAll(f.Error(), "MODEL:VERSION", name),
	})
	e.ID = derivedID(t, "rejected", f.Reason, v.PackagedID)
	return e
}

func derivedID(t *event.ModelTrained, what ...string) string {
	parts := append([]string{t.GetModel(), t.GetVersion(), t.GetAdapterSha256()}, what...)
	return event.DeriveID(strings.Join(parts, "/"), stage, 0)
}

// Now packages a version by command and announces it, as an event of its own even where it says what was said before.
// The name is MODEL for the newest version, or MODEL:VERSION, of which the beginning is enough. What is found wrong is
// told to the caller, not to the log.
func (p *Packager) Now(ctx context.Context, name string, opts Options) (*event.ModelPackaged, error) {
	models, err := registry.Read(ctx, p.broker)
	if err != nil {
		return nil, err
	}
	v, err := find(models, name)
	if err != nil {
		return nil, err
	}
	if opts, err = judged(v, opts); err != nil {
		return nil, err
	}
	packaged, err := p.Package(ctx, v.Trained, opts)
	if err != nil {
		return nil, err
	}
	publisher, err := p.broker.Publisher()
	if err != nil {
		return nil, fmt.Errorf("opening publisher: %w", err)
	}
	defer publisher.Close()
	return packaged, publisher.Publish(ctx, event.New(sender, packaged))
}

// judged keeps the version that answers in the quantization that was judged: the new file takes its place at once.
func judged(v *registry.Version, opts Options) (Options, error) {
	have := v.Packaged.GetQuantization()
	if v.State != registry.StatePromoted || have == "" {
		return opts, nil
	}
	if opts.Quantization != "" && opts.Quantization != have {
		return opts, fmt.Errorf("%w: %s:%s was judged as %s", ErrAnswers, v.Model, v.Version, have)
	}
	opts.Quantization = have
	return opts, nil
}
