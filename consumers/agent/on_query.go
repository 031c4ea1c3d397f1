package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/ragline/ragline/consumers/agent/backend"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/react"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/schemas/event"
)

// accepted is what a run was accepted with.
type accepted struct {
	QueryID  string          `json:"query_id"`
	Tenant   string          `json:"tenant"`
	ThreadID string          `json:"thread_id"`
	At       time.Time       `json:"at"`
	Query    json.RawMessage `json:"query"`
	// Begin is set for a run that came through the server.
	Begin *backend.Begin `json:"begin,omitempty"`

	query event.QueryAsked
}

// RunID is the id of the run that answers a tenant's query. A query that is delivered again belongs to the same run,
// whoever delivers it; the query of another tenant does not, even if it has the same id.
func RunID(tenant, queryID string) string {
	return event.DeriveID(event.DeriveID(queryID, "agent.run", 0), tenantOr(tenant), 0)
}

// threadKey is a thread's id in the store: tenants that chose the same id do not share a conversation.
func threadKey(tenant, threadID string) string {
	return strconv.Quote(tenantOr(tenant)) + "/" + threadID
}

// splitKey is the inverse of threadKey.
func splitKey(key string) (tenant, threadID string) {
	quoted, err := strconv.QuotedPrefix(key)
	if err != nil {
		return "", key
	}
	tenant, _ = strconv.Unquote(quoted) // it is one
	return tenant, key[len(quoted)+1:]
}

func tenantOr(tenant string) string {
	if tenant == "" {
		return event.DefaultTenant
	}
	return tenant
}

// onQuery accepts a query: it is done when the run is on disk, long before the run is.
// One that the agent itself has published comes from its server, which has accepted it before; it may have been deleted since.
func (a *Agent) onQuery(ctx context.Context, e event.Event, q *event.QueryAsked, _ stream.Emitter) error {
	if e.Source == source {
		return nil
	}
	run, req, err := a.enlist(&accepted{QueryID: e.ID, Tenant: e.Tenant, ThreadID: q.GetThreadId()}, q)
	if err != nil {
		return stream.Drop(err)
	}
	var fresh bool
	err = a.persist(ctx, "accepting run "+run.ID, func() error {
		fresh, err = a.accept(ctx, run, req, checkpoint.Position(e.Position))
		return err
	})
	if err == nil && fresh {
		a.schedule.offer(entry{runID: run.ID, threadID: run.ThreadID})
	}
	return err
}

// enlist makes the run of a query that has come in now, and what the engine is to be asked.
func (a *Agent) enlist(in *accepted, q *event.QueryAsked) (checkpoint.Run, graph.Request, error) {
	in.Tenant, in.At = tenantOr(in.Tenant), a.deps.Now().UTC()
	if in.ThreadID == "" {
		in.ThreadID = in.QueryID
	}
	var err error
	if in.Query, err = protojson.Marshal(q); err != nil {
		return checkpoint.Run{}, graph.Request{}, fmt.Errorf("encoding query %s: %w", in.QueryID, err)
	}
	input, err := json.Marshal(in)
	if err != nil {
		return checkpoint.Run{}, graph.Request{}, fmt.Errorf("encoding query %s: %w", in.QueryID, err)
	}
	run := checkpoint.Run{
		ID: RunID(in.Tenant, in.QueryID), ThreadID: threadKey(in.Tenant, in.ThreadID), Input: input, CreatedAt: in.At,
	}
	req, _, err := a.request(run)
	return run, req, err
}

// accept stores the run, what begins it and the offset in one transaction.
func (a *Agent) accept(ctx context.Context, run checkpoint.Run, req graph.Request, at checkpoint.Position) (bool, error) {
	b, err := a.engine.Begin(ctx, req)
	switch {
	case errors.Is(err, graph.ErrState):
		b = graph.Beginning{} // the run will say so in its answer
	case err != nil:
		return false, fmt.Errorf("preparing run %s: %w", run.ID, err)
	}
	return a.store.Accept(ctx, checkpoint.Acceptance{Run: run, Head: b.Head, Input: b.Checkpoints, At: at})
}

// request rebuilds the engine's request from what is stored of a run. With an error it returns what could be read.
func (a *Agent) request(run checkpoint.Run) (graph.Request, *accepted, error) {
	in := &accepted{At: run.CreatedAt}
	if err := json.Unmarshal(run.Input, in); err != nil {
		return graph.Request{}, in, fmt.Errorf("reading the input of run %s: %w", run.ID, err)
	}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(in.Query, &in.query); err != nil {
		return graph.Request{}, in, fmt.Errorf("reading the query of run %s: %w", run.ID, err)
	}
	steps := a.cfg.MaxSteps
	if n := int(in.query.GetMaxSteps()); n > 0 {
		steps = min(n, steps)
	}
	about := react.Run{QueryID: in.QueryID, ThreadID: in.ThreadID, TraceID: traceID(run.ID), MaxSteps: steps}
	req := graph.Request{ThreadID: run.ThreadID, RunID: run.ID}
	var err error
	switch {
	case in.Begin == nil:
		req.Input, err = react.Input(about, in.query.GetText())
		return req, in, err
	case in.Begin.Continue:
		req.Input, err = react.Rerun(about)
	default:
		req.Input, err = react.Input(about, "") // the messages are among the writes
	}
	b := in.Begin
	req.Input = append(req.Input, b.Writes...)
	req.From, req.Continue, req.Goto = b.From, b.Continue, b.Goto
	req.InterruptBefore, req.InterruptAfter, req.Limit = b.Before, b.After, b.Limit
	return req, in, err
}
