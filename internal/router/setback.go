package router

import (
	"reflect"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/routing"
	"github.com/parley-chat/parley/internal/store"
)

// setbacks are the contacts and agents of a site whose last offer was refused or failed. As a rule the row has changed
// meanwhile: it is read again, and routed at once. If it is still as it was, the same offer would be made without end, and the
// agent would get no other contact, nor the contact another agent. So the contact is for other agents first, as one that the agent
// has rejected; from its second refusal on it is left out of passes, for a time that doubles. An agent is left out from the second
// contact on that was refused, and comes back before the contacts do. A setback ends with an offer that succeeds, and with a row
// that changes.
type setbacks struct {
	contacts map[center.ContactID]*contactSetback
	agents   map[center.UserID]*agentSetback
}

type setback struct {
	times int
	until time.Time // by real time
	out   bool      // it is not in the index
}

type contactSetback struct {
	setback
	row   routing.Contact
	agent center.UserID // whose offer was refused last
}

type agentSetback struct {
	setback
	row     store.AgentAtWork
	contact center.ContactID // that was refused last
}

// contactAfter and contactMost are the first and the longest time for which a contact is left out; agentAfter and agentMost are
// the same of an agent. readAfter is when a store that could not be read is read again.
const (
	contactAfter = time.Second
	contactMost  = 8 * time.Second
	agentAfter   = contactAfter / 2
	agentMost    = contactMost / 2
	readAfter    = time.Second
)

// again counts a refusal.
func (s *setback) again(now time.Time, first, most time.Duration) {
	s.times++
	if s.times > 1 {
		s.until = now.Add(min(first<<min(s.times-2, 10), most))
	}
}

// indexed is the contact as it stands in the index.
func (c *contactSetback) indexed() routing.Contact {
	row := c.row
	row.Rejecter = c.agent
	return row
}

// refused notes that an offer was refused or failed.
func (s *site) refused(o *routing.Offer, now time.Time) {
	if row, ok := s.index.Contact(o.Contact); ok {
		c := s.back.contacts[o.Contact]
		if c == nil {
			c = &contactSetback{row: row}
			s.back.contacts[o.Contact] = c
		}
		c.agent = o.Agent
		c.again(now, contactAfter, contactMost)
		s.index.PutContact(c.indexed())
	}
	if row, ok := s.agents[o.Agent]; ok {
		a := s.back.agents[o.Agent]
		if a == nil {
			a = &agentSetback{row: row}
			s.back.agents[o.Agent] = a
		}
		if a.contact != o.Contact {
			a.contact = o.Contact
			a.again(now, agentAfter, agentMost)
		}
	}
}

// succeeded notes that an offer was committed.
func (s *site) succeeded(o *routing.Offer) {
	delete(s.back.contacts, o.Contact)
	delete(s.back.agents, o.Agent)
}

// leaveOut takes out of the index what is not to be routed yet, and puts back what is to be again. It returns when that changes:
// zero for never.
func (s *site) leaveOut(now time.Time) (next time.Time) {
	for id, c := range s.back.contacts {
		if c.move(now, &next) {
			if c.out {
				s.index.RemoveContact(id)
			} else {
				s.index.PutContact(c.indexed())
			}
		}
	}
	for id, a := range s.back.agents {
		if a.move(now, &next) {
			if a.out {
				s.index.RemoveAgent(id)
			} else {
				s.indexAgent(&a.row)
			}
		}
	}
	return next
}

// move says whether it leaves the index or comes back to it.
func (s *setback) move(now time.Time, next *time.Time) bool {
	was := s.out
	if s.out = s.until.After(now); s.out && (next.IsZero() || s.until.Before(*next)) {
		*next = s.until
	}
	return s.out != was
}

// setBackContact says whether the contact has a setback and has not changed, so that the index knows it as it is to.
func (s *site) setBackContact(c *routing.Contact) bool {
	b := s.back.contacts[c.ID]
	if b == nil || same(&b.row, c) {
		return b != nil
	}
	delete(s.back.contacts, c.ID)
	return false
}

// setBackAgent says whether the agent is left out and has not changed.
func (s *site) setBackAgent(a *store.AgentAtWork) bool {
	b := s.back.agents[a.Agent]
	if b == nil || reflect.DeepEqual(&b.row, a) {
		return b != nil && b.out
	}
	delete(s.back.agents, a.Agent)
	return false
}

func (s *site) removeContact(id center.ContactID) {
	delete(s.back.contacts, id)
	s.index.RemoveContact(id)
}

func (s *site) removeAgent(id center.UserID) {
	delete(s.back.agents, id)
	s.index.RemoveAgent(id)
}
