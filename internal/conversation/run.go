package conversation

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

const (
	// socketLife is when a socket is replaced, as chatjs does: the service closes those that are an hour old.
	socketLife = 59 * time.Minute
	// expiryMargin is how long before its Expiry a connection token is replaced.
	expiryMargin = time.Minute
	// soundAfter is how long a socket must have lived for its end to be no failure to connect.
	soundAfter = 30 * time.Second
	// enterTime is how long Join waits for the news that the participant has joined.
	enterTime = 3 * time.Second
	// firstTries is how often Join tries to open the socket.
	firstTries = 3
	// connectTime is how long one try may take, retries of requests included.
	connectTime = 45 * time.Second
	// firstPause and lastPause bound the pauses between tries; each is a random part of its bound.
	firstPause, lastPause = 100 * time.Millisecond, 10 * time.Second
	// farewell is how long after Disconnect the end of the chat is waited for.
	farewell = 5 * time.Second
)

// arrival is a new socket, with what had happened before it was there.
type arrival struct {
	socket *socket
	token  string
	until  time.Time // Expiry of the token; zero when it is not known
	items  []Item    // missed before, or heard by now
}

// begin opens the first socket. What fails to connect is tried again; what the service refuses is not.
func (c *Conversation) begin() (*arrival, error) {
	for n := 1; ; n++ {
		a, err := c.connect(c.life, true)
		if err == nil {
			c.enter(a)
			return a, nil
		}
		if c.life.Err() != nil || n == firstTries {
			return nil, err
		}
		var broken *SocketError
		if !errors.As(err, &broken) {
			return nil, err
		}
		if err := pause(c.life, n); err != nil {
			return nil, err
		}
	}
}

// enter waits until this participant has joined: the subscription makes them part of the chat, but is answered before.
// Who has joined earlier, or is not named, is not waited for long.
func (c *Conversation) enter(a *arrival) {
	late := time.NewTimer(enterTime)
	defer late.Stop()
	frames := a.socket.frames
	for !c.joined && !slices.ContainsFunc(a.items, c.isOwnJoin) {
		select {
		case f, open := <-frames:
			if !open {
				return // which is found out later
			}
			if f.item != nil {
				a.items = append(a.items, f.item.apart()...)
			}
		case <-late.C:
			return
		case <-c.life.Done():
			return
		}
	}
}

func (c *Conversation) isOwnJoin(it Item) bool {
	return it.ContentType == EventJoined && it.ParticipantID == c.Participant
}

// connect gets credentials, opens a socket, and when nothing more can be missed reads what was.
func (c *Conversation) connect(life context.Context, first bool) (*arrival, error) {
	ctx, cancel := context.WithTimeout(life, connectTime)
	defer cancel()
	with, err := c.Service.Connect(ctx)
	if err != nil {
		return nil, err
	}
	a := &arrival{token: with.Token, until: with.Expiry}
	if first && c.SkipHistory {
		before, err := c.missed(ctx, a.token)
		if err != nil {
			return nil, err
		}
		c.joined = slices.ContainsFunc(before, c.isOwnJoin)
		c.unknown(before)
	}
	if a.socket, err = dial(ctx, c.HTTP, with.URL); err != nil {
		return nil, err
	}
	if a.items, err = c.missed(ctx, a.token); err != nil {
		a.socket.close()
		return nil, err
	}
	return a, nil
}

// missed reads from the transcript, backwards, what was not shown. Tokens die with the chat: then nothing can be read,
// and the socket says so itself.
func (c *Conversation) missed(ctx context.Context, token string) ([]Item, error) {
	var found []Item
	next := ""
	for {
		page, err := c.Service.Transcript(ctx, token, next)
		switch {
		case err != nil && c.Service.IsDenied(err):
			return nil, nil
		case err != nil:
			return nil, err
		}
		found = append(found, page.Items...)
		if page.Next == "" || page.Next == next || len(page.Items) == 0 || c.reachesBack(page.Items) {
			return present(found), nil
		}
		next = page.Next
	}
}

// reachesBack says whether some of a page was shown before, or is of a session before this one.
func (c *Conversation) reachesBack(page []Item) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(page, func(it Item) bool { return c.known[it.ID] || it.IsPast() })
}

// present are the items of this session, oldest first, of items that came newest first.
func present(found []Item) []Item {
	var items []Item
	for _, it := range slices.Backward(found) {
		if !it.IsPast() {
			items = append(items, it.apart()...)
		}
	}
	return items
}

// pause waits before the nth try after a failure; before the first only long enough that not all clients of a server
// that went away come back in the same instant.
func pause(ctx context.Context, n int) error {
	most := min(firstPause<<min(n, 16), lastPause)
	t := time.NewTimer(rand.N(most))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// run lives from the first socket to the end.
func (c *Conversation) run(first *arrival) {
	err := c.live(first)
	if errors.Is(err, errClosed) {
		err = nil
	}
	c.mu.Lock()
	c.socket = nil
	c.mu.Unlock()
	c.end(errClosed)
	c.err = err
	c.queue.end(err)
	close(c.done)
}

// live shows what happens, socket after socket, until the chat is over.
func (c *Conversation) live(a *arrival) error {
	trouble := troubles{since: a.socket.opened}
	for {
		if c.welcome(a) {
			a.socket.close()
			return nil
		}
		next, err := c.follow(a, &trouble)
		c.forget(a.socket)
		if next == nil {
			return err
		}
		a = next
	}
}

// welcome shows what a new socket brings: what was missed, and what it has heard by now, in order.
func (c *Conversation) welcome(a *arrival) (ended bool) {
	c.adopt(a)
	items, pongs := a.socket.heard()
	items = append(a.items, items...)
	a.items = nil
	inOrder(items)
	ended = c.show(items)
	for range pongs {
		c.ponged(a.socket)
	}
	return ended
}

// adopt has everything that is sent from now on go by a new connection.
func (c *Conversation) adopt(a *arrival) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.socket, c.token = a.socket, a.token
}

// heard takes what has come and waits for nothing.
func (s *socket) heard() (items []Item, pongs int) {
	for {
		select {
		case f, open := <-s.frames:
			switch {
			case !open:
				return items, pongs
			case f.pong:
				pongs++
			default:
				items = append(items, f.item.apart()...)
			}
		default:
			return items, pongs
		}
	}
}

func (c *Conversation) forget(s *socket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pings, s)
}

// unknown returns the items that were not shown before, and remembers them.
func (c *Conversation) unknown(items []Item) []Item {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(items, func(it Item) bool {
		id := it.identity()
		if id == "" {
			return false
		}
		known := c.known[id]
		c.known[id] = true
		return known
	})
}

// show puts items where they are taken from, and says whether the chat has ended with them.
func (c *Conversation) show(items []Item) (ended bool) {
	for _, it := range c.unknown(items) {
		c.queue.put(it)
		if it.ContentType == EventEnded {
			return true
		}
	}
	return false
}

// troubles are how it went lately: sockets that break at once are opened again ever more slowly, and not for ever.
type troubles struct {
	since    time.Time // when they began
	failures int
}

// meet counts the end of a socket.
func (t *troubles) meet(s *socket) {
	if time.Since(s.opened) >= soundAfter {
		t.since, t.failures = time.Now(), 0
		return
	}
	t.failures++
}

// search is a goroutine that opens a socket.
type search struct {
	stop  context.CancelFunc
	found chan *arrival // one is sent, nil if there is none
	err   error         // why there is none
}

// seek starts a search.
func (c *Conversation) seek(t troubles) *search {
	ctx, stop := context.WithCancel(c.life)
	s := &search{stop: stop, found: make(chan *arrival, 1)}
	go func() {
		defer stop()
		var a *arrival
		a, s.err = c.reconnect(ctx, t)
		s.found <- a
	}()
	return s
}

// giveUp ends a search and closes what it may have found.
func (s *search) giveUp() {
	if s == nil {
		return
	}
	s.stop()
	if a := <-s.found; a != nil {
		a.socket.close()
	}
}

// reconnect tries until there is a socket, or no hope for one.
func (c *Conversation) reconnect(ctx context.Context, t troubles) (*arrival, error) {
	for {
		if err := pause(ctx, t.failures); err != nil {
			return nil, err
		}
		a, err := c.connect(ctx, false)
		switch {
		case err == nil:
			return a, nil
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case c.Service.IsFinal(err):
			return nil, fmt.Errorf("the chat is over, or this participant is no longer part of it: %w", err)
		case time.Since(t.since) > c.GiveUpAfter:
			return nil, c.hopeless(err)
		}
		t.failures++
	}
}

func (c *Conversation) hopeless(err error) error {
	return fmt.Errorf("not connected again within %v: %w", c.GiveUpAfter, err)
}

// follow shows what a socket hears until there is another in its place, or until the chat is over for this
// participant, for a reason or, in good order, for none. It closes the socket.
func (c *Conversation) follow(a *arrival, t *troubles) (*arrival, error) {
	now, frames := a.socket, a.socket.frames
	defer now.close()
	renewal := time.NewTimer(a.lifetime())
	defer renewal.Stop()
	var (
		s      *search
		found  <-chan *arrival
		leaves = c.leaves
		gone   <-chan time.Time
	)
	defer func() { s.giveUp() }()
	for {
		select {
		case f, open := <-frames:
			if open {
				if c.hear(now, f) {
					return nil, nil
				}
				continue
			}
			frames = nil
			if leaves == nil {
				return nil, nil
			}
			t.meet(now)
			c.tell(false, now.why)
			if time.Since(t.since) > c.GiveUpAfter {
				return nil, c.hopeless(now.why)
			}
			if s == nil {
				s = c.seek(*t)
				found = s.found
			}
		case <-renewal.C:
			if s == nil {
				s = c.seek(troubles{since: time.Now()})
				found = s.found
			}
		case next := <-found:
			over := s.err
			s, found = nil, nil
			switch {
			case next != nil:
				return c.replace(now, frames == nil, next)
			case frames == nil:
				return nil, over
			}
			renewal.Reset(expiryMargin / 2) // the old socket is as good as ever
		case <-leaves:
			leaves, gone = nil, time.After(farewell)
			if frames == nil {
				return nil, nil
			}
		case <-gone:
			return nil, nil
		case <-c.life.Done():
			return nil, context.Cause(c.life)
		}
	}
}

// replace shows the last that an old socket has heard, unless it was lost, and hands over.
func (c *Conversation) replace(old *socket, lost bool, next *arrival) (*arrival, error) {
	items, pongs := old.heard()
	for range pongs {
		c.ponged(old)
	}
	if c.show(items) {
		next.socket.close()
		return nil, nil
	}
	if lost {
		c.tell(true, nil)
	}
	return next, nil
}

func (c *Conversation) hear(s *socket, f frame) (ended bool) {
	if f.pong {
		c.ponged(s)
		return false
	}
	return c.show(f.item.apart())
}

func (c *Conversation) tell(connected bool, why error) {
	if c.OnConnection != nil {
		c.OnConnection(connected, why)
	}
}

// lifetime is how long a socket and its token are used.
func (a *arrival) lifetime() time.Duration {
	life := socketLife - rand.N(time.Minute)
	if !a.until.IsZero() {
		life = min(life, time.Until(a.until)-expiryMargin)
	}
	return max(life, beat)
}
