package e2e

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestServersThatDieComeBackAndNothingIsLost kills the embedded broker and the embedded engine while queries arrive.
func TestServersThatDieComeBackAndNothingIsLost(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	s.requireEngine()
	p := s.start()
	p.ready(t)
	s.ingestPack()
	const each = 25

	s.ask(0, each)
	p.killChild(t, "ragline\x00broker")
	s.ask(each, each)
	s.waitAnswers(2 * each)
	require.Contains(t, p.text(), "process ended, starting it again")
	require.Contains(t, p.text(), "process=broker")

	p.killChild(t, "ragline-clickhouse\x00")
	s.ask(2*each, each)
	r := post(t, "http://"+s.gateway+"/v1/queries", `{"text": "What leak does API 624 accept?"}`)
	require.Equal(t, http.StatusOK, r.status, "the gateway knows nothing of ClickHouse: %s", r.body)
	s.waitAnswers(3*each + 1)
	require.Eventually(t, func() bool { return strings.Contains(p.text(), "process=ragline-clickhouse") }, time.Minute, 50*time.Millisecond)

	s.waitStored(p, time.Minute)
	for id, n := range answers(t, s.kafkaOf()) {
		require.Equal(t, 1, n, "query %s", id)
	}
	require.Equal(t, map[string]int{"answers": 3*each + 1}, s.counts("SELECT 'answers' AS name, count() AS n FROM answers"))
	p.stop(t)
}

// waitAnswers waits until so many queries are answered.
func (s *system) waitAnswers(count int) {
	s.t.Helper()
	b := s.kafkaOf()
	require.Eventually(s.t, func() bool { return len(answers(s.t, b)) == count }, time.Minute, 200*time.Millisecond, "%d queries are answered", count)
}

// killChild is kill -9 of the child whose command line holds the words, arguments being separated by \x00.
func (p *process) killChild(t *testing.T, words string) {
	t.Helper()
	for _, pid := range children(p.cmd.Process.Pid) {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err == nil && strings.Contains(string(line), words) {
			require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
			return
		}
	}
	require.Fail(t, "there is no such child", "%q", words)
}
