package sink

import "github.com/ragline/ragline/schemas/event"

func enquiries() table {
	type m = *event.EnquirySubmitted
	return newTable("enquiries", byMonth, []column[m]{
		value("enquiry_id", text, m.GetEnquiryId),
		value("thread_id", text, m.GetThreadId),
		value("query_id", text, m.GetQueryId),
		value("trace_id", text, m.GetTraceId),
		value("customer", text, m.GetCustomer),
		value("contact", text, m.GetContact),
		value("subject", text, m.GetSubject),
		value("message", text, m.GetMessage),
	})
}

func quotations() table {
	type m = *event.QuotationGenerated
	return newTable("quotations", byMonth, []column[m]{
		value("quotation_id", text, m.GetQuotationId),
		value("thread_id", text, m.GetThreadId),
		value("query_id", text, m.GetQueryId),
		value("trace_id", text, m.GetTraceId),
		value("customer", text, m.GetCustomer),
		list("items.style", text, m.GetItems, (*event.QuotationItem).GetStyle),
		list("items.description", text, m.GetItems, (*event.QuotationItem).GetDescription),
		list("items.quantity", float64s, m.GetItems, (*event.QuotationItem).GetQuantity),
		list("items.unit", lowCardinality, m.GetItems, (*event.QuotationItem).GetUnit),
		list("items.unit_price_minor", integer64, m.GetItems, (*event.QuotationItem).GetUnitPriceMinor),
		value("total_minor", integer64, m.GetTotalMinor),
		value("currency", lowCardinality, m.GetCurrency),
		value("lead_time_days", integer32, m.GetLeadTimeDays),
	})
}
