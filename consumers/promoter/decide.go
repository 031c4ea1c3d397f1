package promoter

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/consumers/internal/registry"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
)

// ordinals of the events that a package leads to.
const (
	ordinalEvaluated = iota
	ordinalDecision
)

// decide judges a candidate to its end. Trouble that is not the candidate's is waited out.
func (p *Promoter) decide(ctx context.Context, c candidate) error {
	backoff, told := broker.Backoff(), false
	for {
		err := p.evaluate(ctx, c)
		var no *rejection
		switch {
		case err == nil || ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &no):
			return p.settle(ctx, c, &event.ModelRejected{
				Model: c.version.Model, Version: c.version.Version, Reason: no.reason, Stage: stage, Message: no.message,
			})
		}
		if !told {
			told = true
			p.logger.Warn("a candidate cannot be judged yet, trying on", "model", c.version.ServedName(), "error", err)
		}
		if err := broker.Pause(ctx, backoff.NextBackOff()); err != nil {
			return err
		}
	}
}

func (p *Promoter) evaluate(ctx context.Context, c candidate) error {
	if !c.version.Promotable() {
		return reject("prompt_unproven", "%s was packaged without comparing its prompts with those of its training; package it again", c.version.ServedName())
	}
	held, err := readHeldOut(ctx, c.version.Trained)
	if err != nil {
		return err
	}
	if err := (asker{p, &c.version}).ask(ctx, held.rows); err != nil {
		return err
	}
	if c, err = p.askIncumbent(ctx, c, held.rows); err != nil {
		return err
	}
	if err := p.collect(ctx, c, held.rows); err != nil {
		return err
	}
	if !p.view.stands(c) {
		return nil // somebody has decided meanwhile; what is left to judge is judged again
	}
	var incumbent results
	if c.incumbent != nil {
		incumbent = p.results(*c.incumbent, held.rows)
	}
	out := compare(p.results(c.version, held.rows), incumbent, c.version.Version, c.incumbentVersion())
	if err := p.emit(ctx, c.cause(), ordinalEvaluated, out.event(c, held)); err != nil {
		return err
	}
	if err := out.verdict(p.cfg); err != nil {
		return err
	}
	return p.settle(ctx, c, &event.ModelPromoted{
		Model: c.version.Model, Version: c.version.Version, ServedName: c.version.ServedName(),
		Reason: out.reason(len(held.rows)), FromVersion: c.incumbentVersion(),
	})
}

// askIncumbent has the version that answers answer the same rows. One that Ollama no longer has does not answer any more;
// one that fails is asked again later: a server short of memory must not spare a candidate the comparison.
func (p *Promoter) askIncumbent(ctx context.Context, c candidate, rows []row) (candidate, error) {
	if c.incumbent == nil {
		return c, nil
	}
	err := asker{p, c.incumbent}.ask(ctx, rows)
	var no *rejection
	if errors.As(err, &no) && no.reason != reasonMissing {
		return c, fmt.Errorf("asking the version that answers: %s", no.message)
	}
	if errors.As(err, &no) {
		p.logger.Warn("the version that answers cannot be asked, so the floor decides", "model", c.incumbent.ServedName(), "error", err)
		c.incumbent, c.gone = nil, c.incumbent
		return c, nil
	}
	return c, err
}

// settle publishes the decision and waits until the view has it: it would be a candidate again otherwise.
func (p *Promoter) settle(ctx context.Context, c candidate, decision proto.Message) error {
	if !p.view.stands(c) {
		return nil
	}
	if err := p.emit(ctx, c.cause(), ordinalDecision, decision); err != nil {
		return err
	}
	for {
		changed := p.view.change()
		if !p.view.stands(c) {
			return nil
		}
		if err := wait(ctx, changed); err != nil {
			return err
		}
	}
}

// cause is what the ids of a verdict derive from: the package, and the version that it was compared with.
func (c candidate) cause() string { return c.version.PackagedID + "/" + c.incumbentVersion() }

func (c candidate) incumbentVersion() string {
	if v := c.answering(); v != nil {
		return v.Version
	}
	return ""
}

// answering is the version that answers, whether it can be asked or not.
func (c candidate) answering() *registry.Version {
	if c.gone != nil {
		return c.gone
	}
	return c.incumbent
}

func (c comparison) event(of candidate, held heldOut) *event.ModelEvaluated {
	out := &event.ModelEvaluated{
		Model: of.version.Model, Version: of.version.Version, CandidateScores: c.candidate, IncumbentScores: c.incumbent,
		Questions: int64(len(held.rows)), DatasetId: of.version.Trained.GetDatasetId(), HeldoutSha256: held.sha256, NotWorse: c.notWorse,
	}
	if of.incumbent != nil {
		out.Incumbent = of.incumbent.Version
	}
	return out
}

func (c comparison) reason(questions int) string {
	if len(c.incumbent) == 0 {
		return fmt.Sprintf("reaches the floor on %d held-out questions", questions)
	}
	return fmt.Sprintf("ties or beats the version that answered, on %d held-out questions", questions)
}
