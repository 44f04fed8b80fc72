package center

import (
	"slices"
	"time"
)

// NextContact is a contact that an agent has made of another one by a quick connect.
type NextContact struct {
	Contact   ContactID      `json:"contact"`
	Initiated time.Time      `json:"initiated"`
	Connect   QuickConnectID `json:"connect"`
	Name      string         `json:"name"`
	Type      string         `json:"type"`
}

// maxNextContacts is how many contacts agents can make of one by quick connects (API model, NextContacts).
const maxNextContacts = 24

// maxBeside is how many contacts a chat can have beside the customer's: transfers that did not succeed and invitations; and how
// many monitors besides (inferred: something must bound a chat's state).
const maxBeside = 100

// segments is how many contacts the customer has had in a row.
func (c *Chat) segments() (n int) {
	for i := range c.Contacts {
		if !c.Contacts[i].Beside {
			n++
		}
	}
	return n
}

// Live says that the contact has not ended.
func (c *Contact) Live() bool { return c.Disconnected.IsZero() }

// Transfers says that the contact is a transfer by a quick connect that has not succeeded or failed yet.
func (c *Contact) Transfers() bool {
	return c.Beside && !c.Invited && c.Live() && c.InitiationMethod == InitiatedByTransfer
}

// Transferring finds the transfer that is under way.
func (c *Chat) Transferring() (*Contact, bool) {
	for i := range c.Contacts {
		if c.Contacts[i].Transfers() {
			return &c.Contacts[i], true
		}
	}
	return nil, false
}

// AgentIn finds the participant as whom a user works on a contact as an agent, now.
func (c *Chat) AgentIn(id ContactID, user UserID) (*Participant, error) {
	contact, err := c.AgentOf(id, user)
	if err != nil {
		return nil, err
	}
	if contact.Agent != nil && contact.Monitor == nil && contact.Offer == nil {
		if p, ok := c.Participant(contact.Agent.Participant); ok && p.Active() && c.Ended.IsZero() {
			return p, nil
		}
	}
	return nil, Refuse(InvalidState, "the agent is not connected to the contact %s", id)
}

// BeginTransfer makes the contact that an agent transfers the chat to. It stays beside the customer's until its flow has put
// it into a queue. Source: agents.md 3.2.
func (d *Draft) BeginTransfer(from ContactID, agent UserID, to *QuickConnect, flow FlowID) (*Contact, error) {
	if _, err := d.mayConnect(from, agent); err != nil {
		return nil, err
	}
	return d.connect(from, to, flow)
}

// mayConnect says whether an agent may use a quick connect.
func (d *Draft) mayConnect(from ContactID, agent UserID) (*Participant, error) {
	p, err := d.Chat.AgentIn(from, agent)
	if err != nil {
		return nil, err
	}
	if c, ok := d.Chat.Transferring(); ok {
		return nil, Refuse(InvalidState, "the chat is being transferred already, to the contact %s", c.ID)
	}
	return p, nil
}

// roomBeside refuses more contacts beside the customer's than a chat can have. Supervisors do not take the room of agents.
func (d *Draft) roomBeside(monitors bool) error {
	n := 0
	for i := range d.Chat.Contacts {
		if c := &d.Chat.Contacts[i]; c.Beside && (c.Monitor != nil) == monitors {
			n++
		}
	}
	switch {
	case n < maxBeside:
		return nil
	case monitors:
		return Refuse(QuotaExceeded, "the chat was monitored %d times, which is the limit", n)
	}
	return Refuse(QuotaExceeded, "the chat has had %d transfers without success and invitations, which is the limit", n)
}

// connect makes a contact by a quick connect. It keeps the age, the priority and all that was known of the one that it follows,
// but for what that asked of its agent. Source: agents.md 3.1, 5.2.
func (d *Draft) connect(from ContactID, to *QuickConnect, flow FlowID) (*Contact, error) {
	if err := d.roomBeside(false); err != nil {
		return nil, err
	}
	chat := d.Edit()
	old, _ := chat.Contact(from)
	if len(old.NextContacts) >= maxNextContacts {
		return nil, Refuse(QuotaExceeded, "quick connects have made %d contacts of the contact %s, which is the limit", maxNextContacts, from)
	}
	next := d.successor(old, InitiatedByTransfer)
	next.Beside, next.Flow, next.FlowQualifier, next.Routing = true, flow, "", nil
	if !old.Enqueued.IsZero() {
		next.WaitsSince = old.age()
	}
	switch to.Type {
	case QuickConnectQueue:
		next.TargetQueue = to.Queue
	case QuickConnectUser:
		next.TargetUser = UserID(to.User)
		next.TargetQueue = QueueID(to.User) // the user's own queue has the user's id
	}
	old.NextContacts = append(slices.Clip(old.NextContacts), NextContact{next.ID, d.Now, to.ID, to.Name, to.Type})
	old.LastUpdate = d.Now
	chat.Contacts = append(chat.Contacts, next)
	return &chat.Contacts[len(chat.Contacts)-1], nil
}

// CompleteTransfer makes a contact that was beside the customer's the customer's: all agents leave, and with them those whom
// they have invited and those who monitor. The contact before it ends without a reason. Source: agents.md 3.2.
func (d *Draft) CompleteTransfer(id ContactID) {
	d.event(EventTransferred, nil, true).To = ToAgents
	chat := d.Edit()
	for i := range chat.Participants {
		if p := &chat.Participants[i]; p.Role == RoleAgent && p.Active() {
			d.takeOut(p.ID)
		}
	}
	next, _ := chat.Contact(id)
	if from, ok := chat.Contact(next.Previous); ok {
		from.Transferred, from.Next = d.Now, id
	}
	chat.Current().Next = id
	for i := range chat.Contacts {
		if c := &chat.Contacts[i]; c.ID != id && c.Monitor == nil {
			d.finish(c, "")
		}
	}
	next.Beside, next.FirstSeq, next.LastUpdate = false, d.Seq(), d.Now
	if next.Hooks != nil {
		chat.Hooks, next.Hooks = next.Hooks, nil
	}
}

// FailConnect ends a contact that was made by a quick connect, and that its flow has not put into a queue. Source:
// agents.md 3.3.
func (d *Draft) FailConnect(id ContactID) {
	d.Edit()
	if c, ok := d.Chat.Contact(id); ok && c.Beside && c.Live() {
		d.failConnect(c, ReasonFlow)
	}
}

// failConnect ends a contact that was made by a quick connect and that no agent has joined. The agent who used the quick
// connect is where they were, and is told (inferred for invitations).
func (d *Draft) failConnect(c *Contact, reason string) {
	d.finish(c, reason)
	if from, ok := d.Chat.Contact(c.Previous); ok && from.Agent != nil && from.Agent.Left.IsZero() {
		d.event(EventNotTransferred, nil, true).To = Audience(from.Agent.Participant)
	}
}

// StopBeside ends a contact beside the customer's by the API: a transfer or an invitation fails, an agent who was invited
// leaves, a supervisor no longer monitors. The conversation goes on, unless that was its last agent (inferred).
func (d *Draft) StopBeside(id ContactID) {
	d.Edit()
	switch c, _ := d.Chat.Contact(id); {
	case c.Monitor != nil:
		d.endMonitor(c, ReasonAPI, true)
	case c.Agent != nil:
		d.takeAgentOut(c.Agent.Participant, ReasonAPI)
	default:
		d.failConnect(c, ReasonAPI)
	}
}

// finish ends a contact for whoever is part of it: nobody is offered it any more, and its agent has after-contact work.
func (d *Draft) finish(c *Contact, reason string) {
	if c.Offer != nil {
		d.Withdraw(c.ID, SlotError)
	}
	d.finishWork(c)
	d.disconnect(c, reason)
}

// finishBeside ends the contacts beside the customer's that fit and go on. Monitors end with the contact that they monitor.
func (d *Draft) finishBeside(reason string, fit func(*Contact) bool) {
	chat := d.Edit()
	for i := range chat.Contacts {
		if c := &chat.Contacts[i]; c.Beside && c.Monitor == nil && c.Live() && fit(c) {
			d.finish(c, reason)
		}
	}
}
