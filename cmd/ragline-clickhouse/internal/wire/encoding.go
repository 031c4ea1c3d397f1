package wire

import (
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// ErrEncoding says that a Content-Encoding is not spoken here.
var ErrEncoding = errors.New("unknown Content-Encoding")

// Decode undoes a request's Content-Encoding. The caller closes what it gets, not the body.
func Decode(body io.Reader, encoding string) (io.ReadCloser, error) {
	decoded, err := decoder(body, strings.ToLower(encoding))
	if err != nil {
		return nil, fmt.Errorf("decoding a %s body: %w", encoding, err)
	}
	return decoded, nil
}

func decoder(body io.Reader, encoding string) (io.ReadCloser, error) {
	switch encoding {
	case "", "identity":
		return io.NopCloser(body), nil
	case "gzip", "x-gzip":
		r, err := gzip.NewReader(body)
		return drained{r, body}, err
	case "deflate": // HTTP's deflate is zlib framing
		r, err := zlib.NewReader(body)
		return drained{r, body}, err
	case "br":
		return drained{io.NopCloser(brotli.NewReader(body)), body}, nil
	case "zstd":
		r, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return drained{r.IOReadCloser(), body}, nil
	}
	return nil, ErrEncoding
}

// drained reads the body to its own end after the decoder's:
// a decoder stops at its checksum and would not notice that the sender died before the last chunk.
type drained struct {
	io.ReadCloser
	body io.Reader
}

func (d drained) Read(p []byte) (int, error) {
	n, err := d.ReadCloser.Read(p)
	if err == io.EOF { // only the plain io.EOF is a clean end
		if _, rest := io.Copy(io.Discard, d.body); rest != nil {
			return n, rest
		}
	}
	return n, err
}

// Encoder picks a response encoding that the client accepts; the name is empty for none.
// Speed before size: the peer is on the same machine.
func Encoder(out io.Writer, accept string) (name string, w io.WriteCloser) {
	for part := range strings.SplitSeq(accept, ",") {
		coding, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		switch strings.ToLower(coding) {
		case "gzip":
			w, _ := gzip.NewWriterLevel(out, gzip.BestSpeed)
			return "gzip", w
		case "deflate":
			w, _ := zlib.NewWriterLevel(out, zlib.BestSpeed)
			return "deflate", w
		case "br":
			return "br", brotli.NewWriterLevel(out, brotli.BestSpeed)
		case "zstd":
			if w, err := zstd.NewWriter(out, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest)); err == nil {
				return "zstd", w
			}
		}
	}
	return "", nil
}
