package warehouse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// Codes of ClickHouse that decide what happens next.
const (
	codeUnknownUser            = 192
	codeWrongPassword          = 193
	codeRequiredPassword       = 194
	codeAuthenticationFailed   = 516
	codeNotEnoughPrivileges    = 497
	maxErrorBytes              = 64 << 10
	headerExceptionCode        = "X-ClickHouse-Exception-Code"
	headerFormat               = "X-ClickHouse-Format"
	midStreamExceptionBoundary = "\r\n__exception__\r\n"
)

// Code returns ClickHouse's error code, for example 60 for an unknown table.
func Code(err error) (int, bool) {
	var e *clickhouse.Exception
	if errors.As(err, &e) && e.Code != 0 {
		return int(e.Code), true
	}
	return 0, false
}

// refused says that asking again cannot help.
func refused(err error) bool {
	switch code, _ := Code(err); code {
	case codeUnknownUser, codeWrongPassword, codeRequiredPassword, codeAuthenticationFailed, codeNotEnoughPrivileges:
		return true
	}
	return false
}

// request is one statement. Its body follows the query, as the data of an insert does.
type request struct {
	query    string
	database string
	settings url.Values
	data     *body
}

type response struct {
	format string
	body   []byte
}

// post runs a statement and reads its whole answer, so that an error at the end is an error.
func (w *Warehouse) post(ctx context.Context, r request) (response, error) {
	ctx, cancel := context.WithTimeout(ctx, w.cfg.Timeout)
	defer cancel()
	req, err := w.newRequest(ctx, r)
	if err != nil {
		return response{}, err
	}
	resp, err := w.http.Do(req)
	if err != nil {
		return response{}, withoutURL(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if e := exception(resp, body); e != nil {
		return response{}, e
	}
	if err != nil {
		return response{}, fmt.Errorf("reading the answer: %w", err)
	}
	return response{format: resp.Header.Get(headerFormat), body: body}, nil
}

func (w *Warehouse) newRequest(ctx context.Context, r request) (*http.Request, error) {
	params := url.Values{"wait_end_of_query": {"1"}}
	for name, values := range r.settings {
		params[name] = values
	}
	if r.database != "" {
		params.Set("database", r.database)
	}
	query := r.query // as the body: a statement may be longer than an address may be
	if r.data != nil {
		params.Set("query", r.query)
		query = ""
	}
	u := url.URL{Scheme: w.target.scheme, Host: w.target.host, Path: "/", RawQuery: params.Encode()}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(query))
	if err != nil {
		return nil, fmt.Errorf("building the request: %w", err)
	}
	if r.data != nil {
		r.data.attach(req)
	}
	req.Header.Set("X-ClickHouse-User", w.target.user)
	req.Header.Set("X-ClickHouse-Key", w.target.password)
	return req, nil
}

// exception returns what the server complains about: clickhouse-go's types, so that callers need one errors.As.
func exception(resp *http.Response, body []byte) error {
	code, _ := strconv.ParseInt(resp.Header.Get(headerExceptionCode), 10, 32)
	midStream := bytes.LastIndex(body, []byte(midStreamExceptionBoundary))
	if resp.StatusCode == http.StatusOK && code == 0 {
		first := bytes.Index(body, []byte(midStreamExceptionBoundary))
		if first < 0 || first == midStream {
			return nil
		}
		body = body[first+len(midStreamExceptionBoundary) : midStream]
	}
	text := strings.TrimSpace(string(body[:min(len(body), maxErrorBytes)]))
	if code == 0 {
		code = int64(codeInText(text))
	}
	return &clickhouse.HTTPError{StatusCode: resp.StatusCode, Err: &clickhouse.Exception{
		Code: int32(code), Name: "DB::Exception", Message: text,
	}}
}

// codeInText reads "Code: 60. DB::Exception: ...".
func codeInText(text string) int {
	_, rest, found := strings.Cut(text, "Code: ")
	if !found {
		return 0
	}
	digits, _, _ := strings.Cut(rest, ".")
	code, _ := strconv.Atoi(digits)
	return code
}

// withoutURL drops the address from the client's error: it repeats the whole query.
func withoutURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// proxy keeps traffic to the own machine off a proxy.
func proxy(t target) func(*http.Request) (*url.URL, error) {
	if t.loopback() {
		return nil
	}
	return http.ProxyFromEnvironment
}
