package tool_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/retrieval"
	"github.com/ragline/ragline/consumers/agent/tool"
	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/schemas/event"
)

func pack(t *testing.T) *domain.Pack {
	t.Helper()
	p, err := domain.Load("../../../deploy/domain/jdjones")
	require.NoError(t, err)
	return p
}

func call(t *testing.T, x tool.Tool, arguments string) (tool.Result, error) {
	t.Helper()
	return x.Call(t.Context(), tool.Invocation{CallID: "call", ThreadID: "thread", QueryID: "query", TraceID: "trace", Arguments: json.RawMessage(arguments)})
}

func TestSearchReturnsPassagesWithTheirDocuments(t *testing.T) {
	t.Parallel()
	index, err := retrieval.NewIndex()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, index.Close()) })
	require.NoError(t, index.Put(retrieval.Document{ID: "a", Title: "Rings", Text: "Rings are staggered."}))
	require.NoError(t, index.Put(retrieval.Document{ID: "b", Title: "Valves", Text: "A ring seals a valve."}))
	require.NoError(t, index.Flush())
	out, err := call(t, tool.Search(index), `{"query":"staggered rings","k":1}`)
	require.NoError(t, err)
	require.Equal(t, "[a] Rings\nRings are staggered.", out.Text)
	require.Len(t, out.Sources(), 1)
	var found llm.Knowledge
	require.NoError(t, json.Unmarshal(out.Data, &found))
	require.Len(t, found.Weights, 2)
	require.Empty(t, found.Passages[0].Text, "the text is stored once")
	require.Equal(t, "Rings are staggered.", out.Sources()[0].Text)
	out, err = call(t, tool.Search(index), `{"query":"zirconium"}`)
	require.NoError(t, err)
	require.Equal(t, "No passage matches.", out.Text)
}

func TestLookupFindsTheFactOfAnEntity(t *testing.T) {
	t.Parallel()
	out, err := call(t, tool.Lookup(pack(t)), `{"query":"mechanical cycles of API 622"}`)
	require.NoError(t, err)
	require.Contains(t, out.Text, "1,510")
	require.Equal(t, "api-622-emission-test", out.Sources()[0].DocumentID)
}

func TestQuotationAddsUpAndCarriesItsIDs(t *testing.T) {
	t.Parallel()
	x := tool.Quotation(pack(t))
	arguments := `{"customer":"Acme","items":[{"style":"ns-p101","quantity":20},{"style":"NS-G410","quantity":3}]}`
	out, err := call(t, x, arguments)
	require.NoError(t, err)
	q := out.Effects[0].(*event.QuotationGenerated)
	require.EqualValues(t, 20*1840+3*960, q.GetTotalMinor())
	require.Equal(t, "EUR", q.GetCurrency())
	require.EqualValues(t, 10, q.GetLeadTimeDays())
	require.Equal(t, []string{"thread", "query", "trace"}, []string{q.GetThreadId(), q.GetQueryId(), q.GetTraceId()})
	again, err := call(t, x, arguments)
	require.NoError(t, err)
	require.Equal(t, q.GetQuotationId(), again.Effects[0].(*event.QuotationGenerated).GetQuotationId())
	text, err := x.Check(json.RawMessage(arguments))
	require.NoError(t, err)
	require.Contains(t, text, "EUR 396.80")
}

func TestArgumentsThatCannotBeUsedAreTheCallersError(t *testing.T) {
	t.Parallel()
	p := pack(t)
	for arguments, x := range map[string]tool.Tool{
		`"valves"`:                tool.Lookup(p),
		`{"query":"x","limit":3}`: tool.Lookup(p),
		`{"items":[]}`:            tool.Quotation(p),
		`{"items":[{"style":"NS-X999","quantity":1}]}`:   tool.Quotation(p),
		`{"items":[{"style":"NS-P101","quantity":0}]}`:   tool.Quotation(p),
		`{"items":[{"style":"NS-P101","quantity":-1}]}`:  tool.Quotation(p),
		`{"items":[{"style":"NS-P101","quantity":1e9}]}`: tool.Quotation(p),
		`{"subject":"x"}`: tool.Enquiry(),
	} {
		_, err := call(t, x, arguments)
		require.ErrorIs(t, err, tool.ErrArguments, arguments)
		if x.Check != nil {
			_, err = x.Check(json.RawMessage(arguments))
			require.ErrorIs(t, err, tool.ErrArguments, arguments)
		}
	}
}

func TestOnlyTheToolsWithEffectsAreSensitive(t *testing.T) {
	t.Parallel()
	p := pack(t)
	for _, x := range []tool.Tool{tool.Search(nil), tool.Lookup(p), tool.Quotation(p), tool.Enquiry()} {
		require.Equal(t, x.Check != nil, x.Sensitive, x.Name)
		require.True(t, x.Idempotent, x.Name)
		require.True(t, json.Valid(x.InputSchema), x.Name)
	}
}
