package hub

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// room is a stream that sockets of this node have joined: from the first membership to the end of the last.
//
// The order of its life: it listens on the bus, then asks for the stream's last sequence, then admits memberships. So an
// item is either counted in that sequence, or comes as news afterwards.
type room struct {
	hub    *Hub
	stream center.StreamID
	refs   int // memberships that joined; guarded by hub.mu

	mu     sync.Mutex
	ready  bool // delivered is known; until then members is empty
	dead   bool // the last membership has ended
	ofChat bool // a participant has joined it: it is a chat's
	stop   func()
	// pending wait for ready. Members get every item after delivered, those that are behind excepted: they catch up.
	pending, members []*Membership
	delivered        int64
	known            int64 // the highest sequence heard of; beyond delivered there is a gap
	reading          bool  // the gap is being read from the store
}

// pageSize is how many items one read of a gap asks for.
const pageSize = 100

// open makes the room ready, however long the store takes, and connects the participants who waited for it.
func (r *room) open() {
	stop := r.hub.opt.Bus.Listen(r.stream, r.deliver)
	if !r.keep(stop) {
		stop()
		return
	}
	last, ok := r.lastSeq()
	if !ok {
		return
	}
	for _, m := range r.makeReady(last) {
		if m.other == nil {
			r.hub.running.Go(func() { r.hub.connected(m) })
		}
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
		last, err := r.hub.opt.Source.LastSeqs(r.hub.ctx, []center.StreamID{r.stream})
		if err == nil {
			return last[r.stream], true
		}
		if !r.retry(wait, r.kind()+" not opened for its sockets", err) || r.isDead() {
			return 0, false
		}
	}
}

// kind is what the log calls the stream.
func (r *room) kind() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ofChat {
		return "chat"
	}
	return "stream"
}

func (r *room) retry(wait time.Duration, what string, err error) bool {
	return r.hub.retry(wait, what, r.kind(), r.stream, err)
}

func (r *room) makeReady(last int64) (admitted []*Membership) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ready, r.delivered = true, last
	admitted, r.pending = r.pending, nil
	for _, m := range admitted {
		r.enter(m)
	}
	r.fill()
	return admitted
}

// admit reports whether m is in; if not, it is when the room is ready. A membership that is already gone is not let in,
// as nothing would ever take it out again.
func (r *room) admit(m *Membership) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ofChat = r.ofChat || m.other == nil
	switch {
	case m.gone.Load():
		return false
	case !r.ready:
		r.pending = append(r.pending, m)
		return false
	}
	r.enter(m)
	r.fill()
	return true
}

// enter lets a membership in: a participant sees what comes from now on, another what comes after its cursor. r.mu is held.
func (r *room) enter(m *Membership) {
	r.members = append(r.members, m)
	if m.other == nil {
		m.conn.admit()
		return
	}
	switch m.behind = m.seq < r.delivered; {
	case m.behind:
		r.hub.running.Go(func() { r.catchUp(m) })
	case m.seq > r.delivered:
		r.hub.running.Go(func() { r.confirm(m) })
	}
}

// confirm asks the store about a cursor that is ahead of the room. The client may have heard from another node what was
// lost or is late on the way to this one; then the store has it, as it was committed before it was shown.
func (r *room) confirm(m *Membership) {
	for wait := firstWait; !m.gone.Load() && !m.conn.leaving(); wait = longer(wait) {
		last, err := r.hub.opt.Source.LastSeqs(r.hub.ctx, []center.StreamID{r.stream})
		switch {
		case err != nil:
			if !r.retry(wait, "cursor not compared with the store", err) {
				return
			}
		case last[r.stream] < m.seq:
			m.end()
			return
		default:
			r.hear(last[r.stream])
			return
		}
	}
}

// catchUp reads for one membership what was delivered before it joined, in pages and no faster than its client reads.
func (r *room) catchUp(m *Membership) {
	wait := firstWait
	for {
		if !r.isBehind(m) {
			return
		}
		if full := m.conn.emptied(); full != nil {
			select {
			case <-full:
				continue // perhaps it has ended meanwhile
			case <-r.hub.ctx.Done():
				return
			}
		}
		items, err := r.hub.opt.Source.ItemsAfter(r.hub.ctx, r.stream, m.seq, pageSize)
		if err == nil && (len(items) == 0 || items[0].Seq != m.seq+1) {
			err = errHole
		}
		if err == nil {
			r.giveOld(m, items)
			wait = firstWait
			continue
		}
		if err == errHole && len(items) == 0 && r.isErased() {
			r.gone()
			return
		}
		if _, trimmed := errors.AsType[*center.Trimmed](err); trimmed {
			m.end()
			return
		}
		if !r.retry(wait, "membership not caught up", err) {
			return
		}
		wait = longer(wait)
	}
}

// isErased says that the store does not have the stream any more, which had items. A store that does not answer may.
func (r *room) isErased() bool {
	last, err := r.hub.opt.Source.LastSeqs(r.hub.ctx, []center.StreamID{r.stream})
	_, there := last[r.stream]
	return err == nil && !there
}

// isBehind says that there is more to catch up on. When there is not, the membership gets what comes next.
func (r *room) isBehind(m *Membership) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	m.behind = m.seq < r.delivered
	return m.behind && !m.gone.Load() && !m.conn.leaving()
}

// giveOld gives what the store had, as far as it follows and the socket's queue takes it.
func (r *room) giveOld(m *Membership, items []center.Item) {
	for i := range items {
		it := &items[i]
		if it.Seq != m.seq+1 || i > 0 && !m.conn.hasRoom() {
			return
		}
		m.seq = it.Seq
		if it.Type != center.Marker && m.give(it, nil) {
			r.hub.delivered.Add(1)
		}
	}
}

func (r *room) remove(m *Membership) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members = without(r.members, m)
	r.pending = without(r.pending, m)
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

// hear is told that the stream has come as far as seq.
func (r *room) hear(seq int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known = max(r.known, seq)
	r.fill()
}

// gone ends all memberships, because the stream was erased.
func (r *room) gone() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, all := range [][]*Membership{r.members, r.pending} {
		for _, m := range all {
			m.erased()
		}
	}
}

// take shows the item if it is the next. One that comes too early is in the store already: it is only remembered
// that there is something to read.
func (r *room) take(it *center.Item) {
	switch {
	case it.Seq == 0:
		r.give(it)
	case r.ready && it.Seq == r.delivered+1:
		r.show(it)
	default:
		r.known = max(r.known, it.Seq)
	}
}

// show gives the next item to all that are here.
func (r *room) show(it *center.Item) {
	r.delivered = it.Seq
	r.known = max(r.known, it.Seq)
	if it.Type != center.Marker {
		r.give(it)
	}
}

// give offers an item to each membership.
func (r *room) give(it *center.Item) {
	var frame sharedFrame
	shown := 0
	for _, m := range r.members {
		if m.behind || it.Seq != 0 && it.Seq <= m.seq {
			continue // it is read from the store, or the client has it
		}
		if m.give(it, &frame) {
			shown++
		}
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
		items, err := r.hub.opt.Source.ItemsAfter(r.hub.ctx, r.stream, after, pageSize)
		if err == nil && len(items) > 0 && items[0].Seq != after+1 {
			err = errHole
		}
		if err == nil {
			r.repair(items, heard)
			wait = firstWait
			continue
		}
		if t, trimmed := errors.AsType[*center.Trimmed](err); trimmed {
			r.skip(t.First)
			continue
		}
		if !r.retry(wait, "gap not read", err) {
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

// skip goes on where a stream begins that does not keep the next item any more. Memberships that have not come as far end, as
// those with an older cursor do.
func (r *room) skip(first int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.delivered = max(r.delivered, first-1)
	for _, m := range r.members {
		if m.other != nil && !m.behind && m.seq < r.delivered {
			m.end()
		}
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

// check finds the lost last item of a stream, which shows no gap, in one query for all streams.
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
	streams := make([]center.StreamID, len(rooms))
	for i, r := range rooms {
		streams[i] = r.stream
	}
	slices.Sort(streams) // one statement, one plan: and kind to the index
	ctx, cancel := context.WithTimeout(h.ctx, compareTimeout)
	defer cancel()
	last, err := h.opt.Source.LastSeqs(ctx, streams)
	if err != nil {
		// "chats", as in Stats: in logs since all of them were.
		h.opt.Log.Warn("sockets not compared with the store", "chats", len(streams), "err", err)
		return
	}
	for _, r := range rooms {
		if seq, there := last[r.stream]; there {
			r.hear(seq)
		} else {
			r.gone()
		}
	}
}
