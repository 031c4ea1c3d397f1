package extractive

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"github.com/ragline/ragline/consumers/internal/llm"
)

var (
	quotationAsked = regexp.MustCompile(`(?i)\b(quotations?|quotes?|offers?)\b`)
	enquiryAsked   = regexp.MustCompile(`(?i)\b(send|submit|raise|forward|place|make|file)\b.{0,40}\b(enquiry|inquiry|enquiries|inquiries)\b`)
	email          = regexp.MustCompile(`[\w.+-]+@[\w-]+(?:\.[\w-]+)+`)
	customerNamed  = regexp.MustCompile(`\b(?:for|from|customer|company)\s+((?:[A-Z][\w&.-]*\s?)+)`)
	subjectNamed   = regexp.MustCompile(`(?i)\b(?:about|regarding|concerning|on)\s+(.+?)(?:[.?!]?\s*$|\s+(?:for|from|to)\s+[A-Z]|[.?!]\s)`)
	quantityWords  = `(\d[\d,]*(?:\.\d+)?)\s*(?:x|×|m|metres?|meters?|pieces?|pcs?|sets?|units?|off)?\s*(?:of\s+)?(?:style\s+)?`
)

// item is a line of a quotation that is asked for.
type item struct {
	Style    string  `json:"style"`
	Quantity float64 `json:"quantity"`
}

// action returns the call that a request asks for in so many words, or nil when it is a question.
func (m *Model) action(text string) *llm.Call {
	if enquiryAsked.MatchString(text) {
		return call(llm.EnquiryTool, map[string]any{
			"subject": subject(text), "message": text, "customer": customer(text), "contact": email.FindString(text),
		})
	}
	if !quotationAsked.MatchString(text) {
		return nil
	}
	items := m.items(text)
	if len(items) == 0 {
		return nil
	}
	return call(llm.QuotationTool, map[string]any{"customer": customer(text), "items": items})
}

// items finds every known style with a quantity before it, or after it as in "NS-P101, quantity 20".
func (m *Model) items(text string) []item {
	var out []item
	for _, s := range m.styles {
		n := s.before.FindStringSubmatch(text)
		if n == nil {
			n = s.after.FindStringSubmatch(text)
		}
		if n == nil {
			continue
		}
		quantity, err := strconv.ParseFloat(strings.ReplaceAll(n[1], ",", ""), 64)
		if err == nil && quantity > 0 {
			out = append(out, item{Style: s.code, Quantity: quantity})
		}
	}
	return out
}

// style is a product code with the patterns of its quantity.
type style struct {
	code          string
	before, after *regexp.Regexp
}

func newStyle(code string) style {
	quoted := regexp.QuoteMeta(code)
	return style{
		code:   code,
		before: regexp.MustCompile(`(?i)(?:^|[^\w-])` + quantityWords + quoted + `\b`),
		after:  regexp.MustCompile(`(?i)\b` + quoted + `\W{1,3}(?:(?:quantity|qty|x|×|,|:)\W{0,2})+(\d[\d,]*(?:\.\d+)?)`),
	}
}

func customer(text string) string {
	for _, m := range customerNamed.FindAllStringSubmatch(text, -1) {
		name := strings.TrimRight(strings.TrimSpace(m[1]), ".,")
		if !strings.ContainsAny(name, "0123456789") {
			return name
		}
	}
	return ""
}

func subject(text string) string {
	if m := subjectNamed.FindStringSubmatch(text); m != nil {
		return strings.TrimSpace(m[1])
	}
	return "Enquiry"
}

func call(tool string, arguments map[string]any) *llm.Call {
	for k, v := range arguments {
		if v == "" {
			delete(arguments, k)
		}
	}
	raw, _ := json.Marshal(arguments) //nolint:errchkjson // strings and numbers always have a JSON form
	return &llm.Call{Tool: tool, Arguments: raw}
}
