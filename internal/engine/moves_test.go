package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

var errTooLittle = errors.New("too little in the account")

// trade is several nodes that move amounts between few accounts, and what they were acknowledged.
type trade struct {
	t     testing.TB
	nodes []*ledger
	all   []name
	pairs [][2]name // of which each holds 0 or more together

	sum     int
	items   map[center.StreamID]*atomic.Int64 // acknowledged
	acked   atomic.Int64
	refused atomic.Int64
	lost    atomic.Int64 // against other nodes, attempts times, or because a lock was waited for too long
}

func newTrade(t testing.TB, nodes []*ledger, pairs int) *trade {
	x := &trade{t: t, nodes: nodes, items: map[center.StreamID]*atomic.Int64{}}
	for range pairs {
		const amount = 20
		a := name{purse, nodes[0].begin(t, purse, amount)}
		b := name{till, nodes[0].begin(t, till, amount)}
		x.pairs = append(x.pairs, [2]name{a, b})
		x.all = append(x.all, a, b)
		x.sum += 2 * amount
	}
	for _, n := range x.all {
		x.items[n.id] = new(atomic.Int64)
		x.items[n.id].Add(1)
	}
	return x
}

// random draws n different accounts.
func (x *trade) random(n int) []name {
	all := make([]name, n)
	for i, at := range rand.Perm(len(x.all))[:n] {
		all[i] = x.all[at]
	}
	return all
}

// did counts what became of a decision that puts an item into each of the streams.
func (x *trade) did(err error, streams ...name) {
	switch {
	case err == nil:
		x.acked.Add(1)
		for _, n := range streams {
			x.items[n.id].Add(1)
		}
	case errors.Is(err, errTooLittle):
		x.refused.Add(1)
	case center.Is(err, center.Internal), center.Is(err, center.Unavailable):
		x.lost.Add(1)
	default:
		x.t.Error(err)
	}
}

// move moves an amount between two accounts. known is how many of them are named before the decision.
func (x *trade) move(ctx context.Context, l *ledger, known int) {
	of, n := x.random(2), 1+rand.IntN(5)
	x.did(l.Change(ctx, func(tx *Tx) error {
		p, err := pages(tx, of...)
		if err != nil {
			return err
		}
		p[0].add(-n)
		p[1].add(n)
		return nil
	}, ids(of[:known]...)...), of...)
}

// withdraw takes from one of a pair, into a third account, what both have together: the other one is only looked at.
// Two that did this at once, each from the other's account, would take the same twice.
func (x *trade) withdraw(ctx context.Context, l *ledger) {
	pair := x.pairs[rand.IntN(len(x.pairs))]
	from, other := pair[0], pair[1]
	if rand.IntN(2) == 0 {
		from, other = other, from
	}
	to := x.all[rand.IntN(len(x.all))]
	if to == from || to == other {
		return
	}
	x.did(l.Change(ctx, func(tx *Tx) error {
		p, err := pages(tx, other, from)
		if err != nil {
			return err
		}
		n := p[0].Amount + p[1].Amount
		if n <= 0 {
			return errTooLittle
		}
		into, err := in(tx, to.kind, to.id)
		if err != nil {
			return err
		}
		p[1].add(-n)
		into.add(n)
		return nil
	}, from.id), from, to)
}

// moveIfPositive moves from an account of a pair so that the pair keeps 0 or more, or refuses when all is written down.
func (x *trade) moveIfPositive(ctx context.Context, l *ledger) {
	pair := x.pairs[rand.IntN(len(x.pairs))]
	to := x.all[rand.IntN(len(x.all))]
	if to == pair[0] || to == pair[1] {
		return
	}
	n := 1 + rand.IntN(9)
	x.did(l.Change(ctx, func(tx *Tx) error {
		p, err := pages(tx, pair[0], to, pair[1])
		if err != nil {
			return err
		}
		p[0].add(-n)
		p[1].add(n)
		if p[0].Amount+p[2].Amount < 0 {
			return errTooLittle
		}
		return nil
	}, ids(pair[:]...)...), pair[0], to)
}

// say adds a message, which has no effect.
func (x *trade) say(ctx context.Context, l *ledger) {
	of := x.random(1)
	x.did(l.Change(ctx, func(tx *Tx) error {
		p, err := pages(tx, of...)
		if err != nil {
			return err
		}
		p[0].say("hello")
		return nil
	}, ids(of...)...), of...)
}

// one does one thing.
func (x *trade) one(ctx context.Context, l *ledger) {
	switch rand.IntN(5) {
	case 0:
		x.withdraw(ctx, l)
	case 1:
		x.say(ctx, l)
	default:
		x.moveIfPositive(ctx, l)
	}
}

// close holds what is stored against what was acknowledged.
func (x *trade) close(s *store.Store) {
	x.t.Helper()
	sum := 0
	amounts := map[center.StreamID]int{}
	for _, n := range x.all {
		amount, items := audit(x.t, s, n.id)
		sum += amount
		amounts[n.id] = amount
		if want := int(x.items[n.id].Load()); items != want {
			x.t.Errorf("%s has %d items, %d were acknowledged", n.id, items, want)
		}
	}
	equal(x.t, "sum", sum, x.sum)
	for _, pair := range x.pairs {
		if both := amounts[pair[0].id] + amounts[pair[1].id]; both < 0 {
			x.t.Errorf("two accounts have %d together", both)
		}
	}
}

// TestMovesKeepTheSum: the sum of all accounts stays, what was acknowledged is there, what was refused left nothing, and
// no decision waits for another in a ring.
func TestMovesKeepTheSum(t *testing.T) {
	for _, c := range []struct {
		name   string
		nodes  int
		shared bool
	}{{"one node", 1, false}, {"three nodes", 3, true}} {
		t.Run(c.name, func(t *testing.T) {
			forEachStore(t, c.nodes, func(t *testing.T, stores []*store.Store) {
				var nodes []*ledger
				for _, s := range stores {
					nodes = append(nodes, newLedger(s, c.shared))
				}
				x := newTrade(t, nodes, 3)
				const workers, each = 9, 20
				ctx := within(t)
				var wg sync.WaitGroup
				for w := range workers {
					wg.Go(func() {
						for range each {
							x.one(ctx, nodes[w%len(nodes)])
						}
					})
				}
				wg.Wait()
				x.close(stores[0])
				if x.acked.Load() == 0 || x.refused.Load() == 0 {
					t.Errorf("%d were acknowledged and %d refused", x.acked.Load(), x.refused.Load())
				}
				t.Logf("%d acknowledged, %d refused, %d given up", x.acked.Load(), x.refused.Load(), x.lost.Load())
				// What each node has told is what is there, each item once.
				told := map[center.StreamID]int{}
				for _, l := range nodes {
					for id, seqs := range l.bus.seen {
						told[id] += len(seqs)
					}
				}
				for _, n := range x.all {
					row, err := stores[0].Stream(t.Context(), n.id)
					if err != nil {
						t.Fatal(err)
					}
					equal(t, "published items", int64(told[n.id]), row.LastSeq)
				}
			})
		})
	}
}

// A decision about accounts that it only looked at is as good as they were when it was committed: of two that would each
// be right alone, one is decided again.
func TestWhatWasLookedAtIsComparedToo(t *testing.T) {
	forEachStore(t, 2, func(t *testing.T, stores []*store.Store) {
		one, two := newLedger(stores[0], true), newLedger(stores[1], true)
		a, b := name{purse, one.begin(t, purse, 5)}, name{till, one.begin(t, till, 5)}
		take := func(l *ledger, from, other name, meanwhile func()) error {
			return l.Change(within(t), func(tx *Tx) error {
				p, err := pages(tx, from, other)
				if err != nil {
					return err
				}
				if p[0].Amount+p[1].Amount < 10 {
					return errTooLittle
				}
				p[0].add(-10)
				meanwhile()
				return nil
			}, a.id, b.id)
		}
		inner := errors.New("not called")
		var once sync.Once
		outer := take(one, a, b, func() { once.Do(func() { inner = take(two, b, a, func() {}) }) })
		equal(t, "the one that was first", inner, nil)
		equal(t, "the other", outer, errTooLittle)
		left, _ := audit(t, stores[0], a.id)
		equal(t, "in the first account", left, 5)
	})
}

// Where no other node decides, a stream that was only looked at is not written to.
func TestOneNodeWritesNoMarkers(t *testing.T) {
	l := newLedger(openStore(t, "sqlite::memory:"), false)
	a, b := name{purse, l.begin(t, purse, 5)}, name{till, l.begin(t, till, 5)}
	err := l.Change(t.Context(), func(tx *Tx) error {
		p, err := pages(tx, a, b)
		if err == nil {
			p[0].add(1)
		}
		return err
	}, a.id)
	equal(t, "error", err, nil)
	equal(t, "last item", look(t, l, b).Seq, 1)
}

// A decision that needs more streams than it named is taken again with them; one that needs ever more is refused.
func TestDecisionThatAsksForMore(t *testing.T) {
	l := newLedger(openStore(t, "sqlite::memory:"), false)
	var all []name
	for range maxStreams + 1 {
		all = append(all, name{till, l.begin(t, till, 1)})
	}
	tries := 0
	reach := func(n int) error {
		tries = 0
		return l.Change(within(t), func(tx *Tx) error {
			tries++
			p, err := pages(tx, all[:n]...)
			if err != nil {
				return err
			}
			for _, p := range p {
				p.add(1)
			}
			return nil
		})
	}
	equal(t, "as many as there may be", reach(maxStreams), nil)
	equal(t, "tries", tries, maxStreams+1)
	if err := reach(maxStreams + 1); !center.Is(err, center.Internal) {
		t.Errorf("one too many: %v", err)
	}
	for i, n := range all {
		amount, _ := audit(t, l.store, n.id)
		equal(t, "amount", amount, map[bool]int{true: 2, false: 1}[i < maxStreams])
	}
}

// A stream that is not there, or is of another kind, is missing to the decision that asks for it, which leaves nothing:
// also when it is kept decoded, or was asked for as what it is before.
func TestMissingStreamRefusesTheWholeDecision(t *testing.T) {
	l := newLedger(openStore(t, "sqlite::memory:"), true)
	a := name{purse, l.begin(t, purse, 5)}
	for _, other := range []name{{till, center.StreamID(newID())}, {till, a.id}, {purse, "no id"}} {
		err := l.Change(t.Context(), func(tx *Tx) error {
			p, err := in(tx, a.kind, a.id)
			if err != nil {
				return err
			}
			p.add(1)
			_, err = in(tx, other.kind, other.id)
			return err
		}, a.id)
		if !center.Is(err, center.NotFound) {
			t.Errorf("%v: %v", other, err)
		}
	}
	if _, err := l.Look(t.Context(), till, a.id); !center.Is(err, center.NotFound) {
		t.Errorf("a purse that is looked at as a till: %v", err)
	}
	amount, items := audit(t, l.store, a.id)
	equal(t, "amount", amount, 5)
	equal(t, "items", items, 1)
}

// A stream that has ended and was only looked at gets nothing.
func TestEndedStreamGetsNoMarker(t *testing.T) {
	l := newLedger(openStore(t, "sqlite::memory:"), true)
	a, b := name{purse, l.begin(t, purse, 5)}, name{till, l.beginWith(t, till, account{Over: true})}
	equal(t, "error", l.Change(t.Context(), func(tx *Tx) error {
		p, err := pages(tx, a, b)
		if err == nil {
			p[0].add(1)
		}
		return err
	}, a.id, b.id), nil)
	_, items := audit(t, l.store, a.id)
	equal(t, "items", items, 2)
	equal(t, "last item", look(t, l, b).Seq, 1)
}

func look(t testing.TB, l *ledger, n name) *Snapshot {
	t.Helper()
	snap, err := l.Look(t.Context(), n.kind, n.id)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}
