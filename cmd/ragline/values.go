package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/cmd/internal/threads"
	"github.com/ragline/ragline/consumers/agent/react"
)

// pairs reads key=value arguments. A value is JSON, or text where it is not.
func pairs(flag string, list []string) (map[string]json.RawMessage, error) {
	out := map[string]json.RawMessage{}
	for _, one := range list {
		key, text, found := strings.Cut(one, "=")
		if !found || key == "" {
			return nil, usagef("%s %s: it must be key=value, as in %s question=\"What is API 622?\"", flag, one, flag)
		}
		if _, twice := out[key]; twice {
			return nil, usagef("%s %s: %s is given twice", flag, one, key)
		}
		value := json.RawMessage(strings.TrimSpace(text))
		if !json.Valid(value) {
			if len(value) > 0 && strings.ContainsRune(`{["`, rune(value[0])) {
				return nil, usagef("%s %s: the value begins like JSON and is none: %w", flag, one, json.Unmarshal(value, new(any)))
			}
			value, _ = json.Marshal(text) // a string
		}
		out[key] = value
	}
	return out, nil
}

// plain is a value for people: text without quotes, everything else as JSON.
func plain(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}

// asked is what a thread is about: what a person said last.
func asked(values map[string]json.RawMessage) string { return said(values, "human").text() }

// answered is what came of a run.
func answered(values map[string]json.RawMessage) string {
	if text := plain(values["answer"]); text != "" {
		return text
	}
	return said(values, "ai").text() // another graph has no such key
}

// spoken is a message of a thread.
type spoken struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Content json.RawMessage `json:"content"`
	Calls   []struct {
		Name string          `json:"name"`
		Args json.RawMessage `json:"args"`
	} `json:"tool_calls"`
}

// messages are those of a state, or of what a node wrote.
func messages(values map[string]json.RawMessage) []spoken {
	var list []spoken
	_ = json.Unmarshal(values["messages"], &list) // what is none is shown as it is
	return list
}

// String is who says what, on one line.
func (m spoken) String() string {
	parts := []string{m.Type + ":"}
	if text := m.text(); text != "" {
		parts = append(parts, text)
	}
	for _, call := range m.Calls {
		parts = append(parts, "calls "+call.Name+" "+string(call.Args))
	}
	return strings.Join(parts, " ")
}

// said is the last message of somebody that has text.
func said(values map[string]json.RawMessage, who string) spoken {
	for _, m := range slices.Backward(messages(values)) {
		if m.Type == who && m.text() != "" {
			return m
		}
	}
	return spoken{}
}

// text is that of a message whose content is a string, or parts.
func (m spoken) text() string {
	var text string
	if json.Unmarshal(m.Content, &text) == nil {
		return text
	}
	var parts []struct {
		Text string `json:"text"`
	}
	_ = json.Unmarshal(m.Content, &parts) // what is neither has no text
	var all strings.Builder
	for _, p := range parts {
		all.WriteString(p.Text)
	}
	return all.String()
}

// ago is a time for people, relative to now.
func ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case t.IsZero():
		return ""
	case d < time.Second:
		return "now"
	case d < time.Minute:
		return fmt.Sprintf("%d s ago", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", d/time.Hour)
	}
	return fmt.Sprintf("%d days ago", d/(24*time.Hour))
}

// clock is a time of the day here, to the second.
func clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.DateTime)
}

// waitingFor lists the questions that wait for a person, and how to answer them.
func (c *cli) waitingFor(list []threads.Interrupt) {
	for _, in := range list {
		var question react.ReviewQuestion
		_ = json.Unmarshal(in.Value, &question) // another graph asks otherwise
		what := question.Action().Name + " " + string(question.Action().Args)
		if question.Action().Name == "" {
			what = string(in.Value)
		}
		c.out.Linef("%s %s", c.out.Odd("waits for a person:"), term.Cut(what, 200))
		c.out.Linef("  %s", c.out.Dim("ragline review show "+term.Cut(in.ID, 60)))
	}
}
