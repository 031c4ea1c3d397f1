package chdb

import (
	"runtime"
	"unsafe"
)

// Params are bound parameters by name: the engine reads each value as text of the placeholder's type.
type Params map[string]string

// goString copies a C string; nil gives "".
func goString(p P) string {
	if p == nil {
		return ""
	}
	n := 0
	for *(*byte)(unsafe.Add(p, n)) != 0 {
		n++
	}
	return string(unsafe.Slice((*byte)(p), n))
}

// emptyByte gives "" an address: the library rejects a nil text even at length 0.
var emptyByte byte //nolint:gochecknoglobals // an address, never written

// text is the address of a Go string's bytes; the caller keeps the string alive over the call.
func text(s string) P {
	if s == "" {
		return P(&emptyByte)
	}
	return P(unsafe.StringData(s))
}

// argv is a pinned, nil-terminated array of C strings.
func argv(pin *runtime.Pinner, args []string) P {
	array := make([]P, len(args)+1)
	for i, arg := range args {
		z := append([]byte(arg), 0)
		pin.Pin(&z[0])
		array[i] = P(&z[0])
	}
	pin.Pin(&array[0])
	return P(&array[0])
}

// cParams are the five parameter arguments of a call.
type cParams struct {
	names, nameLens, values, valueLens P
	n                                  uintptr
}

func pinParams(pin *runtime.Pinner, params Params) cParams {
	// Without parameters the arrays must still have an address, so each has one dummy entry.
	size := len(params) + 1
	names, values := make([]P, size), make([]P, size)
	nameLens, valueLens := make([]uintptr, size), make([]uintptr, size)
	i := 0
	for name, value := range params {
		names[i], nameLens[i] = pinText(pin, name), uintptr(len(name))
		values[i], valueLens[i] = pinText(pin, value), uintptr(len(value))
		i++
	}
	pin.Pin(&names[0])
	pin.Pin(&values[0])
	pin.Pin(&nameLens[0])
	pin.Pin(&valueLens[0])
	return cParams{P(&names[0]), P(&nameLens[0]), P(&values[0]), P(&valueLens[0]), uintptr(len(params))}
}

func pinText(pin *runtime.Pinner, s string) P {
	p := text(s)
	if s != "" {
		pin.Pin((*byte)(p))
	}
	return p
}
