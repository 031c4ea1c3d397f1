package otlp_test

import (
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/producers/otlp"
	"github.com/ragline/ragline/schemas/event"
)

// FuzzAnyRequestIsReadOrRefused holds that hostile requests end in an error or in events that every reader accepts,
// but for what is too large or too many.
func FuzzAnyRequestIsReadOrRefused(f *testing.F) {
	for _, name := range []string{"openinference", "openllmetry_legacy", "genai", "genai_events"} {
		raw := readFile(f, name+".otlp.json")
		f.Add(raw, true)
		req, err := otlp.DecodeTraces(raw, otlp.JSON)
		if err != nil {
			f.Fatal(err)
		}
		if raw, err = proto.Marshal(req); err != nil {
			f.Fatal(err)
		}
		f.Add(raw, false)
	}
	f.Fuzz(func(t *testing.T, body []byte, asJSON bool) {
		encoding := otlp.Protobuf
		if asJSON {
			encoding = otlp.JSON
		}
		if req, err := otlp.DecodeLogs(body, encoding); err == nil {
			check(t, reader().Logs(req))
		}
		if req, err := otlp.DecodeTraces(body, encoding); err == nil {
			check(t, reader().Traces(req))
		}
	})
}

func check(t *testing.T, batch otlp.Batch) {
	t.Helper()
	for _, e := range append(batch.Events, batch.Interactions...) {
		var refused *event.DecodeError
		if err := event.Validate(e.Message); errors.As(err, &refused) && refused.Reason != event.ReasonOversized {
			t.Fatal(err)
		}
		if e.ID == "" || e.Time.IsZero() {
			t.Fatalf("%v has no id or no time", e)
		}
	}
}
