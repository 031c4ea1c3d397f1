package front

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/chdb"
	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/statement"
	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/wire"
)

const (
	// prefixSize is how much of a body is read before asking whether it is an INSERT, whose data may be endless.
	prefixSize = 64 << 10
	// maxStatement is the longest statement that is not an INSERT with data.
	maxStatement = 16 << 20
)

// incoming is a statement with what the client sent beside it.
type incoming struct {
	statement.Statement
	text   string // the whole statement; for an INSERT up to what has been read
	inline string // data of an INSERT that was read with the text; the rest is in the body
	whole  bool   // the text has no more in the body
}

func (in *incoming) outputFormat(req *request) string {
	return firstOf(in.Format, req.format, "TabSeparated")
}

// openBody undoes the transport's and ClickHouse's compression.
func openBody(r *http.Request, req *request) (io.ReadCloser, error) {
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media == "multipart/form-data" {
		return nil, refuse(wire.CodeNotImplemented, "NOT_IMPLEMENTED", "External tables are not supported here")
	}
	body, err := wire.Decode(r.Body, r.Header.Get("Content-Encoding"))
	if errors.Is(err, wire.ErrEncoding) {
		return nil, refuse(wire.CodeEncoding, "UNKNOWN_COMPRESSION_METHOD", "%s", err)
	}
	if err != nil {
		return nil, unreadable(err)
	}
	if req.decompress {
		return struct {
			io.Reader
			io.Closer
		}{wire.NewFrameReader(body), body}, nil
	}
	return body, nil
}

func unreadable(err error) error {
	return refuse(wire.CodeIncorrectData, "INCORRECT_DATA", "Cannot read the request body: %s", err)
}

// readStatement joins the URL's query and the body, and stops reading where an INSERT's data begins.
func readStatement(req *request, body io.Reader) (*incoming, error) {
	if stmt := statement.Parse(req.query); stmt.Insert != nil && strings.TrimSpace(req.query[stmt.Insert.Data:]) == "" {
		return &incoming{Statement: stmt, text: req.query}, nil
	}
	text := req.query
	if text != "" {
		text += "\n"
	}
	prefix, whole, err := readUpTo(body, prefixSize)
	if err != nil {
		return nil, err
	}
	text += prefix
	stmt := statement.Parse(text)
	// Without a byte of data after it, the word that ends the head may itself be cut.
	if !whole && (stmt.Insert == nil || stmt.Insert.Data >= len(text)) {
		var rest string
		if rest, whole, err = readUpTo(body, maxStatement); err != nil {
			return nil, err
		}
		text += rest
		stmt = statement.Parse(text)
	}
	in := &incoming{Statement: stmt, text: text, whole: whole}
	if stmt.Insert != nil {
		in.inline = text[stmt.Insert.Data:]
		return in, nil
	}
	if !whole {
		return nil, refuse(wire.CodeQueryTooLarge, "QUERY_IS_TOO_LARGE", "Query is too large, maximum: %d bytes", maxStatement)
	}
	in.text = strings.TrimSpace(text)
	return in, nil
}

// readUpTo reads at most limit bytes and tells whether the body ended.
func readUpTo(body io.Reader, limit int64) (text string, whole bool, err error) {
	data, err := io.ReadAll(io.LimitReader(body, limit))
	if err != nil {
		return "", false, unreadable(err)
	}
	return string(data), int64(len(data)) < limit, nil
}

// check classifies before anything runs: the engine would execute several statements, and write files.
func check(conn *chdb.Conn, in *incoming, req *request, user string) error {
	text := in.text
	if in.Insert != nil && (!in.whole || in.Format != "Values") {
		// What the data looks like is the format's business; only VALUES is SQL.
		text = in.Insert.Head + " FORMAT " + in.Format
	}
	count, class := conn.Classify(text, req.database)
	switch {
	case strings.TrimSpace(in.text) == "":
		return refuse(wire.CodeSyntax, "SYNTAX_ERROR", "Empty query")
	case count > 1:
		return refuse(wire.CodeSyntax, "SYNTAX_ERROR", "Multi-statements are not allowed")
	case in.IntoOutfile:
		return refuse(wire.CodeIntoOutfile, "INTO_OUTFILE_NOT_ALLOWED", "INTO OUTFILE is not allowed")
	case count == 0 || class >= chdb.ClassUnknown:
		return syntaxError(conn, text)
	case class == chdb.ClassReadOnly:
		return nil
	case user == userAnalyst:
		return refuse(wire.CodeReadonly, "READONLY", "%s: Cannot execute query in readonly mode", userAnalyst)
	case req.readOnlyMethod:
		return refuse(wire.CodeReadonly, "READONLY", "Cannot execute query in readonly mode. "+
			"For queries over HTTP, method GET implies readonly. You should use method POST for modifying queries")
	}
	return nil
}

// syntaxError gets the engine's own message without a chance that the text runs:
// of "DROP TABLE t; nonsense" the engine would run the first half.
func syntaxError(conn *chdb.Conn, text string) error {
	res, err := conn.Query("SELECT formatQuery({text:String})", "Null", chdb.Params{"text": text})
	if err != nil {
		return err
	}
	res.Close()
	return refuse(wire.CodeSyntax, "SYNTAX_ERROR", "Syntax error: the statement cannot be classified")
}
