package tool

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/schemas/event"
)

const (
	maxItems    = 50
	maxQuantity = 1e6
)

type quotationArgs struct {
	Customer string `json:"customer"`
	Items    []struct {
		Style    string  `json:"style"`
		Quantity float64 `json:"quantity"`
	} `json:"items"`
}

// Quotation returns generate_quotation over the price list of a pack.
func Quotation(pack *domain.Pack) Tool {
	return Tool{
		Tool: llm.Tool{
			Name:        llm.QuotationTool,
			Description: "Generates a quotation for styles of the price list. A person approves it first.",
			InputSchema: json.RawMessage(`{"type":"object","properties":{"customer":{"type":"string"},"items":{"type":"array","items":{"type":"object","properties":{"style":{"type":"string"},"quantity":{"type":"number","exclusiveMinimum":0}},"required":["style","quantity"]}}},"required":["items"]}`),
		},
		Sensitive:  true,
		Idempotent: true, // the event in the outbox is the whole effect
		Check: func(arguments json.RawMessage) (string, error) {
			q, err := quote(pack, arguments)
			if err != nil {
				return "", err
			}
			return "Send this quotation: " + summary(q), nil
		},
		Call: func(_ context.Context, in Invocation) (Result, error) {
			q, err := quote(pack, in.Arguments)
			if err != nil {
				return Result{}, err
			}
			q.QuotationId = event.DeriveID(in.CallID, llm.QuotationTool, 0)
			q.ThreadId, q.QueryId, q.TraceId = in.ThreadID, in.QueryID, in.TraceID
			text := fmt.Sprintf("Quotation %s: %s", q.GetQuotationId(), summary(q))
			if pack.Maker != "" {
				text += " The price list is that of " + pack.Maker + "."
			}
			data, err := encode(map[string]any{"quotation_id": q.GetQuotationId(), "total_minor": q.GetTotalMinor(), "currency": q.GetCurrency()})
			return Result{Text: text, Data: data, Effects: []proto.Message{q}}, err
		},
	}
}

// quote prices the items. Amounts are rounded once for each line, to hundredths.
func quote(pack *domain.Pack, arguments json.RawMessage) (*event.QuotationGenerated, error) {
	var args quotationArgs
	if err := decode(arguments, &args); err != nil {
		return nil, err
	}
	if len(args.Items) == 0 || len(args.Items) > maxItems {
		return nil, badArgument("items must have 1 to %d entries", maxItems)
	}
	q := &event.QuotationGenerated{Customer: args.Customer}
	for _, item := range args.Items {
		p, ok := pack.Product(item.Style)
		if !ok {
			return nil, badArgument("style %q is not in the price list", item.Style)
		}
		if !(item.Quantity > 0 && item.Quantity <= maxQuantity) {
			return nil, badArgument("quantity of %s must be above 0 and at most %.0f", p.Code, maxQuantity)
		}
		if q.GetCurrency() != "" && q.GetCurrency() != p.Currency {
			return nil, badArgument("items are priced in %s and in %s: quote them apart", q.GetCurrency(), p.Currency)
		}
		unit := int64(math.Round(p.Price * 100))
		q.Items = append(q.Items, &event.QuotationItem{
			Style: p.Code, Description: p.Description, Quantity: item.Quantity, Unit: p.Unit, UnitPriceMinor: unit,
		})
		q.Currency = p.Currency
		q.TotalMinor += int64(math.Round(float64(unit) * item.Quantity))
		q.LeadTimeDays = max(q.GetLeadTimeDays(), int32(p.LeadTimeDays)) //nolint:gosec // days of a price list
	}
	return q, nil
}

func summary(q *event.QuotationGenerated) string {
	var lines []string
	for _, i := range q.GetItems() {
		lines = append(lines, fmt.Sprintf("%g %s of %s (%s) at %s", i.GetQuantity(), i.GetUnit(), i.GetStyle(), i.GetDescription(), money(i.GetUnitPriceMinor(), q.GetCurrency())))
	}
	to := ""
	if q.GetCustomer() != "" {
		to = " for " + q.GetCustomer()
	}
	return fmt.Sprintf("%s%s, total %s, lead time %d days.", strings.Join(lines, "; "), to, money(q.GetTotalMinor(), q.GetCurrency()), q.GetLeadTimeDays())
}

func money(minor int64, currency string) string {
	return fmt.Sprintf("%s %d.%02d", currency, minor/100, minor%100)
}
