// Package clickhouse finds, fetches, checks and supervises the ClickHouse engine of `ragline up`.
//
// The engine is libchdb in a process of its own, ragline-clickhouse,
// or else a clickhouse binary on the PATH.
// Either way the rest of ragline sees ClickHouse's HTTP interface on the loopback address.
package clickhouse
