// Package options reads ragline-clickhouse's flags and environment.
//
// Tokens come by environment or from a file, never by flag: arguments are visible to every user of the machine.
package options
