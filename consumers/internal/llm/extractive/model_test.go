package extractive_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/consumers/internal/llm/extractive"
)

var tools = []llm.Tool{{Name: llm.SearchTool}, {Name: llm.LookupTool}, {Name: llm.QuotationTool}, {Name: llm.EnquiryTool}}

func setup() *extractive.Model {
	return extractive.New(extractive.Config{
		NotFound: "not in the knowledge base", Entities: []string{"API 622", "TA Luft"}, Styles: []string{"NS-P101", "NS-G410"},
	})
}

func generate(t *testing.T, messages ...llm.Message) llm.Response {
	t.Helper()
	out, err := setup().Generate(t.Context(), llm.Request{Messages: messages, Tools: tools}, nil)
	require.NoError(t, err)
	return out
}

func user(text string) llm.Message { return llm.Message{Role: llm.RoleUser, Text: text} }

func found(t *testing.T, passages ...llm.Passage) llm.Message {
	t.Helper()
	raw, err := json.Marshal(llm.Knowledge{Passages: passages})
	require.NoError(t, err)
	return llm.Message{Role: llm.RoleTool, Tool: llm.SearchTool, Data: raw}
}

func TestToolIsChosenByWhatIsAsked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"How far are joints staggered?":                         llm.SearchTool,
		"How many cycles does API 622 run?":                     llm.LookupTool,
		"what does ta luft ask for":                             llm.LookupTool,
		"Please quote 20 m of NS-P101.":                         llm.QuotationTool,
		"I need an offer for NS-G410, quantity: 1,200.":         llm.QuotationTool,
		"Send an enquiry about bellows to sales.":               llm.EnquiryTool,
		"What is a quotation?":                                  llm.SearchTool,
		"Which quotation marks does NS-P101 documentation use?": llm.SearchTool,
		"What is the price of NS-P101?":                         llm.SearchTool,
		"Who sends an answer to an enquiry?":                    llm.SearchTool,
	} {
		out := generate(t, user(text))
		require.Len(t, out.Calls, 1, text)
		require.Equal(t, want, out.Calls[0].Tool, text)
		require.NotEmpty(t, out.Thought)
	}
}

func TestQuotationArgumentsComeFromTheText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Please quote 20 m of NS-P101 for Acme Pumps.":             `{"customer":"Acme Pumps","items":[{"style":"NS-P101","quantity":20}]}`,
		"quotation: 2.5 ns-p101 and 1,200 pieces of style NS-G410": `{"items":[{"style":"NS-P101","quantity":2.5},{"style":"NS-G410","quantity":1200}]}`,
		"Offer for NS-G410 x 12, please.":                          `{"items":[{"style":"NS-G410","quantity":12}]}`,
	} {
		require.JSONEq(t, want, string(generate(t, user(text)).Calls[0].Arguments), text)
	}
}

func TestAnswerQuotesTheSentenceThatCoversTheQuestion(t *testing.T) {
	t.Parallel()
	out := generate(t, user("How far are joints staggered?"), found(t,
		llm.Passage{DocumentID: "a", Text: "Rings are cut. Joints are staggered by at least 90 degrees. Never coil packing."},
		llm.Passage{DocumentID: "b", Text: "An expansion joint takes axial movement."}))
	require.Equal(t, "Joints are staggered by at least 90 degrees [a].", out.Text)
	require.Empty(t, out.Calls)
}

func TestAnswerAboutSomethingElseIsNoAnswer(t *testing.T) {
	t.Parallel()
	for question, passage := range map[string]string{
		"How many cycles does API 641 run?":   "API 624 runs 310 cycles.",
		"How many cycles does API 622 run?":   "API 622 was published in 2018.",
		"Who invented the steam engine?":      "A valve is opened by turning its stem.",
		"What is the price of style NS-X999?": "Style NS-P101 is a braided packing.",
		"?":                                   "A valve is opened by turning its stem.",
	} {
		out := generate(t, user(question), llm.Message{Role: llm.RoleTool, Tool: llm.LookupTool}, found(t, llm.Passage{DocumentID: "a", Text: passage}))
		require.Equal(t, "not in the knowledge base", out.Text, question)
	}
}

func TestEarlierQuestionsOfTheThreadDoNotCount(t *testing.T) {
	t.Parallel()
	out := generate(t, user("Please quote 20 m of NS-P101."), llm.Message{Role: llm.RoleAssistant, Text: "done"}, user("How far are joints staggered?"))
	require.Equal(t, llm.SearchTool, out.Calls[0].Tool)
}

func TestOtherToolsAreQuotedAsTheyAnswer(t *testing.T) {
	t.Parallel()
	out := generate(t, user("Please quote 20 m of NS-P101."), llm.Message{Role: llm.RoleTool, Tool: llm.QuotationTool, Text: "Quotation 1: 20 m."})
	require.Equal(t, "Quotation 1: 20 m.", out.Text)
}

func TestPiecesAddUpToTheAnswer(t *testing.T) {
	t.Parallel()
	text := ""
	out, err := setup().Generate(t.Context(), llm.Request{Tools: tools, Messages: []llm.Message{
		user("Which endurance classes do control valves have?"),
		found(t, llm.Passage{DocumentID: "a", Text: "Control valves have endurance class CC1. Control valves have endurance class CC2."}),
	}}, func(p string) { text += p })
	require.NoError(t, err)
	require.Equal(t, "Control valves have endurance class CC1 [a]. Control valves have endurance class CC2 [a].", out.Text)
	require.Equal(t, out.Text, text)
	require.Positive(t, out.Usage.OutputTokens)
}

func FuzzAnyTextIsAnswered(f *testing.F) {
	f.Add("How many cycles does API 622 run?", "API 622 runs 1,510 cycles. See [1].")
	f.Add("", "# \n- \n|")
	f.Add("Is it 1.78e-7?", "e.g. Dr. No. 1 said: \"No!\" (Then)")
	f.Fuzz(func(t *testing.T, question, text string) {
		out := generate(t, user(question), llm.Message{Role: llm.RoleTool, Tool: llm.LookupTool}, found(t, llm.Passage{DocumentID: "a", Text: text}))
		if len(out.Calls) == 0 && out.Text == "" {
			t.Fatal("neither a call nor an answer")
		}
	})
}
