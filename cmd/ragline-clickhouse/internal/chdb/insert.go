package chdb

import (
	"errors"
	"unsafe"
)

// Insert is an INSERT whose data arrives in pieces, never as SQL text.
type Insert struct {
	lib *Library
	ptr P
}

var errAppend = errors.New("the engine refused the data")

// Insert opens a stream for an INSERT without FORMAT clause and data.
// Close it on every path; without Commit nothing of the last block is kept.
func (c *Conn) Insert(sql, format string, params Params) (*Insert, error) {
	ptr := c.call(c.lib.c.insertWithParams, sql, format, params)
	if ptr == nil {
		return nil, errNoResult
	}
	in := &Insert{lib: c.lib, ptr: ptr}
	if err := in.err(); err != nil {
		in.Close()
		return nil, err
	}
	return in, nil
}

func (in *Insert) err() error { return asError(goString(in.lib.c.insertError(in.ptr))) }

// Write appends data; the engine copies it and may block to slow the sender down.
func (in *Insert) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	rc := in.lib.c.insertAppend(in.ptr, P(unsafe.SliceData(p)), uintptr(len(p)))
	if rc == 0 {
		return len(p), nil
	}
	if err := in.err(); err != nil {
		return 0, err
	}
	return 0, errAppend
}

// Commit ends the data and returns what was written.
func (in *Insert) Commit() (Stats, error) {
	res, err := in.lib.result(in.lib.c.insertDone(in.ptr))
	if err != nil {
		return Stats{}, err
	}
	defer res.Close()
	return res.Stats(), nil
}

// Cancel drops what has not been committed. The engine commits every 1,048,449 rows by itself.
func (in *Insert) Cancel() { in.lib.c.insertCancel(in.ptr) }

// Close frees the stream and cancels it if it was not committed. It may be called twice.
func (in *Insert) Close() {
	if in.ptr != nil {
		in.lib.c.insertDestroy(in.ptr)
		in.ptr = nil
	}
}
