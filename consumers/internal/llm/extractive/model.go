package extractive

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ragline/ragline/consumers/internal/llm"
)

// Name of the model.
const Name = "extractive"

// Config is what the model knows of its subject.
type Config struct {
	// NotFound is said when the observations do not answer the question.
	NotFound string
	// Entities are the names that the look-up tool has facts about.
	Entities []string
	// Styles are the product codes that can be quoted.
	Styles []string
}

// Model implements llm.Model.
type Model struct {
	notFound string
	entities []string // as space-separated words, lower case
	styles   []style
}

// New returns a model.
func New(cfg Config) *Model {
	m := &Model{notFound: cfg.NotFound}
	for _, e := range cfg.Entities {
		m.entities = append(m.entities, spaced(e))
	}
	for _, code := range cfg.Styles {
		m.styles = append(m.styles, newStyle(code))
	}
	return m
}

// Name returns "extractive".
func (m *Model) Name() string { return Name }

// Generate decides on a tool or quotes an answer, one sentence to a token.
func (m *Model) Generate(ctx context.Context, r llm.Request, onToken func(string)) (llm.Response, error) {
	if err := ctx.Err(); err != nil {
		return llm.Response{}, err
	}
	asked := lastQuestion(r.Messages)
	if asked < 0 {
		return llm.Response{}, &llm.Error{Message: "the request has no question"}
	}
	seen, err := observe(r.Messages[asked+1:])
	if err != nil {
		return llm.Response{}, err
	}
	out := llm.Response{Provider: Name, Model: Name, FinishReason: "stop"}
	var pieces []string
	var c *llm.Call
	out.Thought, c, pieces = m.decide(r.Messages[asked].Text, seen, r.Tools)
	if c != nil {
		out.Calls = []llm.Call{*c}
	}
	for i, p := range pieces {
		if i == 0 {
			out.FirstToken = time.Now()
		} else {
			p = " " + p
		}
		out.Text += p
		if onToken != nil {
			onToken(p)
		}
	}
	out.Usage = usage(r, out)
	return out, nil
}

// decide is the policy: an action that was asked for, then the fact table, then the passages, then an answer.
func (m *Model) decide(asked string, seen observed, tools []llm.Tool) (thought string, c *llm.Call, answer []string) {
	has := func(name string) bool {
		return slices.ContainsFunc(tools, func(t llm.Tool) bool { return t.Name == name })
	}
	if seen.other != "" {
		return "The tool has answered.", nil, []string{seen.other}
	}
	if c := m.action(asked); c != nil && has(c.Tool) && !seen.searched && !seen.looked {
		return "The user asks for an action: " + c.Tool + ".", c, nil
	}
	q := parseQuestion(asked, seen.idf)
	if !seen.looked && !seen.searched && has(llm.LookupTool) && m.namesEntity(asked) {
		return "The question names an entry of the fact table.", call(llm.LookupTool, map[string]any{"query": asked}), nil
	}
	if !seen.searched && has(llm.SearchTool) {
		thought := "I need passages about the question."
		if seen.looked {
			thought = "The facts may not tell everything. I need passages, too."
		}
		return thought, call(llm.SearchTool, map[string]any{"query": asked}), nil
	}
	v := q.find(seen.candidates)
	if !v.answered {
		return fmt.Sprintf("The observations cover %.0f %% of the question. They do not answer it.", 100*v.coverage), nil, []string{m.notFound}
	}
	return fmt.Sprintf("The observations cover %.0f %% of the question. I can quote the answer.", 100*v.coverage), nil, render(v.quotes)
}

func (m *Model) namesEntity(text string) bool {
	asked := " " + spaced(text) + " "
	return slices.ContainsFunc(m.entities, func(e string) bool { return strings.Contains(asked, " "+e+" ") })
}

func spaced(text string) string { return strings.Join(words(text), " ") }

func lastQuestion(messages []llm.Message) int {
	for i := len(messages) - 1; i >= 0; i-- {
		if messages[i].Role == llm.RoleUser {
			return i
		}
	}
	return -1
}

// usage estimates: nothing counts tokens here.
func usage(r llm.Request, out llm.Response) llm.Usage {
	var u llm.Usage
	for _, m := range r.Messages {
		u.InputTokens += llm.EstimateTokens(m.Text)
	}
	u.OutputTokens = llm.EstimateTokens(out.Thought + out.Text)
	for _, c := range out.Calls {
		u.OutputTokens += llm.EstimateTokens(string(c.Arguments))
	}
	return u
}
