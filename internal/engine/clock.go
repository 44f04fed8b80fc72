package engine

import "time"

// Clock is contact time: what timers, expiries and AbsoluteTime go by. In development it may stand still until it is
// advanced; tokens and sockets always go by the wall clock.
type Clock interface {
	Now() time.Time
	// Timer returns a channel that is closed once the clock has reached t. stop releases what it holds.
	Timer(t time.Time) (due <-chan struct{}, stop func())
}

// WallClock is contact time that is real time.
type WallClock struct{}

// Now returns the time.
func (WallClock) Now() time.Time { return time.Now() }

// Timer fires at t.
func (WallClock) Timer(t time.Time) (<-chan struct{}, func()) {
	due := make(chan struct{})
	timer := time.AfterFunc(time.Until(t), func() { close(due) })
	return due, func() { timer.Stop() }
}
