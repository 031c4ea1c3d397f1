package react_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/graph/message"
	"github.com/ragline/ragline/consumers/agent/react"
	"github.com/ragline/ragline/consumers/agent/tool"
	"github.com/ragline/ragline/consumers/internal/llm"
)

const quotationAsked = "Please quote 20 m of NS-P101."

// reviewed is a run that has stopped at a question.
type reviewed struct {
	*bench
	engine *graph.Engine
	req    graph.Request
	out    graph.Outcome
}

// stop runs until a question is asked.
func (b *bench) stop(t *testing.T, question string) *reviewed {
	t.Helper()
	r := &reviewed{bench: b, engine: b.engine(t), req: b.request(t, "r", question, 10)}
	r.run(t)
	require.Equal(t, checkpoint.StatusInterrupted, r.out.Status)
	return r
}

func (r *reviewed) run(t *testing.T) {
	t.Helper()
	var err error
	r.out, err = r.engine.Run(t.Context(), r.req)
	require.NoError(t, err)
}

func (r *reviewed) question(t *testing.T) react.ReviewQuestion {
	t.Helper()
	require.Len(t, r.out.Interrupts, 1)
	var q react.ReviewQuestion
	require.NoError(t, json.Unmarshal(r.out.Interrupts[0].Value, &q))
	return q
}

// answer stores an answer without a check, and lets the run go on.
func (r *reviewed) answer(t *testing.T, value string) {
	t.Helper()
	_, err := r.store.Decide(t.Context(), checkpoint.Decision{Answers: map[string]json.RawMessage{r.out.Interrupts[0].ID: json.RawMessage(value)}})
	require.NoError(t, err)
	r.run(t)
}

func (r *reviewed) result(t *testing.T) react.Result {
	t.Helper()
	require.Equal(t, checkpoint.StatusDone, r.out.Status)
	got, err := react.ReadResult(r.out.State)
	require.NoError(t, err)
	return got
}

func messages(t *testing.T, s graph.State) []message.Message {
	t.Helper()
	list, err := message.NewKey("messages").Get(s)
	require.NoError(t, err)
	return list
}

func TestSensitiveToolWaitsAndLeavesAReceipt(t *testing.T) {
	t.Parallel()
	r := setup(t).stop(t, quotationAsked)
	q := r.question(t)
	require.Equal(t, "generate_quotation", q.Action().Name)
	require.Equal(t, quotationAsked, q.Question)
	require.Contains(t, q.Action().Description, "EUR 368.00")
	require.Equal(t, []react.Kind{react.Approve, react.Edit, react.Reject, react.Respond}, q.Allowed())
	key := react.ReceiptID("r", q.CallID)
	_, err := r.store.Receipt(t.Context(), key)
	require.ErrorIs(t, err, checkpoint.ErrNotFound, "no intent before the approval")
	r.answer(t, `{"kind":"approve"}`)
	require.Contains(t, r.result(t).Answer, "EUR 368.00")
	receipt, err := r.store.Receipt(t.Context(), key)
	require.NoError(t, err)
	require.NotNil(t, receipt.Result)
}

func TestQuestionHasTheSchemaOfLangGraphsClients(t *testing.T) {
	t.Parallel()
	r := setup(t).stop(t, quotationAsked)
	var got map[string]any
	require.NoError(t, json.Unmarshal(r.out.Interrupts[0].Value, &got))
	action := got["action_requests"].([]any)[0].(map[string]any)
	require.Equal(t, "generate_quotation", action["name"])
	require.IsType(t, map[string]any{}, action["args"])
	require.NotEmpty(t, action["description"])
	require.Equal(t, []any{map[string]any{
		"action_name": "generate_quotation", "allowed_decisions": []any{"approve", "edit", "reject", "respond"},
	}}, got["review_configs"])
}

func TestRejectedRunEndsWithAnAnswerThatSaysSo(t *testing.T) {
	t.Parallel()
	r := setup(t).stop(t, quotationAsked)
	r.answer(t, `{"decisions":[{"type":"reject","message":"no stock"}]}`)
	got := r.result(t)
	require.Equal(t, react.StateRejected, got.State)
	require.Contains(t, got.Answer, "no stock")
	require.Empty(t, got.ToolsUsed)
	list := messages(t, r.out.State)
	require.Equal(t, message.Tool, list[2].Type, "no call is left without an answer")
	require.Equal(t, message.Failure, list[2].Status)
}

func TestEditChangesTheArgumentsAlsoInTheMessages(t *testing.T) {
	t.Parallel()
	r := setup(t).stop(t, quotationAsked)
	r.answer(t, `[{"type":"edit","args":{"action":"generate_quotation","args":{"items":[{"style":"NS-P101","quantity":10}]}}}]`)
	require.Contains(t, r.result(t).Answer, "EUR 184.00")
	require.JSONEq(t, `{"items":[{"style":"NS-P101","quantity":10}]}`, string(messages(t, r.out.State)[1].ToolCalls[0].Args))
}

func TestEditThatCannotBeUsedIsToldToTheModel(t *testing.T) {
	t.Parallel()
	for value, wrong := range map[string]string{
		`{"decisions":[{"type":"edit","edited_action":{"name":"generate_quotation","args":{"items":[]}}}]}`: "cannot be used",
		`{"decisions":[{"type":"edit","edited_action":{"name":"submit_enquiry","args":{"message":"x"}}}]}`:  "names submit_enquiry",
	} {
		b := setup(t)
		m := &script{responses: []llm.Response{calls("generate_quotation", `{"items":[{"style":"NS-P101","quantity":20}]}`), {Text: "sorry"}}}
		b.deps.Model = m
		r := b.stop(t, quotationAsked)
		r.answer(t, value)
		require.Equal(t, "sorry", r.result(t).Answer)
		last := m.requests[1].Messages
		require.Contains(t, last[len(last)-1].Text, wrong)
	}
}

func TestResponseTakesThePlaceOfTheTool(t *testing.T) {
	t.Parallel()
	r := setup(t).stop(t, quotationAsked)
	r.answer(t, `[{"type":"response","args":"Sales has called already."}]`)
	require.Equal(t, "Sales has called already.", r.result(t).Answer)
}

func TestMalformedAnswerIsAskedForAgain(t *testing.T) {
	t.Parallel()
	r := setup(t).stop(t, quotationAsked)
	first := r.out.Interrupts[0].ID
	for value, problem := range map[string]string{
		`{"decisions":[]}`: "there are 0 for one action", `{"type":"edit"}`: "arguments", `7`: "no decision", `"maybe"`: "must be approve",
	} {
		r.answer(t, value)
		require.Equal(t, checkpoint.StatusInterrupted, r.out.Status)
		require.Contains(t, r.question(t).Problem, problem, value)
		require.NotEqual(t, first, r.out.Interrupts[0].ID)
	}
	r.answer(t, `true`)
	require.Contains(t, r.result(t).Answer, "EUR 368.00")
}

func TestEachSensitiveCallOfAMessageIsDecidedOn(t *testing.T) {
	t.Parallel()
	two := llm.Response{Calls: []llm.Call{
		{ID: "a", Tool: "submit_enquiry", Arguments: json.RawMessage(`{"message":"one"}`)},
		{ID: "b", Tool: "lookup_standard", Arguments: json.RawMessage(`{"query":"API 622"}`)},
		{ID: "c", Tool: "submit_enquiry", Arguments: json.RawMessage(`{"message":"two"}`)},
	}}
	b := setup(t)
	b.deps.Model = &script{responses: []llm.Response{two, {Text: "done"}}}
	r := b.stop(t, "?")
	require.Equal(t, "a", r.question(t).CallID)
	r.answer(t, `"approve"`)
	require.Equal(t, "c", r.question(t).CallID)
	r.answer(t, `"approved"`)
	require.Equal(t, []string{"submit_enquiry", "lookup_standard"}, r.result(t).ToolsUsed)

	b = setup(t)
	b.deps.Model = &script{responses: []llm.Response{two}}
	r = b.stop(t, "?")
	r.answer(t, `true`)
	r.answer(t, `false`)
	got := r.result(t)
	require.Equal(t, react.StateRejected, got.State)
	require.Empty(t, got.ToolsUsed, "nothing runs when one is rejected")
	answered := 0
	for _, m := range messages(t, r.out.State) {
		if m.Type == message.Tool {
			answered++
		}
	}
	require.Equal(t, 3, answered)
}

func TestNobodyGetsPastTheReview(t *testing.T) {
	t.Parallel()
	ran := false
	b := setup(t)
	b.tools(tool.Tool{Tool: llm.Tool{Name: "launch"}, Sensitive: true, Call: func(context.Context, tool.Invocation) (tool.Result, error) {
		ran = true
		return tool.Result{}, nil
	}})
	b.deps.Model = &script{responses: []llm.Response{calls("launch", `{}`)}}
	r := b.stop(t, "?")
	_, err := r.engine.Update(t.Context(), graph.Edit{ThreadID: "r", RunID: "r", Updates: []graph.NodeUpdate{{AsNode: react.NodeReview, Goto: []string{react.NodeTool}}}})
	require.NoError(t, err)
	_, err = r.store.Decide(t.Context(), checkpoint.Decision{RunID: "r", Continue: true})
	require.NoError(t, err)
	r.run(t)
	require.Equal(t, checkpoint.StatusInterrupted, r.out.Status)
	require.Equal(t, "launch", r.question(t).Action().Name)
	require.False(t, ran)
}

func TestDecisionsAreReadInAllForms(t *testing.T) {
	t.Parallel()
	args := json.RawMessage(`{"a":1}`)
	for in, want := range map[string]react.ReviewDecision{
		`true`: {Kind: react.Approve}, `false`: {Kind: react.Reject}, `"approve"`: {Kind: react.Approve}, `"approved"`: {Kind: react.Approve}, `"reject"`: {Kind: react.Reject},
		`{"kind":"reject","comment":"no","reviewer":"ann"}`:                           {Kind: react.Reject, Comment: "no", Reviewer: "ann"},
		`{"kind":"edit","arguments":{"a":1}}`:                                         {Kind: react.Edit, Arguments: args},
		`{"decisions":[{"type":"approve"}]}`:                                          {Kind: react.Approve},
		`{"decisions":[{"type":"edit","edited_action":{"name":"x","args":{"a":1}}}]}`: {Kind: react.Edit, Action: "x", Arguments: args},
		`{"decisions":[{"type":"respond","message":"hi"}]}`:                           {Kind: react.Respond, Comment: "hi"},
		`[{"type":"accept","args":null}]`:                                             {Kind: react.Approve},
		`[{"type":"accept","args":{"action":"x","args":{"a":1}}}]`:                    {Kind: react.Approve},
		`[{"type":"ignore","args":null}]`:                                             {Kind: react.Reject},
		`[{"type":"response","args":"hi"}]`:                                           {Kind: react.Respond, Comment: "hi"},
		`[{"type":"edit","args":{"action":"x","args":{"a":1}}}]`:                      {Kind: react.Edit, Action: "x", Arguments: args},
		`{"type":"approve"}`:                                                          {Kind: react.Approve},
	} {
		got, err := react.ParseDecision(json.RawMessage(in))
		require.NoError(t, err, in)
		require.Equal(t, want, got, in)
	}
	for _, in := range []string{
		``, `null`, `7`, `{}`, `[]`, `{`, `"perhaps"`, `{"kind":"launch"}`, `{"decisions":[{"type":"approve"},{"type":"reject"}]}`, `{"decisions":7}`,
		`{"type":"respond"}`, `{"kind":"edit","arguments":7}`, `{"kind":"edit"}`, `[{"type":"edit","args":"x"}]`, `[[]]`,
	} {
		_, err := react.ParseDecision(json.RawMessage(in))
		require.ErrorIs(t, err, react.ErrDecision, in)
		require.NotContains(t, err.Error(), "%!")
	}
}
