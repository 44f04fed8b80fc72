package hub

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// room is a chat that somebody on this node listens to: from the first subscription to the last socket's end.
//
// The order of its life: it listens on the bus, then asks for the chat's last sequence, then admits sockets. So an
// item is either counted in that sequence, and older than every subscription here, or comes as news afterwards.
type room struct {
	hub  *Hub
	chat center.StreamID
	refs int // sockets that joined; guarded by hub.mu

	mu    sync.Mutex
	ready bool // delivered is known; until then nobody is in conns
	dead  bool // the last socket has left
	stop  func()
	// pending wait for ready; conns have their answer, and get every item after delivered.
	pending, conns []*conn
	delivered      int64
	known          int64 // the highest sequence heard of; beyond delivered there is a gap
	reading        bool  // the gap is being read from the store
}

// pageSize is how many items one read of a gap asks for.
const pageSize = 100

// open makes the room ready, however long the store takes, and connects those who waited for it.
func (r *room) open() {
	stop := r.hub.opt.Bus.Listen(r.chat, r.deliver)
	if !r.keep(stop) {
		stop()
		return
	}
	last, ok := r.lastSeq()
	if !ok {
		return
	}
	admitted := r.makeReady(last)
	for _, c := range admitted {
		r.hub.running.Go(func() { r.hub.connected(c) })
	}
}

func (r *room) keep(stop func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stop = stop
	return !r.dead
}

// lastSeq fails only when nobody needs it any more.
func (r *room) lastSeq() (seq int64, ok bool) {
	for wait := firstWait; ; wait = longer(wait) {
		last, err := r.hub.opt.Source.LastSeqs(r.hub.ctx, []center.StreamID{r.chat})
		if err == nil {
			return last[r.chat], true
		}
		if !r.hub.retry(wait, "chat not opened for its sockets", r.chat, err) || r.isDead() {
			return 0, false
		}
	}
}

func (r *room) makeReady(last int64) (admitted []*conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ready, r.delivered = true, last
	admitted, r.pending = r.pending, nil
	for _, c := range admitted {
		c.admit()
		r.conns = append(r.conns, c)
	}
	r.fill()
	return admitted
}

// admit reports whether c is in; if not, it is when the room is ready. A socket that is already gone is not let in,
// as nobody would ever take it out again.
func (r *room) admit(c *conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case c.gone.Load():
		return false
	case !r.ready:
		r.pending = append(r.pending, c)
		return false
	}
	c.admit()
	r.conns = append(r.conns, c)
	return true
}

func (r *room) remove(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns = without(r.conns, c)
	r.pending = without(r.pending, c)
}

// close is called once, when the room can no longer be found.
func (r *room) close() {
	r.mu.Lock()
	r.dead = true
	stop := r.stop
	r.mu.Unlock()
	if stop != nil {
		stop()
	}
}

func (r *room) isDead() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dead
}

// deliver takes news from the bus, in any order and number.
func (r *room) deliver(items []center.Item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dead {
		return
	}
	for i := range items {
		r.take(&items[i])
	}
	r.fill()
}

// hear is told that the chat has come as far as seq.
func (r *room) hear(seq int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known = max(r.known, seq)
	r.fill()
}

// gone sends everybody away, because the chat was erased: clients ask for a new connection and are refused.
func (r *room) gone() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, all := range [][]*conn{r.conns, r.pending} {
		for _, c := range all {
			c.shut(closeGoingAway, "the chat is gone")
		}
	}
}

// take shows the item if it is the next. One that comes too early is in the store already: it is only remembered
// that there is something to read.
func (r *room) take(it *center.Item) {
	switch {
	case it.Seq == 0:
		r.showOthers(it)
	case r.ready && it.Seq == r.delivered+1:
		r.show(it)
	default:
		r.known = max(r.known, it.Seq)
	}
}

// show puts the frame of the next item into every queue.
func (r *room) show(it *center.Item) {
	r.delivered = it.Seq
	r.known = max(r.known, it.Seq)
	if it.Type == center.Marker || len(r.conns) == 0 {
		return
	}
	frame := itemFrame(r.chat, it)
	ended := it.Type == center.TypeEvent && it.ContentType == center.EventEnded
	left := it.Type == center.TypeEvent && it.ContentType == center.EventLeft
	shown := 0
	for _, c := range r.conns {
		// Who has left sees nothing more of the chat but its end, which is what clients take their leave on.
		if c.left && !ended {
			continue
		}
		c.show(frame)
		shown++
		if left && c.viewer.Participant == it.ParticipantID {
			c.left = true
		}
		if ended || c.left {
			c.endAfter(r.hub.opt.EndGrace)
		}
	}
	r.hub.delivered.Add(int64(shown))
}

// showOthers shows an ephemeral item at once, to everybody but its sender.
func (r *room) showOthers(it *center.Item) {
	if len(r.conns) == 0 {
		return
	}
	frame := itemFrame(r.chat, it)
	shown := 0
	for _, c := range r.conns {
		if c.left || c.viewer.Participant == it.ParticipantID {
			continue
		}
		c.show(frame)
		shown++
	}
	r.hub.delivered.Add(int64(shown))
}

// fill starts reading the gap, if there is one and nobody is at it. r.mu is held.
func (r *room) fill() {
	if r.known <= r.delivered || !r.ready || r.reading || r.dead {
		return
	}
	r.reading = true
	r.hub.running.Go(r.readGap)
}

func (r *room) readGap() {
	wait := firstWait
	for {
		after, heard, more := r.gap()
		if !more {
			return
		}
		items, err := r.hub.opt.Source.ItemsAfter(r.hub.ctx, r.chat, after, pageSize)
		if err == nil && len(items) > 0 && items[0].Seq != after+1 {
			err = errHole
		}
		if err == nil {
			r.repair(items, heard)
			wait = firstWait
			continue
		}
		if !r.hub.retry(wait, "gap not read", r.chat, err) {
			return
		}
		wait = longer(wait)
	}
}

// gap says what to read. Once there is no more, reading has ended.
func (r *room) gap() (after, heard int64, more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reading = r.known > r.delivered && !r.dead
	return r.delivered, r.known, r.reading
}

var errHole = errors.New("the source answered with a hole before its items")

// repair shows what the store had, skipping what came as news meanwhile and what does not follow.
func (r *room) repair(items []center.Item, heard int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range items {
		if items[i].Seq == r.delivered+1 {
			r.show(&items[i])
			r.hub.repaired.Add(1)
		}
	}
	if len(items) == 0 && r.known == heard {
		r.known = r.delivered // the news was false: nothing is committed there
	}
}

// startChecking lets one goroutine compare with the store while there are rooms. h.mu is held.
func (h *Hub) startChecking() {
	if !h.opt.Remote || h.checking {
		return
	}
	h.checking = true
	h.running.Go(h.check)
}

// Resync compares what was delivered with the store at once. The bus calls it when it was cut off and is back.
func (h *Hub) Resync() {
	select {
	case h.resync <- struct{}{}:
	default: // one is due already
	}
}

// check finds the lost last item of a chat, which shows no gap, in one query for all chats.
func (h *Hub) check() {
	timer := time.NewTimer(h.opt.CheckEvery)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-h.resync:
		case <-h.ctx.Done():
			return
		}
		rooms := h.checked()
		if rooms == nil {
			return
		}
		h.compare(rooms)
		timer.Reset(h.opt.CheckEvery)
	}
}

// checked returns the rooms to compare; with none, the check is over.
func (h *Hub) checked() []*room {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.rooms) == 0 {
		h.checking = false
		return nil
	}
	rooms := make([]*room, 0, len(h.rooms))
	for _, r := range h.rooms {
		rooms = append(rooms, r)
	}
	return rooms
}

// compareTimeout keeps one stuck query from ending all comparing.
const compareTimeout = 10 * time.Second

func (h *Hub) compare(rooms []*room) {
	chats := make([]center.StreamID, len(rooms))
	for i, r := range rooms {
		chats[i] = r.chat
	}
	slices.Sort(chats) // one statement, one plan: and kind to the index
	ctx, cancel := context.WithTimeout(h.ctx, compareTimeout)
	defer cancel()
	last, err := h.opt.Source.LastSeqs(ctx, chats)
	if err != nil {
		h.opt.Log.Warn("sockets not compared with the store", "chats", len(chats), "err", err)
		return
	}
	for _, r := range rooms {
		if seq, there := last[r.chat]; there {
			r.hear(seq)
		} else {
			r.gone()
		}
	}
}
