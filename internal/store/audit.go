package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"errors"
	"sync/atomic"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// Author says who changes resources.
type Author struct {
	Who    string    // the id of an access key, or who runs a command
	From   string    // the address that the request came from; "" for a command
	Action string    // "connect:UpdateQueueName", "parley key create"
	At     time.Time // real time
}

type authorKey struct{}

// By notes in a context who asks for the changes that are made with it. Those that nobody asks for, such as what a new
// development server begins with, have no author and are not in the audit log.
func By(ctx context.Context, a Author) context.Context { return context.WithValue(ctx, authorKey{}, a) }

// AuditEntry is one row of the audit log.
type AuditEntry struct {
	AuditPlace
	Instance               center.InstanceID // "" for what belongs to the account
	Who, From, Action      string
	Change, Kind, ID, Name string
	Before, After          []byte // JSON; nil where there is nothing or nothing may be shown
}

// Changes of a resource, as the audit log has them.
const (
	Created = "create"
	Updated = "update"
	Deleted = "delete"
)

// Read is what the audit log has of what was only read.
const Read = "read"

// NoteRead puts into the audit log that the author of ctx has read something. It is there before it is read.
func (s *Store) NoteRead(ctx context.Context, of InstanceRef) error {
	by, ok := ctx.Value(authorKey{}).(Author)
	if !ok {
		return errors.New("a reading without an author")
	}
	return s.write(ctx, func(ses session) error {
		a := &auditor{ses: ses, by: by, show: func(string, []byte) ([]byte, bool) { return nil, true }, tie: ties.Add(1)}
		return a.write(Read, of, "", nil, nil)
	})
}

// AuditPlace is where an entry stands in the audit log. The zero value is before all.
type AuditPlace struct {
	At         time.Time
	tie, place int64
}

// From is the place in front of all entries of a time and later.
func From(t time.Time) AuditPlace { return AuditPlace{At: t, tie: -1} }

// auditor writes the entries of one commit.
type auditor struct {
	ses   session
	by    Author
	show  Show
	tie   int64
	place int64
}

// ties tells apart what this process and others write in one millisecond, and keeps the order of what this one writes.
var ties = func() *atomic.Int64 {
	var raw [8]byte
	_, _ = rand.Read(raw[:]) // never fails
	n := new(atomic.Int64)
	n.Store(int64(binary.BigEndian.Uint64(raw[:]) >> 2))
	return n
}()

// Show makes of a row's body what the audit log may have of it, nil for nothing; not ok for rows that are no configuration,
// which the log leaves out.
type Show func(kind string, body []byte) (shown []byte, ok bool)

// audit begins the entries of a commit; nil when it leaves none.
func (c *ResourceCommit) audit(ctx context.Context, ses session) *auditor {
	by, ok := ctx.Value(authorKey{}).(Author)
	if !ok || c.Show == nil {
		return nil
	}
	return &auditor{ses: ses, by: by, show: c.Show, tie: ties.Add(1)}
}

// before reads what a row has before it is changed; nil for one that the audit log leaves out or that is not there.
func (a *auditor) before(of InstanceRef) (name string, body []byte, err error) {
	if a == nil {
		return "", nil, nil
	}
	if _, ok := a.show(of.Kind, nil); !ok {
		return "", nil, nil
	}
	rows, err := a.ses.query(`SELECT name, body FROM resource WHERE instance = $1 AND kind = $2 AND id = $3`, string(of.Instance), of.Kind, []byte(of.ID))
	if err != nil || len(rows) == 0 {
		return "", nil, err
	}
	return textOf(rows[0][0]), []byte(textOf(rows[0][1])), nil
}

// write writes one entry. before and after are bodies of the row, nil for none.
func (a *auditor) write(change string, of InstanceRef, name string, before, after []byte) error {
	if a == nil {
		return nil
	}
	if _, ok := a.show(of.Kind, nil); !ok {
		return nil
	}
	show := func(body []byte) (shown []byte) {
		if body != nil {
			shown, _ = a.show(of.Kind, body)
		}
		return shown
	}
	before, after = show(before), show(after)
	if change == Updated && before != nil && bytes.Equal(before, after) {
		return nil // nothing that is shown has changed
	}
	a.place++
	_, err := a.ses.exec(sqlAudit,
		millis(a.by.At), a.tie, a.place, string(of.Instance), a.by.Who, a.by.From, a.by.Action, change, of.Kind, []byte(of.ID), []byte(name), orNull(before), orNull(after))
	return err
}

const sqlAudit = `INSERT INTO audit (at, tie, place, instance, who, origin, action, change, kind, id, name, before, after)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`

// noted is the step that writes the entry of a Change of a stream.
func noted(c *center.Change) step {
	n := c.Audit
	return step{sqlAudit, []any{
		millis(n.At), ties.Add(1), int64(1), string(c.Instance), n.Who, n.From, n.Action, Updated, n.Kind, []byte(n.ID), []byte{}, orNull(n.Before), orNull(n.After),
	}, nil}
}

// deleted writes the entries of rows of a kind that go with another one: those that a condition selects, whose arguments begin
// with $3. It reads them before they are deleted.
func (a *auditor) deleted(at center.InstanceID, kind, condition string, args ...any) error {
	if a == nil {
		return nil
	}
	if _, ok := a.show(kind, nil); !ok {
		return nil
	}
	rows, err := a.ses.query(`SELECT id, name, body FROM resource WHERE instance = $1 AND kind = $2 AND `+condition+` ORDER BY id`, append([]any{string(at), kind}, args...)...)
	if err != nil {
		return err
	}
	for _, row := range rows {
		of := InstanceRef{Instance: at, Ref: Ref{Kind: kind, ID: textOf(row[0])}}
		if err := a.write(Deleted, of, textOf(row[1]), []byte(textOf(row[2])), nil); err != nil {
			return err
		}
	}
	return nil
}

func orNull(body []byte) any {
	if body == nil {
		return nil
	}
	return body
}

// Audit returns up to limit entries behind a place, the oldest first.
func (s *Store) Audit(ctx context.Context, behind AuditPlace, limit int) (entries []AuditEntry, err error) {
	args := []any{millis(behind.At), behind.tie, behind.place, limit}
	err = s.rows(ctx, `SELECT at, tie, place, instance, who, origin, action, change, kind, id, name, before, after FROM audit
		WHERE (at, tie, place) > ($1, $2, $3) ORDER BY at, tie, place LIMIT $4`, args, func(r *sql.Rows) error {
		var e AuditEntry
		var at int64
		var id, name []byte
		err := r.Scan(&at, &e.tie, &e.place, &e.Instance, &e.Who, &e.From, &e.Action, &e.Change, &e.Kind, &id, &name, &e.Before, &e.After)
		e.At, e.ID, e.Name = timeOf(at), string(id), string(name)
		entries = append(entries, e)
		return err
	})
	return entries, err
}

// EraseAudit deletes some of the entries of before a time, the oldest first. It says how many; 0 when there are none left.
func (s *Store) EraseAudit(ctx context.Context, before time.Time) (gone int64, err error) {
	j := new(job)
	j.work = func(ses session) error {
		gone, err = ses.exec(`DELETE FROM audit WHERE (at, tie, place) IN (SELECT at, tie, place FROM audit WHERE at < $1 ORDER BY at, tie, place LIMIT $2`+s.d.skipLocked+`)`,
			millis(before), int64(eraseRows))
		j.pages = int(gone) * pagesPerRow
		return err
	}
	err = s.do(ctx, j)
	return gone, err
}
