// Package trace is what every export backend implements and how it tells the exporter what to do next.
//
// A backend makes one request for one batch and classifies the answer by its error. Splitting, searching for a
// bad event, waiting, dead letters and offsets are the exporter's.
package trace
