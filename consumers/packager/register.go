package packager

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ragline/ragline/consumers/internal/ollama"
	"github.com/ragline/ragline/consumers/packager/modelfile"
)

const (
	// candidateMark is on the name of a model that is not proven yet.
	candidateMark = "-candidate"
	// smokeTokens bounds the answer of the smoke test.
	smokeTokens = 16
	smokeAsk    = "What can you tell me?"
	// cleanLimit bounds the removal of what was not proven, also when the process is being stopped.
	cleanLimit = 10 * time.Second
)

// register creates the model in Ollama under another name, proves it and then gives it its name. It returns how many
// prompts were equal.
func (b *build) register(ctx context.Context, pkg Package) (parity int, err error) {
	served := servedName(b.trained)
	candidate := served + candidateMark
	defer func() { err = b.forget(ctx, candidate, err) }()
	if err := b.create(ctx, candidate, pkg); err != nil {
		return 0, err
	}
	b.reached("created")
	if err := b.prove(ctx, candidate, pkg); err != nil {
		return 0, err
	}
	b.reached("proven")
	if err := b.ollama.Copy(ctx, candidate, served); err != nil {
		return 0, fmt.Errorf("naming the model: %w", err)
	}
	b.reached("named")
	return len(b.parity), nil
}

func (b *build) create(ctx context.Context, name string, pkg Package) error {
	if err := b.ollama.Create(ctx, request(name, b.file(pkg.File), pkg.modelfile), b.ollamaProgress); err != nil {
		return fmt.Errorf("creating %s in Ollama: %w", name, err)
	}
	return nil
}

func request(name, file string, mf modelfile.File) ollama.CreateRequest {
	return ollama.CreateRequest{Model: name, GGUF: file, Template: mf.Template, System: mf.System, Parameters: mf.Parameters()}
}

func (b *build) ollamaProgress(p ollama.Progress) { b.opts.report(p.Status, p.Completed, p.Total) }

// prove asks the server for what it made of the model.
func (b *build) prove(ctx context.Context, name string, pkg Package) error {
	info, err := b.ollama.Show(ctx, name)
	if err != nil {
		return fmt.Errorf("asking for %s: %w", name, err)
	}
	if info.Template != pkg.modelfile.Template {
		return fail(ReasonTemplateDiffers, "see the server's version", "Ollama serves the template %q, not %q", info.Template, pkg.modelfile.Template)
	}
	if bos, told := info.Keys["tokenizer.ggml.add_bos_token"].(bool); told && bos != b.BOS {
		return fail(ReasonPromptDiffers, "train again", "training began its texts with the token for it: %t; Ollama does: %t", b.BOS, bos)
	}
	if err := b.compare(ctx, name); err != nil {
		return err
	}
	return b.smoke(ctx, name)
}

// compare renders every conversation as the server does, and wants the bytes of training.
func (b *build) compare(ctx context.Context, name string) error {
	for i, line := range b.parity {
		b.opts.report("comparing prompts", int64(i), int64(len(b.parity)))
		got, err := b.ollama.Render(ctx, name, line.Messages)
		if err != nil {
			return fmt.Errorf("rendering prompt %d: %w", i+1, err)
		}
		if got != line.Prompt {
			return fail(ReasonPromptDiffers, "train again with a chat template that is known, see template_style",
				"prompt %d of %d as Ollama renders it differs from training's %s", i+1, len(b.parity), difference(line.Prompt, got))
		}
	}
	return nil
}

// smoke has the model answer. An answer that reaches the limit is no fault: models may be long-winded.
func (b *build) smoke(ctx context.Context, name string) error {
	b.opts.report("asking", 0, 0)
	messages := []ollama.Message{{Role: "user", Content: smokeAsk}}
	if len(b.parity) > 0 {
		messages = b.parity[0].Messages
	}
	answer, err := b.ollama.Ask(ctx, ollama.Request{
		Model: name, Messages: messages, Options: map[string]any{"num_predict": smokeTokens, "temperature": 0, "seed": 1},
	})
	if err != nil {
		return fmt.Errorf("asking the model: %w", err)
	}
	if silent(answer) {
		return fail(ReasonNoAnswer, "train again", "the model answers nothing: %d tokens, and it ended by %q", answer.Tokens, answer.Done)
	}
	if answer.Done != "stop" {
		b.logger.Warn("model did not end its answer within the limit of the smoke test", "version", b.trained.GetVersion(), "tokens", answer.Tokens)
	}
	return nil
}

// silent says that a model has said nothing. One that was cut before its first word has spoken: Ollama holds half of a
// character back, and what the words are worth is the gate's to say.
func silent(a ollama.Answer) bool {
	return a.Text == "" && a.Tokens == 0 || strings.TrimSpace(a.Text) == "" && a.Done == "stop"
}

// forget removes a name that is not the one to serve, also when ctx has ended. Where it cannot, its error goes first:
// the machine is at fault then, and all is tried again, so that nothing stays behind.
func (b *build) forget(ctx context.Context, name string, before error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanLimit)
	defer cancel()
	if err := b.ollama.Delete(ctx, name); err != nil {
		return fmt.Errorf("removing %s from Ollama: %w", name, err)
	}
	return before
}
