package chat

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/store"
)

// Chats are erased in small steps, each a commit of its own, with pauses between them: whatever is to be erased, messages
// do not wait for it.
const (
	// eraseBatch is how many old chats one step begins to erase.
	eraseBatch = 32
	// A step is followed by a pause: at least erasePause, and erasePatience times as long as the step took.
	erasePause    = 20 * time.Millisecond
	erasePatience = 9
	// eraseIdle is how long [Chats.EraseOld] sleeps at least when a step found nothing: what is left waits for its time, or
	// another node is at it.
	eraseIdle = time.Second
	// eraseLook is how long [Chats.EraseOld] sleeps at most.
	eraseLook = time.Hour
	// eraseSoonest is how long it sleeps at least between two looks for old chats, so that the ends of many chats are one
	// wake-up. Of a shorter life of chats it is a tenth.
	eraseSoonest = time.Minute
	// eraseAgain is how long after a failure it tries again.
	eraseAgain = time.Minute
)

// erasures are what [Chats.EraseOld] does and has done.
type erasures struct {
	wake  chan struct{} // there is something to do before it wakes by itself
	dirty atomic.Bool   // deleted rows may be in the write-ahead log; true until it was emptied

	chats, items, records, contents, failures atomic.Int64
	overdue                                   atomic.Int64 // how far beyond its time the oldest ended chat is
}

// ErasureStats count what this node has erased since it started.
type ErasureStats struct {
	Chats    int64
	Items    int64
	Records  int64         // rows of contacts, and of what else is kept as long
	Contents int64         // of flows and modules
	Failures int64         // steps that failed, and were tried again
	Overdue  time.Duration // how far beyond its time the oldest ended chat is
}

// ErasureStats returns what this node has erased.
func (c *Chats) ErasureStats() ErasureStats {
	e := &c.erasures
	return ErasureStats{e.chats.Load(), e.items.Load(), e.records.Load(), e.contents.Load(), e.failures.Load(), time.Duration(e.overdue.Load())}
}

// EraseOld erases the chats that ended longer than Settings.KeepChats ago and what is known of contacts that ended longer
// than Settings.KeepContacts ago, finishes what other erasures have begun, and deletes the contents that no flow needs,
// until ctx ends. Several nodes may do so at once. While there is nothing to do
// it sleeps until the next chat's time has come, at most for an hour.
func (c *Chats) EraseOld(ctx context.Context) {
	c.erasures.dirty.Store(true) // a crash may have left deleted rows in the write-ahead log
	unneeded := unneeded{}
	var looked time.Time
	for ctx.Err() == nil {
		began := time.Now()
		worked, err := c.eraseStep(ctx)
		if err == nil && worked {
			c.erasures.dirty.Store(true)
			rest(ctx, max(erasePause, erasePatience*time.Since(began)))
			continue
		}
		if err == nil {
			err = c.scrub(ctx)
		}
		if now := c.clock.Now(); err == nil && now.Sub(looked) >= eraseLook {
			err = c.deleteUnneeded(ctx, unneeded)
			looked = now
		}
		if err != nil && ctx.Err() == nil {
			c.erasures.failures.Add(1)
			c.log.Error("erase", "error", err)
		}
		c.sleepUntilOld(ctx, err != nil, c.erasures.dirty.Load())
	}
}

// scrub empties the write-ahead log of deleted rows. When a reader is in the way, they stay there until the next time.
func (c *Chats) scrub(ctx context.Context) error {
	if !c.erasures.dirty.Swap(false) {
		return nil
	}
	done, err := c.store.Scrub(ctx)
	if !done {
		c.erasures.dirty.Store(true)
	}
	return err
}

// eraseStep does one bounded piece of work, and says whether there was any.
func (c *Chats) eraseStep(ctx context.Context) (worked bool, err error) {
	gone, more, err := c.store.Sweep(ctx, c.wall())
	c.count(gone)
	if err != nil || more || c.settings.KeepChats <= 0 && c.settings.KeepContacts <= 0 {
		return more, err
	}
	now := c.clock.Now()
	// A clock that is ahead must not erase what is to be kept: the database's counts, where it has one.
	if there, ok, err := c.store.Clock(ctx); err != nil {
		return false, err
	} else if ok && there.Before(now) {
		now = there
	}
	if keep := c.settings.KeepChats; keep > 0 {
		if worked, err = c.eraseEnded(ctx, now.Add(-keep)); worked || err != nil {
			return worked, err
		}
	}
	if keep := c.settings.KeepContacts; keep > 0 {
		records, err := c.store.EraseRecords(ctx, now.Add(-keep))
		c.erasures.records.Add(records)
		return records > 0, err
	}
	return false, nil
}

// eraseEnded begins to erase some of the chats that ended at before or earlier.
func (c *Chats) eraseEnded(ctx context.Context, before time.Time) (worked bool, err error) {
	gone, err := c.store.EraseEnded(ctx, before, c.wall(), eraseBatch)
	if err != nil {
		return false, err
	}
	c.count(gone)
	oldest, ok, err := c.store.OldestEnd(ctx)
	c.erasures.overdue.Store(0)
	if err == nil && ok && oldest.Before(before) {
		c.erasures.overdue.Store(int64(before.Sub(oldest)))
	}
	return gone.Chats > 0, err
}

func (c *Chats) count(gone store.Erased) {
	c.erasures.chats.Add(gone.Chats)
	c.erasures.items.Add(gone.Items)
}

// rest waits for a real time, or for ctx.
func rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// sleepUntilOld waits until there may be something to erase: in contact time, which chats end by, or in real time, which
// unfinished erasures go by.
// After a failure it tries again after a while, and not at once: the cause is mostly still there.
func (c *Chats) sleepUntilOld(ctx context.Context, failed, again bool) {
	real := eraseLook
	if at, ok, err := c.store.NextSweep(ctx); !failed && err == nil && ok {
		real = min(real, max(eraseIdle, at.Sub(c.wall())))
	}
	if failed || again {
		real = min(real, eraseAgain)
	}
	listens := c.listensToOthers()
	if listens {
		real = min(real, engine.Peek)
	}
	now := c.clock.Now()
	old, stop := c.clock.Timer(now.Add(eraseLook))
	if keep := c.settings.KeepChats; keep > 0 {
		stop()
		wait := min(keep, eraseLook) // for a chat that ends now
		if at, ok, err := c.store.OldestEnd(ctx); err == nil && ok {
			wait = min(wait, at.Add(keep).Sub(now))
		}
		old, stop = c.clock.Timer(now.Add(max(wait, min(eraseSoonest, keep/10))))
	}
	defer stop()
	t := time.NewTimer(real)
	defer t.Stop()
	select {
	case <-old:
	case <-t.C:
		if listens {
			c.engine.Nudge()
		}
	case <-c.erasures.wake:
	case <-ctx.Done():
	}
}

// listensToOthers says that Run is to look for due rows of other processes: commands, on a SQLite file, while there are
// chats here that they may be about. Of several nodes Run looks by itself.
func (c *Chats) listensToOthers() bool {
	if c.engine.Shared() || c.store.Private() {
		return false
	}
	return c.engine.Awake()
}

// nudgeErasing wakes EraseOld.
func (c *Chats) nudgeErasing() {
	select {
	case c.erasures.wake <- struct{}{}:
	default:
	}
}

// dueErase is the key of the due row by which another process asks the servers to erase a chat that it has just ended.
const dueErase = "erase"

// Erase erases the whole chat that a contact belongs to, and returns what that was. A chat that has not ended is refused,
// unless end says that it is to be ended first. Then servers that run have eraseAsked to erase it themselves: its sockets
// and its decoded state are theirs.
func (c *Chats) Erase(ctx context.Context, contact center.ContactID, end bool) (store.Erased, error) {
	id, err := c.store.ChatOf(ctx, contact)
	var row store.Stream
	if err == nil {
		row, err = c.store.Stream(ctx, id)
	}
	if errors.Is(err, store.ErrNotFound) {
		return store.Erased{}, noContact(contact)
	}
	if err != nil {
		return store.Erased{}, err
	}
	if !row.Ended && !end {
		return store.Erased{}, center.Refuse(center.NotTerminated, "the chat of contact %s has not ended", contact)
	}
	if !row.Ended {
		if err := c.endToErase(ctx, center.ChatID(id)); err != nil {
			return store.Erased{}, err
		}
	}
	had, err := c.store.Rows(ctx, id)
	if err != nil {
		return had, err
	}
	if !row.Ended {
		if gone, err := c.othersErase(ctx, center.ChatID(id)); gone || err != nil {
			return had, err
		}
	}
	return had, c.erase(ctx, center.ChatID(id))
}

func noContact(id center.ContactID) error {
	return center.Refuse(center.NotFound, "Resource not found of Type: CONTACT %s", center.Printable(string(id)))
}

// eraseAsked is how long Erase waits for a running server, which looks for due rows of other processes every 15 s.
const (
	eraseAsked = engine.Peek + 5*time.Second
	eraseAsk   = 200 * time.Millisecond
)

// endToErase ends a chat and asks servers to erase it.
func (c *Chats) endToErase(ctx context.Context, id center.ChatID) error {
	return c.change(ctx, id, func(t *turn) error {
		t.end(center.ReasonAPI)
		t.Schedule(dueErase, t.Now, "")
		return nil
	})
}

// othersErase waits for a server to erase the chat.
func (c *Chats) othersErase(ctx context.Context, id center.ChatID) (gone bool, err error) {
	for waited := time.Duration(0); waited < eraseAsked; waited += eraseAsk {
		rest(ctx, eraseAsk)
		if _, err := c.store.Stream(ctx, center.StreamID(id)); errors.Is(err, store.ErrNotFound) {
			return true, nil
		} else if err != nil {
			return false, err
		}
	}
	return false, ctx.Err()
}

// erase deletes all of a chat. It goes on until nothing is left but what must wait, which EraseOld deletes.
func (c *Chats) erase(ctx context.Context, id center.ChatID) error {
	gone, err := c.store.EraseChat(ctx, center.StreamID(id), c.wall())
	c.count(gone)
	if errors.Is(err, store.ErrNotFound) {
		return nil // another was faster
	}
	if err != nil {
		return err
	}
	if err := c.forgetChat(ctx, id); err != nil {
		return err
	}
	for more := true; more; {
		if gone, more, err = c.store.SweepChat(ctx, center.StreamID(id), c.wall()); err != nil {
			return err
		}
		c.count(gone)
	}
	c.erasures.dirty.Store(true)
	err = c.scrub(ctx)
	c.nudgeErasing() // when a reader was in the way, EraseOld goes on
	return err
}

// eraseAskedFor answers the due row of Erase. Sockets are shown the end first: it was another process that ended the chat.
func (c *Chats) eraseAskedFor(ctx context.Context, due center.Due) error {
	if err := c.forgetChat(ctx, center.ChatID(due.Stream)); err != nil {
		return err
	}
	last, err := c.store.Page(ctx, store.PageQuery{Stream: due.Stream, From: 1, Backward: true, Limit: eraseShown})
	if err != nil && !errors.Is(err, center.ErrDamaged) { // a damaged chat is erased too
		return err
	}
	slices.Reverse(last)
	c.engine.Publish(due.Stream, last)
	return c.erase(ctx, center.ChatID(due.Stream))
}

// eraseShown is how many of a chat's last items are published again: those that sockets have shown they know.
const eraseShown = 100

// forgetChat drops what is decoded of a chat.
func (c *Chats) forgetChat(ctx context.Context, id center.ChatID) error {
	known, err := c.engine.ForgetStream(ctx, center.StreamID(id))
	if s, ok := known.(*state); ok {
		c.traces.forget(s.Contacts)
	}
	return err
}

// DeleteContactData deletes personal data of a contact that has ended. Everything that the API's fields name belongs to
// channels that this server does not have: a chat has no customer endpoint, and subject and recipients are an email's. So
// there is nothing to delete, and what was asked for holds. Source: API reference of DeleteContactData. That a field of
// another channel is no error is inferred.
func (c *Chats) DeleteContactData(ctx context.Context, at center.InstanceID, id center.ContactID, fields []string) error {
	if len(fields) == 0 {
		return center.Refuse(center.InvalidParameter, "ContactFields must have at least one field")
	}
	_, contact, err := c.Contact(ctx, at, id)
	if err == nil && contact.Disconnected.IsZero() {
		err = center.Refuse(center.NotTerminated, "the contact %s has not ended; stop it first", id)
	}
	return err
}
