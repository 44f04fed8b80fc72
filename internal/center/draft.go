package center

import "time"

// Draft is a decision about a chat in the making: the chat as the decider sees it, and what is to be written. Rules are
// methods that add to it or refuse; a refused Draft is thrown away whole.
type Draft struct {
	// Chat is what was seen, or, after the first [Draft.Edit], what will be.
	Chat *Chat
	Facts

	on      ContactID // that rules work on; "" for the current one
	seen    *Chat     // nil for a chat that is new
	edited  bool
	figures map[ContactID]*Figures // of contacts that the Draft ends
	moves   []Move
}

// NewDraft begins a decision about a chat whose last item has number after and time last.
func NewDraft(chat *Chat, after int64, last, now time.Time, newID func() string) *Draft {
	d := &Draft{Chat: chat, Facts: newFacts(StreamID(chat.ID), after, last, now, newID)}
	if after > 0 {
		d.seen = chat
	}
	return d
}

// Edit returns the chat for changing: a copy of what was seen, the same copy each time.
func (d *Draft) Edit() *Chat {
	if !d.edited {
		c := d.Chat.clone()
		d.Chat, d.edited = &c, true
	}
	return d.Chat
}

// On makes a contact the one that rules about a contact work on, "" the current one. A flow's run works on its own.
func (d *Draft) On(id ContactID) { d.on = id }

// Subject is the contact that rules work on.
func (d *Draft) Subject() *Contact {
	if c, ok := d.Chat.Contact(d.on); ok {
		return c
	}
	return d.Chat.Current()
}

// editSubject is Subject for changing.
func (d *Draft) editSubject() *Contact {
	d.Edit()
	return d.Subject()
}

// Empty says that nothing was decided: there is nothing to commit.
func (d *Draft) Empty() bool { return !d.edited && d.idle() }

// Add numbers and dates an item and takes it in.
func (d *Draft) Add(it Item) *Item {
	if it.Contact == "" {
		it.Contact = d.Chat.Current().ID
	}
	return d.add(it)
}

// event adds an EVENT that the transcript keeps, about p if there is one.
func (d *Draft) event(contentType string, p *Participant, inTranscript bool) *Item {
	it := Item{Type: TypeEvent, ContentType: contentType, InTranscript: inTranscript}
	if p != nil {
		it.ParticipantID, it.DisplayName, it.Role = p.ID, p.DisplayName, p.Role
	}
	return d.Add(it)
}

// Finish returns the Change. encode gives the stored form of the chat and is called only when the chat changed.
func (d *Draft) Finish(encode func(*Chat) []byte) *Change {
	c := &d.change
	if d.edited {
		d.keepRows()
		c.State = encode(d.Chat)
		c.Kind, c.Instance = KindChat, d.Chat.Instance
		c.Ended, c.EndedAt = !d.Chat.Ended.IsZero(), d.Chat.Ended
	}
	if len(c.Items) == 0 {
		d.Add(Item{Type: Marker})
	}
	return c
}
