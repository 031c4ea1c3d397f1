package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
)

// object is a JSON object whose members are passed on as they came.
type object map[string]json.RawMessage

// decode reads a body, which is JSON whatever its content type says: Studio sends text/plain. An empty body is {}.
// Members that are not known are left alone, as newer clients send some.
func decode(r *http.Request, into any) error {
	data, err := io.ReadAll(r.Body)
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return problem{Status: http.StatusRequestEntityTooLarge, Code: "too_large", Detail: fmt.Sprintf(
			"the body is larger than %d bytes: send less, or raise RAGLINE_AGENT_API_MAX_BODY", large.Limit)}
	}
	if err != nil {
		return problem{Status: http.StatusBadRequest, Code: codeInvalid, Detail: "reading the body: " + err.Error()}
	}
	if len(bytes.TrimSpace(data)) == 0 {
		data = []byte("{}")
	}
	return unmarshal(data, into)
}

func unmarshal(data []byte, into any) error {
	var wrong *json.UnmarshalTypeError
	err := json.Unmarshal(data, into)
	if errors.As(err, &wrong) && wrong.Field != "" {
		return invalid(wrong.Field, "a JSON %s does not fit here", wrong.Value)
	}
	if err != nil {
		return problem{Status: http.StatusUnprocessableEntity, Code: codeInvalid, Detail: "Invalid JSON in request body: " + err.Error()}
	}
	return nil
}

// masked takes personal data out of what a client writes into a thread: this server is the edge for it, and what is
// stored here reaches the log with the run's spans and its answer.
func (s *Server) masked(raw json.RawMessage) json.RawMessage {
	return s.masker.JSON(raw)
}

// maskCommand leaves the answers of people alone: a tool would run with marks for its arguments.
func (s *Server) maskCommand(c *commandBody) {
	if c != nil {
		c.Update, c.Goto = s.masked(c.Update), s.masked(c.Goto)
	}
}

// pathID returns an id of the path, which must be a UUID.
func pathID(r *http.Request, name, what string) (string, error) {
	id, err := uuid.Parse(r.PathValue(name))
	if err != nil {
		return "", invalid(name, "Invalid %s ID: must be a UUID", what)
	}
	return id.String(), nil
}

func runID(r *http.Request) (string, error) { return pathID(r, "run_id", "run") }

// maxThreadID bounds the id of a thread in bytes.
const maxThreadID = 512

// threadID returns the id of a thread. Those of questions that came over Kafka are whatever the asker chose.
func threadID(r *http.Request) (string, error) {
	raw := r.PathValue("thread_id")
	if id, err := uuid.Parse(raw); err == nil {
		return id.String(), nil
	}
	if len(raw) > maxThreadID || strings.ContainsFunc(raw, unicode.IsControl) || !utf8.ValidString(raw) {
		return "", invalid("thread_id", "Invalid thread ID: at most %d bytes of text", maxThreadID)
	}
	return raw, nil
}

// page is how much a search returns.
type page struct {
	Limit  *int `json:"limit"`
	Offset *int `json:"offset"`
}

const (
	defaultLimit = 10
	maxLimit     = 1000
)

func (p page) values() (limit, offset int, err error) {
	limit = defaultLimit
	if p.Limit != nil {
		limit = *p.Limit
	}
	if p.Offset != nil {
		offset = *p.Offset
	}
	if limit < 1 || limit > maxLimit {
		return 0, 0, invalid("limit", "%d is outside 1 to %d", limit, maxLimit)
	}
	if offset < 0 {
		return 0, 0, invalid("offset", "%d is less than 0", offset)
	}
	return limit, offset, nil
}

// queryPage reads a page from the URL.
func queryPage(r *http.Request) (limit, offset int, err error) {
	var p page
	for name, into := range map[string]**int{"limit": &p.Limit, "offset": &p.Offset} {
		text := r.URL.Query().Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return 0, 0, invalid(name, "%q is not a number", text)
		}
		*into = &n
	}
	return p.values()
}

// flag reads a boolean of the URL the way LangGraph's servers do.
func flag(r *http.Request, name string) bool {
	switch strings.ToLower(r.URL.Query().Get(name)) {
	case "1", "true", "yes":
		return true
	}
	return false
}

// oneOrMany is a string or a list of strings.
type oneOrMany []string

func (m *oneOrMany) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var one string
	if json.Unmarshal(data, &one) == nil {
		*m = oneOrMany{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(m))
}

// isNull says whether a member is missing or null.
func isNull(raw json.RawMessage) bool {
	trimmed := bytes.TrimSpace(raw)
	return len(trimmed) == 0 || string(trimmed) == "null"
}

// keyValues reads an object, or a list of pairs, as writes in the order in which they came.
func keyValues(field string, raw json.RawMessage) ([]KeyValue, error) {
	if isNull(raw) {
		return nil, nil
	}
	var pairs [][]json.RawMessage
	if json.Unmarshal(raw, &pairs) == nil {
		out := make([]KeyValue, 0, len(pairs))
		for _, p := range pairs {
			var key string
			if len(p) != 2 || json.Unmarshal(p[0], &key) != nil {
				return nil, invalid(field, "a pair is the name of a key and its value")
			}
			out = append(out, KeyValue{key, p[1]})
		}
		return out, nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, invalid(field, "must be an object of keys and values")
	}
	out := []KeyValue{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, invalid(field, "%v", err)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, invalid(field, "%v", err)
		}
		out = append(out, KeyValue{t.(string), value})
	}
	return out, nil
}
