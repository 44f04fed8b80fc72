// Package bus carries the news of committed items to whoever listens to their chat.
//
// The store is the truth and the bus a hint: a bus may drop, double and reorder, and its listeners must survive
// that. [Local] is the bus of one process and does none of these things. It depends on center alone. It never
// stores an item, and never tells of one that is not committed: publishing before the commit is its callers' bug.
package bus

import (
	"hash/maphash"
	"slices"
	"sync"

	"github.com/parley-chat/parley/internal/center"
)

const shards = 64

// Local is the bus inside one process. Its zero value is not usable; see [NewLocal].
type Local struct {
	seed   maphash.Seed
	shards [shards]shard
}

type shard struct {
	mu sync.Mutex
	// listeners of a chat, in the order they came. The slice is replaced, never changed, so that Publish can walk
	// it without the lock.
	listeners map[center.StreamID][]*listener
}

type listener struct {
	deliver func([]center.Item)
}

// NewLocal returns a bus with nobody listening.
func NewLocal() *Local {
	b := &Local{seed: maphash.MakeSeed()}
	for i := range b.shards {
		b.shards[i].listeners = make(map[center.StreamID][]*listener)
	}
	return b
}

func (b *Local) shard(chat center.StreamID) *shard {
	return &b.shards[maphash.String(b.seed, string(chat))%shards]
}

// Publish hands the items to every listener of the chat before it returns, in the caller's goroutine and with no
// lock held. Listeners must not change the items nor block.
func (b *Local) Publish(chat center.StreamID, items []center.Item) {
	s := b.shard(chat)
	s.mu.Lock()
	listeners := s.listeners[chat]
	s.mu.Unlock()
	for _, l := range listeners {
		l.deliver(items)
	}
}

// Listen calls deliver with everything published to the chat until stop is called. A delivery that is under way
// when stop is called may still arrive after it. Calling stop twice is fine.
func (b *Local) Listen(chat center.StreamID, deliver func([]center.Item)) (stop func()) {
	s := b.shard(chat)
	l := &listener{deliver}
	s.mu.Lock()
	s.listeners[chat] = append(slices.Clip(s.listeners[chat]), l)
	s.mu.Unlock()
	return func() { s.drop(chat, l) }
}

func (s *shard) drop(chat center.StreamID, l *listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.listeners[chat]
	i := slices.Index(old, l)
	switch {
	case i < 0:
	case len(old) == 1:
		delete(s.listeners, chat)
	default:
		s.listeners[chat] = slices.Concat(old[:i], old[i+1:])
	}
}
