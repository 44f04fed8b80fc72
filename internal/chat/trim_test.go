package chat_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// What happened to an agent is kept for a day, and what the agent is for good.
func TestAgentsItemsAreKeptForADay(t *testing.T) {
	keeperWith(t, "sqlite::memory:", center.DefaultSettings(), func(w *world, c *node) {
		jane := w.agent(c, "jane", center.StatusNameAvailable)
		status := func(name string) {
			w.must(c.Agents.SetStatus(w.ctx, instance, jane, center.SeededID(instance, "agent-status", name), false))
		}
		first := func() int64 {
			all, err := w.store.Page(w.ctx, store.PageQuery{Stream: center.StreamID(jane), From: 1, Backward: true, Limit: 100})
			w.must(err)
			return all[len(all)-1].Seq
		}
		time.Sleep(20 * time.Hour)
		status(center.StatusNameOffline)
		_, last, err := c.Staff.Agent(w.ctx, instance, jane)
		w.must(err)
		time.Sleep(3 * time.Hour)
		if first() != 1 {
			t.Error("items were dropped within a day")
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if got := first(); got != last {
			t.Errorf("it begins with item %d, want %d", got, last)
		}
		time.Sleep(100 * time.Hour)
		if got := first(); got != last {
			t.Errorf("without news it begins with item %d, want %d", got, last)
		}
		w.isAt(c, jane, "Offline")
		status(center.StatusNameAvailable)
		w.isAt(c, jane, "Available")
		_, err = w.store.ItemsAfter(w.ctx, center.StreamID(jane), 0, 10)
		if gone, ok := errors.AsType[*center.Trimmed](err); !ok || gone.First != last {
			t.Errorf("items from the beginning: %v", err)
		}
	})
}
