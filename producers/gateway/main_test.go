package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/caarlos0/env/v11"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/producers/gateway"
	"github.com/ragline/ragline/producers/mask"
	"github.com/ragline/ragline/producers/sdk"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bundle is a running gateway, its log and a played agent.
type bundle struct {
	cluster *kfake.Cluster
	broker  *broker.Broker
	gateway *gateway.Gateway
	http    *http.Client
	url     string
	stop    func() error // ends Run and returns its error, once
}

func defaults(t *testing.T) gateway.Config {
	t.Helper()
	cfg, err := env.ParseAsWithOptions[gateway.Config](env.Options{Environment: map[string]string{}})
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:8080", cfg.Addr)
	cfg.Addr = "127.0.0.1:0"
	return cfg
}

// setup starts a gateway; change may alter its configuration.
func setup(t *testing.T, change func(*gateway.Config)) *bundle {
	t.Helper()
	return setupMasked(t, mask.Config{}, change)
}

// setupMasked is setup with masking.
func setupMasked(t *testing.T, masking mask.Config, change func(*gateway.Config)) *bundle {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	quiet := slog.New(slog.DiscardHandler)
	b := &bundle{cluster: cluster}
	b.broker, err = broker.New(broker.Config{Brokers: cluster.ListenAddrs(), ReplicationFactor: 1}, quiet)
	require.NoError(t, err)
	require.NoError(t, b.broker.EnsureTopics(t.Context(), topic.All()...))
	client, err := sdk.Open(t.Context(), sdk.Config{Source: "ragline/gateway", Mask: masking}, sdk.WithBroker(b.broker))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })

	cfg := defaults(t)
	if change != nil {
		change(&cfg)
	}
	registry := prometheus.NewRegistry()
	b.gateway, err = gateway.New(cfg, gateway.Deps{Client: client, Logger: quiet, Registerer: registry, Gatherer: registry})
	require.NoError(t, err)
	require.NoError(t, b.gateway.Listen(t.Context()))
	b.run(t)
	return b
}

func (b *bundle) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.gateway.Run(ctx) }()
	transport := &http.Transport{}
	b.http, b.url = &http.Client{Transport: transport}, "http://"+b.gateway.Addr()
	var ended bool
	b.stop = func() error {
		ended = true
		cancel()
		return <-done
	}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if !ended {
			require.NoError(t, b.stop())
		}
	})
}

// answerQueries plays the agent until the test ends.
func (b *bundle) answerQueries(t *testing.T, reply func(e event.Event, q *event.QueryAsked) []proto.Message) {
	t.Helper()
	agent, err := b.broker.Publisher()
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- b.broker.Follow(ctx, broker.FollowConfig{Topics: []string{topic.Queries}}, func(r event.Record) error {
			e, err := topic.Decode(r)
			if err != nil {
				return err
			}
			for _, m := range reply(e, e.Data.(*event.QueryAsked)) {
				if err := agent.Publish(ctx, event.New("agent", m)); err != nil && ctx.Err() == nil {
					return err
				}
			}
			return nil
		})
	}()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
		agent.Close()
	})
}

func echo(e event.Event, q *event.QueryAsked) []proto.Message {
	return []proto.Message{
		&event.AnswerChunk{QueryId: e.ID, ThreadId: q.GetThreadId(), Index: 0, Text: "You asked: "},
		&event.AnswerChunk{QueryId: e.ID, ThreadId: q.GetThreadId(), Index: 1, Text: q.GetText(), Last: true},
		&event.AnswerGiven{
			QueryId: e.ID, ThreadId: q.GetThreadId(), TraceId: strings.Repeat("ab", 16), Text: "You asked: " + q.GetText(), Success: true,
			State: event.AnswerState_ANSWER_STATE_ANSWERED, Model: "extractive", TotalTimeMs: 12, Iterations: 1,
			Sources: []*event.Source{{DocumentId: "api-624", Title: "API 624", Text: "…", Score: 1.5, Cited: true}},
			Steps:   []*event.Step{{Index: 1, Node: "final_answer", Thought: "done"}},
			Usage:   &event.Usage{InputTokens: 3}, Cost: &event.Cost{PicoUsd: 7},
		},
	}
}

func silent(event.Event, *event.QueryAsked) []proto.Message { return nil }

// response is a response that has been read.
type response struct {
	status int
	header http.Header
	raw    []byte
	fields map[string]any
}

func (b *bundle) do(t *testing.T, method, path, body string, headers ...string) response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.url+path, strings.NewReader(body))
	require.NoError(t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1] // it is no header to net/http
			continue
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := b.http.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	r := response{status: resp.StatusCode, header: resp.Header, raw: raw}
	if bytes.HasPrefix(raw, []byte("{")) {
		require.NoError(t, json.Unmarshal(raw, &r.fields))
	}
	return r
}

// all returns the events of a topic.
func (b *bundle) all(t *testing.T, name string) []event.Event {
	t.Helper()
	var all []event.Event
	err := b.broker.Follow(t.Context(), broker.FollowConfig{Topics: []string{name}, Stop: true}, func(r event.Record) error {
		e, err := topic.Decode(r)
		all = append(all, e)
		return err
	})
	require.NoError(t, err)
	return all
}

// last returns the newest event of a topic.
func (b *bundle) last(t *testing.T, name string) event.Event {
	t.Helper()
	all := b.all(t, name)
	require.NotEmpty(t, all, "%s is empty", name)
	return all[len(all)-1]
}
