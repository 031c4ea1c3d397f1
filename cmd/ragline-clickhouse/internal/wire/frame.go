package wire

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
)

// maxFrame is how much goes into one compressed frame.
const maxFrame = 1 << 20

// FrameWriter writes ClickHouse compressed frames (compress=1). Flush ends the last one.
type FrameWriter struct {
	out        io.Writer
	compressor *compress.Writer
	buf        []byte
}

// NewFrameWriter uses LZ4 unless method is ZSTD.
func NewFrameWriter(out io.Writer, method string) *FrameWriter {
	m := compress.LZ4
	if strings.EqualFold(method, "zstd") {
		m = compress.ZSTD
	}
	return &FrameWriter{out: out, compressor: compress.NewWriter(compress.LevelZero, m)}
}

func (w *FrameWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		take := min(len(p), maxFrame-len(w.buf))
		w.buf = append(w.buf, p[:take]...)
		p = p[take:]
		if len(w.buf) == maxFrame {
			if err := w.Flush(); err != nil {
				return n - len(p), err
			}
		}
	}
	return n, nil
}

// Flush writes what is buffered as one frame.
func (w *FrameWriter) Flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	if err := w.compressor.Compress(w.buf); err != nil {
		return fmt.Errorf("compressing a frame: %w", err)
	}
	w.buf = w.buf[:0]
	if _, err := w.out.Write(w.compressor.Data); err != nil {
		return fmt.Errorf("writing a frame: %w", err)
	}
	return nil
}

// frameReader reads compressed frames (decompress=1).
type frameReader struct {
	frames *compress.Reader
	raw    *countReader
}

// NewFrameReader gives io.EOF only where a frame ends;
// ch-go wraps io.EOF also when the body stops right after a frame's header.
func NewFrameReader(body io.Reader) io.Reader {
	raw := &countReader{r: body}
	return &frameReader{frames: compress.NewReader(raw), raw: raw}
}

func (f *frameReader) Read(p []byte) (int, error) {
	f.raw.n = 0
	n, err := f.frames.Read(p)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF) && f.raw.n == 0:
		return n, io.EOF
	case errors.Is(err, io.EOF):
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

type countReader struct {
	r io.Reader
	n int
}

func (c *countReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}
