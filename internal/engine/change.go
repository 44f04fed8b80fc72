package engine

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// attempts is how often a decision is taken again because another node moved a stream on.
const attempts = 20

// maxStreams bounds the streams of one decision, and maxReads what one looks up besides.
const (
	maxStreams = 16
	maxReads   = 1024
)

// Part is what a decision makes of one stream.
type Part interface {
	// Finish returns the Change that was decided, nil for none, and the state that the stream has with it; nil when that is
	// as it was. It is called once, when everything is decided.
	Finish() (*center.Change, any, error)
	// Announce is called when all is committed and the items are published: for what is to be told besides.
	Announce()
}

// Tx is one decision in the making: the streams whose turns it holds, and what it has looked up. It is good within the
// call that it was handed to.
type Tx struct {
	engine *Engine
	ctx    context.Context
	held   []*entry                                      // in the order of ids
	parts  []Part                                        // of each, nil for those that were not asked for
	known  bool                                          // a snapshot was there before: another node may have moved its stream on since
	wanted center.StreamID                               // asked for, and its turn is not held
	found  map[string]any                                // by Find
	finds  map[string]func(context.Context) (any, error) // asked for, and not found yet

	// What was decided: a Change of each, nil for none, and the state that it leads to.
	changes []*center.Change
	states  []any

	ids  []string // drawn by this decision
	used int      // of ids, since it was last begun
	draw func() string

	one struct { // most decisions are about one stream, and draw few ids
		ids     [4]string
		held    [1]*entry
		part    [1]Part
		change  [1]*center.Change
		state   [1]any
		commits [1]*center.Change
	}
}

// errAbandoned ends a decision that needs more than it has: it is taken again with that.
var errAbandoned = errors.New("engine: the decision is taken again with what it asked for")

// Change lets decide work on streams as they stand, commits what it decided and announces it. ids are the streams that it
// is known to need, and it asks for each by [Tx.Join]. When it asks for one whose turn is not held, the decision is
// abandoned: all turns are given back, those of the larger set are taken in the order of ids, and it is decided again. So
// decide must be free of effects; it must return the errors of Join and Find. A decision that decides nothing commits
// nothing.
func (e *Engine) Change(ctx context.Context, decide func(*Tx) error, ids ...center.StreamID) error {
	tx := e.newTx(ctx)
	left := attempts
	for {
		if err := tx.attempt(decide, ids, &left); err != errAbandoned {
			return err
		}
		if tx.wanted != "" {
			if ids = append(slices.Clone(ids), tx.wanted); len(ids) > maxStreams {
				return center.Refuse(center.Internal, "a decision needs more than %d streams", maxStreams)
			}
		}
		if err := tx.look(); err != nil {
			return err
		}
	}
}

// attempt decides while it holds the turns of streams. It gives them back whatever happens, a panic in decide too: without
// that, nothing would be decided about the streams any more.
func (tx *Tx) attempt(decide func(*Tx) error, ids []center.StreamID, left *int) error {
	if err := tx.enter(ids); err != nil {
		return err
	}
	defer tx.leave()
	return tx.settle(decide, left)
}

func (e *Engine) newTx(ctx context.Context) *Tx {
	tx := &Tx{engine: e, ctx: ctx}
	tx.ids = tx.one.ids[:0]
	tx.held, tx.parts, tx.changes, tx.states = tx.one.held[:0], tx.one.part[:0], tx.one.change[:0], tx.one.state[:0]
	return tx
}

// enter takes the turns of streams in the order of their ids, so that decisions do not wait for each other in a ring.
func (tx *Tx) enter(ids []center.StreamID) error {
	if len(ids) > 1 {
		ids = slices.Clone(ids)
		slices.Sort(ids)
		ids = slices.Compact(ids)
	}
	tx.held, tx.parts, tx.wanted = tx.held[:0], tx.parts[:0], ""
	for _, id := range ids {
		at, err := tx.engine.enter(tx.ctx, id)
		if err != nil {
			tx.leave()
			return err
		}
		tx.held, tx.parts = append(tx.held, at), append(tx.parts, nil)
	}
	return nil
}

func (tx *Tx) leave() {
	for i := len(tx.held) - 1; i >= 0; i-- {
		tx.engine.leave(tx.held[i])
	}
	tx.held, tx.parts = tx.held[:0], tx.parts[:0]
}

// settle decides until the decision is committed, or refused on streams as they are.
func (tx *Tx) settle(decide func(*Tx) error, left *int) error {
	e := tx.engine
	for ; *left > 0; *left-- {
		tx.known, tx.used = false, 0
		clear(tx.parts)
		err := decide(tx)
		if err == errAbandoned || tx.abandoned() {
			return errAbandoned
		}
		some := false
		if err == nil {
			some, err = tx.finish()
		}
		if !some && tx.known {
			// What commits nothing, a refusal too, holds only if it looked at the streams as they are.
			stale, failed := e.stale(tx.ctx, tx.held...)
			if failed != nil {
				return failed
			}
			if stale {
				tx.forget()
				continue
			}
		}
		if err == nil {
			err = tx.commit(some)
		}
		if err == nil || !tx.again(err) {
			return err
		}
		tx.forget()
		if err := stepAside(tx.ctx); err != nil {
			return err
		}
	}
	return center.Refuse(center.Internal, "the %s was changed by others %d times over; try again", tx.noun(), attempts)
}

// NewID returns a new UUID. A decision that is abandoned and taken again gets those that it had.
func (tx *Tx) NewID() string {
	if tx.used == len(tx.ids) {
		tx.ids = append(tx.ids, tx.engine.newID())
	}
	tx.used++
	return tx.ids[tx.used-1]
}

// IDs is NewID as a function.
func (tx *Tx) IDs() func() string {
	if tx.draw == nil {
		tx.draw = tx.NewID
	}
	return tx.draw
}

// Context is that of the call of [Engine.Change].
func (tx *Tx) Context() context.Context { return tx.ctx }

// noun is what the first stream is called in messages.
func (tx *Tx) noun() string {
	if k := tx.held[0].kind; k != nil {
		return string(k.Name)
	}
	return "stream"
}

// forget drops what was found, which may have changed like the stream, and the ids, which what was refused keeps.
func (tx *Tx) forget() { tx.found, tx.ids = nil, tx.ids[:0] }

func (tx *Tx) abandoned() bool { return tx.wanted != "" || len(tx.finds) > 0 }

// again says of the error of a commit that the decision is to be taken again.
func (tx *Tx) again(err error) bool {
	var conflict *store.Conflict
	if errors.As(err, &conflict) {
		return true
	}
	var taken *store.ClaimTaken
	if !errors.As(err, &taken) {
		return false
	}
	return slices.ContainsFunc(tx.held, func(at *entry) bool {
		return at.kind != nil && at.kind.Lost != nil && at.kind.Lost(taken.Claim)
	})
}

// Join returns the snapshot of a stream for deciding about it, and registers what the decision makes of it: part is
// called with the snapshot when it is the decision's first look at the stream.
func (tx *Tx) Join(kind center.StreamKind, id center.StreamID, part func(*Snapshot) Part) (Part, error) {
	for i, at := range tx.held {
		if at.id != id {
			continue
		}
		if tx.parts[i] != nil && at.kind.Name == kind {
			return tx.parts[i], nil
		}
		known := at.snap != nil
		if err := tx.engine.load(tx.ctx, kind, at); err != nil {
			tx.known = tx.known || known
			return nil, err
		}
		tx.known = tx.known || known
		tx.parts[i] = part(at.snap)
		return tx.parts[i], nil
	}
	tx.wanted = id
	return nil, errAbandoned
}

// Find returns what find finds: something outside the streams that the decision needs to know. find is called while no turn
// is held, so that a slow look-up delays nobody else, and the decision is taken again with its answer; what it found holds
// for decisions with the same key until the commit or a conflict. Errors that find returns are returned here, too.
func Find[T any](tx *Tx, key string, find func(context.Context) (T, error)) (T, error) {
	if got, ok := tx.found[key]; ok {
		a := got.(answer[T])
		return a.value, a.err
	}
	if tx.finds == nil {
		tx.finds = map[string]func(context.Context) (any, error){}
	}
	tx.finds[key] = func(ctx context.Context) (any, error) {
		v, err := find(ctx)
		return answer[T]{v, err}, ctx.Err()
	}
	var none T
	return none, errAbandoned
}

type answer[T any] struct {
	value T
	err   error
}

// look finds what the decision has asked for.
func (tx *Tx) look() error {
	for key, find := range tx.finds {
		if tx.found == nil {
			tx.found = map[string]any{}
		}
		if len(tx.found) == maxReads {
			return center.Refuse(center.Internal, "a decision looks up more than %d things", maxReads)
		}
		found, err := find(tx.ctx)
		if err != nil {
			return err
		}
		tx.found[key] = found
	}
	clear(tx.finds)
	return nil
}

// finish collects what was decided, and says whether anything was. Where several nodes decide, a stream that was only
// looked at gets a marker, if another one changes: so the decision is committed only if that stream, too, is still as it was.
// One that has ended stays as it is.
func (tx *Tx) finish() (some bool, err error) {
	tx.changes, tx.states = tx.changes[:0], tx.states[:0]
	for _, p := range tx.parts {
		var c *center.Change
		var state any
		if p != nil {
			if c, state, err = p.Finish(); err != nil {
				return false, err
			}
		}
		if c != nil {
			some = true
			tx.engine.setLanes(c.Due)
		}
		tx.changes, tx.states = append(tx.changes, c), append(tx.states, state)
	}
	if !some || !tx.engine.shared || len(tx.held) == 1 {
		return some, nil
	}
	for i, p := range tx.parts {
		if at := tx.held[i]; p != nil && tx.changes[i] == nil && !at.kind.Ended(at.snap.State) {
			tx.changes[i] = tx.marker(at)
		}
	}
	return true, nil
}

func (tx *Tx) marker(at *entry) *center.Change {
	now := tx.engine.clock.Now().UTC().Truncate(time.Millisecond)
	if !now.After(at.snap.Last) {
		now = at.snap.Last.Add(time.Millisecond)
	}
	id := center.ItemID(tx.engine.newID())
	return &center.Change{Stream: at.id, After: at.snap.Seq, Items: []center.Item{{Stream: at.id, Seq: at.snap.Seq + 1, ID: id, Time: now, Type: center.Marker}}}
}

// commit makes the decision durable, then current, then known, in this order. some says that there is something to store.
func (tx *Tx) commit(some bool) error {
	if some {
		if err := tx.store(); err != nil {
			return err
		}
	}
	for i, p := range tx.parts {
		if c := tx.changes[i]; c != nil {
			tx.engine.bus.Publish(c.Stream, c.Items)
		}
		if p != nil {
			p.Announce()
		}
	}
	for _, c := range tx.changes {
		if c != nil {
			tx.engine.nudge(c.Due)
		}
	}
	return nil
}

func (tx *Tx) store() error {
	all := tx.one.commits[:0]
	for _, c := range tx.changes {
		if c != nil {
			all = append(all, c)
		}
	}
	err := tx.engine.store.Commit(tx.ctx, all...)
	for i, c := range tx.changes {
		switch {
		case c == nil:
		case err != nil:
			tx.held[i].snap = nil // what is stored is known only after another look
		default:
			tx.held[i].moveOn(c, tx.states[i])
		}
	}
	return err
}

// moveOn makes what was committed the entry's snapshot.
func (at *entry) moveOn(c *center.Change, state any) {
	last := &c.Items[len(c.Items)-1]
	next := &Snapshot{State: state, Seq: last.Seq, Last: last.Time}
	if at.snap != nil {
		next.State, next.size, next.age = cmp.Or(state, at.snap.State), at.snap.size, at.snap.age
	}
	if c.State != nil {
		next.size = len(c.State)
	}
	at.snap = next
}

// Begin commits a stream that is new. Its errors are those of [store.Store.Commit].
func (e *Engine) Begin(ctx context.Context, kind center.StreamKind, id center.StreamID, part Part) error {
	tx := e.newTx(ctx)
	if err := tx.enter([]center.StreamID{id}); err != nil {
		return err
	}
	defer tx.leave()
	age := e.turns.forgot.Load()
	tx.parts[0], tx.held[0].kind = part, e.kinds[kind]
	some, err := tx.finish()
	if err == nil {
		err = tx.commit(some)
	}
	if err == nil && some {
		tx.held[0].snap.age = age
	}
	return err
}

// stepAside waits a little, by chance, so that nodes that want the next place in a sequence do not go on colliding.
// Waiting longer the more often one has lost would help the other, whose snapshot is the fresh one.
func stepAside(ctx context.Context) error {
	t := time.NewTimer(rand.N(2 * time.Millisecond))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
