package center

import (
	"slices"
	"time"
)

// WaitingRecord is a contact that waits in a queue, as routing and figures of the present see it.
type WaitingRecord struct {
	Contact    ContactID
	Chat       ChatID
	Instance   InstanceID
	Queue      QueueID
	AgentQueue bool
	Channel    string
	Enqueued   time.Time
	Since      time.Time // what its age counts from
	Priority   int
	Adjustment int // seconds
	Routing    *RoutingCriteria
	OfferedTo  UserID // "" for nobody
	Rejecter   UserID // who rejected it last
}

// Waiting is the record of the contact number i, nil if it does not wait in a queue.
func (c *Chat) Waiting(i int) *WaitingRecord {
	from := &c.Contacts[i]
	if !from.Queued() {
		return nil
	}
	r := &WaitingRecord{
		Contact: from.ID, Chat: c.ID, Instance: c.Instance, Queue: from.Queue, AgentQueue: from.AgentQueue, Channel: channelChat,
		Enqueued: from.Enqueued, Since: from.age(), Priority: from.Priority, Adjustment: from.TimeAdjustment, Routing: from.Routing, Rejecter: from.Rejecter,
	}
	if from.Offer != nil {
		r.OfferedTo = from.Offer.User
	}
	return r
}

// age is what the contact's age in the queue counts from.
func (c *Contact) age() time.Time {
	if c.WaitsSince.IsZero() {
		return c.Enqueued
	}
	return c.WaitsSince
}

// Aged is what the record is ordered by within its priority, in milliseconds: less is served first.
func (r *WaitingRecord) Aged() int64 { return r.Since.UnixMilli() - int64(r.Adjustment)*1000 }

// keepWaiting puts the rows of contacts that wait, and takes away those of contacts that do not wait any more.
func (d *Draft) keepWaiting(since *Chat) {
	c := &d.change
	c.Waiting, c.Left = c.Waiting[:0], c.Left[:0]
	for i := range d.Chat.Contacts {
		id := d.Chat.Contacts[i].ID
		now := d.Chat.Waiting(i)
		var before *WaitingRecord
		if since != nil {
			if j := slices.IndexFunc(since.Contacts, func(c Contact) bool { return c.ID == id }); j >= 0 {
				before = since.Waiting(j)
			}
		}
		switch {
		case now != nil && (before == nil || *before != *now):
			c.Waiting = append(c.Waiting, *now)
		case now == nil && before != nil:
			c.Left = append(c.Left, id)
		}
	}
}

// AgentRecord is an agent as it is now.
type AgentRecord struct {
	Agent     UserID
	Instance  InstanceID
	Status    WorkStatus
	Since     time.Time
	Next      *NextStatus
	Idle      time.Time
	Profile   RoutingProfileID
	Hierarchy []HierarchyGroupID
}

// OfferRecord is an offer of a contact to an agent. It is found by its contact, agent and start.
type OfferRecord struct {
	Contact   ContactID
	Agent     UserID
	Instance  InstanceID
	Queue     QueueID
	Started   time.Time
	Ended     time.Time // zero while it goes on
	Outcome   string    // [OfferAccepted], or the state of the slot; "" while it goes on
	Cleared   time.Time // of one that failed
	Profile   RoutingProfileID
	Hierarchy []HierarchyGroupID
}

// AgentInterval is a time that an agent spent in a status, with what they were then. It is found by its agent and begin.
type AgentInterval struct {
	Agent     UserID
	Instance  InstanceID
	Began     time.Time
	Ended     time.Time // zero while it goes on
	Status    WorkStatus
	Profile   RoutingProfileID
	Hierarchy []HierarchyGroupID
}

// keepRows puts the agent's row, its slots that have changed, its offers, and the intervals that begin and end.
func (d *AgentDraft) keepRows() {
	a, c := d.Agent, &d.change
	same := d.seen != nil && d.seen.Status.ID == a.Status.ID && d.seen.Since.Equal(a.Since) && d.seen.Profile == a.Profile && slices.Equal(d.seen.Hierarchy, a.Hierarchy)
	if !same && d.seen != nil {
		ended := d.seen.interval()
		ended.Ended = d.Now
		a.Interval = d.Now
		if !d.Now.After(ended.Began) {
			a.Interval = ended.Began // it has taken no time
		} else {
			c.Intervals = append(c.Intervals, ended)
		}
	}
	if !same {
		c.Intervals = append(c.Intervals, a.interval())
	}
	c.Agent = &AgentRecord{a.ID, a.Instance, a.Status, a.Since, a.Next, a.Idle, a.Profile, a.Hierarchy}
	for i := range a.Contacts {
		if d.seen != nil && slices.Contains(d.seen.Contacts, a.Contacts[i]) {
			continue
		}
		c.Slots = append(c.Slots, a.Contacts[i])
	}
	if d.seen != nil {
		for i := range d.seen.Contacts {
			if id := d.seen.Contacts[i].Contact; !slices.ContainsFunc(a.Contacts, func(c AgentContact) bool { return c.Contact == id }) {
				c.Free = append(c.Free, id)
			}
		}
	}
	c.Offers = d.offers
}

func (a *Agent) interval() AgentInterval {
	return AgentInterval{Agent: a.ID, Instance: a.Instance, Began: a.Interval, Status: a.Status, Profile: a.Profile, Hierarchy: a.Hierarchy}
}
