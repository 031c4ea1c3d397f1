package checkpoint

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
)

func (s *SQLite) Unsent(ctx context.Context, after int64, limit int) ([]Message, error) {
	return query(ctx, s, "outbox", func(rows *sql.Rows) (Message, error) {
		var m Message
		var headers string
		if err := rows.Scan(&m.Seq, &m.ID, &m.Topic, &m.Key, &m.Value, &headers); err != nil {
			return m, err
		}
		return m, json.Unmarshal([]byte(headers), &m.Headers)
	}, `SELECT seq, id, topic, key, value, headers FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?`, after, limit)
}

func (s *SQLite) UnsentIDs(ctx context.Context, after int64, limit int) ([]MessageID, error) {
	return query(ctx, s, "outbox", func(rows *sql.Rows) (MessageID, error) {
		var m MessageID
		err := rows.Scan(&m.Seq, &m.ID, &m.Topic)
		return m, err
	}, `SELECT seq, id, topic FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?`, after, limit)
}

func (s *SQLite) Confirm(ctx context.Context, seqs []int64, at []Position) error {
	return s.do(ctx, "confirming messages", func(tx *sql.Tx) error {
		for _, seq := range seqs {
			if _, err := tx.Exec(`DELETE FROM outbox WHERE seq = ?`, seq); err != nil {
				return fmt.Errorf("removing message %d: %w", seq, err)
			}
		}
		for _, p := range at {
			if _, err := tx.Exec(`INSERT INTO confirmed (topic, partition, offset) VALUES (?,?,?)
ON CONFLICT DO UPDATE SET offset = max(offset, excluded.offset)`, p.Topic, p.Partition, p.Offset); err != nil {
				return fmt.Errorf("storing position of %s/%d: %w", p.Topic, p.Partition, err)
			}
		}
		return nil
	})
}

func (s *SQLite) Confirmed(ctx context.Context) ([]Position, error) {
	return query(ctx, s, "positions", func(rows *sql.Rows) (Position, error) {
		var p Position
		err := rows.Scan(&p.Topic, &p.Partition, &p.Offset)
		return p, err
	}, `SELECT topic, partition, offset FROM confirmed`)
}
