package server

import (
	"sync"
	"time"
)

// ManualClock is contact time that stands still until it is advanced.
type ManualClock struct {
	mu      sync.Mutex
	now     time.Time
	waiting map[*waiter]struct{}
}

type waiter struct {
	at  time.Time
	due chan struct{}
}

// NewManualClock starts at a time and stands still.
func NewManualClock(now time.Time) *ManualClock {
	return &ManualClock{now: now, waiting: map[*waiter]struct{}{}}
}

// Now returns the contact time.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Timer returns a channel that is closed when the clock has been advanced to t.
func (c *ManualClock) Timer(t time.Time) (<-chan struct{}, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &waiter{at: t, due: make(chan struct{})}
	if !t.After(c.now) {
		close(w.due)
		return w.due, func() {}
	}
	c.waiting[w] = struct{}{}
	return w.due, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.waiting, w)
	}
}

// Set moves the clock; it never goes back.
func (c *ManualClock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.now) {
		c.now = t
	}
	for w := range c.waiting {
		if !w.at.After(c.now) {
			close(w.due)
			delete(c.waiting, w)
		}
	}
}
