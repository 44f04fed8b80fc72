package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/hub"
	"github.com/parley-chat/parley/internal/store"
)

// A socket of an agent's client carries all of the agent's chats, and the agent's own stream. Items of chats are aws/chat
// frames as customers' sockets have them. Frames of the topic below say what has happened to the agent, and what the client
// is to show: the snapshot, whenever something of it has changed. Each frame that stands for an item has a cursor; a client
// that comes back names the last ones, and goes on behind them.

const (
	topicAgent = "parley/agent"
	// socketsPerUser is how many sockets a user has on a node; one more closes the oldest.
	socketsPerUser = 10
	// maxCursors is how many cursors a client may name: more chats than an agent has at once.
	maxCursors = 64
)

var socketRoutes = []route{
	{method: "GET", path: Prefix + "socket", needs: agents, do: (*call).openSocket},
}

func cursorOf(stream center.StreamID, seq int64) string {
	return string(stream) + ":" + strconv.FormatInt(seq, 10)
}

// parseCursors reads what a client names: after=STREAM:SEQ, as often as it has streams.
func parseCursors(all []string) (map[center.StreamID]int64, error) {
	if len(all) > maxCursors {
		return nil, center.Refuse(center.InvalidParameter, "after may be given at most %d times, got %d", maxCursors, len(all))
	}
	after := map[center.StreamID]int64{}
	for _, s := range all {
		stream, number, ok := strings.Cut(s, ":")
		seq, err := strconv.ParseInt(number, 10, 64)
		if _, uuid := center.UUID(stream); !ok || err != nil || seq < 0 || !uuid {
			return nil, center.Refuse(center.InvalidParameter, "after must be a cursor of a frame, got %d characters of something else", len([]rune(s)))
		}
		after[center.StreamID(strings.ToLower(stream))] = seq
	}
	return after, nil
}

// window is one socket of an agent's client.
type window struct {
	desk    *Desk
	who     center.Principal
	session store.Session
	socket  hub.Memberships
	ctx     context.Context
	wake    chan struct{} // of capacity 1: something has changed

	mu     sync.Mutex
	own    bool // the agent's own stream is joined
	chats  map[center.StreamID]*joinedChat
	over   map[center.ParticipantID]bool // their part of the chat was shown to its end
	cursor map[center.StreamID]int64     // of chats, from the client; used once

	// Only the window's goroutine:
	known  tokens
	shown  []byte    // the last snapshot that was sent, without its time
	calm   time.Time // before then no snapshot is sent
	opened bool
	alarm  *time.Timer // of later
}

type joinedChat struct {
	membership  *hub.Membership
	participant center.ParticipantID
}

// openSocket makes the request a socket.
func (c *call) openSocket() (any, error) {
	after, err := parseCursors(c.r.URL.Query()["after"])
	if err != nil {
		return nil, err
	}
	if err := c.Staff.Ensure(c.r.Context(), c.who.Instance, c.who.User); err != nil {
		return nil, err
	}
	begin, err := c.beginOf(c.r.Context(), after)
	if err != nil {
		return nil, err
	}
	c.taken = true
	ms, ok := c.Hub.Serve(c.w, c.r, hub.Socket{Principal: "user " + string(c.who.User), Limit: socketsPerUser})
	if !ok {
		return nil, nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	win := &window{
		desk: c.Desk, who: c.who, session: c.session, socket: ms, ctx: ctx, wake: make(chan struct{}, 1),
		chats: map[center.StreamID]*joinedChat{}, over: map[center.ParticipantID]bool{}, cursor: after, known: tokens{},
	}
	c.open(win)
	ms.OnEnd(func() {
		c.close(win)
		cancel()
	})
	c.running.Go(func() { win.run(begin) })
	return nil, nil
}

// beginOf is where a client goes on in the agent's stream. A cursor whose next item is not there any more, or that is not of
// this stream, begins with what is new: the snapshot says all that was before.
func (c *call) beginOf(ctx context.Context, after map[center.StreamID]int64) (int64, error) {
	_, last, err := c.Staff.Agent(ctx, c.who.Instance, c.who.User)
	if err != nil {
		return 0, err
	}
	stream := center.StreamID(c.who.User)
	at, ok := after[stream]
	delete(after, stream)
	if !ok || at > last {
		return last, nil
	}
	first, err := c.Store.FirstSeq(ctx, stream)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return 0, err
	}
	if at+1 < first {
		return last, nil
	}
	return at, nil
}

// run is the life of a window. Whatever may block happens here, and what the hub calls only wakes it.
func (w *window) run(begin int64) {
	until := time.NewTimer(w.session.Expires.Sub(w.desk.Now()))
	defer until.Stop()
	again := time.NewTimer(time.Hour)
	defer again.Stop()
	defer func() {
		if w.alarm != nil {
			w.alarm.Stop()
		}
	}()
	w.poke()
	for {
		select {
		case <-w.ctx.Done():
			return
		case <-until.C:
			w.socket.Close(sessionClosed)
			return
		case <-again.C:
		case <-w.wake:
		}
		if err := w.refresh(begin); err != nil {
			if w.ctx.Err() != nil {
				return
			}
			if center.Is(err, center.NotFound) { // the user is gone
				w.socket.Close(sessionClosed)
				return
			}
			w.desk.Log.Warn("agent's socket not brought up to date, trying again", "agent", w.who.User, "error", err)
			again.Reset(time.Second)
		}
	}
}

const sessionClosed = "the session has ended"

func (w *window) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// refresh sends the snapshot if it has changed, and joins the streams that the agent is part of.
func (w *window) refresh(begin int64) error {
	who, _, err := w.desk.Catalog.Principal(w.ctx, w.who.Instance, w.who.User)
	if err != nil {
		return err
	}
	if !who.Has(center.PermitAgent) {
		w.socket.Close("no permission " + center.PermitAgent)
		return nil
	}
	a, seq, err := w.desk.Staff.Agent(w.ctx, who.Instance, who.User)
	if err != nil {
		return err
	}
	// The chats before the snapshot: whoever reads that a contact is connected has its items from there on.
	if err := w.joinChats(a); err != nil {
		return err
	}
	if wait := time.Until(w.calm); wait > 0 {
		w.later(wait)
		return nil
	}
	d, err := w.desk.desktop(w.ctx, &who, w.known)
	if err != nil {
		return err
	}
	w.send(d)
	if !w.opened {
		w.opened = true
		w.joinOwn(begin)
	} else if w.lost() {
		w.joinOwn(seq)
	}
	return nil
}

// snapshotBytes is how many bytes of snapshots a socket gets in a second: changes of an agent with very many contacts become
// fewer snapshots. One of an agent's usual few is sent at once.
const snapshotBytes = 1 << 20

// later wakes the window after a while.
func (w *window) later(wait time.Duration) {
	if w.alarm == nil {
		w.alarm = time.AfterFunc(wait, w.poke)
		return
	}
	w.alarm.Reset(wait)
}

// send sends what an agent's client is shown, unless it is the same as before.
func (w *window) send(d *desktop) {
	at := d.Snapshot.At
	d.Snapshot.At = 0
	same, err := json.Marshal(struct {
		Snapshot      *snapshot
		Configuration *configuration
	}{&d.Snapshot, &d.Configuration})
	if err != nil || bytes.Equal(same, w.shown) {
		return
	}
	w.shown = same
	w.calm = time.Now().Add(time.Duration(len(same)) * time.Second / snapshotBytes)
	d.Snapshot.At = at
	w.frame(d.Cursor, struct {
		Type string `json:"type"`
		*desktop
	}{"snapshot", d})
}

// frame sends a frame of the agent's topic.
func (w *window) frame(cursor string, content any) { w.socket.Send(frameOf(cursor, content)) }

func frameOf(cursor string, content any) []byte {
	raw, err := json.Marshal(struct {
		Topic       string `json:"topic"`
		ContentType string `json:"contentType"`
		Content     any    `json:"content"`
		Cursor      string `json:"cursor"`
	}{topicAgent, "application/json", content, cursor})
	if err != nil {
		panic(err) // strings, numbers and times in range
	}
	return raw
}

// lost says that the membership of the agent's own stream has ended by itself.
func (w *window) lost() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.own
}

type slotView struct {
	Contact     center.ContactID     `json:"contactId"`
	Initial     center.ChatID        `json:"initialContactId"`
	Participant center.ParticipantID `json:"participantId"`
	State       string               `json:"state"`
	Since       float64              `json:"timestamp"`
}

func slotOf(c *center.AgentContact) slotView {
	return slotView{c.Contact, c.Chat, c.Participant, contactStates[c.State].contact, seconds(c.Since)}
}

type transitionView struct {
	Type    string           `json:"type"`
	What    string           `json:"what"`
	At      float64          `json:"timestamp"`
	Contact center.ContactID `json:"contactId,omitempty"`
	Slot    *slotView        `json:"contact"` // as it is now; null for one that was cleared
	State   agentState       `json:"state"`
	Next    *agentState      `json:"nextState"`
}

// joinOwn joins the agent's own stream behind an item.
func (w *window) joinOwn(after int64) {
	w.mu.Lock()
	w.own = true
	w.mu.Unlock()
	stream := center.StreamID(w.who.User)
	w.socket.Join(hub.Stream{
		ID: stream, After: after,
		Show: func(it *center.Item) ([]byte, bool) {
			t, ok, err := it.Transition()
			if !ok || err != nil {
				return nil, false
			}
			w.poke()
			a := &t.Agent
			v := transitionView{Type: "transition", What: t.What, At: seconds(it.Time), Contact: t.Contact, State: w.desk.stateOf(a.Instance, a.Status, a.Since)}
			if a.Next != nil {
				next := w.desk.stateOf(a.Instance, a.Next.WorkStatus, a.Next.Enqueued)
				v.Next = &next
			}
			if c, ok := a.Contact(t.Contact); ok {
				slot := slotOf(c)
				v.Slot = &slot
			}
			return frameOf(cursorOf(stream, it.Seq), v), false
		},
		Ended: func() {
			w.mu.Lock()
			w.own = false
			w.mu.Unlock()
			w.poke()
		},
	})
}

// joinChats joins the chats that the agent is connected to, and leaves those in which it has no contact any more.
func (w *window) joinChats(a *center.Agent) error {
	there := map[center.StreamID]bool{}
	for i := range a.Contacts {
		slot := &a.Contacts[i]
		stream := center.StreamID(slot.Chat)
		there[stream] = true
		after, join, resumes, err := w.begins(slot)
		if err != nil {
			return err
		}
		if join {
			w.joinChat(stream, slot, after, resumes)
		}
	}
	for _, m := range w.gone(there) {
		m.Leave()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cursor = nil // those of a client that has come back are used
	return nil
}

// begins says whether a chat is to be joined for a contact, and behind which item: the client's cursor, or one before
// the agent's joining. A contact that is over is only shown to its end, to a client that had some of it.
func (w *window) begins(slot *center.AgentContact) (after int64, join, resumes bool, err error) {
	stream := center.StreamID(slot.Chat)
	w.mu.Lock()
	cursor, resumes := w.cursor[stream]
	skip := w.chats[stream] != nil || w.over[slot.Participant]
	w.mu.Unlock()
	live := slot.State == center.SlotConnected
	switch {
	case skip || !live && !(resumes && slot.State == center.SlotEnded):
		return 0, false, false, nil
	case resumes:
		return cursor, true, true, nil
	}
	from := slot.Connected.Truncate(time.Millisecond)
	if slot.Monitor == "" {
		from = slot.Offered.Add(-clockSkew)
	}
	seq, err := w.desk.Store.SeqAt(w.ctx, stream, from)
	if errors.Is(err, store.ErrNotFound) {
		return 0, false, false, nil // it was erased
	}
	return seq - 1, err == nil, false, err
}

// clockSkew is more than the clocks of nodes that are ready differ by.
const clockSkew = 5 * time.Second

func (w *window) joinChat(stream center.StreamID, slot *center.AgentContact, after int64, resumes bool) {
	own, role := slot.Participant, center.RoleAgent
	if slot.Monitor != "" {
		role = center.RoleSupervisor
	}
	j := &joinedChat{participant: own}
	w.mu.Lock()
	w.chats[stream] = j
	w.mu.Unlock()
	over := false // Show is called for one item at a time
	// The agent's joining is looked for in the items since the offer: times do not tell which it is, since the agent's stream
	// and the chat's may have different ones of one moment, and contact time may stand still.
	before := !resumes && slot.Monitor == ""
	m := w.socket.Join(hub.Stream{
		ID: stream, After: after,
		Show: func(it *center.Item) ([]byte, bool) {
			if before = before && (it.ContentType != center.EventJoined || it.ParticipantID != own); before {
				return nil, false
			}
			last := false
			if it.Type == center.TypeEvent {
				switch it.ContentType {
				case center.EventEnded:
					last = true
				case center.EventLeft:
					last = it.ParticipantID == own
				case center.EventJoined, center.EventInvited:
				case center.EventTyping:
					if it.ParticipantID == own {
						return nil, false
					}
				}
				if it.ContentType != center.EventTyping {
					w.poke() // others have come or gone
				}
			}
			over = over || last
			if !it.Reaches(own, role) {
				return nil, last
			}
			return hub.ItemText(stream, it), last
		},
		Ended: func() {
			w.mu.Lock()
			if w.chats[stream] == j {
				delete(w.chats, stream)
			}
			if over {
				w.over[own] = true
			}
			w.mu.Unlock()
			w.poke()
		},
	})
	w.mu.Lock()
	j.membership = m
	w.mu.Unlock()
}

// gone takes out the memberships of chats in which the agent has no contact any more, and forgets those who are over there.
func (w *window) gone(there map[center.StreamID]bool) (all []*hub.Membership) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for stream, j := range w.chats {
		if !there[stream] && j.membership != nil {
			all = append(all, j.membership)
			delete(w.chats, stream)
		}
	}
	return all
}
