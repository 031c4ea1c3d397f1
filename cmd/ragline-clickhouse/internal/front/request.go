package front

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/chdb"
	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/wire"
)

// request is what the URL and the headers of an HTTP request say.
type request struct {
	query    string // of the URL; the body follows it
	database string
	format   string // empty when neither URL nor header names one
	queryID  string
	params   chdb.Params
	settings []chdb.Setting

	sessionID      string
	sessionTimeout time.Duration
	sessionCheck   bool

	clientRevision int // 0 when the client sent none
	compress       bool
	compressMethod string
	decompress     bool
	acceptEncoding string // empty unless the client asked for HTTP compression
	waitEnd        bool
	readOnlyMethod bool // GET and HEAD only read
}

const (
	defaultSessionTimeout = time.Minute
	maxSessionTimeout     = time.Hour
)

// parseRequest needs the names of the engine's settings: anything else in the URL is a mistake,
// and path or config would be connection arguments.
func parseRequest(r *http.Request, settingNames map[string]bool) (*request, error) {
	q := urlValues(r)
	req := &request{
		query:          q.Get("query"),
		database:       firstOf(q.Get("database"), r.Header.Get("X-ClickHouse-Database")),
		format:         firstOf(r.Header.Get("X-ClickHouse-Format"), q.Get("default_format")),
		queryID:        firstOf(q.Get("query_id"), r.Header.Get("X-ClickHouse-Query-Id")),
		params:         chdb.Params{},
		sessionID:      q.Get("session_id"),
		sessionCheck:   isSet(q, "session_check"),
		compress:       isSet(q, "compress"),
		compressMethod: q.Get("network_compression_method"),
		decompress:     isSet(q, "decompress"),
		waitEnd:        isSet(q, "wait_end_of_query"),
		readOnlyMethod: r.Method == http.MethodGet || r.Method == http.MethodHead,
	}
	if req.queryID == "" {
		req.queryID = uuid.NewString()
	}
	if isSet(q, "enable_http_compression") {
		req.acceptEncoding = r.Header.Get("Accept-Encoding")
	}
	req.clientRevision, _ = strconv.Atoi(q.Get("client_protocol_version"))
	if err := req.parseSessionTimeout(q.Get("session_timeout")); err != nil {
		return nil, err
	}
	return req, req.parseSettings(q, settingNames)
}

func (req *request) parseSessionTimeout(text string) error {
	req.sessionTimeout = defaultSessionTimeout
	if text == "" {
		return nil
	}
	seconds, err := strconv.ParseUint(text, 10, 32)
	timeout := time.Duration(seconds) * time.Second
	if err != nil || timeout > maxSessionTimeout {
		return refuse(wire.CodeSessionTimeout, "INVALID_SESSION_TIMEOUT",
			"session_timeout %q is not a number of seconds up to %d", text, int(maxSessionTimeout.Seconds()))
	}
	req.sessionTimeout = timeout
	return nil
}

func (req *request) parseSettings(q url.Values, known map[string]bool) error {
	for _, name := range slices.Sorted(maps.Keys(q)) {
		value := q.Get(name)
		if param, ok := strings.CutPrefix(name, "param_"); ok {
			req.params[param] = value
			continue
		}
		switch {
		case isInterface(name):
		case !known[name]:
			return refuse(wire.CodeUnknownSetting, "UNKNOWN_SETTING", "Unknown setting '%s'", name)
		case name != tagSetting: // ours: a client's value would make a KILL hit other queries
			req.settings = append(req.settings, chdb.Setting{Name: name, Value: value})
		}
	}
	return nil
}

// isInterface names the URL arguments that are not engine settings or that mean something to the front only.
func isInterface(name string) bool {
	switch name {
	case "query", "database", "default_format", "user", "password", "quota_key", "role",
		"session_id", "session_timeout", "session_check", "query_id",
		"compress", "decompress", "wait_end_of_query", "buffer_size", "client_protocol_version",
		"stacktrace", "enable_http_compression", "send_progress_in_http_headers",
		"cancel_http_readonly_queries_on_client_close", "http_zlib_compression_level":
		return true
	}
	return false
}

// urlValues keeps semicolons, at which net/url drops the whole argument.
func urlValues(r *http.Request) url.Values {
	q, _ := url.ParseQuery(strings.ReplaceAll(r.URL.RawQuery, ";", "%3B"))
	return q
}

func isSet(q url.Values, name string) bool {
	value := q.Get(name)
	return value == "1" || strings.EqualFold(value, "true")
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
