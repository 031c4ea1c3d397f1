package chdb

import (
	"runtime"
	"unsafe"
)

// Conn is one connection: settings, temporary tables and the current database are its own.
// It runs one statement at a time; the caller serialises.
type Conn struct {
	lib    *Library
	outer  P // what connect returned and close takes
	handle P // what every other call takes
}

// Setting is one engine setting in its textual form.
type Setting struct{ Name, Value string }

// Connect opens a connection with settings, applied in order.
// The engine ignores unknown names silently and refuses bad values with [ErrConnect].
func (l *Library) Connect(path string, settings []Setting) (*Conn, error) {
	args := []string{"clickhouse", "--path=" + path}
	for _, s := range settings {
		args = append(args, "--"+s.Name+"="+s.Value)
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	outer := l.c.connect(int32(len(args)), argv(&pin, args))
	if outer == nil {
		return nil, ErrConnect
	}
	handle := *(*P)(outer)
	if handle == nil {
		return nil, ErrConnect
	}
	return &Conn{lib: l, outer: outer, handle: handle}, nil
}

// Close closes the connection; the last one stops the engine. It may be called twice.
func (c *Conn) Close() {
	if c.outer == nil {
		return
	}
	c.lib.c.closeConn(c.outer)
	c.outer, c.handle = nil, nil
}

type queryFunc func(conn, q P, qlen uintptr, format P, formatLen uintptr, names, nameLens, values, valueLens P, n uintptr) P

func (c *Conn) call(fn queryFunc, sql, format string, params Params) P {
	var pin runtime.Pinner
	defer pin.Unpin()
	p := pinParams(&pin, params)
	out := fn(c.handle, text(sql), uintptr(len(sql)), text(format), uintptr(len(format)),
		p.names, p.nameLens, p.values, p.valueLens, p.n)
	runtime.KeepAlive(sql)
	runtime.KeepAlive(format)
	runtime.KeepAlive(params)
	return out
}

// Query runs a statement and holds its whole result in memory.
// It would run several statements, so the caller classifies first.
func (c *Conn) Query(sql, format string, params Params) (*Result, error) {
	return c.lib.result(c.call(c.lib.c.queryWithParams, sql, format, params))
}

// Class says what a statement does, from parsing alone.
type Class uint32

// Classes in rising order of power; several statements have the highest of theirs.
const (
	ClassReadOnly Class = iota
	ClassMutating
	ClassMutatingGlobal // user-defined functions, named collections, access
	ClassControl        // SET, USE, SYSTEM, KILL, BACKUP, INTO OUTFILE, INSERT INTO FUNCTION
	ClassUnknown        // did not parse
)

type classification struct {
	size, statements, flags, class uint32
}

// Classify parses without running and returns the number of statements and the class.
func (c *Conn) Classify(sql, database string) (statements int, class Class) {
	out := classification{size: uint32(unsafe.Sizeof(classification{}))}
	rc := c.lib.c.classify(c.handle, text(sql), uintptr(len(sql)), text(database), uintptr(len(database)), P(&out))
	runtime.KeepAlive(sql)
	runtime.KeepAlive(database)
	if rc != 0 {
		return 0, ClassUnknown
	}
	return int(out.statements), Class(out.class)
}
