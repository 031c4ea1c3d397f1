package exporter_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/exporter"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
)

// childEnv tells the test binary to be an exporter.
const childEnv = "RAGLINE_TEST_EXPORTER"

// killsEnv sets how often each backend's exporter is killed; 100 is the whole test, about 3 minutes each.
const killsEnv = "RAGLINE_TEST_KILLS"

// childSpec is what a child is told.
type childSpec struct {
	Broker   string
	Settings map[string]string
}

// child is the process that is killed. Its sessions are short, so that the next one gets the partitions soon.
func child(raw string) error {
	var spec childSpec
	if err := json.Unmarshal([]byte(raw), &spec); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Println("up") // an interrupt is handled from here on
	b, err := broker.New(broker.Config{Brokers: []string{spec.Broker}, ReplicationFactor: -1}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	cfg, err := env.ParseAsWithOptions[exporter.Config](env.Options{Environment: spec.Settings})
	if err != nil {
		return err
	}
	exporters, err := exporter.New(cfg, exporter.Deps{Broker: b, Version: "test"})
	if err != nil {
		return err
	}
	running, err := env.ParseAsWithOptions[stream.Config](env.Options{Environment: map[string]string{
		"RAGLINE_STREAM_SESSION_TIMEOUT": "600ms", "RAGLINE_BATCH_LINGER": "10ms", "RAGLINE_BATCH_MAX_RECORDS": "40",
		"RAGLINE_STREAM_RETRY_MIN": "10ms", "RAGLINE_STREAM_RETRY_MAX": "100ms", "RAGLINE_STREAM_COMMIT_INTERVAL": "5ms",
	}})
	if err != nil {
		return err
	}
	c, err := stream.NewBatchConsumer(running, stream.Deps{Broker: b, Version: "test"}, exporters[0].Topics(), exporters[0])
	if err != nil {
		return err
	}
	if err := c.Run(ctx); err != nil {
		return err
	}
	return exporters[0].Close()
}

// TestKill9 kills an exporter between the moment that the backend has stored a request and the moment that it answers,
// and at other moments, and requires every span once and the exact cost in the end. OTLP has no way to ask what
// arrived: there every span is there at least once.
func TestKill9(t *testing.T) {
	t.Parallel()
	kills := 5
	if n, err := strconv.Atoi(os.Getenv(killsEnv)); err == nil {
		kills = n
	} else {
		t.Logf("%d kills for each backend; %s=100 is the whole test", kills, killsEnv)
	}
	for name, open := range targets(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tg := open(t)
			killer{t: t, target: tg, cluster: streamtest.NewCluster(t)}.run(kills)
		})
	}
}

// killer kills the exporter of a target.
type killer struct {
	t *testing.T
	target
	cluster *streamtest.Cluster
}

func (k killer) run(kills int) {
	var all []event.Event
	var cost int64
	for round := range kills {
		events, usd := traces(round*20, 20)
		all, cost = append(all, events...), cost+usd
		k.life(round, func() { streamtest.Publish(k.t, k.cluster.Broker, events...) })
	}
	k.onStored(nil)
	last := k.start()
	k.requireOnce(k.t, all, cost)
	require.NoError(k.t, last.Process.Signal(os.Interrupt))
	require.NoError(k.t, last.Wait())
	if copies, _ := k.stored(k.t); !k.repeats {
		for id, n := range copies {
			require.Equal(k.t, 1, n, id)
		}
	}
}

// life starts an exporter and kills it at its n-th request: every other time after the request was stored and before
// it is answered, else some time after the answer.
func (k killer) life(round int, publish func()) {
	random := rand.New(rand.NewPCG(uint64(round), 1))
	nth, later := 1+random.IntN(3), time.Duration(0)
	if round%2 == 1 {
		later = time.Duration(random.IntN(40)) * time.Millisecond
	}
	stored, killed := make(chan struct{}, 1000), make(chan struct{})
	count := 0
	k.onStored(func() {
		select {
		case stored <- struct{}{}:
		default:
		}
		if later == 0 {
			<-killed
		}
	})
	cmd := k.start()
	publish()
	for count < nth && later > 0 || count < 1 {
		<-stored
		count++
	}
	if later > 0 {
		timer := time.NewTimer(later)
		<-timer.C
	}
	require.NoError(k.t, cmd.Process.Kill())
	_ = cmd.Wait() // it was killed
	close(killed)
}

func (k killer) start() *exec.Cmd {
	settings := map[string]string{"OBSERVABILITY_BACKEND": k.backend, "RAGLINE_EXPORTER_MAX_EVENTS": "16"}
	for _, s := range k.settings {
		name, value, _ := strings.Cut(s, "=")
		settings[name] = value
	}
	raw, err := json.Marshal(childSpec{k.cluster.Addr(), settings})
	require.NoError(k.t, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(raw))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(k.t, err)
	require.NoError(k.t, cmd.Start())
	_, err = bufio.NewReader(out).ReadString('\n')
	require.NoError(k.t, err)
	k.t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Signal(syscall.SIGKILL)
			_ = cmd.Wait()
		}
	})
	return cmd
}
