package warehouse

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/ragline/ragline/schemas/clickhouse"
)

var (
	// ErrDrift says that a migration was edited after it had been applied.
	ErrDrift = errors.New("the file is not the one that was applied")
	// ErrOutOfOrder says that a migration turned up behind one that is applied.
	ErrOutOfOrder = errors.New("a later migration is already applied")
)

// journal remembers what was applied. Migrations are looked up by file, views are replaced when their text changes.
const journal = `CREATE TABLE IF NOT EXISTS schema_migrations
(
    file String COMMENT 'Path of the migration or view.',
    checksum String COMMENT 'SHA-256 of the file, hex.',
    applied_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it was applied.'
)
ENGINE = MergeTree
ORDER BY (file, applied_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Migrations and views that were applied to this database.'`

// Migrate creates the database, applies the migrations that are missing in their order and replaces the views that
// changed, and sets the retention. It returns what it applied. A crash in between is repaired by the next call: every statement
// may run twice. Two processes may migrate at the same time.
func (w *Warehouse) Migrate(ctx context.Context) (applied []string, err error) {
	if applied, err = w.migrate(ctx, clickhouse.Files); err != nil {
		return applied, err
	}
	retained, err := w.retain(ctx)
	return append(applied, retained...), err
}

func (w *Warehouse) migrate(ctx context.Context, files fs.FS) (applied []string, err error) {
	migrations, views, err := load(files)
	if err != nil {
		return nil, err
	}
	if err := w.prepare(ctx); err != nil {
		return nil, err
	}
	done, err := w.journaled(ctx)
	if err != nil {
		return nil, err
	}
	todo, err := plan(migrations, views, done)
	if err != nil {
		return nil, err
	}
	for _, s := range todo {
		if err := w.apply(ctx, s); err != nil {
			return applied, fmt.Errorf("applying %s: %w", s.file, err)
		}
		applied = append(applied, s.file)
	}
	return applied, nil
}

// script is one SQL file.
type script struct{ file, text, checksum string }

// statements splits at semicolons at the end of a line; schemas/clickhouse keeps to that.
func (s script) statements() []string {
	var out []string
	for _, statement := range strings.Split(s.text, ";\n") {
		if statement = strings.TrimSpace(statement); statement != "" {
			out = append(out, strings.TrimSuffix(statement, ";"))
		}
	}
	return out
}

func load(files fs.FS) (migrations, views []script, err error) {
	for _, dir := range []struct {
		pattern string
		into    *[]script
	}{{"migrations/*.sql", &migrations}, {"views/*.sql", &views}} {
		names, err := fs.Glob(files, dir.pattern) // sorted
		if err != nil {
			return nil, nil, fmt.Errorf("listing %s: %w", dir.pattern, err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(files, name)
			if err != nil {
				return nil, nil, fmt.Errorf("reading %s: %w", name, err)
			}
			sum := sha256.Sum256(text)
			*dir.into = append(*dir.into, script{name, string(text), hex.EncodeToString(sum[:])})
		}
	}
	return migrations, views, nil
}

// plan decides what to run. done maps a file to its latest checksum.
func plan(migrations, views []script, done map[string]string) ([]script, error) {
	var todo []script
	for _, m := range migrations {
		have, ok := done[m.file]
		switch {
		case !ok:
			todo = append(todo, m)
		case have != m.checksum:
			return nil, fmt.Errorf("checking %s: %w: forward only, so restore it and add a new one", m.file, ErrDrift)
		case len(todo) > 0:
			return nil, fmt.Errorf("checking %s: %w, %s", todo[0].file, ErrOutOfOrder, path.Base(m.file))
		}
	}
	// A view may read columns of a migration in todo, so all migrations go first.
	for _, v := range views {
		if done[v.file] != v.checksum {
			todo = append(todo, v)
		}
	}
	return todo, nil
}

func (w *Warehouse) prepare(ctx context.Context) error {
	if err := w.exec(ctx, "", "CREATE DATABASE IF NOT EXISTS "+quote(w.target.database)); err != nil {
		return fmt.Errorf("creating database %s: %w", w.target.database, err)
	}
	if err := w.exec(ctx, w.target.database, journal); err != nil {
		return fmt.Errorf("creating the journal of migrations: %w", err)
	}
	return nil
}

func (w *Warehouse) journaled(ctx context.Context) (map[string]string, error) {
	var rows []struct {
		File     string `ch:"file"`
		Checksum string `ch:"latest"`
	}
	err := w.Select(ctx, &rows, "SELECT file, argMax(checksum, applied_at) AS latest FROM schema_migrations GROUP BY file")
	if err != nil {
		return nil, fmt.Errorf("reading the journal of migrations: %w", err)
	}
	done := make(map[string]string, len(rows))
	for _, r := range rows {
		done[r.File] = r.Checksum
	}
	return done, nil
}

func (w *Warehouse) apply(ctx context.Context, s script) error {
	for _, statement := range s.statements() {
		if err := w.exec(ctx, w.target.database, statement); err != nil {
			return err
		}
	}
	entry := fmt.Sprintf("INSERT INTO schema_migrations (file, checksum) VALUES (%s, %s)", literal(s.file), literal(s.checksum))
	return w.exec(ctx, w.target.database, entry)
}

func (w *Warehouse) exec(ctx context.Context, database, statement string) error {
	_, err := w.post(ctx, request{query: statement, database: database})
	return err
}

// Applied returns the applied files, sorted.
func (w *Warehouse) Applied(ctx context.Context) ([]string, error) {
	done, err := w.journaled(ctx)
	if err != nil {
		return nil, err
	}
	files := make([]string, 0, len(done))
	for file := range done {
		files = append(files, file)
	}
	slices.SortFunc(files, cmp.Compare[string])
	return files, nil
}

// literal makes a string literal.
func literal(s string) string {
	return "'" + strings.NewReplacer("\\", "\\\\", "'", "\\'").Replace(s) + "'"
}
