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
	data, err := w.encode(columns)
	if err != nil {
		return fmt.Errorf("encoding rows of %s: %w", table, err)
	}
	defer data.release()
	settings := url.Values{
		"async_insert":               {"0"},
		"insert_deduplicate":         {"1"},
		"insert_deduplication_token": {token},
		"deduplicate_blocks_in_dependent_materialized_views": {"1"},
	}
	if w.compress {
		settings.Set("decompress", "1")
	}
	query := "INSERT INTO " + quote(table) + " (" + columnNames(columns) + ") FORMAT Native"
	if _, err := w.post(ctx, request{query: query, database: w.target.database, settings: settings, data: data}); err != nil {
		return fmt.Errorf("inserting into %s: %w", table, err)
	}
	return nil
}

// encode writes revision 0: what ClickHouse reads from an HTTP body.
func (w *Warehouse) encode(columns proto.Input) (*body, error) {
	plain := w.newBody()
	block := proto.Block{Columns: len(columns), Rows: columns[0].Data.Rows()}
	if err := block.EncodeBlock(&plain.Buffer, 0, columns); err != nil {
		plain.release()
		return nil, err
	}
	if !w.compress {
		return plain, nil
	}
	defer plain.release()
	small := w.newBody()
	if err := small.compress(plain.Buf); err != nil {
		small.release()
		return nil, err
	}
	return small, nil
}

func (b *body) compress(plain []byte) error {
	frame := compress.NewWriter(compress.LevelZero, compress.LZ4)
	for len(plain) > 0 {
		n := min(len(plain), compressedFrame)
		if err := frame.Compress(plain[:n]); err != nil {
			return err
		}
		b.PutRaw(frame.Data)
		plain = plain[n:]
	}
	return nil
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
