package clickhouse_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
)

// A config.xml of the folder that ragline is called in would change the engine's users and limits. This one is no XML, so
// an engine that read it would not start.
func TestEngineDoesNotReadTheCallersFolder(t *testing.T) { //nolint:paralleltest // it changes the folder
	enginetest.Helper(t) // built from this folder
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config.xml"), []byte("<clickhouse>"), 0o600))
	t.Chdir(dir)
	require.NotEmpty(t, enginetest.Start(t))
}
