package store

import (
	"context"
	"database/sql"
	"math"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// Chat is a snapshot: the state, and the last item it is a state after.
type Chat struct {
	ID       center.ChatID
	Instance center.InstanceID
	State    []byte // as the Change that set it last gave it
	Ended    bool
	EndedAt  time.Time
	LastSeq  int64
	LastTime time.Time
}

// A chat has an item from its first Change on, so the join loses none.
const sqlChat = `SELECT chat.id, chat.instance, chat.ended, chat.ended_at, chat.state, item.seq, item.at
	FROM chat JOIN item ON item.chat = chat.id AND item.seq = (SELECT max(seq) FROM item WHERE item.chat = chat.id) `

func scanChat(rows *sql.Rows) (Chat, error) {
	var (
		c                  Chat
		id                 []byte
		ended, at, endedAt int64
	)
	err := rows.Scan(&id, &c.Instance, &ended, &endedAt, &c.State, &c.LastSeq, &at)
	c.ID, c.Ended, c.EndedAt, c.LastTime = center.ChatID(idOf(id)), ended != 0, timeOf(endedAt), timeOf(at)
	return c, err
}

// Chat returns a chat, or ErrNotFound.
func (s *Store) Chat(ctx context.Context, id center.ChatID) (Chat, error) {
	raw, ok := center.UUID(string(id))
	if !ok {
		return Chat{}, ErrNotFound
	}
	all, err := s.chats(ctx, sqlChat+"WHERE chat.id = $1", raw[:])
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Chat{}, err
	}
	return all[0], nil
}

// Chats returns up to limit chats of an instance, newest id first, from the one before after ("": from the newest).
func (s *Store) Chats(ctx context.Context, instance center.InstanceID, after center.ChatID, activeOnly bool, limit int) ([]Chat, error) {
	before := [17]byte{0xff} // above every id
	if raw, ok := center.UUID(string(after)); ok {
		copy(before[:], raw[:])
		return s.chatsBefore(ctx, instance, before[:16], activeOnly, limit)
	}
	return s.chatsBefore(ctx, instance, before[:1], activeOnly, limit)
}

func (s *Store) chatsBefore(ctx context.Context, instance center.InstanceID, before []byte, activeOnly bool, limit int) ([]Chat, error) {
	text := sqlChat + "WHERE chat.instance = $1 AND chat.id < $2 "
	if activeOnly {
		text += "AND chat.ended = 0 "
	}
	return s.chats(ctx, text+"ORDER BY chat.id DESC LIMIT $3", string(instance), before, limit)
}

func (s *Store) chats(ctx context.Context, text string, args ...any) ([]Chat, error) {
	var all []Chat
	err := s.rows(ctx, text, args, func(r *sql.Rows) error {
		c, err := scanChat(r)
		all = append(all, c)
		return err
	})
	return all, err
}

// ActiveChats returns how many chats of an instance have not ended.
func (s *Store) ActiveChats(ctx context.Context, instance center.InstanceID) (n int, err error) {
	err = s.row(ctx, `SELECT count(*) FROM chat WHERE instance = $1 AND ended = 0`, []any{string(instance)}, &n)
	return n, err
}

// ChatOf returns the chat of a contact, or ErrNotFound.
func (s *Store) ChatOf(ctx context.Context, id center.ContactID) (center.ChatID, error) {
	raw, ok := center.UUID(string(id))
	if !ok {
		return "", ErrNotFound
	}
	var chat []byte
	err := s.row(ctx, `SELECT id FROM chat WHERE id = $1 UNION ALL SELECT chat FROM contact WHERE id = $1`, []any{raw[:]}, &chat)
	return center.ChatID(idOf(chat)), err
}

// PageQuery asks for items of a chat. From and To are included; To 0 is no bound. Items come in the direction that
// the query walks: rising from From, or with Backward falling from To.
type PageQuery struct {
	Chat           center.ChatID
	From, To       int64
	Backward       bool
	Limit          int
	TranscriptOnly bool
}

// Page returns the items that q asks for; none when there is no such chat.
func (s *Store) Page(ctx context.Context, q PageQuery) ([]center.Item, error) {
	chat, ok := center.UUID(string(q.Chat))
	if !ok {
		return nil, nil
	}
	text := `SELECT seq, at, body FROM item WHERE chat = $1 AND seq >= $2 AND seq <= $3` + notErased + ` `
	if q.TranscriptOnly {
		text += `AND flags & 1 <> 0 `
	}
	text += `ORDER BY seq `
	if q.Backward {
		text += `DESC `
	}
	to := q.To
	if to == 0 {
		to = math.MaxInt64
	}
	return s.items(ctx, q.Chat, text+`LIMIT $4`, chat[:], q.From, to, q.Limit)
}

// ItemsAfter returns up to limit items of a chat after seq, of every kind, in sequence.
func (s *Store) ItemsAfter(ctx context.Context, chat center.ChatID, seq int64, limit int) ([]center.Item, error) {
	return s.Page(ctx, PageQuery{Chat: chat, From: seq + 1, Limit: limit})
}

// Item returns one item by id, or ErrNotFound. It walks the chat from its end: those asked for are mostly recent,
// and an index over ids would be paid by every message.
func (s *Store) Item(ctx context.Context, chat center.ChatID, id center.ItemID) (center.Item, error) {
	rawChat, ok1 := center.UUID(string(chat))
	rawID, ok2 := center.UUID(string(id))
	if !ok1 || !ok2 {
		return center.Item{}, ErrNotFound
	}
	all, err := s.items(ctx, chat, `SELECT seq, at, body FROM item WHERE chat = $1 AND id = $2`+notErased+` ORDER BY seq DESC LIMIT 1`, rawChat[:], rawID[:])
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return center.Item{}, err
	}
	return all[0], nil
}

func (s *Store) items(ctx context.Context, chat center.ChatID, text string, args ...any) ([]center.Item, error) {
	var all []center.Item
	err := s.rows(ctx, text, args, func(r *sql.Rows) error {
		var (
			seq, at int64
			body    []byte
		)
		if err := r.Scan(&seq, &at, &body); err != nil {
			return err
		}
		it, err := itemOf(chat, seq, at, body)
		all = append(all, it)
		return err
	})
	return all, err
}

// SeqAt returns the sequence of a chat's first item at t or later, or ErrNotFound.
func (s *Store) SeqAt(ctx context.Context, chat center.ChatID, t time.Time) (seq int64, err error) {
	raw, ok := center.UUID(string(chat))
	if !ok {
		return 0, ErrNotFound
	}
	// Times rise with the sequence, so the first one found in its order is the one.
	err = s.row(ctx, `SELECT seq FROM item WHERE chat = $1 AND at >= $2`+notErased+` ORDER BY seq LIMIT 1`, []any{raw[:], ceilMillis(t)}, &seq)
	return seq, err
}

// TranscriptBytes returns how much the transcript of a chat takes up to the item with the given number; 0 is to its end.
func (s *Store) TranscriptBytes(ctx context.Context, chat center.ChatID, to int64) (n int64, err error) {
	raw, ok := center.UUID(string(chat))
	if !ok {
		return 0, ErrNotFound
	}
	if to == 0 {
		to = math.MaxInt64
	}
	err = s.row(ctx, `SELECT coalesce(sum(length(body)), 0) FROM item WHERE chat = $1 AND seq <= $2 AND flags & 1 <> 0`+notErased, []any{raw[:], to}, &n)
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

// LastSeqs returns the last sequence of each chat that there is, in one query.
func (s *Store) LastSeqs(ctx context.Context, chats []center.ChatID) (map[center.ChatID]int64, error) {
	asked := make(map[[16]byte]center.ChatID, len(chats))
	ids := make([][]byte, 0, len(chats))
	for _, c := range chats {
		if raw, ok := center.UUID(string(c)); ok {
			asked[raw] = c
			ids = append(ids, raw[:])
		}
	}
	last := make(map[center.ChatID]int64, len(chats))
	if len(ids) == 0 {
		return last, nil
	}
	text := `SELECT v.id, (SELECT max(seq) FROM item WHERE item.chat = v.id) FROM ` + s.d.ids + ` WHERE EXISTS (SELECT 1 FROM chat WHERE chat.id = v.id)`
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

// Receipts returns the receipts of items of a chat.
func (s *Store) Receipts(ctx context.Context, chat center.ChatID, items []center.ItemID) (map[center.ItemID][]center.Receipt, error) {
	raw, ok := center.UUID(string(chat))
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
	// All of the chat's: its receipts lie together, and there are few to a message.
	err := s.rows(ctx, `SELECT item, participant, delivered, read FROM receipt WHERE chat = $1`+notErased+` ORDER BY item, participant`, []any{raw[:]}, func(r *sql.Rows) error {
		var (
			item            []byte
			rc              center.Receipt
			delivered, read int64
		)
		if err := r.Scan(&item, &rc.Recipient, &delivered, &read); err != nil {
			return err
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
