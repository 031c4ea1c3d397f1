// Package statement reads as much of a ClickHouse statement as an HTTP front needs:
// where the data of an INSERT begins, which FORMAT is asked for, and whether the result can be streamed.
//
// It does not validate; the engine does.
package statement
