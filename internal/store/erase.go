package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// Erasing a chat has two parts. First its row goes, with its due rows and claims, in one transaction: from there on nothing
// of the chat is found, and no Change to it is committed. The rows of contacts that have ended stay, with figures and
// without what a flow has written into them. Items, receipts and attributes, of which there may be any number, follow in
// steps of eraseRows. The row in table erased says what is left, so that a crash in between loses
// no work, and several nodes share it.
const (
	// eraseRows is how many rows one transaction of [Store.Sweep] deletes, of each of three tables.
	eraseRows = 256
	// sweepChats is how many chats such a transaction looks at.
	sweepChats = 64
	// pagesPerRow is what an erased row may add to SQLite's WAL: a page of its table, two of indexes, one of a long body.
	pagesPerRow = 4
	// eraseSettles is how long an erased chat is remembered on PostgreSQL once its rows are gone. There, a batch of
	// another node that waits for the deletion of an item may put its own in that place afterwards. After this time no
	// such batch is under way, and what they put there is deleted too.
	eraseSettles = 2 * patience
)

// notErased keeps reads from items of a chat that is being erased; $1 is the chat.
const notErased = ` AND EXISTS (SELECT 1 FROM stream WHERE stream.id = $1)`

// Erased counts what erasures have deleted. Contacts are those of the chats, whether their rows stay or not.
type Erased struct {
	Chats, Contacts, Items, Receipts, Due, Claims, Attributes int64
}

// Add adds what another step has deleted.
func (e *Erased) Add(more Erased) {
	e.Chats += more.Chats
	e.Contacts += more.Contacts
	e.Items += more.Items
	e.Receipts += more.Receipts
	e.Due += more.Due
	e.Claims += more.Claims
	e.Attributes += more.Attributes
}

// EraseEnded begins to erase up to limit chats that ended at before or earlier, those first that ended first. [Store.Sweep]
// deletes the rest of them. now is real time.
func (s *Store) EraseEnded(ctx context.Context, before, now time.Time, limit int) (Erased, error) {
	text := `SELECT id FROM stream WHERE kind = 'chat' AND ended = 1 AND ended_at <= $1 ORDER BY ended_at LIMIT $2` + s.d.skipLocked
	return s.erase(ctx, now, text, millis(before), int64(limit))
}

// EraseChat begins to erase a chat, or returns ErrNotFound. [Store.Sweep] deletes the rest of it. now is real time.
func (s *Store) EraseChat(ctx context.Context, chat center.StreamID, now time.Time) (Erased, error) {
	raw, ok := center.UUID(string(chat))
	if !ok {
		return Erased{}, ErrNotFound
	}
	gone, err := s.erase(ctx, now, `SELECT id FROM stream WHERE id = $1`+s.d.forUpdate, raw[:])
	if err == nil && gone.Chats == 0 {
		err = ErrNotFound
	}
	return gone, err
}

// eraseInstance begins to erase up to limit streams of an instance.
func (s *Store) eraseInstance(ctx context.Context, instance center.InstanceID, now time.Time, limit int) (Erased, error) {
	return s.erase(ctx, now, `SELECT id FROM stream WHERE id IN (SELECT id FROM stream WHERE instance = $1 ORDER BY kind, ended, id LIMIT $2) ORDER BY id`+s.d.forUpdate,
		string(instance), int64(limit))
}

// erase begins to erase the chats that a query finds, in one transaction.
func (s *Store) erase(ctx context.Context, now time.Time, find string, args ...any) (gone Erased, err error) {
	j := &job{alone: true} // it locks claims of chats that it finds itself
	j.work = func(ses session) error {
		gone, j.pages = Erased{}, 0
		rows, err := ses.query(find, args...)
		if err != nil || len(rows) == 0 {
			return err
		}
		ids := s.d.idsArg(chatsOf(rows))
		remember := `INSERT INTO erased (stream, wake, swept) SELECT v.id, CAST($2 AS BIGINT), 0 FROM ` + s.d.ids + ` WHERE true ON CONFLICT DO NOTHING`
		if _, err := ses.exec(remember, ids, millis(now)); err != nil {
			return err
		}
		if err := s.d.lockClaims(ses, ids); err != nil {
			return err
		}
		// The chat first: whoever is committing to it waits there, or is waited for.
		for _, table := range []struct {
			from  string
			count *int64
		}{
			{`stream WHERE id`, &gone.Chats}, {`due WHERE stream`, &gone.Due}, {`claim WHERE stream`, &gone.Claims},
		} {
			n, err := ses.exec(`DELETE FROM `+table.from+` IN (SELECT v.id FROM `+s.d.ids+`)`, ids)
			if err != nil {
				return err
			}
			*table.count = n
			j.pages += int(n) * pagesPerRow
		}
		for _, from := range []string{`waiting WHERE stream`, `slot WHERE agent`} {
			if _, err := ses.exec(`DELETE FROM `+from+` IN (SELECT v.id FROM `+s.d.ids+`)`, ids); err != nil {
				return err
			}
		}
		counted, err := ses.query(`SELECT count(*) FROM contact WHERE stream IN (SELECT v.id FROM `+s.d.ids+`) AND id <> stream`, ids)
		if err != nil {
			return err
		}
		later, _ := counted[0][0].(int64)
		gone.Contacts = gone.Chats + later // the first contact of a chat may have no row of its own
		j.pages += int(gone.Contacts) * pagesPerRow
		dropped, err := ses.exec(`DELETE FROM contact_term WHERE contact IN (SELECT v.id FROM `+s.d.ids+`)
			OR contact IN (SELECT id FROM contact WHERE id <> stream AND stream IN (SELECT v.id FROM `+s.d.ids+`))`, ids)
		if err != nil {
			return err
		}
		j.pages += int(dropped) * pagesPerRow
		for _, of := range contactsOf(` IN (SELECT v.id FROM ` + s.d.ids + `)`) {
			if _, err := ses.exec(`DELETE FROM contact WHERE `+goesWithChat+` AND `+of, ids); err != nil {
				return err
			}
			if _, err := ses.exec(`UPDATE contact SET routing = NULL, about = NULL, name = NULL, customer = NULL WHERE (routing IS NOT NULL OR about IS NOT NULL OR customer IS NOT NULL) AND `+of, ids); err != nil {
				return err
			}
		}
		return nil
	}
	return gone, s.do(ctx, j)
}

// lockClaims locks the claims of streams in the order in which all transactions take claims.
func (d *dialect) lockClaims(ses session, ids any) error {
	if d.forUpdate == "" {
		return nil
	}
	_, err := ses.query(`SELECT kind FROM claim WHERE stream IN (SELECT v.id FROM `+d.ids+`) ORDER BY kind, key`+d.forUpdate, ids)
	return err
}

// goesWithChat are the rows of contacts that do not outlive their chat: those of before there was more in them than the
// chat, and those of contacts that have not ended, which would never grow old.
const goesWithChat = `(instance IS NULL OR disconnected IS NULL)`

// contactsOf says of the rows of contacts that they are a chat's, the first one's, which has the chat's id, and those of later
// ones. Each has an index of its own.
func contactsOf(chat string) [2]string {
	return [2]string{`id = stream AND id` + chat, `id <> stream AND stream` + chat}
}

func chatsOf(rows [][]driver.Value) [][]byte {
	ids := make([][]byte, len(rows))
	for i, row := range rows {
		ids[i] = blob(row[0])
	}
	return ids
}

// Sweep deletes some of what is left of erased chats. now is real time. more says that there was something to do; what has
// to wait, or what another node is at, does not count.
func (s *Store) Sweep(ctx context.Context, now time.Time) (gone Erased, more bool, err error) {
	return s.sweep(ctx, now, `SELECT stream, swept FROM erased WHERE wake <= $1 ORDER BY wake LIMIT $2`+s.d.skipLocked, millis(now), int64(sweepChats))
}

// SweepChat is Sweep for one erased chat.
func (s *Store) SweepChat(ctx context.Context, chat center.StreamID, now time.Time) (gone Erased, more bool, err error) {
	raw, ok := center.UUID(string(chat))
	if !ok {
		return Erased{}, false, nil
	}
	return s.sweep(ctx, now, `SELECT stream, swept FROM erased WHERE stream = $1 AND wake <= $2`+s.d.forUpdate, raw[:], millis(now))
}

// sweep sweeps the chats that a query finds, in one transaction, as far as eraseRows goes.
func (s *Store) sweep(ctx context.Context, now time.Time, find string, args ...any) (gone Erased, more bool, err error) {
	j := &job{alone: true} // it deletes claims that came late
	j.work = func(ses session) error {
		gone = Erased{}
		rows, err := ses.query(find, args...)
		more = len(rows) > 0
		for left := int64(eraseRows); err == nil && left > 0 && len(rows) > 0; rows = rows[1:] {
			swept, _ := rows[0][1].(int64)
			left, err = s.sweepOne(ses, now, blob(rows[0][0]), swept == 1, left, &gone)
		}
		j.pages = int(gone.Items+gone.Receipts+gone.Attributes) * pagesPerRow
		return err
	}
	err = s.do(ctx, j)
	return gone, more && err == nil, err
}

// sweepOne deletes up to limit rows of a chat, and says how many more there might have been. swept says that there was
// nothing left when it was looked at last.
func (s *Store) sweepOne(ses session, now time.Time, chat []byte, swept bool, limit int64, gone *Erased) (left int64, err error) {
	items, err := ses.exec(sqlEraseItems, chat, limit)
	if err != nil {
		return 0, err
	}
	receipts, err := ses.exec(sqlEraseReceipts, chat, limit)
	if err != nil {
		return 0, err
	}
	attributes, err := ses.exec(sqlEraseAttributes, chat, limit)
	if err != nil {
		return 0, err
	}
	gone.Items += items
	gone.Receipts += receipts
	gone.Attributes += attributes
	left = limit - max(items, receipts, attributes)
	switch {
	case left == 0:
		return 0, nil
	case swept || s.d.eraseSettles == 0:
		return left, forgetErased(ses, chat, gone)
	}
	_, err = ses.exec(`UPDATE erased SET wake = $2, swept = 1 WHERE stream = $1`, chat, millis(now.Add(s.d.eraseSettles)))
	return left, err
}

// Items go from the first on, so that a Change that continues from an older one finds either its place taken or its
// predecessor gone.
const (
	sqlEraseItems = `DELETE FROM item WHERE stream = $1 AND seq <= (SELECT max(seq) FROM
		(SELECT seq FROM item WHERE stream = $1 ORDER BY seq LIMIT $2) AS prefix)`
	sqlEraseReceipts = `DELETE FROM receipt WHERE stream = $1 AND (item, participant) IN
		(SELECT item, participant FROM receipt WHERE stream = $1 ORDER BY item, participant LIMIT $2)`
	sqlEraseAttributes = `DELETE FROM contact_attribute WHERE stream = $1 AND name IN
		(SELECT name FROM contact_attribute WHERE stream = $1 ORDER BY name LIMIT $2)`
)

// forgetErased ends the erasure of a chat. What a batch of another node put there after the first part goes too.
func forgetErased(ses session, chat []byte, gone *Erased) error {
	if _, err := ses.exec(`DELETE FROM contact_term WHERE contact = $1 OR contact IN (SELECT id FROM contact WHERE id <> stream AND stream = $1)`, chat); err != nil {
		return err
	}
	contacts := contactsOf(` = $1`)
	for _, table := range []struct {
		from  string
		count *int64
	}{
		{`contact WHERE ` + goesWithChat + ` AND ` + contacts[0], &gone.Contacts},
		{`contact WHERE ` + goesWithChat + ` AND ` + contacts[1], &gone.Contacts},
		{`due WHERE stream = $1`, &gone.Due}, {`claim WHERE stream = $1`, &gone.Claims},
	} {
		n, err := ses.exec(`DELETE FROM `+table.from, chat)
		if err != nil {
			return err
		}
		*table.count += n
	}
	_, err := ses.exec(`DELETE FROM erased WHERE stream = $1`, chat)
	return err
}

// Rows counts the rows that a chat has.
func (s *Store) Rows(ctx context.Context, chat center.StreamID) (n Erased, err error) {
	raw, ok := center.UUID(string(chat))
	if !ok {
		return n, nil
	}
	for _, table := range []struct {
		from  string
		count *int64
	}{
		{`stream WHERE id`, &n.Chats}, {`contact WHERE id <> stream AND stream`, &n.Contacts}, {`item WHERE stream`, &n.Items},
		{`receipt WHERE stream`, &n.Receipts}, {`due WHERE stream`, &n.Due}, {`claim WHERE stream`, &n.Claims},
		{`contact_attribute WHERE stream`, &n.Attributes},
	} {
		if err := s.row(ctx, `SELECT count(*) FROM `+table.from+` = $1`, []any{raw[:]}, table.count); err != nil {
			return n, err
		}
	}
	n.Contacts += n.Chats
	return n, nil
}

// NextSweep returns when [Store.Sweep] has something to do next; ok is false when no chat is being erased.
func (s *Store) NextSweep(ctx context.Context) (at time.Time, ok bool, err error) {
	var ms sql.NullInt64
	err = s.row(ctx, `SELECT min(wake) FROM erased`, nil, &ms)
	return timeOf(ms.Int64), ms.Valid, err
}

// OldestEnd returns when the chat ended that ended first; ok is false when none has ended.
func (s *Store) OldestEnd(ctx context.Context) (at time.Time, ok bool, err error) {
	var ms sql.NullInt64
	err = s.row(ctx, `SELECT min(ended_at) FROM stream WHERE kind = 'chat' AND ended = 1`, nil, &ms)
	return timeOf(ms.Int64), ms.Valid, err
}

// Scrub takes what was deleted out of the files. SQLite overwrites deleted rows with zeros in the database, and the
// write-ahead log has older copies of its pages until it is emptied. done is false when a reader was in the way: then it
// is to be tried again. On PostgreSQL vacuum does it, in its own time.
func (s *Store) Scrub(ctx context.Context) (done bool, err error) {
	return s.engine.scrub(ctx)
}
