package sink

import (
	"encoding/binary"

	"github.com/ClickHouse/ch-go/proto"
)

// textColumn is String in the form in which it is sent: each value behind its length. So encoding it is one copy.
type textColumn struct {
	buf  []byte
	rows int
}

func text() proto.ColumnOf[string] { return new(textColumn) }

func (*textColumn) Type() proto.ColumnType { return proto.ColumnTypeString }

func (c *textColumn) Append(v string) {
	c.buf = binary.AppendUvarint(c.buf, uint64(len(v)))
	c.buf = append(c.buf, v...)
	c.rows++
}

func (c *textColumn) AppendArr(values []string) {
	for _, v := range values {
		c.Append(v)
	}
}

func (c *textColumn) Rows() int { return c.rows }

func (c *textColumn) Reset() { c.buf, c.rows = c.buf[:0], 0 }

func (c *textColumn) EncodeColumn(b *proto.Buffer) { b.PutRaw(c.buf) }

func (c *textColumn) WriteColumn(w *proto.Writer) { w.ChainWrite(c.buf) }

// Row walks to the value: nothing that writes needs it.
func (c *textColumn) Row(i int) string {
	left := c.buf
	for ; ; i-- {
		n, size := binary.Uvarint(left)
		if i == 0 {
			return string(left[size : size+int(n)])
		}
		left = left[size+int(n):]
	}
}

// DecodeColumn is there for the interface.
func (c *textColumn) DecodeColumn(*proto.Reader, int) error { return errWriteOnly }
