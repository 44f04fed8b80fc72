package store

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// LeaseDue returns up to limit rows of a lane that are due at now and leased to nobody, earliest first, and keeps everybody from
// them until now+lease. A Change that answers one names it as Done; a row that nobody answers is due again when its
// lease has run out. Rows that another transaction holds are left out, not waited for.
func (s *Store) LeaseDue(ctx context.Context, lane center.Lane, now time.Time, lease time.Duration, limit int) ([]center.Due, error) {
	text := `WITH ripe AS (SELECT stream, key FROM due WHERE lane = $1 AND wake <= $2 ORDER BY wake LIMIT $3` + s.d.skipLocked + `)
		UPDATE due SET wake = $4 WHERE (stream, key) IN (SELECT stream, key FROM ripe) RETURNING stream, key, at, data`
	var (
		leased []center.Due
		bad    error
	)
	err := s.write(ctx, func(ses session) error {
		rows, err := ses.query(text, int64(lane), millis(now), int64(limit), millis(now.Add(lease)))
		leased, bad = make([]center.Due, 0, len(rows)), nil
		for _, row := range rows {
			due, err := dueOf(row)
			if err != nil { // it keeps its lease, so that it does not stand in the way of the others
				bad = err
				continue
			}
			due.Lane = lane
			leased = append(leased, due)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	_ = s.noted(bad)
	slices.SortFunc(leased, func(a, b center.Due) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Key, b.Key))
	})
	return leased, nil
}

// ExtendDue keeps a leased row from everybody else until the given time, and returns it. held is when the caller's lease
// ends. ok is false when the row is not the caller's any more: the lease ran out and another node has it, or the row was
// put anew or taken away.
func (s *Store) ExtendDue(ctx context.Context, due center.Due, held, until time.Time) (_ center.Due, ok bool, err error) {
	stream, _ := center.UUID(string(due.Stream))
	const text = `UPDATE due SET wake = $1 WHERE stream = $2 AND key = $3 AND at = $4 AND wake = $5 RETURNING stream, key, at, data`
	err = s.writeDue(ctx, due.Stream, func(ses session) error {
		rows, err := ses.query(text, millis(until), stream[:], due.Key, millis(due.At), millis(held))
		if ok = len(rows) == 1; ok {
			lane := due.Lane
			due, err = dueOf(rows[0])
			due.Lane = lane
		}
		if err != nil && ok {
			return fault(err)
		}
		return err
	})
	return due, ok && err == nil, err
}

func dueOf(row []driver.Value) (center.Due, error) {
	stream, err := decodedID("due", blob(row[0]))
	key, ok1 := row[1].(string)
	at, ok2 := row[2].(int64)
	if err == nil && !(ok1 && ok2) {
		err = &Damage{"due", fmt.Errorf("a due row of stream %s with columns of the wrong types", stream)}
	}
	return center.Due{Stream: center.StreamID(stream), Key: key, At: timeOf(at), Data: textOf(row[3])}, err
}

// NextDue returns when a row of a lane is due next, or its lease ends: now when one is due already. ok is false when there is
// nothing to wait for.
func (s *Store) NextDue(ctx context.Context, lane center.Lane, now time.Time) (at time.Time, ok bool, err error) {
	var wake sql.NullInt64
	if err := s.row(ctx, `SELECT min(wake) FROM due WHERE lane = $1`, []any{int64(lane)}, &wake); err != nil || !wake.Valid {
		return time.Time{}, false, err
	}
	if at = timeOf(wake.Int64); at.Before(now) {
		at = now
	}
	return at, true, nil
}

// DueOf returns the due rows of a stream, leased or not, by key.
func (s *Store) DueOf(ctx context.Context, stream center.StreamID) ([]center.Due, error) {
	raw, ok := center.UUID(string(stream))
	if !ok {
		return nil, nil
	}
	return s.dues(ctx, `SELECT stream, key, at, data FROM due WHERE stream = $1 ORDER BY key`, raw[:])
}

// AllDue returns up to limit due rows, leased or not, those to be looked at first first.
func (s *Store) AllDue(ctx context.Context, limit int) ([]center.Due, error) {
	return s.dues(ctx, `SELECT stream, key, at, data FROM due ORDER BY wake, stream, key LIMIT $1`, limit)
}

func (s *Store) dues(ctx context.Context, text string, args ...any) ([]center.Due, error) {
	var all []center.Due
	err := s.rows(ctx, text, args, func(r *sql.Rows) error {
		var (
			d      center.Due
			stream []byte
			at     int64
			data   []byte
		)
		if err := r.Scan(&stream, &d.Key, &at, &data); err != nil {
			return err
		}
		id, err := decodedID("due", stream)
		d.Stream, d.At, d.Data = center.StreamID(id), timeOf(at), string(data)
		all = append(all, d)
		return err
	})
	return all, err
}
