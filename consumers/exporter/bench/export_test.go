package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ragline/ragline/consumers/exporter"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// Settings of the comparison, which takes half a minute and is run by `make bench-export`.
const (
	runEnv    = "RAGLINE_BENCH_EXPORT"        // how many traces of four spans
	roleEnv   = "RAGLINE_BENCH_EXPORT_ROLE"   // what a child process is: server, consumer, or a backend's name
	urlEnv    = "RAGLINE_BENCH_EXPORT_URL"    // where the server is
	pythonEnv = "RAGLINE_BENCH_EXPORT_PYTHON" // an interpreter with the SDKs
	partsEnv  = "RAGLINE_BENCH_EXPORT_PARTS"  // how many partitions are exported side by side
	// partitions of the topic.
	partitions = 6
	// repeats of the traces by the exporters, which would be done before they are warm.
	repeats = 10
	// latency of the server.
	latency = 20 * time.Millisecond
)

func TestMain(m *testing.M) {
	switch role := os.Getenv(roleEnv); role {
	case "":
		os.Exit(m.Run())
	case "server":
		serve()
	case "consumer":
		if err := consume(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	default:
		if err := export(role); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// TestCompareWithTheOfficialSDKs sends the same traces with the exporters and with the SDKs, each in a process of its own,
// to a server that answers after 20 ms.
func TestCompareWithTheOfficialSDKs(t *testing.T) {
	count := os.Getenv(runEnv)
	if count == "" {
		t.Skipf("set %s=5000 (traces), or run `make bench-export`", runEnv)
	}
	python := os.Getenv(pythonEnv)
	if python == "" {
		python = "python3"
	}
	url := startServer(t)
	for _, backend := range []string{"langfuse", "langsmith"} {
		role := []string{roleEnv + "=" + backend, urlEnv + "=" + url, runEnv + "=" + count}
		measure(t, "one connection", exec.Command(os.Args[0]), append(role, partsEnv+"=1")...)
		ours := measure(t, "ragline "+backend, exec.Command(os.Args[0]), append(role, fmt.Sprintf("%s=%d", partsEnv, partitions))...)
		if err := exec.Command(python, "-c", "import "+backend).Run(); err != nil {
			t.Logf("%s: no official SDK to compare with: %s -m pip install langfuse langsmith, or set %s", backend, python, pythonEnv)
			continue
		}
		theirs := measure(t, "Python "+backend, exec.CommandContext(bounded(t), python, "testdata/"+backend+"_sdk.py", url, count))
		t.Logf("%s: %.1f times as many spans per CPU second; the bar is 10", backend, ours/theirs)
	}
}

// bounded ends an SDK that never does.
func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// measure runs a process and returns its spans per CPU second.
func measure(t *testing.T, name string, cmd *exec.Cmd, environment ...string) float64 {
	t.Helper()
	cmd.Env = append(os.Environ(), environment...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	_, result, ok := strings.Cut(string(out), "RESULT ")
	require.True(t, ok, "%s", out)
	var version string
	var spans, cpu, wall float64
	_, err = fmt.Sscan(strings.ReplaceAll(result, "RESULT", ""), &version, &spans, &cpu, &wall)
	require.NoError(t, err, result)
	t.Logf("%-18s %-8s %7.0f spans  %6.2f CPU s  %6.2f s  %8.0f spans/CPU s  %8.0f spans/s", name, version, spans, cpu, wall, spans/cpu, spans/wall)
	return spans / cpu
}

func startServer(t *testing.T) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"=server")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(line)
}

// serve takes everything, as LangFuse and LangSmith say yes.
func serve() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("http://" + listener.Addr().String())
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if strings.HasPrefix(r.URL.Path, hung) {
			<-r.Context().Done() // the client gives up, or ends
			return
		}
		timer := time.NewTimer(latency)
		<-timer.C
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/info":
			_ = json.NewEncoder(w).Encode(map[string]any{"version": "0.11.0", "instance_flags": map[string]any{"zstd_compression_enabled": true}, "batch_ingest_config": map[string]any{"use_multipart_endpoint": true, "size_limit": 100, "size_limit_bytes": 20_971_520, "scale_up_qsize_trigger": 1000, "scale_up_nthreads_limit": 16, "scale_down_nempty_trigger": 4}})
		case "/runs/multipart":
			w.WriteHeader(http.StatusAccepted)
			_, _ = io.WriteString(w, "{}")
		default:
			_, _ = io.WriteString(w, "{}")
		}
	})}
	_ = server.Serve(listener) // it is killed
}

// export hands records over to an exporter, as the runtime does, and prints what it cost.
func export(backend string) error {
	url := os.Getenv(urlEnv)
	cfg, err := env.ParseAsWithOptions[exporter.Config](env.Options{Environment: settings(backend, url)})
	if err != nil {
		return err
	}
	b, err := broker.New(broker.Config{Brokers: []string{"127.0.0.1:1"}, ReplicationFactor: -1}, nil) // never reached
	if err != nil {
		return err
	}
	exporters, err := exporter.New(cfg, exporter.Deps{Broker: b, Version: "bench"})
	if err != nil {
		return err
	}
	var traces int
	if _, err := fmt.Sscan(os.Getenv(runEnv), &traces); err != nil {
		return err
	}
	batches, err := records(traces)
	if err != nil {
		return err
	}
	parts, err := strconv.Atoi(os.Getenv(partsEnv))
	if err != nil {
		return err
	}
	var work errgroup.Group
	start, before := time.Now(), cpu()
	for part := range parts { // one at a time in each, as in the runtime
		work.Go(func() error {
			for i := range repeats * len(batches) {
				b := batches[i%len(batches)]
				b.Partition = int32(part)
				if i%parts != part {
					continue
				}
				if err := exporters[0].HandleBatch(context.Background(), b); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	fmt.Println("RESULT", backend, traces*4*repeats, (cpu() - before).Seconds(), time.Since(start).Seconds())
	return exporters[0].Close()
}

func settings(backend, url string) map[string]string {
	return map[string]string{
		"OBSERVABILITY_BACKEND": backend, "LANGFUSE_HOST": url, "LANGFUSE_PUBLIC_KEY": "pk-test", "LANGFUSE_SECRET_KEY": "sk-test",
		"LANGSMITH_ENDPOINT": url, "LANGSMITH_API_KEY": "lsv2_test", "OTEL_EXPORTER_OTLP_ENDPOINT": url,
	}
}

// records are batches of a thousand spans in the wire format.
func records(traces int) (batches []stream.Batch, err error) {
	question, answer := strings.Repeat("How long is the guarantee of a valve? ", 20), strings.Repeat("Two years from delivery [1]. ", 40)
	at := time.Now()
	work := stream.Batch{Topic: topic.Spans}
	for i := range traces {
		traceID, root := fmt.Sprintf("%032x", 0xa00000+i), fmt.Sprintf("%016x", 0xb000000+i*4)
		for n, kind := range []event.SpanKind{event.SpanKind_SPAN_KIND_RETRIEVAL, event.SpanKind_SPAN_KIND_LLM, event.SpanKind_SPAN_KIND_TOOL, event.SpanKind_SPAN_KIND_AGENT} {
			s := &event.SpanEnded{
				TraceId: traceID, SpanId: fmt.Sprintf("%016x", 0xb000000+i*4+n+1), ParentSpanId: root, Name: "span", Kind: kind, Input: question, Output: answer,
				StartTime: timestamppb.New(at), EndTime: timestamppb.New(at.Add(time.Second)), Origin: &event.Origin{UserId: "u", SessionId: "s", Environment: "bench"},
			}
			switch kind {
			case event.SpanKind_SPAN_KIND_LLM:
				s.Operation, s.Model = "chat", "gpt-5-mini"
				s.Usage = &event.Usage{InputTokens: 1000, OutputTokens: 450, CacheReadInputTokens: 200}
				s.Cost = &event.Cost{PicoUsd: 1_250_000_000}
			case event.SpanKind_SPAN_KIND_AGENT:
				s.SpanId, s.ParentSpanId = root, ""
			}
			r, err := topic.Encode(event.New("bench", proto.Message(s)))
			if err != nil {
				return nil, err
			}
			r.Offset, r.Timestamp = work.To, at
			work.To++
			work.Records = append(work.Records, r)
		}
		if len(work.Records) >= 1000 || i == traces-1 {
			batches = append(batches, work)
			work = stream.Batch{Topic: topic.Spans, From: work.To, To: work.To}
		}
	}
	return batches, nil
}

// cpu is what this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
