package trainer

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"

	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
)

// source stamps our events and namespaces their derived ids.
const source = "trainer"

// Ordinals of the events that a job has once. Those from ordinalFailed are the ends of its attempts.
const (
	ordinalFinished = iota
	ordinalTrained
	ordinalFailed
)

func newEvent(data proto.Message) event.Event { return event.New("ragline/"+source, data) }

func derived(job string, ordinal int, data proto.Message) event.Event {
	e := newEvent(data)
	e.ID = event.DeriveID(job, source, ordinal)
	return e
}

// result is what a job has come to, in result.json: from here on it is only to be told.
type result struct {
	TrainLoss     float64 `json:"train_loss"`
	EvalLoss      float64 `json:"eval_loss"`
	Tokens        int64   `json:"tokens"`
	RowsTruncated int64   `json:"rows_truncated"`
	RowsDropped   int64   `json:"rows_dropped"`
	AdapterSHA256 string  `json:"adapter_sha256"`
	Seconds       int64   `json:"seconds"`
}

const resultName = "result.json"

// tell publishes what a finished job owes: training.finished and model.trained.
func tell(ctx context.Context, p *broker.Publisher, series string, j Job, r result) error {
	adapter := url.URL{Scheme: "file", Path: filepath.ToSlash(j.path("adapter"))}
	err := p.Publish(ctx,
		derived(j.ID, ordinalFinished, &event.TrainingFinished{
			JobId: j.ID, AdapterUri: adapter.String(), TrainLoss: r.TrainLoss, EvalLoss: r.EvalLoss, Seconds: r.Seconds,
			AdapterSha256: r.AdapterSHA256, Tokens: r.Tokens, RowsTruncated: r.RowsTruncated, RowsDropped: r.RowsDropped,
		}),
		derived(j.ID, ordinalTrained, &event.ModelTrained{
			Model: series, Version: j.Version(), JobId: j.ID, DatasetId: j.DatasetID, BaseModel: j.BaseModel,
			AdapterUri: adapter.String(), Method: string(j.Method), AdapterSha256: r.AdapterSHA256,
			DatasetUri: j.DatasetURI, ManifestSha256: j.ManifestSHA256,
		}))
	if err != nil {
		return fmt.Errorf("publishing the end of job %s: %w", j.ID, err)
	}
	return nil
}
