// Package loadgen makes synthetic traffic: queries, interactions and spans that look like a support assistant's.
//
// The same Config gives the same events, ids and times included, so that a benchmark can be repeated, a demo looks the
// same twice, and a fault test knows what must have arrived. Publishing the events again is recognised as a repeat.
package loadgen
