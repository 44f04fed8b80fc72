// Package hub holds this node's sockets: who listens to which chat, and the frames that wait for each.
//
// Items come as news from a bus, which may drop, double and reorder them; the hub shows them to every subscribed
// socket once and in the order of their sequence, reading what is missing from the [Source]. The hub depends on
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

// Viewer is whose socket it is.
type Viewer struct {
	Chat        center.StreamID
	Contact     center.ContactID
	Participant center.ParticipantID
	Role        center.Role
}

// Source is what the hub asks of the rest of the server. Its methods are called from the hub's own goroutines and
// must return when their context ends.
type Source interface {
	// ItemsAfter returns the committed items of a chat that follow seq, in order, at most limit of them.
	ItemsAfter(ctx context.Context, chat center.StreamID, seq int64, limit int) ([]center.Item, error)
	// LastSeqs returns the sequence of the last committed item of each chat; a chat that is not there is left out.
	LastSeqs(ctx context.Context, chats []center.StreamID) (map[center.StreamID]int64, error)
	// Connected is told of a socket's first subscription to the chat, which is answered when it has returned. Refused
	// (a [center.Error] other than Internal or Unavailable: the participant is gone, the chat has ended), the socket is
	// closed; any other error is tried again.
	Connected(ctx context.Context, v Viewer) error
}

// Bus brings the news. deliver may be called from any goroutine, also once more after stop.
type Bus interface {
	Listen(chat center.StreamID, deliver func([]center.Item)) (stop func())
}

// Options of a [Hub]. Source and Bus are required; zero means the default everywhere else.
type Options struct {
	Source Source
	Bus    Bus
	Log    *slog.Logger

	// Queue and QueueBytes bound what waits for one socket; beyond either, it is closed as a slow reader.
	Queue      int // frames; 1024, so that whatever a flow may say at once fits
	QueueBytes int // 4 MiB
	// SocketsPerParticipant: one more closes the participant's oldest. The documented quota is 5 connections.
	SocketsPerParticipant int
	// Remote says that news also comes from other nodes and may be lost on the way: what was delivered is compared
	// with the store every CheckEvery.
	Remote     bool
	CheckEvery time.Duration // 2 s
	// EndGrace is how long a socket stays open after chat.ended or its own participant.left: clients close first.
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
	orInt(&o.SocketsPerParticipant, 5)
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
	// sockets of each participant, oldest first: all that are open, subscribed or not.
	sockets map[center.ParticipantID][]*conn
	count   int // of sockets
}

// New returns a hub with no sockets. It starts nothing.
func New(o Options) *Hub {
	h := &Hub{
		opt:     o.withDefaults(),
		resync:  make(chan struct{}, 1),
		rooms:   make(map[center.StreamID]*room),
		sockets: make(map[center.ParticipantID][]*conn),
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.upgrader = newUpgrader()
	return h
}

// Serve makes the request a socket of v and returns; the socket lives on in the hub. The caller has checked that
// the request may be v. Any Origin is welcome: the URL is the credential.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, v Viewer) {
	if !checkHandshake(w, r) {
		return
	}
	if !h.enter() {
		http.Error(w, "shutting down", http.StatusServiceUnavailable)
		return
	}
	c, err := h.upgrade(w, r, v)
	if err != nil {
		h.reading.Done()
		h.opt.Log.Debug("socket handshake failed", "err", err)
		return
	}
	if oldest := h.add(c); oldest != nil {
		oldest.shut(closeGoingAway, "too many connections")
	}
	go c.run() // its own goroutine, so that what net/http holds for the request is freed
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
func (h *Hub) add(c *conn) (oldest *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := c.viewer.Participant
	open := append(h.sockets[p], c)
	h.sockets[p] = open
	h.count++
	// Those on their way out still hold a place in the list until their client answers.
	staying := 0
	for i := len(open) - 1; i >= 0; i-- {
		if open[i].leaving() {
			continue
		}
		if staying++; staying > h.opt.SocketsPerParticipant {
			return open[i]
		}
	}
	return nil
}

// forget lets go of a socket whose reading has ended. It is the last that happens to it but for a write under way.
func (h *Hub) forget(c *conn) {
	c.gone.Store(true)
	c.mu.Lock()
	c.tell()
	c.mu.Unlock()
	h.mu.Lock()
	p := c.viewer.Participant
	left := without(h.sockets[p], c)
	if len(left) == 0 {
		delete(h.sockets, p)
	} else {
		h.sockets[p] = left
	}
	h.count--
	r := c.room
	c.room = nil
	empty := false
	if r != nil {
		if r.refs--; r.refs == 0 {
			delete(h.rooms, r.chat)
			empty = true
		}
	}
	h.mu.Unlock()
	if r != nil {
		r.remove(c)
	}
	if empty {
		r.close()
	}
}

// subscribe is the whole of a socket's first subscription: it returns when the participant is connected, or the socket
// is forgotten, which it is not before the source has taken the subscription or had time to. From its admission on no item
// is missed, and all of them wait behind the answer.
func (h *Hub) subscribe(c *conn) {
	defer h.running.Done()
	r, first := h.join(c)
	if r == nil {
		return
	}
	admitted := r.admit(c)
	if first {
		r.open()
		return
	}
	if admitted {
		h.connected(c)
	}
}

// join finds or makes the room of the socket's chat. Whoever makes it must open it.
func (h *Hub) join(c *conn) (r *room, first bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.gone.Load() || h.ctx.Err() != nil {
		return nil, false
	}
	chat := c.viewer.Chat
	r = h.rooms[chat]
	if r == nil {
		r, first = &room{hub: h, chat: chat}, true
		h.rooms[chat] = r
		h.startChecking()
	}
	r.refs++
	c.room = r
	return r, first
}

// connected reports a subscription until the source has taken it.
func (h *Hub) connected(c *conn) {
	defer c.settle()
	for wait := firstWait; ; wait = longer(wait) {
		err := h.opt.Source.Connected(h.ctx, c.viewer)
		if err == nil {
			c.welcome()
			return
		}
		if refused(err) {
			// The client asks for a new connection, is refused there, and learns so that the chat is over for it.
			c.shut(closeGoingAway, "not connected")
			return
		}
		if !h.retry(wait, "participant not marked connected", c.viewer.Chat, err) || c.gone.Load() {
			return
		}
	}
}

// Joining says whether a participant who was not connected has become so: it waits while a socket of theirs on this node
// has its first subscription under way, or is open and may have. Clients speak as soon as their socket is open, and what
// they say by HTTP may overtake the subscription.
func (h *Hub) Joining(ctx context.Context, p center.ParticipantID) bool {
	c := h.joining(p)
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

// joining is the participant's newest socket whose subscription is under way, or else the newest.
func (h *Hub) joining(p center.ParticipantID) *conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	var newest *conn
	for _, c := range h.sockets[p] {
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

// retry waits before the source is asked again, and reports whether the hub is still there after it.
func (h *Hub) retry(wait time.Duration, what string, chat center.StreamID, err error) bool {
	if h.ctx.Err() != nil {
		return false
	}
	level := slog.LevelWarn
	if errors.Is(err, center.ErrDamaged) {
		level = slog.LevelDebug // its finder has said it, once
	}
	h.opt.Log.Log(h.ctx, level, what+", trying again", "chat", chat, "err", err)
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
	Chats   int // with a subscribed socket
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
	s := Stats{Sockets: len(all), Chats: len(h.rooms)}
	h.mu.Unlock()
	for _, c := range all {
		n := c.waiting()
		s.Queued += n
		s.Deepest = max(s.Deepest, n)
	}
	s.Delivered, s.Repaired, s.SlowClosed = h.delivered.Load(), h.repaired.Load(), h.slow.Load()
	return s
}

// without returns conns without c, in order, reusing its memory.
func without(conns []*conn, c *conn) []*conn {
	for i := range conns {
		if conns[i] == c {
			copy(conns[i:], conns[i+1:])
			conns[len(conns)-1] = nil
			return conns[:len(conns)-1]
		}
	}
	return conns
}
