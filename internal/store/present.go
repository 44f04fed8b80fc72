package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// WaitingContact returns the row of a contact that waits in a queue; ErrNotFound for any other.
func (s *Store) WaitingContact(ctx context.Context, at center.InstanceID, id center.ContactID) (w center.WaitingRecord, err error) {
	chat, err := s.ChatOf(ctx, id)
	if err != nil {
		return w, err
	}
	var queue, offered, routing []byte
	var enqueued int64
	err = s.row(ctx, `SELECT queue, channel, enqueued, priority, routing, offered_to FROM waiting WHERE stream = $1 AND contact = $2 AND instance = $3`,
		[]any{known(chat), known(id), string(at)}, &queue, &w.Channel, &enqueued, &w.Priority, &routing, &offered)
	if err != nil {
		return w, err
	}
	w.Contact, w.Chat, w.Instance, w.Queue = id, center.ChatID(chat), at, center.QueueID(idOf(queue))
	w.Enqueued, w.OfferedTo = timeOf(enqueued), center.UserID(idOf(offered))
	w.Routing, err = decoded[center.RoutingCriteria](routing)
	return w, err
}

// InQueue counts the contacts that wait in a queue and are not offered to an agent, of one channel or of all for "", those of
// one chat ("" for none) aside; and says when the one came that came first, zero for none.
func (s *Store) InQueue(ctx context.Context, at center.InstanceID, queue center.QueueID, channel string, but center.ChatID) (n int, oldest time.Time, err error) {
	raw, ok := center.UUID(string(queue))
	if !ok {
		return 0, oldest, nil
	}
	own, _ := center.UUID(string(but))
	var first sql.NullInt64
	err = s.row(ctx, `SELECT count(*), min(enqueued) FROM waiting WHERE instance = $1 AND queue = $2 AND stream <> $3 AND offered_to IS NULL AND (channel = $4 OR $4 = '')`,
		[]any{string(at), raw[:], own[:], channel}, &n, &first)
	if first.Valid {
		oldest = timeOf(first.Int64)
	}
	return n, oldest, err
}

// Waiting is what waits in a queue: how many contacts, and since when the first; zero for none.
type Waiting struct {
	Contacts int
	Oldest   time.Time
}

// InQueues is [Store.InQueue] for several queues at once, of all channels and chats. Queues in which nothing waits are not in it.
func (s *Store) InQueues(ctx context.Context, at center.InstanceID, queues []center.QueueID) (map[center.QueueID]Waiting, error) {
	all := make(map[center.QueueID]Waiting)
	ids := bytesOf(queues)
	if len(ids) == 0 {
		return all, nil
	}
	err := s.rows(ctx, `SELECT queue, count(*), min(enqueued) FROM waiting WHERE instance = $1 AND `+s.d.among("queue", "$2")+` AND offered_to IS NULL GROUP BY queue`,
		[]any{string(at), s.d.amongArg(ids)}, func(rows *sql.Rows) error {
			var queue []byte
			var n, first int64
			err := rows.Scan(&queue, &n, &first)
			all[center.QueueID(idOf(queue))] = Waiting{int(n), timeOf(first)}
			return err
		})
	return all, err
}

// LastTaken returns when agents joined contacts of a queue since a time, the last ones first.
func (s *Store) LastTaken(ctx context.Context, at center.InstanceID, queue center.QueueID, since time.Time, limit int) (all []time.Time, err error) {
	raw, ok := center.UUID(string(queue))
	if !ok {
		return nil, nil
	}
	err = s.rows(ctx, `SELECT connected_to_agent FROM contact WHERE instance = $1 AND connected_to_agent >= $2 AND queue = $3 ORDER BY connected_to_agent DESC LIMIT $4`,
		[]any{string(at), since.UnixMilli(), raw[:], int64(limit)}, func(rows *sql.Rows) error {
			var ms int64
			err := rows.Scan(&ms)
			all = append(all, timeOf(ms))
			return err
		})
	return all, err
}

// PutSnapshot keeps an answer whose later pages may be asked for until it expires, and drops those that have expired.
func (s *Store) PutSnapshot(ctx context.Context, id string, now, expires time.Time, body []byte) error {
	raw, _ := center.UUID(id)
	return s.write(ctx, func(ses session) error {
		if _, err := ses.exec(`DELETE FROM figure_snapshot WHERE expires <= $1`, now.UnixMilli()); err != nil {
			return err
		}
		_, err := ses.exec(`INSERT INTO figure_snapshot (id, expires, body) VALUES ($1, $2, $3)`, raw[:], expires.UnixMilli(), body)
		return err
	})
}

// Snapshot returns what PutSnapshot kept; ErrNotFound once it has expired.
func (s *Store) Snapshot(ctx context.Context, id string, now time.Time) (body []byte, err error) {
	raw, ok := center.UUID(id)
	if !ok {
		return nil, ErrNotFound
	}
	err = s.row(ctx, `SELECT body FROM figure_snapshot WHERE id = $1 AND expires > $2`, []any{raw[:], now.UnixMilli()}, &body)
	return body, err
}
