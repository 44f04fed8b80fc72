package desk

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits of one node.
const (
	// hashesAtOnce bounds the memory and the processor time of hashing passwords, hashesWaiting the requests that wait for it.
	hashesAtOnce  = 2
	hashesWaiting = 32
	// perSecond and burst are how often a user may call.
	perSecond = 50
	burst     = 200
	// maxLimited is how many users' limits are kept in each of two generations.
	maxLimited = 10_000
)

// gate lets few attempts to sign in through at a time, and few wait.
type gate struct{ running, waiting chan struct{} }

func newGate() gate {
	return gate{make(chan struct{}, hashesAtOnce), make(chan struct{}, hashesAtOnce+hashesWaiting)}
}

// enter waits for a place. Its caller calls leave.
func (g *gate) enter(ctx context.Context) (leave func(), err error) {
	select {
	case g.waiting <- struct{}{}:
	default:
		return nil, throttled(time.Second, "Too many users are signing in at once. Try again.")
	}
	select {
	case g.running <- struct{}{}:
		return func() { <-g.running; <-g.waiting }, nil
	case <-ctx.Done():
		<-g.waiting
		return nil, ctx.Err()
	}
}

// limits are how often users may call. The zero value is ready. It keeps two generations, so it forgets without looking for
// what is old; a user who is forgotten may call as often as a new one.
type limits struct {
	mu           sync.Mutex
	now, earlier map[string]*rate.Limiter
}

// take counts a call, and returns how long the user must wait with it, zero for not at all.
func (l *limits) take(user string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	limiter := l.now[user]
	if limiter == nil {
		if l.now == nil || len(l.now) >= maxLimited {
			l.earlier, l.now = l.now, map[string]*rate.Limiter{}
		}
		if limiter = l.earlier[user]; limiter == nil {
			limiter = rate.NewLimiter(perSecond, burst)
		}
		l.now[user] = limiter
	}
	if limiter.AllowN(now, 1) {
		return 0
	}
	return time.Second / perSecond
}
