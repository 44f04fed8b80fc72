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

// jumpy is a wall clock that can jump, as it does when a laptop wakes up. The timers have slept meanwhile.
type jumpy struct {
	ahead  atomic.Int64
	timers atomic.Int64
}

func (j *jumpy) Now() time.Time { return time.Now().Add(time.Duration(j.ahead.Load())) }

func (j *jumpy) Timer(t time.Time) (<-chan struct{}, func()) {
	j.timers.Add(1)
	return chat.WallClock{}.Timer(time.Now().Add(t.Sub(j.Now())))
}

func (j *jumpy) jump(by time.Duration) { j.ahead.Add(int64(by)) }

// alone is the only node on the store: nobody else puts due rows.
func (w *world) alone(clock chat.Clock) *chat.Chats {
	return chat.New(chat.Config{
		Store: w.store, Bus: &told{}, Sealer: w.sealer, Clock: clock, Wall: clock.Now, NewID: w.newID,
		Partition: center.Partition{Account: "123456789012", Region: "us-east-1"}, Settings: center.DefaultSettings(),
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
				if row, err := w.store.Chat(w.ctx, who.Chat); err != nil || row.Ended {
					t.Fatalf("before its time: ended %t, %v", row.Ended, err)
				}
				wall.jump(c.jumps)
				time.Sleep(15 * time.Second)
				synctest.Wait()
				if row, err := w.store.Chat(w.ctx, who.Chat); err != nil || !row.Ended {
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
