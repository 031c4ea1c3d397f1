package httpapi

import (
	"bytes"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// Gzip packs bodies. The zero value is ready; a writer costs 800 kB, so it keeps those that it made.
type Gzip struct{ writers sync.Pool }

// Pack returns body packed.
func (g *Gzip) Pack(body []byte) []byte {
	packed := bytes.NewBuffer(make([]byte, 0, len(body)/4+512))
	w, ok := g.writers.Get().(*gzip.Writer)
	if !ok {
		w, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is known
	}
	w.Reset(packed)
	_, _ = w.Write(body) // a buffer takes everything
	_ = w.Close()
	g.writers.Put(w)
	return packed.Bytes()
}
