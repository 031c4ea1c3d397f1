package e2e

import (
	"crypto/rand"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/deploy/embedded/clickhouse"
	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
)

// TestEngineMayComeLater starts where there is no ClickHouse engine and no way to fetch one, and then where there is.
func TestEngineMayComeLater(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	s.requireEngine()
	empty := t.TempDir()
	p := s.with("PATH="+empty, "XDG_CACHE_HOME="+empty, "HOME="+empty).start()
	p.ready(t)
	require.Contains(t, p.text(), "no analytics: ")
	s.ingestPack()
	require.Contains(t, s.do("ask", "What leak does API 624 accept?"), "100 ppmv")
	require.True(t, closed(s.clickhouse))
	p.stop(t)

	p = s.start()
	p.ready(t)
	require.NotContains(t, p.text(), "no analytics")
	s.waitStored(p, time.Minute)
	p.stop(t)
}

// TestServersOfOthersAreUsedAndClickHouseMayComeLater gives `ragline up` the addresses of a Kafka and of a ClickHouse
// that is not there yet.
func TestServersOfOthersAreUsedAndClickHouseMayComeLater(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	s.requireEngine()
	token := rand.Text()
	kafka := s.launch("ready 127.0.0.1:", "broker", "--data-dir", t.TempDir(), "--addr", s.kafka)
	kafka.ready(t)
	s = s.with(
		"KAFKA_BROKERS="+s.kafka, "CLICKHOUSE_URL=http://default:"+token+"@"+s.clickhouse+"/ragline",
		"RAGLINE_KAFKA_ADDR="+freeAddr(t), "RAGLINE_CLICKHOUSE_ADDR="+freeAddr(t), // nobody may listen there
	)
	p := s.start()
	base := "http://" + s.gateway
	require.Eventually(t, func() bool { return serves(t, base+"/readyz") }, time.Minute, 100*time.Millisecond, p.text())
	s.ingestPack()

	t.Run("no server is started", func(t *testing.T) {
		require.Empty(t, children(p.cmd.Process.Pid))
		for _, name := range []string{"RAGLINE_KAFKA_ADDR", "RAGLINE_CLICKHOUSE_ADDR"} {
			require.True(t, closed(setting(s, name)), name)
		}
	})
	t.Run("queries are answered while ClickHouse is away, and it says that it waits", func(t *testing.T) {
		r := post(t, base+"/v1/queries", `{"text": "What leak does API 624 accept?"}`)
		require.Equal(t, http.StatusOK, r.status, r.body)
		requireCited(t, r.fields(t), "api-624")
		require.Contains(t, p.text(), "ClickHouse does not answer yet, waiting")
		require.Equal(t, 1, strings.Count(p.text(), "ClickHouse does not answer"), "once is enough")
		require.NotContains(t, p.text(), token, "the password is nobody's business")
		doctor := s.in(t).run("", "doctor")
		require.Equal(t, 1, doctor.code, doctor.text())
		require.Contains(t, doctor.stdout, "FAIL  ClickHouse")
		require.Contains(t, doctor.stdout, "ok    gateway")
	})
	enginetest.StartEngine(t, func(c *clickhouse.Config) { c.Addr, c.Token, c.OpenReadOnly = s.clickhouse, token, true })
	t.Run("everything is stored once it is there", func(t *testing.T) {
		p.ready(t)
		s.in(t).waitStored(p, time.Minute)
		doctor := s.in(t).run("", "doctor")
		require.Equal(t, 0, doctor.code, doctor.text())
	})
	p.stop(t)
	kafka.stop(t)
}
