package dataset

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Formats of the files.
const (
	formatMessages   = "messages"
	formatShareGPT   = "sharegpt"
	formatCompletion = "completion"
	formatLineage    = "lineage"
)

// message is a turn in the canonical format, with the roles that serving uses.
type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

type messagesLine struct {
	ID       string    `json:"id"`
	Tier     Tier      `json:"tier"`
	Messages []message `json:"messages"`
}

// turn is ShareGPT's. Its roles are human and gpt: a trainer that only renames the keys would teach these as
// headers, so messages is the format to train on and this one is for export.
type turn struct {
	From  string `json:"from"`
	Value string `json:"value"`
}

type shareGPTLine struct {
	ID            string `json:"id"`
	Tier          Tier   `json:"tier"`
	Conversations []turn `json:"conversations"`
}

// completionLine is a prompt with its completion, for trainers that mask the prompt by themselves. Both are lists of
// messages: as text they would need the template of a model, which the dataset does not know.
type completionLine struct {
	ID         string    `json:"id"`
	Tier       Tier      `json:"tier"`
	Prompt     []message `json:"prompt"`
	Completion []message `json:"completion"`
}

func (r row) messages() any {
	return messagesLine{ID: r.key, Tier: r.tier, Messages: append(r.prompt(), message{"assistant", r.assistant})}
}

func (r row) completion() any {
	return completionLine{ID: r.key, Tier: r.tier, Prompt: r.prompt(), Completion: []message{{"assistant", r.assistant}}}
}

func (r row) prompt() []message {
	if r.system == "" {
		return []message{{"user", r.user}}
	}
	return []message{{"system", r.system}, {"user", r.user}}
}

func (r row) shareGPT() any {
	line := shareGPTLine{ID: r.key, Tier: r.tier}
	if r.system != "" {
		line.Conversations = append(line.Conversations, turn{"system", r.system})
	}
	line.Conversations = append(line.Conversations, turn{"human", r.user}, turn{"gpt", r.assistant})
	return line
}

// content is a file before it is written.
type content struct {
	File
	data []byte
}

// render returns all files but the manifest, in the order in which the manifest lists them.
func (p plan) render() ([]content, error) {
	var files []content
	for _, split := range []Split{SplitTrain, SplitHeldOut} {
		for _, format := range []string{formatMessages, formatShareGPT, formatCompletion} {
			c, err := p.renderFile(File{Path: string(split) + "." + format + ".jsonl", Format: format, Split: string(split)})
			if err != nil {
				return nil, err
			}
			files = append(files, c)
		}
	}
	c, err := p.renderFile(File{Path: "lineage.jsonl", Format: formatLineage})
	return append(files, c), err
}

func (p plan) renderFile(f File) (content, error) {
	var b bytes.Buffer
	lines := json.NewEncoder(&b)
	lines.SetEscapeHTML(false) // "<=" is no markup here
	for _, r := range p.rows {
		if f.Split != "" && f.Split != string(r.split) {
			continue
		}
		var line any = r.lineage
		switch f.Format {
		case formatMessages:
			line = r.messages()
		case formatShareGPT:
			line = r.shareGPT()
		case formatCompletion:
			line = r.completion()
		}
		if err := lines.Encode(line); err != nil {
			return content{}, fmt.Errorf("encoding row %s of %s: %w", r.key, f.Path, err)
		}
		f.Rows++
	}
	f.Bytes, f.SHA256 = int64(b.Len()), sha256Hex(b.Bytes())
	return content{f, b.Bytes()}, nil
}
