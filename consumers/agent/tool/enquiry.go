package tool

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/schemas/event"
)

// maxMessage bounds an enquiry in bytes.
const maxMessage = 16 << 10

type enquiryArgs struct {
	Customer string `json:"customer"`
	Contact  string `json:"contact"`
	Subject  string `json:"subject"`
	Message  string `json:"message"`
}

// Enquiry returns submit_enquiry.
func Enquiry() Tool {
	return Tool{
		Tool: llm.Tool{
			Name:        llm.EnquiryTool,
			Description: "Passes an enquiry on to the sales team. A person approves it first.",
			InputSchema: json.RawMessage(`{"type":"object","properties":{"customer":{"type":"string"},"contact":{"type":"string"},"subject":{"type":"string"},"message":{"type":"string"}},"required":["message"]}`),
		},
		Sensitive:  true,
		Idempotent: true, // the event in the outbox is the whole effect
		Check: func(arguments json.RawMessage) (string, error) {
			args, err := enquiry(arguments)
			if err != nil {
				return "", err
			}
			return fmt.Sprintf("Send this enquiry to the sales team: %s: %s", args.Subject, args.Message), nil
		},
		Call: func(_ context.Context, in Invocation) (Result, error) {
			args, err := enquiry(in.Arguments)
			if err != nil {
				return Result{}, err
			}
			e := &event.EnquirySubmitted{
				EnquiryId: event.DeriveID(in.CallID, llm.EnquiryTool, 0),
				ThreadId:  in.ThreadID, QueryId: in.QueryID, TraceId: in.TraceID,
				Customer: args.Customer, Contact: args.Contact, Subject: args.Subject, Message: args.Message,
			}
			data, err := encode(map[string]string{"enquiry_id": e.GetEnquiryId()})
			text := fmt.Sprintf("Enquiry %s has been sent to the sales team: %s.", e.GetEnquiryId(), args.Subject)
			return Result{Text: text, Data: data, Effects: []proto.Message{e}}, err
		},
	}
}

func enquiry(arguments json.RawMessage) (enquiryArgs, error) {
	var args enquiryArgs
	if err := decode(arguments, &args); err != nil {
		return args, err
	}
	if strings.TrimSpace(args.Message) == "" || len(args.Message) > maxMessage {
		return args, badArgument("message must have 1 to %d bytes", maxMessage)
	}
	if args.Subject == "" {
		args.Subject = "Enquiry"
	}
	return args, nil
}
