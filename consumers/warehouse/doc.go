// Package warehouse is the way to ClickHouse: connect, migrate, insert and query, over HTTP, so that the
// embedded engine, a server and the cloud are reached alike.
//
// Inserts are Native blocks with a deduplication token: the same token twice stores one block. Queries go through
// clickhouse-go where Go types wait for the rows, and as JSON where people or scripts do.
package warehouse
