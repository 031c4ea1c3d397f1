package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/producers/sdk"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// exampleLog is a broker in this process with an agent that knows one answer. Your log has an address instead.
func exampleLog() (kafka broker.Config, stop func()) {
	cluster := kfake.MustCluster(kfake.NumBrokers(1))
	kafka = broker.Config{Brokers: cluster.ListenAddrs(), ReplicationFactor: 1}
	b, err := broker.New(kafka, slog.New(slog.DiscardHandler))
	must(err)
	ctx, cancel := context.WithCancel(context.Background())
	must(b.EnsureTopics(ctx, topic.All()...))
	agent, err := b.Publisher()
	must(err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = b.Follow(ctx, broker.FollowConfig{Topics: []string{topic.Queries}}, func(r event.Record) error {
			e, err := topic.Decode(r)
			if err != nil {
				return err
			}
			if strings.Contains(e.Data.(*event.QueryAsked).GetText(), "stock") {
				return nil
			}
			return agent.Publish(ctx,
				event.New("agent", &event.AnswerChunk{QueryId: e.ID, ThreadId: e.Key, Index: 0, Text: "At most 100 ppmv "}),
				event.New("agent", &event.AnswerChunk{QueryId: e.ID, ThreadId: e.Key, Index: 1, Text: "[api-624].", Last: true}),
				event.New("agent", &event.AnswerGiven{
					QueryId: e.ID, ThreadId: e.Key, Text: "At most 100 ppmv [api-624].", Success: true,
					Sources: []*event.Source{{DocumentId: "api-624", Cited: true}},
				}))
		})
	}()
	return kafka, func() { cancel(); <-done; agent.Close(); cluster.Close() }
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func Example() {
	kafka, stop := exampleLog()
	defer stop()
	ctx := context.Background()

	client, err := sdk.Open(ctx, sdk.Config{Kafka: kafka, Source: "support-bot", Environment: "production"})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	answer, err := client.Ask(ctx, sdk.Question{Text: "What leak does API 624 accept?", UserID: "u-17"})
	if err != nil {
		panic(err)
	}
	fmt.Println(answer.Text)
	for _, source := range answer.Sources {
		fmt.Println("source:", source.DocumentId)
	}
	// Output:
	// At most 100 ppmv [api-624].
	// source: api-624
}

func ExampleClient_AskStream() {
	kafka, stop := exampleLog()
	defer stop()
	client, err := sdk.Open(context.Background(), sdk.Config{Kafka: kafka})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	var text strings.Builder
	answer, err := client.AskStream(context.Background(), sdk.Question{Text: "What leak does API 624 accept?"},
		func(piece string) { text.WriteString(piece) }) // show each piece as it comes
	if err != nil {
		panic(err)
	}
	fmt.Println(text.String() == answer.Text)
	// Output: true
}

// A question outlives the request that asked it: its id finds the answer later, from any process.
func ExampleClient_Answer() {
	kafka, stop := exampleLog()
	defer stop()
	client, err := sdk.Open(context.Background(), sdk.Config{Kafka: kafka})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	queryID, err := client.AskAsync(context.Background(), sdk.Question{Text: "What leak does API 624 accept?"})
	if err != nil {
		panic(err)
	}
	answer, err := client.Answer(context.Background(), queryID)
	if err != nil {
		panic(err)
	}
	fmt.Println(answer.Text)
	// Output: At most 100 ppmv [api-624].
}

func ExamplePendingError() {
	kafka, stop := exampleLog()
	defer stop()
	client, err := sdk.Open(context.Background(), sdk.Config{Kafka: kafka})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	_, err = client.Ask(ctx, sdk.Question{Text: "How many are in stock?", ID: event.NewID()})
	var pending *sdk.PendingError
	if errors.As(err, &pending) {
		fmt.Println("still waiting:", pending.QueryID != "", errors.Is(err, context.DeadlineExceeded))
	}
	// Output: still waiting: true true
}

// An application with an agent of its own publishes what it answered, to have it evaluated and curated.
func ExampleClient_Publish() {
	kafka, stop := exampleLog()
	defer stop()
	client, err := sdk.Open(context.Background(), sdk.Config{Kafka: kafka})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	_, err = client.Publish(context.Background(), &event.InteractionCaptured{
		TraceId:  "4bf92f3577b34da6a3ce929d0e0e4736",
		Question: "What leak does API 624 accept?",
		Answer:   "At most 100 ppmv.",
		Model:    "gpt-5-mini",
		Sources:  []*event.Source{{DocumentId: "api-624", Text: "API 624 accepts a leak of at most 100 ppmv."}},
	})
	fmt.Println(err)

	_, err = client.Publish(context.Background(), &event.InteractionCaptured{TraceId: "4BF9", Question: "?", Answer: "!"})
	fmt.Println(err)
	// Output:
	// <nil>
	// publishing interaction.captured.v1: invalid_field: field traceId: "4BF9": want 32 lower-case hex digits, not all zero
}

func ExampleClient_Feedback() {
	kafka, stop := exampleLog()
	defer stop()
	client, err := sdk.Open(context.Background(), sdk.Config{Kafka: kafka})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	_, err = client.Feedback(context.Background(), sdk.Feedback{
		QueryID: "0198f0c2-7a10-7c3e-9b57-1f0e6f4d2a11", Value: 0,
		CorrectedAnswer: "100 ppmv, by the second edition.",
	})
	fmt.Println(err)
	// Output: <nil>
}
