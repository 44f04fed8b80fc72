package engine

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

const slowLane center.Lane = 2

// bells are due rows, and when each was answered.
type bells struct {
	*ledger
	mu   sync.Mutex
	rang map[string]time.Time // by stream and key
	fail error                // that answers of the slow lane end with
	slow time.Duration        // that they take, and calls outside
}

// slowCall is a call outside to one slow target.
type slowCall struct{}

func (slowCall) Target() string       { return "slow" }
func (slowCall) Limit() time.Duration { return time.Hour }

// answer takes a row away.
func (b *bells) answer(ctx context.Context, due center.Due) error {
	b.mu.Lock()
	if key := string(due.Stream) + due.Key; b.rang[key].IsZero() {
		b.rang[key] = time.Now()
	}
	b.mu.Unlock()
	n := name{purse, due.Stream}
	return b.Change(ctx, func(tx *Tx) error {
		p, err := pages(tx, n)
		if err == nil {
			p[0].say("answered")
			p[0].change.Done = &due
		}
		return err
	}, due.Stream)
}

func (b *bells) slowly(ctx context.Context, due center.Due) error {
	b.mu.Lock()
	fail := b.fail
	b.fail = nil
	b.mu.Unlock()
	if fail != nil {
		return fail
	}
	select {
	case <-time.After(b.slow):
	case <-ctx.Done():
		return ctx.Err()
	}
	return b.answer(ctx, due)
}

// newBells makes a node that knows timers, rows that are answered slowly in a lane of their own, and calls outside.
func newBells(s *store.Store, shared bool) *bells {
	b := &bells{rang: map[string]time.Time{}}
	b.ledger = newLedger(s, shared, func(_ *Config, k *Kind) {
		k.Due = []Due{
			{Key: "timer", Answer: b.answer},
			{Key: "slow:", Lane: slowLane, Answer: b.slowly},
			{Key: "call:", Lane: outsideLane, Outside: &Outside{
				Read: func(center.Due) (Call, error) { return slowCall{}, nil },
				Ask:  func(ctx context.Context, due center.Due, _ Call, _ bool) error { return b.slowly(ctx, due) },
			}},
		}
	})
	return b
}

// put begins an account with due rows.
func (b *bells) put(t testing.TB, due ...center.Due) center.StreamID {
	t.Helper()
	p := &page{id: center.StreamID(newID()), snap: &Snapshot{}}
	p.change = center.Change{Stream: p.id, Kind: purse, Instance: instance, Due: due}
	p.add(0)
	if err := b.Begin(t.Context(), purse, p.id, p); err != nil {
		t.Fatal(err)
	}
	return p.id
}

// inRun lets a node answer due rows in a bubble, where time is at a standstill while a goroutine works.
func inRun(t *testing.T, f func(t *testing.T, b *bells)) {
	synctest.Test(t, func(t *testing.T) {
		b := newBells(openStore(t, "sqlite::memory:"), false)
		ctx, cancel := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { b.Run(ctx) })
		f(t, b)
		cancel()
		running.Wait()
	})
}

// timers are due one after the other, each of another stream, and each is answered at its time.
func (b *bells) timers(t testing.TB, n int) {
	t.Helper()
	var all []center.StreamID
	begun := time.Now()
	for i := range n {
		all = append(all, b.put(t, center.Due{Key: "timer", At: begun.Add(time.Duration(i+1) * time.Second)}))
	}
	time.Sleep(time.Duration(n)*time.Second + time.Millisecond)
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, id := range all {
		equal(t, fmt.Sprint("timer ", i), b.rang[string(id)+"timer"].Sub(begun), time.Duration(i+1)*time.Second)
	}
}

// Thousands of calls outside wait for a slow target, and timers do not.
func TestCallsOutsideDoNotDelayTimers(t *testing.T) {
	inRun(t, func(t *testing.T, b *bells) {
		b.slow = 10 * time.Second
		const streams, each = 20, 100
		for range streams {
			var due []center.Due
			for i := range each {
				due = append(due, center.Due{Key: fmt.Sprint("call:", i), At: time.Now()})
			}
			b.put(t, due...)
		}
		b.timers(t, 20)
		time.Sleep(streams * each / callsPerTarget * 11 * time.Second)
		synctest.Wait()
		equal(t, "rows left", len(allDue(t, b)), 0)
		equal(t, "answered", len(b.rang), streams*each+20)
	})
}

// More streams than a lane answers at once are slow in it, and timers do not wait for them.
func TestSlowRowsDoNotDelayAnotherLane(t *testing.T) {
	inRun(t, func(t *testing.T, b *bells) {
		b.slow = 20 * time.Second
		for range 3 * dueStreams {
			b.put(t, center.Due{Key: "slow:", At: time.Now()})
		}
		b.timers(t, 20)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		equal(t, "rows left", len(allDue(t, b)), 0)
	})
}

// An answer that could not be stored is tried again soon, in whatever lane it is.
func TestAnswerThatCouldNotBeStoredIsTriedAgainSoon(t *testing.T) {
	inRun(t, func(t *testing.T, b *bells) {
		b.fail = &center.Error{Code: center.Unavailable, Message: "not now"}
		begun := time.Now()
		id := b.put(t, center.Due{Key: "slow:1", At: begun})
		time.Sleep(time.Minute)
		synctest.Wait()
		b.mu.Lock()
		defer b.mu.Unlock()
		equal(t, "tried again after", b.rang[string(id)+"slow:1"].Sub(begun), dueRetry)
	})
}

func allDue(t testing.TB, b *bells) []center.Due {
	t.Helper()
	all, err := b.store.AllDue(t.Context(), 10000)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A row whose key this version does not know stays, delays nothing, and is answered by a version that knows it.
func TestRowOfAnUnknownKeyStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openStore(t, "sqlite::memory:")
		old := newBells(s, false)
		unknown := old.put(t, center.Due{Key: "chime:1", At: time.Now(), Data: "x"})
		ctx, cancel := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { old.Run(ctx) })
		old.timers(t, 100)
		cancel()
		running.Wait()
		left := allDue(t, old)
		equal(t, "rows left", len(left), 1)
		equal(t, "key", left[0].Key, "chime:1")

		newer := &bells{rang: map[string]time.Time{}}
		newer.ledger = newLedger(s, false, func(_ *Config, k *Kind) {
			k.Due = []Due{{Key: "timer", Answer: newer.answer}, {Key: "chime:", Lane: 3, Answer: newer.answer}}
		})
		time.Sleep(dueLease)
		equal(t, "settle", newer.Settle(t.Context()), nil)
		equal(t, "rows left", len(allDue(t, newer)), 0)
		_, answered := newer.rang[string(unknown)+"chime:1"]
		equal(t, "answered", answered, true)
	})
}

// Rows of a database from before there were lanes are in the first one. They are answered by their keys.
func TestRowsAreAnsweredByTheirKeysInAnyLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBells(openStore(t, "sqlite::memory:"), false)
		id := b.begin(t, purse, 5)
		now := time.Now()
		var due []center.Due
		for lane := range slowLane + 1 {
			for _, kind := range []string{"call:", "slow:"} {
				due = append(due, center.Due{Key: fmt.Sprint(kind, lane), At: now, Lane: lane})
			}
		}
		item := center.Item{ID: center.ItemID(newID()), Time: now.Add(time.Second), Type: center.TypeMessage}
		if err := b.store.Commit(t.Context(), &center.Change{Stream: id, After: 1, Items: []center.Item{item}, Due: due}); err != nil {
			t.Fatal(err)
		}
		b.Forget()
		equal(t, "settle", b.Settle(t.Context()), nil)
		equal(t, "rows left", len(allDue(t, b)), 0)
		equal(t, "answered", len(b.rang), len(due))
	})
}

// A panic in the answer to a row leaves the row for another try, and its stream's turn free.
func TestPanicInAnAnswerIsSurvived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openStore(t, "sqlite::memory:")
		tries := 0
		var l *ledger
		l = newLedger(s, false, func(_ *Config, k *Kind) {
			k.Due = []Due{{Key: "timer", Answer: func(ctx context.Context, due center.Due) error {
				return l.Change(ctx, func(tx *Tx) error {
					p, err := pages(tx, name{purse, due.Stream})
					if err != nil {
						return err
					}
					if tries++; tries == 1 {
						panic("fault")
					}
					p[0].say("answered")
					p[0].change.Done = &due
					return nil
				}, due.Stream)
			}}}
		})
		b := &bells{ledger: l}
		b.put(t, center.Due{Key: "timer", At: time.Now()})
		equal(t, "settle", l.Settle(t.Context()), nil)
		equal(t, "rows left", len(allDue(t, b)), 1)
		time.Sleep(dueLease)
		equal(t, "settle", l.Settle(t.Context()), nil)
		equal(t, "rows left", len(allDue(t, b)), 0)
		equal(t, "tries", tries, 2)
	})
}
