package checkpoint

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// session is a connection of SQLite with its statements, each prepared once. It belongs to one goroutine at a time, so there
// is nothing for database/sql to do, which would cost a tenth of a commit.
// No statement is given a context: one that could be called off costs a goroutine, and none takes long.
type session struct {
	conn  driver.Conn
	stmts map[string]statement
	args  []driver.NamedValue
}

type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

func (c *session) dialect() dialect {
	return dialect{
		now:      `CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER) * 1000000`,
		contains: `json_contains(t.metadata, $)`,
		list:     `SELECT value FROM json_each($)`,
	}
}

func (c *session) prepare(text string) (statement, error) {
	if stmt := c.stmts[text]; stmt != nil {
		return stmt, nil
	}
	prepared, err := c.conn.Prepare(text)
	if err != nil {
		return nil, err
	}
	stmt, ok := prepared.(statement)
	if !ok {
		return nil, fmt.Errorf("statement of type %T", prepared)
	}
	c.stmts[text] = stmt
	return stmt, nil
}

// bind gives the arguments the types that a driver takes. They are valid until the next call.
func (c *session) bind(args []any) ([]driver.NamedValue, error) {
	c.args = c.args[:0]
	for i, a := range args {
		var err error
		switch v := a.(type) {
		case ident:
			a, err = v.Value()
		case int:
			a = int64(v)
		case int32:
			a = int64(v)
		}
		if err != nil {
			return nil, err
		}
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return c.args, nil
}

func (c *session) exec(text string, args ...any) error {
	stmt, err := c.prepare(text)
	if err != nil {
		return err
	}
	bound, err := c.bind(args)
	if err == nil {
		_, err = stmt.ExecContext(context.Background(), bound)
	}
	return err
}

func (c *session) lock(string, ...any) error { return nil }

func (c *session) query(scan func(scanner) error, text string, args ...any) (err error) {
	stmt, err := c.prepare(text)
	if err != nil {
		return err
	}
	bound, err := c.bind(args)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(context.Background(), bound)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	values := make(row, len(rows.Columns()))
	for {
		if err := rows.Next(values); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := scan(values); err != nil {
			return err
		}
	}
}

func (c *session) close() error {
	var errs []error
	for _, stmt := range c.stmts {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, c.conn.Close())...)
}

// row is a row of a result.
type row []driver.Value

// Scan copies the columns into variables of the types that this package uses.
func (r row) Scan(into ...any) error {
	if len(into) != len(r) {
		return fmt.Errorf("%d variables for %d columns", len(into), len(r))
	}
	for i, v := range r {
		if !set(into[i], v) {
			return fmt.Errorf("column %d of type %T does not go into %T", i+1, v, into[i])
		}
	}
	return nil
}

func set(into any, v driver.Value) bool {
	switch v := v.(type) {
	case int64:
		switch p := into.(type) {
		case *int64:
			*p = v
		case *int:
			*p = int(v)
		case *int32:
			*p = int32(v)
		case *bool:
			*p = v != 0
		default:
			return false
		}
		return true
	case string:
		switch p := into.(type) {
		case *string:
			*p = v
		case *[]byte:
			*p = []byte(v)
		case *ident:
			*p = ident(v)
		default:
			return false
		}
		return true
	case []byte:
		if p, ok := into.(*[]byte); ok {
			*p = v
			return true
		}
	}
	if p, ok := into.(*[]byte); ok && v == nil {
		*p = nil
		return true
	}
	id, ok := into.(*ident)
	return ok && id.Scan(v) == nil
}
