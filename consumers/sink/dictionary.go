package sink

import (
	"errors"
	"math"

	"github.com/ClickHouse/ch-go/proto"
)

var errWriteOnly = errors.New("the column is for writing")

// dictionary is LowCardinality(String): a value is looked up when it is appended, so that neither the value nor a
// pointer to it is kept for every row, as ch-go's own column does.
type dictionary struct {
	proto.ColLowCardinalityRaw // as it is encoded; Prepare fills its keys

	words *proto.ColStr
	at    map[string]uint32
	keys  []uint32
	last  string
	key   uint32 // of last
}

func lowCardinality() proto.ColumnOf[string] {
	words := new(proto.ColStr)
	return &dictionary{ColLowCardinalityRaw: proto.ColLowCardinalityRaw{Index: words}, words: words, at: map[string]uint32{}}
}

func (c *dictionary) Append(v string) {
	if len(c.keys) == 0 || v != c.last {
		key, known := c.at[v]
		if !known {
			key = uint32(c.words.Rows())
			c.words.Append(v)
			c.last = c.words.Row(int(key)) // a copy: v may alias a record
			c.at[c.last] = key
		} else {
			c.last = v
		}
		c.key = key
	}
	c.keys = append(c.keys, c.key)
}

func (c *dictionary) AppendArr(values []string) {
	for _, v := range values {
		c.Append(v)
	}
}

func (c *dictionary) Rows() int { return len(c.keys) }

func (c *dictionary) Row(i int) string { return c.words.Row(int(c.keys[i])) }

func (c *dictionary) Reset() {
	c.ColLowCardinalityRaw.Reset()
	clear(c.at)
	c.keys, c.last = c.keys[:0], ""
}

// Prepare is called before the column is encoded.
func (c *dictionary) Prepare() error {
	switch n := c.words.Rows(); {
	case n <= math.MaxUint8+1:
		c.Key = proto.KeyUInt8
		c.Keys8 = narrowed(c.Keys8, c.keys)
	case n <= math.MaxUint16+1:
		c.Key = proto.KeyUInt16
		c.Keys16 = narrowed(c.Keys16, c.keys)
	default:
		c.Key = proto.KeyUInt32
		c.Keys32 = narrowed(c.Keys32, c.keys)
	}
	return nil
}

func narrowed[K ~uint8 | ~uint16 | ~uint32](to []K, keys []uint32) []K {
	to = to[:0]
	for _, k := range keys {
		to = append(to, K(k))
	}
	return to
}

// DecodeColumn is there for the interface.
func (c *dictionary) DecodeColumn(*proto.Reader, int) error { return errWriteOnly }
