package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"time"
)

// Streams of agents are trimmed: their items go from the first on, the last one never. The row of the stream says which item is
// the first, so that one that is missing otherwise is damage as in every stream. Only agents' streams are trimmed: what they
// were is told by rows, what they are by the state.
const (
	// trimItems and trimStreams are how many items one transaction of [Store.TrimAgents] deletes, and of how many streams.
	trimItems   = eraseRows
	trimStreams = 64
)

// sqlBegin is the number of the first item that the stream $1 has, NULL for no stream.
const sqlBegin = `(SELECT coalesce(first_seq, 1) FROM stream WHERE stream.id = $1)`

// beginOf returns the number of the first item that a stream has: 1, but of one that is trimmed.
func (s *Store) beginOf(ctx context.Context, raw [16]byte) (begin int64, err error) {
	err = s.row(ctx, `SELECT coalesce(first_seq, 1) FROM stream WHERE id = $1`, []any{raw[:]}, &begin)
	if errors.Is(err, ErrNotFound) {
		return 1, nil
	}
	return begin, err
}

// A stream that has nothing but its first item is not looked at. The kind is not a parameter: the index of agents' streams names it.
const sqlTrimmable = `SELECT id, coalesce(first_seq, 1) FROM stream WHERE kind = 'agent'
	AND EXISTS (SELECT 1 FROM item WHERE item.stream = stream.id AND item.seq = coalesce(stream.first_seq, 1) AND item.at < $1)
	AND EXISTS (SELECT 1 FROM item WHERE item.stream = stream.id AND item.seq = coalesce(stream.first_seq, 1) + 1)
	ORDER BY id LIMIT $2`

// TrimAgents deletes some items of agents' streams that are older than before, and returns how many: 0 when there is no more
// to do, or another node is at it.
func (s *Store) TrimAgents(ctx context.Context, before time.Time) (gone int64, err error) {
	// Without a transaction first: mostly there is nothing.
	var n int64
	err = s.row(ctx, `SELECT count(*) FROM (`+sqlTrimmable+`) AS old`, []any{millis(before), 1}, &n)
	if err != nil || n == 0 {
		return 0, err
	}
	j := &job{alone: true} // it locks streams that it finds itself
	j.work = func(ses session) error {
		gone = 0
		// The stream first, as every Change does: one that sets the state waits, or is waited for.
		rows, err := ses.query(sqlTrimmable+s.d.skipLocked, millis(before), int64(trimStreams))
		for ; err == nil && gone < trimItems && len(rows) > 0; rows = rows[1:] {
			var n int64
			first, _ := rows[0][1].(int64)
			n, err = trimOne(ses, blob(rows[0][0]), first, millis(before), trimItems-gone)
			gone += n
		}
		j.pages = int(gone) * pagesPerRow
		return err
	}
	err = s.do(ctx, j)
	if err != nil {
		gone = 0
	}
	return gone, err
}

// trimOne deletes at most limit items of a stream, up to the first that is not old and never the last.
func trimOne(ses session, stream driver.Value, first, before, limit int64) (gone int64, err error) {
	rows, err := ses.query(`SELECT seq, at FROM item WHERE stream = $1 AND seq >= $2 ORDER BY seq LIMIT $3`, stream, first, limit+1)
	if err != nil {
		return 0, err
	}
	begin := first
	for i, row := range rows {
		seq, _ := row[0].(int64)
		at, _ := row[1].(int64)
		if seq != first+int64(i) {
			return 0, nil // a hole: it is damage, which reads find and tell
		}
		begin = seq
		if at >= before {
			break
		}
	}
	if begin == first {
		return 0, nil
	}
	if gone, err = ses.exec(`DELETE FROM item WHERE stream = $1 AND seq < $2`, stream, begin); err != nil {
		return 0, err
	}
	_, err = ses.exec(`UPDATE stream SET first_seq = $2 WHERE id = $1`, stream, begin)
	return gone, err
}
