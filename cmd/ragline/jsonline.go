package main

import (
	"encoding/json"
	"fmt"

	"github.com/ragline/ragline/schemas/event"
)

// eventLine is one event as a JSON line.
type eventLine struct {
	Topic     string          `json:"topic"`
	Partition int32           `json:"partition"`
	Offset    int64           `json:"offset"`
	ID        string          `json:"id"`
	Type      string          `json:"type"`
	Source    string          `json:"source"`
	Tenant    string          `json:"tenant"`
	Time      string          `json:"time"`
	Key       string          `json:"key"`
	Data      json.RawMessage `json:"data,omitempty"`
	Error     string          `json:"error,omitempty"`
}

func printJSONLine(c *cli, e event.Event, body string, decodeErr error) error {
	line := eventLine{
		Topic: e.Position.Topic, Partition: e.Position.Partition, Offset: e.Position.Offset,
		ID: e.ID, Type: e.Type, Source: e.Source, Tenant: e.Tenant, Time: e.Time.Format("2006-01-02T15:04:05.000Z07:00"), Key: e.Key,
	}
	switch {
	case decodeErr != nil:
		line.Error = decodeErr.Error()
	case e.Data != nil:
		line.Data = json.RawMessage(body)
	}
	text, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("printing %s: %w", e.ID, err)
	}
	c.out.Linef("%s", text)
	return nil
}
