package parley

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/connectparticipant/types"
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
	// pageSize is what GetTranscript gives out at most.
	pageSize = 100
)

// arrival is a new socket, with what had happened before it was there.
type arrival struct {
	link   *link
	token  string
	until  time.Time // Expiry of the token; zero when it is not known
	events []Event   // missed before, or heard by now
}

// begin opens the first socket. What fails to connect is tried again; what the service refuses is not.
func (c *Chat) begin() (*arrival, error) {
	for n := 1; ; n++ {
		a, err := c.connect(c.life, true)
		if err == nil {
			c.enter(a)
			return a, nil
		}
		if c.life.Err() != nil || n == firstTries {
			return nil, err
		}
		var e *Error
		if !errors.As(err, &e) || e.Operation != "WebSocket" {
			return nil, err
		}
		if err := pause(c.life, n); err != nil {
			return nil, err
		}
	}
}

// enter waits until this participant has joined: the subscription makes them part of the chat, but is answered before.
// Who has joined earlier, or is not named, is not waited for long.
func (c *Chat) enter(a *arrival) {
	late := time.NewTimer(enterTime)
	defer late.Stop()
	frames := a.link.frames
	for !c.joined && !slices.ContainsFunc(a.events, c.isOwnJoin) {
		select {
		case f, open := <-frames:
			if !open {
				return // which is found out later
			}
			if f.item != nil {
				a.events = append(a.events, f.item.events()...)
			}
		case <-late.C:
			return
		case <-c.life.Done():
			return
		}
	}
}

func (c *Chat) isOwnJoin(e Event) bool {
	_, joined := e.(Joined)
	return joined && c.IsOwn(e)
}

// connect gets credentials, opens a socket, and when nothing more can be missed reads what was.
func (c *Chat) connect(life context.Context, first bool) (*arrival, error) {
	ctx, cancel := context.WithTimeout(life, connectTime)
	defer cancel()
	out, err := c.client.CreateParticipantConnection().ParticipantToken(c.token).
		SetType([]types.ConnectionType{types.ConnectionTypeWebsocket, types.ConnectionTypeConnectionCredentials}).Send(ctx)
	if err != nil {
		return nil, err
	}
	if out.Websocket == nil || out.ConnectionCredentials == nil {
		return nil, &Error{Kind: KindResponse, Operation: "CreateParticipantConnection", Attempts: 1, StatusCode: 200, Err: errors.New("the answer holds no socket and credentials")}
	}
	a := &arrival{token: given(out.ConnectionCredentials.ConnectionToken), until: parseTime(given(out.ConnectionCredentials.Expiry))}
	if first && c.options.SkipHistory {
		before, err := c.missed(ctx, a.token)
		if err != nil {
			return nil, err
		}
		c.joined = slices.ContainsFunc(before, c.isOwnJoin)
		c.unknown(before)
	}
	if a.link, err = dial(ctx, c.http, given(out.Websocket.Url)); err != nil {
		return nil, err
	}
	if a.events, err = c.missed(ctx, a.token); err != nil {
		a.link.close()
		return nil, err
	}
	return a, nil
}

// missed reads from the transcript, backwards, what was not shown. Tokens die with the chat: then nothing can be read,
// and the socket says so itself.
func (c *Chat) missed(ctx context.Context, token string) ([]Event, error) {
	var found []types.Item
	next := ""
	for {
		page := c.client.GetTranscript().ConnectionToken(token).MaxResults(pageSize).
			ScanDirection(types.ScanDirectionBackward).SortOrder(types.SortKeyDescending)
		if next != "" {
			page.NextToken(next)
		}
		out, err := page.Send(ctx)
		switch {
		case IsAccessDenied(err):
			return nil, nil
		case err != nil:
			return nil, err
		}
		found = append(found, out.Transcript...)
		following := given(out.NextToken)
		if following == "" || following == next || len(out.Transcript) == 0 || c.reachesBack(out.Transcript) {
			return present(found)
		}
		next = following
	}
}

// reachesBack says whether some of a page was shown before, or is of a session before this one.
func (c *Chat) reachesBack(page []types.Item) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(page, func(it types.Item) bool { return c.known[given(it.Id)] || isPast(&it) })
}

func isPast(it *types.Item) bool { return it.ContactId == nil && it.RelatedContactId != nil }

// present are the events of this session, oldest first, of items that came newest first.
func present(found []types.Item) ([]Event, error) {
	var events []Event
	for _, it := range slices.Backward(found) {
		if isPast(&it) {
			continue
		}
		read, err := itemOf(&it)
		if err != nil {
			return nil, unreadable(err)
		}
		events = append(events, read.events()...)
	}
	return events, nil
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
func (c *Chat) run(first *arrival) {
	err := c.live(first)
	if errors.Is(err, errClosed) {
		err = nil
	}
	c.mu.Lock()
	c.link = nil
	c.mu.Unlock()
	c.end(errClosed)
	c.err = err
	c.queue.end(err)
	close(c.done)
}

// live shows what happens, socket after socket, until the chat is over.
func (c *Chat) live(a *arrival) error {
	trouble := troubles{since: a.link.opened}
	for {
		if c.welcome(a) {
			a.link.close()
			return nil
		}
		next, err := c.follow(a, &trouble)
		c.forget(a.link)
		if next == nil {
			return err
		}
		a = next
	}
}

// welcome shows what a new socket brings: what was missed, and what it has heard by now, in order.
func (c *Chat) welcome(a *arrival) (ended bool) {
	c.adopt(a)
	events, pongs := a.link.heard()
	events = append(a.events, events...)
	a.events = nil
	inOrder(events)
	ended = c.show(events)
	for range pongs {
		c.ponged(a.link)
	}
	return ended
}

// adopt has everything that is sent from now on go by a new connection.
func (c *Chat) adopt(a *arrival) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.link, c.connection = a.link, a.token
}

// heard takes what has come and waits for nothing.
func (l *link) heard() (events []Event, pongs int) {
	for {
		select {
		case f, open := <-l.frames:
			switch {
			case !open:
				return events, pongs
			case f.pong:
				pongs++
			default:
				events = append(events, f.item.events()...)
			}
		default:
			return events, pongs
		}
	}
}

func (c *Chat) forget(l *link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pings, l)
}

// unknown returns the events that were not shown before, and remembers them.
func (c *Chat) unknown(events []Event) []Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(events, func(e Event) bool {
		id := identity(e)
		if id == "" {
			return false
		}
		known := c.known[id]
		c.known[id] = true
		return known
	})
}

// show puts events where they are taken from, and says whether the chat has ended with them.
func (c *Chat) show(events []Event) (ended bool) {
	for _, e := range c.unknown(events) {
		c.queue.put(e)
		if _, ended := e.(Ended); ended {
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
func (t *troubles) meet(l *link) {
	if time.Since(l.opened) >= soundAfter {
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
func (c *Chat) seek(t troubles) *search {
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
		a.link.close()
	}
}

// reconnect tries until there is a socket, or no hope for one.
func (c *Chat) reconnect(ctx context.Context, t troubles) (*arrival, error) {
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
		case refuses(err):
			return nil, fmt.Errorf("the chat is over, or this participant is no longer part of it: %w", err)
		case time.Since(t.since) > c.options.GiveUpAfter:
			return nil, c.hopeless(err)
		}
		t.failures++
	}
}

func (c *Chat) hopeless(err error) error {
	return fmt.Errorf("not connected again within %v: %w", c.options.GiveUpAfter, err)
}

// refuses says that the service has decided: another try gets the same answer.
func refuses(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Kind == KindConstruction || e.Kind == KindService && !IsRetryable(err) && e.StatusCode < 500 && e.StatusCode != 0)
}

// follow shows what a socket hears until there is another in its place, or until the chat is over for this
// participant, for a reason or, in good order, for none. It closes the socket.
func (c *Chat) follow(a *arrival, t *troubles) (*arrival, error) {
	l, frames := a.link, a.link.frames
	defer func() { l.close() }()
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
				if c.hear(l, f) {
					return nil, nil
				}
				continue
			}
			frames = nil
			if leaves == nil {
				return nil, nil
			}
			t.meet(l)
			c.tell(false, l.why)
			if time.Since(t.since) > c.options.GiveUpAfter {
				return nil, c.hopeless(l.why)
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
				return c.replace(l, frames == nil, next)
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
func (c *Chat) replace(old *link, lost bool, next *arrival) (*arrival, error) {
	events, pongs := old.heard()
	for range pongs {
		c.ponged(old)
	}
	if c.show(events) {
		next.link.close()
		return nil, nil
	}
	if lost {
		c.tell(true, nil)
	}
	return next, nil
}

func (c *Chat) hear(l *link, f frame) (ended bool) {
	if f.pong {
		c.ponged(l)
		return false
	}
	return c.show(f.item.events())
}

func (c *Chat) tell(connected bool, why error) {
	if c.options.OnConnection != nil {
		c.options.OnConnection(connected, why)
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
