package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/consumers/dataset"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/consumers/warehouse"
	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

const lineageTrace = "0000000000000000000000000000abcd"

// command runs the CLI on a cluster and returns what it prints.
func command(t *testing.T, c *streamtest.Cluster, clickHouse string, args ...string) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "env")
	text := fmt.Sprintf("KAFKA_BROKERS=%s\nCLICKHOUSE_URL=%s\nRAGLINE_DATA_DIR=%s\nRAGLINE_DOMAIN_DIR=../../deploy/domain/jdjones\n", c.Addr(), clickHouse, t.TempDir())
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	var out, said bytes.Buffer
	root := newRoot(&cli{out: term.New(&out), err: term.New(&said)})
	root.SetArgs(append([]string{"--env-file", file}, args...))
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

// trained publishes an answer that a person corrected, builds a dataset of it, and says that a model was trained on it.
func trained(t *testing.T, c *streamtest.Cluster) {
	t.Helper()
	value := 1.0
	span := &event.SpanEnded{
		TraceId: lineageTrace, SpanId: "00000000000000aa", Name: "invoke_agent ragline", Kind: event.SpanKind_SPAN_KIND_AGENT,
		StartTime: timestamppb.New(time.Unix(1, 0)), EndTime: timestamppb.New(time.Unix(2, 0)),
	}
	streamtest.Publish(t, c.Broker,
		event.New("test", &event.InteractionCaptured{TraceId: lineageTrace, Question: "How far?", Answer: "Far.", State: event.AnswerState_ANSWER_STATE_ANSWERED}),
		event.New("test", &event.FeedbackGiven{TraceId: lineageTrace, Value: &value, CorrectedAnswer: "90 degrees."}),
		event.New("test", span), event.New("test", span))
	cfg, err := env.ParseAsWithOptions[dataset.Config](env.Options{Environment: map[string]string{"RAGLINE_DATASET_DIR": t.TempDir()}})
	require.NoError(t, err)
	b, err := dataset.New(cfg, c.Broker, nil, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	ready, err := b.Build(t.Context(), false)
	require.NoError(t, err)
	streamtest.Publish(t, c.Broker,
		event.New("test", &event.TrainingStarted{JobId: "job-1"}),
		event.New("test", &event.ModelTrained{
			Model: "default", Version: "aa11", JobId: "job-1", Method: "lora", BaseModel: "tiny", DatasetId: ready.GetDatasetId(),
			DatasetUri: ready.GetUri(), ManifestSha256: ready.GetManifestSha256(),
		}))
}

func TestLineageWalksFromAModelToOffsetsAndSpans(t *testing.T) {
	t.Parallel()
	c := streamtest.NewCluster(t)
	trained(t, c)
	out, err := command(t, c, "http://127.0.0.1:1/ragline", "lineage", "default:aa11")
	require.NoError(t, err)
	for _, want := range []string{
		"default:aa11", "job job-1", "lora of tiny", "training.started.v1  " + topic.Training + "/0@0", "model.trained.v1",
		"dataset ", "gold 1", "row " + lineageTrace, "interaction.captured.v1  " + topic.Interactions, "feedback.given.v1", "invoke_agent ragline",
	} {
		require.Contains(t, out, want)
	}
	require.Equal(t, 1, strings.Count(out, "invoke_agent"), "a repeated span is one span")

	out, err = command(t, c, "http://127.0.0.1:1/ragline", "lineage", "default:aa", "--json")
	require.NoError(t, err)
	var l lineage
	require.NoError(t, json.Unmarshal([]byte(out), &l))
	require.Equal(t, "kafka", l.SpansFrom)
	require.Len(t, l.Rows, 1)
	require.Len(t, l.Rows[0].Events, 2)
	require.Len(t, l.Rows[0].Spans, 1)

	_, err = command(t, c, "http://127.0.0.1:1/ragline", "lineage", "other")
	require.ErrorContains(t, err, "no such model")
	_, err = command(t, c, "http://127.0.0.1:1/ragline", "lineage", "default")
	require.ErrorContains(t, err, "no version answers yet")
}

func TestLineageTakesSpansFromClickHouseWhereItIs(t *testing.T) {
	t.Parallel()
	url := strings.TrimSuffix(enginetest.Start(t), "/default") + "/ragline"
	cfg, err := env.ParseAsWithOptions[warehouse.Config](env.Options{Environment: map[string]string{"CLICKHOUSE_URL": url}})
	require.NoError(t, err)
	w, err := warehouse.Open(cfg, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer w.Close()
	_, err = w.Migrate(t.Context())
	require.NoError(t, err)
	_, err = w.Table(t.Context(), `INSERT INTO spans (tenant, trace_id, span_id, name, start_time) VALUES ('a', '`+lineageTrace+`', '1', 'stored', '2026-01-02 03:00:00')`)
	require.NoError(t, err)
	c := streamtest.NewCluster(t)
	trained(t, c)
	out, err := command(t, c, url, "lineage", "default:aa11")
	require.NoError(t, err)
	require.Contains(t, out, "stored")
	require.NotContains(t, out, "invoke_agent")
}

func TestDatasetThatWasChangedHasNoLineage(t *testing.T) {
	t.Parallel()
	c := streamtest.NewCluster(t)
	trained(t, c)
	var uri string
	for _, e := range streamtest.ReadAll(t, c.Broker, topic.Datasets) {
		uri = strings.TrimPrefix(e.Data.(*event.DatasetReady).GetUri(), "file://")
	}
	require.NoError(t, os.WriteFile(filepath.Join(uri, "lineage.jsonl"), []byte("{}\n"), 0o600))
	_, err := command(t, c, "http://127.0.0.1:1/ragline", "lineage", "default:aa11")
	require.ErrorIs(t, err, dataset.ErrChanged)
}

func TestModelCommandsDecideAndRefuse(t *testing.T) {
	t.Parallel()
	c := streamtest.NewCluster(t)
	const nowhere = "http://127.0.0.1:1/ragline"
	out, err := command(t, c, nowhere, "model", "list")
	require.NoError(t, err)
	require.Contains(t, out, "no model was trained yet")
	for _, v := range []string{"aa11", "bb22"} {
		streamtest.Publish(t, c.Broker, event.New("test", &event.ModelPackaged{Model: "default", Version: v, ServedName: "ragline-default:" + v, ParityPrompts: 2}))
	}
	streamtest.Publish(t, c.Broker, event.New("test", &event.ModelTrained{Model: "default", Version: "cc33"}))

	_, err = command(t, c, nowhere, "model", "promote", "default:aa11")
	require.ErrorContains(t, err, "a reason is required")
	_, err = command(t, c, nowhere, "model", "promote", "default:cc33", "--reason", "hope")
	require.ErrorContains(t, err, "never packaged")
	_, err = command(t, c, nowhere, "model", "promote", "default", "--reason", "hope")
	require.ErrorContains(t, err, "names no version")
	_, err = command(t, c, nowhere, "model", "rollback", "default", "--reason", "hope")
	require.ErrorContains(t, err, "no version answered before")
	for _, v := range []string{"aa", "bb"} {
		out, err = command(t, c, nowhere, "model", "promote", "default:"+v, "--reason", "it is better")
		require.NoError(t, err)
		require.Contains(t, out, "answers from now on")
	}
	out, err = command(t, c, nowhere, "model", "rollback", "default", "--reason", "it was not", "--json")
	require.NoError(t, err)
	require.Contains(t, out, `"aa11"`)
	out, err = command(t, c, nowhere, "model", "show", "default")
	require.NoError(t, err)
	require.Contains(t, out, "default:aa11  promoted")
	require.Contains(t, out, "it was not")
	out, err = command(t, c, nowhere, "model", "list")
	require.NoError(t, err)
	require.Contains(t, out, "default:bb22")
	require.Contains(t, out, "retired")
}
