package store

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// attempt is an attempt to sign in with a name, from an address.
func attempt(name, from string) SignIn {
	return SignIn{Instance: instance, Name: sha256.Sum256([]byte(name)), From: sha256.Sum256([]byte(from))}
}

func TestAttemptsAtTheSameTimeAreCounted(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		const many = 4 * center.MaxUserFailures
		in, now := attempt("ann", "192.0.2.1"), start
		var taken, last atomic.Int64
		var all sync.WaitGroup
		for range many {
			all.Go(func() {
				until, final, err := s.Attempt(t.Context(), in, now)
				switch {
				case err != nil:
					t.Error(err)
				case until.IsZero():
					taken.Add(1)
				case !until.Equal(now.Add(center.LockFor)):
					t.Errorf("locked until %v", until)
				}
				if final {
					last.Add(1)
				}
			})
		}
		all.Wait()
		equal(t, "taken", taken.Load(), center.MaxUserFailures)
		equal(t, "last ones", last.Load(), 1)

		locked := func(in SignIn, at time.Time) bool {
			t.Helper()
			until, err := s.Locked(t.Context(), in, at)
			if err != nil {
				t.Fatal(err)
			}
			return !until.IsZero()
		}
		equal(t, "locked", locked(in, now), true)
		equal(t, "locked elsewhere", locked(attempt("ann", "192.0.2.2"), now), true)
		equal(t, "another user", locked(attempt("bob", "192.0.2.1"), now), false)
		other := in
		other.Instance = "22222222-1111-4111-8111-111111111111"
		equal(t, "another instance", locked(other, now), false)
		equal(t, "just before the end", locked(in, now.Add(center.LockFor-time.Millisecond)), true)
		equal(t, "the end", locked(in, now.Add(center.LockFor)), false)
		// What comes then counts from the beginning.
		until, final, err := s.Attempt(t.Context(), in, now.Add(center.LockFor))
		if err != nil || !until.IsZero() || final {
			t.Errorf("after the lock-out: until %v, last %v, %v", until, final, err)
		}
	})
}

func TestAddressIsLockedOutToo(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		for i := range center.MaxAddressFailures {
			until, last, err := s.Attempt(t.Context(), attempt(fmt.Sprint("user ", i), "192.0.2.1"), start)
			if err != nil || !until.IsZero() || last != (i == center.MaxAddressFailures-1) {
				t.Fatalf("attempt %d: until %v, last %v, %v", i, until, last, err)
			}
		}
		for _, c := range []struct {
			from  string
			taken bool
		}{{"192.0.2.1", false}, {"192.0.2.2", true}} {
			until, _, err := s.Attempt(t.Context(), attempt("ann", c.from), start)
			if err != nil || until.IsZero() != c.taken {
				t.Errorf("from %s: until %v, %v", c.from, until, err)
			}
		}
	})
}

func TestSessions(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		by := By(t.Context(), Author{Who: "ann", From: "192.0.2.1", Action: "agent:SignIn", At: start})
		password := Resource{Instance: instance, Kind: "password", ID: "ann", Body: []byte("{}")}
		check(s.InsertResource(t.Context(), password))
		session := func(n int, began time.Time) *Session {
			return &Session{
				ID: sha256.Sum256(fmt.Append(nil, n)), Instance: instance, User: "ann", Bearer: n%2 == 1, Proof: "password", Credential: 1,
				Began: began, Active: began, Expires: began.Add(center.SessionLife),
			}
		}
		in := attempt("ann", "192.0.2.1")
		_, _, err := s.Attempt(t.Context(), in, start)
		check(err)
		check(s.BeginSession(by, in, session(0, start), nil))
		if _, err := s.Locked(t.Context(), in, start); err != nil {
			t.Error(err)
		}
		got, err := s.Session(t.Context(), session(0, start).ID, start)
		check(err)
		equal(t, "session", fmt.Sprint(got), fmt.Sprint(*session(0, start)))
		alive := func(n int, at time.Time) bool {
			t.Helper()
			id := session(n, start).ID
			_, err := s.Session(t.Context(), id, at)
			if err != nil && !errors.Is(err, ErrNotFound) {
				t.Fatal(err)
			}
			all, many := s.Sessions(t.Context(), [][]byte{id[:]}, at)
			check(many)
			_, one := all[id]
			equal(t, "alive among several", one, err == nil)
			return err == nil
		}
		equal(t, "before its end", alive(0, start.Add(center.SessionLife-time.Millisecond)), true)
		equal(t, "at its end", alive(0, start.Add(center.SessionLife)), false)
		equal(t, "another", alive(1, start), false)

		// One that signs in anew in the same browser has one session there.
		ended := session(0, start).ID
		check(s.BeginSession(by, in, session(1, start), &ended))
		equal(t, "the first", alive(0, start), false)
		equal(t, "the second", alive(1, start), true)

		// The oldest go when there are too many.
		for n := range center.MaxSessions {
			check(s.BeginSession(by, in, session(2+n, start.Add(time.Duration(1+n)*time.Second)), nil))
		}
		equal(t, "the oldest", alive(1, start), false)
		equal(t, "the next", alive(2, start), true)

		// Those whose time has passed go with the next ones.
		later := start.Add(2 * center.SessionLife)
		check(s.BeginSession(by, in, session(1000, later), nil))
		equal(t, "rows", countRows(t, s, "session"), center.MaxSessions-signInPurge)

		one, two := session(1000, later), session(1001, later)
		done, err := s.EndSession(by, one)
		check(err)
		equal(t, "ended", done, true)
		done, err = s.EndSession(by, one)
		check(err)
		equal(t, "ended again", done, false)
		check(s.BeginSession(by, in, two, nil))
		// A password that changes ends sessions.
		password.Version = 1
		equal(t, "before the change", alive(1001, later), true)
		check(s.CommitResources(t.Context(), ResourceCommit{Replace: []Resource{password}}))
		equal(t, "after the change", alive(1001, later), false)

		n, err := s.EndSessions(by, instance, "ann")
		check(err)
		equal(t, "rows", countRows(t, s, "session"), 0)
		if n == 0 {
			t.Error("no session was ended")
		}
		check(s.FailSignIn(by, instance, "", true))
		entries, err := s.Audit(t.Context(), AuditPlace{}, 1000)
		check(err)
		var changes []string
		for _, e := range entries[len(entries)-4:] {
			changes = append(changes, e.Change+" "+e.Kind+" "+e.ID)
		}
		equal(t, "entries", strings.Join(changes, ", "), "delete session ann, create session ann, delete session ann, lock session ")
		equal(t, "all entries", len(entries), 1+1+center.MaxSessions+1+4)
	})
}

func countRows(t *testing.T, s *Store, table string) (n int) {
	t.Helper()
	if err := s.row(t.Context(), "SELECT count(*) FROM "+table, nil, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A right to a session is taken once, whoever asks how often, and ends with the sign-in that it is of.
func TestSessionsAreHandedOverOnce(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		sum := func(s string) [32]byte { return sha256.Sum256([]byte(s)) }
		begin := func(secret string) *Session {
			t.Helper()
			b := &Session{ID: sum(secret), Instance: instance, User: "00000001-0000-7000-8000-000000000001", Credential: 1, Began: start, Expires: start.Add(center.SessionLife)}
			if err := s.BeginSession(t.Context(), attempt("ann", "192.0.2.1"), b, nil); err != nil {
				t.Fatal(err)
			}
			return b
		}
		first, second := begin("first"), begin("second")
		if first.Began.Equal(second.Began) || first.SameSignIn(second) {
			t.Fatalf("two sign-ins at %v and %v are one", first.Began, second.Began)
		}
		offer := func(of *Session, token string) {
			t.Helper()
			if err := s.OfferSession(t.Context(), sum(token), of, start.Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
		offer(first, "token")
		var taken atomic.Int64
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				b := *first
				b.ID = sum(fmt.Sprint("frame ", i))
				switch err := s.TakeSession(t.Context(), sum("token"), &b); {
				case err == nil:
					taken.Add(1)
				case !errors.Is(err, ErrNotFound):
					t.Error(err)
				}
			})
		}
		all.Wait()
		equal(t, "taken", taken.Load(), 1)

		offer(first, "left over")
		offer(second, "of another")
		if ended, err := s.EndSession(t.Context(), first); err != nil || !ended {
			t.Fatalf("ended %v, %v", ended, err)
		}
		if err := s.TakeSession(t.Context(), sum("left over"), first); !errors.Is(err, ErrNotFound) {
			t.Errorf("of a sign-in that has ended: %v", err)
		}
		if ended, err := s.EndSession(t.Context(), second); err != nil || !ended {
			t.Errorf("the other sign-in: %v, %v", ended, err)
		}
	})
}
