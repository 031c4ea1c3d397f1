package chdb

import (
	"errors"
	"io"
	"time"
	"unsafe"
)

// Result is what a statement returned.
type Result struct {
	lib *Library
	ptr P
}

// Stats are the engine's counts for one result.
type Stats struct {
	ResultRows, ReadRows, ReadBytes, WrittenRows uint64
	Elapsed                                      time.Duration
}

var errNoResult = errors.New("the engine returned no result")

func (l *Library) result(ptr P) (*Result, error) {
	if ptr == nil {
		return nil, errNoResult
	}
	r := &Result{lib: l, ptr: ptr}
	if err := asError(goString(l.c.resultError(ptr))); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Bytes is the formatted output, in C memory: valid until Close.
func (r *Result) Bytes() []byte {
	n := r.lib.c.resultLength(r.ptr)
	buf := r.lib.c.resultBuffer(r.ptr)
	if n == 0 || buf == nil {
		return nil
	}
	return unsafe.Slice((*byte)(buf), n)
}

// Stats are the counts of the statement so far.
func (r *Result) Stats() Stats {
	c := &r.lib.c
	return Stats{
		ResultRows:  c.resultRowsRead(r.ptr),
		ReadRows:    c.resultStorageRows(r.ptr),
		ReadBytes:   c.resultStorageBytes(r.ptr),
		WrittenRows: c.resultRowsWritten(r.ptr),
		Elapsed:     time.Duration(c.resultElapsed(r.ptr) * float64(time.Second)),
	}
}

// Close frees the result. It may be called twice.
func (r *Result) Close() {
	if r.ptr != nil {
		r.lib.c.destroyResult(r.ptr)
		r.ptr = nil
	}
}

// Stream is a SELECT that gives its result in chunks.
type Stream struct {
	conn *Conn
	ptr  P
	done bool
}

// Stream starts a SELECT. Not every statement and format can stream.
func (c *Conn) Stream(sql, format string, params Params) (*Stream, error) {
	res, err := c.lib.result(c.call(c.lib.c.streamQueryWithParams, sql, format, params))
	if err != nil {
		return nil, err
	}
	return &Stream{conn: c, ptr: res.ptr}, nil
}

// Next returns the next chunk, to be closed by the caller, and io.EOF after the last.
func (s *Stream) Next() (*Result, error) {
	chunk, err := s.conn.lib.result(s.conn.lib.c.streamFetch(s.conn.handle, s.ptr))
	if err != nil {
		s.done = true
		return nil, err
	}
	if len(chunk.Bytes()) == 0 {
		chunk.Close()
		s.done = true
		return nil, io.EOF
	}
	return chunk, nil
}

// Close ends the SELECT, also before its end, and frees it. It may be called twice.
func (s *Stream) Close() {
	if s.ptr == nil {
		return
	}
	if !s.done {
		s.conn.lib.c.streamCancel(s.conn.handle, s.ptr)
	}
	s.conn.lib.c.destroyResult(s.ptr)
	s.ptr = nil
}
