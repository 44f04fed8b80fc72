package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// Stream is a snapshot of one: the state, and the last item that it is a state after.
type Stream struct {
	ID       center.StreamID
	Kind     center.StreamKind
	Instance center.InstanceID
	State    []byte // as the Change that set it last gave it
	Ended    bool
	EndedAt  time.Time
	LastSeq  int64
	LastTime time.Time
}

// A stream has an item from its first Change on. One without is damaged, and not left out.
const sqlStream = `SELECT stream.id, stream.kind, stream.instance, stream.ended, stream.ended_at, stream.state, item.seq, item.at
	FROM stream LEFT JOIN item ON item.stream = stream.id AND item.seq = (SELECT max(seq) FROM item WHERE item.stream = stream.id) `

func scanStream(rows *sql.Rows) (Stream, error) {
	var (
		c              Stream
		id             []byte
		ended, endedAt int64
		seq, at        sql.NullInt64
	)
	if err := rows.Scan(&id, &c.Kind, &c.Instance, &ended, &endedAt, &c.State, &seq, &at); err != nil {
		return c, err
	}
	stream, err := decodedID("stream", id)
	if err == nil && !seq.Valid {
		err = &Damage{"item", fmt.Errorf("stream %s has no items", stream)}
	}
	c.ID, c.Ended, c.EndedAt, c.LastSeq, c.LastTime = center.StreamID(stream), ended != 0, timeOf(endedAt), seq.Int64, timeOf(at.Int64)
	return c, err
}

// Stream returns a stream, or ErrNotFound.
func (s *Store) Stream(ctx context.Context, id center.StreamID) (Stream, error) {
	raw, ok := center.UUID(string(id))
	if !ok {
		return Stream{}, ErrNotFound
	}
	all, err := s.streams(ctx, sqlStream+"WHERE stream.id = $1", raw[:])
	if err == nil && len(all) == 0 {
		err = s.gone(ctx, id, raw)
	}
	if err != nil {
		return Stream{}, err
	}
	return all[0], nil
}

// gone returns ErrNotFound for a stream that is not there, and damage if its items still are.
func (s *Store) gone(ctx context.Context, id center.StreamID, raw [16]byte) error {
	var n int64
	err := s.row(ctx, `SELECT count(*) FROM item WHERE stream = $1 AND seq = (SELECT min(seq) FROM item WHERE stream = $1)
		AND NOT EXISTS (SELECT 1 FROM stream WHERE id = $1) AND NOT EXISTS (SELECT 1 FROM erased WHERE erased.stream = $1)`, []any{raw[:]}, &n)
	if err == nil && n > 0 {
		return s.Damaged("stream", fmt.Errorf("stream %s is missing, and its items are there", id))
	}
	return cmp.Or(err, ErrNotFound)
}

// Streams returns up to limit streams of a kind and an instance, newest id first, from the one before after ("": from the newest).
func (s *Store) Streams(ctx context.Context, kind center.StreamKind, instance center.InstanceID, after center.StreamID, activeOnly bool, limit int) ([]Stream, error) {
	before := [17]byte{0xff} // above every id
	if raw, ok := center.UUID(string(after)); ok {
		copy(before[:], raw[:])
		return s.streamsBefore(ctx, kind, instance, before[:16], activeOnly, limit)
	}
	return s.streamsBefore(ctx, kind, instance, before[:1], activeOnly, limit)
}

func (s *Store) streamsBefore(ctx context.Context, kind center.StreamKind, instance center.InstanceID, before []byte, activeOnly bool, limit int) ([]Stream, error) {
	const text = sqlStream + "WHERE stream.kind = $1 AND stream.instance = $2 AND stream.ended = $3 AND stream.id < $4 ORDER BY stream.id DESC LIMIT $5"
	all, err := s.streams(ctx, text, string(kind), string(instance), number(false), before, limit)
	if err != nil || activeOnly {
		return all, err
	}
	// One that ends between the two reads is in both.
	over, err := s.streams(ctx, text, string(kind), string(instance), number(true), before, limit)
	if err != nil {
		return nil, err
	}
	all = append(all, over...)
	slices.SortStableFunc(all, func(a, b Stream) int { return cmp.Compare(b.ID, a.ID) })
	all = slices.CompactFunc(all, func(a, b Stream) bool { return a.ID == b.ID })
	return all[:min(len(all), limit)], nil
}

func (s *Store) streams(ctx context.Context, text string, args ...any) ([]Stream, error) {
	var all []Stream
	err := s.rows(ctx, text, args, func(r *sql.Rows) error {
		c, err := scanStream(r)
		all = append(all, c)
		return err
	})
	return all, err
}

// ActiveStreams returns how many streams of a kind and an instance have not ended.
func (s *Store) ActiveStreams(ctx context.Context, kind center.StreamKind, instance center.InstanceID) (n int, err error) {
	err = s.row(ctx, `SELECT count(*) FROM stream WHERE kind = $1 AND instance = $2 AND ended = 0`, []any{string(kind), string(instance)}, &n)
	return n, err
}

// ChatOf returns the stream of the chat of a contact, or ErrNotFound, also for a contact whose row has outlived its chat.
// The first contact of a chat from before contacts had rows is found by the chat's own id.
func (s *Store) ChatOf(ctx context.Context, id center.ContactID) (center.StreamID, error) {
	raw, ok := center.UUID(string(id))
	if !ok {
		return "", ErrNotFound
	}
	var chat []byte
	var there int64
	err := s.row(ctx, `SELECT found.id, CASE WHEN EXISTS (SELECT 1 FROM stream WHERE stream.id = found.id) THEN 1 ELSE 0 END
		FROM (SELECT coalesce((SELECT stream FROM contact WHERE contact.id = $1), $1) AS id) AS found`, []any{raw[:]}, &chat, &there)
	if err != nil {
		return "", err
	}
	found, err := decodedID("contact", chat)
	if err != nil {
		return "", s.noted(err)
	}
	if there == 0 {
		return "", s.gone(ctx, center.StreamID(found), [16]byte(chat))
	}
	return center.StreamID(found), nil
}

// PageQuery asks for items of a stream. From and To are included; To 0 is no bound. Items come in the direction that
// the query walks: rising from From, or with Backward falling from To.
type PageQuery struct {
	Stream         center.StreamID
	From, To       int64
	Backward       bool
	Limit          int
	TranscriptOnly bool
	// Keep, if set, says in place of TranscriptOnly which items are wanted.
	Keep func(*center.Item) bool
	// Last is the number of an item that the stream is known to have had as its last; 0 when it is not known.
	Last int64
}

func (q *PageQuery) wants(it *center.Item) bool {
	if q.Keep != nil {
		return q.Keep(it)
	}
	return !q.TranscriptOnly || it.InTranscript
}

// Page returns the items that q asks for; none when there is no such stream. It reads the items that the transcript does
// not show, too: where one is missing is damage. Of a stream that is trimmed, those before its first are none that are
// missing: backwards the items end there, and forwards from before it the error is [*center.Trimmed].
func (s *Store) Page(ctx context.Context, q PageQuery) ([]center.Item, error) {
	raw, ok := center.UUID(string(q.Stream))
	if !ok {
		return nil, nil
	}
	q.From = max(q.From, 1)
	if q.To == 0 {
		q.To = math.MaxInt64
	}
	var all []center.Item
	for len(all) < q.Limit && q.From <= q.To {
		part, err := s.stretch(ctx, q, raw)
		if err != nil {
			return nil, err
		}
		for i := range part {
			if len(all) < q.Limit && q.wants(&part[i]) {
				all = append(all, part[i])
			}
		}
		if len(part) < q.Limit {
			break
		}
		if q.Backward {
			q.To = part[len(part)-1].Seq - 1
		} else {
			q.From = part[len(part)-1].Seq + 1
		}
	}
	return all, nil
}

// stretch returns up to q.Limit items of every kind. They follow each other without a hole, and fewer than q.Limit reach
// to the bound or to the stream's end.
func (s *Store) stretch(ctx context.Context, q PageQuery, raw [16]byte) ([]center.Item, error) {
	text, next, step := sqlItems+`AND seq >= $2 AND seq <= $3 ORDER BY seq LIMIT $4`, q.From, int64(1)
	if q.Backward {
		text, next, step = sqlItems+`AND seq >= $2 AND seq <= $3 ORDER BY seq DESC LIMIT $4`, q.To, -1
	}
	items, err := s.items(ctx, q.Stream, raw, text, raw[:], q.From, q.To, q.Limit)
	if err != nil {
		return nil, err
	}
	// Where the items end before the bound, it may lie beyond the stream's end.
	short := len(items) == 0
	switch {
	case short:
	case q.Backward:
		short = items[0].Seq < q.To && (q.To < math.MaxInt64 || q.Last > 0)
	default:
		short = len(items) < q.Limit && items[len(items)-1].Seq < q.To && q.To < math.MaxInt64
	}
	if short {
		if err := s.whole(ctx, q.Stream, raw, q.Last); err != nil {
			return nil, err
		}
	}
	if !q.Backward && (len(items) == 0 || items[0].Seq != q.From) {
		begin, err := s.beginOf(ctx, raw)
		if err == nil && q.From < begin {
			err = &center.Trimmed{First: begin}
		}
		if err != nil {
			return nil, err
		}
	}
	if q.Backward && len(items) > 0 {
		next = items[0].Seq
	}
	for i := range items {
		if items[i].Seq != next {
			return nil, s.Damaged("item", fmt.Errorf("stream %s has no item %d, and one %d", q.Stream, next, items[i].Seq))
		}
		next += step
	}
	if q.Backward && len(items) > 0 && len(items) < q.Limit && next >= q.From {
		if begin, err := s.beginOf(ctx, raw); err != nil || next < begin {
			return items, err
		}
		return nil, s.Damaged("item", fmt.Errorf("stream %s has no item %d, and one %d", q.Stream, next, next+1))
	}
	return items, nil
}

// ItemsAfter returns up to limit items of a stream after seq, of every kind, in sequence.
func (s *Store) ItemsAfter(ctx context.Context, stream center.StreamID, seq int64, limit int) ([]center.Item, error) {
	return s.Page(ctx, PageQuery{Stream: stream, From: seq + 1, Limit: limit})
}

// Item returns one item by id, or ErrNotFound. It walks the stream from its end: those asked for are mostly recent,
// and an index over ids would be paid by every message.
func (s *Store) Item(ctx context.Context, stream center.StreamID, id center.ItemID) (center.Item, error) {
	raw, ok1 := center.UUID(string(stream))
	rawID, ok2 := center.UUID(string(id))
	if !ok1 || !ok2 {
		return center.Item{}, ErrNotFound
	}
	all, err := s.items(ctx, stream, raw, sqlItems+`AND id = $2 ORDER BY seq DESC LIMIT 1`, raw[:], rawID[:])
	if err == nil && len(all) == 0 {
		err = cmp.Or(s.whole(ctx, stream, raw, 0), ErrNotFound)
	}
	if err != nil {
		return center.Item{}, err
	}
	return all[0], nil
}

const sqlItems = `SELECT seq, at, id, flags, body FROM item WHERE stream = $1` + notErased + ` `

// items runs a read of sqlItems.
func (s *Store) items(ctx context.Context, stream center.StreamID, raw [16]byte, text string, args ...any) ([]center.Item, error) {
	var all []center.Item
	err := s.rows(ctx, text, args, func(r *sql.Rows) error {
		var row itemRow
		if err := r.Scan(&row.seq, &row.at, &row.id, &row.flags, &row.body); err != nil {
			return err
		}
		it, err := checked(stream, raw, row)
		all = append(all, it)
		return err
	})
	return all, err
}

// FirstSeq returns the sequence of the first item of a stream that is kept, or ErrNotFound.
func (s *Store) FirstSeq(ctx context.Context, stream center.StreamID) (seq int64, err error) {
	raw, ok := center.UUID(string(stream))
	if !ok {
		return 0, ErrNotFound
	}
	err = s.row(ctx, `SELECT seq FROM item WHERE stream = $1`+notErased+` ORDER BY seq LIMIT 1`, []any{raw[:]}, &seq)
	return seq, err
}

// SeqAt returns the sequence of a stream's first item at t or later, or ErrNotFound.
func (s *Store) SeqAt(ctx context.Context, stream center.StreamID, t time.Time) (seq int64, err error) {
	raw, ok := center.UUID(string(stream))
	if !ok {
		return 0, ErrNotFound
	}
	// Times rise with the sequence, so the first one found in its order is the one.
	var before, begin int64
	err = s.row(ctx, `SELECT seq, (SELECT count(*) FROM item AS earlier WHERE earlier.stream = item.stream AND earlier.seq < item.seq), `+sqlBegin+`
		FROM item WHERE stream = $1 AND at >= $2`+notErased+` ORDER BY seq LIMIT 1`, []any{raw[:], ceilMillis(t)}, &seq, &before, &begin)
	last := errors.Is(err, ErrNotFound)
	switch {
	case last:
		err = s.whole(ctx, stream, raw, 0)
	case err == nil && before != seq-begin:
		err = s.Damaged("item", fmt.Errorf("stream %s has %d items before item %d", stream, before, seq))
	}
	if err != nil {
		return 0, err
	}
	// The search has believed the times of the rows. Those on both sides of what it found are looked at.
	around := PageQuery{Stream: stream, From: seq - 1, To: seq, Backward: true, Limit: 2}
	if last {
		around = PageQuery{Stream: stream, From: 1, Backward: true, Limit: 1}
	}
	if _, err := s.Page(ctx, around); err != nil {
		return 0, err
	}
	if last {
		return 0, ErrNotFound
	}
	return seq, nil
}

// TranscriptBytes returns how much the transcript of a stream takes up to the item with the given number; 0 is to its end.
func (s *Store) TranscriptBytes(ctx context.Context, stream center.StreamID, to int64) (n int64, err error) {
	raw, ok := center.UUID(string(stream))
	if !ok {
		return 0, ErrNotFound
	}
	if to == 0 {
		to = math.MaxInt64
	}
	var items, last, begin int64
	err = s.row(ctx, `SELECT coalesce(sum(CASE WHEN flags & 1 <> 0 THEN length(body) ELSE 0 END), 0), count(*), coalesce(max(seq), 0), coalesce(`+sqlBegin+`, 1)
		FROM item WHERE stream = $1 AND seq <= $2`+notErased, []any{raw[:], to}, &n, &items, &last, &begin)
	if err == nil && items > 0 && items != last-begin+1 {
		err = s.Damaged("item", fmt.Errorf("stream %s has %d items up to item %d", stream, items, last))
	}
	return n, err
}

// ceilMillis is the first whole millisecond that is not before t.
func ceilMillis(t time.Time) int64 {
	ms := t.UnixMilli()
	if time.UnixMilli(ms).Before(t) {
		ms++
	}
	return ms
}

// LastSeqs returns the last sequence of each stream that there is, in one query.
func (s *Store) LastSeqs(ctx context.Context, streams []center.StreamID) (map[center.StreamID]int64, error) {
	asked := make(map[[16]byte]center.StreamID, len(streams))
	ids := make([][]byte, 0, len(streams))
	for _, c := range streams {
		if raw, ok := center.UUID(string(c)); ok {
			asked[raw] = c
			ids = append(ids, raw[:])
		}
	}
	last := make(map[center.StreamID]int64, len(streams))
	if len(ids) == 0 {
		return last, nil
	}
	text := `SELECT v.id, (SELECT max(seq) FROM item WHERE item.stream = v.id) FROM ` + s.d.ids + ` WHERE EXISTS (SELECT 1 FROM stream WHERE stream.id = v.id)`
	err := s.rows(ctx, text, []any{s.d.idsArg(ids)}, func(r *sql.Rows) error {
		var (
			id  []byte
			seq sql.NullInt64
		)
		if err := r.Scan(&id, &seq); err != nil {
			return err
		}
		if seq.Valid {
			last[asked[[16]byte(id)]] = seq.Int64
		}
		return nil
	})
	return last, err
}

// Receipts returns the receipts of items of a stream.
func (s *Store) Receipts(ctx context.Context, stream center.StreamID, items []center.ItemID) (map[center.ItemID][]center.Receipt, error) {
	raw, ok := center.UUID(string(stream))
	found := map[center.ItemID][]center.Receipt{}
	asked := make(map[[16]byte]center.ItemID, len(items))
	for _, it := range items {
		if id, ok := center.UUID(string(it)); ok {
			asked[id] = it
		}
	}
	if !ok || len(asked) == 0 {
		return found, nil
	}
	// All of the stream's: its receipts lie together, and there are few to a message.
	err := s.rows(ctx, `SELECT item, participant, delivered, read FROM receipt WHERE stream = $1`+notErased+` ORDER BY item, participant`, []any{raw[:]}, func(r *sql.Rows) error {
		var (
			item            []byte
			rc              center.Receipt
			delivered, read int64
		)
		if err := r.Scan(&item, &rc.Recipient, &delivered, &read); err != nil {
			return err
		}
		if len(item) != 16 {
			return &Damage{"receipt", fmt.Errorf("a receipt of an item whose id has %d bytes", len(item))}
		}
		id, ok := asked[[16]byte(item)]
		if !ok {
			return nil
		}
		rc.Message, rc.Delivered, rc.Read = id, timeOf(delivered), timeOf(read)
		found[id] = append(found[id], rc)
		return nil
	})
	return found, err
}

func idOf(raw []byte) string {
	if len(raw) != 16 {
		return ""
	}
	return center.FormatUUID([16]byte(raw))
}
