package merge

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// adapterConfig is what adapter_config.json says that matters to a merge.
type adapterConfig struct {
	PeftType      string             `json:"peft_type"`
	Rank          int                `json:"r"`
	Alpha         float64            `json:"lora_alpha"`
	RSLoRA        bool               `json:"use_rslora"`
	DoRA          bool               `json:"use_dora"`
	FanInFanOut   bool               `json:"fan_in_fan_out"`
	Bias          string             `json:"bias"`
	InitWeights   any                `json:"init_lora_weights"`
	RankPattern   map[string]int     `json:"rank_pattern"`
	AlphaPattern  map[string]float64 `json:"alpha_pattern"`
	ModulesToSave []string           `json:"modules_to_save"`
}

// harmless keys change training or nothing at all, never what a trained adapter means.
// A key that is neither here nor above has to be empty.
var harmless = map[string]bool{
	"auto_mapping": true, "base_model_name_or_path": true, "corda_config": true, "ensure_weight_tying": true,
	"eva_config": true, "exclude_modules": true, "inference_mode": true, "layers_pattern": true,
	"layers_to_transform": true, "loftq_config": true, "lora_dropout": true, "lora_ga_config": true,
	"megatron_core": true, "peft_version": true, "qalora_group_size": true, "revision": true, "runtime_config": true,
	"target_modules": true, "task_type": true,
	"alpha_pattern": true, "bias": true, "fan_in_fan_out": true, "init_lora_weights": true, "lora_alpha": true,
	"modules_to_save": true, "peft_type": true, "r": true, "rank_pattern": true, "use_dora": true, "use_rslora": true,
}

// readAdapterConfig refuses what a merge does not know how to honor.
func readAdapterConfig(folder string) (adapterConfig, error) {
	raw, err := os.ReadFile(filepath.Join(folder, "adapter_config.json"))
	if err != nil {
		return adapterConfig{}, fmt.Errorf("reading the adapter's config: %w", err)
	}
	var keys map[string]any
	var c adapterConfig
	if err := json.Unmarshal(raw, &keys); err != nil {
		return c, &RefusedError{"adapter_config.json", err.Error()}
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return c, &RefusedError{"adapter_config.json", err.Error()}
	}
	for key, value := range keys {
		if !harmless[key] && !empty(value) {
			return c, &RefusedError{"adapter_config.json", fmt.Sprintf("%s is %v, which a merge does not know how to honor", key, value)}
		}
	}
	return c, c.validate()
}

func (c adapterConfig) validate() error {
	refuse := func(why string, args ...any) error {
		return &RefusedError{"adapter_config.json", fmt.Sprintf(why, args...)}
	}
	switch {
	case c.PeftType != "LORA":
		return refuse("peft_type is %q, only LORA can be merged", c.PeftType)
	case c.FanInFanOut:
		return refuse("fan_in_fan_out: the weights of such modules are transposed (Conv1D)")
	case c.Bias != "" && c.Bias != "none":
		return refuse("bias is %q: the biases of the base were trained too", c.Bias)
	case c.Rank <= 0:
		return refuse("r is %d", c.Rank)
	}
	if init, ok := c.InitWeights.(string); ok {
		for _, changes := range []string{"pissa", "olora", "corda", "loftq", "lora_ga"} {
			if strings.HasPrefix(strings.ToLower(init), changes) {
				return refuse("init_lora_weights is %q, which changes the base: convert the adapter to plain LoRA first", init)
			}
		}
	}
	return nil
}

// empty is null, false, zero, or something without members.
func empty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case bool:
		return !v
	case float64:
		return v == 0
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// scale returns rank and scale of a module.
func (c adapterConfig) scale(module string) (int, float64, error) {
	rank, err := match(c.RankPattern, module, c.Rank)
	if err != nil {
		return 0, 0, err
	}
	alpha, err := match(c.AlphaPattern, module, c.Alpha)
	if err != nil {
		return 0, 0, err
	}
	return rank, c.scaleOf(rank, alpha), nil
}

func (c adapterConfig) scaleOf(rank int, alpha float64) float64 {
	if c.RSLoRA {
		return alpha / math.Sqrt(float64(rank))
	}
	return alpha / float64(rank)
}

// match finds the value of the pattern that ends a module's name. PEFT takes the first of several in the order of
// the file; here they have to agree.
func match[V comparable](patterns map[string]V, module string, otherwise V) (V, error) {
	found, value := "", otherwise
	for pattern, v := range patterns {
		re, err := regexp.Compile(`^(.*\.)?(` + pattern + `)$`)
		if err != nil {
			return value, &RefusedError{"pattern " + pattern, err.Error()}
		}
		if !re.MatchString(module) {
			continue
		}
		if found != "" && v != value {
			return value, &RefusedError{"module " + module, fmt.Sprintf("patterns %q and %q both match and differ", found, pattern)}
		}
		found, value = pattern, v
	}
	return value, nil
}
