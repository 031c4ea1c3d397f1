package file_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/internal/file"
)

func TestFilesAreReadAsJSONAndHashed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"a":1}`), 0o600))
	var v map[string]int
	require.NoError(t, file.ReadJSON(path, &v))
	require.Equal(t, map[string]int{"a": 1}, v)
	sum, err := file.SHA256(path)
	require.NoError(t, err)
	require.Equal(t, "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862", sum)

	require.NoError(t, os.WriteFile(path, []byte(`{`), 0o600))
	require.ErrorContains(t, file.ReadJSON(path, &v), path)
	require.ErrorIs(t, file.ReadJSON(path+"x", &v), os.ErrNotExist)
	_, err = file.SHA256(path + "x")
	require.ErrorIs(t, err, os.ErrNotExist)
}
