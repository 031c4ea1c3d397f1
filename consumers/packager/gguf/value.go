package gguf

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Encode makes a key from a Go value: bool, string, uint32, int32, float32, []string.
func Encode(name string, value any) (Key, error) {
	le := binary.LittleEndian
	k := Key{Name: name, Value: value}
	head := func(kind kind) []byte { return le.AppendUint32(nil, uint32(kind)) }
	text := func(b []byte, s string) []byte { return append(le.AppendUint64(b, uint64(len(s))), s...) }
	switch v := value.(type) {
	case bool:
		k.raw = append(head(kindBool), 0)
		if v {
			k.raw[4] = 1
		}
	case string:
		k.raw = text(head(kindString), v)
	case uint32:
		k.Value, k.raw = uint64(v), le.AppendUint32(head(kindUint32), v)
	case int32:
		k.Value, k.raw = int64(v), le.AppendUint32(head(kindInt32), uint32(v))
	case float32:
		k.Value, k.raw = float64(v), le.AppendUint32(head(kindFloat32), math.Float32bits(v))
	case []string:
		k.raw = le.AppendUint64(le.AppendUint32(head(kindArray), uint32(kindString)), uint64(len(v)))
		for _, s := range v {
			k.raw = text(k.raw, s)
		}
	default:
		return k, fmt.Errorf("encoding key %s: a value of type %T", name, value)
	}
	return k, nil
}
