package warehouse

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/ClickHouse/ch-go/proto"
)

// spareBodies are kept between inserts.
const spareBodies = 5

// body is the data of an insert. Its bytes are worth using again: fresh megabytes for every insert cost more than what
// is written into them. A server may answer while the transport still reads, so it is free only when whoever filled it
// has released it and the transport has closed every reader.
type body struct {
	proto.Buffer
	users atomic.Int32
	home  chan<- *body
}

// newBody returns an empty body, of which the caller is the first user.
func (w *Warehouse) newBody() *body {
	var b *body
	select {
	case b = <-w.bodies:
		b.Reset()
	default:
		b = &body{home: w.bodies}
	}
	b.users.Store(1)
	return b
}

// bodyOf returns a body that is not used again.
func (w *Warehouse) bodyOf(text []byte) *body {
	b := w.newBody()
	b.PutRaw(text)
	return b
}

func (b *body) release() {
	if b.users.Add(-1) > 0 {
		return
	}
	select {
	case b.home <- b:
	default:
	}
}

// attach makes b the body of a request, which the transport may have to send again over another connection.
func (b *body) attach(req *http.Request) {
	req.ContentLength = int64(len(b.Buf))
	req.GetBody = func() (io.ReadCloser, error) { return b.reader(), nil }
	req.Body = b.reader()
}

func (b *body) reader() io.ReadCloser {
	b.users.Add(1)
	r := &bodyReader{of: b}
	r.left.Reset(b.Buf)
	return r
}

// bodyReader reads nothing once it is closed, whatever the order in which a transport that was cancelled does the two.
type bodyReader struct {
	mu   sync.Mutex
	left bytes.Reader
	of   *body // nil once closed
}

func (r *bodyReader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		return 0, http.ErrBodyReadAfterClose
	}
	return r.left.Read(p)
}

// Close may be called more than once.
func (r *bodyReader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of != nil {
		r.of.release()
		r.of = nil
	}
	return nil
}
