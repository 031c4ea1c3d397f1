package front

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/chdb"
	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/wire"
)

// errResponded says that the response has begun, so that its error was told in it or cannot be told.
var errResponded = errors.New("the response has begun")

// response writes a result through ClickHouse frames (compress=1) and an HTTP encoding, as asked.
type response struct {
	http     http.ResponseWriter
	tag      string
	begun    bool
	encoding io.WriteCloser    // HTTP compression, nil for none
	raw      io.Writer         // below the frames
	frames   *wire.FrameWriter // nil without compress=1
	req      *request
}

func newResponse(w http.ResponseWriter, req *request) *response {
	return &response{http: w, req: req, tag: wire.NewExceptionTag()}
}

// begin sends the headers; after it errors go into the body.
func (o *response) begin(format string, stats *chdb.Stats) {
	o.begun = true
	h := o.http.Header()
	h.Set("Content-Type", contentType(format))
	h.Set("X-ClickHouse-Format", format)
	h.Set("X-ClickHouse-Exception-Tag", o.tag)
	if stats != nil {
		h.Set("X-ClickHouse-Summary", summary(*stats))
	}
	o.raw = o.http
	if name, w := wire.Encoder(o.http, o.req.acceptEncoding); w != nil {
		h.Set("Content-Encoding", name)
		o.encoding, o.raw = w, w
	}
	if o.req.compress {
		o.frames = wire.NewFrameWriter(o.raw, o.req.compressMethod)
	}
	o.http.WriteHeader(http.StatusOK)
}

func (o *response) write(p []byte) error {
	var err error
	if o.frames != nil {
		_, err = o.frames.Write(p)
	} else {
		_, err = o.raw.Write(p)
	}
	if err != nil {
		return fmt.Errorf("sending the result: %w", err)
	}
	return nil
}

// flush sends what is buffered, so that a slow query's rows arrive as they come.
func (o *response) flush() error {
	if o.frames != nil {
		if err := o.frames.Flush(); err != nil {
			return err
		}
	}
	if f, ok := o.encoding.(interface{ Flush() error }); ok {
		if err := f.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(o.http).Flush()
}

// end completes the body.
func (o *response) end() error {
	if o.frames != nil {
		if err := o.frames.Flush(); err != nil {
			return err
		}
	}
	if o.encoding != nil {
		return o.encoding.Close()
	}
	return nil
}

// fail reports an error: by status as long as nothing was sent, by an exception block afterwards.
func (o *response) fail(err error) error {
	if !o.begun {
		return err
	}
	if o.frames != nil {
		_ = o.frames.Flush()
	}
	_ = wire.WriteException(o.raw, o.tag, asException(err).Text)
	if o.encoding != nil {
		_ = o.encoding.Close()
	}
	return errResponded
}

func (o *response) hello(hello wire.Hello, revision int) error {
	block, err := hello.Encode(revision)
	if err != nil {
		return err
	}
	o.begin("Native", nil)
	if err := o.write(block); err != nil {
		return errResponded
	}
	_ = o.end()
	return nil
}

func summary(s chdb.Stats) string {
	return fmt.Sprintf(`{"read_rows":"%d","read_bytes":"%d","written_rows":"%d","result_rows":"%d","elapsed_ns":"%d"}`,
		s.ReadRows, s.ReadBytes, s.WrittenRows, s.ResultRows, s.Elapsed.Nanoseconds())
}

func contentType(format string) string {
	switch {
	case format == "JSONEachRow", format == "JSONLines", format == "NDJSON":
		return "application/x-ndjson; charset=UTF-8"
	case strings.HasPrefix(format, "JSON"):
		return "application/json; charset=UTF-8"
	case strings.HasPrefix(format, "CSV"):
		return "text/csv; charset=UTF-8; header=absent"
	case strings.HasPrefix(format, "TabSeparated"), strings.HasPrefix(format, "TSV"):
		return "text/tab-separated-values; charset=UTF-8"
	case strings.HasPrefix(format, "Pretty"), format == "Vertical":
		return "text/plain; charset=UTF-8"
	}
	return "application/octet-stream"
}
