package desk

import (
	"errors"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/hub"
	"github.com/parley-chat/parley/internal/store"
)

// What a window joins: the agent's own stream, and the chats.

type joinedChat struct {
	membership  *hub.Membership
	participant center.ParticipantID
	left        bool // what remains is the end of the chat
}

type slotView struct {
	Contact     center.ContactID     `json:"contactId"`
	Initial     center.ChatID        `json:"initialContactId"`
	Participant center.ParticipantID `json:"participantId"`
	State       string               `json:"state" rule:"enum=connecting|connected|ended|error"`
	Since       float64              `json:"timestamp"`
}

func slotOf(c *center.AgentContact) slotView {
	return slotView{c.Contact, c.Chat, c.Participant, contactStates[c.State].contact, seconds(c.Since)}
}

type transitionView struct {
	Type    string           `json:"type" rule:"enum=transition"`
	What    string           `json:"what" rule:"enum=begins|status|next|offered|connected|ended|failed|cleared|monitors|profile|signed-in|signed-out"`
	At      float64          `json:"timestamp"`
	Contact center.ContactID `json:"contactId,omitempty"`
	Slot    *slotView        `json:"contact" about:"The contact as it is then; null for one that was cleared."`
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
			w.board.heard(stream, it.Seq)
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

// joinChats joins the chats in which the agent has a part, from the offer on, and leaves those in which it has none any more.
func (w *window) joinChats(a *center.Agent) error {
	live := w.leaveChats(a)
	for i := range a.Contacts {
		slot := &a.Contacts[i]
		p, ok, err := w.partOf(slot, live[center.StreamID(slot.Chat)])
		if err != nil {
			return err
		}
		if ok {
			w.joinChat(slot, p)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cursor = nil // those of a client that has come back are used
	return nil
}

// leaveChats leaves the chats in which the agent's part is over: what was missed, and what was cleared, when nothing more can be
// noted. It returns in which chats the agent has a part that goes on.
func (w *window) leaveChats(a *center.Agent) (live map[center.StreamID]bool) {
	parts := map[center.ParticipantID]bool{}
	live = map[center.StreamID]bool{}
	for i := range a.Contacts {
		slot := &a.Contacts[i]
		parts[slot.Participant] = !slot.Failed()
		live[center.StreamID(slot.Chat)] = live[center.StreamID(slot.Chat)] || slot.Live()
	}
	var gone []*hub.Membership
	w.mu.Lock()
	w.parts = parts
	for stream, j := range w.chats {
		if (!parts[j.participant] || j.left && live[stream]) && j.membership != nil {
			gone = append(gone, j.membership)
			delete(w.chats, stream)
		}
	}
	w.mu.Unlock()
	for _, m := range gone {
		m.Leave()
	}
	return live
}

// isOwn says that a participant is the agent.
func (w *window) isOwn(id center.ParticipantID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.parts[id]
}

// part is what a window shows of a chat for one of the agent's contacts.
type part struct {
	after int64 // the item behind which it joins
	shown int64 // up to here the client has all
	// joined says that the agent is in the chat there. Before it is, only what is said to the agent alone is shown: whispers.
	joined bool
	// left says that the agent has left the chat there. Behind that, only the agent's own notes are shown.
	left bool
}

// margin is more than the time of an item differs from the time in the agent's slot that the same decision has set.
const margin = time.Second

// partOf says whether a chat is to be joined for a contact, and how. Of a contact that is over, the rest is shown to a client
// that has some of it; to others only the notes that are still to come.
func (w *window) partOf(slot *center.AgentContact, live bool) (p part, ok bool, err error) {
	stream := center.StreamID(slot.Chat)
	w.mu.Lock()
	cursor, resumes := w.cursor[stream]
	skip := w.chats[stream] != nil
	w.mu.Unlock()
	if skip || slot.Failed() {
		return p, false, nil
	}
	if slot.State == center.SlotEnded && !resumes {
		if live { // the agent is in the chat again
			return p, false, nil
		}
		last, err := w.desk.Store.LastSeqs(w.ctx, []center.StreamID{stream})
		_, there := last[stream]
		return part{after: last[stream], joined: true, left: true}, there, err
	}
	begins := slot.Connected
	switch {
	case slot.State == center.SlotConnecting:
		begins = slot.Offered.Add(-margin)
	case slot.Monitor == "":
		begins = begins.Add(-margin)
	}
	begin, err := w.before(stream, begins)
	p = part{after: begin, joined: slot.Monitor != ""}
	if resumes {
		p.shown = max(cursor, begin)
		p.after = p.shown
		p.joined = p.joined || slot.State != center.SlotConnecting && cursor > begin
	}
	if err == nil && slot.State == center.SlotEnded {
		// From before the end on, whatever cursor the client names: what comes behind the end is not the agent's.
		var end int64
		end, err = w.before(stream, slot.Since.Add(-margin))
		p.after = max(begin, min(p.after, end))
	}
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, center.ErrDamaged) {
		return p, false, nil // it was erased, or cannot be read
	}
	return p, err == nil, err
}

// before returns the number of the last item of a stream before a time.
func (w *window) before(stream center.StreamID, t time.Time) (int64, error) {
	seq, err := w.desk.Store.SeqAt(w.ctx, stream, t.Truncate(time.Millisecond))
	return seq - 1, err
}

func (w *window) joinChat(slot *center.AgentContact, p part) {
	stream, own, role := center.StreamID(slot.Chat), slot.Participant, center.RoleAgent
	if slot.Monitor != "" {
		role = center.RoleSupervisor
	}
	j := &joinedChat{participant: own, left: p.left}
	w.mu.Lock()
	w.chats[stream] = j
	w.mu.Unlock()
	left, hidden := p.left, p.left // Show is called for one item at a time. hidden: the end of the chat is not shown either
	m := w.socket.Join(hub.Stream{
		ID: stream, After: p.after,
		Show: func(it *center.Item) ([]byte, bool) {
			event := ""
			if it.Type == center.TypeEvent {
				event = it.ContentType
			}
			mine := it.ParticipantID == own
			switch {
			case event == center.EventTyping && mine || !it.Reaches(own, role):
				return nil, false
			case left && (event != center.EventEnded || hidden) && !(it.Type == center.TypeNote && w.isOwn(it.ParticipantID)):
				return nil, false
			case event == center.EventJoined && mine:
				p.joined = true
			case !p.joined && it.To != center.Audience(own):
				return nil, false
			}
			switch {
			case event == center.EventTransferred:
				hidden = true // it goes on without the agent
			case event == center.EventEnded:
				left, hidden = true, true
			case event == center.EventLeft && mine:
				left = true
				w.mu.Lock()
				j.left = true
				w.mu.Unlock()
			}
			if event != "" && event != center.EventTyping {
				w.board.heard(stream, it.Seq) // others have come or gone
				w.poke()
			}
			if it.Seq != 0 && it.Seq <= p.shown {
				return nil, false
			}
			return hub.ItemText(stream, it), false
		},
		Ended: func() {
			w.mu.Lock()
			if w.chats[stream] == j {
				delete(w.chats, stream)
			}
			w.mu.Unlock()
			w.poke()
		},
	})
	w.mu.Lock()
	j.membership = m
	w.mu.Unlock()
}
