package front

import (
	"errors"
	"io"

	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/chdb"
)

// mayStream is false where the client wants the end before the beginning, or a part after the rows.
func (req *request) mayStream() bool {
	if req.waitEnd {
		return false
	}
	for _, set := range req.settings {
		if set.Name == "extremes" && set.Value != "0" {
			return false
		}
	}
	return true
}

// materialise runs a statement whose result cannot be cut: it is whole before the first byte is sent.
func (s *Server) materialise(out *response, conn *chdb.Conn, in *incoming, req *request) error {
	format := in.outputFormat(req)
	res, err := conn.Query(in.text, format, req.params)
	if err != nil {
		return err
	}
	defer res.Close()
	stats := res.Stats()
	out.begin(format, &stats)
	if err := out.write(res.Bytes()); err != nil {
		return errResponded // the client is gone
	}
	if err := out.end(); err != nil {
		return errResponded
	}
	return nil
}

// stream sends chunks as the engine makes them. The first is fetched before the headers, so that early errors get a status.
func (s *Server) stream(out *response, conn *chdb.Conn, in *incoming, req *request) error {
	format := in.outputFormat(req)
	rows, err := conn.Stream(in.text, format, req.params)
	if err != nil {
		return err
	}
	defer rows.Close()
	for {
		chunk, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return out.fail(err)
		}
		if err := sendChunk(out, format, chunk); err != nil {
			return errResponded // the client is gone
		}
	}
	if !out.begun {
		out.begin(format, nil)
	}
	if err := out.end(); err != nil {
		return errResponded
	}
	return nil
}

func sendChunk(out *response, format string, chunk *chdb.Result) error {
	defer chunk.Close()
	if !out.begun {
		out.begin(format, nil)
	}
	if err := out.write(chunk.Bytes()); err != nil {
		return err
	}
	return out.flush()
}
