package sink

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// Bounds below which the contract's own check has nothing to say about a span.
const (
	maxIDBytes   = event.MaxIDBytes
	maxTags      = event.MaxTags
	maxEventID   = 200
	traceIDBytes = 32
	spanIDBytes  = 16
)

// spanDecoder turns the bytes of sound spans into rows without the message in between: strings alias the record, and
// the span is good until the next call. Whatever it does not take goes the usual way, so what is wrong with a record
// is said in one place. A fuzz test holds the two against each other.
type spanDecoder struct {
	one    span
	digits []byte
}

const (
	digitsAtOnce = 16 << 10
	fewPairs     = 64 // from there on it pays to sort in earnest
)

// decode reports false for a record that has to go the usual way.
func (d *spanDecoder) decode(r event.Record) (e event.Event, s *span, ok bool) {
	if r.Topic != topic.Spans || r.Value == nil || len(r.Value) > event.MaxValueBytes || !utf8.Valid(r.Key) {
		return e, nil, false
	}
	if e, ok = spanEnvelope(r); !ok {
		return e, nil, false
	}
	s = &d.one
	*s = span{attributes: s.attributes[:0], resource: s.resource[:0], tags: s.tags[:0], events: s.events[:0]}
	w := wire{left: r.Value}
	d.span(&w, s)
	return e, s, !w.bad && sound(s)
}

// spanEnvelope is the envelope of a record with all attributes in their usual form.
func spanEnvelope(r event.Record) (e event.Event, ok bool) {
	e.Position = event.Position{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset}
	e.Time = r.Timestamp.UTC()
	const id, typ, source, tenant, parent, at, content = 1, 2, 4, 8, 16, 32, 64
	seen := 0
	first := func(bit int) bool { // the first header of a name counts
		is := seen&bit == 0
		seen |= bit
		return is
	}
	for _, h := range r.Headers {
		switch h.Key {
		case event.HeaderID:
			if first(id) {
				e.ID = alias(h.Value)
			}
		case event.HeaderType:
			if first(typ) {
				e.Type = alias(h.Value)
			}
		case event.HeaderSource:
			if first(source) {
				e.Source = alias(h.Value)
			}
		case event.HeaderSubject:
			if first(tenant) {
				e.Tenant = alias(h.Value)
			}
		case event.HeaderTraceParent:
			if first(parent) {
				e.TraceParent = alias(h.Value)
			}
		case event.HeaderTime:
			if first(at) {
				if t, err := time.Parse(time.RFC3339Nano, alias(h.Value)); err == nil {
					e.Time = t.UTC()
				}
			}
		case event.HeaderContentType:
			if first(content) && alias(h.Value) != event.ContentTypeProtobuf {
				return e, false
			}
		}
	}
	ok = seen&content != 0 && e.Type == spanType && e.ID != "" && len(e.ID) <= maxEventID && e.Tenant != "" &&
		utf8.ValidString(e.ID) && utf8.ValidString(e.Tenant) && utf8.ValidString(e.Source)
	return e, ok
}

const spanType = "span.ended.v1"

func (d *spanDecoder) span(w *wire, s *span) {
	for f, ok := w.next(); ok; f, ok = w.next() {
		switch f.tag {
		case bytesTag(1):
			s.traceID = w.text(f.data)
		case bytesTag(2):
			s.spanID = w.text(f.data)
		case bytesTag(3):
			s.parentSpanID = w.text(f.data)
		case bytesTag(4):
			s.name = w.text(f.data)
		case varintTag(5):
			s.kind = event.SpanKind(int32(f.number))
		case bytesTag(6):
			s.operation = w.text(f.data)
		case bytesTag(7):
			w.stamp(f.data, &s.start)
		case bytesTag(8):
			w.stamp(f.data, &s.end)
		case varintTag(9):
			s.status = event.StatusCode(int32(f.number))
		case bytesTag(10):
			s.statusMessage = w.text(f.data)
		case bytesTag(11):
			s.provider = w.text(f.data)
		case bytesTag(12):
			s.model = w.text(f.data)
		case bytesTag(13):
			w.usage(f.data, s)
		case bytesTag(14):
			w.cost(f.data, s)
		case bytesTag(15):
			s.input = w.text(f.data)
		case bytesTag(16):
			s.output = w.text(f.data)
		case bytesTag(17):
			s.attributes = append(s.attributes, d.attribute(w, f.data))
		case bytesTag(18):
			s.events = append(s.events, d.event(w, f.data))
		case bytesTag(19):
			s.resource = append(s.resource, w.entry(f.data))
		case bytesTag(20):
			s.threadID = w.text(f.data)
		case bytesTag(21):
			s.queryID = w.text(f.data)
		case bytesTag(22):
			d.origin(w, f.data, s)
		case bytesTag(23):
			w.stamp(f.data, &s.firstToken)
		}
	}
	s.attributes = ordered(s.attributes)
	s.resource = ordered(s.resource)
}

func (w *wire) stamp(data []byte, s *stamp) {
	s.set = true
	in := wire{left: data}
	for f, ok := in.next(); ok; f, ok = in.next() {
		switch f.tag {
		case varintTag(1):
			s.seconds = int64(f.number)
		case varintTag(2):
			s.nanos = int32(f.number)
		}
	}
	w.bad = w.bad || in.bad
}

func (w *wire) usage(data []byte, s *span) {
	in := wire{left: data}
	for f, ok := in.next(); ok; f, ok = in.next() {
		switch f.tag {
		case varintTag(1):
			s.inputTokens = int64(f.number)
		case varintTag(2):
			s.outputTokens = int64(f.number)
		case varintTag(3):
			s.cacheReadTokens = int64(f.number)
		case varintTag(4):
			s.cacheCreationTokens = int64(f.number)
		case varintTag(5):
			s.reasoningTokens = int64(f.number)
		}
	}
	w.bad = w.bad || in.bad
}

func (w *wire) cost(data []byte, s *span) {
	s.priced = true
	in := wire{left: data}
	for f, ok := in.next(); ok; f, ok = in.next() {
		switch f.tag {
		case varintTag(1):
			s.picoUSD = int64(f.number)
		case bytesTag(2):
			s.priceTable = in.text(f.data)
		}
	}
	w.bad = w.bad || in.bad
}

func (d *spanDecoder) origin(w *wire, data []byte, s *span) {
	in := wire{left: data}
	for f, ok := in.next(); ok; f, ok = in.next() {
		switch f.tag {
		case bytesTag(1):
			s.userID = in.text(f.data)
		case bytesTag(2):
			s.sessionID = in.text(f.data)
		case bytesTag(3):
			s.environment = in.text(f.data)
		case bytesTag(4):
			s.tags = append(s.tags, in.text(f.data))
		}
	}
	w.bad = w.bad || in.bad
}

func (d *spanDecoder) event(w *wire, data []byte) (e spanEvent) {
	in := wire{left: data}
	for f, ok := in.next(); ok; f, ok = in.next() {
		switch f.tag {
		case bytesTag(1):
			in.stamp(f.data, &e.time)
		case bytesTag(2):
			e.name = in.text(f.data)
		case bytesTag(3):
			e.attributes = append(e.attributes, d.attribute(&in, f.data))
		}
	}
	e.attributes = ordered(e.attributes)
	w.bad = w.bad || in.bad
	return e
}

// entry is an entry of a map of strings.
func (w *wire) entry(data []byte) (p pair[string]) {
	in := wire{left: data}
	for f, ok := in.next(); ok; f, ok = in.next() {
		switch f.tag {
		case bytesTag(1):
			p.Key = in.text(f.data)
		case bytesTag(2):
			p.Value = in.text(f.data)
		}
	}
	w.bad = w.bad || in.bad
	return p
}

// attribute is an entry of a map of attribute values, as text.
func (d *spanDecoder) attribute(w *wire, data []byte) (p pair[string]) {
	in := wire{left: data}
	for f, ok := in.next(); ok; f, ok = in.next() {
		switch f.tag {
		case bytesTag(1):
			p.Key = in.text(f.data)
		case bytesTag(2):
			d.value(&in, f.data, &p.Value)
		}
	}
	w.bad = w.bad || in.bad
	return p
}

func (d *spanDecoder) value(w *wire, data []byte, to *string) {
	in := wire{left: data}
	for f, ok := in.next(); ok; f, ok = in.next() {
		switch f.tag {
		case bytesTag(1), bytesTag(5):
			*to = in.text(f.data)
		case varintTag(2):
			*to = d.written(func(b []byte) []byte { return strconv.AppendInt(b, int64(f.number), 10) })
		case fixed64Tag(3):
			*to = d.written(func(b []byte) []byte { return strconv.AppendFloat(b, math.Float64frombits(f.number), 'g', -1, 64) })
		case varintTag(4):
			*to = strconv.FormatBool(f.number != 0)
		}
	}
	w.bad = w.bad || in.bad
}

// written is a number as text, cut from a larger slice.
func (d *spanDecoder) written(write func([]byte) []byte) string {
	if cap(d.digits)-len(d.digits) < 32 {
		d.digits = make([]byte, 0, digitsAtOnce)
	}
	start := len(d.digits)
	d.digits = write(d.digits)
	return alias(d.digits[start:])
}

// ordered sorts by key, and of a key that is there twice keeps the last, as the protobuf runtime does.
func ordered(list []pair[string]) []pair[string] {
	if len(list) > fewPairs {
		slices.SortStableFunc(list, func(a, b pair[string]) int { return strings.Compare(a.Key, b.Key) })
	} else {
		for i := 1; i < len(list); i++ {
			for j := i; j > 0 && list[j].Key < list[j-1].Key; j-- {
				list[j], list[j-1] = list[j-1], list[j]
			}
		}
	}
	kept := list[:0]
	for i, p := range list {
		if i+1 == len(list) || list[i+1].Key != p.Key {
			kept = append(kept, p)
		}
	}
	return kept
}

// sound says that the contract's checks find nothing. It may be stricter than they are.
func sound(s *span) bool {
	return hexID(s.traceID, traceIDBytes) && hexID(s.spanID, spanIDBytes) && (s.parentSpanID == "" || hexID(s.parentSpanID, spanIDBytes)) &&
		s.name != "" && s.name[0] > ' ' && s.name[0] < utf8.RuneSelf && s.start.sound() && s.end.sound() &&
		len(s.threadID) <= maxIDBytes && len(s.queryID) <= maxIDBytes && len(s.userID) <= maxIDBytes &&
		len(s.sessionID) <= maxIDBytes && len(s.environment) <= maxIDBytes && len(s.tags) <= maxTags &&
		!slices.ContainsFunc(s.tags, func(tag string) bool { return len(tag) > maxIDBytes })
}

func (s stamp) sound() bool {
	return s.set && s.seconds >= earliestSecond && s.seconds < endSecond && s.nanos >= 0 && s.nanos < 1e9
}

// hexID is for ids of lower-case hex digits that are not all zero.
func hexID(s string, digits int) bool {
	if len(s) != digits {
		return false
	}
	any := byte(0)
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
		any |= c - '0'
	}
	return any != 0
}
