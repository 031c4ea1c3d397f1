package front

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/chdb"
	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/statement"
	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/wire"
)

const insertBuffer = 1 << 20

// insert streams the data of an INSERT into the engine and commits only after a clean end of the body.
func (s *Server) insert(w http.ResponseWriter, conn *chdb.Conn, in *incoming, req *request, body io.Reader) error {
	stats, err := copyInsert(conn, in, req.params, body)
	if err != nil {
		return err
	}
	w.Header().Set("X-ClickHouse-Summary", summary(stats))
	w.Header().Set("Content-Length", "0")
	return nil
}

func copyInsert(conn *chdb.Conn, in *incoming, params chdb.Params, body io.Reader) (chdb.Stats, error) {
	ins, err := conn.Insert(in.Insert.Head, in.Format, params)
	if err != nil {
		return chdb.Stats{}, err
	}
	defer ins.Close()
	data := io.MultiReader(strings.NewReader(in.inline), body)
	if in.Format == "Values" {
		data = statement.NewValuesReader(data)
	}
	err = pump(ins, data)
	var refused *refusedData
	switch {
	case err == nil, errors.As(err, &refused):
		stats, commitErr := ins.Commit() // its error says more than append's
		if commitErr == nil && refused != nil {
			return chdb.Stats{}, refused.err
		}
		return stats, commitErr
	case errors.Is(err, statement.ErrAfterSemicolon):
		ins.Cancel()
		return chdb.Stats{}, refuse(wire.CodeSyntax, "SYNTAX_ERROR", "Cannot read data after semicolon: %s", err)
	default:
		ins.Cancel()
		return chdb.Stats{}, unreadable(err)
	}
}

// refusedData is an error of the engine, as against one of the body.
type refusedData struct{ err error }

func (r *refusedData) Error() string { return r.err.Error() }

// pump appends until the body's plain io.EOF.
// Any other error means a truncated body, io.ErrUnexpectedEOF included; io.ReadFull and io.Copy would blur that.
func pump(ins io.Writer, data io.Reader) error {
	buf := make([]byte, insertBuffer)
	for {
		n, err := data.Read(buf)
		if n > 0 {
			if _, werr := ins.Write(buf[:n]); werr != nil {
				return &refusedData{werr}
			}
		}
		if err == io.EOF { // a wrapped io.EOF is not a clean end
			return nil
		}
		if err != nil {
			return err
		}
	}
}
