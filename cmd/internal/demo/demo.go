package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/consumers/dataset"
	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/trainer"
	"github.com/ragline/ragline/consumers/warehouse"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/producers/knowledge"
	"github.com/ragline/ragline/producers/sdk"
)

// Demo is one run of the demonstration.
type Demo struct {
	Broker *broker.Broker
	Client *sdk.Client
	Pack   *domain.Pack
	// Builder makes the dataset.
	Builder *dataset.Builder
	// Warehouse is nil where there is no ClickHouse: the summary is left out then.
	Warehouse *warehouse.Warehouse
	Out       *term.Printer
	Knowledge knowledge.Config
	Tenant    string
	// Train goes on after the dataset: feedback for good answers, and the wait for the trained model, which is then asked.
	Train bool
	// Trainer is how the trainer is set, which Train waits for.
	Trainer trainer.Config
}

// questionTimeout bounds the wait for one answer. An answer takes milliseconds without a model and seconds with one.
const questionTimeout = 2 * time.Minute

// ErrUnsettled says that ClickHouse and Kafka did not come to agree in time.
var ErrUnsettled = errors.New("ClickHouse does not hold what Kafka holds")

// Run goes through the loop once. It returns ErrUnsettled when the counts do not agree in the end.
func (d *Demo) Run(ctx context.Context) error {
	if err := d.ingest(ctx); err != nil {
		return err
	}
	if err := d.ask(ctx); err != nil {
		return err
	}
	ready, err := d.Builder.Build(ctx, false)
	if err != nil {
		return fmt.Errorf("building the dataset: %w", err)
	}
	d.Out.Linef("dataset %s in %s\n", d.Out.Bold(ready.GetDatasetId()), ready.GetUri())
	if d.Train {
		if err := d.train(ctx, ready); err != nil {
			return err
		}
	}
	if d.Warehouse == nil {
		return nil
	}
	return d.summarize(ctx)
}

func (d *Demo) ingest(ctx context.Context) error {
	report, err := knowledge.Ingest(ctx, d.Pack.DocumentsDir, d.Broker, knowledge.Options{Config: d.Knowledge, Tenant: d.Tenant, Collection: d.Pack.Name})
	if err != nil {
		return fmt.Errorf("ingesting %s: %w", d.Pack.DocumentsDir, err)
	}
	d.Out.Linef("%s: documents: %s\n", d.Pack.Title, report)
	return nil
}

// ask asks the sample questions, one conversation each, and prints every answer with its scores.
func (d *Demo) ask(ctx context.Context) error {
	scores, err := listen(ctx, d.Broker)
	if err != nil {
		return err
	}
	defer scores.close()
	for i, q := range d.Pack.Questions {
		d.Out.Linef("%s %s", d.Out.Dim(fmt.Sprintf("%d/%d", i+1, len(d.Pack.Questions))), d.Out.Bold(q.Question))
		asking, cancel := context.WithTimeout(ctx, questionTimeout)
		answer, err := d.Client.Ask(asking, sdk.Question{Text: q.Question, Tags: []string{"demo"}})
		cancel()
		if err != nil {
			return fmt.Errorf("asking %q: %w", q.Question, err)
		}
		d.printAnswer(answer)
		given := scores.wait(ctx, answer.GetTraceId())
		d.printScores(given)
		if d.Train {
			if err := d.approve(ctx, answer, given); err != nil {
				return fmt.Errorf("giving feedback: %w", err)
			}
		}
		d.Out.Linef("")
	}
	return nil
}

func (d *Demo) printAnswer(a *sdk.Answer) {
	d.Out.Linef("%s", term.Clean(a.GetText()))
	for _, s := range Citations(a) {
		d.Out.Linef("%s", d.Out.Dim("    "+s))
	}
	d.Out.Linef("%s", d.Out.Dim(fmt.Sprintf("    %s, %d steps, %d ms, trace %s", term.Cut(a.GetModel(), 40), len(a.GetSteps()), a.GetTotalTimeMs(), a.GetTraceId())))
}

// Citations lists the documents that an answer cites, each once, as lines for people.
func Citations(a *sdk.Answer) []string {
	titles := map[string]string{}
	var ids []string
	for _, s := range a.GetSources() {
		if !s.GetCited() {
			continue
		}
		if _, seen := titles[s.GetDocumentId()]; !seen {
			ids = append(ids, s.GetDocumentId())
		}
		titles[s.GetDocumentId()] = s.GetTitle() // a fact of the document names its subject, the passage after it the title
	}
	lines := make([]string, len(ids))
	for i, id := range ids {
		lines[i] = fmt.Sprintf("[%s] %s", term.Cut(id, 60), term.Cut(titles[id], 80))
	}
	return lines
}
