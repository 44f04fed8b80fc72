package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

const (
	dueLease   = 30 * time.Second // after a crash, another try comes this much later
	dueBatch   = 128
	dueStreams = 64 // streams of one lane whose due rows are being answered at once
	dueRetry   = 3 * time.Second
	purgeEvery = time.Hour
	// Peek is how long a lane sleeps at most when other nodes put due rows too: one of them may be gone.
	Peek = 15 * time.Second
	// nap is how long a lane sleeps at most before it compares the clock with the next row's time. A timer counts the time
	// that the machine runs: it stands still while a laptop sleeps or a virtual machine is suspended, and the wall clock
	// does not.
	nap = 15 * time.Second
	// giveBackWithin is how long it takes at most to give leases back, giveBackAtOnce of them at a time.
	giveBackWithin = 3 * time.Second
	giveBackAtOnce = 64
)

// Due tells how due rows of one kind are answered: by a decision, or by a call outside, whose answer leads
// to one.
type Due struct {
	// Key is that of the rows, or ends with a colon and is what their keys begin with.
	Key string
	// Lane is where they wait. Lanes are looked at separately: many rows in one, or slow ones, do not delay the others.
	Lane center.Lane
	// Answer lets a row's time have come, in a Change that takes the row away. That the row is gone, or was put anew, is no
	// error. When Answer fails, the row stays and is tried again.
	Answer func(ctx context.Context, due center.Due) error
	// Outside is set instead of Answer for calls of others.
	Outside *Outside
}

// lease is a due row that nobody else gets until it ends.
type lease struct {
	due  center.Due
	held time.Time // when it ends
}

// lane answers the due rows of one lane: a goroutine for each stream, a bounded number of them. A stream whose turn is slow
// delays its own rows and no others.
type lane struct {
	number center.Lane
	wake   chan struct{} // an earlier due row than Run knows of may be there
	firing chan struct{} // held by the one that leases due rows
	places chan struct{} // holds one for each stream

	mu     sync.Mutex
	rows   map[center.StreamID][]lease // to be answered after the one that is being answered
	isIdle chan struct{}               // closed while there are none
}

func newLane(number center.Lane) *lane {
	l := &lane{
		number: number, wake: make(chan struct{}, 1), firing: make(chan struct{}, 1), places: make(chan struct{}, dueStreams),
		rows: map[center.StreamID][]lease{}, isIdle: make(chan struct{}),
	}
	close(l.isIdle)
	return l
}

// setLanes says of due rows in which lane they wait.
func (e *Engine) setLanes(due []center.Due) {
	for i := range due {
		if d, ok := e.handler(due[i].Key); ok {
			due[i].Lane = d.Lane
		}
	}
}

// nudge wakes the lanes of rows that were put: they may be sleeping past them.
func (e *Engine) nudge(due []center.Due) {
	for i := range due {
		if slices.ContainsFunc(due[:i], func(d center.Due) bool { return d.Lane == due[i].Lane }) {
			continue // once is enough
		}
		if l := e.lane(due[i].Lane); l != nil {
			l.nudge()
		}
	}
}

// Nudge wakes all lanes: another process may have put rows.
func (e *Engine) Nudge() {
	for _, l := range e.lanes {
		l.nudge()
	}
}

func (l *lane) nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// NextDue returns when the next due row's time comes; ok is false when there is none.
func (e *Engine) NextDue(ctx context.Context) (at time.Time, ok bool, err error) {
	for _, l := range e.lanes {
		next, some, err := e.store.NextDue(ctx, l.number, e.clock.Now())
		if err != nil {
			return time.Time{}, false, err
		}
		if some && (!ok || next.Before(at)) {
			at, ok = next, true
		}
	}
	return at, ok, nil
}

// giveBack ends the leases of rows that will not be answered here, because the node stops or whoever
// waited has gone. It is best effort: a row that could not be given back comes when its lease is over.
func (e *Engine) giveBack(left []lease) {
	if len(left) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), giveBackWithin)
	defer cancel()
	var wg sync.WaitGroup
	places := make(chan struct{}, giveBackAtOnce)
	for _, l := range left {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			// As if it had never been leased: due when it was due before.
			if _, _, err := e.store.ExtendDue(ctx, l.due, l.held, l.due.At); err != nil {
				e.log.Warn("a lease could not be given back", "stream", l.due.Stream, "key", l.due.Key, "error", err)
			}
		})
	}
	wg.Wait()
	e.Nudge()
}

// Run fires due rows until ctx ends. Each lane sleeps until its next row is due or a Change puts an earlier one. Run returns
// when no row is being answered and no call outside is under way any more; it is not to be run again.
func (e *Engine) Run(ctx context.Context) {
	defer e.closeCalls()
	var own sync.WaitGroup // rows that are being answered
	defer own.Wait()
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() { e.purge(ctx) })
	for _, l := range e.lanes {
		running.Go(func() { e.runLane(ctx, l, &own) })
	}
}

func (e *Engine) runLane(ctx context.Context, l *lane, own *sync.WaitGroup) {
	for ctx.Err() == nil {
		fired, err := e.fire(ctx, l, own)
		if err != nil && ctx.Err() == nil {
			e.log.Log(ctx, levelOf(err), "due rows", "error", err)
		}
		if fired == dueBatch && err == nil {
			continue
		}
		e.sleep(ctx, l, err != nil)
	}
}

// purge removes expired claims, now and every hour.
func (e *Engine) purge(ctx context.Context) {
	for ctx.Err() == nil {
		now := e.clock.Now()
		if _, err := e.store.PurgeClaims(ctx, now); err != nil && ctx.Err() == nil {
			e.log.Error("purge claims", "error", err)
		}
		due, stop := e.clock.Timer(now.Add(purgeEvery))
		select {
		case <-due:
		case <-ctx.Done():
		}
		stop()
	}
}

// sleep waits until a row is due, for news of an earlier one, or for a while after an error. While there is a row to wait for,
// it looks at the clock once per nap, and where other nodes put rows, at the store once per Peek; else it waits for news
// alone.
func (e *Engine) sleep(ctx context.Context, l *lane, failed bool) {
	for ctx.Err() == nil {
		now := e.clock.Now()
		next, ok, err := e.store.NextDue(ctx, l.number, now)
		until, due := now.Add(Peek), false
		switch {
		case failed || err != nil:
			until, due = now.Add(time.Second), true
		case !ok && !e.shared:
			select {
			case <-l.wake:
			case <-ctx.Done():
			}
			return
		case ok && (!e.shared || next.Before(until)):
			until, due = next, true
		}
		until = until.Round(0) // compared by the wall clock, not by how long the machine has run
		for e.clock.Now().Before(until) {
			if !e.sleepUntil(ctx, l, earlier(until, e.clock.Now().Add(nap))) {
				return
			}
		}
		if due {
			return
		}
	}
}

// sleepUntil reports whether the time has come; if not, there is news of an earlier row, or ctx has ended.
func (e *Engine) sleepUntil(ctx context.Context, l *lane, t time.Time) bool {
	due, stop := e.clock.Timer(t)
	defer stop()
	select {
	case <-due:
		return true
	case <-l.wake:
	case <-ctx.Done():
	}
	return false
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// Settle answers what is due now, and what that makes due, until nothing is. Calls outside are waited for. When ctx
// ends, it gives back what it leased before it returns.
func (e *Engine) Settle(ctx context.Context) error {
	var own sync.WaitGroup
	defer own.Wait()
	for {
		busy := false
		for _, l := range e.lanes {
			fired, err := e.fire(ctx, l, &own)
			if err != nil {
				return err
			}
			busy = busy || fired > 0
		}
		for _, l := range e.lanes {
			waited, err := settle(ctx, l.idle())
			if err != nil {
				return err
			}
			busy = busy || waited
		}
		waited, err := e.calls.settled(ctx)
		if err != nil || !busy && !waited {
			return err
		}
	}
}

// settle waits until idle is closed, and says whether it had to.
func settle(ctx context.Context, idle <-chan struct{}) (waited bool, err error) {
	select {
	case <-idle:
		return false, nil
	default:
	}
	select {
	case <-idle:
		return true, nil
	case <-ctx.Done():
		return true, ctx.Err()
	}
}

// idle is closed when no row is being answered.
func (l *lane) idle() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.isIdle
}

// join adds rows to those of their stream, if one of these is being answered.
func (l *lane) join(of []lease) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	stream := of[0].due.Stream
	waiting, busy := l.rows[stream]
	if busy {
		l.rows[stream] = append(waiting, of...)
	}
	return busy
}

// begin makes rows the first of their stream. The caller has taken a place, and lets them be answered.
func (l *lane) begin(of []lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.rows) == 0 {
		l.isIdle = make(chan struct{})
	}
	l.rows[of[0].due.Stream] = of
}

// next returns the row of a stream that is to be answered next. When there is none, the stream is done.
func (l *lane) next(stream center.StreamID) (row lease, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if waiting := l.rows[stream]; len(waiting) > 0 {
		l.rows[stream] = waiting[1:]
		return waiting[0], true
	}
	delete(l.rows, stream)
	if len(l.rows) == 0 {
		close(l.isIdle)
	}
	return lease{}, false
}

// fire leases what is due now in a lane, has it answered, and says how many rows that were. It waits for a place, and not
// for the answers: the next rows are leased while a stream's turn is slow. A row whose answer fails stays, and is tried
// again when its lease is over, or sooner when it could not be stored. Calls outside are taken up by their own lines.
// The caller waits for own before it returns: until then, ctx breaks turns off, and they give their leases back.
func (e *Engine) fire(ctx context.Context, l *lane, own *sync.WaitGroup) (int, error) {
	select {
	case l.firing <- struct{}{}:
		defer func() { <-l.firing }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	now := e.clock.Now()
	rows, err := e.store.LeaseDue(ctx, l.number, now, dueLease, dueBatch)
	if err != nil {
		return 0, err
	}
	parts := e.byStream(rows, now.Add(dueLease))
	for i, of := range parts {
		if l.join(of) {
			continue
		}
		select {
		case l.places <- struct{}{}:
		case <-ctx.Done():
			e.giveBack(slices.Concat(parts[i:]...))
			return len(rows), nil
		}
		l.begin(of)
		own.Go(func() { e.answerAll(ctx, l, of[0].due.Stream) })
	}
	return len(rows), nil
}

// answerAll answers the due rows of a stream, one after the other, until none is left. What the end of ctx breaks off is
// given back.
func (e *Engine) answerAll(ctx context.Context, l *lane, stream center.StreamID) {
	defer func() { <-l.places }()
	for {
		row, ok := l.next(stream)
		if !ok {
			return
		}
		if e.attempt(ctx, row) {
			e.giveBack([]lease{row})
		}
	}
}

// byStream parts due rows by their streams, each stream's in the order of their times: the answer to one may do away with
// the next. Calls outside are taken up, and not among them, unless they cannot be read.
func (e *Engine) byStream(rows []center.Due, until time.Time) [][]lease {
	var parts [][]lease
	at := make(map[center.StreamID]int, len(rows))
	for _, due := range rows {
		if d, ok := e.handler(due.Key); ok && d.Outside != nil && e.take(d.Outside, due, until) == nil {
			continue
		}
		i, known := at[due.Stream]
		if !known {
			i = len(parts)
			at[due.Stream] = i
			parts = append(parts, nil)
		}
		parts[i] = append(parts[i], lease{due, until})
	}
	return parts
}

// attempt answers a due row, and says whether the end of ctx has broken that off.
func (e *Engine) attempt(ctx context.Context, l lease) (brokenOff bool) {
	defer e.survive(l.due)
	err := e.answer(ctx, l.due)
	switch {
	case err == nil:
		return false
	case ctx.Err() != nil:
		return true
	}
	e.log.Log(ctx, levelOf(err), "due row", "stream", l.due.Stream, "key", l.due.Key, "error", err)
	if center.Is(err, center.Unavailable) {
		e.retrySoon(ctx, l)
	}
	return false
}

// answer has a row answered. One whose key is unknown stays, and is logged once: a newer version may have put it.
func (e *Engine) answer(ctx context.Context, due center.Due) error {
	d, ok := e.handler(due.Key)
	switch {
	case !ok:
		if _, again := e.unknown.LoadOrStore(due.Key, true); !again {
			e.log.Error("a due row of an unknown kind stays: run the version of parley that has put it", "stream", due.Stream, "key", due.Key)
		}
		return nil
	case d.Outside != nil: // one that could not be taken up, as it cannot be read
		_, err := d.Outside.Read(due)
		return err
	}
	return settled(d.Answer(ctx, due))
}

// retrySoon shortens the lease of a row whose answer could not be stored: what another session has locked is mostly
// free again after a second. Best effort: a lease that cannot be shortened expires on its own.
func (e *Engine) retrySoon(ctx context.Context, l lease) {
	if _, ok, err := e.store.ExtendDue(ctx, l.due, l.held, e.clock.Now().Add(dueRetry)); err == nil && ok {
		e.nudge([]center.Due{l.due})
	}
}

// survive keeps a panic in the turn of one due row from ending the process, and with it all streams: the row stays, and is
// tried again when its lease is over.
func (e *Engine) survive(due center.Due) {
	if fault := recover(); fault != nil {
		e.log.Error("panic", "stream", due.Stream, "key", due.Key, "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
	}
}

// levelOf is at what level an error of a due row is logged: damage was logged when it was found.
func levelOf(err error) slog.Level {
	if errors.Is(err, center.ErrDamaged) {
		return slog.LevelDebug
	}
	return slog.LevelError
}

// settled forgives losing the race for a due row.
func settled(err error) error {
	var stale *store.Stale
	if errors.As(err, &stale) {
		return nil
	}
	return err
}
