package sink

import (
	"encoding/binary"
	"unicode/utf8"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"
)

// wire reads protobuf fields one by one. It accepts less than the protobuf runtime and never more: whatever it
// stops at (bad is set) is read again by the runtime, which says what is wrong.
type wire struct {
	left []byte
	bad  bool
}

// field is one field: number or data is set, by its type.
type wireField struct {
	tag    uint64 // as on the wire: the number times 8 plus the type
	number uint64
	data   []byte
}

// Tags as they stand on the wire.
func varintTag(n uint64) uint64  { return n<<3 | uint64(protowire.VarintType) }
func bytesTag(n uint64) uint64   { return n<<3 | uint64(protowire.BytesType) }
func fixed64Tag(n uint64) uint64 { return n<<3 | uint64(protowire.Fixed64Type) }

// next reads a field. It reports false at the end and where it stops.
func (w *wire) next() (f wireField, ok bool) {
	if len(w.left) == 0 || w.bad {
		return f, false
	}
	f.tag = w.varint()
	if n := f.tag >> 3; n == 0 || n > uint64(protowire.MaxValidNumber) {
		w.bad = true
	}
	switch protowire.Type(f.tag & 7) {
	case protowire.VarintType:
		f.number = w.varint()
	case protowire.BytesType:
		f.data = w.take(w.varint())
	case protowire.Fixed64Type:
		if b := w.take(8); b != nil {
			f.number = binary.LittleEndian.Uint64(b)
		}
	case protowire.Fixed32Type:
		w.take(4)
	default:
		w.bad = true
	}
	return f, !w.bad
}

func (w *wire) varint() uint64 {
	if len(w.left) > 0 && w.left[0] < 0x80 {
		v := uint64(w.left[0])
		w.left = w.left[1:]
		return v
	}
	v, n := protowire.ConsumeVarint(w.left)
	if n < 0 {
		w.bad = true
		return 0
	}
	w.left = w.left[n:]
	return v
}

// take never returns nil for a field that is there: an empty one is a value too.
func (w *wire) take(n uint64) []byte {
	if w.bad || n > uint64(len(w.left)) {
		w.bad = true
		return nil
	}
	b := w.left[:n:n]
	w.left = w.left[n:]
	return b
}

// text is the string of a field, without a copy.
func (w *wire) text(b []byte) string {
	if !utf8.Valid(b) {
		w.bad = true
	}
	return alias(b)
}

// alias makes a string of bytes that nobody writes to: a record's. It holds the record in memory.
func alias(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // the bytes of a record are not written to
}
