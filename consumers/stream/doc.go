// Package stream is the runtime that every consumer shares.
package stream
