// Package chdb binds the part of libchdb that an HTTP front needs, without cgo.
//
// It is the only package that may import purego.
// Results live in C memory: their bytes are valid until Close.
package chdb
