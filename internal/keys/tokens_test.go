package keys

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/token"
)

const testSecret = "a secret of these tests alone"

// clock is real time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func open(t *testing.T, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) //nolint:errcheck // a test's
	return s
}

func ring(t *testing.T, s *store.Store, c *clock) *Ring {
	t.Helper()
	master, err := token.NewMasterKey(testSecret)
	if err != nil {
		t.Fatal(err)
	}
	return New(s, master, c.Now)
}

func tokens(t *testing.T, r *Ring) *Tokens {
	t.Helper()
	tokens, err := r.Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// claims of a participant that never expire.
func claims(c *clock) token.Claims {
	return token.Claims{
		Kind: token.Participant, Instance: "11111111-1111-4111-8111-111111111111", Chat: "22222222-2222-4222-8222-222222222222",
		Contact: "22222222-2222-4222-8222-222222222222", Participant: "33333333-3333-4333-8333-333333333333", Role: "CUSTOMER", Issued: c.Now(),
	}
}

func opens(t *Tokens, text string, c *clock) error {
	_, err := t.Open(text, token.Participant, c.Now())
	return err
}

func TestTokensSurviveARestart(t *testing.T) {
	c, url := newClock(), "sqlite:"+filepath.Join(t.TempDir(), "parley.db")
	first := open(t, url)
	text := tokens(t, ring(t, first, c)).Seal(claims(c))
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := opens(tokens(t, ring(t, open(t, url), c)), text, c); err != nil {
		t.Errorf("a token of before the restart: %v", err)
	}
}

func TestNodesThatStartAtOnceAgree(t *testing.T) {
	c, url := newClock(), "sqlite:"+filepath.Join(t.TempDir(), "parley.db")
	const nodes = 4
	all := make([]*Tokens, nodes)
	var group sync.WaitGroup
	rings := make([]*Ring, nodes)
	for i := range rings {
		rings[i] = ring(t, open(t, url), c)
	}
	begin := make(chan struct{})
	for i := range all {
		group.Go(func() {
			<-begin
			var err error
			if all[i], err = rings[i].Tokens(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	close(begin)
	group.Wait()
	for i, from := range all {
		text := from.Seal(claims(c))
		for j, at := range all {
			if err := opens(at, text, c); err != nil {
				t.Errorf("token of node %d at node %d: %v", i, j, err)
			}
		}
	}
}

func TestAnotherSecretOpensNoKeys(t *testing.T) {
	c, db := newClock(), open(t, "sqlite::memory:")
	right := ring(t, db, c)
	tokens(t, right)
	k, err := right.Create(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	master, err := token.NewMasterKey("another secret altogether")
	if err != nil {
		t.Fatal(err)
	}
	wrong := New(db, master, c.Now)
	if _, err := wrong.Tokens(t.Context()); !errors.Is(err, token.ErrMasterKey) || !strings.Contains(err.Error(), "PARLEY_SECRET") {
		t.Errorf("token keys: %v", err)
	}
	if _, _, err := wrong.Secret(t.Context(), k.ID); !errors.Is(err, token.ErrMasterKey) {
		t.Errorf("access key: %v", err)
	}
	if err := wrong.Rotate(t.Context()); !errors.Is(err, token.ErrMasterKey) {
		t.Errorf("rotate: %v", err)
	}
}

func TestARotatedKeyReachesOtherNodesWithItsFirstToken(t *testing.T) {
	c, db := newClock(), open(t, "sqlite::memory:")
	r := ring(t, db, c)
	a, b := tokens(t, r), tokens(t, r)
	old := a.Seal(claims(c))
	if err := r.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if sealed := a.Seal(claims(c)); opens(b, sealed, c) != nil {
		t.Error("a node does not open what another seals with the key before")
	}
	c.pass(freshFor)
	fresh := a.Seal(claims(c))
	if had := b.current.Load().keys; len(had) != 1 {
		t.Fatalf("the other node has %d keys already", len(had))
	}
	if err := opens(b, fresh, c); err != nil {
		t.Errorf("the first token of a new key: %v", err)
	}
	for name, node := range map[string]*Tokens{"that rotated": a, "other": b} {
		if err := opens(node, old, c); err != nil {
			t.Errorf("the node %s, a token of the old key: %v", name, err)
		}
	}
}

func TestAnOldKeyIsGoodForEightDaysAfterItsSuccessor(t *testing.T) {
	c, db := newClock(), open(t, "sqlite::memory:")
	r := ring(t, db, c)
	first := tokens(t, r).Seal(claims(c))
	rotate := func() {
		t.Helper()
		if err := r.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	c.pass(300 * 24 * time.Hour) // however old the key is
	rotate()
	second := tokens(t, r).Seal(claims(c))
	c.pass(keepOld - time.Second)
	rotate() // a third does not lengthen the first one's time
	if err := opens(tokens(t, r), first, c); err != nil {
		t.Errorf("a second before its eight days are over: %v", err)
	}
	c.pass(time.Second)
	now := tokens(t, r)
	if err := opens(now, first, c); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("after eight days: %v, want ErrInvalid", err)
	}
	if err := opens(now, second, c); err != nil {
		t.Errorf("the second key's token: %v", err)
	}
	rotate()
	rows, err := db.Resources(t.Context(), "", TokenKind, "", 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 3 || rows[0].ID == "1" {
		t.Errorf("%d keys are stored, the first is %s; want the dead one gone", len(rows), rows[0].ID)
	}
}

func TestANewKeySealsThoughTheClockIsBehind(t *testing.T) {
	c, db := newClock(), open(t, "sqlite::memory:")
	tokens(t, ring(t, db, c))
	c.pass(-time.Hour)
	r := ring(t, db, c)
	for range 2 {
		if err := r.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	keys := tokens(t, r).current.Load().keys
	if newest := keys[len(keys)-1].ID; newest != "3" {
		t.Errorf("key %s seals, want 3", newest)
	}
}

func TestStrangersTokensAreRefused(t *testing.T) {
	c := newClock()
	here := tokens(t, ring(t, open(t, "sqlite::memory:"), c))
	elsewhere := ring(t, open(t, "sqlite::memory:"), c)
	if err := opens(here, tokens(t, elsewhere).Seal(claims(c)), c); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("a key with the same id and another secret: %v", err)
	}
	if err := elsewhere.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := opens(here, tokens(t, elsewhere).Seal(claims(c)), c); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("an unknown key: %v", err)
	}
	for _, bad := range []string{"", "v4.local.", "v4.local.AAAA", "v4.local.AAAA.Jw", strings.Repeat("v4.local.", 200), "\x00", "v4.local.AAAA.J zu"} {
		if err := opens(here, bad, c); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%q: %v, want ErrInvalid", bad, err)
		}
	}
}

// Keys that cannot be read must not look like a token that is not good: a client told so gives its chat up.
func TestAStoreThatFailsIsNoRefusal(t *testing.T) {
	c, db := newClock(), open(t, "sqlite::memory:")
	here := tokens(t, ring(t, db, c))
	elsewhere := ring(t, open(t, "sqlite::memory:"), c)
	if err := elsewhere.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	text := tokens(t, elsewhere).Seal(claims(c))
	known := here.Seal(claims(c))
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	err := opens(here, text, c)
	if err == nil || errors.Is(err, token.ErrInvalid) || errors.Is(err, token.ErrExpired) || errors.Is(err, token.ErrKind) {
		t.Errorf("an unknown key while the store is gone: %v", err)
	}
	c.pass(freshFor)
	if err := opens(here, here.Seal(claims(c)), c); err != nil {
		t.Errorf("sealing while the store is gone: %v", err)
	}
	if err := opens(here, known, c); err != nil {
		t.Errorf("opening while the store is gone: %v", err)
	}
}

func TestAnEmptiedStoreGetsANewKey(t *testing.T) {
	c, db := newClock(), open(t, "sqlite::memory:")
	r := ring(t, db, c)
	here := tokens(t, r)
	before := here.Seal(claims(c))
	if err := db.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := here.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := opens(here, before, c); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("a token of before: %v, want ErrInvalid", err)
	}
	if err := opens(tokens(t, r), here.Seal(claims(c)), c); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}

func TestManyUnknownKeysAreLookedUpTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, db := newClock(), open(t, "sqlite::memory:")
		r := ring(t, db, c)
		here := tokens(t, r)
		if err := r.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		text := tokens(t, r).Seal(claims(c))
		before := here.begun.Load()
		here.turn <- struct{}{} // somebody is about to look
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				if err := opens(here, text, c); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait() // until all of them wait for the look
		<-here.turn
		group.Wait()
		if n := here.begun.Load() - before; n != 1 {
			t.Errorf("%d looks at the store, want 1", n)
		}
	})
}

func TestALookGivesUpWithItsContext(t *testing.T) {
	c := newClock()
	here := tokens(t, ring(t, open(t, "sqlite::memory:"), c))
	here.turn <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := here.Reload(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}
