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
	// Proof is the kind of the row that the session depends on, a resource that has the user's id, and Credential its version: the
	// session ends when that changes or goes. With 0 it ends when the row goes.
	Proof      string
	Credential int64
	Began      time.Time
	// Active is when the user was last active.
	Active  time.Time
	Expires time.Time
}

// signInPurge is how many rows whose time has passed go with each sign-in: more than come.
const signInPurge = 16

// SignIn is what an attempt to sign in counts on: a user name of an instance, and an address.
type SignIn struct {
	Instance center.InstanceID
	Name     [32]byte // hash of the user name; none: the address alone counts
	From     [32]byte // hash of the address
}

// keys are the rows of attempts, in the order in which all commits touch them, each with its limit.
func (s *SignIn) keys() []attemptKey {
	keys := []attemptKey{{"", s.From[:], center.MaxAddressFailures}}
	if s.Name != [32]byte{} {
		keys = append(keys, attemptKey{string(s.Instance), s.Name[:], center.MaxUserFailures})
	}
	return keys
}

type attemptKey struct {
	instance string
	who      []byte
	limit    int
}

func attemptLocks(keys []attemptKey) []string {
	locks := make([]string, len(keys))
	for i, k := range keys {
		locks[i] = lockName("attempt", k.instance, string(k.who))
	}
	return locks
}

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
	err = s.do(ctx, &job{alone: true, on: attemptLocks(keys), work: func(ses session) error {
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
	return s.do(ctx, &job{alone: true, on: attemptLocks(keys), work: func(ses session) error {
		if _, err := ses.exec(sqlForgive, keys[0].instance, keys[0].who); err != nil {
			return err
		}
		for _, name := range keys[1:] {
			if _, err := ses.exec(`DELETE FROM attempt WHERE instance = $1 AND who = $2`, name.instance, name.who); err != nil {
				return err
			}
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
		_, err = ses.exec(`INSERT INTO session (id, instance, agent, bearer, proof, credential, began, active, expires) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)`,
			b.ID[:], string(b.Instance), []byte(b.User), bearer, b.Proof, b.Credential, millis(b.Began), millis(b.Expires))
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
		return note(ctx, ses, Created, b.ref())
	}})
}

// ForgiveSignIn takes back an attempt that was counted and then came to no end: the password was neither right nor wrong.
func (s *Store) ForgiveSignIn(ctx context.Context, in SignIn) error {
	keys := in.keys()
	return s.do(ctx, &job{alone: true, on: attemptLocks(keys), work: func(ses session) error {
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
	return s.NoteRefusal(ctx, InstanceRef{at, Ref{sessionRef, string(user)}}, locked)
}

// NoteRefusal puts into the audit log that something was refused that proves who a user is. locked says that no further attempt
// is taken for a while.
func (s *Store) NoteRefusal(ctx context.Context, of InstanceRef, locked bool) error {
	return s.write(ctx, func(ses session) error {
		change := Refused
		if locked {
			change = Locked
		}
		return note(ctx, ses, change, of)
	})
}

// What the audit log has of sessions beside [Created] and [Deleted].
const (
	Refused = "refuse" // an attempt to sign in failed
	Locked  = "lock"   // it failed, and no further one is taken for a while
	Used    = "use"    // a link was used
)

// sessionRef is what the audit log calls a session. It is known by its user's id.
const sessionRef = "session"

// note writes an entry about what is no resource into the audit log, unless nobody has asked for it.
func note(ctx context.Context, ses session, change string, of InstanceRef) error {
	by, ok := ctx.Value(authorKey{}).(Author)
	if !ok {
		return nil
	}
	a := &auditor{ses: ses, by: by, show: func(string, []byte) ([]byte, bool) { return nil, true }, tie: ties.Add(1)}
	return a.write(change, of, "", nil, nil)
}

// ref is what the audit log calls a session.
func (b *Session) ref() InstanceRef { return InstanceRef{b.Instance, Ref{sessionRef, string(b.User)}} }

// sqlProven joins a session, s, with the row that it depends on.
const sqlProven = ` JOIN resource AS r ON r.instance = s.instance AND r.kind = s.proof AND r.id = s.agent AND (s.credential = 0 OR r.version = s.credential) `

// Session returns a session that has not ended, or ErrNotFound. Whether it has ended for inactivity, its caller decides.
func (s *Store) Session(ctx context.Context, id [32]byte, now time.Time) (Session, error) {
	b := Session{ID: id}
	var (
		user                   []byte
		bearer                 int64
		began, active, expires int64
	)
	err := s.row(ctx, `SELECT s.instance, s.agent, s.bearer, s.proof, s.credential, s.began, s.active, s.expires FROM session AS s`+sqlProven+
		`WHERE s.id = $1 AND s.expires > $2 AND s.bearer < $3`, []any{id[:], millis(now), int64(handOver)}, &b.Instance, &user, &bearer, &b.Proof, &b.Credential, &began, &active, &expires)
	b.User, b.Bearer, b.Began, b.Active, b.Expires = center.UserID(user), bearer != 0, timeOf(began), timeOf(max(began, active)), timeOf(expires)
	return b, err
}

// HasSession says whether a user has a session that has not ended.
func (s *Store) HasSession(ctx context.Context, at center.InstanceID, user center.UserID, now time.Time) (bool, error) {
	var n int64
	err := s.row(ctx, `SELECT COUNT(*) FROM session AS s`+sqlProven+`WHERE s.instance = $1 AND s.agent = $2 AND s.expires > $3 AND s.bearer < $4`,
		[]any{string(at), []byte(user), millis(now), int64(handOver)}, &n)
	return n > 0, err
}

// Sessions returns those of some sessions that have not ended, each with the time when its user was last active.
func (s *Store) Sessions(ctx context.Context, ids [][]byte, now time.Time) (active map[[32]byte]time.Time, err error) {
	active = map[[32]byte]time.Time{}
	if len(ids) == 0 {
		return active, nil
	}
	err = s.rows(ctx, `SELECT s.id, s.began, s.active FROM `+s.d.ids+` JOIN session AS s ON s.id = v.id`+sqlProven+
		`WHERE s.expires > $2`, []any{s.d.idsArg(ids), millis(now)}, func(r *sql.Rows) error {
		var raw []byte
		var began, at int64
		err := r.Scan(&raw, &began, &at)
		if err == nil && len(raw) == 32 {
			active[[32]byte(raw)] = timeOf(max(began, at))
		}
		return err
	})
	return active, err
}

// Active notes that a session's user is active.
func (s *Store) Active(ctx context.Context, id [32]byte, now time.Time) error {
	return s.write(ctx, func(ses session) error {
		_, err := ses.exec(`UPDATE session SET active = $2 WHERE id = $1 AND active < $2`, id[:], millis(now))
		return err
	})
}

// EndSession ends a session, and says whether it was there. All sessions of browsers that came of the same sign-in end with it. The
// audit log has that its user signed out.
func (s *Store) EndSession(ctx context.Context, b *Session) (ended bool, err error) {
	return s.endSession(ctx, b, true, `DELETE FROM session WHERE id = $1`, b.ID[:])
}

// EndIdle is EndSession for a session whose user has not been active since it was read. It ends alone: others of the same sign-in have
// activity of their own.
func (s *Store) EndIdle(ctx context.Context, b *Session) (ended bool, err error) {
	return s.endSession(ctx, b, false, `DELETE FROM session WHERE id = $1 AND active <= $2`, b.ID[:], millis(b.Active))
}

func (s *Store) endSession(ctx context.Context, b *Session, all bool, query string, args ...any) (ended bool, err error) {
	err = s.write(ctx, func(ses session) error {
		n, err := ses.exec(query, args...)
		if ended = n == 1; err != nil || !ended {
			return err
		}
		if all && !b.Bearer {
			if _, err := ses.exec(`DELETE FROM session WHERE instance = $1 AND agent = $2 AND began = $3 AND bearer <> 1`,
				string(b.Instance), []byte(b.User), millis(b.Began)); err != nil {
				return err
			}
		}
		return note(ctx, ses, Deleted, b.ref())
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
		return note(ctx, ses, Deleted, InstanceRef{at, Ref{sessionRef, string(user)}})
	})
	return ended, err
}

// Spend notes that something was used that may be used once, and says whether this was the first time. Until a time it is
// remembered; from then on nobody takes it anyway.
func (s *Store) Spend(ctx context.Context, id [32]byte, until, now time.Time) (first bool, err error) {
	err = s.writeAlone(ctx, func(ses session) error {
		n, err := ses.exec(`INSERT INTO spent (id, expires) VALUES ($1, $2) ON CONFLICT DO NOTHING`, id[:], millis(until))
		if first = n == 1; err != nil {
			return err
		}
		_, err = ses.exec(`DELETE FROM spent WHERE id IN (SELECT id FROM spent WHERE expires <= $1 ORDER BY expires LIMIT $2`+s.d.skipLocked+`)`,
			millis(now), int64(signInPurge))
		return err
	})
	return first, err
}
