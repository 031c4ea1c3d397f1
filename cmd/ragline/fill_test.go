package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/exporter/langfuse/langfusetest"
	"github.com/ragline/ragline/consumers/exporter/trace/tracetest"
	"github.com/ragline/ragline/consumers/streamtest"
)

// startLangFuse is a log with the events of one answer, a new LangFuse, and command lines that reach them.
func startLangFuse(t *testing.T) (*rig, *langfusetest.Server) {
	t.Helper()
	server := langfusetest.New(t, "4.16.0")
	r := &rig{Cluster: streamtest.NewCluster(t), envFile: filepath.Join(t.TempDir(), "settings")}
	streamtest.Publish(t, r.Broker, tracetest.AgentTrace()...)
	settings := "KAFKA_BROKERS=" + strings.Join(r.Broker.Addrs(), ",") + "\nRAGLINE_DOMAIN_DIR=" + packDir + "\nLANGFUSE_HOST=" + server.URL() +
		"\nLANGFUSE_PUBLIC_KEY=" + langfusetest.PublicKey + "\nLANGFUSE_SECRET_KEY=" + langfusetest.SecretKey + "\n"
	require.NoError(t, os.WriteFile(r.envFile, []byte(settings), 0o600))
	return r, server
}

func TestReplayFillsABackendFromTheLogOnce(t *testing.T) {
	t.Parallel()
	r, server := startLangFuse(t)
	const line = "replay --to langfuse-new --from 2026-01-01"
	fill := func(more ...string) string {
		out, errs, code := r.call(t, append(strings.Fields(line), more...)...)
		require.Zero(t, code, errs)
		return out
	}
	planned := fill("--dry-run")
	require.Regexp(t, `spans +4\n`, planned)
	require.Empty(t, server.Rows(), "a dry run sends nothing")

	done := fill()
	require.Contains(t, done, "langfuse-new holds what the log held at the start: 7 records")
	require.Len(t, server.Rows(), 4)

	again := fill()
	require.Contains(t, again, "langfuse-new was begun before and goes on where it was")
	require.Contains(t, again, "0 records")
	require.Len(t, server.Rows(), 4)
}

func TestFormsOfReplayAreNotMixed(t *testing.T) {
	t.Parallel()
	r := &rig{envFile: filepath.Join(t.TempDir(), "settings")}
	require.NoError(t, os.WriteFile(r.envFile, []byte("KAFKA_BROKERS=127.0.0.1:1\nRAGLINE_DOMAIN_DIR="+packDir+"\n"), 0o600))
	for line, want := range map[string]string{
		"replay --to langfuse-new 01a2063d 01a2063d-1b77": "01a2063d belongs to ragline replay THREAD CHECKPOINT",
		"replay --to langfuse-new --question x":           "--question belongs to ragline replay THREAD CHECKPOINT",
		"replay --to langfuse-new --json":                 "--json belongs to ragline replay THREAD CHECKPOINT",
		"replay a b --from 2026-01-01":                    "--from belongs to --to NAME",
		"replay --dry-run":                                "--dry-run belongs to --to NAME",
		"replay":                                          "usage: ragline replay",
		"replay --to phoenix":                             "the name has to begin with that of a backend: langfuse, langsmith, otlp",
		"replay --to langfuse --from yesterday":           `time "yesterday"`,
	} {
		require.Contains(t, r.refused(t, exitUsage, strings.Fields(line)...), want, line)
	}
}

func TestTimeLeftFollowsThePaceSoFar(t *testing.T) {
	t.Parallel()
	require.Empty(t, remaining(time.Second, 0, 100))
	require.Equal(t, ", 30s left", remaining(10*time.Second, 25, 100))
}
