// Package door bounds the memory that unauthenticated clients cost.
//
// Everything a client sends passes through its connection's Read, so that is where it is counted: request headers, bodies
// and TLS handshakes alike, whichever handler reads them. A [Budget] is shared by all listeners of a server. What a
// request has sent counts against it until the request's handler calls [Release], because it knows the caller or has
// answered, and at the latest until the connection waits for its next request or ends. A new handler is bounded
// without doing anything.
//
// Room in the budget comes before the reading, so that the budget is never overdrawn. A full one makes readers wait for a moment. Meanwhile the connections that have held a part of it the longest are
// cut, if they have had it for longer than a request needs to arrive: a client that sends slowly or not at all cannot
// keep others out.
//
// What is not counted: the fixed cost of a connection (buffers and goroutine of net/http, about 20 KiB), which the
// limit on open files bounds, and the first [Free] bytes of each request, for which the connection's read buffer has
// room anyway.
//
// Package door depends on the standard library alone. It never decides who is authenticated.
package door

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// Free is how many bytes of each request do not count: net/http's read buffer of a connection.
	Free = 4 << 10
	// unit is how much of the budget a connection takes at a time.
	unit = 4 << 10
	// slow is how long a connection may hold a part of the budget while others wait for it.
	slow = time.Second
	// patience is how long a Read waits for room in the budget. It is longer than slow.
	patience = 2 * time.Second
	// look is how often a Read that waits looks for connections that have become slow.
	look = 100 * time.Millisecond
)

// ErrFull is what reading from a connection fails with when the budget has no room for it.
var ErrFull net.Error = fullError{}

type fullError struct{}

func (fullError) Error() string { return "too much is arriving from unauthenticated clients" }

// Timeout makes ErrFull a net.Error like that of a deadline: net/http ends the connection when a header does not
// arrive.
func (fullError) Timeout() bool { return true }

// Temporary completes net.Error.
func (fullError) Temporary() bool { return false }

// Budget is how many bytes of unauthenticated requests a server holds at most. See [New].
type Budget struct {
	mu      sync.Mutex
	free    int64
	size    int64
	peak    int64      // the most that was ever held
	holders *list.List // of *conn, the one that has held the longest first
	waiting *list.List // of *waiter, in the order of their arrival
	refused int64      // connections that were cut, and Reads that waited in vain
	wasted  int64      // given back by connections that were never released, since the last collection
	collect func()
}

// waiter is a Read that waits for room.
type waiter struct {
	conn *conn
	done chan struct{} // closed once it has room, or was cut
}

// New returns a budget of so many bytes. Whenever requests that were never released have given back a quarter of it, it
// calls collect, unless that is nil: they have become garbage, several times as much, since buffers that grow are copied.
func New(bytes int64, collect func()) *Budget {
	return &Budget{free: bytes, size: bytes, holders: list.New(), waiting: list.New(), collect: collect}
}

// Stats are a budget's figures.
type Stats struct {
	Size, Held, Peak int64 // bytes
	Refused          int64 // requests that found no room or had to make room, since the start
}

// Stats returns the budget's figures now.
func (b *Budget) Stats() Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	return Stats{b.size, b.size - b.free, b.peak, b.refused}
}

// Listen returns a listener whose connections count against the budget. TLS goes around it, not beneath it. Only
// servers that Guard was called for may serve it.
func (b *Budget) Listen(ln net.Listener) net.Listener { return listener{ln, b} }

// Guard prepares a server for a listener of the budget: its handlers can Release, and a connection holds nothing once
// its request is answered. The server's Handler is set before, and its ConnState if it has one.
func (b *Budget) Guard(s *http.Server) {
	s.ConnContext = connContext
	next, told := s.Handler, s.ConnState
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer answered(r.Context())
		next.ServeHTTP(w, r)
	})
	s.ConnState = func(c net.Conn, to http.ConnState) {
		changed(c, to)
		if told != nil {
			told(c, to)
		}
	}
}

type listener struct {
	net.Listener
	budget *Budget
}

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, budget: l.budget}, nil
}

type key struct{}

func connContext(ctx context.Context, c net.Conn) context.Context {
	if counted := beneath(c); counted != nil {
		return context.WithValue(ctx, key{}, counted)
	}
	return ctx
}

// changed sees that a connection that waits for its next request or has ended holds nothing.
func changed(c net.Conn, to http.ConnState) {
	counted := beneath(c)
	if counted == nil {
		return
	}
	switch to {
	case http.StateIdle:
		counted.next()
	case http.StateClosed:
		counted.end()
	}
}

// beneath returns the counted connection that c is or is made of.
func beneath(c net.Conn) *conn {
	switch c := c.(type) {
	case *conn:
		return c
	case interface{ NetConn() net.Conn }: // *tls.Conn
		return beneath(c.NetConn())
	}
	return nil
}

// Release ends the counting of a request: its caller is authenticated, or nothing of it is kept. ctx is the request's. A
// connection that was hijacked is never counted again, others are with their next request.
func Release(ctx context.Context) {
	if c, ok := ctx.Value(key{}).(*conn); ok {
		c.release(false)
	}
}

// answered ends the counting of a request of which nothing is kept any more.
func answered(ctx context.Context) {
	if c, ok := ctx.Value(key{}).(*conn); ok {
		c.release(true)
	}
}

// conn is a connection that counts what it reads.
type conn struct {
	net.Conn
	budget *Budget

	mu       sync.Mutex
	released bool  // nothing counts until the next request
	arrived  int64 // bytes of the request at hand

	cut  atomic.Bool  // it held its part for too long while others waited
	held atomic.Int64 // of the budget; written under budget.mu

	// Guarded by budget.mu:
	since time.Time // it holds something
	place *list.Element
	ended bool
}

// Read waits until the budget has room, and reads no more than that. An error about the budget ends the connection.
func (c *conn) Read(p []byte) (int, error) {
	may, err := c.mayRead(len(p))
	if err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p[:may])
	c.mu.Lock()
	c.arrived += int64(n)
	c.mu.Unlock()
	if c.cut.Load() {
		return 0, ErrFull
	}
	return n, err
}

// mayRead returns how many of the bytes that a reader has room for may be read.
func (c *conn) mayRead(bytes int) (int, error) {
	if c.cut.Load() {
		return 0, ErrFull
	}
	c.mu.Lock()
	released, left := c.released, Free+c.held.Load()-c.arrived
	c.mu.Unlock()
	switch {
	case released:
		return bytes, nil
	case left > 0:
		return int(min(int64(bytes), left)), nil
	case bytes == 1:
		return 1, nil // net/http waits for the client to go away
	}
	if err := c.budget.take(c); err != nil {
		return 0, err
	}
	return min(bytes, unit), nil
}

// CloseWrite lets net/http send its last answer before it closes a connection with unread bytes.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

func (c *conn) release(wasted bool) {
	c.mu.Lock()
	c.released = true
	c.mu.Unlock()
	if c.held.Load() > 0 {
		c.budget.give(c, wasted, false)
	}
}

func (c *conn) next() {
	c.mu.Lock()
	c.released, c.arrived = false, 0
	c.mu.Unlock()
	if c.held.Load() > 0 {
		c.budget.give(c, true, false)
	}
}

func (c *conn) end() { c.budget.give(c, true, true) }

// take waits until the budget has a unit free and gives it to the connection.
func (b *Budget) take(c *conn) error {
	b.mu.Lock()
	if b.waiting.Len() == 0 && b.free >= unit {
		b.grant(c)
		b.mu.Unlock()
		return nil
	}
	w := &waiter{c, make(chan struct{})}
	place := b.waiting.PushBack(w)
	b.mu.Unlock()

	late := time.NewTimer(patience)
	defer late.Stop()
	again := time.NewTicker(look)
	defer again.Stop()
	for {
		b.makeRoom()
		select {
		case <-w.done:
			if c.cut.Load() {
				return ErrFull
			}
			return nil
		case <-again.C:
		case <-late.C:
			b.mu.Lock()
			defer b.mu.Unlock()
			select {
			case <-w.done: // in the same instant
				if !c.cut.Load() {
					return nil
				}
			default:
				b.waiting.Remove(place)
				b.refused++
			}
			return ErrFull
		}
	}
}

// grant gives a unit to a connection. b.mu is held.
func (b *Budget) grant(c *conn) {
	if c.ended {
		return
	}
	if c.place == nil {
		c.since = time.Now()
		c.place = b.holders.PushBack(c)
	}
	c.held.Add(unit)
	b.free -= unit
	b.peak = max(b.peak, b.size-b.free)
}

// give takes back all that a connection holds.
func (b *Budget) give(c *conn, wasted, ended bool) {
	if b.takeBack(c, wasted, ended) && b.collect != nil {
		b.collect()
	}
}

// takeBack says whether it is time to collect.
func (b *Budget) takeBack(c *conn, wasted, ended bool) (due bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c.ended = c.ended || ended
	held := c.held.Swap(0)
	b.free += held
	if wasted {
		b.wasted += held
	}
	if due = b.wasted >= b.size/4; due {
		b.wasted = 0
	}
	if c.place != nil {
		b.holders.Remove(c.place)
		c.place = nil
	}
	for b.waiting.Len() > 0 && b.free >= unit {
		w := b.waiting.Remove(b.waiting.Front()).(*waiter)
		b.grant(w.conn)
		close(w.done)
	}
	return due
}

// makeRoom cuts slow connections, the oldest first, until what they hold is enough for all who wait.
func (b *Budget) makeRoom() {
	b.mu.Lock()
	defer b.mu.Unlock()
	wanted := unit*int64(b.waiting.Len()) - b.free
	now := time.Now()
	for place := b.holders.Front(); place != nil && wanted > 0; place = place.Next() {
		c := place.Value.(*conn)
		if now.Sub(c.since) < slow {
			return
		}
		wanted -= c.held.Load()
		if c.cut.Load() {
			continue // it has not given back yet
		}
		c.cut.Store(true)
		b.refused++
		_ = c.SetReadDeadline(longAgo) // wakes its Read
		for w := b.waiting.Front(); w != nil; w = w.Next() {
			if w.Value.(*waiter).conn == c {
				b.waiting.Remove(w)
				close(w.Value.(*waiter).done)
				break
			}
		}
	}
}

// longAgo is a deadline that has passed on every clock.
var longAgo = time.Unix(1, 0)
