package clickhouse

import "embed"

// Files holds migrations/NNNN_name.sql and views/name.sql.
//
//go:embed migrations/*.sql views/*.sql
var Files embed.FS

// Cookbook holds cookbook/NN_name.sql: questions that analysts ask. The first line of a file is the question.
//
//go:embed cookbook/*.sql
var Cookbook embed.FS
