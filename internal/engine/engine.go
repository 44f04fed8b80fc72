package engine

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// Publisher carries the news of committed items to whoever listens, on this node and others. It may lose them: the
// store is the truth. It must not block for long.
type Publisher interface {
	Publish(stream center.StreamID, items []center.Item)
}

// Config is what an Engine is made of.
type Config struct {
	Store *store.Store
	Bus   Publisher
	Clock Clock
	NewID func() string // a new UUID
	Log   *slog.Logger
	// Shared says that other nodes write to the same store: due rows may appear that this node did not put, and a stream may
	// have moved on since its snapshot was taken.
	Shared bool
	// StateBytes bounds what is kept decoded of streams that nobody works on. 0: 5 MiB.
	StateBytes int
}

const defaultStateBytes = 5 << 20

// Kind is what the engine must know of one kind of stream.
type Kind struct {
	Name center.StreamKind
	// Decode reads a state. Its errors are those of damage.
	Decode func(store.Stream) (state any, err error)
	// Ended says that nothing will change the stream any more. What is decoded of it is not kept.
	Ended func(state any) bool
	// Missing is the error for a stream that is not there.
	Missing func(center.StreamID) error
	// Due are the kinds of due rows that its streams have.
	Due []Due
	// Lost says whether a decision is taken again when its commit was refused because a claim is held: there may be another
	// claim to take. nil: never.
	Lost func(center.Claim) bool
}

// Engine works on the streams of one store. All methods may be called from any goroutine.
type Engine struct {
	store      *store.Store
	bus        Publisher
	clock      Clock
	newID      func() string
	log        *slog.Logger
	shared     bool
	stateBytes int

	kinds map[center.StreamKind]*Kind
	dues  []Due
	wake  []func()
	lanes []*lane
	calls *calls
	turns turns

	unknown sync.Map // keys of due rows that are of no kind, once logged
}

// New returns an Engine that knows no kinds of streams yet.
func New(c Config) *Engine {
	e := &Engine{
		store: c.Store, bus: c.Bus, clock: c.Clock, newID: c.NewID, log: c.Log, shared: c.Shared,
		stateBytes: cmp.Or(c.StateBytes, defaultStateBytes), kinds: map[center.StreamKind]*Kind{}, calls: newCalls(),
	}
	e.turns.entries = map[center.StreamID]*entry{}
	return e
}

// Register makes a kind of streams known. It must not be called once the engine is used.
func (e *Engine) Register(k Kind) {
	e.kinds[k.Name] = &k
	for _, d := range k.Due {
		e.Handle(d)
	}
}

// Handle makes a kind of due rows known, beside those of a [Kind]. It must not be called once the engine is used.
func (e *Engine) Handle(d Due) {
	e.dues = append(e.dues, d)
	if e.lane(d.Lane) == nil {
		e.lanes = append(e.lanes, newLane(d.Lane))
	}
}

// OnWake has f called when a stream is worked on after none was known. It must not be called once the engine is used.
func (e *Engine) OnWake(f func()) { e.wake = append(e.wake, f) }

// Publish tells those who listen to a stream of items that are not committed by the engine: shown and not stored, or shown
// again.
func (e *Engine) Publish(stream center.StreamID, items []center.Item) {
	if len(items) > 0 {
		e.bus.Publish(stream, items)
	}
}

// Shared says that other nodes write to the same store.
func (e *Engine) Shared() bool { return e.shared }

// handler finds who answers the rows of a key.
func (e *Engine) handler(key string) (*Due, bool) {
	for i := range e.dues {
		d := &e.dues[i]
		if d.Key == key || strings.HasSuffix(d.Key, ":") && strings.HasPrefix(key, d.Key) {
			return d, true
		}
	}
	return nil, false
}

func (e *Engine) lane(number center.Lane) *lane {
	for _, l := range e.lanes {
		if l.number == number {
			return l
		}
	}
	return nil
}

// load makes the snapshot of an entry current if it is not there. A stream of another kind is missing: ids are what callers
// have sent.
func (e *Engine) load(ctx context.Context, kind center.StreamKind, at *entry) error {
	age := e.turns.forgot.Load()
	if at.snap != nil && at.snap.age == age {
		if at.kind.Name != kind {
			return e.kinds[kind].Missing(at.id)
		}
		e.turns.hits.Add(1)
		return nil
	}
	at.snap = nil
	e.turns.misses.Add(1)
	k := e.kinds[kind]
	row, err := e.store.Stream(ctx, at.id)
	if errors.Is(err, store.ErrNotFound) || err == nil && row.Kind != kind {
		return k.Missing(at.id)
	}
	if err != nil {
		return err
	}
	state, err := k.Decode(row)
	if err != nil {
		return err
	}
	at.kind = k
	at.snap = &Snapshot{State: state, Seq: row.LastSeq, Last: row.LastTime, size: len(row.State), age: age}
	return nil
}

// Look returns a stream as it stands, for reading only.
func (e *Engine) Look(ctx context.Context, kind center.StreamKind, id center.StreamID) (*Snapshot, error) {
	at, err := e.enter(ctx, id)
	if err != nil {
		return nil, err
	}
	defer e.leave(at)
	if _, err := e.stale(ctx, at); err != nil {
		return nil, err
	}
	if err := e.load(ctx, kind, at); err != nil {
		return nil, err
	}
	return at.snap, nil
}

// stale says of streams whose turns are held that another node has moved one on since its snapshot was taken, and drops
// the snapshots of those.
func (e *Engine) stale(ctx context.Context, all ...*entry) (found bool, err error) {
	if !e.shared {
		return false, nil
	}
	ids := make([]center.StreamID, 0, len(all))
	for _, at := range all {
		if at.snap != nil {
			ids = append(ids, at.id)
		}
	}
	if len(ids) == 0 {
		return false, nil
	}
	last, err := e.store.LastSeqs(ctx, ids)
	if err != nil {
		return false, err
	}
	for _, at := range all {
		if at.snap != nil && last[at.id] != at.snap.Seq {
			at.snap, found = nil, true
		}
	}
	return found, nil
}
