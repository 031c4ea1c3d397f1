package warehouse

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEmptyUntilTheFirstRecord(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.Migrate(t.Context())
	require.NoError(t, err)
	empty, err := w.Empty(t.Context())
	require.NoError(t, err)
	require.True(t, empty)
	require.NoError(t, w.exec(t.Context(), w.Database(), "INSERT INTO queries (event_id, time) VALUES ('e', now64(6))"))
	empty, err = w.Empty(t.Context())
	require.NoError(t, err)
	require.False(t, empty)
}
