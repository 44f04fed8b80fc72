package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// Session is a user's session: whoever holds what ID is the hash of acts for the user.
type Session struct {
	ID       [32]byte
	Instance center.InstanceID
	User     center.UserID
	Bearer   bool // of a program, which sends a header; else of a browser, which sends a cookie
	// Credential is the version of the row that the user signed in with, a resource that has the user's id. The session ends
	// when that changes or goes.
	Credential int64
	Began      time.Time
	Expires    time.Time
}

// signInPurge is how many rows whose time has passed go with each sign-in: more than come.
const signInPurge = 16

// SignIn is what an attempt to sign in counts on: a user name of an instance, and an address.
type SignIn struct {
	Instance center.InstanceID
	Name     [32]byte // hash of the user name
	From     [32]byte // hash of the address
}

// keys are the rows of attempts, in the order in which all commits touch them, each with its limit.
func (s *SignIn) keys() []attemptKey {
	return []attemptKey{
		{"", s.From[:], center.MaxAddressFailures},
		{string(s.Instance), s.Name[:], center.MaxUserFailures},
	}
}

type attemptKey struct {
	instance string
	who      []byte
	limit    int
}

func (k attemptKey) lock() string { return lockName("attempt", k.instance, string(k.who)) }

const sqlAttempt = `SELECT tries, last FROM attempt WHERE instance = $1 AND who = $2`

const sqlForgive = `UPDATE attempt SET tries = tries - 1 WHERE instance = $1 AND who = $2 AND tries > 0`

// Locked returns until when an attempt to sign in is not taken; zero: it would be taken now.
func (s *Store) Locked(ctx context.Context, in SignIn, now time.Time) (until time.Time, err error) {
	for _, k := range in.keys() {
		var a center.Attempts
		var last int64
		err := s.row(ctx, sqlAttempt, []any{k.instance, k.who}, &a.Count, &last)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return time.Time{}, err
		}
		a.Last = timeOf(last)
		if end, locked := a.Locked(k.limit, now); locked && end.After(until) {
			until = end
		}
	}
	return until, nil
}

// Attempt counts an attempt to sign in before it is known whether it succeeds, so that attempts at the same time cannot
// be more than those that are allowed. One that is not taken is not counted, and until says until when that is so. last
// says that no attempt will be taken after this one unless it succeeds.
func (s *Store) Attempt(ctx context.Context, in SignIn, now time.Time) (until time.Time, last bool, err error) {
	keys := in.keys()
	err = s.do(ctx, &job{alone: true, on: []string{keys[0].lock(), keys[1].lock()}, work: func(ses session) error {
		until, last = time.Time{}, false
		counted := make([]center.Attempts, len(keys))
		for i, k := range keys {
			// A row that is there before it is read is locked by that on PostgreSQL, so that two nodes count one behind the
			// other.
			if _, err := ses.exec(`INSERT INTO attempt (instance, who, tries, last) VALUES ($1, $2, 0, $3)
				ON CONFLICT (instance, who) DO UPDATE SET tries = attempt.tries`, k.instance, k.who, millis(now)); err != nil {
				return err
			}
			rows, err := ses.query(sqlAttempt, k.instance, k.who)
			if err != nil {
				return err
			}
			was := center.Attempts{Count: int(rows[0][0].(int64)), Last: timeOf(rows[0][1].(int64))}
			if end, locked := was.Locked(k.limit, now); locked && end.After(until) {
				until = end
			}
			counted[i] = was.Add(now)
			last = last || counted[i].Count == k.limit
		}
		for i, k := range keys {
			if !until.IsZero() {
				break // what was put has no attempts, and goes with the others
			}
			if _, err := ses.exec(`UPDATE attempt SET tries = $3, last = $4 WHERE instance = $1 AND who = $2`,
				k.instance, k.who, int64(counted[i].Count), millis(now)); err != nil {
				return err
			}
		}
		_, err := ses.exec(`DELETE FROM attempt WHERE (instance, who) IN (SELECT instance, who FROM attempt WHERE last <= $1 ORDER BY last LIMIT $2`+s.d.skipLocked+`)`,
			millis(now.Add(-center.LockFor)), int64(signInPurge))
		return err
	}})
	return until, last && until.IsZero(), err
}

// BeginSession keeps a session that an attempt to sign in has led to. The attempt, and all before it with the user name, are
// forgotten. A user with too many sessions loses the oldest; the session ended, if any, goes too. The audit log has that the
// user signed in.
func (s *Store) BeginSession(ctx context.Context, in SignIn, b *Session, ended *[32]byte) error {
	keys := in.keys()
	now := b.Began
	bearer := int64(0)
	if b.Bearer {
		bearer = 1
	}
	return s.do(ctx, &job{alone: true, on: []string{keys[0].lock(), keys[1].lock()}, work: func(ses session) error {
		from, name := keys[0], keys[1]
		if _, err := ses.exec(sqlForgive, from.instance, from.who); err != nil {
			return err
		}
		if _, err := ses.exec(`DELETE FROM attempt WHERE instance = $1 AND who = $2`, name.instance, name.who); err != nil {
			return err
		}
		if ended != nil {
			if _, err := ses.exec(`DELETE FROM session WHERE id = $1`, ended[:]); err != nil {
				return err
			}
		}
		// The sessions that end together are known by the moment of their sign-in: no two sign-ins of a user have the same.
		rows, err := ses.query(`SELECT began FROM session WHERE instance = $1 AND agent = $2 AND began >= $3 ORDER BY began DESC LIMIT 1`,
			string(b.Instance), []byte(b.User), millis(now))
		if err != nil {
			return err
		}
		b.Began = now
		if len(rows) > 0 {
			b.Began = timeOf(rows[0][0].(int64) + 1)
		}
		_, err = ses.exec(`INSERT INTO session (id, instance, agent, bearer, credential, began, expires) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			b.ID[:], string(b.Instance), []byte(b.User), bearer, b.Credential, millis(b.Began), millis(b.Expires))
		if err != nil {
			return err
		}
		if _, err := ses.exec(`DELETE FROM session WHERE instance = $1 AND agent = $2 AND id NOT IN
			(SELECT id FROM session WHERE instance = $1 AND agent = $2 ORDER BY began DESC, id DESC LIMIT $3)`,
			string(b.Instance), []byte(b.User), int64(center.MaxSessions)); err != nil {
			return err
		}
		if _, err := ses.exec(`DELETE FROM session WHERE id IN (SELECT id FROM session WHERE expires <= $1 ORDER BY expires LIMIT $2`+s.d.skipLocked+`)`,
			millis(now), int64(signInPurge)); err != nil {
			return err
		}
		return note(ctx, ses, Created, b.Instance, string(b.User))
	}})
}

// ForgiveSignIn takes back an attempt that was counted and then came to no end: the password was neither right nor wrong.
func (s *Store) ForgiveSignIn(ctx context.Context, in SignIn) error {
	keys := in.keys()
	return s.do(ctx, &job{alone: true, on: []string{keys[0].lock(), keys[1].lock()}, work: func(ses session) error {
		for _, k := range keys {
			if _, err := ses.exec(sqlForgive, k.instance, k.who); err != nil {
				return err
			}
		}
		return nil
	}})
}

// FailSignIn puts an attempt to sign in that failed into the audit log. user is "" when there is none of that name: what was
// given as a name may be a password.
func (s *Store) FailSignIn(ctx context.Context, at center.InstanceID, user center.UserID, locked bool) error {
	return s.write(ctx, func(ses session) error {
		change := Refused
		if locked {
			change = Locked
		}
		return note(ctx, ses, change, at, string(user))
	})
}

// What the audit log has of sessions beside [Created] and [Deleted].
const (
	Refused = "refuse" // an attempt to sign in failed
	Locked  = "lock"   // it failed, and no further one is taken for a while
)

// note writes an entry about a user's session into the audit log, unless nobody has asked for it.
func note(ctx context.Context, ses session, change string, at center.InstanceID, user string) error {
	by, ok := ctx.Value(authorKey{}).(Author)
	if !ok {
		return nil
	}
	a := &auditor{ses: ses, by: by, show: func(string, []byte) ([]byte, bool) { return nil, true }, tie: ties.Add(1)}
	return a.write(change, InstanceRef{at, Ref{"session", user}}, "", nil, nil)
}

// Session returns a session that has not ended, or ErrNotFound. kind is that of the rows that users sign in with.
func (s *Store) Session(ctx context.Context, id [32]byte, kind string, now time.Time) (Session, error) {
	b := Session{ID: id}
	var (
		user           []byte
		bearer         int64
		began, expires int64
	)
	err := s.row(ctx, `SELECT s.instance, s.agent, s.bearer, s.credential, s.began, s.expires FROM session AS s
		JOIN resource AS r ON r.instance = s.instance AND r.kind = $2 AND r.id = s.agent AND r.version = s.credential
		WHERE s.id = $1 AND s.expires > $3 AND s.bearer < $4`, []any{id[:], kind, millis(now), int64(handOver)}, &b.Instance, &user, &bearer, &b.Credential, &began, &expires)
	b.User, b.Bearer, b.Began, b.Expires = center.UserID(user), bearer != 0, timeOf(began), timeOf(expires)
	return b, err
}

// HasSession says whether a user has a session that has not ended.
func (s *Store) HasSession(ctx context.Context, at center.InstanceID, user center.UserID, kind string, now time.Time) (bool, error) {
	var n int64
	err := s.row(ctx, `SELECT COUNT(*) FROM session AS s
		JOIN resource AS r ON r.instance = s.instance AND r.kind = $3 AND r.id = s.agent AND r.version = s.credential
		WHERE s.instance = $1 AND s.agent = $2 AND s.expires > $4 AND s.bearer < $5`, []any{string(at), []byte(user), kind, millis(now), int64(handOver)}, &n)
	return n > 0, err
}

// Sessions returns those of some sessions that have not ended.
func (s *Store) Sessions(ctx context.Context, ids [][]byte, kind string, now time.Time) (alive map[[32]byte]bool, err error) {
	alive = map[[32]byte]bool{}
	if len(ids) == 0 {
		return alive, nil
	}
	err = s.rows(ctx, `SELECT s.id FROM `+s.d.ids+` JOIN session AS s ON s.id = v.id
		JOIN resource AS r ON r.instance = s.instance AND r.kind = $2 AND r.id = s.agent AND r.version = s.credential
		WHERE s.expires > $3`, []any{s.d.idsArg(ids), kind, millis(now)}, func(r *sql.Rows) error {
		var raw []byte
		err := r.Scan(&raw)
		if err == nil && len(raw) == 32 {
			alive[[32]byte(raw)] = true
		}
		return err
	})
	return alive, err
}

// EndSession ends a session, and says whether it was there. All sessions of browsers that came of the same sign-in end with it. The
// audit log has that its user signed out.
func (s *Store) EndSession(ctx context.Context, b *Session) (ended bool, err error) {
	err = s.write(ctx, func(ses session) error {
		n, err := ses.exec(`DELETE FROM session WHERE id = $1`, b.ID[:])
		if ended = n == 1; err != nil || !ended {
			return err
		}
		if !b.Bearer {
			if _, err := ses.exec(`DELETE FROM session WHERE instance = $1 AND agent = $2 AND began = $3 AND bearer <> 1`,
				string(b.Instance), []byte(b.User), millis(b.Began)); err != nil {
				return err
			}
		}
		return note(ctx, ses, Deleted, b.Instance, string(b.User))
	})
	return ended, err
}

// EndSessions ends all sessions of a user, and returns how many there were. The audit log has it, if there were any.
func (s *Store) EndSessions(ctx context.Context, at center.InstanceID, user center.UserID) (ended int64, err error) {
	err = s.writeAlone(ctx, func(ses session) error {
		var err error
		if ended, err = ses.exec(`DELETE FROM session WHERE instance = $1 AND agent = $2`, string(at), []byte(user)); err != nil || ended == 0 {
			return err
		}
		return note(ctx, ses, Deleted, at, string(user))
	})
	return ended, err
}
