package ollamatest

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/ollama/ollama/fs/ggml"
	"github.com/stretchr/testify/require"
)

// Size of the tiny model. Rows of 256 are the shortest that k-quants can hold.
const (
	hidden = 256
	heads  = 4
	vocab  = 260
)

// specials follow the 256 bytes in the vocabulary.
var specials = []string{"<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"}

// half is a tensor of 16-bit floats, single one of 32-bit floats.
type (
	half   []uint16
	single []float32
)

func (h half) WriteTo(w io.Writer) (int64, error) {
	return int64(2 * len(h)), binary.Write(w, binary.LittleEndian, []uint16(h))
}

func (s single) WriteTo(w io.Writer) (int64, error) {
	return int64(4 * len(s)), binary.Write(w, binary.LittleEndian, []float32(s))
}

// TinyGGUF writes a random llama of one layer with a vocabulary of bytes, of a file type (1 is F16).
func TinyGGUF(t testing.TB, fileType uint32) string {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "tiny.gguf"))
	require.NoError(t, err)
	defer f.Close()
	r := rand.New(rand.NewPCG(1, 2))
	var all []*ggml.Tensor
	add := func(name string, shape ...uint64) { all = append(all, tensor(r, name, shape)) }
	add("token_embd.weight", hidden, vocab)
	add("output.weight", hidden, vocab)
	add("output_norm.weight", hidden)
	for _, name := range []string{"attn_norm", "ffn_norm"} {
		add("blk.0."+name+".weight", hidden)
	}
	for _, name := range []string{"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"} {
		add("blk.0."+name+".weight", hidden, hidden)
	}
	require.NoError(t, ggml.WriteGGUF(f, keys(fileType), all))
	return f.Name()
}

func tensor(r *rand.Rand, name string, shape []uint64) *ggml.Tensor {
	if len(shape) == 1 {
		ones := make(single, shape[0])
		for i := range ones {
			ones[i] = 1
		}
		return &ggml.Tensor{Name: name, Kind: uint32(ggml.TensorTypeF32), Shape: shape, WriterTo: ones}
	}
	values := make(half, shape[0]*shape[1])
	for i := range values {
		// A half of the magnitude 2^-5 to 2^-4, with a random sign.
		values[i] = uint16(r.UintN(2))<<15 | 10<<10 | uint16(r.UintN(1<<10))
		if name == "output.weight" && notText(i/hidden) {
			values[i] = 0
		}
	}
	return &ggml.Tensor{Name: name, Kind: uint32(ggml.TensorTypeF16), Shape: shape, WriterTo: values}
}

// notText are tokens that are not said: half a UTF-8 character holds back the text.
func notText(token int) bool { return token < 32 || token > 126 }

func keys(fileType uint32) ggml.KV {
	tokens, kinds := make([]string, 0, vocab), make([]int32, 0, vocab)
	for b := range 256 {
		tokens, kinds = append(tokens, string(byteRune(b))), append(kinds, 1)
	}
	for _, s := range specials {
		tokens, kinds = append(tokens, s), append(kinds, 3)
	}
	return ggml.KV{
		"general.architecture": "llama", "general.name": "tiny", "general.file_type": fileType, "general.quantization_version": uint32(2),
		"llama.block_count": uint32(1), "llama.context_length": uint32(2048), "llama.embedding_length": uint32(hidden),
		"llama.feed_forward_length": uint32(hidden), "llama.attention.head_count": uint32(heads), "llama.attention.head_count_kv": uint32(heads),
		"llama.attention.layer_norm_rms_epsilon": float32(1e-5), "llama.rope.dimension_count": uint32(hidden / heads),
		"llama.rope.freq_base": float32(10000), "llama.vocab_size": uint32(vocab),
		"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "default", "tokenizer.ggml.tokens": tokens, "tokenizer.ggml.token_type": kinds,
		"tokenizer.ggml.merges": []string{"a b"}, "tokenizer.ggml.bos_token_id": uint32(256), "tokenizer.ggml.eos_token_id": uint32(259),
		"tokenizer.ggml.add_bos_token": true, "tokenizer.chat_template": "{{ messages }}",
	}
}

// byteRune is the character that stands for a byte in a byte-level vocabulary.
func byteRune(b int) rune {
	if b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae {
		return rune(b)
	}
	n := 0
	for c := range b {
		if c < '!' || c > '~' && c < 0xa1 || c == 0xad {
			n++
		}
	}
	return rune(256 + n)
}
