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

// Commit keeps the Changes, each of another stream, as a whole and returns nil once they are durable, or keeps nothing of
// them and returns
//
//   - [*Conflict]: a stream has moved on from its After, or does not exist, or (After 0) exists
//   - [*TokenTaken]: one of the items' tokens is there already
//   - [*ClaimTaken]: a live claim that a Change takes is held
//   - [*Stale]: the due row that a Change answers is gone
//   - [*center.Error] with code Unavailable: full disk, full queue, lost database, closed store
//   - ctx's error, when ctx ended before their turn came
//
// Items are numbered After+1, After+2, … whatever their order of arrival here; every item needs an id. When the first item
// of the stream with the least id is in its place already, under the same id, all Changes are committed: so they may be
// committed again when it is not known what became of them.
//
// The place before the first item must be filled: a stream's sequence has no holes and no item outlives its stream. The
// check is a look at the index page that the insert goes to anyway; on SQLite it costs nothing that could be
// measured.
func (s *Store) Commit(ctx context.Context, changes ...*center.Change) error {
	j, err := newChanges(changes)
	if err != nil {
		return fault(err)
	}
	return s.do(ctx, j)
}

// part is the Change of one stream.
type part struct {
	stream [16]byte
	change *center.Change
	rows   []itemRow // of change.Items
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

// claiming is what a Change does to a claim.
type claiming struct {
	part  *part
	claim center.Claim
	take  bool // else it is released
}

// newChanges encodes the Changes, in the goroutine of who asked. They are applied in the order of their streams' ids, so
// that nodes do not wait for each other in a ring. On PostgreSQL those of several streams, and those that answer a due row
// of another stream, share no transaction with others: what they have locked would have no place in a batch's order.
func newChanges(changes []*center.Change) (*job, error) {
	j := new(job)
	for i, c := range changes {
		p, err := newPart(c)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			j.part = p
			continue
		}
		j.others = append(j.others, p)
	}
	if j.change == nil {
		return nil, errors.New("a commit without a change")
	}
	if len(j.others) == 0 {
		j.alone = j.foreign() != nil
		return j, j.sortClaims()
	}
	all := append(j.others, j.part)
	slices.SortFunc(all, func(a, b part) int { return bytes.Compare(a.stream[:], b.stream[:]) })
	for i := range all[1:] {
		if all[i].stream == all[i+1].stream {
			return nil, fmt.Errorf("two changes of stream %s in one commit", all[i].change.Stream)
		}
	}
	j.part, j.others, j.alone = all[0], all[1:], true
	return j, j.sortClaims()
}

// parts are the Changes of j in the order of their streams' ids.
func (j *job) parts(yield func(*part) bool) {
	if !yield(&j.part) {
		return
	}
	for i := range j.others {
		if !yield(&j.others[i]) {
			return
		}
	}
}

// foreign is the due row of another stream that the Change answers, nil for none.
func (p *part) foreign() *center.Due {
	if done := p.change.Done; done != nil && done.Stream != p.change.Stream {
		return done
	}
	return nil
}

// sortClaims collects what j does to claims, in the order of [compareClaims].
func (j *job) sortClaims() error {
	for p := range j.parts {
		for _, claim := range p.change.Release {
			j.claims = append(j.claims, claiming{p, claim, false})
		}
		for _, claim := range p.change.Take {
			j.claims = append(j.claims, claiming{p, claim, true})
		}
	}
	slices.SortStableFunc(j.claims, compareClaims)
	for i := 1; i < len(j.claims); i++ {
		if a, b := &j.claims[i-1], &j.claims[i]; a.take && b.take && a.claim.Kind == b.claim.Kind && a.claim.Key == b.claim.Key {
			return fmt.Errorf("a claim of kind %s is taken twice in one commit", a.claim.Kind)
		}
	}
	return nil
}

// compareClaims sorts by kind and key; what is released can be taken.
func compareClaims(a, b claiming) int {
	return cmp.Or(cmp.Compare(a.claim.Kind, b.claim.Kind), cmp.Compare(a.claim.Key, b.claim.Key), cmp.Compare(number(a.take), number(b.take)))
}

// newPart refuses what no decision can mean.
func newPart(c *center.Change) (p part, err error) {
	stream, ok := center.UUID(string(c.Stream))
	switch {
	case !ok:
		return p, fmt.Errorf("stream id %q", c.Stream)
	case len(c.Items) == 0:
		return p, errors.New("a change without an item")
	case c.After == 0 && c.State == nil:
		return p, errors.New("a new stream without a state")
	}
	p = part{stream: stream, change: c, rows: make([]itemRow, len(c.Items))}
	for i := range c.Items {
		if p.rows[i], err = newRow(stream, &c.Items[i], c.After+1+int64(i)); err != nil {
			return p, err
		}
	}
	if err := cmp.Or(checkAfterwards(c), checkAtWork(c)); err != nil {
		return p, err
	}
	for _, r := range c.Receipts {
		if _, ok := center.UUID(string(r.Message)); !ok {
			return p, fmt.Errorf("receipt of item id %q", r.Message)
		}
	}
	return p, nil
}

func newRow(stream [16]byte, it *center.Item, seq int64) (itemRow, error) {
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
	row.flags = withSum(stream, row.seq, row.at, row.id, row.flags, row.body)
	return row, nil
}

// The SQL of a Change, one text for both engines; the append that checks its predecessor is the dialect's.
const (
	sqlNewStream  = `INSERT INTO stream (id, kind, instance, ended, ended_at, state) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`
	sqlSetEnded   = `UPDATE stream SET ended = $2, ended_at = $3, state = $4 WHERE id = $1`
	sqlFinish     = `DELETE FROM due WHERE stream = $1 AND key = $2 AND at = $3`
	sqlItem       = `INSERT INTO item (stream, seq, at, id, flags, token, body) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`
	sqlRelease    = `DELETE FROM claim WHERE kind = $1 AND key = $2`
	sqlCancel     = `DELETE FROM due WHERE stream = $1 AND key = $2`
	sqlUnanswered = `SELECT at FROM due WHERE stream = $1 AND key = $2 AND at = $3`
	sqlItemID     = `SELECT id FROM item WHERE stream = $1 AND seq = $2`
	sqlItemToken  = `SELECT seq, at, id, flags, body FROM item WHERE stream = $1 AND token = $2`
	sqlClaimTaken = `SELECT value, expires FROM claim WHERE kind = $1 AND key = $2`

	// Of a stream that has not ended: SQLite writes the entries of an index anew when one of its columns is set, whether it
	// changes or not.
	sqlSetState = `UPDATE stream SET state = $2 WHERE id = $1`

	sqlTake = `INSERT INTO claim (kind, key, value, stream, expires) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value, stream = excluded.stream, expires = excluded.expires
		WHERE claim.expires > 0 AND claim.expires <= $6`
	sqlDue = `INSERT INTO due (stream, key, at, wake, data, lane) VALUES ($1, $2, $3, $3, $4, $5)
		ON CONFLICT (stream, key) DO UPDATE SET at = excluded.at, wake = excluded.wake, data = excluded.data, lane = excluded.lane`
	// A time that is not set leaves the one that is.
	sqlReceipt = `INSERT INTO receipt (stream, item, participant, delivered, read) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (stream, item, participant) DO UPDATE SET
			delivered = CASE WHEN excluded.delivered > 0 THEN excluded.delivered ELSE receipt.delivered END,
			read = CASE WHEN excluded.read > 0 THEN excluded.read ELSE receipt.read END`
)

// steps are the Changes of j in statements, in the order in which every transaction locks what it touches, so that they do
// not wait for each other in a ring: streams by their ids; of each its row, the place of its next item, and its due rows;
// after all streams claims by kind and key. When they come later, with those of a whole batch, they are left out.
func (d *dialect) steps(j *job) (steps []step) {
	var answered []*center.Due // rows of streams that are not those of their parts
	for p := range j.parts {
		if done := p.foreign(); done != nil {
			answered = append(answered, done)
		}
	}
	slices.SortFunc(answered, func(a, b *center.Due) int { return cmp.Compare(a.Stream, b.Stream) })
	for p := range j.parts {
		for len(answered) > 0 && answered[0].Stream < p.change.Stream {
			steps, answered = append(steps, finish(answered[0])), answered[1:]
		}
		steps = d.partSteps(steps, p)
	}
	for _, due := range answered {
		steps = append(steps, finish(due))
	}
	if !j.later {
		for i := range j.claims {
			steps = append(steps, j.claims[i].step())
		}
	}
	return steps
}

// finish takes away the due row that a Change answers.
func finish(due *center.Due) step {
	of, _ := center.UUID(string(due.Stream))
	return step{sqlFinish, []any{of[:], due.Key, millis(due.At)}, func(session) error { return &Stale{*due} }}
}

func (c *claiming) step() step {
	kind, key := c.claim.Kind, []byte(c.claim.Key)
	if !c.take {
		return step{sqlRelease, []any{kind, key}, nil}
	}
	return step{
		sqlTake, []any{kind, key, text(c.claim.Value), c.part.stream[:], millis(c.claim.Expires), c.part.rows[0].at},
		func(s session) error { return orClaimTaken(s, c.part.change.Stream, c.claim) },
	}
}

// partSteps appends the Change of one stream, without its claims: these come after all streams, so that who is behind hears
// of that, and not of a claim it lost to its own stream. The stream's row and the place of the item come first, so that two
// nodes deciding about one stream meet there.
func (d *dialect) partSteps(steps []step, p *part) []step {
	c, stream := p.change, p.stream[:]
	conflict := func(session) error { return &Conflict{c.Stream} }
	add := func(must func(session) error, sql string, args ...any) {
		steps = append(steps, step{sql, args, must})
	}
	if c.After == 0 {
		add(conflict, sqlNewStream, stream, string(c.Kind), string(c.Instance), number(c.Ended), millis(c.EndedAt), c.State)
	} else if c.State != nil && c.Ended {
		add(conflict, sqlSetEnded, stream, number(c.Ended), millis(c.EndedAt), c.State)
	} else if c.State != nil {
		add(conflict, sqlSetState, stream, c.State)
	}
	for i := range p.rows {
		row := &p.rows[i]
		taken := func(s session) error { return orTokenTaken(s, p, row) }
		if i == 0 && c.After > 0 {
			add(taken, d.append, stream, c.After, row.at, row.id, row.flags, row.token, row.body)
		} else {
			add(taken, sqlItem, stream, row.seq, row.at, row.id, row.flags, row.token, row.body)
		}
	}
	d.afterwards(c, stream, add)
	atWork(c, stream, add)
	if c.Done != nil && p.foreign() == nil {
		steps = append(steps, finish(c.Done))
	}
	for _, key := range c.Cancel {
		add(nil, sqlCancel, stream, key)
	}
	for _, due := range c.Due {
		add(nil, sqlDue, stream, due.Key, millis(due.At), text(due.Data), int64(due.Lane))
	}
	for _, r := range c.Receipts {
		item, _ := center.UUID(string(r.Message))
		add(nil, sqlReceipt, stream, item[:], string(r.Recipient), millis(r.Delivered), millis(r.Read))
	}
	if c.Audit != nil {
		steps = append(steps, noted(c))
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

// sortByStream brings a batch in the order in which all committers of all nodes touch things, so that they do not wait
// for each other in a ring: stream by stream, and within one those jobs first that begin with its row, and those last that
// touch its due rows alone; after all streams what touches none, or does not wait. Jobs of one stream have been decided on
// the same snapshot, so any order will do.
func sortByStream(batch []*job) {
	slices.SortStableFunc(batch, func(a, b *job) int {
		return cmp.Or(cmp.Compare(number(a.stream == [16]byte{}), number(b.stream == [16]byte{})),
			bytes.Compare(a.stream[:], b.stream[:]), cmp.Compare(a.rank(), b.rank()))
	})
}

// rank is the place of a job among those of its stream.
func (j *job) rank() int {
	switch c := j.change; {
	case c == nil:
		return 3
	case j.plain():
		return 2
	case c.After > 0 && c.State == nil:
		return 1
	}
	return 0
}

// plainRun is how many plain jobs of different streams batch begins with.
func plainRun(batch []*job) int {
	n := 0
	for n < len(batch) && batch[n].plain() && (n == 0 || batch[n].stream != batch[n-1].stream) {
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
		j.err = settle(ses, j, func(s session) error { return orTokenTaken(s, &j.part, &j.rows[0]) })
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

// settle says why the Changes of j could not be applied: because they are applied already, if the first item is in its
// place; otherwise why answers.
func settle(ses session, j *job, why func(session) error) error {
	rows, err := ses.query(sqlItemID, j.stream[:], j.rows[0].seq)
	if err != nil {
		return err
	}
	if len(rows) == 1 && bytes.Equal(blob(rows[0][0]), j.rows[0].id) {
		return errCommitted
	}
	return why(ses)
}

// orTokenTaken says why an item could not be put into its place. That the due row is gone that the Change answers comes first:
// then nobody is to decide again.
func orTokenTaken(ses session, p *part, row *itemRow) error {
	if done := p.change.Done; done != nil {
		of, _ := center.UUID(string(done.Stream)) // not always this one: a stream may have work for another
		rows, err := ses.query(sqlUnanswered, of[:], done.Key, millis(done.At))
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return &Stale{*done}
		}
	}
	if row.token != nil {
		rows, err := ses.query(sqlItemToken, p.stream[:], row.token)
		if err != nil {
			return err
		}
		if len(rows) == 1 {
			it, err := itemIn(p, rows[0])
			if err != nil {
				return fault(err)
			}
			return &TokenTaken{it}
		}
	}
	return &Conflict{p.change.Stream}
}

// itemIn returns the item in the columns of sqlItemToken.
func itemIn(p *part, row []driver.Value) (center.Item, error) {
	seq, ok1 := row[0].(int64)
	at, ok2 := row[1].(int64)
	flags, ok3 := row[3].(int64)
	if !ok1 || !ok2 || !ok3 {
		return center.Item{}, &Damage{"item", fmt.Errorf("an item of stream %s with columns of the wrong types", p.change.Stream)}
	}
	return checked(p.change.Stream, p.stream, itemRow{seq: seq, at: at, id: blob(row[2]), flags: flags, body: blob(row[4])})
}

// orClaimTaken answers Conflict when the claim is free again by now: deciding anew will do.
func orClaimTaken(ses session, stream center.StreamID, claim center.Claim) error {
	rows, err := ses.query(sqlClaimTaken, claim.Kind, []byte(claim.Key))
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return &Conflict{stream}
	}
	expires, ok := rows[0][1].(int64)
	if !ok {
		return fault(&Damage{"claim", fmt.Errorf("claim %s with columns of the wrong types", claim.Kind)})
	}
	claim.Value, claim.Expires = textOf(rows[0][0]), timeOf(expires)
	return &ClaimTaken{claim}
}

// itemOf reads an item from its columns.
func itemOf(stream center.StreamID, seq, at int64, body []byte) (center.Item, error) {
	it := center.Item{Stream: stream, Seq: seq, Time: timeOf(at)}
	if err := it.SetBody(body); err != nil {
		return center.Item{}, fmt.Errorf("item %d of stream %s: %w", seq, stream, err)
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
