// Package front serves ClickHouse's HTTP interface over libchdb.
//
// Each request opens its own engine connection, whose arguments carry the settings,
// and closes it at the end; only sessions keep one.
package front
