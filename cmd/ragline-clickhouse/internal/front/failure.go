package front

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/chdb"
	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/wire"
)

// refuse builds an error in the engine's own form, so that clients need one parser.
func refuse(code int, name, format string, args ...any) *chdb.Exception {
	return &chdb.Exception{
		Code: code,
		Text: fmt.Sprintf("Code: %d. DB::Exception: %s. (%s)", code, fmt.Sprintf(format, args...), name),
	}
}

func asException(err error) *chdb.Exception {
	var e *chdb.Exception
	if errors.As(err, &e) {
		return e
	}
	return refuse(wire.CodeUnknownException, "UNKNOWN_EXCEPTION", "%s", err)
}

// writeFailure answers a request whose response has not begun.
func writeFailure(w http.ResponseWriter, err error) {
	e := asException(err)
	h := w.Header()
	h.Del("Content-Encoding")
	h.Del("X-ClickHouse-Exception-Tag")
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	h.Set("X-ClickHouse-Exception-Code", strconv.Itoa(e.Code))
	w.WriteHeader(wire.HTTPStatus(e.Code))
	_, _ = fmt.Fprintln(w, e.Text)
}

const (
	drainLimit = 1 << 30
	drainTime  = 10 * time.Second
)

// drainBody reads what a client still sends before it is told of a failure.
// Otherwise net/http closes the connection under it, and a batch with one bad row looks like a broken network.
func drainBody(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(drainTime))
	_, _ = io.CopyN(io.Discard, r.Body, drainLimit)
	_ = control.SetReadDeadline(time.Time{})
}
