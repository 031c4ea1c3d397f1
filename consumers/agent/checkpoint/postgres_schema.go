package checkpoint

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgresArgs writes ids as text and takes out of texts what PostgreSQL has no place for: an error message may hold anything.
func postgresArgs(args []any) []any {
	for i, a := range args {
		switch v := a.(type) {
		case ident:
			args[i] = storable(string(v))
		case string:
			args[i] = storable(v)
		}
	}
	return args
}

func storable(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// migratePostgres creates and updates the tables in the first schema of a search path. Of several processes that start at
// the same time one does it, the others wait.
func migratePostgres(ctx context.Context, pool *pgxpool.Pool, path string) error {
	schema, _, _ := strings.Cut(path, ",")
	schema = strings.Trim(strings.TrimSpace(schema), `"`)
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('ragline schema ' || $1, 0))`, schema); err != nil {
			return err
		}
		setup := `CREATE SCHEMA IF NOT EXISTS ` + pgx.Identifier{schema}.Sanitize()
		if _, err := tx.Exec(ctx, setup); err != nil {
			return fmt.Errorf("creating schema %s: %w", schema, err)
		}
		if _, err := tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)`); err != nil {
			return fmt.Errorf("creating the table of the schema version: %w", err)
		}
		var version int
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(version), 0) FROM schema_version`).Scan(&version); err != nil {
			return fmt.Errorf("reading schema version: %w", err)
		}
		return upgradePostgres(ctx, tx, version)
	})
}

func upgradePostgres(ctx context.Context, tx pgx.Tx, version int) error {
	all := postgresSchema()
	if version > len(all) {
		return fmt.Errorf("schema version %d is newer than this program's %d", version, len(all))
	}
	for i, ddl := range all[version:] {
		if _, err := tx.Exec(ctx, ddl); err != nil {
			return fmt.Errorf("applying schema version %d: %w", version+i+1, err)
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO schema_version SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM schema_version WHERE version = $1)`, len(all))
	return err
}

// postgresSchema is applied in order, one entry per version. Never edit an entry, add one.
// Ids compare by their bytes, whatever the database's language. A thread's row changes with each commit: its page has room for it.
func postgresSchema() []string {
	return []string{`
CREATE TABLE threads (
  thread     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  thread_id  TEXT COLLATE "C" NOT NULL UNIQUE,
  head       TEXT COLLATE "C" NOT NULL DEFAULT '',
  status     TEXT COLLATE "C" NOT NULL DEFAULT 'idle',
  metadata   JSONB NOT NULL DEFAULT '{}',
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL DEFAULT 0
) WITH (fillfactor = 80);
CREATE INDEX threads_expiry ON threads (expires_at) WHERE expires_at > 0;
CREATE INDEX threads_metadata ON threads USING gin (metadata jsonb_path_ops);
CREATE TABLE runs (
  seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id     TEXT COLLATE "C" NOT NULL UNIQUE,
  thread     BIGINT NOT NULL,
  status     TEXT COLLATE "C" NOT NULL,
  input      BYTEA NOT NULL,
  error      TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  ended_at   BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX runs_thread ON runs (thread, seq);
CREATE INDEX runs_unfinished ON runs (thread, seq) WHERE status IN ('queued', 'interrupted');
CREATE INDEX runs_open ON runs (status, seq) WHERE status IN ('queued', 'interrupted');
CREATE INDEX runs_ended ON runs (ended_at) WHERE status IN ('done', 'failed');
CREATE TABLE consumed (
  topic TEXT NOT NULL, partition INTEGER NOT NULL, "offset" BIGINT NOT NULL, PRIMARY KEY (topic, partition)
);
CREATE TABLE checkpoints (
  seq           BIGINT GENERATED ALWAYS AS IDENTITY,
  thread        BIGINT NOT NULL,
  checkpoint_id TEXT COLLATE "C" NOT NULL,
  parent_id     TEXT COLLATE "C" NOT NULL,
  run_id        TEXT COLLATE "C" NOT NULL,
  source        TEXT NOT NULL,
  graph         TEXT NOT NULL,
  nodes         TEXT NOT NULL,
  step          INTEGER NOT NULL,
  run_step      INTEGER NOT NULL,
  next          TEXT NOT NULL,
  writes        TEXT NOT NULL,
  snapshot      TEXT,
  created_at    BIGINT NOT NULL,
  PRIMARY KEY (thread, seq),
  UNIQUE (thread, checkpoint_id)
);
CREATE TABLE tasks (
  thread BIGINT NOT NULL, checkpoint_id TEXT COLLATE "C" NOT NULL, task_id TEXT COLLATE "C" NOT NULL,
  done BOOLEAN NOT NULL, writes TEXT NOT NULL, next TEXT NOT NULL, error TEXT NOT NULL,
  PRIMARY KEY (thread, checkpoint_id, task_id)
);
CREATE TABLE interrupts (
  interrupt_id TEXT COLLATE "C" NOT NULL, thread BIGINT NOT NULL, run_id TEXT COLLATE "C" NOT NULL,
  checkpoint_id TEXT COLLATE "C" NOT NULL, task_id TEXT COLLATE "C" NOT NULL, idx INTEGER NOT NULL, value TEXT NOT NULL, resume TEXT,
  PRIMARY KEY (interrupt_id, thread)
);
CREATE INDEX interrupts_checkpoint ON interrupts (thread, checkpoint_id);
CREATE INDEX interrupts_run ON interrupts (run_id);
CREATE TABLE outbox (
  seq     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id      TEXT COLLATE "C" NOT NULL UNIQUE,
  topic   TEXT NOT NULL,
  key     BYTEA,
  value   BYTEA,
  headers TEXT NOT NULL
);
CREATE TABLE confirmed (
  topic TEXT NOT NULL, partition INTEGER NOT NULL, "offset" BIGINT NOT NULL, PRIMARY KEY (topic, partition)
);
CREATE TABLE receipts (
  call_id TEXT COLLATE "C" PRIMARY KEY, run_id TEXT COLLATE "C" NOT NULL, tool TEXT NOT NULL, arguments TEXT NOT NULL, result TEXT
);
CREATE INDEX receipts_run ON receipts (run_id);
CREATE TABLE records (
  kind TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, thread_id TEXT COLLATE "C" NOT NULL, value TEXT NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  PRIMARY KEY (kind, id)
);
CREATE INDEX records_thread ON records (thread_id) WHERE thread_id <> '';
CREATE TABLE leases (
  key TEXT COLLATE "C" PRIMARY KEY, owner TEXT COLLATE "C" NOT NULL, epoch BIGINT GENERATED ALWAYS AS IDENTITY, expires_at BIGINT NOT NULL
);
CREATE INDEX leases_owner ON leases (owner);
`}
}
