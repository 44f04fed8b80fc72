package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// Commit keeps c as a whole and returns nil once it is durable, or keeps nothing of it and returns
//
//   - [*Conflict]: the chat has moved on from c.After, or does not exist, or (After 0) exists
//   - [*TokenTaken]: one of the items' tokens is there already
//   - [*ClaimTaken]: a live claim that c takes is held
//   - [*Stale]: the due row that c answers is gone
//   - [*center.Error] with code Unavailable: full disk, full queue, lost database, closed store
//   - ctx's error, when ctx ended before c's turn came
//
// Items are numbered After+1, After+2, … whatever their order of arrival here; every item needs an id. A Change whose
// first item is in its place already, under the same id, is committed: so a Change may be committed again when it is
// not known what became of it.
//
// The place before the first item must be filled: a chat's sequence has no holes and no item outlives its chat. The
// check is a look at the index page that the insert goes to anyway; on SQLite it costs nothing that could be
// measured.
func (s *Store) Commit(ctx context.Context, c *center.Change) error {
	j, err := newChange(c)
	if err != nil {
		return fault(err)
	}
	return s.do(ctx, j)
}

// itemRow is an item as its columns.
type itemRow struct {
	seq   int64
	at    int64
	id    []byte
	flags int64
	token any // []byte or nil
	body  []byte
}

const flagTranscript = 1

// newChange encodes c, in the goroutine of who asked, and refuses what no decision can mean.
func newChange(c *center.Change) (*job, error) {
	chat, ok := center.UUID(string(c.Stream))
	switch {
	case !ok:
		return nil, fmt.Errorf("chat id %q", c.Stream)
	case len(c.Items) == 0:
		return nil, errors.New("a change without an item")
	case c.After == 0 && c.State == nil:
		return nil, errors.New("a new chat without a state")
	}
	j := &job{chat: chat, change: c, rows: make([]itemRow, len(c.Items))}
	for i := range c.Items {
		row, err := newRow(chat, &c.Items[i], c.After+1+int64(i))
		if err != nil {
			return nil, err
		}
		j.rows[i] = row
	}
	if err := checkAfterwards(c); err != nil {
		return nil, err
	}
	for _, r := range c.Receipts {
		if _, ok := center.UUID(string(r.Message)); !ok {
			return nil, fmt.Errorf("receipt of item id %q", r.Message)
		}
	}
	return j, nil
}

func newRow(chat [16]byte, it *center.Item, seq int64) (itemRow, error) {
	id, ok := center.UUID(string(it.ID))
	if !ok {
		return itemRow{}, fmt.Errorf("item id %q", it.ID)
	}
	if it.Seq != 0 && it.Seq != seq {
		return itemRow{}, fmt.Errorf("item %d is numbered %d", seq, it.Seq)
	}
	row := itemRow{seq: seq, at: millis(it.Time), id: id[:]}
	if it.InTranscript {
		row.flags |= flagTranscript
	}
	if it.Token != [16]byte{} {
		row.token = it.Token[:]
	}
	row.body = it.AppendBody(make([]byte, 0, 256+len(it.Content)))
	row.flags = withSum(chat, row.seq, row.at, row.id, row.flags, row.body)
	return row, nil
}

// The SQL of a Change, one text for both engines; the append that checks its predecessor is the dialect's.
const (
	sqlNewChat    = `INSERT INTO chat (id, instance, ended, ended_at, state) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`
	sqlSetState   = `UPDATE chat SET ended = $2, ended_at = $3, state = $4 WHERE id = $1`
	sqlFinish     = `DELETE FROM due WHERE chat = $1 AND key = $2 AND at = $3`
	sqlItem       = `INSERT INTO item (chat, seq, at, id, flags, token, body) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`
	sqlRelease    = `DELETE FROM claim WHERE kind = $1 AND key = $2`
	sqlUndue      = `DELETE FROM due WHERE chat = $1 AND key = $2`
	sqlItemID     = `SELECT id FROM item WHERE chat = $1 AND seq = $2`
	sqlItemToken  = `SELECT seq, at, id, flags, body FROM item WHERE chat = $1 AND token = $2`
	sqlClaimTaken = `SELECT value, expires FROM claim WHERE kind = $1 AND key = $2`

	sqlTake = `INSERT INTO claim (kind, key, value, chat, expires) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value, chat = excluded.chat, expires = excluded.expires
		WHERE claim.expires > 0 AND claim.expires <= $6`
	sqlDue = `INSERT INTO due (chat, key, at, wake, data) VALUES ($1, $2, $3, $3, $4)
		ON CONFLICT (chat, key) DO UPDATE SET at = excluded.at, wake = excluded.wake, data = excluded.data`
	// A time that is not set leaves the one that is.
	sqlReceipt = `INSERT INTO receipt (chat, item, participant, delivered, read) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (chat, item, participant) DO UPDATE SET
			delivered = CASE WHEN excluded.delivered > 0 THEN excluded.delivered ELSE receipt.delivered END,
			read = CASE WHEN excluded.read > 0 THEN excluded.read ELSE receipt.read END`
)

// steps is the Change of j in statements. The chat's row comes first, so that two nodes deciding about one chat meet
// there; then what tells a stale decision; claims last, so that who is behind hears of that, and not of a claim it
// lost to its own chat.
func (d *dialect) steps(j *job) []step {
	c, chat := j.change, j.chat[:]
	conflict := func(session) error { return &Conflict{c.Stream} }
	var steps []step
	add := func(must func(session) error, sql string, args ...any) {
		steps = append(steps, step{sql, args, must})
	}
	if c.After == 0 {
		add(conflict, sqlNewChat, chat, string(c.Instance), number(c.Ended), millis(c.EndedAt), c.State)
	} else if c.State != nil {
		add(conflict, sqlSetState, chat, number(c.Ended), millis(c.EndedAt), c.State)
	}
	if c.Done != nil {
		of, _ := center.UUID(string(c.Done.Stream)) // not always this one: a chat may have work for another
		add(func(session) error { return &Stale{*c.Done} }, sqlFinish, of[:], c.Done.Key, millis(c.Done.At))
	}
	for i := range j.rows {
		row := &j.rows[i]
		taken := func(s session) error { return orTokenTaken(s, j, row) }
		if i == 0 && c.After > 0 {
			add(taken, d.append, chat, c.After, row.at, row.id, row.flags, row.token, row.body)
		} else {
			add(taken, sqlItem, chat, row.seq, row.at, row.id, row.flags, row.token, row.body)
		}
	}
	d.afterwards(c, chat, add)
	for _, claim := range c.Release {
		add(nil, sqlRelease, claim.Kind, []byte(claim.Key))
	}
	for _, claim := range c.Take {
		add(func(s session) error { return orClaimTaken(s, c.Stream, claim) }, sqlTake,
			claim.Kind, []byte(claim.Key), text(claim.Value), chat, millis(claim.Expires), j.rows[0].at)
	}
	for _, key := range c.Undue {
		add(nil, sqlUndue, chat, key)
	}
	for _, due := range c.Due {
		add(nil, sqlDue, chat, due.Key, millis(due.At), text(due.Data))
	}
	for _, r := range c.Receipts {
		item, _ := center.UUID(string(r.Message))
		add(nil, sqlReceipt, chat, item[:], string(r.Recipient), millis(r.Delivered), millis(r.Read))
	}
	return steps
}

// apply runs a batch inside the transaction of ses and leaves each job's refusal, or nil, in its err. An error means
// that the transaction cannot go on. With careful, every job that could be refused has a savepoint to go back to;
// without, the first refusal ends it with errCareful, and the batch is run again.
func (d *dialect) apply(ses session, batch []*job, careful bool) error {
	for i := 0; i < len(batch); {
		run := plainRun(batch[i:])
		if run == 0 {
			if err := d.applyOne(ses, batch[i], careful); err != nil {
				return err
			}
			i++
			continue
		}
		if err := appendRun(ses, batch[i:i+run]); err != nil {
			return err
		}
		i += run
	}
	return nil
}

var errCareful = errors.New("a job of the batch is refused")

// sortByChat brings a batch in the order in which all committers of all nodes touch things, so that they do not wait
// for each other in a ring: chat by chat, and within one those jobs first that begin with its row. Jobs of one chat
// have been decided on the same snapshot, so any order will do.
func sortByChat(batch []*job) {
	slices.SortStableFunc(batch, func(a, b *job) int {
		if c := bytes.Compare(a.chat[:], b.chat[:]); c != 0 {
			return c
		}
		return cmp.Compare(number(a.plain()), number(b.plain()))
	})
}

// plainRun is how many plain jobs of different chats batch begins with.
func plainRun(batch []*job) int {
	n := 0
	for n < len(batch) && batch[n].plain() && (n == 0 || batch[n].chat != batch[n-1].chat) {
		n++
	}
	return n
}

func appendRun(ses session, run []*job) error {
	for _, j := range run {
		j.err = nil
	}
	left, err := ses.appendItems(run)
	if err != nil {
		return err
	}
	for _, j := range left {
		j.err = settle(ses, j, func(s session) error { return orTokenTaken(s, j, &j.rows[0]) })
		if !refused(j.err) {
			return j.err
		}
	}
	return nil
}

// applyOne runs a job that is more than one statement, or may fail with one.
func (d *dialect) applyOne(ses session, j *job, careful bool) error {
	if careful {
		if _, err := ses.exec("SAVEPOINT job"); err != nil {
			return err
		}
	}
	must, err := d.work(ses, j)
	switch {
	case err != nil && !refused(err) && ses.spoiled(err):
		return err
	case !careful && (err != nil || must != nil):
		return errCareful
	case !careful:
		j.err = nil
		return nil
	}
	if err != nil || must != nil {
		if err = d.undo(ses, j, must, err); err != nil {
			return err
		}
	} else {
		j.err = nil
	}
	_, err = ses.exec("RELEASE SAVEPOINT job")
	return err
}

// work does what j asks for. It returns what to ask for the reason when a step of a Change did not do what it must.
func (d *dialect) work(ses session, j *job) (must func(session) error, err error) {
	if j.change == nil {
		return nil, j.work(ses)
	}
	steps := d.steps(j)
	failed, err := ses.run(steps)
	if err != nil || failed == len(steps) {
		return nil, err
	}
	return steps[failed].must, nil
}

// undo takes back what j did and leaves the reason in its err. Reasons are looked for after that: what j itself wrote
// is none.
func (d *dialect) undo(ses session, j *job, must func(session) error, cause error) error {
	if _, err := ses.exec("ROLLBACK TO SAVEPOINT job"); err != nil {
		return err
	}
	if must != nil {
		cause = settle(ses, j, must)
		if !refused(cause) {
			return cause
		}
	} else if !refused(cause) {
		cause = fault(cause)
	}
	j.err = cause
	return nil
}

// settle says why the Change of j could not be applied: because it is applied already, if its first item is in its
// place; otherwise why answers.
func settle(ses session, j *job, why func(session) error) error {
	rows, err := ses.query(sqlItemID, j.chat[:], j.rows[0].seq)
	if err != nil {
		return err
	}
	if len(rows) == 1 && bytes.Equal(blob(rows[0][0]), j.rows[0].id) {
		return errCommitted
	}
	return why(ses)
}

func orTokenTaken(ses session, j *job, row *itemRow) error {
	if row.token != nil {
		rows, err := ses.query(sqlItemToken, j.chat[:], row.token)
		if err != nil {
			return err
		}
		if len(rows) == 1 {
			it, err := itemIn(j, rows[0])
			if err != nil {
				return fault(err)
			}
			return &TokenTaken{it}
		}
	}
	return &Conflict{j.change.Stream}
}

// itemIn returns the item in the columns of sqlItemToken.
func itemIn(j *job, row []driver.Value) (center.Item, error) {
	seq, ok1 := row[0].(int64)
	at, ok2 := row[1].(int64)
	flags, ok3 := row[3].(int64)
	if !ok1 || !ok2 || !ok3 {
		return center.Item{}, &Damage{"item", fmt.Errorf("an item of chat %s with columns of the wrong types", j.change.Stream)}
	}
	return checked(j.change.Stream, j.chat, itemRow{seq: seq, at: at, id: blob(row[2]), flags: flags, body: blob(row[4])})
}

// orClaimTaken answers Conflict when the claim is free again by now: deciding anew will do.
func orClaimTaken(ses session, chat center.StreamID, claim center.Claim) error {
	rows, err := ses.query(sqlClaimTaken, claim.Kind, []byte(claim.Key))
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return &Conflict{chat}
	}
	expires, ok := rows[0][1].(int64)
	if !ok {
		return fault(&Damage{"claim", fmt.Errorf("claim %s with columns of the wrong types", claim.Kind)})
	}
	claim.Value, claim.Expires = textOf(rows[0][0]), timeOf(expires)
	return &ClaimTaken{claim}
}

// itemOf reads an item from its columns.
func itemOf(chat center.StreamID, seq, at int64, body []byte) (center.Item, error) {
	it := center.Item{Stream: chat, Seq: seq, Time: timeOf(at)}
	if err := it.SetBody(body); err != nil {
		return center.Item{}, fmt.Errorf("item %d of chat %s: %w", seq, chat, err)
	}
	return it, nil
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// text is a string that callers chose, as bytes: PostgreSQL's text holds no zero byte and sorts by locale. An empty
// one is NULL, which is what SQLite's driver makes of it.
func text(s string) any {
	if s == "" {
		return nil
	}
	return []byte(s)
}

func textOf(v driver.Value) string {
	b, _ := v.([]byte)
	return string(b)
}
