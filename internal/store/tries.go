package store

import (
	"errors"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// stallsAfter is for how long commits are tried in vain before a store is taken to be stalled.
const stallsAfter = 5 * time.Second

// tries tells whether commits succeed, for a store whose commits hang or are refused without a failure of its engine.
type tries struct {
	mu      sync.Mutex
	waiting int       // commits without an outcome
	since   time.Time // when the present stretch of commits without a success began; zero: there is none
	last    time.Time // when a commit began or ended last
}

func (t *tries) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if t.since.IsZero() || t.idle(now) {
		t.since = now
	}
	t.waiting++
	t.last = now
}

func (t *tries) end(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	t.waiting--
	t.last = now
	if !decided(err) {
		return
	}
	if t.since = now; t.waiting == 0 {
		t.since = time.Time{}
	}
}

// decided reports whether the database has answered: the job is kept, or refused for what is in it.
func decided(err error) bool {
	var refusal *center.Error
	if errors.As(err, &refusal) {
		return refusal.Code != center.Unavailable
	}
	return err == nil || refused(err)
}

// idle reports whether no commit has been tried for a while.
func (t *tries) idle(now time.Time) bool {
	return t.waiting == 0 && now.Sub(t.last) >= stallsAfter
}

// stalled reports whether commits have been tried for a while, up to now, and none has succeeded.
func (t *tries) stalled() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	return !t.since.IsZero() && !t.idle(now) && now.Sub(t.since) >= stallsAfter
}
