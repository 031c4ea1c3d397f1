package merge

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ragline/ragline/consumers/internal/file"
)

// modelConfig is config.json, key by key, so that what is not understood is kept as it is written.
type modelConfig map[string]json.RawMessage

func readModelConfig(folder string) (modelConfig, error) {
	var c modelConfig
	if err := file.ReadJSON(filepath.Join(folder, "config.json"), &c); err != nil {
		return nil, fmt.Errorf("reading the base's config: %w", err)
	}
	if q, ok := c["quantization_config"]; ok && string(q) != "null" {
		return nil, &RefusedError{"base " + folder, "it is quantized already; the adapter belongs into the 16-bit weights"}
	}
	return c, nil
}

// tied says whether head and embedding are one tensor. Some families leave the key out and mean yes.
func (c modelConfig) tied() bool {
	raw, ok := c["tie_word_embeddings"]
	if !ok {
		var family string
		_ = json.Unmarshal(c["model_type"], &family)
		return family == "gemma" || family == "gemma2" || family == "gemma3" || family == "gemma3_text"
	}
	return string(raw) == "true"
}

// merged returns the config of the output: its type, and rope in the form of transformers 5 and in the one before,
// because importers know one of them and take the default for a key that is missing.
func (c modelConfig) merged() (modelConfig, error) {
	out := modelConfig{}
	for key, value := range c {
		out[key] = value
	}
	delete(out, "quantization_config")
	out["dtype"], out["torch_dtype"] = json.RawMessage(`"bfloat16"`), json.RawMessage(`"bfloat16"`)
	if raw, ok := c["rope_parameters"]; ok && string(raw) != "null" {
		return out, out.oldRope(raw)
	}
	return out, out.newRope()
}

// oldRope derives rope_theta and rope_scaling. Gemma 3 has parameters for each kind of layer.
func (c modelConfig) oldRope(raw json.RawMessage) error {
	var p modelConfig
	if err := json.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("reading rope_parameters: %w", err)
	}
	if local, ok := p["sliding_attention"]; ok {
		var sliding modelConfig
		if err := json.Unmarshal(local, &sliding); err != nil {
			return fmt.Errorf("reading rope_parameters of sliding attention: %w", err)
		}
		c["rope_local_base_freq"] = sliding["rope_theta"]
		p = nil
		if err := json.Unmarshal(modelConfigOf(raw)["full_attention"], &p); err != nil {
			return fmt.Errorf("reading rope_parameters of full attention: %w", err)
		}
	}
	if theta, ok := p["rope_theta"]; ok {
		c["rope_theta"] = theta
	}
	delete(p, "rope_theta")
	if kind := string(p["rope_type"]); kind == "" || kind == `"default"` {
		c["rope_scaling"] = json.RawMessage("null")
		return nil
	}
	var err error
	c["rope_scaling"], err = json.Marshal(p)
	return err
}

func modelConfigOf(raw json.RawMessage) modelConfig {
	var c modelConfig
	_ = json.Unmarshal(raw, &c)
	return c
}

// newRope derives rope_parameters. A config without rope stays without.
func (c modelConfig) newRope() error {
	theta, ok := c["rope_theta"]
	if !ok {
		return nil
	}
	if _, gemma3 := c["rope_local_base_freq"]; gemma3 {
		return nil // transformers 5 reads the older form of it
	}
	p := modelConfig{"rope_type": json.RawMessage(`"default"`)}
	if scaling := modelConfigOf(c["rope_scaling"]); len(scaling) > 0 {
		p = scaling
		if _, ok := p["rope_type"]; !ok {
			p["rope_type"] = p["type"]
		}
	}
	p["rope_theta"] = theta
	var err error
	c["rope_parameters"], err = json.Marshal(p)
	return err
}

// tokenizerFiles are taken from the adapter, which was saved with what it was trained with, else from the base.
var tokenizerFiles = []string{
	"tokenizer.json", "tokenizer.model", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
}

// copyFiles writes everything but the weights.
func copyFiles(base, adapter, out string, model modelConfig) error {
	merged, err := model.merged()
	if err != nil {
		return err
	}
	if err := writeJSON(filepath.Join(out, "config.json"), merged); err != nil {
		return err
	}
	if err := copyFirst(filepath.Join(out, "generation_config.json"), base); err != nil {
		return err
	}
	for _, name := range tokenizerFiles {
		if err := copyFirst(filepath.Join(out, name), adapter, base); err != nil {
			return err
		}
	}
	return template(base, adapter, out)
}

// copyFirst copies a file from the first folder that has it.
func copyFirst(to string, folders ...string) error {
	for _, folder := range folders {
		raw, err := os.ReadFile(filepath.Join(folder, filepath.Base(to)))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		return os.WriteFile(to, raw, 0o644)
	}
	return nil
}

// template writes tokenizer_config.json with the chat template in it, and the template as a file too: newer
// tools save and read the file alone, older converters read the key alone.
func template(base, adapter, out string) error {
	for _, folder := range []string{adapter, base} {
		config := modelConfig{}
		if err := file.ReadJSON(filepath.Join(folder, "tokenizer_config.json"), &config); errors.Is(err, os.ErrNotExist) {
			continue
		} else if err != nil {
			return err
		}
		var text string
		if raw, err := os.ReadFile(filepath.Join(folder, "chat_template.jinja")); err == nil {
			text = string(raw)
			if config["chat_template"], err = json.Marshal(text); err != nil {
				return err
			}
		} else if json.Unmarshal(config["chat_template"], &text) != nil {
			text = "" // a list of named templates, or none: left as it is
		}
		if text != "" {
			if err := os.WriteFile(filepath.Join(out, "chat_template.jinja"), []byte(text), 0o644); err != nil {
				return err
			}
		}
		return writeJSON(filepath.Join(out, "tokenizer_config.json"), config)
	}
	return nil
}
