package router

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// A node that does not route asks for the lease once a second, however much it hears, and keeps nothing of that.
func TestANodeThatDoesNotRoute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		s, err := store.Open(ctx, "sqlite::memory:", store.Options{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if held, err := s.Lease(ctx, leaseTask, "another", time.Now(), time.Now().Add(time.Minute)); !held || err != nil {
			t.Fatal(held, err)
		}
		r := New(Config{Store: s, Now: time.Now, Holder: "this", Shared: true, Log: slog.New(slog.DiscardHandler)})
		asked := map[time.Time]bool{}
		for i := range 1000 {
			r.hear([]center.Item{{ContentType: center.NewsOfWaiting, Content: "instance", Contact: center.ContactID(fmt.Sprint("chat ", i))}})
			if _, err := r.Settle(ctx); err != nil {
				t.Fatal(err)
			}
			asked[r.asked] = true
			time.Sleep(3 * time.Millisecond)
		}
		if len(r.heard) > 0 || len(asked) != 3 || r.Stats().Leads {
			t.Errorf("after three seconds it remembers %d pieces of news and has asked %d times: %+v", len(r.heard), len(asked), r.Stats())
		}
		if err := s.EndLease(ctx, leaseTask, "another"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(leaseEvery)
		if !r.lead(ctx) {
			t.Error("it does not take the lease that has ended")
		}
	})
}
