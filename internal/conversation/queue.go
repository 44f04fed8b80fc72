package conversation

import (
	"context"
	"io"
	"sync"
)

// maxTyping is how many items may wait before typing, which is of the moment, is left out.
const maxTyping = 100

// queue keeps items until they are taken. It has no other bound: a chat is what people can say.
type queue struct {
	mu    sync.Mutex
	items []Item
	count int // of all that were ever put
	over  bool
	err   error         // why, once over; nil for an end in good order
	news  chan struct{} // holds one when there may be something to take
}

func newQueue() *queue { return &queue{news: make(chan struct{}, 1)} }

func (q *queue) put(it Item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if it.ContentType == EventTyping && len(q.items) >= maxTyping {
		return
	}
	q.items = append(q.items, it)
	q.count++
	q.tell()
}

func (q *queue) total() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.count
}

// end lets takers have what is left, and then the reason.
func (q *queue) end(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.over, q.err = true, err
	q.tell()
}

// tell wakes one taker. q.mu is held.
func (q *queue) tell() {
	select {
	case q.news <- struct{}{}:
	default:
	}
}

// take waits for the next item. After the last one it returns io.EOF, or why the chat is over.
func (q *queue) take(ctx context.Context) (Item, error) {
	for {
		if it, ok, err := q.next(); ok || err != nil {
			return it, err
		}
		select {
		case <-q.news:
		case <-ctx.Done():
			return Item{}, context.Cause(ctx)
		}
	}
}

func (q *queue) next() (it Item, ok bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) > 0 {
		it = q.items[0]
		q.items[0] = Item{}
		q.items = q.items[1:]
		ok = true
	}
	if len(q.items) > 0 || q.over {
		q.tell() // another taker may wait too
	}
	if !ok && q.over {
		if err = q.err; err == nil {
			err = io.EOF
		}
	}
	return it, ok, err
}
