package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// How many calls outside are under way at once. A target that is slow fills its own share and nobody else's: whatever
// the others do, each target always has a few.
const (
	callsInAll     = 512
	callsPerTarget = 64
	callsAlways    = 4
)

// callSlack is how much longer than a call its lease must last, for the answer to be committed.
const callSlack = 10 * time.Second

// Outside tells how due rows are answered that call a function, a bot or another system.
type Outside struct {
	// Read reads what a row asks.
	Read func(due center.Due) (Call, error)
	// Ask asks, and commits the answer in a Change that takes the row away, as the Answer of [Due] does. late says that the
	// row has waited for as long as the answer may take: nobody is to be asked any more.
	Ask func(ctx context.Context, due center.Due, call Call, late bool) error
}

// Call is what a due row asks.
type Call interface {
	// Target is who is asked: calls of one target wait in one line.
	Target() string
	// Limit is how long the answer may take.
	Limit() time.Duration
}

// calls are the calls that this node has taken up, each under the lease of its due row. They wait in one line
// per target, so that whoever is slow holds up only those who ask the same.
type calls struct {
	ctx    context.Context // ends when no call may go on
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	all     map[callKey]*taken // waiting, under way or broken off
	targets map[string]*target // with calls
	running int
	idle    chan struct{} // closed while there are no calls
}

type callKey struct {
	stream center.StreamID
	key    string
}

// taken is a call that this node has taken up.
type taken struct {
	of     *Outside
	due    center.Due // without its data while it waits
	call   Call       // nil once it has waited: it is read again
	target string
	limit  time.Duration
	held   time.Time // when the lease ends
	late   bool      // it has waited for as long as its answer may take
	giveUp *time.Timer
	left   bool // it was broken off, and its row is still to be answered
}

// tooLate is the line of those that have waited too long in another.
const tooLate = ""

// target is a function, a bot or another system that is asked, with those calls that wait for it.
type target struct {
	waiting []*taken
	running int
}

func newCalls() *calls {
	p := &calls{all: map[callKey]*taken{}, targets: map[string]*target{}, idle: make(chan struct{})}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	close(p.idle)
	return p
}

// take takes a leased row up; held is when its lease ends. A row that was taken up before has had its lease renewed.
func (e *Engine) take(of *Outside, due center.Due, held time.Time) error {
	call, err := of.Read(due)
	if err != nil {
		return err
	}
	p := e.calls
	p.mu.Lock()
	defer p.mu.Unlock()
	key := callKey{due.Stream, due.Key}
	if c := p.all[key]; c != nil {
		c.held = held
		return nil
	}
	if p.closed {
		return nil // the row comes back when its lease is over
	}
	if len(p.all) == 0 {
		p.idle = make(chan struct{})
	}
	c := &taken{of: of, due: due, call: call, target: call.Target(), limit: call.Limit(), held: held}
	p.all[key] = c
	if e.standInLine(c) {
		c.call, c.due.Data = nil, ""
		c.giveUp = time.AfterFunc(c.limit, func() { e.waitedTooLong(c) })
	}
	return nil
}

// standInLine lets a call go if its target has a place, and says whether it waits instead. The caller holds the lock of
// calls.
func (e *Engine) standInLine(c *taken) (waits bool) {
	p := e.calls
	to := p.targets[c.target]
	if to == nil {
		to = new(target)
		p.targets[c.target] = to
	}
	if len(to.waiting) > 0 || !p.mayBegin(to) {
		to.waiting = append(to.waiting, c)
		return true
	}
	e.beginCall(to, c)
	return false
}

// waitedTooLong takes a call out of its line, if it still waits there, so that it is answered now that there will be no
// answer.
func (e *Engine) waitedTooLong(c *taken) {
	p := e.calls
	p.mu.Lock()
	defer p.mu.Unlock()
	from := p.targets[c.target]
	if p.closed || from == nil {
		return
	}
	n := slices.Index(from.waiting, c)
	if n < 0 {
		return // it has begun
	}
	from.waiting = slices.Delete(from.waiting, n, n+1)
	c.target, c.late = tooLate, true
	e.standInLine(c)
}

// mayBegin says whether one more call of a target may begin. The caller holds mu.
func (p *calls) mayBegin(to *target) bool {
	return to.running < callsAlways || to.running < callsPerTarget && p.running < callsInAll
}

// beginCall lets a call go. The caller holds the lock of calls.
func (e *Engine) beginCall(to *target, c *taken) {
	p := e.calls
	if c.giveUp != nil {
		c.giveUp.Stop()
	}
	to.running++
	p.running++
	p.work.Go(func() {
		e.runCall(c)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.finish(to, c)
		for !p.closed {
			next := p.next()
			if next == nil {
				return
			}
			first := next.waiting[0]
			next.waiting[0] = nil
			next.waiting = next.waiting[1:]
			e.beginCall(next, first)
		}
	})
}

// errNotHeld says that a due row is leased to another node, or gone.
var errNotHeld = errors.New("the due row is not leased to this node any more")

// runCall carries a call out under the lease that it has, or under the one that it has got meanwhile.
func (e *Engine) runCall(c *taken) {
	defer e.survive(c.due)
	p := e.calls
	for {
		p.mu.Lock()
		now := *c
		p.mu.Unlock()
		err := e.carryOut(p.ctx, &now)
		if err != nil && p.ctx.Err() != nil {
			p.mu.Lock()
			defer p.mu.Unlock()
			c.left = true
			if c.held.Before(now.held) {
				c.held = now.held
			}
			return
		}
		if errors.Is(err, errNotHeld) {
			p.mu.Lock()
			renewed := !c.held.Equal(now.held)
			p.mu.Unlock()
			if renewed {
				continue
			}
			return // another node has it, or nobody needs it any more
		}
		if err != nil {
			e.log.Log(p.ctx, levelOf(err), "call outside", "stream", now.due.Stream, "key", now.due.Key, "error", err)
		}
		return
	}
}

// carryOut asks, under a lease that lasts long enough.
func (e *Engine) carryOut(ctx context.Context, c *taken) error {
	if c.call == nil || c.limit+callSlack > c.held.Sub(e.clock.Now()) {
		until := e.clock.Now().Add(c.limit + dueLease)
		due, ok, err := e.store.ExtendDue(ctx, c.due, c.held, until)
		if err != nil {
			return err
		} else if !ok {
			return errNotHeld
		}
		c.due, c.held = due, until
		if c.call, err = c.of.Read(due); err != nil {
			return err
		}
	}
	return settled(c.of.Ask(ctx, c.due, c.call, c.late))
}

// finish forgets a call. The caller holds mu.
func (p *calls) finish(to *target, c *taken) {
	to.running--
	p.running--
	if !c.left {
		delete(p.all, callKey{c.due.Stream, c.due.Key})
	}
	if to.running == 0 && len(to.waiting) == 0 {
		delete(p.targets, c.target)
	}
	if len(p.all) == 0 {
		close(p.idle)
	}
}

// next finds who may be asked next: of those with a line and a place, the one that is asked least. The caller holds mu.
func (p *calls) next() (least *target) {
	for _, t := range p.targets {
		if len(t.waiting) > 0 && p.mayBegin(t) && (least == nil || t.running < least.running) {
			least = t
		}
	}
	return least
}

// settled waits until no call is under way, and says whether one was.
func (p *calls) settled(ctx context.Context) (waited bool, err error) {
	p.mu.Lock()
	idle := p.idle
	p.mu.Unlock()
	return settle(ctx, idle)
}

// closeCalls breaks off all calls, waits for them, and gives the leases of those without an answer back: whoever comes
// next asks again at once.
func (e *Engine) closeCalls() {
	p := e.calls
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.cancel()
	p.work.Wait()
	e.giveBack(p.abandon())
}

// abandon forgets all calls, and returns the leases of those that have no answer.
func (p *calls) abandon() (left []lease) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.all) == 0 {
		return nil
	}
	for _, c := range p.all {
		if c.giveUp != nil {
			c.giveUp.Stop()
		}
		left = append(left, lease{c.due, c.held})
	}
	clear(p.all)
	clear(p.targets)
	close(p.idle)
	return left
}
