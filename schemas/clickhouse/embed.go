package clickhouse

import "embed"

// Files holds migrations/NNNN_name.sql and views/name.sql.
//
//go:embed migrations/*.sql views/*.sql
var Files embed.FS
