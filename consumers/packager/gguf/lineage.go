package gguf

import (
	"cmp"
	"fmt"
	"slices"
)

// Lineage is written into the file. Empty fields are left out.
type Lineage struct {
	Name         string // general.name
	Version      string // general.version
	License      string // general.license
	BaseModel    string // general.base_model.0.name
	BaseRevision string // general.base_model.0.version
	BaseURL      string // general.base_model.0.repo_url
	Dataset      string // id of the dataset: general.dataset.0.name and, for older readers, general.datasets
	DatasetURI   string // general.dataset.0.repo_url
	JobID        string // general.source.uuid: the training job
}

func (l Lineage) keys() map[string]any {
	keys := map[string]any{}
	for name, value := range map[string]string{
		"general.name": l.Name, "general.version": l.Version, "general.license": l.License, "general.source.uuid": l.JobID,
		"general.base_model.0.name": l.BaseModel, "general.base_model.0.version": l.BaseRevision, "general.base_model.0.repo_url": l.BaseURL,
		"general.dataset.0.name": l.Dataset, "general.dataset.0.repo_url": l.DatasetURI,
	} {
		if value != "" {
			keys[name] = value
		}
	}
	if cmp.Or(l.BaseModel, l.BaseRevision, l.BaseURL) != "" {
		keys["general.base_model.count"] = uint32(1)
	}
	if cmp.Or(l.Dataset, l.DatasetURI) != "" {
		keys["general.dataset.count"] = uint32(1)
	}
	if l.Dataset != "" {
		keys["general.datasets"] = []string{l.Dataset}
	}
	return keys
}

// turnEnds are the tokens by which the supported families end a turn.
var turnEnds = []string{"<|eot_id|>", "<|im_end|>", "<end_of_turn>"}

// finish returns the keys that a converted file is given: what the converters leave out or get wrong.
func finish(opts ConvertOptions, raw string) ([]Key, error) {
	g, err := Open(raw)
	if err != nil {
		return nil, err
	}
	defer g.Close()
	model, err := readModel(opts.Model)
	if err != nil {
		return nil, err
	}
	values := opts.Lineage.keys()
	values["general.file_type"] = uint32(opts.Type)
	if opts.AddBOS != nil {
		values["tokenizer.ggml.add_bos_token"] = *opts.AddBOS
	}
	tokens, _ := g.Value("tokenizer.ggml.tokens").([]string)
	for id, token := range tokens {
		if slices.Contains(turnEnds, token) {
			values["tokenizer.ggml.eot_token_id"] = uint32(id)
		}
	}
	if g.Value("tokenizer.chat_template") == nil && model.template != "" {
		values["tokenizer.chat_template"] = model.template
	}
	// Ollama's converter divides the hidden size by the heads, whatever head_dim says.
	if name := g.Architecture() + ".rope.dimension_count"; g.Value(name) != nil && model.HeadDim > 0 {
		values[name] = uint32(model.HeadDim)
	}
	var keys []Key
	for name, value := range values {
		k, err := Encode(name, value)
		if err != nil {
			return nil, fmt.Errorf("finishing %s: %w", opts.Out, err)
		}
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b Key) int { return cmp.Compare(a.Name, b.Name) })
	return keys, nil
}
