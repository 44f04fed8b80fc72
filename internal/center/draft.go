package center

import (
	"slices"
	"strings"
	"time"
)

// Draft is a decision in the making: the chat as the decider sees it, and what is to be written. Rules are methods
// that add to it or refuse; a refused Draft is thrown away whole.
type Draft struct {
	// Chat is what was seen, or, after the first [Draft.Edit], what will be.
	Chat *Chat
	// Now is contact time.
	Now   time.Time
	NewID func() string

	change  Change
	seen    *Chat // nil for a chat that is new
	last    time.Time
	edited  bool
	figures map[ContactID]*Figures // of contacts that the Draft ends
}

// NewDraft begins a decision about a chat whose last item has number after and time last.
func NewDraft(chat *Chat, after int64, last, now time.Time, newID func() string) *Draft {
	d := &Draft{Chat: chat, Now: now.UTC(), NewID: newID, last: last, change: Change{Stream: StreamID(chat.ID), After: after}}
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

// Empty says that nothing was decided: there is nothing to commit.
func (d *Draft) Empty() bool {
	c := &d.change
	return !d.edited && len(c.Items) == 0 && len(c.Due) == 0 && len(c.Cancel) == 0 && len(c.Take) == 0 &&
		len(c.Release) == 0 && len(c.Receipts) == 0 && c.Done == nil
}

// After is the number of the last item that was there.
func (d *Draft) After() int64 { return d.change.After }

// Seq is the number that the next item will get.
func (d *Draft) Seq() int64 { return d.change.After + int64(len(d.change.Items)) + 1 }

// Add numbers and dates an item and takes it in. Times rise strictly within a chat, because clients sort by them
// and the clocks of nodes differ.
func (d *Draft) Add(it Item) *Item {
	it.Stream, it.Seq = StreamID(d.Chat.ID), d.Seq()
	it.Time = d.Now.Truncate(time.Millisecond)
	if !it.Time.After(d.last) {
		it.Time = d.last.Add(time.Millisecond)
	}
	d.last = it.Time
	if it.ID == "" {
		it.ID = ItemID(d.NewID())
	}
	if it.Contact == "" {
		it.Contact = d.Chat.Current().ID
	}
	d.change.Items = append(d.change.Items, it)
	return &d.change.Items[len(d.change.Items)-1]
}

// event adds an EVENT that the transcript keeps, about p if there is one.
func (d *Draft) event(contentType string, p *Participant, inTranscript bool) *Item {
	it := Item{Type: TypeEvent, ContentType: contentType, InTranscript: inTranscript}
	if p != nil {
		it.ParticipantID, it.DisplayName, it.Role = p.ID, p.DisplayName, p.Role
	}
	return d.Add(it)
}

// Schedule puts a due row.
func (d *Draft) Schedule(key string, at time.Time, data string) {
	d.change.Cancel = remove(d.change.Cancel, key)
	d.change.Due = slices.DeleteFunc(d.change.Due, func(due Due) bool { return due.Key == key })
	d.change.Due = append(d.change.Due, Due{Stream: StreamID(d.Chat.ID), Key: key, At: at.UTC(), Data: data})
}

// Unschedule takes a due row away, whether it was there before or put by this Draft.
func (d *Draft) Unschedule(key string) {
	d.change.Due = slices.DeleteFunc(d.change.Due, func(due Due) bool { return due.Key == key })
	d.change.Cancel = append(remove(d.change.Cancel, key), key)
}

func remove(keys []string, key string) []string {
	return slices.DeleteFunc(keys, func(k string) bool { return k == key })
}

// Take asks for a claim; the Draft fails as a whole if it is held.
func (d *Draft) Take(c Claim) { d.change.Take = append(d.change.Take, c) }

// Release gives a claim back, also one that this Draft has asked for.
func (d *Draft) Release(c Claim) {
	same := func(t Claim) bool { return t.Kind == c.Kind && t.Key == c.Key }
	if i := slices.IndexFunc(d.change.Take, same); i >= 0 {
		d.change.Take = slices.Delete(d.change.Take, i, i+1)
		return
	}
	d.change.Release = append(d.change.Release, c)
}

// Pending are the keys of claims of a kind, beginning with a prefix, that this Draft takes and gives back.
func (d *Draft) Pending(kind, prefix string) (taken, released []string) {
	keys := func(all []Claim) (keys []string) {
		for _, c := range all {
			if c.Kind == kind && strings.HasPrefix(c.Key, prefix) {
				keys = append(keys, c.Key)
			}
		}
		return keys
	}
	return keys(d.change.Take), keys(d.change.Release)
}

// Answers says which due row this Draft is the answer to.
func (d *Draft) Answers(due Due) { d.change.Done = &due }

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
