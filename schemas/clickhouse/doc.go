// Package clickhouse is the schema at rest: the tables that the sink fills and the views that people query.
//
// Migrations are numbered, go forward only and are never edited once applied. A view is replaced
// whenever its text changes. A statement ends with a semicolon at the end of a line; no literal has one there.
package clickhouse
