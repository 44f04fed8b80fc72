package chat

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
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
	// eraseIdle is how long [Erasures.Run] sleeps at least when a step found nothing: what is left waits for its time, or
	// another node is at it.
	eraseIdle = time.Second
	// eraseLook is how long [Erasures.Run] sleeps at most.
	eraseLook = time.Hour
	// eraseSoonest is how long it sleeps at least between two looks for old chats, so that the ends of many chats are one
	// wake-up. Of a shorter life of chats it is a tenth.
	eraseSoonest = time.Minute
	// eraseAgain is how long after a failure it tries again.
	eraseAgain = time.Minute
)

// Erasures delete what is kept no longer: chats and records of contacts whose time has come, chats that an operator wants
// erased, instances, and contents of flows that nothing needs. [Erasures.Run] must run for what is old to go, and for what a
// crash has left.
type Erasures struct {
	engine  *engine.Engine
	store   *store.Store
	catalog *catalog.Catalog
	clock   engine.Clock
	wall    func() time.Time
	log     *slog.Logger

	keepChats, keepContacts, keepAudit time.Duration // as in center.Settings

	// end ends a chat, and puts due rows with that: for the servers that run, if it is to be erased.
	end    func(ctx context.Context, id center.ChatID, dues ...string) error
	traces *traces

	wake  chan struct{} // there is something to do before it wakes by itself
	dirty atomic.Bool   // deleted rows may be in the write-ahead log; true until it was emptied

	chats, items, records, contents, failures atomic.Int64
	overdue                                   atomic.Int64 // how far beyond its time the oldest ended chat is
}

// NewErasures returns the erasures of chats. It registers with their engine what other processes may ask for.
func NewErasures(c *Chats) *Erasures {
	e := &Erasures{
		engine: c.engine, store: c.store, catalog: c.catalog, clock: c.clock, wall: c.wall, log: c.log,
		keepChats: c.settings.KeepChats, keepContacts: c.settings.KeepContacts, keepAudit: c.settings.KeepAudit,
		end: c.end, traces: &c.flowLog.traces, wake: make(chan struct{}, 1),
	}
	e.engine.Handle(engine.Due{Key: dueErase, Lane: laneElsewhere, Answer: e.eraseAskedFor})
	e.engine.OnWake(e.nudge) // from now on another process may ask for something
	return e
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

// Stats returns what this node has erased.
func (e *Erasures) Stats() ErasureStats {
	return ErasureStats{e.chats.Load(), e.items.Load(), e.records.Load(), e.contents.Load(), e.failures.Load(), time.Duration(e.overdue.Load())}
}

// Run erases the chats that ended longer than Settings.KeepChats ago and what is known of contacts that ended longer
// than Settings.KeepContacts ago, entries of the audit log older than Settings.KeepAudit, items of agents older than
// center.KeepAgentItems, finishes what other erasures have begun, and deletes the contents that no flow needs, until ctx
// ends. Several nodes may do so at once. While there is nothing to do it sleeps until the next chat's time has come, at most
// for an hour.
func (e *Erasures) Run(ctx context.Context) {
	e.dirty.Store(true) // a crash may have left deleted rows in the write-ahead log
	unneeded := unneeded{}
	var looked time.Time
	for ctx.Err() == nil {
		began := time.Now()
		worked, err := e.eraseStep(ctx)
		if err == nil && worked {
			e.dirty.Store(true)
			rest(ctx, max(erasePause, erasePatience*time.Since(began)))
			continue
		}
		if err == nil {
			err = e.scrub(ctx)
		}
		if now := e.clock.Now(); err == nil && now.Sub(looked) >= eraseLook {
			err = cmp.Or(e.deleteUnneeded(ctx, unneeded), e.trimAgents(ctx))
			looked = now
		}
		if err != nil && ctx.Err() == nil {
			e.failures.Add(1)
			e.log.Error("erase", "error", err)
		}
		e.sleepUntilOld(ctx, err != nil, e.dirty.Load())
	}
}

// scrub empties the write-ahead log of deleted rows. When a reader is in the way, they stay there until the next time.
func (e *Erasures) scrub(ctx context.Context) error {
	if !e.dirty.Swap(false) {
		return nil
	}
	done, err := e.store.Scrub(ctx)
	if !done {
		e.dirty.Store(true)
	}
	return err
}

// eraseStep does one bounded piece of work, and says whether there was any.
func (e *Erasures) eraseStep(ctx context.Context) (worked bool, err error) {
	gone, more, err := e.store.Sweep(ctx, e.wall())
	e.count(gone)
	if err != nil || more || e.keepChats <= 0 && e.keepContacts <= 0 && e.keepAudit <= 0 {
		return more, err
	}
	now, err := e.now(ctx)
	if err != nil {
		return false, err
	}
	if keep := e.keepChats; keep > 0 {
		if worked, err = e.eraseEnded(ctx, now.Add(-keep)); worked || err != nil {
			return worked, err
		}
	}
	if keep := e.keepContacts; keep > 0 {
		records, err := e.store.EraseRecords(ctx, now.Add(-keep))
		e.records.Add(records)
		if records > 0 || err != nil {
			return records > 0, err
		}
	}
	if keep := e.keepAudit; keep > 0 {
		entries, err := e.store.EraseAudit(ctx, now.Add(-keep))
		return entries > 0, err
	}
	return false, nil
}

// now is contact time. A clock that is ahead must not erase what is to be kept: the database's counts, where it has one.
func (e *Erasures) now(ctx context.Context) (time.Time, error) {
	now := e.clock.Now()
	there, ok, err := e.store.Clock(ctx)
	if err == nil && ok && there.Before(now) {
		now = there
	}
	return now, err
}

// trimAgents drops the items of agents that are not kept any more.
func (e *Erasures) trimAgents(ctx context.Context) error {
	now, err := e.now(ctx)
	for err == nil {
		began := time.Now()
		var gone int64
		if gone, err = e.store.TrimAgents(ctx, now.Add(-center.KeepAgentItems)); gone == 0 {
			break
		}
		e.dirty.Store(true)
		rest(ctx, max(erasePause, erasePatience*time.Since(began)))
	}
	return err
}

// eraseEnded begins to erase some of the chats that ended at before or earlier.
func (e *Erasures) eraseEnded(ctx context.Context, before time.Time) (worked bool, err error) {
	gone, err := e.store.EraseEnded(ctx, before, e.wall(), eraseBatch)
	if err != nil {
		return false, err
	}
	e.count(gone)
	oldest, ok, err := e.store.OldestEnd(ctx)
	e.overdue.Store(0)
	if err == nil && ok && oldest.Before(before) {
		e.overdue.Store(int64(before.Sub(oldest)))
	}
	return gone.Chats > 0, err
}

func (e *Erasures) count(gone store.Erased) {
	e.chats.Add(gone.Chats)
	e.items.Add(gone.Items)
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
func (e *Erasures) sleepUntilOld(ctx context.Context, failed, again bool) {
	real := eraseLook
	if at, ok, err := e.store.NextSweep(ctx); !failed && err == nil && ok {
		real = min(real, max(eraseIdle, at.Sub(e.wall())))
	}
	if failed || again {
		real = min(real, eraseAgain)
	}
	listens := e.listensToOthers()
	if listens {
		real = min(real, engine.Peek)
	}
	now := e.clock.Now()
	old, stop := e.clock.Timer(now.Add(eraseLook))
	if keep := e.keepChats; keep > 0 {
		stop()
		wait := min(keep, eraseLook) // for a chat that ends now
		if at, ok, err := e.store.OldestEnd(ctx); err == nil && ok {
			wait = min(wait, at.Add(keep).Sub(now))
		}
		old, stop = e.clock.Timer(now.Add(max(wait, min(eraseSoonest, keep/10))))
	}
	defer stop()
	t := time.NewTimer(real)
	defer t.Stop()
	select {
	case <-old:
	case <-t.C:
		if listens {
			e.engine.Nudge()
		}
	case <-e.wake:
	case <-ctx.Done():
	}
}

// listensToOthers says that Run is to look for due rows of other processes: commands, on a SQLite file, while there are
// chats here that they may be about. Of several nodes Run looks by itself.
func (e *Erasures) listensToOthers() bool {
	if e.engine.Shared() || e.store.Private() {
		return false
	}
	return e.engine.Awake()
}

// nudge wakes Run.
func (e *Erasures) nudge() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// dueErase is the key of the due row by which another process asks the servers to erase a chat that it has just ended.
const dueErase = "erase"

// Erase erases the whole chat that a contact belongs to, and returns what that was. A chat that has not ended is refused,
// unless end says that it is to be ended first. Then servers that run have eraseAsked to erase it themselves: its sockets
// and its decoded state are theirs.
func (e *Erasures) Erase(ctx context.Context, contact center.ContactID, end bool) (store.Erased, error) {
	id, err := e.store.ChatOf(ctx, contact)
	var row store.Stream
	if err == nil {
		row, err = e.store.Stream(ctx, id)
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
		if err := e.end(ctx, center.ChatID(id), dueErase); err != nil {
			return store.Erased{}, err
		}
	}
	had, err := e.store.Rows(ctx, id)
	if err != nil {
		return had, err
	}
	if !row.Ended {
		if gone, err := e.othersErase(ctx, center.ChatID(id)); gone || err != nil {
			return had, err
		}
	}
	return had, e.erase(ctx, center.ChatID(id))
}

// eraseAsked is how long Erase waits for a running server, which looks for due rows of other processes every 15 s.
const (
	eraseAsked = engine.Peek + 5*time.Second
	eraseAsk   = 200 * time.Millisecond
)

// othersErase waits for a server to erase the chat.
func (e *Erasures) othersErase(ctx context.Context, id center.ChatID) (gone bool, err error) {
	for waited := time.Duration(0); waited < eraseAsked; waited += eraseAsk {
		rest(ctx, eraseAsk)
		if _, err := e.store.Stream(ctx, center.StreamID(id)); errors.Is(err, store.ErrNotFound) {
			return true, nil
		} else if err != nil {
			return false, err
		}
	}
	return false, ctx.Err()
}

// erase deletes all of a chat. It goes on until nothing is left but what must wait, which Run deletes.
func (e *Erasures) erase(ctx context.Context, id center.ChatID) error {
	gone, err := e.store.EraseChat(ctx, center.StreamID(id), e.wall())
	e.count(gone)
	if errors.Is(err, store.ErrNotFound) {
		return nil // another was faster
	}
	if err != nil {
		return err
	}
	if err := e.forgetChat(ctx, id); err != nil {
		return err
	}
	for more := true; more; {
		if gone, more, err = e.store.SweepChat(ctx, center.StreamID(id), e.wall()); err != nil {
			return err
		}
		e.count(gone)
	}
	e.dirty.Store(true)
	err = e.scrub(ctx)
	e.nudge() // when a reader was in the way, Run goes on
	return err
}

// eraseAskedFor answers the due row of Erase. Sockets are shown the end first: it was another process that ended the chat.
func (e *Erasures) eraseAskedFor(ctx context.Context, due center.Due) error {
	if err := e.forgetChat(ctx, center.ChatID(due.Stream)); err != nil {
		return err
	}
	last, err := e.store.Page(ctx, store.PageQuery{Stream: due.Stream, From: 1, Backward: true, Limit: eraseShown})
	if err != nil && !errors.Is(err, center.ErrDamaged) { // a damaged chat is erased too
		return err
	}
	slices.Reverse(last)
	e.engine.Publish(due.Stream, last)
	return e.erase(ctx, center.ChatID(due.Stream))
}

// eraseShown is how many of a chat's last items are published again: those that sockets have shown they know.
const eraseShown = 100

// forgetChat drops what is decoded of a chat.
func (e *Erasures) forgetChat(ctx context.Context, id center.ChatID) error {
	known, err := e.engine.ForgetStream(ctx, center.StreamID(id))
	if s, ok := known.(*state); ok {
		e.traces.forget(s.Contacts)
	}
	return err
}
