package sink

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/producers/broker"
)

// apacheEnv names the folder of Apache Kafka's jars; `make test-kafka` fetches them and sets it.
const apacheEnv = "RAGLINE_TEST_KAFKA_JARS"

func apacheJars() string { return os.Getenv(apacheEnv) }

const apacheProperties = `process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:%[2]d
listeners=PLAINTEXT://127.0.0.1:%[1]d,CONTROLLER://127.0.0.1:%[2]d
advertised.listeners=PLAINTEXT://127.0.0.1:%[1]d,CONTROLLER://127.0.0.1:%[2]d
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=%[3]s
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=100
auto.create.topics.enable=false
`

// startApacheKafka starts a broker of the test's own.
func startApacheKafka(t testing.TB, lib string) *broker.Broker {
	t.Helper()
	dir := t.TempDir()
	port, controller := freePort(t), freePort(t)
	properties := filepath.Join(dir, "server.properties")
	require.NoError(t, os.WriteFile(properties, fmt.Appendf(nil, apacheProperties, port, controller, filepath.Join(dir, "data")), 0o600))
	classes := filepath.Join(lib, "*")
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	id[0] &= 0x3f // an id that begins with a dash would be taken for an option
	format := exec.CommandContext(t.Context(), "java", "-cp", classes, "kafka.tools.StorageTool", "format", "--standalone",
		"-t", base64.RawURLEncoding.EncodeToString(id), "-c", properties)
	out, err := format.CombinedOutput()
	require.NoError(t, err, "%s", out)

	var log bytes.Buffer
	server := exec.CommandContext(context.WithoutCancel(t.Context()), "java", "-Xmx512m", "-cp", classes, "kafka.Kafka", properties)
	server.Stdout, server.Stderr = &log, &log
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
		if t.Failed() {
			lines := strings.Split(log.String(), "\n")
			t.Log(strings.Join(lines[max(0, len(lines)-30):], "\n"))
		}
	})
	b, err := broker.New(broker.Config{Brokers: []string{fmt.Sprintf("127.0.0.1:%d", port)}, ReplicationFactor: 1}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	require.NoError(t, b.Wait(ctx))
	return b
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
