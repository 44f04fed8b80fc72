package chat_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/engine"
)

// slowBus keeps the turn of some chats for an hour, when they end.
type slowBus struct {
	slow map[center.ChatID]bool
	held atomic.Int64
}

func (b *slowBus) Publish(id center.StreamID, items []center.Item) {
	if b.slow[center.ChatID(id)] && items[len(items)-1].ContentType == center.EventEnded {
		b.held.Add(1)
		time.Sleep(time.Hour)
	}
}

// Timers of other chats fire in time while the turns of some take long.
func TestDueRowsFireBesideSlowTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		bus := &slowBus{slow: map[center.ChatID]bool{}}
		c := w.build(bus, false, chat.Config{
			Store: w.store, Catalog: w.catalog(time.Now), Sealer: w.sealer, Clock: engine.WallClock{}, Wall: time.Now, NewID: w.newID,
			Partition: partition, Settings: center.DefaultSettings(),
			Log: slog.New(slog.DiscardHandler),
		})
		began := map[center.ChatID]time.Time{}
		for i := range 150 {
			_, started := w.start(c, nil)
			id := center.ChatID(started.Contact)
			bus.slow[id] = i < 40 // their timers come first
			began[id] = time.Now()
			if i%10 == 9 {
				time.Sleep(time.Second)
			}
		}
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.Run(ctx)
		}()
		time.Sleep(11 * time.Minute) // their flows wait for ten
		synctest.Wait()
		if n := bus.held.Load(); n != 40 {
			t.Errorf("%d turns take long", n)
		}
		for id, at := range began {
			items := w.items(id)
			last := items[len(items)-1]
			if late := last.Time.Sub(at.Add(10 * time.Minute)); last.ContentType != center.EventEnded || late < 0 || late > time.Second {
				t.Errorf("the last item is %s, %v late", last.ContentType, late)
			}
		}
		stop()
		select {
		case <-done:
			t.Error("it does not wait for the turns")
		default:
		}
		<-done
	})
}

// However many turns take long, no more than a bounded number are under way; what is due meanwhile is not lost.
func TestSlowTurnsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		bus := &slowBus{slow: map[center.ChatID]bool{}}
		c := w.build(bus, false, chat.Config{
			Store: w.store, Catalog: w.catalog(time.Now), Sealer: w.sealer, Clock: engine.WallClock{}, Wall: time.Now, NewID: w.newID,
			Partition: partition, Settings: center.DefaultSettings(),
			Log: slog.New(slog.DiscardHandler),
		})
		for range 100 {
			_, started := w.start(c, nil)
			bus.slow[center.ChatID(started.Contact)] = true
		}
		time.Sleep(11 * time.Minute)
		go func() { w.must(c.Settle(context.Background())) }()
		synctest.Wait()
		if n := bus.held.Load(); n != 64 {
			t.Errorf("%d turns are under way", n)
		}
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		if n, err := w.store.ActiveStreams(w.ctx, center.KindChat, instance); err != nil || n != 0 {
			t.Errorf("%d chats have not ended, %v", n, err)
		}
	})
}

// jumpy is a wall clock that can jump, as it does when a laptop wakes up. The timers have slept meanwhile.
type jumpy struct {
	ahead  atomic.Int64
	timers atomic.Int64
}

func (j *jumpy) Now() time.Time { return time.Now().Add(time.Duration(j.ahead.Load())) }

func (j *jumpy) Timer(t time.Time) (<-chan struct{}, func()) {
	j.timers.Add(1)
	return engine.WallClock{}.Timer(time.Now().Add(t.Sub(j.Now())))
}

func (j *jumpy) jump(by time.Duration) { j.ahead.Add(int64(by)) }

// alone is the only node on the store: nobody else puts due rows.
func (w *world) alone(clock engine.Clock) *node {
	return w.build(&told{}, false, chat.Config{
		Store: w.store, Catalog: w.catalog(clock.Now), Sealer: w.sealer, Clock: clock, Wall: clock.Now, NewID: w.newID,
		Partition: partition, Settings: center.DefaultSettings(),
		Log: slog.New(slog.DiscardHandler),
	})
}

func TestTimersFollowTheWallClockWhenItJumps(t *testing.T) {
	for _, c := range []struct {
		name          string
		before, jumps time.Duration
	}{
		{"a short sleep", time.Second, 10 * time.Minute},
		{"a night", time.Second, 9 * time.Hour},
		{"just before its time", 9*time.Minute + 30*time.Second, time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, wall := newWorld(t), &jumpy{}
				chats := w.alone(wall)
				who, _ := w.start(chats, nil) // its flow waits for ten minutes
				ctx, stop := context.WithCancel(w.ctx)
				done := make(chan struct{})
				go func() { chats.Run(ctx); close(done) }()
				time.Sleep(c.before)
				synctest.Wait()
				if row, err := w.store.Stream(w.ctx, center.StreamID(who.Chat)); err != nil || row.Ended {
					t.Fatalf("before its time: ended %t, %v", row.Ended, err)
				}
				wall.jump(c.jumps)
				time.Sleep(15 * time.Second)
				synctest.Wait()
				if row, err := w.store.Stream(w.ctx, center.StreamID(who.Chat)); err != nil || !row.Ended {
					t.Errorf("15 s after the wall clock jumped ahead by %v: ended %t, %v", c.jumps, row.Ended, err)
				}
				stop()
				<-done
			})
		})
	}
}

// An idle server has no ticker: it wakes up to purge claims, once an hour.
func TestNothingLooksAtTheClockWhileNothingIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, clock := newWorld(t), &jumpy{}
		chats := w.alone(clock)
		ctx, stop := context.WithCancel(w.ctx)
		done := make(chan struct{})
		go func() { chats.Run(ctx); close(done) }()
		time.Sleep(10*time.Hour + time.Minute)
		synctest.Wait()
		if n := clock.timers.Load(); n != 11 {
			t.Errorf("it went to sleep %d times in ten hours, want 11", n)
		}
		stop()
		<-done
	})
}
