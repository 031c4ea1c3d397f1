package checkpoint

import (
	"context"
	"errors"
	"fmt"
)

// storeMessages adds to the outbox. A message that is there already, of a commit that is tried again, is not added twice.
func storeMessages(x tx, list []Message) error {
	if len(list) == 0 {
		return nil
	}
	// Whoever holds this may have a number that no reader sees yet: see settled.
	if err := x.lock(`SELECT pg_advisory_xact_lock_shared(` + outboxGate + `)`); err != nil {
		return err
	}
	for _, m := range list {
		headers, err := packHeaders(m.Headers)
		if err != nil {
			return fmt.Errorf("encoding message %s: %w", m.ID, err)
		}
		if err := x.exec(`INSERT INTO outbox (id, topic, key, value, headers) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING`,
			m.ID, m.Topic, m.Key, m.Value, headers); err != nil {
			return fmt.Errorf("inserting message %s: %w", m.ID, err)
		}
	}
	return nil
}

// outboxGate is the key of an advisory lock, one for each schema.
const outboxGate = `hashtextextended('ragline outbox ' || current_schema(), 0)`

// settled returns the greatest number of the outbox below which none can appear any more. Transactions do not end in the
// order in which they took their numbers, and a reader that goes on after the greatest it has seen would miss a smaller one
// that becomes visible later. So it waits for those under way; others begin when the number has been read.
func settled(x tx) (int64, error) {
	if err := x.lock(`SELECT pg_advisory_xact_lock(` + outboxGate + `)`); err != nil {
		return 0, err
	}
	var last int64
	_, err := one(x, []any{&last}, `SELECT coalesce(max(seq), 0) FROM outbox`)
	return last, err
}

func unsent[T any](ctx context.Context, s sqlStore, scan func(scanner) (T, error), columns string, after int64, limit int) ([]T, error) {
	var out []T
	err := s.db.read(ctx, "outbox", func(x tx) error {
		last, err := settled(x)
		if err != nil || last <= after {
			return err
		}
		out, err = collect(x, scan, `SELECT `+columns+` FROM outbox WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3`, after, last, limit)
		return err
	})
	return out, err
}

func (s sqlStore) Unsent(ctx context.Context, after int64, limit int) ([]Message, error) {
	return unsent(ctx, s, func(row scanner) (Message, error) {
		var m Message
		var headers []byte
		err := row.Scan(&m.Seq, &m.ID, &m.Topic, &m.Key, &m.Value, &headers)
		return m, errors.Join(err, unpack(headers, &m.Headers))
	}, `seq, id, topic, key, value, headers`, after, limit)
}

func (s sqlStore) UnsentIDs(ctx context.Context, after int64, limit int) ([]MessageID, error) {
	return unsent(ctx, s, func(row scanner) (MessageID, error) {
		var m MessageID
		err := row.Scan(&m.Seq, &m.ID, &m.Topic)
		return m, err
	}, `seq, id, topic`, after, limit)
}

func (s sqlStore) Confirm(ctx context.Context, seqs []int64, at []Position) error {
	return s.db.change(ctx, "confirming messages", func(x tx) error {
		for _, seq := range seqs {
			if err := x.exec(`DELETE FROM outbox WHERE seq = $1`, seq); err != nil {
				return fmt.Errorf("removing message %d: %w", seq, err)
			}
		}
		for _, p := range at {
			if err := x.exec(`INSERT INTO confirmed (topic, partition, "offset") VALUES ($1, $2, $3)
ON CONFLICT (topic, partition) DO UPDATE SET "offset" = excluded."offset" WHERE confirmed."offset" < excluded."offset"`,
				p.Topic, p.Partition, p.Offset); err != nil {
				return fmt.Errorf("storing position of %s/%d: %w", p.Topic, p.Partition, err)
			}
		}
		return nil
	})
}

func (s sqlStore) Confirmed(ctx context.Context) ([]Position, error) {
	return all(ctx, s, "positions", func(row scanner) (Position, error) {
		var p Position
		err := row.Scan(&p.Topic, &p.Partition, &p.Offset)
		return p, err
	}, `SELECT topic, partition, "offset" FROM confirmed`)
}
