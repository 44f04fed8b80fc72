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
)

// slowBus keeps the turn of some chats for an hour, when they end.
type slowBus struct {
	slow map[center.ChatID]bool
	held atomic.Int64
}

func (b *slowBus) Publish(id center.ChatID, items []center.Item) {
	if b.slow[id] && items[len(items)-1].ContentType == center.EventEnded {
		b.held.Add(1)
		time.Sleep(time.Hour)
	}
}

// Timers of other chats fire in time while the turns of some take long.
func TestDueRowsFireBesideSlowTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		bus := &slowBus{slow: map[center.ChatID]bool{}}
		c := chat.New(chat.Config{
			Store: w.store, Bus: bus, Sealer: w.sealer, Clock: chat.WallClock{}, Wall: time.Now, NewID: w.newID,
			Partition: center.Partition{Account: "123456789012", Region: "us-east-1"}, Settings: center.DefaultSettings(),
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
		c := chat.New(chat.Config{
			Store: w.store, Bus: bus, Sealer: w.sealer, Clock: chat.WallClock{}, Wall: time.Now, NewID: w.newID,
			Partition: center.Partition{Account: "123456789012", Region: "us-east-1"}, Settings: center.DefaultSettings(),
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
		if n, err := w.store.ActiveChats(w.ctx, instance); err != nil || n != 0 {
			t.Errorf("%d chats have not ended, %v", n, err)
		}
	})
}
