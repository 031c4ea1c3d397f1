package agent_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// BenchmarkAnswers measures queries from the handler to the answers on the topic, in flight at the same time.
func BenchmarkAnswers(b *testing.B) {
	for _, inFlight := range []int{1, 64} {
		b.Run(fmt.Sprintf("in flight %d", inFlight), func(b *testing.B) {
			r := setup(b)
			cfg := config(b)
			a := r.open(b, cfg, agent.Deps{})
			streamtest.Start(b, a.Run)
			<-a.Ready()
			answered := make(chan struct{}, 1<<20)
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() {
				done <- r.Follow(ctx, broker.FollowConfig{Topics: []string{topic.Answers}}, func(event.Record) error {
					answered <- struct{}{}
					return nil
				})
			}()
			free := make(chan struct{}, inFlight)
			for range inFlight {
				free <- struct{}{}
			}
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				select {
				case <-free:
				case <-answered:
				}
				q := query(fmt.Sprint("thread ", n), "How many mechanical cycles does API 622 run?")
				require.NoError(b, a.Handler().Handle(ctx, q, nil))
				n++
			}
			b.StopTimer()
			cancel()
			require.NoError(b, <-done)
			if info, err := os.Stat(cfg.DB); err == nil {
				b.ReportMetric(float64(info.Size())/float64(n), "db-bytes/run")
			}
		})
	}
}
