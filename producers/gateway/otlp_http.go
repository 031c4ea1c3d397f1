package gateway

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"golang.org/x/sync/semaphore"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/producers/otlp"
)

func (g *Gateway) traces(w http.ResponseWriter, r *http.Request) {
	g.exported(w, r, func(body []byte, encoding otlp.Encoding) (proto.Message, error) {
		req, err := otlp.DecodeTraces(body, encoding)
		if err != nil {
			return nil, err
		}
		p, err := g.takeTraces(r.Context(), req)
		return tracesAnswer(p), err
	})
}

func (g *Gateway) logs(w http.ResponseWriter, r *http.Request) {
	g.exported(w, r, func(body []byte, encoding otlp.Encoding) (proto.Message, error) {
		req, err := otlp.DecodeLogs(body, encoding)
		if err != nil {
			return nil, err
		}
		p, err := g.takeLogs(r.Context(), req)
		return logsAnswer(p), err
	})
}

// exported answers an OTLP request in the form that it came in.
func (g *Gateway) exported(w http.ResponseWriter, r *http.Request, take func([]byte, otlp.Encoding) (proto.Message, error)) {
	held := &held{budget: g.buffer}
	defer held.release()
	encoding, body, err := g.otlpBody(w, r, held)
	if err != nil {
		writeOTLPStatus(w, r, asProblem(err))
		return
	}
	answer, err := take(body, encoding)
	if err != nil {
		writeOTLPStatus(w, r, asProblem(err))
		return
	}
	writeOTLP(w, http.StatusOK, encoding, answer)
}

// otlpBody reads and unpacks the body while the buffer has room for it.
func (g *Gateway) otlpBody(w http.ResponseWriter, r *http.Request, held *held) (otlp.Encoding, []byte, error) {
	encoding, ok := encodingOf(r)
	if !ok {
		return encoding, nil, problem{
			Status: http.StatusUnsupportedMediaType,
			Detail: fmt.Sprintf("the content type is %.80q; allowed are application/x-protobuf and application/json", r.Header.Get("Content-Type")),
		}
	}
	defer bodyDeadline(w)()
	var src io.Reader = http.MaxBytesReader(w, r.Body, g.cfg.OTLPMaxBody)
	switch packed := r.Header.Get("Content-Encoding"); packed {
	case "", "identity":
	case "gzip":
		unpacked, err := gzip.NewReader(src)
		if err != nil {
			return encoding, nil, fmt.Errorf("unpacking the body: %w", err)
		}
		src = unpacked
	default:
		return encoding, nil, problem{Status: http.StatusUnsupportedMediaType, Detail: fmt.Sprintf("the content encoding is %.80q; allowed are gzip and identity", packed)}
	}
	held.src = io.LimitReader(src, g.cfg.OTLPMaxBody+1)
	body, err := io.ReadAll(held)
	var large *http.MaxBytesError
	if errors.As(err, &large) || int64(len(body)) > g.cfg.OTLPMaxBody {
		return encoding, nil, problem{
			Status: http.StatusRequestEntityTooLarge,
			Detail: fmt.Sprintf("the request is over %d bytes, see RAGLINE_GATEWAY_OTLP_MAX_BODY; send smaller batches", g.cfg.OTLPMaxBody),
		}
	}
	if err != nil {
		return encoding, nil, fmt.Errorf("reading the body: %w", err)
	}
	return encoding, body, nil
}

// held reads a body and takes its bytes from the budget as they come, so that a small packed body cannot become a
// large one behind its back.
type held struct {
	budget *semaphore.Weighted
	src    io.Reader
	bytes  int64
}

func (h *held) Read(p []byte) (int, error) {
	n, err := h.src.Read(p)
	if !h.take(int64(n)) {
		return 0, errBusy()
	}
	return n, err
}

func (h *held) take(n int64) bool {
	if !h.budget.TryAcquire(n) {
		return false
	}
	h.bytes += n
	return true
}

func (h *held) release() { h.budget.Release(h.bytes) }

// encodingOf reads the content type. The answer has the same.
func encodingOf(r *http.Request) (encoding otlp.Encoding, ok bool) {
	switch mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); mediaType {
	case "application/x-protobuf":
		return otlp.Protobuf, true
	case "application/json":
		return otlp.JSON, true
	default:
		return otlp.JSON, false
	}
}

// writeOTLPStatus writes a problem as the protocol wants errors: a google.rpc.Status.
func writeOTLPStatus(w http.ResponseWriter, r *http.Request, p problem) {
	encoding, _ := encodingOf(r)
	p.headers(w)
	writeOTLP(w, p.Status, encoding, &status.Status{Code: int32(codeOf(p.Status)), Message: p.Detail}) // #nosec G115 -- at most 16
}

func writeOTLP(w http.ResponseWriter, code int, encoding otlp.Encoding, m proto.Message) {
	raw, err := otlp.Encode(m, encoding)
	if err != nil {
		code = http.StatusInternalServerError
	}
	contentType := "application/x-protobuf"
	if encoding == otlp.JSON {
		contentType = "application/json"
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(code)
	_, _ = w.Write(raw) // the status is out: a caller that went away is nobody's error
}

// codeOf is the code of gRPC for a status of HTTP.
func codeOf(httpStatus int) codes.Code {
	switch httpStatus {
	case http.StatusUnauthorized:
		return codes.Unauthenticated
	case http.StatusForbidden:
		return codes.PermissionDenied
	case http.StatusTooManyRequests:
		return codes.ResourceExhausted
	case http.StatusServiceUnavailable:
		return codes.Unavailable
	default:
		return codes.InvalidArgument
	}
}
