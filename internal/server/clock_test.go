package server

import (
	"testing"
	"time"
)

func fired(due <-chan struct{}) bool {
	select {
	case <-due:
		return true
	default:
		return false
	}
}

func TestAManualClockStandsStillUntilItIsSet(t *testing.T) {
	begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := NewManualClock(begin)
	if got := c.Now(); !got.Equal(begin) {
		t.Errorf("it shows %v, want %v", got, begin)
	}
	past, _ := c.Timer(begin.Add(-time.Hour))
	present, _ := c.Timer(begin)
	soon, _ := c.Timer(begin.Add(time.Minute))
	late, _ := c.Timer(begin.Add(time.Hour))
	stopped, stop := c.Timer(begin.Add(time.Minute))
	stop()
	if !fired(past) || !fired(present) || fired(soon) || fired(late) {
		t.Error("timers of the past and the present are due, and no others")
	}
	c.Set(begin.Add(time.Minute - time.Millisecond))
	if fired(soon) {
		t.Error("a timer is due a millisecond early")
	}
	c.Set(begin.Add(time.Minute))
	if !fired(soon) || fired(late) || fired(stopped) {
		t.Error("at a minute the timer of a minute is due, not the later one, nor the stopped one")
	}
	c.Set(begin)
	if got := c.Now(); !got.Equal(begin.Add(time.Minute)) {
		t.Errorf("it went back to %v", got)
	}
	stop() // twice is fine
	if len(c.waiting) != 1 {
		t.Errorf("%d timers are waited for, want the late one alone", len(c.waiting))
	}
}
