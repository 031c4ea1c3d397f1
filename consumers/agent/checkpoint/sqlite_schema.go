package checkpoint

import "fmt"

// schema is applied in order, one entry per version; PRAGMA user_version counts them. Never edit an entry, add one.
func schema() []string {
	return []string{`
CREATE TABLE runs (
  seq        INTEGER PRIMARY KEY,
  run_id     TEXT NOT NULL UNIQUE,
  thread_id  TEXT NOT NULL,
  status     TEXT NOT NULL,
  input      BLOB NOT NULL,
  error      TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL
);
CREATE INDEX runs_unfinished ON runs (thread_id, seq) WHERE status IN ('queued', 'interrupted');
CREATE TABLE consumed (
  topic TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
  PRIMARY KEY (topic, partition)
) WITHOUT ROWID;
CREATE TABLE checkpoints (
  seq           INTEGER PRIMARY KEY,
  thread_id     TEXT NOT NULL,
  checkpoint_id TEXT NOT NULL,
  parent_id     TEXT NOT NULL,
  run_id        TEXT NOT NULL,
  source        TEXT NOT NULL,
  step          INTEGER NOT NULL,
  run_step      INTEGER NOT NULL,
  next          TEXT NOT NULL,
  writes        TEXT NOT NULL,
  snapshot      TEXT,
  created_at    INTEGER NOT NULL
);
CREATE UNIQUE INDEX checkpoints_id ON checkpoints (checkpoint_id);
CREATE INDEX checkpoints_thread ON checkpoints (thread_id, seq);
CREATE TABLE tasks (
  checkpoint_id TEXT NOT NULL, task_id TEXT NOT NULL, writes TEXT NOT NULL, next TEXT NOT NULL,
  PRIMARY KEY (checkpoint_id, task_id)
) WITHOUT ROWID;
CREATE TABLE interrupts (
  interrupt_id  TEXT PRIMARY KEY,
  run_id        TEXT NOT NULL,
  checkpoint_id TEXT NOT NULL,
  task_id       TEXT NOT NULL,
  idx           INTEGER NOT NULL,
  value         TEXT NOT NULL,
  resume        TEXT
) WITHOUT ROWID;
CREATE INDEX interrupts_checkpoint ON interrupts (checkpoint_id, idx);
CREATE INDEX interrupts_open ON interrupts (run_id) WHERE resume IS NULL;
CREATE TABLE outbox (
  seq     INTEGER PRIMARY KEY AUTOINCREMENT,
  id      TEXT NOT NULL UNIQUE,
  topic   TEXT NOT NULL,
  key     BLOB,
  value   BLOB,
  headers TEXT NOT NULL
);
CREATE TABLE confirmed (
  topic TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
  PRIMARY KEY (topic, partition)
) WITHOUT ROWID;
CREATE TABLE receipts (
  call_id TEXT PRIMARY KEY, run_id TEXT NOT NULL, tool TEXT NOT NULL, arguments TEXT NOT NULL, result TEXT
) WITHOUT ROWID;
`, `
CREATE INDEX runs_open ON runs (status, seq) WHERE status IN ('queued', 'interrupted');
`, `
ALTER TABLE runs ADD COLUMN ended_at INTEGER NOT NULL DEFAULT 0;
UPDATE runs SET ended_at = created_at WHERE status IN ('done', 'failed');
CREATE INDEX runs_ended ON runs (ended_at) WHERE status IN ('done', 'failed');
CREATE INDEX runs_thread ON runs (thread_id);
CREATE INDEX receipts_run ON receipts (run_id);
CREATE INDEX interrupts_run ON interrupts (run_id);
`, version4()}
}

func migrate(c *session) error {
	var version int
	if _, err := one(c, []any{&version}, "PRAGMA user_version"); err != nil {
		return fmt.Errorf("reading schema version: %w", err)
	}
	if newest := len(schema()); version > newest {
		return fmt.Errorf("schema version %d is newer than this program's %d", version, newest)
	}
	for i, ddl := range schema() {
		if i < version {
			continue
		}
		script := fmt.Sprintf("BEGIN IMMEDIATE;%sPRAGMA user_version = %d;COMMIT;", ddl, i+1)
		if err := c.exec(script); err != nil {
			return fmt.Errorf("applying schema version %d: %w", i+1, err)
		}
	}
	return nil
}
