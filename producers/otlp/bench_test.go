package otlp_test

import (
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/producers/otlp"
)

// BenchmarkTraces decodes and translates requests of 512 spans, the batch of OpenTelemetry's SDKs: the four spans of a
// recorded trace again and again, each time as another trace. ns/op is for one span.
func BenchmarkTraces(b *testing.B) {
	recorded, err := otlp.DecodeTraces(readFile(b, "openinference.otlp.json"), otlp.JSON)
	if err != nil {
		b.Fatal(err)
	}
	const batch = 512
	for n := 1; n < batch/4; n++ {
		again := proto.Clone(recorded.GetResourceSpans()[0]).(*tracepb.ResourceSpans)
		for _, scope := range again.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				s.TraceId[0] = byte(n)
			}
		}
		recorded.ResourceSpans = append(recorded.ResourceSpans, again)
	}
	raw := map[otlp.Encoding][]byte{}
	for _, encoding := range []otlp.Encoding{otlp.Protobuf, otlp.JSON} {
		if raw[encoding], err = otlp.Encode(recorded, encoding); err != nil {
			b.Fatal(err)
		}
	}
	for name, encoding := range map[string]otlp.Encoding{"protobuf": otlp.Protobuf, "json": otlp.JSON} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for done := 0; done < b.N; done += batch {
				req, err := otlp.DecodeTraces(raw[encoding], encoding)
				if err != nil {
					b.Fatal(err)
				}
				reader().Traces(req)
			}
		})
	}
}
