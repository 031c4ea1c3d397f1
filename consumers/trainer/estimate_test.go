package trainer

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// llama is the layout of Llama 3's models: query and key-value heads of 128, gate, up and down.
func llama(t *testing.T, hidden, ffn, layers, kv int64, tied bool) Base {
	t.Helper()
	const vocab = 128256
	shapes := map[string][]int64{"model.embed_tokens.weight": {vocab, hidden}, "model.norm.weight": {hidden}}
	if !tied {
		shapes["lm_head.weight"] = []int64{vocab, hidden}
	}
	for i := range layers {
		for name, shape := range map[string][]int64{
			"self_attn.q_proj": {hidden, hidden}, "self_attn.o_proj": {hidden, hidden},
			"self_attn.k_proj": {kv, hidden}, "self_attn.v_proj": {kv, hidden},
			"mlp.gate_proj": {ffn, hidden}, "mlp.up_proj": {ffn, hidden}, "mlp.down_proj": {hidden, ffn},
			"input_layernorm": {hidden}, "post_attention_layernorm": {hidden},
		} {
			shapes[fmt.Sprintf("model.layers.%d.%s.weight", i, name)] = shape
		}
	}
	dir := t.TempDir()
	writeBase(t, dir, shapes, fmt.Sprintf(`{"hidden_size":%d,"intermediate_size":%d,"num_hidden_layers":%d,"vocab_size":%d}`, hidden, ffn, layers, vocab))
	b, err := ReadBase(dir)
	require.NoError(t, err)
	return b
}

func plan() Settings {
	return Settings{Rank: 16, Alpha: 32, BatchSize: 2, GradientAccumulation: 4, MaxLength: 2048, Epochs: 3, MaxSteps: -1}
}

// TestEstimateMeetsWhatWasMeasured compares with published measurements, most of them ranges over several recipes: an
// estimate has to be within 15 % of the range.
func TestEstimateMeetsWhatWasMeasured(t *testing.T) {
	t.Parallel()
	small, large := llama(t, 3072, 8192, 28, 1024, true), llama(t, 4096, 14336, 32, 1024, false)
	gpu := Device{Name: "NVIDIA H100", Memory: 80 * gib, CUDA: true}
	for _, one := range []struct {
		name      string
		base      Base
		method    Method
		low, high float64 // GiB
	}{
		{"3B lora", small, MethodLoRA, 8.5, 9.8},
		{"3B qlora", small, MethodQLoRA, 4.6, 5.3},
		{"8B lora", large, MethodLoRA, 16.2, 20.8},
		{"8B qlora", large, MethodQLoRA, 7.4, 10.3},
	} {
		s := plan()
		s.Method = one.method
		got := float64(NewEstimate(one.base, s, Corpus{}, gpu).VRAM) / gib
		t.Logf("%s: %.2f GiB, measured %.1f to %.1f", one.name, got, one.low, one.high)
		require.Greater(t, got, one.low*0.85, one.name)
		require.Less(t, got, one.high*1.15, one.name)
	}
	// Weights in GB, as loaded.
	for _, one := range []struct {
		base   Base
		method Method
		want   float64
	}{{small, MethodLoRA, 6.43}, {small, MethodQLoRA, 2.35}, {large, MethodLoRA, 16.06}, {large, MethodQLoRA, 5.98}} {
		s := plan()
		s.Method = one.method
		require.InEpsilon(t, one.want, float64(NewEstimate(one.base, s, Corpus{}, gpu).Weights)/1e9, 0.15)
	}
}

func TestDoRANeedsMoreThanLoRA(t *testing.T) {
	t.Parallel()
	all := Estimates(llama(t, 3072, 8192, 28, 1024, true), plan(), Corpus{1000, 4e6}, Device{Name: "NVIDIA A100", CUDA: true, Memory: 40 * gib})
	require.Len(t, all, 4)
	for i := range all[1:] {
		require.Greater(t, all[i].VRAM, all[i+1].VRAM, "%s before %s", all[i].Method, all[i+1].Method)
	}
	require.InEpsilon(t, 1.1, float64(all[0].VRAM)/float64(all[1].VRAM), 0.02)
	require.Greater(t, all[2].Seconds, all[3].Seconds)
}

func TestSpeedMeetsTheMeasuredOne(t *testing.T) {
	t.Parallel()
	s := plan()
	s.Method, s.Epochs = MethodLoRA, 1
	e := NewEstimate(llama(t, 3072, 8192, 28, 1024, true), s, Corpus{1000, 7168 * 1000}, Device{Name: "NVIDIA A100-SXM4-80GB", CUDA: true})
	require.InEpsilon(t, 8210, 2048*1000/float64(e.Seconds), 0.15, "tokens/s of torchtune's LoRA")
}

func TestJobThatCannotFitSaysWhatWould(t *testing.T) {
	t.Parallel()
	base := llama(t, 4096, 14336, 32, 1024, false)
	s := plan()
	s.Method = MethodLoRA
	_, err := fit(base, s, Corpus{}, Device{Name: "RTX 4080", CUDA: true, Memory: 16 * gib})
	var f *Failure
	require.ErrorAs(t, err, &f)
	require.Equal(t, ReasonOutOfMemory, f.Reason)
	require.Contains(t, f.Message, "RAGLINE_TRAINER_METHOD=qdora")

	s.Method = MethodQLoRA
	_, err = fit(base, s, Corpus{}, Device{Name: "T4", CUDA: true, Memory: 8 * gib})
	require.ErrorContains(t, err, "RAGLINE_TRAINER_BATCH_SIZE=1")
	_, err = fit(base, s, Corpus{}, Device{Name: "old", CUDA: true, Memory: 4 * gib})
	require.ErrorContains(t, err, "take a smaller one")
	_, err = fit(base, s, Corpus{}, Device{Name: "unknown", CUDA: true})
	require.NoError(t, err, "a device that does not tell its memory is tried")
}
