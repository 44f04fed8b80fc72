package chat

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

// dueSlack is how much longer than a call its lease must last, for the answer to be committed.
const dueSlack = 10 * time.Second

// calls are the questions outside that this node has taken up, each under the lease of its due row. They wait in one
// line per target, function, bot or system, so that whoever is slow holds up only those who ask the same.
type calls struct {
	ctx    context.Context // ends when no call may go on
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	errands map[errandKey]*errand // waiting, under way or broken off
	targets map[string]*target    // with errands
	running int
	idle    chan struct{} // closed while there are no errands
}

type errandKey struct {
	chat center.ChatID
	key  string
}

// errand is one question on its way.
type errand struct {
	due      center.Due // without its data while it waits
	question *question  // nil once it has waited: it is read again
	target   string
	limit    time.Duration
	held     time.Time // when the lease ends
	late     bool      // it has waited for as long as its answer may take: nobody is asked any more
	giveUp   *time.Timer
	left     bool // it was broken off, and its row is still to be answered
}

// tooLate is the line of those that have waited too long in another. Nobody is asked there: their flows are told.
const tooLate = ""

// target is somebody who is asked.
type target struct {
	waiting []*errand
	running int
}

func newCalls() *calls {
	p := &calls{errands: map[errandKey]*errand{}, targets: map[string]*target{}, idle: make(chan struct{})}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	close(p.idle)
	return p
}

// take takes a leased row up; held is when its lease ends. A row that was taken up before has had its lease renewed.
func (c *Chats) take(due center.Due, held time.Time) error {
	q, err := c.readQuestion(due)
	if err != nil {
		return err
	}
	p := c.calls
	p.mu.Lock()
	defer p.mu.Unlock()
	key := errandKey{center.ChatID(due.Stream), due.Key}
	if e := p.errands[key]; e != nil {
		e.held = held
		return nil
	}
	if p.closed {
		return nil // the row comes back when its lease is over
	}
	if len(p.errands) == 0 {
		p.idle = make(chan struct{})
	}
	e := &errand{due: due, question: q, target: q.Kind + " " + q.Target, limit: q.Limit, held: held}
	p.errands[key] = e
	if c.standInLine(e) {
		e.question, e.due.Data = nil, ""
		e.giveUp = time.AfterFunc(e.limit, func() { c.waitedTooLong(e) })
	}
	return nil
}

// standInLine lets an errand go if there is room, and says whether it waits instead. The caller holds the lock of calls.
func (c *Chats) standInLine(e *errand) (waits bool) {
	p := c.calls
	to := p.targets[e.target]
	if to == nil {
		to = new(target)
		p.targets[e.target] = to
	}
	if len(to.waiting) > 0 || !p.room(to) {
		to.waiting = append(to.waiting, e)
		return true
	}
	c.beginCall(to, e)
	return false
}

// waitedTooLong takes an errand out of its line, if it still waits there, so that its flow learns now that there will be
// no answer.
func (c *Chats) waitedTooLong(e *errand) {
	p := c.calls
	p.mu.Lock()
	defer p.mu.Unlock()
	from := p.targets[e.target]
	if p.closed || from == nil {
		return
	}
	n := slices.Index(from.waiting, e)
	if n < 0 {
		return // it has begun
	}
	from.waiting = slices.Delete(from.waiting, n, n+1)
	e.target, e.late = tooLate, true
	c.standInLine(e)
}

// room says whether one more call of a target may begin. The caller holds mu.
func (p *calls) room(to *target) bool {
	return to.running < callsAlways || to.running < callsPerTarget && p.running < callsInAll
}

// beginCall lets an errand go. The caller holds the lock of calls.
func (c *Chats) beginCall(to *target, e *errand) {
	p := c.calls
	if e.giveUp != nil {
		e.giveUp.Stop()
	}
	to.running++
	p.running++
	p.work.Go(func() {
		c.runCall(e)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.finish(to, e)
		for !p.closed {
			next := p.next()
			if next == nil {
				return
			}
			first := next.waiting[0]
			next.waiting[0] = nil
			next.waiting = next.waiting[1:]
			c.beginCall(next, first)
		}
	})
}

// runCall carries an errand out under the lease that it has, or under the one it has got meanwhile.
func (c *Chats) runCall(e *errand) {
	defer c.survive(e.due)
	p := c.calls
	for {
		p.mu.Lock()
		now := *e
		p.mu.Unlock()
		err := c.carry(p.ctx, &now)
		if err != nil && p.ctx.Err() != nil {
			p.mu.Lock()
			defer p.mu.Unlock()
			e.left = true
			if e.held.Before(now.held) {
				e.held = now.held
			}
			return
		}
		if errors.Is(err, errNotHeld) {
			p.mu.Lock()
			renewed := !e.held.Equal(now.held)
			p.mu.Unlock()
			if renewed {
				continue
			}
			return // another node has it, or nobody needs it any more
		}
		if err != nil {
			c.Log.Log(c.calls.ctx, levelOf(err), "call outside", "chat", now.due.Stream, "key", now.due.Key, "error", err)
		}
		return
	}
}

// finish forgets an errand. The caller holds mu.
func (p *calls) finish(to *target, e *errand) {
	to.running--
	p.running--
	if !e.left {
		delete(p.errands, errandKey{center.ChatID(e.due.Stream), e.due.Key})
	}
	if to.running == 0 && len(to.waiting) == 0 {
		delete(p.targets, e.target)
	}
	if len(p.errands) == 0 {
		close(p.idle)
	}
}

// next finds who may be asked next: of those with a line and room, the one that is asked least. The caller holds mu.
func (p *calls) next() (least *target) {
	for _, t := range p.targets {
		if len(t.waiting) > 0 && p.room(t) && (least == nil || t.running < least.running) {
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
func (c *Chats) closeCalls() {
	p := c.calls
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.cancel()
	p.work.Wait()

	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.errands) == 0 {
		return
	}
	left := make([]lease, 0, len(p.errands))
	for _, e := range p.errands {
		if e.giveUp != nil {
			e.giveUp.Stop()
		}
		left = append(left, lease{e.due, e.held})
	}
	c.giveBack(left)
	clear(p.errands)
	clear(p.targets)
	close(p.idle)
}
