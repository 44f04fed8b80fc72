package chat_test

import (
	"database/sql"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
)

// silent is a chat with a custom participant, whose customer is idle after some minutes of its ten.
func (w *world) silent(c *node, minutes int) (ana, max chat.Caller) {
	w.Helper()
	ana, started := w.start(c, nil)
	w.must(c.SetTimers(w.ctx, instance, started.Contact, []center.TimerSetting{{Role: center.RoleCustomer, Type: center.TimerIdle, Minutes: minutes}}))
	return ana, w.customParticipant(c, started.Contact)
}

// pass lets time pass, minute by minute.
func (w *world) pass(c *node, minutes int) {
	w.Helper()
	for range minutes {
		w.clock.advance(time.Minute)
		w.must(c.Settle(w.ctx))
	}
}

// idle is how long after the chat's beginning the customer was told of as idle, in minutes.
func (w *world) idle(id center.ChatID) (minutes []int) {
	w.Helper()
	items := w.items(id)
	for _, it := range items {
		if it.ContentType == center.EventIdle {
			minutes = append(minutes, int(it.Time.Sub(items[0].Time).Minutes()))
		}
	}
	return minutes
}

// The customer's last message is found however many others there are behind it, and before it.
func TestLastMessageAmongMany(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	ana, max := w.silent(c, 5)
	for range 200 {
		w.send(c, ana, "x")
	}
	w.pass(c, 2)
	w.send(c, ana, "the last")
	for range 300 {
		w.send(c, max, "y")
	}
	w.pass(c, 4)
	if got := w.idle(ana.Chat); got != nil {
		t.Errorf("idle after %v minutes", got)
	}
	w.pass(c, 2)
	if got := w.idle(ana.Chat); !slices.Equal(got, []int{7}) {
		t.Errorf("idle after %v minutes, want 7", got)
	}
}

// Where an item is missing, it could be the customer's: they are not told of as idle, until it is sure that they are.
func TestTimersOfDamagedChats(t *testing.T) {
	file := filepath.Join(t.TempDir(), "parley.db")
	w := newWorldOn(t, "sqlite:"+file)
	c := w.node(center.DefaultSettings(), &told{})
	ana, max := w.silent(c, 3)
	lost := w.send(c, max, "this is lost")
	w.send(c, max, "this is not")
	db, err := sql.Open("sqlite", file)
	w.must(err)
	stream, _ := center.UUID(string(ana.Chat))
	_, err = db.Exec("DELETE FROM item WHERE stream = $1 AND seq = $2", stream[:], lost.Seq)
	w.must(err)
	w.must(db.Close())
	w.pass(c, 5)
	seen := func() (n int) {
		items, err := w.store.ItemsAfter(w.ctx, center.StreamID(ana.Chat), lost.Seq, 100)
		w.must(err)
		for _, it := range items {
			if it.ContentType == center.EventIdle {
				n++
			}
		}
		return n
	}
	if n := seen(); n != 0 {
		t.Errorf("the customer was told of as idle %d times", n)
	}
	w.pass(c, 2)
	if n := seen(); n != 1 {
		t.Errorf("the customer was told of as idle %d times", n)
	}
}
