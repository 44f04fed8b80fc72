package center

import (
	"slices"
	"time"
)

// PastSession is an ended chat that a persistent chat reads on into, up to one of its contacts.
type PastSession struct {
	Chat     ChatID    `json:"chat"`
	Contact  ContactID `json:"contact"`  // the last contact that is shown
	LastSeq  int64     `json:"lastSeq"`  // of that contact; 0 means to the end
	Contacts int       `json:"contacts"` // how many of its contacts are shown
	Ended    time.Time `json:"ended"`
}

// Persistence asks to continue an ended chat. Either member may be missing on the wire; both are required here.
type Persistence struct {
	Type   string // ENTIRE_PAST_SESSION, FROM_SEGMENT
	Source ContactID
}

// Rehydration types.
const (
	EntirePastSession = "ENTIRE_PAST_SESSION"
	FromSegment       = "FROM_SEGMENT"
)

const (
	maxPastContacts = 100
	// MaxPastBytes is the largest past transcript that a persistent chat reads on into.
	MaxPastBytes = 5 << 20
)

// MayPrecede says whether a contact may continue the source.
func (p Persistence) MayPrecede(id ContactID) error {
	if p.Source == id {
		return Refuse(InvalidRequest, "SourceContactId must not be the contact itself")
	}
	return nil
}

// Continue decides which past sessions a chat reads on into, when it continues source from the given contact:
// that session and, because links are cumulative, those it continued itself; at most 100 contacts.
// Source: Amazon Connect, "Enable persistent chat".
func Continue(source *Chat, from ContactID, how string) (past []PastSession, err error) {
	if source.Ended.IsZero() {
		return nil, Refuse(InvalidRequest, "SourceContactId must be of a chat that has ended; this one is still active")
	}
	last := slices.IndexFunc(source.Contacts, func(c Contact) bool { return c.ID == source.Current().ID })
	if how == FromSegment {
		last = slices.IndexFunc(source.Contacts, func(c Contact) bool { return c.ID == from })
	}
	first := PastSession{Chat: source.ID, Contact: source.Contacts[last].ID, Contacts: last + 1, Ended: source.Ended}
	if next, ok := source.After(last); ok {
		first.LastSeq = next.FirstSeq - 1
	}
	total := 0
	for _, p := range append([]PastSession{first}, source.Past...) {
		if len(past) > 0 && total+p.Contacts > maxPastContacts {
			break
		}
		total += p.Contacts
		past = append(past, p)
	}
	return past, nil
}

// Associate makes a running chat continue past sessions, once. Everybody is told that older messages can be read.
func (d *Draft) Associate(past []PastSession) error {
	switch {
	case !d.Chat.Ended.IsZero():
		return Refuse(InvalidRequest, "the contact has ended")
	case len(d.Chat.Past) > 0:
		return Refuse(InvalidRequest, "the contact already continues a past chat; a chat is associated once")
	}
	c := d.Edit()
	c.Past = past
	if len(past) > 0 {
		c.Current().Related = past[0].Contact
		c.Current().LastUpdate = d.Now
	}
	d.event(EventRehydrated, nil, false)
	return nil
}
