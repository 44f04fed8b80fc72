package center

import (
	"cmp"
	"slices"
	"time"
	"unicode/utf8"
)

// ContactRecord is what is asked of a contact afterwards: by searches, and by metrics. It is a function of the chat
// ([Chat.Record]), but for its Figures. What is not known is zero.
type ContactRecord struct {
	ID                ContactID
	Chat              ChatID
	Instance          InstanceID
	Channel           string
	InitiationMethod  string
	Initiated         time.Time
	ConnectedToSystem time.Time
	Enqueued          time.Time
	Dequeued          time.Time // an agent took it, or it ended
	Disconnected      time.Time
	Transferred       time.Time // to another queue, or by an agent
	Previous          ContactID
	Next              ContactID
	Related           ContactID
	// PreDisconnectState is StateInQueue or "".
	PreDisconnectState string
	DisconnectReason   string
	Queue              QueueID
	Subtype            string
	Routing            *RoutingCriteria
	// Association is the root of a chat that was begun from another one; "" for the root itself.
	Association ContactID
	// Agent is the agent who joined it, nil for none.
	Agent *ContactAgent
	// Shown says that searches show it: its customer has connected, or it has ended without that.
	Shown bool
	About *About // nil when there is nothing in it
	// Customer is the chat's CustomerID. It goes with the chat.
	Customer string
	// Figures are counted once, in the Change that ends the contact. nil leaves those that are there.
	Figures *Figures
}

const (
	channelChat = "CHAT"
	// StateInQueue is the PreDisconnectState of a contact that ended while it waited in a queue.
	StateInQueue = "IN_QUEUE"
)

// Record returns the record of the contact number i, without figures.
func (c *Chat) Record(i int) ContactRecord {
	from := &c.Contacts[i]
	r := ContactRecord{
		ID: from.ID, Chat: c.ID, Instance: c.Instance, Channel: channelChat, InitiationMethod: from.InitiationMethod,
		Initiated: from.Initiated, ConnectedToSystem: from.ConnectedToSystem, Enqueued: from.Enqueued,
		Disconnected: from.Disconnected, Previous: from.Previous, Related: from.Related,
		DisconnectReason: from.DisconnectReason, Queue: from.Queue, Routing: from.Routing, Agent: from.Agent, Dequeued: from.Dequeued,
		Customer: c.CustomerID,
	}
	if subtype := from.SegmentAttributes[SubtypeKey].ValueString; subtype != nil {
		r.Subtype = *subtype
	}
	r.Shown = i > 0 || !from.ConnectedToSystem.IsZero() || !from.Enqueued.IsZero() || !from.Disconnected.IsZero()
	r.About = from.about()
	if string(c.Association) != string(c.ID) {
		r.Association = c.Association
	}
	if !from.Enqueued.IsZero() && from.Dequeued.IsZero() && !from.Disconnected.IsZero() {
		r.Dequeued, r.PreDisconnectState = from.Disconnected, StateInQueue // no agent took it out
	}
	r.Next, r.Transferred = c.nextOf(i), from.Transferred
	if next, ok := c.Contact(r.Next); ok && next.InitiationMethod == InitiatedByQueueTransfer {
		r.Transferred = from.Disconnected
	}
	return r
}

// nextOf is the contact that the contact number i went on as, "" for none. Chats from before contacts named it have one
// line of contacts.
func (c *Chat) nextOf(i int) ContactID {
	from := &c.Contacts[i]
	if from.Next != "" || i+1 == len(c.Contacts) {
		return from.Next
	}
	if next := &c.Contacts[i+1]; next.Previous == from.ID && next.InitiationMethod == InitiatedByQueueTransfer {
		return next.ID
	}
	return ""
}

// Connected is a contact whose customer has connected, of which else its row is as it was.
type Connected struct {
	ID ContactID
	At time.Time
}

// Attribute is a contact attribute that a search can name.
type Attribute struct{ Name, Value string }

// maxSearched is how many characters the names and values have that a search can name (API reference,
// SearchableContactAttributesCriteria).
const maxSearched = 100

// Searchable returns the attributes that a search can name, by name.
func (c *Chat) Searchable() (all []Attribute) {
	for name, value := range c.Attributes {
		if searchable(name, value) {
			all = append(all, Attribute{name, value})
		}
	}
	slices.SortFunc(all, func(a, b Attribute) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func searchable(name, value string) bool {
	return utf8.RuneCountInString(name) <= maxSearched && utf8.RuneCountInString(value) <= maxSearched
}

// Ending returns the contacts that this Draft ends. Their items are to be counted, and told to [Draft.Count], before
// [Draft.Finish]. What is said is of the customer's contact: those beside it have nothing to count.
func (d *Draft) Ending() (ends []Contact) {
	if !d.edited {
		return nil
	}
	for i, c := range d.Chat.Contacts {
		if !c.Beside && !c.Disconnected.IsZero() && (d.seen == nil || i >= len(d.seen.Contacts) || d.seen.Contacts[i].Disconnected.IsZero()) {
			ends = append(ends, c)
		}
	}
	return ends
}

// Count gives a contact its figures: before has counted its items up to the one that the Draft was decided on, and those
// of the Draft are added.
func (d *Draft) Count(id ContactID, before Tally) {
	for i := range d.change.Items {
		if it := &d.change.Items[i]; it.Contact == id {
			before.Add(it)
		}
	}
	c, ok := d.Chat.Contact(id)
	if !ok {
		return
	}
	if d.figures == nil {
		d.figures = map[ContactID]*Figures{}
	}
	d.figures[id] = before.Figures(c.Disconnected)
}

// rowsVersion is that of the rows that are put here: 1 has what searches need, 2 who waits in queues, 3 the customer.
const rowsVersion = 3

// keepRows puts into the Change the rows that are to change: they follow from the chat as it was seen and as it will be,
// so that no rule has to think of them. A chat whose rows are of before gets all of them with the first one.
func (d *Draft) keepRows() {
	since := d.seen
	d.keepSince(since)
	c := &d.change
	if d.Chat.Rows < rowsVersion && (len(c.Contacts)+len(c.Attributes)+len(c.Unset) > 0 || d.Chat.Current().Queued()) {
		left := c.Left
		switch {
		case since == nil:
		case d.Chat.Rows == 0 || d.Chat.CustomerID != "":
			d.keepSince(nil)
		default: // it has all but the rows of who waits
			d.keepWaiting(nil)
		}
		c.Left = left
		d.Edit().Rows = rowsVersion
	}
	d.keepRuns()
}

// keepSince puts what has changed since a chat, nil for all.
func (d *Draft) keepSince(since *Chat) {
	d.keepWaiting(since)
	c := &d.change
	c.Contacts, c.Connected, c.Terms, c.Attributes, c.Unset = c.Contacts[:0], c.Connected[:0], c.Terms[:0], c.Attributes[:0], c.Unset[:0]
	for i := range d.Chat.Contacts {
		r := d.Chat.Record(i)
		var before ContactRecord
		if since != nil && i < len(since.Contacts) {
			before = since.Record(i)
		}
		if before.same(&r) {
			if before.ConnectedToSystem != r.ConnectedToSystem {
				c.Connected = append(c.Connected, Connected{r.ID, r.ConnectedToSystem})
			}
			continue
		}
		if terms := r.termsSince(&before); terms.Put != nil || terms.Unset != nil {
			c.Terms = append(c.Terms, terms)
		}
		r.Figures = d.figures[r.ID]
		c.Contacts = append(c.Contacts, r)
	}
	if since == nil {
		c.Attributes = d.Chat.Searchable()
		return
	}
	for name, value := range d.Chat.Attributes {
		before, had := since.Attributes[name]
		switch {
		case had && before == value:
		case searchable(name, value):
			c.Attributes = append(c.Attributes, Attribute{name, value})
		case had && searchable(name, before):
			c.Unset = append(c.Unset, name)
		}
	}
	for name, before := range since.Attributes {
		if _, has := d.Chat.Attributes[name]; !has && searchable(name, before) {
			c.Unset = append(c.Unset, name)
		}
	}
	slices.SortFunc(c.Attributes, func(a, b Attribute) int { return cmp.Compare(a.Name, b.Name) })
	slices.Sort(c.Unset)
}
