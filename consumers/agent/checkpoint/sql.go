package checkpoint

import (
	"context"
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// sqlStore is a store in a database that SQLite's and PostgreSQL's common SQL is enough for.
type sqlStore struct{ db database }

// database runs functions on a connection.
type database interface {
	// change runs fn in a transaction that is durable when change returns nil, and leaves nothing otherwise.
	change(ctx context.Context, what string, fn func(tx) error) error
	// read runs fn, which changes nothing.
	read(ctx context.Context, what string, fn func(tx) error) error
}

// tx is a connection in use. Arguments are $1 to $n.
type tx interface {
	// exec runs a statement. It may wait for the next query, or for the commit, which then return its error.
	exec(text string, args ...any) error
	// query calls scan for each row of the result.
	query(scan func(scanner) error, text string, args ...any) error
	// lock is exec in a database that several processes share. Where one owns it, nothing has to be locked.
	lock(text string, args ...any) error
	// dialect says what is spelt differently.
	dialect() dialect
}

type scanner interface{ Scan(into ...any) error }

// dialect holds expressions that the databases spell differently.
type dialect struct {
	// now is the clock in nanoseconds.
	now string
	// contains is a condition on a thread's metadata, with the place of the parameter.
	contains string
	// list is a subquery for the strings of a JSON array, with the place of the parameter.
	list string
}

// ident is an id in a statement. SQLite keeps the 36 characters of a UUID as its 16 bytes.
type ident string

// Value implements driver.Valuer.
func (i ident) Value() (driver.Value, error) {
	if len(i) != 36 || i[8] != '-' || i[13] != '-' || i[18] != '-' || i[23] != '-' {
		return string(i), nil
	}
	packed := make([]byte, 0, 16)
	for _, part := range []ident{i[:8], i[9:13], i[14:18], i[19:23], i[24:]} {
		for j := 0; j < len(part); j += 2 {
			high, low := digit(part[j]), digit(part[j+1])
			if high > 15 || low > 15 {
				return string(i), nil
			}
			packed = append(packed, high<<4|low)
		}
	}
	return packed, nil
}

// digit is the value of a lower-case hexadecimal digit, or more than 15.
func digit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	}
	return 255
}

// Scan implements sql.Scanner.
func (i *ident) Scan(src any) error {
	switch v := src.(type) {
	case string:
		*i = ident(v)
	case []byte:
		if len(v) != 16 {
			return fmt.Errorf("id of %d bytes", len(v))
		}
		h := hex.EncodeToString(v)
		*i = ident(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:])
	default:
		return fmt.Errorf("id of type %T", src)
	}
	return nil
}

// nullable keeps a nil document apart from an empty one.
func nullable(raw json.RawMessage) any {
	if raw == nil {
		return nil
	}
	return string(raw)
}

// nanos and moment keep the zero time.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func moment(nanos int64) time.Time {
	if nanos == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanos).UTC()
}

// collect reads all rows of a query.
func collect[T any](x tx, scan func(scanner) (T, error), text string, args ...any) ([]T, error) {
	var out []T
	err := x.query(func(row scanner) error {
		v, err := scan(row)
		out = append(out, v)
		return err
	}, text, args...)
	return out, err
}

// one reads the only row of a query into variables. It returns false when there is none.
func one(x tx, into []any, text string, args ...any) (bool, error) {
	var found bool
	err := x.query(func(row scanner) error {
		found = true
		return row.Scan(into...)
	}, text, args...)
	return found, err
}

// all and first are collect in a reading of its own.
func all[T any](ctx context.Context, s sqlStore, what string, scan func(scanner) (T, error), text string, args ...any) ([]T, error) {
	var out []T
	err := s.db.read(ctx, what, func(x tx) (err error) {
		out, err = collect(x, scan, text, args...)
		return err
	})
	return out, err
}

func first[T any](ctx context.Context, s sqlStore, what string, scan func(scanner) (T, error), text string, args ...any) (T, error) {
	list, err := all(ctx, s, what, scan, text, args...)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		var none T
		return none, err
	}
	return list[0], nil
}
