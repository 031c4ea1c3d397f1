package warehouse

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"
)

// compressedFrame is how much goes into one LZ4 frame: ClickHouse's own block size.
const compressedFrame = 1 << 20

// Insert stores the rows of a Native block. ClickHouse ignores a block whose token it has seen within the table's
// deduplication window, whatever the block holds, so a repeat must have the same token and should have the same rows.
// A nil error means that the rows are stored, and synced to disk where the table asks for it. After any other
// result they may be stored or not.
//
// Rows of one call must fall into at most 100 table partitions and be fewer than a million.
func (w *Warehouse) Insert(ctx context.Context, table, token string, columns proto.Input) error {
	if len(columns) == 0 || columns[0].Data.Rows() == 0 {
		return nil
	}
	body, err := w.encode(table, columns)
	if err != nil {
		return fmt.Errorf("encoding rows of %s: %w", table, err)
	}
	settings := url.Values{
		"async_insert":               {"0"},
		"insert_deduplicate":         {"1"},
		"insert_deduplication_token": {token},
		"deduplicate_blocks_in_dependent_materialized_views": {"1"},
	}
	if w.compress {
		settings.Set("decompress", "1")
		if body, err = compressed(body); err != nil {
			return fmt.Errorf("compressing rows of %s: %w", table, err)
		}
	}
	query := "INSERT INTO " + quote(table) + " (" + columnNames(columns) + ") FORMAT Native"
	if _, err := w.post(ctx, request{query: query, database: w.target.database, settings: settings, body: body}); err != nil {
		return fmt.Errorf("inserting into %s: %w", table, err)
	}
	return nil
}

// encode writes revision 0: what ClickHouse reads from an HTTP body. The body of the table's last insert says how much
// room to make. It is never used again: a server may answer while the transport still reads it.
func (w *Warehouse) encode(table string, columns proto.Input) ([]byte, error) {
	var buf proto.Buffer
	if last, ok := w.bodies.Load(table); ok {
		buf.Buf = make([]byte, 0, last.(int)*9/8)
	}
	block := proto.Block{Columns: len(columns), Rows: columns[0].Data.Rows()}
	if err := block.EncodeBlock(&buf, 0, columns); err != nil {
		return nil, err
	}
	w.bodies.Store(table, len(buf.Buf))
	return buf.Buf, nil
}

func compressed(body []byte) ([]byte, error) {
	frame := compress.NewWriter(compress.LevelZero, compress.LZ4)
	out := make([]byte, 0, len(body)/2)
	for len(body) > 0 {
		n := min(len(body), compressedFrame)
		if err := frame.Compress(body[:n]); err != nil {
			return nil, err
		}
		out = append(out, frame.Data...)
		body = body[n:]
	}
	return out, nil
}

func columnNames(columns proto.Input) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = quote(c.Name)
	}
	return strings.Join(names, ", ")
}

// quote makes an identifier of a name.
func quote(name string) string {
	return "`" + strings.NewReplacer("\\", "\\\\", "`", "\\`").Replace(name) + "`"
}
