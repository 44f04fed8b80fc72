package center

import (
	"slices"
	"time"
)

// OfferWithin is how long an agent has to accept a chat (admin guide, "Configure agent settings": it cannot be set).
const OfferWithin = 20 * time.Second

// WhisperWithin is how long each whisper may take (admin guide, "Set whisper flow").
const WhisperWithin = 2 * time.Minute

// Keys of due rows of offers, each with the id of its contact behind it and the participant's as data.
const (
	DueOffer   = "offer:"   // the agent must have accepted by then
	DueAccept  = "accept:"  // it is accepted for the agent
	DueWhisper = "whisper:" // the whisper of one who accepted must be over by then
)

// Whispers, in their order.
const (
	WhisperToAgent    = "agent"    // the contact is still in its queue
	WhisperToCustomer = "customer" // it is not any more
)

// Offer is a contact that is offered to an agent. It waits in its queue until the agent joins.
type Offer struct {
	User        UserID        `json:"user"`
	Participant ParticipantID `json:"participant"`
	At          time.Time     `json:"at"`
	Accepted    time.Time     `json:"accepted,omitzero"` // whispers run from here on
	Whisper     string        `json:"whisper,omitempty"` // that is under way, "" for none
	// Direct says that it was assigned to the agent, whatever the agent's queues and slots.
	Direct bool `json:"direct,omitempty"`
}

// Move is what a decision about a chat does to an agent's slot. Slot holds all of it for an offer and a monitor, else the
// contact, the state and the time.
type Move struct {
	User UserID
	Slot AgentContact
}

// TakeMoves returns what is to be done to agents' slots and was not taken yet.
func (d *Draft) TakeMoves() []Move {
	moves := d.moves
	d.moves = nil
	return moves
}

func (d *Draft) move(user UserID, contact ContactID, state string) {
	d.moves = append(d.moves, Move{user, AgentContact{Contact: contact, State: state, Since: d.Now}})
}

// Offeree is the agent whom a contact is offered to.
type Offeree struct {
	User        UserID
	DisplayName string
	Direct      bool
}

// Offer offers a contact that waits in a queue to an agent, as a new participant each time: clients remember the dead
// sessions of each. Nobody in the chat sees it. Source: agents.md 1.2.
func (d *Draft) Offer(id ContactID, to Offeree) (*Participant, error) {
	c, ok := d.Chat.Contact(id)
	switch {
	case !ok:
		return nil, Refuse(NotFound, "Resource not found of Type: CONTACT %s", Printable(string(id)))
	case !c.Queued():
		return nil, Refuse(InvalidRequest, "the contact %s does not wait in a queue", id)
	case c.Offer != nil:
		return nil, Refuse(InvalidRequest, "the contact %s is offered to an agent already", id)
	case d.Chat.takesPart(to.User):
		return nil, Refuse(InvalidState, "the agent takes part in the chat already")
	}
	chat := d.Edit()
	c, _ = chat.Contact(id)
	p := Participant{ID: ParticipantID(d.NewID()), Role: RoleAgent, DisplayName: to.DisplayName, Created: d.Now, User: to.User, Contact: id}
	chat.Participants = append(chat.Participants, p)
	c.Offer = &Offer{User: to.User, Participant: p.ID, At: d.Now, Direct: to.Direct}
	c.Attempts++
	c.LastUpdate = d.Now
	d.Schedule(DueOffer+string(id), d.Now.Add(OfferWithin), string(p.ID))
	d.moves = append(d.moves, Move{to.User, AgentContact{
		Contact: id, Chat: chat.ID, Participant: p.ID, Channel: channelChat, InitiationMethod: c.InitiationMethod,
		State: SlotConnecting, Since: d.Now, Offered: d.Now, Queue: c.Queue, AgentQueue: c.AgentQueue, Enqueued: c.Enqueued,
	}})
	return &p, nil
}

// takesPart says that a user is in the chat, or is offered a contact of it: nobody is twice in a conversation.
func (c *Chat) takesPart(user UserID) bool {
	for i := range c.Participants {
		if p := &c.Participants[i]; p.User == user && p.Left.IsZero() {
			return true
		}
	}
	return false
}

// offered finds a contact that is offered to a user.
func (d *Draft) offered(id ContactID, user UserID) (*Contact, error) {
	c, ok := d.Chat.Contact(id)
	if !ok || c.Offer == nil || c.Offer.User != user {
		return nil, Refuse(InvalidState, "the contact %s is not offered to the agent (any more)", Printable(string(id)))
	}
	return c, nil
}

// Accept takes an offer up. The contact stays where it is until the whispers are over and the agent joins.
func (d *Draft) Accept(id ContactID, user UserID) error {
	c, err := d.offered(id, user)
	if err != nil {
		return err
	}
	if !c.Offer.Accepted.IsZero() {
		return Refuse(InvalidState, "the contact %s is accepted already", id)
	}
	d.Edit()
	c, _ = d.Chat.Contact(id)
	offer := *c.Offer
	offer.Accepted = d.Now
	c.Offer, c.LastUpdate = &offer, d.Now
	d.Unschedule(DueOffer + string(id))
	d.Unschedule(DueAccept + string(id))
	return nil
}

// AutoAccept has an offer accepted for the agent at once. Between the two the agent is shown that it is offered.
func (d *Draft) AutoAccept(id ContactID) {
	c, _ := d.Chat.Contact(id)
	d.Schedule(DueAccept+string(id), d.Now, string(c.Offer.Participant))
}

// BeginWhisper notes which whisper is under way of the agent who has accepted a contact.
func (d *Draft) BeginWhisper(id ContactID, whisper string) {
	d.Edit()
	c, _ := d.Chat.Contact(id)
	offer := *c.Offer
	offer.Whisper = whisper
	c.Offer = &offer
	d.Schedule(DueWhisper+string(id), d.Now.Add(WhisperWithin), string(offer.Participant))
}

// EndWhisper notes that the whisper under way has come to its end.
func (d *Draft) EndWhisper(id ContactID) {
	d.Edit()
	c, _ := d.Chat.Contact(id)
	offer := *c.Offer
	offer.Whisper = ""
	c.Offer = &offer
	d.Unschedule(DueWhisper + string(id))
}

// Dequeue takes a contact out of its queue for the agent who has accepted it: the agent's whisper is over. It keeps its place
// among those of the queue until the agent has joined, and goes back to it if that fails.
func (d *Draft) Dequeue(id ContactID) {
	d.Edit()
	c, ok := d.Chat.Contact(id)
	if ok && c.Queued() {
		c.Dequeued = d.Now
	}
}

// Join connects the agent who has accepted a contact.
func (d *Draft) Join(id ContactID, profile RoutingProfileID, hierarchy []HierarchyGroupID) {
	d.Dequeue(id)
	c, _ := d.Chat.Contact(id)
	d.leaveQueue(c)
	offer := c.Offer
	p, _ := d.Chat.Participant(offer.Participant)
	p.Joined = d.Now
	c.Offer, c.Rejecter = nil, ""
	c.Agent = &ContactAgent{User: offer.User, Participant: p.ID, Connected: d.Now, Profile: profile, Hierarchy: hierarchy}
	c.LastUpdate = d.Now
	if c.Routing != nil {
		c.Routing = c.Routing.End(StepJoined, d.Now)
	}
	d.Unschedule(DueWhisper + string(id))
	joined := *p
	d.DropCustomParticipant()
	d.event(EventJoined, &joined, true)
	d.startTimers()
	d.move(offer.User, id, SlotConnected)
}

// Withdraw takes an offer back; the agent's slot gets the state. The contact is where it was: one that was taken out of its
// queue is in it again, as long as before. Nothing is kept of a participant who has not joined: a contact may be offered again
// and again for as long as it waits.
func (d *Draft) Withdraw(id ContactID, state string) {
	d.Edit()
	c, ok := d.Chat.Contact(id)
	if !ok || c.Offer == nil {
		return
	}
	offer := c.Offer
	d.Chat.Participants = slices.DeleteFunc(d.Chat.Participants, func(p Participant) bool { return p.ID == offer.Participant })
	c.Offer, c.Dequeued, c.LastUpdate = nil, time.Time{}, d.Now
	if state == SlotRejected {
		c.Rejecter = offer.User
	}
	d.Unschedule(DueOffer + string(id))
	d.Unschedule(DueAccept + string(id))
	d.Unschedule(DueWhisper + string(id))
	d.move(offer.User, id, state)
}

// Miss ends an offer that nobody has accepted in time, and says whether there was one.
func (d *Draft) Miss(id ContactID, participant ParticipantID) bool {
	c, ok := d.Chat.Contact(id)
	if !ok || c.Offer == nil || c.Offer.Participant != participant || !c.Offer.Accepted.IsZero() {
		return false
	}
	d.Withdraw(id, SlotMissed)
	return true
}

// WhisperTooLong ends the offer to an agent whose whisper, or the customer's, has taken too long. It says whether there was
// one.
func (d *Draft) WhisperTooLong(id ContactID, participant ParticipantID) bool {
	c, ok := d.Chat.Contact(id)
	if !ok || c.Offer == nil || c.Offer.Participant != participant || c.Offer.Whisper == "" {
		return false
	}
	d.Withdraw(id, SlotError)
	return true
}

// leaveOffer is an agent's leaving a contact that they have not joined: it rejects an offer, and ends the whispers of one that
// was accepted.
func (d *Draft) leaveOffer(id ContactID, user UserID) error {
	c, err := d.offered(id, user)
	if err != nil {
		return err
	}
	if c.Offer.Accepted.IsZero() {
		return d.Reject(id, user)
	}
	d.Withdraw(id, SlotError)
	return nil
}

// Reject ends an offer by the agent. Nobody rejects what they have accepted.
func (d *Draft) Reject(id ContactID, user UserID) error {
	c, err := d.offered(id, user)
	if err != nil {
		return err
	}
	if !c.Offer.Accepted.IsZero() {
		return Refuse(InvalidState, "the contact %s is accepted already", id)
	}
	d.Withdraw(id, SlotRejected)
	if c, _ := d.Chat.Contact(id); c.Invited { // whoever is invited and rejects does not join (agents.md 1.2.9)
		d.failConnect(c, ReasonAgent)
	}
	return nil
}

// Agents are the participants who are agents and connected.
func (c *Chat) Agents() (n int) {
	for i := range c.Participants {
		if p := &c.Participants[i]; p.Role == RoleAgent && p.Active() {
			n++
		}
	}
	return n
}

// AgentOf finds the contact on which a user works as an agent, offered ones included.
func (c *Chat) AgentOf(id ContactID, user UserID) (*Contact, error) {
	contact, ok := c.Contact(id)
	if !ok || contact.worker() != user {
		return nil, Refuse(NotFound, "the user has no contact %s", Printable(string(id)))
	}
	return contact, nil
}

// worker is the agent whom the contact is offered to or who joined it, "" for none.
func (c *Contact) worker() UserID {
	switch {
	case c.Offer != nil:
		return c.Offer.User
	case c.Agent != nil:
		return c.Agent.User
	}
	return ""
}
