package quantize

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBlocksEqualThoseOfLlamaCPP compares byte for byte with llama.cpp's own package.
func TestBlocksEqualThoseOfLlamaCPP(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/vectors.json")
	require.NoError(t, err)
	var vectors struct {
		Values []float32 `json:"values"`
		Q8     string    `json:"q8_0"`
		Q4     string    `json:"q4_0"`
	}
	require.NoError(t, json.Unmarshal(raw, &vectors))
	q8, q4 := make([]byte, len(vectors.Values)/block*34), make([]byte, len(vectors.Values)/block*18)
	encodeQ8(q8, vectors.Values)
	encodeQ4(q4, vectors.Values)
	require.Equal(t, vectors.Q8, hex.EncodeToString(q8))
	require.Equal(t, vectors.Q4, hex.EncodeToString(q4))
}
