package checkpoint

import (
	"regexp"
)

// version4 brings threads, branches, records and leases. Threads get a number, and UUIDs are kept as 16 bytes: most of what
// a checkpoint's row held was ids.
func version4() string {
	pack := regexp.MustCompile(`pack\((\w+)\)`)
	return pack.ReplaceAllString(version4Tables+version4Copy,
		`CASE WHEN $1 GLOB '????????-????-????-????-????????????' AND $1 = lower($1) AND length(unhex(replace($1, '-', ''))) = 16
 THEN unhex(replace($1, '-', '')) ELSE $1 END`)
}

const version4Tables = `
CREATE TABLE threads (
  thread     INTEGER PRIMARY KEY,
  thread_id  TEXT NOT NULL UNIQUE,
  head       NOT NULL DEFAULT '', -- the newest checkpoint
  status     TEXT NOT NULL DEFAULT 'idle',
  metadata   TEXT NOT NULL DEFAULT '{}',
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX threads_expiry ON threads (expires_at) WHERE expires_at > 0;
CREATE TABLE runs4 (
  seq        INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id     NOT NULL UNIQUE,
  thread     INTEGER NOT NULL,
  status     TEXT NOT NULL,
  input      BLOB NOT NULL,
  error      TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,
  ended_at   INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE checkpoints4 (
  seq           INTEGER PRIMARY KEY,
  thread        INTEGER NOT NULL,
  checkpoint_id NOT NULL,
  parent_id     NOT NULL,
  run_id        NOT NULL,
  source        TEXT NOT NULL,
  graph         TEXT NOT NULL DEFAULT '',
  nodes         TEXT NOT NULL DEFAULT '',
  step          INTEGER NOT NULL,
  run_step      INTEGER NOT NULL,
  next          TEXT NOT NULL,
  writes        TEXT NOT NULL,
  snapshot      TEXT,
  created_at    INTEGER NOT NULL
);
CREATE TABLE tasks4 (
  thread INTEGER NOT NULL, checkpoint_id NOT NULL, task_id NOT NULL,
  done INTEGER NOT NULL, writes TEXT NOT NULL, next TEXT NOT NULL, error TEXT NOT NULL,
  PRIMARY KEY (thread, checkpoint_id, task_id)
) WITHOUT ROWID;
CREATE TABLE interrupts4 (
  interrupt_id NOT NULL, thread INTEGER NOT NULL, run_id NOT NULL, checkpoint_id NOT NULL, task_id NOT NULL,
  idx INTEGER NOT NULL, value TEXT NOT NULL, resume TEXT,
  PRIMARY KEY (interrupt_id, thread)
) WITHOUT ROWID;
CREATE TABLE receipts4 (
  call_id PRIMARY KEY NOT NULL, run_id NOT NULL, tool TEXT NOT NULL, arguments TEXT NOT NULL, result TEXT
) WITHOUT ROWID;
CREATE TABLE records (
  kind TEXT NOT NULL, id TEXT NOT NULL, thread_id TEXT NOT NULL, value TEXT NOT NULL,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX records_thread ON records (thread_id) WHERE thread_id <> '';
CREATE TABLE leases (
  epoch INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, expires_at INTEGER NOT NULL
);
`

const version4Copy = `
INSERT INTO threads (thread_id, head, created_at, updated_at)
SELECT thread_id, coalesce((SELECT pack(checkpoint_id) FROM checkpoints c WHERE c.thread_id = a.thread_id ORDER BY seq DESC LIMIT 1), ''),
  min(created_at), max(created_at)
  FROM (SELECT thread_id, created_at FROM runs UNION ALL SELECT thread_id, created_at FROM checkpoints) a GROUP BY thread_id;
INSERT INTO runs4 (seq, run_id, thread, status, input, error, created_at, ended_at)
SELECT seq, pack(run_id), thread, r.status, input, error, r.created_at, ended_at FROM runs r JOIN threads USING (thread_id) ORDER BY seq;
UPDATE threads SET status = coalesce(
  (SELECT CASE r.status WHEN 'queued' THEN 'busy' ELSE r.status END FROM runs4 r
    WHERE r.thread = threads.thread AND r.status IN ('queued', 'interrupted') ORDER BY r.seq LIMIT 1),
  (SELECT CASE r.status WHEN 'failed' THEN 'error' ELSE 'idle' END FROM runs4 r WHERE r.thread = threads.thread ORDER BY r.seq DESC LIMIT 1),
  'idle');
INSERT INTO checkpoints4 (seq, thread, checkpoint_id, parent_id, run_id, source, step, run_step, next, writes, snapshot, created_at)
SELECT seq, thread, pack(checkpoint_id), pack(parent_id), pack(run_id), source, step, run_step, next, writes, snapshot, c.created_at
  FROM checkpoints c JOIN threads USING (thread_id) ORDER BY seq;
INSERT INTO tasks4 (thread, checkpoint_id, task_id, done, writes, next, error)
SELECT thread, pack(checkpoint_id), pack(task_id), 1, k.writes, k.next, ''
  FROM tasks k JOIN checkpoints c USING (checkpoint_id) JOIN threads USING (thread_id);
INSERT INTO interrupts4 (interrupt_id, thread, run_id, checkpoint_id, task_id, idx, value, resume)
SELECT pack(interrupt_id), thread, pack(run_id), pack(checkpoint_id), pack(task_id), idx, value, resume
  FROM interrupts JOIN runs r USING (run_id) JOIN threads USING (thread_id);
INSERT INTO receipts4 (call_id, run_id, tool, arguments, result) SELECT pack(call_id), pack(run_id), tool, arguments, result FROM receipts;
DROP TABLE runs; DROP TABLE checkpoints; DROP TABLE tasks; DROP TABLE interrupts; DROP TABLE receipts;
ALTER TABLE runs4 RENAME TO runs;
ALTER TABLE checkpoints4 RENAME TO checkpoints;
ALTER TABLE tasks4 RENAME TO tasks;
ALTER TABLE interrupts4 RENAME TO interrupts;
ALTER TABLE receipts4 RENAME TO receipts;
CREATE INDEX runs_thread ON runs (thread);
CREATE INDEX runs_unfinished ON runs (thread, seq) WHERE status IN ('queued', 'interrupted');
CREATE INDEX runs_open ON runs (status, seq) WHERE status IN ('queued', 'interrupted');
CREATE INDEX runs_ended ON runs (ended_at) WHERE status IN ('done', 'failed');
CREATE UNIQUE INDEX checkpoints_id ON checkpoints (thread, checkpoint_id);
CREATE INDEX interrupts_checkpoint ON interrupts (thread, checkpoint_id);
CREATE INDEX interrupts_run ON interrupts (run_id);
CREATE INDEX receipts_run ON receipts (run_id);
`
