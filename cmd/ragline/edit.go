package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/cmd/internal/threads"
)

// edits are what ragline fork and ragline replay may change of a state.
type edits struct {
	set              []string
	question, asNode string

	values map[string]json.RawMessage
}

func (e *edits) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&e.set, "set", nil, "`key=value` to write into the state; may be repeated. A value is JSON, or else text")
	flags.StringVar(&e.question, "question", "", "question in place of the one that was asked")
	flags.StringVar(&e.asNode, "as-node", "", "node as whose the values count (default: the one that wrote last)")
}

// parse checks what was given, before anybody is asked.
func (e *edits) parse() error {
	var err error
	if e.values, err = pairs("--set", e.set); err != nil {
		return err
	}
	switch _, messages := e.values["messages"]; {
	case messages && e.question != "":
		return usagef("--question writes messages, too: give one of it and --set messages=...")
	case e.asNode != "" && e.none():
		return usagef("--as-node says whose values are written: give --set or --question, too")
	}
	return nil
}

func (e *edits) none() bool { return len(e.values) == 0 && e.question == "" }

// keys are those that are written.
func (e *edits) keys() string { return strings.Join(slices.Sorted(maps.Keys(e.values)), ", ") }

// ask puts the question in the place of the last one: a message with the id of another replaces it.
func (e *edits) ask(at threads.State) error {
	if e.question == "" {
		return nil
	}
	last := said(at.Values, "human")
	if last.ID == "" {
		return fmt.Errorf("--question: nothing was asked at checkpoint %s: take a later one", at.ID())
	}
	raw, err := json.Marshal([]map[string]string{{"type": "human", "content": e.question, "id": last.ID}})
	e.values["messages"] = raw
	return err
}

// edit writes the values into a checkpoint and returns the new one.
func (a *agentCall) edit(ctx context.Context, thread string, at threads.State, e *edits) (string, error) {
	if err := e.ask(at); err != nil {
		return "", err
	}
	id, err := a.Update(ctx, thread, at.ID(), e.values, e.asNode)
	if threads.Is(err, http.StatusUnprocessableEntity) {
		return "", fmt.Errorf("the state cannot take this: %w\n  its keys and values: ragline state %s --at %s\n  text that looks like JSON needs quotes of its own: --set 'key=\"42\"'", err, thread, at.ID())
	}
	return id, err
}
