package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// Two decisions each hold the turn that the other one asks for. Both give theirs back, and take both in one order.
func TestDecisionsThatAskForEachOthersStreams(t *testing.T) {
	l := newLedger(openStore(t, "sqlite::memory:"), false)
	a, b := name{purse, l.begin(t, purse, 5)}, name{till, l.begin(t, till, 5)}
	ctx := within(t)
	var holds [2]chan struct{}
	for i := range holds {
		holds[i] = make(chan struct{})
	}
	var wg sync.WaitGroup
	for i, of := range [][2]name{{a, b}, {b, a}} {
		wg.Go(func() {
			first := true
			err := l.Change(ctx, func(tx *Tx) error {
				mine, err := in(tx, of[0].kind, of[0].id)
				if err != nil {
					return err
				}
				if first {
					first = false
					close(holds[i])
					select {
					case <-holds[1-i]:
					case <-ctx.Done():
						return ctx.Err()
					}
				}
				other, err := in(tx, of[1].kind, of[1].id)
				if err != nil {
					return err
				}
				mine.add(-1)
				other.add(1)
				return nil
			}, of[0].id)
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, n := range []name{a, b} {
		amount, items := audit(t, l.store, n.id)
		equal(t, "amount", amount, 5)
		equal(t, "items", items, 3)
	}
}

// Streams are named in any order, and some twice: the turns are taken in one order.
func TestTurnsAreTakenInOneOrder(t *testing.T) {
	l := newLedger(openStore(t, "sqlite::memory:"), false)
	a, b := name{purse, l.begin(t, purse, 0)}, name{till, l.begin(t, till, 0)}
	ctx := within(t)
	var wg sync.WaitGroup
	for _, of := range [][]name{{a, b}, {b, a}, {a, b, a}, {b, a, b}} {
		wg.Go(func() {
			for range 500 {
				err := l.Change(ctx, func(tx *Tx) error {
					runtime.Gosched()
					_, err := pages(tx, of...)
					return err
				}, ids(of...)...)
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// A panic in a decision reaches the caller, and the turns are free for the next one, which finds the streams as they were.
func TestPanicGivesTurnsBack(t *testing.T) {
	l := newLedger(openStore(t, "sqlite::memory:"), false)
	a, b := name{purse, l.begin(t, purse, 5)}, name{till, l.begin(t, till, 5)}
	panics := func(decide func(tx *Tx, p []*page)) {
		t.Helper()
		defer func() { equal(t, "panic", recover(), any("fault")) }()
		_ = l.Change(t.Context(), func(tx *Tx) error {
			p, err := pages(tx, a, b)
			if err == nil {
				decide(tx, p)
			}
			return err
		}, a.id)
	}
	panics(func(_ *Tx, p []*page) { p[0].add(1); panic("fault") })
	panics(func(_ *Tx, p []*page) { p[0].add(1); p[0].told = func() { panic("fault") } })
	panics(func(tx *Tx, p []*page) {
		_, _ = Find(tx, "key", func(context.Context) (int, error) { panic("fault") })
	})
	equal(t, "error", l.Change(within(t), func(tx *Tx) error {
		p, err := pages(tx, a, b)
		if err == nil {
			equal(t, "amount", p[0].Amount, 6) // what was told last is committed
			p[0].add(-1)
			p[1].add(1)
		}
		return err
	}, a.id, b.id), nil)
	amount, _ := audit(t, l.store, b.id)
	equal(t, "amount", amount, 6)
}

// Who gives up waiting for a turn leaves the others in the queue.
func TestWaitForATurnEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(openStore(t, "sqlite::memory:"), false)
		a := name{purse, l.begin(t, purse, 5)}
		b := name{till, l.begin(t, till, 5)}
		ctx, cancel := context.WithCancel(t.Context())
		both := func(ctx context.Context) error {
			return l.Change(ctx, func(tx *Tx) error {
				p, err := pages(tx, a, b)
				if err == nil {
					p[0].add(1)
					p[1].add(1)
				}
				return err
			}, a.id, b.id)
		}
		var wg sync.WaitGroup
		equal(t, "error", l.Change(t.Context(), func(*Tx) error {
			wg.Go(func() { equal(t, "who gives up", both(ctx), context.Canceled) })
			wg.Go(func() { equal(t, "who waits", both(context.Background()), nil) })
			synctest.Wait()
			cancel()
			synctest.Wait()
			return nil
		}, max(a.id, b.id)), nil)
		wg.Wait()
		amount, _ := audit(t, l.store, a.id)
		equal(t, "amount", amount, 6)
	})
}

// What is kept decoded is bounded by what it takes, and what was used last stays.
func TestDecodedStatesAreBounded(t *testing.T) {
	pad := strings.Repeat("x", 1000)
	const room = 10
	var stateBytes int
	l := newLedger(openStore(t, "sqlite::memory:"), false, func(c *Config, _ *Kind) {
		stateBytes = room * (entryBytes + stateFactor*(len(pad)+40))
		c.StateBytes = stateBytes
	})
	var all []name
	for range 3 * room {
		all = append(all, name{purse, l.beginWith(t, purse, account{Pad: pad})})
		look(t, l, all[0]) // it is always the one that was used last but one
		if got := l.Stats(); got.Bytes > stateBytes {
			t.Fatalf("%d bytes are kept, there is room for %d", got.Bytes, stateBytes)
		}
	}
	equal(t, "states", l.Stats().States, room)
	before := l.Stats()
	look(t, l, all[0])
	for _, n := range all[len(all)-room+1:] { // those before last, oldest first
		look(t, l, n)
	}
	after := l.Stats()
	equal(t, "hits", after.Hits-before.Hits, room)
	equal(t, "misses", after.Misses-before.Misses, 0)
	look(t, l, all[1])
	after = l.Stats()
	equal(t, "misses of one that is long gone", after.Misses-before.Misses, 1)
	look(t, l, all[0]) // it made room for that one
	equal(t, "misses of the one that was used longest ago", l.Stats().Misses-before.Misses, 2)

	// One that is larger than the bound is not kept, and one that grows makes others go.
	big := name{till, l.beginWith(t, till, account{Pad: strings.Repeat("x", stateBytes)})}
	equal(t, "states beside one that is too large", l.Stats().States, 0)
	look(t, l, big)
	equal(t, "bytes", l.Stats().Bytes, 0)
	for _, n := range all[:room] {
		look(t, l, n)
	}
	equal(t, "error", l.Change(t.Context(), func(tx *Tx) error {
		p, err := pages(tx, all[0])
		if err == nil {
			p[0].Pad = strings.Repeat("x", 3000)
			p[0].add(1)
		}
		return err
	}, all[0].id), nil)
	if got := l.Stats(); got.Bytes > stateBytes || got.States >= room {
		t.Errorf("%d states of %d bytes are kept, there is room for %d", got.States, got.Bytes, stateBytes)
	}
}

// What is said to be kept is what is kept, about: also of states that are small. The heap is all tests': what others free
// or take meanwhile is in one of three measurements, not in their median.
func TestBytesOfDecodedStatesAreHonest(t *testing.T) {
	for _, size := range []int{0, 2000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			s := openStore(t, "sqlite::memory:")
			maker := newLedger(s, false, func(c *Config, _ *Kind) { c.StateBytes = 1 })
			const n, rounds = 1000, 3
			all := make([]name, n)
			for i := range all {
				all[i] = name{purse, maker.beginWith(t, purse, account{Pad: strings.Repeat("x", size)})}
			}
			heap := func() int {
				runtime.GC()
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				return int(m.HeapAlloc)
			}
			var said int
			var each []int
			for range rounds {
				l := newLedger(s, false)
				before := heap()
				for _, n := range all {
					look(t, l, n)
				}
				each = append(each, heap()-before)
				said = l.Stats().Bytes // of as many states each time
			}
			runtime.KeepAlive(all)
			slices.Sort(each)
			held := each[rounds/2]
			if said < held/2 || said > 5*held {
				t.Errorf("%d bytes are said to be kept, and %d are", said, held)
			}
			t.Logf("%d bytes a state are said to be kept, and %d are", said/n, held/n)
		})
	}
}

// A stream that has ended is not kept decoded.
func TestEndedStreamIsNotKept(t *testing.T) {
	l := newLedger(openStore(t, "sqlite::memory:"), false)
	a := name{purse, l.begin(t, purse, 5)}
	equal(t, "states", l.Stats().States, 1)
	equal(t, "error", l.Change(t.Context(), func(tx *Tx) error {
		p, err := pages(tx, a)
		if err == nil {
			p[0].Over = true
			p[0].add(-5)
		}
		return err
	}, a.id), nil)
	equal(t, "states", l.Stats().States, 0)
	equal(t, "bytes", l.Stats().Bytes, 0)
	equal(t, "awake", l.Awake(), false)
	look(t, l, a)
	equal(t, "states", l.Stats().States, 0)
	equal(t, "misses", l.Stats().Misses, 1)
}

// What was forgotten while a decision worked on it is read again, and not kept after that.
func TestForgetWhileATurnIsHeld(t *testing.T) {
	s := openStore(t, "sqlite::memory:")
	l := newLedger(s, false)
	a, b := name{purse, l.begin(t, purse, 5)}, name{till, l.begin(t, till, 5)}
	for commits := range 2 {
		look(t, l, a)
		look(t, l, b)
		equal(t, "states", l.Stats().States, 2)
		equal(t, "error", l.Change(t.Context(), func(tx *Tx) error {
			p, err := pages(tx, a)
			if err == nil {
				l.Forget()
				equal(t, "states of those whose turns no decision holds", l.Stats().States, 0)
				if commits == 1 {
					p[0].add(1)
				}
			}
			return err
		}, a.id), nil)
		equal(t, "states", l.Stats().States, 0)
		misses := l.Stats().Misses
		look(t, l, a)
		equal(t, "misses", l.Stats().Misses-misses, 1)
	}
	// The store is emptied beside the engine, as a reset in development does.
	equal(t, "reset", s.Reset(t.Context()), nil)
	l.Forget()
	if _, err := l.Look(t.Context(), purse, a.id); !center.Is(err, center.NotFound) {
		t.Errorf("a stream that is gone: %v", err)
	}
	equal(t, "awake", l.Awake(), false)
}

// ForgetStream waits for the turn, and returns what was known.
func TestForgetStream(t *testing.T) {
	l := newLedger(openStore(t, "sqlite::memory:"), false)
	a := name{purse, l.begin(t, purse, 5)}
	state, err := l.ForgetStream(t.Context(), a.id)
	equal(t, "error", err, nil)
	equal(t, "amount", state.(*account).Amount, 5)
	state, err = l.ForgetStream(t.Context(), a.id)
	equal(t, "error", err, nil)
	equal(t, "state when it is forgotten", state, nil)
	equal(t, "awake", l.Awake(), false)
}

// A new stream whose id is there already is refused, and what is there is not forgotten for it.
func TestBeginOfAStreamThatExists(t *testing.T) {
	forEachStore(t, 2, func(t *testing.T, stores []*store.Store) {
		one, two := newLedger(stores[0], true), newLedger(stores[1], true)
		id := one.begin(t, purse, 5)
		for _, l := range []*ledger{one, two} {
			p := &page{id: id, snap: &Snapshot{}}
			p.change = center.Change{Stream: id, Kind: till, Instance: instance}
			p.add(7)
			err := l.Begin(t.Context(), till, id, p)
			if conflict, ok := errors.AsType[*store.Conflict](err); !ok || conflict.Stream != id {
				t.Errorf("begin: %v", err)
			}
			equal(t, "amount", look(t, l, name{purse, id}).State.(*account).Amount, 5)
		}
	})
}

// The last item of a stream is known while its state is kept and nobody works on it, on a node that shares its store with
// no other one.
func TestLastItemIsKnownOfWhatIsKept(t *testing.T) {
	db := openStore(t, "sqlite::memory:")
	for shared, want := range map[bool]string{false: "2 true", true: "0 false"} {
		l := newLedger(db, shared)
		id := l.begin(t, purse, 5)
		last := func() string { return fmt.Sprint(l.LastSeq(id)) }
		change := func(during func()) {
			t.Helper()
			equal(t, "error", l.Change(within(t), func(tx *Tx) error {
				p, err := in(tx, purse, id)
				if err == nil {
					p.add(1)
					during()
				}
				return err
			}, id), nil)
		}
		change(func() { equal(t, "while its turn is held", last(), "0 false") })
		equal(t, "after a change", last(), want)
		_, err := l.ForgetStream(within(t), id)
		equal(t, "error", err, nil)
		equal(t, "forgotten", last(), "0 false")
		change(func() { l.Forget() })
		equal(t, "forgotten while its turn was held", last(), "0 false")
		if _, err := l.Look(within(t), purse, id); err != nil {
			t.Fatal(err)
		}
		equal(t, "read again", last(), strings.Replace(want, "2", "3", 1))
		l.Forget()
		equal(t, "all are forgotten", last(), "0 false")
	}
}
