package e2e

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWrongSettingStartsNothing gives `ragline up` one wrong setting at a time.
func TestWrongSettingStartsNothing(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	for name, value := range map[string]string{
		"RAGLINE_KAFKA_ADDR":          "0.0.0.0:9092",
		"RAGLINE_CLICKHOUSE_ADDR":     "localhost",
		"RAGLINE_CLICKHOUSE_TIMEOUT":  "1ms",
		"CLICKHOUSE_URL":              "ftp://127.0.0.1/ragline",
		"RAGLINE_GATEWAY_ADDR":        "nowhere",
		"RAGLINE_GATEWAY_API_KEYS":    "short",
		"RAGLINE_GATEWAY_RATE":        "NaN",
		"RAGLINE_GATEWAY_TIMEOUT":     "soon",
		"RAGLINE_AGENT_SLOTS":         "0",
		"RAGLINE_AGENT_REVIEWS":       "perhaps",
		"RAGLINE_STREAM_MAX_ATTEMPTS": "five",
		"RAGLINE_STREAM_RETRY_MAX":    "1ms",
		"RAGLINE_BATCH_LINGER":        "-1s",
		"RAGLINE_DATASET_NAME":        "../elsewhere",
		"RAGLINE_DATASET_HELDOUT":     "1",
		"RAGLINE_LOG_LEVEL":           "loud",
		"RAGLINE_TENANT":              "two words",
		"RAGLINE_DOMAIN_DIR":          "/nowhere",
		"RAGLINE_KNOWLEDGE_MAX_FILE":  "1",
	} {
		t.Run(name, func(t *testing.T) {
			s := s.in(t).with(name + "=" + value)
			r := s.run("", "up")
			require.Equal(t, 2, r.code, r.text())
			require.Contains(t, r.stderr, name)
			s.requireUntouched()
			require.Equal(t, 2, s.run("", "config", "check").code, "config check finds it, too")
		})
	}
}

// TestDataDirectoryThatCannotBeMadeIsNamed has a file in its place.
func TestDataDirectoryThatCannotBeMadeIsNamed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	s := newSystem(t)
	r := s.with("RAGLINE_DATA_DIR="+file).run("", "up")
	require.Equal(t, 2, r.code, r.text())
	require.Contains(t, r.stderr, "RAGLINE_DATA_DIR="+file)
	s.requireUntouched()
}

// TestBrokenKnowledgePackStartsNothing has a folder that is there and no knowledge pack.
func TestBrokenKnowledgePackStartsNothing(t *testing.T) {
	t.Parallel()
	pack := t.TempDir()
	require.NoError(t, os.CopyFS(pack, os.DirFS(packDir(t))))
	require.NoError(t, os.WriteFile(filepath.Join(pack, "questions.yaml"), []byte("- id: [broken"), 0o600))
	s := newSystem(t, "RAGLINE_DOMAIN_DIR="+pack)
	r := s.run("", "up")
	require.Equal(t, 2, r.code, r.text())
	require.Contains(t, r.stderr, "RAGLINE_DOMAIN_DIR")
	require.Contains(t, r.stderr, "questions.yaml")
	s.requireUntouched()
}

// requireUntouched finds no data and no server.
func (s *system) requireUntouched() {
	s.t.Helper()
	left, err := os.ReadDir(s.dir)
	require.NoError(s.t, err)
	require.Empty(s.t, left, "the data directory is as it was")
	for _, addr := range []string{s.kafka, s.clickhouse, s.gateway} {
		require.True(s.t, closed(addr), "something listens on %s", addr)
	}
}

// closed says whether nobody listens at an address.
func closed(addr string) bool {
	conn, err := net.Dial("tcp", addr)
	if err == nil {
		_ = conn.Close()
	}
	return err != nil
}

// TestSecondUpOnTheSameDataLeavesTheFirstAlone starts `ragline up` twice on one directory.
func TestSecondUpOnTheSameDataLeavesTheFirstAlone(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	p := s.start()
	p.ready(t)
	s.ingestPack()

	second := s.with("RAGLINE_KAFKA_ADDR="+freeAddr(t), "RAGLINE_CLICKHOUSE_ADDR="+freeAddr(t), "RAGLINE_GATEWAY_ADDR="+freeAddr(t), "RAGLINE_AGENT_API_ADDR="+freeAddr(t)).run("", "up")
	require.Equal(t, 1, second.code, second.text())
	require.Contains(t, second.stderr, "another ragline uses "+s.dir)
	require.Contains(t, second.stderr, "RAGLINE_DATA_DIR")
	same := s.run("", "up")
	require.Equal(t, 1, same.code, same.text())
	require.Contains(t, same.stderr, "another ragline uses "+s.dir)

	require.Contains(t, s.do("ask", "What leak does API 624 accept?"), "100 ppmv", "the first goes on")
	p.stop(t)
}

// TestPortThatIsTakenIsNamed has another program on each port in turn.
func TestPortThatIsTakenIsNamed(t *testing.T) {
	t.Parallel()
	other, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = other.Close() })
	for _, name := range []string{"RAGLINE_KAFKA_ADDR", "RAGLINE_CLICKHOUSE_ADDR", "RAGLINE_GATEWAY_ADDR", "RAGLINE_AGENT_API_ADDR"} {
		t.Run(name, func(t *testing.T) {
			s := newSystem(t, name+"="+other.Addr().String())
			if name == "RAGLINE_CLICKHOUSE_ADDR" {
				s.requireEngine()
			}
			r := s.run("", "up")
			require.Equal(t, 1, r.code, r.text())
			require.Contains(t, r.stderr, name)
			require.Contains(t, r.stderr, other.Addr().String())
		})
	}
}
