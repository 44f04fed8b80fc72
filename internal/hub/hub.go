// Package hub holds this node's sockets: which streams each listens to, and the frames that wait for each.
//
// A socket has memberships, one for each stream that it listens to. Items come as news from a bus, which may drop, double
// and reorder them; the hub gives every membership those of its stream once and in the order of their sequence, reading
// what is missing from the [Source]. The hub depends on
// center, on wire/socket for the texts, and on lxzan/gws for the handshake and for reading frames; everything
// written goes through one bounded queue and at most one writer a socket. It never decides who may connect, never
// stores anything, and never shows an item that is not committed: its bus must not carry such a one.
package hub

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lxzan/gws"

	"github.com/parley-chat/parley/internal/center"
)

// Socket says whose socket a request becomes.
type Socket struct {
	// Principal has at most Limit sockets on this node; one more closes the oldest. Principals of different kinds must not
	// be equal; a participant's is the participant's id.
	Principal string
	Limit     int // at least 1
	// Viewer is the participant whose socket it is, and makes its first membership: it is joined when the client
	// subscribes to its chat, begins there, and the socket ends with it. Without a chat there is none.
	Viewer Viewer
}

// Viewer is a participant who looks at their chat.
type Viewer struct {
	Chat        center.StreamID
	Contact     center.ContactID
	Participant center.ParticipantID
	Role        center.Role
}

// Source is what the hub asks of the rest of the server. Its methods are called from the hub's own goroutines and
// must return when their context ends.
type Source interface {
	// ItemsAfter returns the committed items of a stream that follow seq, in order, at most limit of them. The error is a
	// [*center.Trimmed] when the stream does not keep the next one any more.
	ItemsAfter(ctx context.Context, stream center.StreamID, seq int64, limit int) ([]center.Item, error)
	// LastSeqs returns the sequence of the last committed item of each stream; one that is not there is left out.
	LastSeqs(ctx context.Context, streams []center.StreamID) (map[center.StreamID]int64, error)
	// Connected is told of a participant's first subscription to the chat, which is answered when it has returned. Refused
	// (a [center.Error] other than Internal or Unavailable: the participant is gone, the chat has ended), the socket is
	// closed; any other error is tried again.
	Connected(ctx context.Context, v Viewer) error
}

// Bus brings the news. deliver may be called from any goroutine, also once more after stop.
type Bus interface {
	Listen(stream center.StreamID, deliver func([]center.Item)) (stop func())
}

// Options of a [Hub]. Source and Bus are required; zero means the default everywhere else.
type Options struct {
	Source Source
	Bus    Bus
	Log    *slog.Logger

	// Queue and QueueBytes bound what waits for one socket; beyond either, it is closed as a slow reader.
	Queue      int // frames; 1024, so that whatever a flow may say at once fits
	QueueBytes int // 4 MiB
	// Remote says that news also comes from other nodes and may be lost on the way: what was delivered is compared
	// with the store every CheckEvery.
	Remote     bool
	CheckEvery time.Duration // 2 s
	// EndGrace is how long a participant's socket stays open after chat.ended or its own participant.left: clients close first.
	EndGrace time.Duration // 2 s
	// IdleTimeout closes a socket that sends nothing: web clients beat every 10 s, the Android SDK pings every 60 s.
	IdleTimeout  time.Duration // 150 s
	WriteTimeout time.Duration // 10 s, for one write
	CloseTimeout time.Duration // 2 s, for the client's answer to a close
}

func (o Options) withDefaults() Options {
	orInt := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	or := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	orInt(&o.Queue, 1024)
	orInt(&o.QueueBytes, 4<<20)
	or(&o.CheckEvery, 2*time.Second)
	or(&o.EndGrace, 2*time.Second)
	or(&o.IdleTimeout, 150*time.Second)
	or(&o.WriteTimeout, 10*time.Second)
	or(&o.CloseTimeout, 2*time.Second)
	return o
}

// Hub is the sockets of one node. See [New].
type Hub struct {
	opt      Options
	upgrader *gws.Upgrader
	ctx      context.Context // of calls to the source; ends when Close has seen the last socket go, or gives up waiting
	cancel   context.CancelFunc
	reading  sync.WaitGroup // the sockets, writers included
	running  sync.WaitGroup // all other goroutines; started by sockets and by rooms with sockets only
	resync   chan struct{}  // of capacity 1: compare with the store now

	delivered, repaired, slow atomic.Int64

	mu       sync.Mutex
	closed   bool
	checking bool // the goroutine of check runs
	rooms    map[center.StreamID]*room
	// sockets of each principal, oldest first: all that are open, subscribed or not.
	sockets map[string][]*conn
	count   int // of sockets
}

// New returns a hub with no sockets. It starts nothing.
func New(o Options) *Hub {
	h := &Hub{
		opt:     o.withDefaults(),
		resync:  make(chan struct{}, 1),
		rooms:   make(map[center.StreamID]*room),
		sockets: make(map[string][]*conn),
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.upgrader = newUpgrader()
	return h
}

// Serve makes the request a socket and returns; the socket lives on in the hub. A request that does not become one has
// been answered. The caller has checked that the request may be the principal's, and that its Origin is approved. To the hub
// any Origin is welcome: the URL is the credential.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, s Socket) (ms Memberships, ok bool) {
	if !checkHandshake(w, r) {
		return ms, false
	}
	if !h.enter() {
		http.Error(w, "shutting down", http.StatusServiceUnavailable)
		return ms, false
	}
	c, err := h.upgrade(w, r, s)
	if err != nil {
		h.reading.Done()
		h.opt.Log.Debug("socket handshake failed", "err", err)
		return ms, false
	}
	if oldest := h.add(c, s.Limit); oldest != nil {
		oldest.shut(closeGoingAway, "too many connections")
	}
	go c.run() // its own goroutine, so that what net/http holds for the request is freed
	return Memberships{c}, true
}

// enter counts a socket, unless the hub is closed.
func (h *Hub) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.reading.Add(1)
	return true
}

// add takes the socket in, and returns the one that must leave for it, if any.
func (h *Hub) add(c *conn, limit int) (oldest *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	open := append(h.sockets[c.principal], c)
	h.sockets[c.principal] = open
	h.count++
	// Those on their way out still hold a place in the list until their client answers.
	staying := 0
	for i := len(open) - 1; i >= 0; i-- {
		if open[i].leaving() {
			continue
		}
		if staying++; staying > limit {
			return open[i]
		}
	}
	return nil
}

// forget lets go of a socket whose reading has ended. It is the last that happens to it but for a write under way.
func (h *Hub) forget(c *conn) {
	joined, ended := c.partAll()
	h.drop(c)
	h.leave(&c.own)
	for _, m := range joined {
		h.leave(m)
	}
	if ended != nil {
		ended()
	}
}

func (h *Hub) drop(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	left := without(h.sockets[c.principal], c)
	if len(left) == 0 {
		delete(h.sockets, c.principal)
	} else {
		h.sockets[c.principal] = left
	}
	h.count--
}

// leave takes a membership that is gone out of its room, and closes a room that is empty then.
func (h *Hub) leave(m *Membership) {
	h.mu.Lock()
	r := m.room
	m.room = nil
	empty := false
	if r != nil {
		if r.refs--; r.refs == 0 {
			delete(h.rooms, r.stream)
			empty = true
		}
	}
	h.mu.Unlock()
	if r != nil {
		r.remove(m)
	}
	if empty {
		r.close()
	}
}

// subscribe is the whole of joining a stream. For a participant it returns when they are connected, or the socket is
// forgotten, which it is not before the source has taken the subscription or had time to. From its admission on no item
// is missed, and all of a participant's wait behind the answer.
func (h *Hub) subscribe(m *Membership) {
	defer h.running.Done()
	r, first := h.join(m)
	if r == nil {
		return
	}
	admitted := r.admit(m)
	if first {
		r.open()
		return
	}
	if admitted && m.other == nil {
		h.connected(m)
	}
}

// join finds or makes the room of the membership's stream. Whoever makes it must open it.
func (h *Hub) join(m *Membership) (r *room, first bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if m.gone.Load() || h.ctx.Err() != nil {
		return nil, false
	}
	stream := m.stream()
	r = h.rooms[stream]
	if r == nil {
		r, first = &room{hub: h, stream: stream}, true
		h.rooms[stream] = r
		h.startChecking()
	}
	r.refs++
	m.room = r
	return r, first
}

// connected reports a participant's subscription until the source has taken it.
func (h *Hub) connected(m *Membership) {
	c := m.conn
	defer c.settle()
	for wait := firstWait; ; wait = longer(wait) {
		err := h.opt.Source.Connected(h.ctx, m.viewer)
		if err == nil {
			c.welcome()
			return
		}
		if refused(err) {
			// The client asks for a new connection, is refused there, and learns so that the chat is over for it.
			c.shut(closeGoingAway, "not connected")
			return
		}
		if !h.retry(wait, "participant not marked connected", "chat", m.viewer.Chat, err) || m.gone.Load() {
			return
		}
	}
}

// Joining says whether a participant, who is the principal, was not connected and has become so: it waits while a socket
// of theirs on this node has its first subscription under way, or is open and may have. Clients speak as soon as their
// socket is open, and what they say by HTTP may overtake the subscription.
func (h *Hub) Joining(ctx context.Context, principal string) bool {
	c := h.joining(principal)
	if c == nil {
		return false
	}
	select {
	case <-c.awaited():
		return c.isConnected()
	case <-ctx.Done():
		return false
	}
}

// joining is the principal's newest socket whose subscription is under way, or else the newest.
func (h *Hub) joining(principal string) *conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	var newest *conn
	for _, c := range h.sockets[principal] {
		if newest == nil || c.isSubscribing() || !newest.isSubscribing() {
			newest = c
		}
	}
	return newest
}

func refused(err error) bool {
	var e *center.Error
	return errors.As(err, &e) && e.Code != center.Internal && e.Code != center.Unavailable
}

const firstWait, lastWait = 50 * time.Millisecond, 2 * time.Second

func longer(wait time.Duration) time.Duration { return min(2*wait, lastWait) }

// retry waits before the source is asked again, and reports whether the hub is still there after it. The log names the
// stream by its kind.
func (h *Hub) retry(wait time.Duration, what, kind string, stream center.StreamID, err error) bool {
	if h.ctx.Err() != nil {
		return false
	}
	level := slog.LevelWarn
	if errors.Is(err, center.ErrDamaged) {
		level = slog.LevelDebug // its finder has said it, once
	}
	h.opt.Log.Log(h.ctx, level, what+", trying again", kind, stream, "err", err)
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-h.ctx.Done():
		return false
	}
}

// Close sends every socket away with 1001 ("come back"), spread evenly over the given time so that clients do not
// return all at once, and waits until all are gone. Until the spread is over new sockets are served, and then sent
// away with the rest; after it they are refused. When ctx ends first, what is left is cut off and its error returned.
// Closing twice is fine.
func (h *Hub) Close(ctx context.Context, spread time.Duration) error {
	h.SendAway(ctx, spread)
	h.mu.Lock()
	h.closed = true
	left := h.open()
	h.mu.Unlock()
	for _, c := range left {
		c.shut(closeGoingAway, goingAway)
	}

	uncut := context.AfterFunc(ctx, func() {
		h.cancel()
		for _, c := range left {
			c.cut()
		}
	})
	defer uncut()
	h.reading.Wait()
	h.cancel()
	h.running.Wait()
	return ctx.Err()
}

const goingAway = "going away"

// SendAway is the first half of Close: every socket that is open now is sent away, and new ones are still served, so
// that the caller can stop accepting connections before the rest is sent away.
func (h *Hub) SendAway(ctx context.Context, spread time.Duration) {
	h.mu.Lock()
	all := h.open()
	h.mu.Unlock()
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	begin := time.Now()
	for i, c := range all {
		due := begin.Add(spread * time.Duration(i) / time.Duration(len(all)))
		if wait := time.Until(due); wait > time.Millisecond {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return
			}
		}
		c.shut(closeGoingAway, goingAway)
	}
}

// open lists all sockets. h.mu is held.
func (h *Hub) open() []*conn {
	all := make([]*conn, 0, h.count)
	for _, conns := range h.sockets {
		all = append(all, conns...)
	}
	return all
}

// Stats are counts of this node's sockets, now and since its start.
type Stats struct {
	Sockets int
	Streams int `json:"Chats"` // with a subscribed socket; on the debug page since all of them were chats
	Queued  int // frames that wait for their sockets
	Deepest int // of them, for one socket

	Delivered  int64 // frames of items handed to sockets
	Repaired   int64 // items that the bus lost and the store had
	SlowClosed int64 // sockets closed because they did not read
}

// Stats walks over all sockets.
func (h *Hub) Stats() Stats {
	h.mu.Lock()
	all := h.open()
	s := Stats{Sockets: len(all), Streams: len(h.rooms)}
	h.mu.Unlock()
	for _, c := range all {
		n := c.waiting()
		s.Queued += n
		s.Deepest = max(s.Deepest, n)
	}
	s.Delivered, s.Repaired, s.SlowClosed = h.delivered.Load(), h.repaired.Load(), h.slow.Load()
	return s
}

// without returns all without one, in order, reusing its memory.
func without[T any](all []*T, one *T) []*T {
	for i := range all {
		if all[i] == one {
			copy(all[i:], all[i+1:])
			all[len(all)-1] = nil
			return all[:len(all)-1]
		}
	}
	return all
}
