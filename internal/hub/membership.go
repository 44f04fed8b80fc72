package hub

import (
	"sync/atomic"

	"github.com/parley-chat/parley/internal/center"
)

// Stream is what a socket joins beside a participant's own chat: a stream, where to begin, and what to show of it.
type Stream struct {
	ID center.StreamID
	// After is the cursor: the sequence of the last item that the client has, or zero or less for none. Every item behind it
	// is shown once and in order, those that are committed already too. A cursor beyond the last committed item cannot be of
	// this stream as it is now (it may be older than a restore from a backup) and would hide what comes up to it: it ends
	// the membership, so that its owner starts anew. It is not noticed once the stream has come as far again. So does a cursor
	// whose next item the stream does not keep any more.
	After int64
	// Show returns the text of the frame that the socket gets for an item, nil for none, and whether the item is the last:
	// then the membership ends and the socket stays. Ephemeral items (Seq 0) may come once the client has all others;
	// a [center.Marker] never comes. Show is called for one item at a time and must not block; it may join and leave.
	Show func(it *center.Item) (text []byte, last bool)
	// Ended, if set, is called once when the membership has ended by itself: with its last item, because of its cursor, or
	// because the stream was erased. That the stream was erased is seen when a membership catches up on it, and by the
	// comparison with the store, which there is with [Options.Remote] only: otherwise a membership that is as far as its
	// stream stays. Ended is not called after Leave, nor when the socket ends.
	Ended func()
}

// Membership is one stream of a socket: what the socket shows of it, how far it has come, and whether it has ended.
type Membership struct {
	conn   *conn
	viewer Viewer  // of a participant's own chat
	other  *Stream // any other stream; nil for a participant's own chat
	room   *room   // joined; guarded by hub.mu

	// seq is the cursor: nothing up to it is shown. A membership that is behind belongs to its catchUp; all others are as far
	// as their room. Where a participant begins is the room's to say, so theirs is zero.
	seq    int64
	behind bool        // guarded by room.mu
	left   bool        // the participant has left the chat; guarded by room.mu
	gone   atomic.Bool // left, ended, or its socket is forgotten; set under conn.mu
}

func (m *Membership) stream() center.StreamID {
	if m.other != nil {
		return m.other.ID
	}
	return m.viewer.Chat
}

// give queues the item for the socket if the membership shows it, and reports whether it does.
func (m *Membership) give(it *center.Item, frame *sharedFrame) bool {
	if m.other != nil {
		if m.gone.Load() {
			return false
		}
		text, last := m.other.Show(it)
		if text != nil {
			m.conn.show(m, textFrame(text))
		}
		if last {
			m.end()
		}
		return text != nil
	}
	ended := it.Type == center.TypeEvent && it.ContentType == center.EventEnded
	// Who has left sees nothing more of the chat but its end, which is what clients take their leave on.
	if m.left && !ended {
		return false
	}
	if it.Type == center.TypeNote || !it.Reaches(m.viewer.Participant, m.viewer.Role) {
		return false
	}
	own := m.viewer.Participant == it.ParticipantID
	if own && it.Seq == 0 {
		return false // typing is shown to the others
	}
	m.conn.show(m, frame.of(m.viewer.Chat, it))
	if own && it.Type == center.TypeEvent && it.ContentType == center.EventLeft {
		m.left = true
	}
	if ended || m.left {
		m.conn.endAfter(m.conn.hub.opt.EndGrace)
	}
	return true
}

// erased ends the membership of a stream that is not there any more. A participant's client asks for a new connection
// and is refused.
func (m *Membership) erased() {
	if m.other == nil {
		m.conn.shut(closeGoingAway, "the chat is gone")
		return
	}
	m.end()
}

// end is the membership's own end: the socket stays.
func (m *Membership) end() { m.depart(m.other.Ended) }

// Leave ends the membership: when it returns, nothing more of the stream is queued for the socket. Leaving twice, or
// after the socket's end, does nothing.
func (m *Membership) Leave() { m.depart(nil) }

// depart takes the membership out of its socket, and then out of its room. It may be called with the room's lock held,
// which the second half needs, so that is a goroutine's.
func (m *Membership) depart(then func()) {
	h := m.conn.hub
	if !m.conn.part(m) {
		return
	}
	go func() {
		defer h.running.Done()
		h.leave(m)
		if then != nil {
			then()
		}
	}()
}

// Memberships are those of one socket.
type Memberships struct{ conn *conn }

// Join adds a membership to the socket. On a socket that has ended it adds none, and nothing is shown.
func (ms Memberships) Join(s Stream) *Membership {
	c := ms.conn
	m := &Membership{conn: c, other: &s, seq: max(0, s.After)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.forgotten() {
		m.gone.Store(true)
		return m
	}
	if c.joined == nil {
		c.joined = new(joined)
	}
	c.joined.all = append(c.joined.all, m)
	c.hub.running.Add(1) // the socket is not forgotten, so reading's count is above zero
	go c.hub.subscribe(m)
	return m
}

// Send queues a text frame of the socket's owner, behind what is queued already. On a socket that has ended it does nothing.
func (ms Memberships) Send(text []byte) { ms.conn.send(textFrame(text)) }

// Close closes the socket after what is queued: its owner may not have it any more.
func (ms Memberships) Close(reason string) { ms.conn.shut(closePolicy, reason) }

// OnEnd has a function called once when the socket has ended, by a goroutine of the hub's; at once when it has already. It
// must not block. The last function counts.
func (ms Memberships) OnEnd(f func()) {
	c := ms.conn
	c.mu.Lock()
	if c.joined == nil {
		c.joined = new(joined)
	}
	over := c.forgotten()
	c.joined.ended = f
	c.mu.Unlock()
	if over {
		f()
	}
}

// joined is what only a socket with memberships beside a participant's own needs.
type joined struct {
	all     []*Membership
	ended   func()        // to be called when the socket has ended; nil for none
	drained chan struct{} // closed when the queue is empty; nil while nothing waits for that
}

// part takes a membership out of those that the socket has joined, and reports whether it was among them. The caller then
// has one to give back to hub.running.
func (c *conn) part(m *Membership) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.gone.Load() {
		return false
	}
	m.gone.Store(true)
	c.joined.all = without(c.joined.all, m)
	c.hub.running.Add(1)
	return true
}

// partAll is the end of all memberships with the socket's. It returns those that the socket has joined, and whom to tell of the
// end.
func (c *conn) partAll() (all []*Membership, ended func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.own.gone.Store(true)
	c.tell()
	if c.joined == nil {
		return nil, nil
	}
	c.drained()
	all, ended = c.joined.all, c.joined.ended
	c.joined.all = nil
	for _, m := range all {
		m.gone.Store(true)
	}
	return all, ended
}

// forgotten says that the socket has ended. c.mu is held.
func (c *conn) forgotten() bool { return c.own.gone.Load() }

// isFull says that half of the queue is taken, counting what will be put into it once the participant is connected: the
// other half is for what is new, and not for what a client catches up on. c.mu is held.
func (c *conn) isFull() bool {
	bytes := c.bytes
	for _, frame := range c.late {
		bytes += len(frame)
	}
	return len(c.queue)+len(c.late) > c.hub.opt.Queue/2 || bytes > c.hub.opt.QueueBytes/2
}

// hasRoom says that the queue takes more of what a client catches up on.
func (c *conn) hasRoom() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.isFull()
}

// emptied returns a channel that is closed when a full queue has been written or the socket has ended; nil if the queue is
// not full, or the socket closes already: then nothing may be left that would close the channel.
func (c *conn) emptied() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing || !c.isFull() {
		return nil
	}
	if c.joined.drained == nil {
		c.joined.drained = make(chan struct{})
	}
	return c.joined.drained
}

// drained wakes those who wait for an empty queue. c.mu is held.
func (c *conn) drained() {
	if c.joined != nil && c.joined.drained != nil {
		close(c.joined.drained)
		c.joined.drained = nil
	}
}
