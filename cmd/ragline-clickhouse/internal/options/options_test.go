package options_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/options"
)

func TestTokenLeavesTheEnvironment(t *testing.T) {
	t.Setenv(options.EnvToken, "secret")
	o, err := options.Parse([]string{"-data", "d"}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, "secret", o.Token)
	require.Empty(t, os.Getenv(options.EnvToken))
}

func TestTokenFileThatOthersCanReadIsRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte("secret\n"), 0o644))
	_, err := options.Parse([]string{"-data", "d", "-token-file", file}, io.Discard)
	require.ErrorContains(t, err, "chmod 600")

	require.NoError(t, os.Chmod(file, 0o600))
	o, err := options.Parse([]string{"-data", "d", "-token-file", file}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, "secret", o.Token)
}

func TestTokenIsRequired(t *testing.T) {
	t.Parallel()
	_, err := options.Parse([]string{"-data", "d"}, io.Discard)
	require.ErrorContains(t, err, options.EnvToken)
}
