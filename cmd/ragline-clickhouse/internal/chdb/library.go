package chdb

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unsafe"

	"github.com/ebitengine/purego"
)

// MinVersion is the first engine with insert streams and classification.
const MinVersion = "26.7"

// ErrTooOld says that a library lacks what this binding needs.
var ErrTooOld = errors.New("libchdb is older than " + MinVersion)

// Library is a loaded libchdb. A process loads one and keeps it until it exits.
type Library struct {
	c functions
}

// functions are libchdb's, by their C names. P stands for any pointer.
type functions struct {
	connect               func(argc int32, argv P) P
	closeConn             func(connPtr P)
	queryWithParams       func(conn, q P, qlen uintptr, format P, formatLen uintptr, names, nameLens, values, valueLens P, n uintptr) P
	streamQueryWithParams func(conn, q P, qlen uintptr, format P, formatLen uintptr, names, nameLens, values, valueLens P, n uintptr) P
	streamFetch           func(conn, res P) P
	streamCancel          func(conn, res P)
	insertWithParams      func(conn, q P, qlen uintptr, format P, formatLen uintptr, names, nameLens, values, valueLens P, n uintptr) P
	insertAppend          func(stream, data P, n uintptr) int32
	insertDone            func(stream P) P
	insertCancel          func(stream P)
	insertError           func(stream P) P
	insertDestroy         func(stream P)
	resultBuffer          func(res P) P
	resultLength          func(res P) uintptr
	resultError           func(res P) P
	resultElapsed         func(res P) float64
	resultRowsRead        func(res P) uint64
	resultStorageRows     func(res P) uint64
	resultStorageBytes    func(res P) uint64
	resultRowsWritten     func(res P) uint64
	destroyResult         func(res P)
	classify              func(conn, q P, qlen uintptr, db P, dblen uintptr, out P) int32
	setSignalHandlers     func(enabled int32)
	version               func() P
}

// P is a C pointer.
type P = unsafe.Pointer

// Open loads libchdb and switches its signal handlers off.
// With them on, a nil dereference anywhere in Go hangs the process instead of panicking.
func Open(path string) (*Library, error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("loading %s: %w", path, err)
	}
	l := &Library{}
	for name, fn := range l.c.byName() {
		address, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, fmt.Errorf("looking up %s in %s: %w", name, path, ErrTooOld)
		}
		purego.RegisterFunc(fn, address)
	}
	if version := l.Version(); !atLeast(version, MinVersion) {
		return nil, fmt.Errorf("loading %s, version %s: %w", path, version, ErrTooOld)
	}
	l.c.setSignalHandlers(0)
	return l, nil
}

func (c *functions) byName() map[string]any {
	return map[string]any{
		"chdb_connect":                     &c.connect,
		"chdb_close_conn":                  &c.closeConn,
		"chdb_query_with_params_n":         &c.queryWithParams,
		"chdb_stream_query_with_params_n":  &c.streamQueryWithParams,
		"chdb_stream_fetch_result":         &c.streamFetch,
		"chdb_stream_cancel_query":         &c.streamCancel,
		"chdb_stream_insert_with_params_n": &c.insertWithParams,
		"chdb_stream_append":               &c.insertAppend,
		"chdb_stream_done":                 &c.insertDone,
		"chdb_stream_cancel_insert":        &c.insertCancel,
		"chdb_stream_insert_error":         &c.insertError,
		"chdb_destroy_insert_stream":       &c.insertDestroy,
		"chdb_result_buffer":               &c.resultBuffer,
		"chdb_result_length":               &c.resultLength,
		"chdb_result_error":                &c.resultError,
		"chdb_result_elapsed":              &c.resultElapsed,
		"chdb_result_rows_read":            &c.resultRowsRead,
		"chdb_result_storage_rows_read":    &c.resultStorageRows,
		"chdb_result_storage_bytes_read":   &c.resultStorageBytes,
		"chdb_result_rows_written":         &c.resultRowsWritten,
		"chdb_destroy_query_result":        &c.destroyResult,
		"chdb_classify_query_n":            &c.classify,
		"chdb_set_signal_handlers_enabled": &c.setSignalHandlers,
		"chdb_version":                     &c.version,
	}
}

// Version is the library's own version, which may differ from the engine's SELECT version().
func (l *Library) Version() string { return goString(l.c.version()) }

func atLeast(version, minimum string) bool {
	have, want := strings.Split(version, "."), strings.Split(minimum, ".")
	for i := range want {
		if i >= len(have) {
			return false
		}
		h, errH := strconv.Atoi(have[i])
		w, errW := strconv.Atoi(want[i])
		if errH != nil || errW != nil {
			return false
		}
		if h != w {
			return h > w
		}
	}
	return true
}
