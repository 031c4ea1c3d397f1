package otlp

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// answer is what a collector says about a request that it took: its partial success.
type answer struct {
	rejected int64
	message  string
}

// readSuccess reads ExportTraceServiceResponse or its twin for logs, which have one wire format. By hand: the
// generated package brings all of gRPC into the binary. Some collectors answer with something else, which
// says nothing.
func readSuccess(resp *http.Response, data []byte) answer {
	if !isProtobuf(resp) {
		return answer{}
	}
	partial, _ := field(data, 1)
	rejected, _ := number(partial, 1)
	message, _ := field(partial, 2)
	return answer{rejected: max(rejected, 0), message: text(message)}
}

// readFailure returns the reason: google.rpc.Status in protobuf, or whatever text it is.
func readFailure(resp *http.Response, data []byte) string {
	if isProtobuf(resp) {
		message, _ := field(data, 2)
		return text(message)
	}
	return text(data)
}

func isProtobuf(resp *http.Response) bool {
	mediaType, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	return strings.TrimSpace(mediaType) == "application/x-protobuf"
}

// field returns the last length-delimited field with the number.
func field(data []byte, want protowire.Number) (value []byte, ok bool) {
	walk(data, func(n protowire.Number, typ protowire.Type, raw []byte) {
		if n == want && typ == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(raw)
			ok = true
		}
	})
	return value, ok
}

// number returns the last varint field with the number.
func number(data []byte, want protowire.Number) (value int64, ok bool) {
	walk(data, func(n protowire.Number, typ protowire.Type, raw []byte) {
		if n == want && typ == protowire.VarintType {
			v, _ := protowire.ConsumeVarint(raw)
			value, ok = int64(v), true
		}
	})
	return value, ok
}

func walk(data []byte, visit func(protowire.Number, protowire.Type, []byte)) {
	for len(data) > 0 {
		n, typ, tag := protowire.ConsumeTag(data)
		if tag < 0 {
			return
		}
		size := protowire.ConsumeFieldValue(n, typ, data[tag:])
		if size < 0 {
			return
		}
		visit(n, typ, data[tag:tag+size])
		data = data[tag+size:]
	}
}

// text makes one short line of an answer: it ends in logs and dead letters.
func text(data []byte) string {
	s := strings.Join(strings.Fields(strings.ToValidUTF8(string(data), "?")), " ")
	const limit = 300
	if len(s) <= limit {
		return s
	}
	cut := limit
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
