package shift

import (
	"context"
	"encoding/json"
	"io"
	"sync"
)

// queue keeps events until they are taken. It has no other bound.
type queue struct {
	mu     sync.Mutex
	events []Event
	count  int // of all that were ever put
	over   bool
	err    error         // why, once over; nil for an end in good order
	news   chan struct{} // holds one when there may be something to take
}

func newQueue() *queue { return &queue{news: make(chan struct{}, 1)} }

func (q *queue) put(e Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.events = append(q.events, e)
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

func (q *queue) take(ctx context.Context) (Event, error) {
	for {
		if e, ok, err := q.next(); ok || err != nil {
			return e, err
		}
		select {
		case <-q.news:
		case <-ctx.Done():
			return Event{}, context.Cause(ctx)
		}
	}
}

func (q *queue) next() (e Event, ok bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.events) > 0 {
		e, q.events[0] = q.events[0], Event{}
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

// fault reads the body of a refusal; nil for what is none.
func fault(raw []byte) *Fault {
	var said struct{ Type, Message string }
	if json.Unmarshal(raw, &said) != nil || said.Type == "" {
		return nil
	}
	return &Fault{Type: said.Type, Message: said.Message}
}

// isPong says that a frame is the answer to a ping.
func isPong(raw []byte) bool {
	var frame struct{ Topic string }
	return json.Unmarshal(raw, &frame) == nil && frame.Topic == "aws/ping"
}
