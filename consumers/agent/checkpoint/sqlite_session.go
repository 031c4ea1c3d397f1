package checkpoint

import (
	"context"
	"database/sql"
	"errors"
)

// session is a connection of SQLite with its statements, each prepared once. It belongs to one goroutine at a time.
// No statement is given a context: one that could be called off costs a goroutine, and none takes long.
type session struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func (c *session) dialect() dialect {
	return dialect{
		now:      `CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER) * 1000000`,
		contains: `json_contains(t.metadata, $)`,
		list:     `SELECT value FROM json_each($)`,
	}
}

func (c *session) prepare(text string) (*sql.Stmt, error) {
	if stmt := c.stmts[text]; stmt != nil {
		return stmt, nil
	}
	stmt, err := c.conn.PrepareContext(context.Background(), text)
	if err == nil {
		c.stmts[text] = stmt
	}
	return stmt, err
}

func (c *session) exec(text string, args ...any) error {
	stmt, err := c.prepare(text)
	if err == nil {
		_, err = stmt.Exec(args...)
	}
	return err
}

func (c *session) lock(string, ...any) error { return nil }

func (c *session) query(scan func(scanner) error, text string, args ...any) (err error) {
	stmt, err := c.prepare(text)
	if err != nil {
		return err
	}
	rows, err := stmt.Query(args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (c *session) close() error {
	var errs []error
	for _, stmt := range c.stmts {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, c.conn.Close())...)
}
