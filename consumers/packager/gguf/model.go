package gguf

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ragline/ragline/consumers/internal/file"
	"github.com/ragline/ragline/consumers/packager/safetensors"
)

// model is what a merged folder says about itself, read without the converters.
type model struct {
	Hidden      int64   `json:"hidden_size"`
	Layers      int64   `json:"num_hidden_layers"`
	FeedForward int64   `json:"intermediate_size"`
	Heads       int64   `json:"num_attention_heads"`
	KVHeads     int64   `json:"num_key_value_heads"`
	HeadDim     int64   `json:"head_dim"`
	Context     int64   `json:"max_position_embeddings"`
	Epsilon     float64 `json:"rms_norm_eps"`
	RopeTheta   float64 `json:"rope_theta"`
	RopeScaling scaling `json:"rope_scaling"`
	Tied        bool    `json:"tie_word_embeddings"`
	EOS         any     `json:"eos_token_id"`

	template string
	added    []addedToken
	tensors  int
	elements int64
	head     int64 // elements of lm_head, which a tied model may store or not
}

type scaling struct {
	Type     string  `json:"rope_type"`
	Factor   float64 `json:"factor"`
	Low      float64 `json:"low_freq_factor"`
	High     float64 `json:"high_freq_factor"`
	Original float64 `json:"original_max_position_embeddings"`
}

type addedToken struct {
	ID      int    `json:"id"`
	Content string `json:"content"`
}

func readModel(folder string) (*model, error) {
	m := &model{}
	if err := file.ReadJSON(filepath.Join(folder, "config.json"), m); err != nil {
		return nil, err
	}
	var tokenizer struct {
		Added []addedToken `json:"added_tokens"`
	}
	var config struct {
		Template json.RawMessage `json:"chat_template"`
	}
	var generation struct {
		EOS any `json:"eos_token_id"`
	}
	for name, v := range map[string]any{"tokenizer.json": &tokenizer, "tokenizer_config.json": &config, "generation_config.json": &generation} {
		if err := file.ReadJSON(filepath.Join(folder, name), v); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	m.added = tokenizer.Added
	if generation.EOS != nil {
		m.EOS = generation.EOS
	}
	_ = json.Unmarshal(config.Template, &m.template) // a list of named templates is not ours to choose from
	return m, m.weigh(folder)
}

// weigh counts the weights.
func (m *model) weigh(folder string) error {
	set, err := safetensors.Open(folder)
	if err != nil {
		return fmt.Errorf("opening the merged weights: %w", err)
	}
	defer set.Close()
	for _, t := range set.Tensors() {
		m.tensors++
		m.elements += t.Elements()
		if t.Name == "lm_head.weight" {
			m.head = t.Elements()
		}
	}
	m.Tied = m.Tied || m.head == 0 // families whose default it is leave the key out
	return nil
}

// eos lists the ids that end an answer.
func (m *model) eos() []int64 {
	switch v := m.EOS.(type) {
	case float64:
		return []int64{int64(v)}
	case []any:
		var ids []int64
		for _, id := range v {
			if f, ok := id.(float64); ok {
				ids = append(ids, int64(f))
			}
		}
		return ids
	}
	return nil
}
