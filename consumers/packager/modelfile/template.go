package modelfile

import (
	"maps"
	"slices"
)

// style is how a family of models writes a conversation.
type style struct {
	template string
	stop     []string
}

// styles by the name that training gives them. None writes the token that begins a text: the server adds it, and a
// second one changes the answers. None uses .System: it repeats what is in .Messages already.
var styles = map[string]style{
	"llama3": {
		template: "{{ range .Messages }}<|start_header_id|>{{ .Role }}<|end_header_id|>\n\n{{ .Content }}<|eot_id|>{{ end }}" +
			"<|start_header_id|>assistant<|end_header_id|>\n\n",
		stop: []string{"<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"},
	},
	"chatml": {
		template: "{{ range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n",
		stop:     []string{"<|im_start|>", "<|im_end|>"},
	},
	"phi3": {
		template: "{{ range .Messages }}<|{{ .Role }}|>\n{{ .Content }}<|end|>\n{{ end }}<|assistant|>\n",
		stop:     []string{"<|end|>", "<|user|>", "<|assistant|>"},
	},
	// The system message is the beginning of the first user message.
	"gemma": {
		template: `{{ $system := "" }}{{ range .Messages }}{{ if eq .Role "system" }}{{ $system = .Content }}{{ else }}` +
			`<start_of_turn>{{ if eq .Role "assistant" }}model{{ else }}{{ .Role }}{{ end }}` + "\n" +
			"{{ if $system }}{{ $system }}\n\n{{ $system = \"\" }}{{ end }}{{ .Content }}<end_of_turn>\n{{ end }}{{ end }}" +
			"<start_of_turn>model\n",
		stop: []string{"<start_of_turn>", "<end_of_turn>"},
	},
}

// Styles lists the names of the styles.
func Styles() []string { return slices.Sorted(maps.Keys(styles)) }
