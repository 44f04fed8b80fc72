package parley

import (
	"context"
	"io"
	"sync"
)

// maxTyping is how many events may wait before typing, which is of the moment, is left out.
const maxTyping = 100

// eventQueue keeps events until they are taken. It has no other bound: a chat is what people can say.
type eventQueue struct {
	mu     sync.Mutex
	events []Event
	count  int // of all that were ever put
	over   bool
	err    error         // why, once over; nil for an end in good order
	news   chan struct{} // holds one when there may be something to take
}

func newEventQueue() *eventQueue { return &eventQueue{news: make(chan struct{}, 1)} }

func (q *eventQueue) put(e Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, ok := e.(Typing); ok && len(q.events) >= maxTyping {
		return
	}
	q.events = append(q.events, e)
	q.count++
	q.tell()
}

func (q *eventQueue) total() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.count
}

// end lets takers have what is left, and then the reason.
func (q *eventQueue) end(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.over, q.err = true, err
	q.tell()
}

// tell wakes one taker. q.mu is held.
func (q *eventQueue) tell() {
	select {
	case q.news <- struct{}{}:
	default:
	}
}

// take waits for the next event. After the last one it returns io.EOF, or why the chat is over.
func (q *eventQueue) take(ctx context.Context) (Event, error) {
	for {
		if e, ok, err := q.next(); ok || err != nil {
			return e, err
		}
		select {
		case <-q.news:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (q *eventQueue) next() (e Event, ok bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.events) > 0 {
		e = q.events[0]
		q.events[0] = nil
		q.events = q.events[1:]
		ok = true
	}
	if len(q.events) > 0 || q.over {
		q.tell() // another taker may wait too
	}
	if !ok && q.over {
		if err = q.err; err == nil {
			err = io.EOF
		}
	}
	return e, ok, err
}
