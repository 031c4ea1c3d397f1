package machine

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMemTotalIsReadInBytes(t *testing.T) {
	t.Parallel()
	require.Equal(t, uint64(24<<20), memTotal([]byte("Buffers: 1 kB\nMemTotal:       24576 kB\n")))
	require.Zero(t, memTotal(nil))
}
