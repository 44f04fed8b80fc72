package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

const outsideLane center.Lane = 1

// soakCall is a call outside of the soak.
type soakCall struct{}

func (soakCall) Target() string       { return "target" }
func (soakCall) Limit() time.Duration { return 25 * time.Second } // so long that the lease must be extended

// answers are the kinds of due rows of the soak: a row that its own stream answers, one that another stream does, which is
// named in its data, and a call outside.
func (x *soak) answers(l func() *ledger) []Due {
	own := func(ctx context.Context, due center.Due) error {
		return l().Change(ctx, func(tx *Tx) error {
			p, err := pages(tx, x.named[due.Stream])
			if err != nil {
				return err
			}
			p[0].add(0)
			p[0].change.Done = &due
			x.answered.Add(1)
			return nil
		}, due.Stream)
	}
	return []Due{
		{Key: "tick", Answer: own},
		{Key: "for:", Answer: func(ctx context.Context, due center.Due) error {
			other := x.named[center.StreamID(due.Data)]
			return l().Change(ctx, func(tx *Tx) error {
				p, err := pages(tx, other)
				if err != nil {
					return err
				}
				p[0].say("answer")
				p[0].change.Done = &due
				x.answered.Add(1)
				return nil
			}, other.id)
		}},
		{Key: "call:", Lane: outsideLane, Outside: &Outside{
			Read: func(center.Due) (Call, error) { return soakCall{}, nil },
			Ask:  func(ctx context.Context, due center.Due, _ Call, _ bool) error { return own(ctx, due) },
		}},
	}
}

// soak is a trade that also puts due rows and takes claims.
type soak struct {
	*trade
	named    map[center.StreamID]name
	answered atomic.Int64
}

// work does one thing to one or two streams, and adds to it what locks other rows.
func (x *soak) work(ctx context.Context, l *ledger) {
	of := x.random(1 + rand.IntN(2))
	stateful := rand.IntN(2) == 0
	what := rand.IntN(7)
	key, other := rand.IntN(3), x.random(1)[0]
	claims := rand.Perm(6)[:3]
	_ = l.Change(ctx, func(tx *Tx) error {
		all, err := pages(tx, of...)
		if err != nil {
			return err
		}
		for i, p := range all {
			if stateful {
				p.add(0)
			} else {
				p.say("hello")
			}
			now := p.change.Items[0].Time
			switch c := &p.change; what {
			case 0:
				c.Due = []center.Due{{Key: "tick", At: now}, {Key: fmt.Sprint("for:", key), At: now, Data: string(other.id)}}
			case 1:
				c.Cancel = []string{fmt.Sprint("for:", key), "tick"}
			case 2:
				c.Due = []center.Due{{Key: fmt.Sprint("call:", key), At: now}}
			case 3, 5: // each takes other claims than the other, in any order
				for _, n := range claims[2*i : 2+i] {
					c.Take = append(c.Take, center.Claim{Kind: "soak", Key: strconv.Itoa(n), Expires: now.Add(time.Millisecond)})
				}
			case 4, 6:
				for _, n := range claims[2*i : 2+i] {
					c.Release = append(c.Release, center.Claim{Kind: "soak", Key: strconv.Itoa(n)})
				}
			}
		}
		return nil
	}, ids(of...)...)
}

// TestSoakStreams has two nodes on one PostgreSQL move amounts between few streams in both directions, beside messages,
// due rows that are answered by their own and by other streams, and claims. No transactions may wait for each other in a
// ring. PARLEY_TEST_STREAMS says for how long, as 60s; without it, a few seconds.
func TestSoakStreams(t *testing.T) {
	long := 3 * time.Second
	if given := os.Getenv("PARLEY_TEST_STREAMS"); given != "" {
		d, err := time.ParseDuration(given)
		if err != nil || d < time.Second {
			t.Fatalf("PARLEY_TEST_STREAMS must be a duration of at least 1s, as 60s: it is %q", given)
		}
		long = d
	}
	database := postgresDatabase(t) // of its own, for its counts
	const deadlocks = `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`
	x := &soak{named: map[center.StreamID]name{}}
	var nodes []*ledger
	var stores []*store.Store
	for i := range 2 {
		s, err := store.Open(t.Context(), database, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		stores = append(stores, s)
		nodes = append(nodes, newLedger(s, true, func(_ *Config, k *Kind) { k.Due = x.answers(func() *ledger { return nodes[i] }) }))
	}
	x.trade = newTrade(t, nodes, 6)
	for _, n := range x.all {
		x.named[n.id] = n
	}
	ctx, cancel := context.WithTimeout(t.Context(), long+time.Minute)
	defer cancel()
	run, stop := context.WithCancel(ctx)
	var running, working sync.WaitGroup
	for _, l := range nodes {
		running.Go(func() { l.Run(run) })
	}
	until := time.Now().Add(long)
	var done atomic.Int64
	for w := range 24 {
		working.Go(func() {
			l := nodes[w%2]
			for time.Now().Before(until) {
				if w < 12 {
					x.work(ctx, l)
				} else {
					x.move(ctx, l, 1+w%2)
				}
				done.Add(1)
			}
		})
	}
	working.Wait()
	stop()
	running.Wait()
	sum := 0
	for _, n := range x.all {
		amount, _ := audit(t, stores[0], n.id)
		sum += amount
	}
	equal(t, "sum", sum, x.sum)
	for _, s := range stores {
		equal(t, "close", s.Close(), nil)
	}
	// Sessions count at their end.
	const sessions = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`
	for ctx.Err() == nil && askPostgres(t, database, sessions) > 0 {
		runtime.Gosched()
	}
	equal(t, "transactions that waited for each other in a ring", askPostgres(t, database, deadlocks), 0)
	t.Logf("%v: %d decisions, %.0f a second; %d moves acknowledged, %d given up; %d due rows answered",
		long, done.Load(), float64(done.Load())/long.Seconds(), x.acked.Load(), x.lost.Load(), x.answered.Load())
	if x.acked.Load() == 0 || x.answered.Load() == 0 {
		t.Error("nothing was done")
	}
}
