package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// Snapshot is a stream as of its item Seq.
type Snapshot struct {
	State any // not to be changed
	Seq   int64
	Last  time.Time // of that item

	size int   // of the stored state
	age  int64 // turns.forgot when it was read
}

// What an idle entry takes, about: as much as it takes without a state, and for each byte of the stored state what the
// decoded one is larger by.
const (
	entryBytes  = 512
	stateFactor = 3
)

// turns are the queues for streams: whoever has a stream's turn works on it alone. What is decoded of streams that nobody
// works on is kept, those that were used last, within StateBytes.
type turns struct {
	forgot       atomic.Int64 // how often everything was forgotten
	hits, misses atomic.Int64

	mu      sync.Mutex
	entries map[center.StreamID]*entry
	idle    lru // entries that nobody works on, oldest first
}

// entry is one stream's place in the queue: whoever holds turn works on it.
type entry struct {
	id    center.StreamID
	turn  chan struct{}
	users int       // waiting or working; guarded by turns.mu
	kind  *Kind     // of the snapshot
	snap  *Snapshot // nil: not loaded. Belongs to whoever holds the turn

	prev, next *entry // among the idle
}

// size is about how much memory an idle entry holds.
func (e *entry) size() int { return entryBytes + stateFactor*e.snap.size }

// lru is a list of idle entries, guarded by turns.mu.
type lru struct {
	head, tail *entry
	n, bytes   int
}

func (l *lru) push(e *entry) {
	e.prev, e.next = l.tail, nil
	if l.tail != nil {
		l.tail.next = e
	} else {
		l.head = e
	}
	l.tail = e
	l.n++
	l.bytes += e.size()
}

func (l *lru) remove(e *entry) {
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		l.head = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	} else {
		l.tail = e.prev
	}
	e.prev, e.next = nil, nil
	l.n--
	l.bytes -= e.size()
}

// enter waits for the stream's turn. Decisions about one stream on one node queue behind each other here, so conflicts at
// the commit come from other nodes only.
func (e *Engine) enter(ctx context.Context, id center.StreamID) (*entry, error) {
	t := &e.turns
	t.mu.Lock()
	at := t.entries[id]
	first := false
	switch {
	case at == nil:
		at = &entry{id: id, turn: make(chan struct{}, 1)}
		t.entries[id] = at
		first = len(t.entries) == 1
	case at.users == 0:
		t.idle.remove(at)
	}
	at.users++
	t.mu.Unlock()
	if first {
		e.woken()
	}
	select {
	case at.turn <- struct{}{}:
		return at, nil
	default:
	}
	select {
	case at.turn <- struct{}{}:
		return at, nil
	case <-ctx.Done():
		e.release(at)
		return nil, ctx.Err()
	}
}

func (e *Engine) woken() {
	for _, f := range e.wake {
		f()
	}
}

// leave gives the turn back.
func (e *Engine) leave(at *entry) {
	<-at.turn
	t := &e.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	at.users--
	if at.users > 0 {
		return
	}
	// A stream that has ended is not kept: it is rarely asked for, and when it is erased nothing of it may stay here. Nor is
	// one that was forgotten while its turn was held.
	if at.snap == nil || at.snap.age != t.forgot.Load() || at.kind.Ended(at.snap.State) {
		delete(t.entries, at.id)
		return
	}
	t.idle.push(at)
	for t.idle.bytes > e.stateBytes {
		old := t.idle.head
		t.idle.remove(old)
		delete(t.entries, old.id)
	}
}

// release is leave for one who never had the turn.
func (e *Engine) release(at *entry) {
	t := &e.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	at.users--
	if at.users == 0 {
		delete(t.entries, at.id)
	}
}

// Forget drops every decoded state; the next use reads it from the store again.
func (e *Engine) Forget() {
	t := &e.turns
	t.forgot.Add(1) // those whose turns are held now
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.idle.head != nil {
		at := t.idle.head
		t.idle.remove(at)
		delete(t.entries, at.id)
	}
}

// ForgetStream drops what is decoded of a stream, and returns it, nil if it was not.
func (e *Engine) ForgetStream(ctx context.Context, id center.StreamID) (state any, err error) {
	at, err := e.enter(ctx, id)
	if err != nil {
		return nil, err
	}
	defer e.leave(at)
	if at.snap != nil {
		state = at.snap.State
	}
	at.snap = nil
	return state, nil
}

// LastSeq is the sequence of a stream's last item, where it is known without asking the store: no other node writes to the
// store, the stream's state is kept decoded, and nobody works on the stream.
func (e *Engine) LastSeq(id center.StreamID) (seq int64, known bool) {
	if e.shared {
		return 0, false
	}
	t := &e.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	at := t.entries[id]
	if at == nil || at.users > 0 || at.snap.age != t.forgot.Load() {
		return 0, false
	}
	return at.snap.Seq, true
}

// Awake says that streams are worked on or kept decoded.
func (e *Engine) Awake() bool {
	e.turns.mu.Lock()
	defer e.turns.mu.Unlock()
	return len(e.turns.entries) > 0
}

// Stats are counts of decoded states, now and since the start.
type Stats struct {
	States int   // kept while nobody works on their streams
	Bytes  int   // that they take, about
	Hits   int64 // uses that found a state decoded
	Misses int64 // uses that read and decoded it
}

// Stats returns the counts.
func (e *Engine) Stats() Stats {
	t := &e.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	return Stats{States: t.idle.n, Bytes: t.idle.bytes, Hits: t.hits.Load(), Misses: t.misses.Load()}
}
