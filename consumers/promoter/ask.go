package promoter

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/internal/ollama"
	"github.com/ragline/ragline/consumers/internal/registry"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
)

// seed makes answers repeatable where the server's arithmetic is.
const seed = 7

// reasonMissing says that Ollama does not have a version.
const reasonMissing = "model_missing"

// silence stands for an answer without a word: the log takes no empty answer, and the evaluator should judge it.
const silence = "(no answer)"

// asker has one version answer the held-out rows.
type asker struct {
	*Promoter
	version *registry.Version
}

// ask lets the version answer every row that has no answer in the log yet.
func (a asker) ask(ctx context.Context, rows []row) error {
	for _, r := range rows {
		trace := traceOf(*a.version, r)
		if a.view.hasAnswer(trace) {
			continue
		}
		started := time.Now()
		answer, err := a.answer(ctx, r)
		if err != nil {
			return err
		}
		if err := a.capture(ctx, r, trace, answer, started, time.Now()); err != nil {
			return err
		}
		a.view.answer(trace)
	}
	return nil
}

// answer asks Ollama. While it is away it is waited for; what it refuses again and again is a rejection.
func (a asker) answer(ctx context.Context, r row) (ollama.Answer, error) {
	backoff, told := broker.Backoff(), false
	for tries := 0; ; {
		limited, cancel := context.WithTimeout(ctx, a.cfg.Timeout)
		answer, err := a.ollama.Ask(limited, ollama.Request{
			Model: a.version.ServedName(), Messages: r.prompt(),
			Options: map[string]any{"temperature": 0, "seed": seed, "num_predict": a.cfg.MaxTokens},
		})
		cancel()
		switch {
		case err == nil:
			return answer, nil
		case ctx.Err() != nil:
			return ollama.Answer{}, ctx.Err()
		case errors.Is(err, ollama.ErrNotFound):
			return ollama.Answer{}, reject(reasonMissing, "Ollama at %s has no %s; package it again with `ragline model package`", a.ollama.Host(), a.version.ServedName())
		case errors.Is(err, ollama.ErrUnreachable):
			if !told {
				told = true
				a.logger.Warn("Ollama is away: held-out questions wait for it; start it, or set OLLAMA_HOST", "ollama", a.ollama.Host(), "model", a.version.ServedName())
			}
		default:
			if tries++; tries >= a.cfg.Attempts {
				return ollama.Answer{}, reject("does_not_answer", "%s gave no answer to row %s in %d tries, the last one: %v", a.version.ServedName(), r.ID, tries, err)
			}
		}
		if err := broker.Pause(ctx, backoff.NextBackOff()); err != nil {
			return ollama.Answer{}, err
		}
	}
}

// capture publishes an answer: its span first, so that an interaction in the log means that both are there.
func (a asker) capture(ctx context.Context, r row, trace string, answer ollama.Answer, started, ended time.Time) error {
	question, sources := r.grounded()
	text := strings.TrimSpace(answer.Text)
	if text == "" {
		text = silence
	}
	for _, s := range sources {
		s.Cited = strings.Contains(text, "["+s.GetDocumentId()+"]")
	}
	usage := &event.Usage{InputTokens: int64(answer.PromptTokens), OutputTokens: int64(answer.Tokens)}
	origin := &event.Origin{Environment: event.EnvironmentGate, Tags: []string{"heldout"}}
	served := a.version.ServedName()
	span := &event.SpanEnded{
		TraceId: trace, SpanId: trace[16:], Name: "chat " + served, Kind: event.SpanKind_SPAN_KIND_LLM, Operation: "chat",
		StartTime: timestamppb.New(started), EndTime: timestamppb.New(ended), Status: event.StatusCode_STATUS_CODE_OK,
		Provider: "ollama", Model: served, Usage: usage, Input: r.prompt()[len(r.prompt())-1].Content, Output: text,
		Origin: origin, Resource: map[string]string{"service.name": "ragline/" + source},
		Attributes: map[string]*event.AttributeValue{
			"gen_ai.prompt.name": {Value: &event.AttributeValue_StringValue{StringValue: domain.GroundedName}},
			"ragline.heldout.id": {Value: &event.AttributeValue_StringValue{StringValue: r.ID}},
		},
	}
	interaction := &event.InteractionCaptured{
		TraceId: trace, Question: question, Answer: text, Sources: sources, Model: served,
		PromptName: domain.GroundedName, PromptVersion: domain.GroundedVersion, State: event.AnswerState_ANSWER_STATE_ANSWERED,
		Usage: usage, LatencyMs: ended.Sub(started).Milliseconds(), Origin: origin,
		ReferenceAnswer: r.reference(), SelfTrainedModel: true,
	}
	for n, m := range []proto.Message{span, interaction} {
		if err := a.emit(ctx, trace, n, m); err != nil {
			return err
		}
	}
	return nil
}

// emit publishes an event and waits for its ack. A broker that is away is waited for by the publisher.
func (p *Promoter) emit(ctx context.Context, cause string, ordinal int, m proto.Message) error {
	e := event.New("ragline/"+source, m)
	e.ID = event.DeriveID(cause, source, ordinal)
	if err := p.publish.Publish(ctx, e); err != nil {
		return fmt.Errorf("publishing %s: %w", e.Type, err)
	}
	return nil
}
