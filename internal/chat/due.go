package chat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/store"
)

const (
	dueLease   = 30 * time.Second // after a crash, another try comes this much later
	dueBatch   = 128
	dueTurns   = 64 // chats whose due rows are being answered at once
	dueRetry   = 3 * time.Second
	purgeEvery = time.Hour
	// peek is how long Run sleeps at most when other nodes put due rows too: one of them may be gone.
	peek = 15 * time.Second
	// nap is how long Run sleeps at most before it compares the clock with the next row's time. A timer counts the time that
	// the machine runs: it stands still while a laptop sleeps or a virtual machine is suspended, and the wall clock does not.
	nap = 15 * time.Second
	// giveBackWithin is how long it takes at most to give leases back, giveBackAtOnce of them at a time.
	giveBackWithin = 3 * time.Second
	giveBackAtOnce = 64
)

// lease is a due row that nobody else gets until it ends.
type lease struct {
	due  center.Due
	held time.Time // when it ends
}

// giveBack lets rows be had by anybody that were leased and will not be answered here, because the node stops or whoever
// waited has gone. It is a kindness: a row that could not be given back comes when its lease is over.
func (c *Chats) giveBack(left []lease) {
	if len(left) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), giveBackWithin)
	defer cancel()
	var wg sync.WaitGroup
	room := make(chan struct{}, giveBackAtOnce)
	for _, l := range left {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			// As if it had never been leased: due when it was due before.
			if _, _, err := c.Store.ExtendDue(ctx, l.due, l.held, l.due.At); err != nil {
				c.Log.Warn("a lease could not be given back", "chat", l.due.Stream, "key", l.due.Key, "error", err)
			}
		})
	}
	wg.Wait()
	c.nudge()
}

// Run fires due rows until ctx ends. It sleeps until the next one is due or [Chats.change] puts an earlier one. It returns
// when no row is being answered and no call outside is under way any more; it is not to be run again.
func (c *Chats) Run(ctx context.Context) {
	defer c.closeCalls()
	var own sync.WaitGroup
	defer own.Wait()
	var purged time.Time
	for ctx.Err() == nil {
		if now := c.Clock.Now(); now.Sub(purged) >= purgeEvery {
			if _, err := c.Store.PurgeClaims(ctx, now); err != nil && ctx.Err() == nil {
				c.Log.Error("purge claims", "error", err)
			}
			purged = now
		}
		fired, err := c.fire(ctx, &own)
		if err != nil && ctx.Err() == nil {
			c.Log.Log(ctx, levelOf(err), "due rows", "error", err)
		}
		if fired == dueBatch && err == nil {
			continue
		}
		c.sleep(ctx, err != nil)
	}
}

// sleep waits for the next due row, for news of an earlier one, or for a while after an error. While there is a row to wait
// for, it looks at the clock once per nap; while there is none, it sleeps in one piece.
func (c *Chats) sleep(ctx context.Context, failed bool) {
	until, piece := c.Clock.Now().Add(purgeEvery), purgeEvery
	if next, ok, err := c.Store.NextDue(ctx, c.Clock.Now()); err == nil && ok {
		until, piece = until.Round(0), nap // compared by the wall clock, not by how long the machine has run
		if next.Before(until) {
			until = next
		}
	}
	if failed {
		until = c.Clock.Now().Add(time.Second)
	} else if latest := c.Clock.Now().Add(peek); c.Shared && until.After(latest) {
		until = latest
	}
	for c.sleepUntil(ctx, earlier(until, c.Clock.Now().Add(piece))) && c.Clock.Now().Before(until) {
	}
}

// sleepUntil reports whether the time has come; if not, there is news of an earlier row, or ctx has ended.
func (c *Chats) sleepUntil(ctx context.Context, t time.Time) bool {
	due, stop := c.Clock.Timer(t)
	defer stop()
	select {
	case <-due:
		return true
	case <-c.wake:
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

// Settle answers what is due now, and what that makes due, until nothing is. Calls outside are waited for. When ctx ends,
// it gives back what it leased before it returns.
func (c *Chats) Settle(ctx context.Context) error {
	var own sync.WaitGroup
	defer own.Wait()
	for {
		fired, err := c.fire(ctx, &own)
		if err != nil {
			return err
		}
		turns, err := settle(ctx, c.turns.idle())
		if err != nil {
			return err
		}
		calls, err := c.calls.settled(ctx)
		if err != nil || fired == 0 && !turns && !calls {
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

// turns are the due rows that are being answered: a goroutine for each chat, a bounded number of them. A chat whose turn
// is slow delays its own rows and no others.
type turns struct {
	room chan struct{} // holds one for each chat

	mu     sync.Mutex
	chats  map[center.ChatID][]lease // to be answered after the one that is being answered
	isIdle chan struct{}             // closed while there are no chats
}

func newTurns() *turns {
	t := &turns{room: make(chan struct{}, dueTurns), chats: map[center.ChatID][]lease{}, isIdle: make(chan struct{})}
	close(t.isIdle)
	return t
}

// idle is closed when no row is being answered.
func (t *turns) idle() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.isIdle
}

// join adds rows to those of their chat, if one of these is being answered.
func (t *turns) join(of []lease) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	chat := of[0].due.Stream
	waiting, busy := t.chats[center.ChatID(chat)]
	if busy {
		t.chats[center.ChatID(chat)] = append(waiting, of...)
	}
	return busy
}

// begin makes rows the first of their chat. The caller has taken room, and lets them be answered.
func (t *turns) begin(of []lease) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.chats) == 0 {
		t.isIdle = make(chan struct{})
	}
	t.chats[center.ChatID(of[0].due.Stream)] = of
}

// next returns the row of a chat that is to be answered next. When there is none, the chat is done.
func (t *turns) next(chat center.ChatID) (l lease, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if waiting := t.chats[chat]; len(waiting) > 0 {
		t.chats[chat] = waiting[1:]
		return waiting[0], true
	}
	delete(t.chats, chat)
	if len(t.chats) == 0 {
		close(t.isIdle)
	}
	return lease{}, false
}

// fire leases what is due now, has it answered, and says how many rows that were. It waits for room, and not for the
// answers: the next rows are leased while a chat's turn is slow. A row whose answer fails stays, and is tried again when
// its lease is over, or sooner when it could not be stored. Calls outside are taken up by their own lines. The caller
// waits for own before it returns: until then, ctx breaks turns off, and they give their leases back.
func (c *Chats) fire(ctx context.Context, own *sync.WaitGroup) (int, error) {
	select {
	case c.firing <- struct{}{}:
		defer func() { <-c.firing }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	now := c.Clock.Now()
	rows, err := c.Store.LeaseDue(ctx, now, dueLease, dueBatch)
	if err != nil {
		return 0, err
	}
	parts := c.byChat(rows, now.Add(dueLease))
	for i, of := range parts {
		if c.turns.join(of) {
			continue
		}
		select {
		case c.turns.room <- struct{}{}:
		case <-ctx.Done():
			c.giveBack(slices.Concat(parts[i:]...))
			return len(rows), nil
		}
		c.turns.begin(of)
		own.Go(func() { c.answerAll(ctx, center.ChatID(of[0].due.Stream)) })
	}
	return len(rows), nil
}

// answerAll answers the due rows of a chat, one after the other, until none is left. What the end of ctx breaks off is
// given back.
func (c *Chats) answerAll(ctx context.Context, chat center.ChatID) {
	defer func() { <-c.turns.room }()
	for {
		l, ok := c.turns.next(chat)
		if !ok {
			return
		}
		if c.attempt(ctx, l) {
			c.giveBack([]lease{l})
		}
	}
}

// byChat parts due rows by their chats, each chat's in the order of their times: the answer to one may do away with the
// next. Calls outside are taken up, and not among them.
func (c *Chats) byChat(rows []center.Due, until time.Time) [][]lease {
	var parts [][]lease
	at := make(map[center.ChatID]int, len(rows))
	for _, due := range rows {
		if strings.HasPrefix(due.Key, dueCall) && c.take(due, until) == nil {
			continue
		}
		i, known := at[center.ChatID(due.Stream)]
		if !known {
			i = len(parts)
			at[center.ChatID(due.Stream)] = i
			parts = append(parts, nil)
		}
		parts[i] = append(parts[i], lease{due, until})
	}
	return parts
}

// attempt answers a due row, and says whether the end of ctx has broken that off.
func (c *Chats) attempt(ctx context.Context, l lease) (brokenOff bool) {
	defer c.survive(l.due)
	err := c.answer(ctx, l.due)
	switch {
	case err == nil:
		return false
	case ctx.Err() != nil:
		return true
	}
	c.Log.Log(ctx, levelOf(err), "due row", "chat", l.due.Stream, "key", l.due.Key, "error", err)
	if center.Is(err, center.Unavailable) {
		c.retrySoon(ctx, l)
	}
	return false
}

// retrySoon shortens the lease of a row whose answer could not be stored: what another session has locked is mostly
// free again after a second. Best effort: a lease that cannot be shortened expires on its own.
func (c *Chats) retrySoon(ctx context.Context, l lease) {
	if _, ok, err := c.Store.ExtendDue(ctx, l.due, l.held, c.Clock.Now().Add(dueRetry)); err == nil && ok {
		c.nudge()
	}
}

// survive keeps a panic in the turn of one due row from ending the process, and with it all chats: the row stays, and is
// tried again when its lease is over.
func (c *Chats) survive(due center.Due) {
	if fault := recover(); fault != nil {
		c.Log.Error("panic", "chat", due.Stream, "key", due.Key, "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
	}
}

// answer lets a due row's time have come. A row that was put anew or taken away meanwhile is somebody else's.
func (c *Chats) answer(ctx context.Context, due center.Due) error {
	if strings.HasPrefix(due.Key, dueRelated) {
		return settled(c.carryRelated(ctx, due))
	}
	if due.Key == dueErase {
		return c.eraseAskedFor(ctx, due)
	}
	if strings.HasPrefix(due.Key, dueCall) { // one that could not be taken up, as it does not decode: it stays
		_, err := c.readQuestion(due)
		return err
	}
	err := c.change(ctx, center.ChatID(due.Stream), func(t *turn) error {
		t.Answers(due)
		if !t.Chat.Ended.IsZero() {
			return nil
		}
		switch {
		case due.Key == center.DueConnect:
			t.end(center.ReasonNotConnected)
		case due.Key == center.DueDuration:
			t.end(center.ReasonExpired)
		case due.Key == center.DueFlow, due.Key == center.DueFlowToo:
			return c.feed(t, flow.TimerFired{ID: due.Data})
		case strings.HasPrefix(due.Key, center.DueJoin):
			t.DropLateBot(center.ParticipantID(due.Data))
		default:
			c.Log.Error("a due row nobody knows", "chat", due.Stream, "key", due.Key)
		}
		return nil
	})
	return settled(err)
}

// drop takes a due row away that has become pointless.
func (c *Chats) drop(ctx context.Context, due center.Due) error {
	return c.change(ctx, center.ChatID(due.Stream), func(t *turn) error {
		t.Answers(due)
		return nil
	})
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
