package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

func link(n byte, credential int64, expires time.Time) *Link {
	return &Link{ID: sha256.Sum256([]byte{n}), Instance: instance, User: "ann", Purpose: center.LinkInvite, Credential: credential, Expires: expires}
}

// A link is used by one of those who use it at the same time, with the password that one gives.
func TestLinksAreUsedOnce(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		password := Resource{Instance: instance, Kind: "password", ID: "ann", Body: []byte("{}")}
		sure(t, s.InsertResource(t.Context(), password))
		l := link(1, 1, start.Add(time.Hour))
		sure(t, s.MakeLink(t.Context(), l, start))
		got, err := s.Link(t.Context(), l.ID)
		sure(t, err)
		equal(t, "the link", got, *l)

		use := func(l *Link, version int64, now time.Time) error {
			row := password
			row.Version = version
			return s.CommitResources(t.Context(), ResourceCommit{
				Replace: []Resource{row}, Credential: &NewCredential{Instance: instance, User: "ann", Link: l, Version: version + 1, Now: now},
			})
		}
		if err := use(l, 1, start.Add(time.Hour)); !errors.Is(err, ErrUsed) {
			t.Errorf("when its time is over: %v", err)
		}
		var used atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				switch err := use(l, 1, start); {
				case err == nil:
					used.Add(1)
				case !errors.Is(err, ErrUsed) && !errors.Is(err, ErrStale):
					t.Error(err)
				}
			})
		}
		all.Wait()
		equal(t, "used", used.Load(), 1)
		if err := use(l, 2, start); !errors.Is(err, ErrUsed) {
			t.Errorf("used again: %v", err)
		}
		row, err := s.Resource(t.Context(), instance, "password", "ann")
		sure(t, err)
		equal(t, "the password's version", row.Version, 2)

		// A newer link makes the earlier one void, and another password all.
		one, two := link(2, 2, start.Add(time.Hour)), link(3, 2, start.Add(time.Hour))
		sure(t, s.MakeLink(t.Context(), one, start))
		sure(t, s.MakeLink(t.Context(), two, start))
		if err := use(one, 2, start); !errors.Is(err, ErrUsed) {
			t.Errorf("replaced: %v", err)
		}
		sure(t, use(nil, 2, start))
		if err := use(two, 3, start); !errors.Is(err, ErrUsed) {
			t.Errorf("after another password: %v", err)
		}
		if _, err := s.Link(t.Context(), sha256.Sum256([]byte("none"))); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		// Old ones go with new ones.
		sure(t, s.MakeLink(t.Context(), link(4, 3, start.Add(30*24*time.Hour)), start.Add(29*24*time.Hour)))
		equal(t, "links", countRows(t, s, "link"), 1)
		sure(t, s.DeleteInstance(t.Context(), instance, start))
		equal(t, "links of a deleted instance", countRows(t, s, "link"), 0)
	})
}

// With another password all sessions end but the one that is kept, whatever they depend on.
func TestSessionsEndWithThePassword(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		password := Resource{Instance: instance, Kind: "password", ID: "ann", Body: []byte("{}"), Version: 1}
		sure(t, s.InsertResource(t.Context(), password))
		sure(t, s.InsertResource(t.Context(), Resource{Instance: instance, Kind: "user", ID: "ann", Body: []byte("{}")}))
		begin := func(n byte, proof string, credential int64) [32]byte {
			b := &Session{
				ID: sha256.Sum256([]byte{n}), Instance: instance, User: "ann", Proof: proof, Credential: credential, Began: start, Expires: start.Add(center.SessionLife),
			}
			sure(t, s.BeginSession(t.Context(), attempt("ann", "192.0.2.1"), b, nil))
			return b.ID
		}
		mine, other, provider := begin(1, "password", 1), begin(2, "password", 1), begin(3, "user", 0)
		there := func(id [32]byte) bool {
			_, err := s.Session(t.Context(), id, start)
			if err != nil && !errors.Is(err, ErrNotFound) {
				t.Fatal(err)
			}
			return err == nil
		}
		// Another version of the user ends nothing.
		user := Resource{Instance: instance, Kind: "user", ID: "ann", Body: []byte("{}"), Version: 1}
		sure(t, s.CommitResources(t.Context(), ResourceCommit{Replace: []Resource{user}}))
		equal(t, "before", there(mine) && there(other) && there(provider), true)
		sure(t, s.CommitResources(t.Context(), ResourceCommit{
			Replace: []Resource{password}, Credential: &NewCredential{Instance: instance, User: "ann", Keep: &mine, Version: 2, Now: start},
		}))
		equal(t, "mine", there(mine), true)
		equal(t, "another", there(other), false)
		equal(t, "the provider's", there(provider), false)
		mine = begin(4, "user", 0)
		password.Version = 2
		sure(t, s.CommitResources(t.Context(), ResourceCommit{
			Replace: []Resource{password}, Credential: &NewCredential{Instance: instance, User: "ann", Keep: &mine, Version: 3, Now: start},
		}))
		equal(t, "mine of the provider", there(mine), true)
		sure(t, s.CommitResources(t.Context(), ResourceCommit{Delete: []Deletion{{InstanceRef: user.ref()}}}))
		equal(t, "with the user", there(mine), false)
	})
}

func TestActivity(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		sure(t, s.InsertResource(t.Context(), Resource{Instance: instance, Kind: "password", ID: "ann", Body: []byte("{}")}))
		b := &Session{ID: sha256.Sum256([]byte("one")), Instance: instance, User: "ann", Proof: "password", Credential: 1, Began: start, Expires: start.Add(center.SessionLife)}
		sure(t, s.BeginSession(t.Context(), attempt("ann", "192.0.2.1"), b, nil))
		active := func(want time.Time) Session {
			t.Helper()
			got, err := s.Session(t.Context(), b.ID, start)
			sure(t, err)
			all, err := s.Sessions(t.Context(), [][]byte{b.ID[:]}, start)
			sure(t, err)
			if !got.Active.Equal(want) || !all[b.ID].Equal(want) {
				t.Errorf("active at %v and %v, want %v", got.Active, all[b.ID], want)
			}
			return got
		}
		before := active(start)
		sure(t, s.Active(t.Context(), b.ID, start.Add(time.Minute)))
		sure(t, s.Active(t.Context(), b.ID, start.Add(30*time.Second))) // of another node, a little late
		now := active(start.Add(time.Minute))
		// Who has not seen that the user is active does not end the session.
		ended, err := s.EndIdle(t.Context(), &before)
		sure(t, err)
		equal(t, "ended", ended, false)
		ended, err = s.EndIdle(t.Context(), &now)
		sure(t, err)
		equal(t, "ended", ended, true)
	})
}

func TestSpent(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		id := sha256.Sum256([]byte("state"))
		var first atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				ok, err := s.Spend(context.WithoutCancel(t.Context()), id, start.Add(time.Minute), start)
				if err != nil {
					t.Error(err)
				}
				if ok {
					first.Add(1)
				}
			})
		}
		all.Wait()
		equal(t, "first", first.Load(), 1)
		ok, err := s.Spend(t.Context(), sha256.Sum256([]byte("another")), start.Add(2*time.Hour), start.Add(time.Hour))
		sure(t, err)
		equal(t, "another", ok, true)
		equal(t, "rows", countRows(t, s, "spent"), 1)
	})
}

func sure(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
