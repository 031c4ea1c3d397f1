package warehouse

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"
)

// Result is the answer to any statement.
type Result struct {
	// Columns and Types are names and ClickHouse's types of the columns.
	Columns, Types []string
	// Rows hold string, json.Number, bool, nil, []any or map[string]any. NaN and infinities are nil.
	Rows [][]any
	// Raw is the answer as it came, instead of all others, when the statement ended in its own FORMAT clause.
	Raw []byte
}

// Table runs any statement and returns its rows for display.
func (w *Warehouse) Table(ctx context.Context, sql string) (*Result, error) {
	const format = "JSONCompact"
	resp, err := w.post(ctx, request{
		query: sql, database: w.target.database,
		settings: map[string][]string{"default_format": {format}},
	})
	if err != nil {
		return nil, fmt.Errorf("running the statement: %w", err)
	}
	if resp.format != "" && resp.format != format {
		return &Result{Raw: resp.body}, nil
	}
	if len(bytes.TrimSpace(resp.body)) == 0 { // a statement without rows
		return &Result{}, nil
	}
	return parseCompact(resp.body)
}

func parseCompact(body []byte) (*Result, error) {
	var doc struct {
		Meta []struct{ Name, Type string }
		Data [][]any
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		return nil, fmt.Errorf("reading the rows: %w", err)
	}
	r := &Result{Rows: doc.Data}
	for _, m := range doc.Meta {
		r.Columns = append(r.Columns, m.Name)
		r.Types = append(r.Types, m.Type)
	}
	return r, nil
}

// WriteText writes an aligned table with a heading. Control characters are escaped: cells hold what users and
// models wrote, and a terminal obeys it.
func (r *Result) WriteText(out io.Writer) error {
	if r.Raw != nil {
		_, err := out.Write(r.Raw)
		return err
	}
	if len(r.Columns) == 0 {
		return nil
	}
	tw := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, strings.Join(r.Columns, "\t"))
	for _, row := range r.Rows {
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = Cell(v)
		}
		fmt.Fprintln(tw, strings.Join(cells, "\t"))
	}
	return tw.Flush()
}

// WriteJSON writes one JSON object for each row, its fields in the order of the columns.
func (r *Result) WriteJSON(out io.Writer) error {
	if r.Raw != nil {
		_, err := out.Write(r.Raw)
		return err
	}
	var buf bytes.Buffer
	for _, row := range r.Rows {
		buf.WriteByte('{')
		for i, v := range row {
			if i > 0 {
				buf.WriteByte(',')
			}
			if err := writeField(&buf, r.Columns[i], v); err != nil {
				return err
			}
		}
		buf.WriteString("}\n")
	}
	_, err := buf.WriteTo(out)
	return err
}

func writeField(buf *bytes.Buffer, name string, value any) error {
	key, err := json.Marshal(name)
	if err != nil {
		return fmt.Errorf("writing field %s: %w", name, err)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("writing field %s: %w", name, err)
	}
	buf.Write(key)
	buf.WriteByte(':')
	buf.Write(text)
	return nil
}

// Cell is a value of a Result on one line of a terminal.
func Cell(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case string:
		return escape(v)
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	default:
		text, err := json.Marshal(v)
		if err != nil {
			return err.Error()
		}
		return escape(string(text))
	}
}

func escape(s string) string {
	if strings.IndexFunc(s, hidden) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case hidden(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hidden runes move the cursor, change colors or turn the direction of the text.
func hidden(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }
