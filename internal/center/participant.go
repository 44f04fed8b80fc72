package center

import (
	"errors"
	"time"
)

// Role of a participant, as the API spells it.
type Role string

// The roles.
const (
	RoleAgent             Role = "AGENT"
	RoleCustomer          Role = "CUSTOMER"
	RoleSystem            Role = "SYSTEM"
	RoleCustomParticipant Role = "CUSTOM_BOT"
	RoleSupervisor        Role = "SUPERVISOR"
)

// Participant is one who is, was or will be in a chat. Joined and Left are zero until they happen; one who never came in time has
// Left without Joined.
type Participant struct {
	ID          ParticipantID `json:"id"`
	Role        Role          `json:"role"`
	DisplayName string        `json:"name"`
	Created     time.Time     `json:"created"`
	Joined      time.Time     `json:"joined,omitzero"`
	Left        time.Time     `json:"left,omitzero"`
	// LeftSeq is the number of the last item that one who has left sees, 0 for those with whom the chat ended: they see all.
	LeftSeq int64 `json:"leftSeq,omitempty"`
	// Silent is of a supervisor who only reads: the others do not see that they are there.
	Silent bool `json:"silent,omitempty"`
	// User and Contact are of agents and supervisors: who it is, and the contact that they work on.
	User    UserID    `json:"user,omitempty"`
	Contact ContactID `json:"contact,omitempty"`
}

// Active says that the participant has connected and not left.
func (p Participant) Active() bool { return !p.Joined.IsZero() && p.Left.IsZero() }

// Participant finds a participant by id.
func (c *Chat) Participant(id ParticipantID) (*Participant, bool) {
	for i := range c.Participants {
		if c.Participants[i].ID == id {
			return &c.Participants[i], true
		}
	}
	return nil, false
}

// With finds a participant of a role who is connected.
func (c *Chat) With(role Role) (*Participant, bool) {
	for i := range c.Participants {
		if c.Participants[i].Role == role && c.Participants[i].Active() {
			return &c.Participants[i], true
		}
	}
	return nil, false
}

// Present finds a participant whose token is alive: the chat has not ended and they have not left. Everyone else
// gets the one answer that the service gives to dead tokens.
func (c *Chat) Present(id ParticipantID) (*Participant, error) {
	p, ok := c.Participant(id)
	if !ok || !c.Ended.IsZero() || !p.Left.IsZero() {
		return nil, Refuse(AccessDenied, "Access denied")
	}
	return p, nil
}

// MayRead is [Chat.Present] for one who reads the transcript. An agent reads nothing of a chat that is only offered to them,
// and goes on reading until the after-contact work is over, also when the chat has ended (inferred). last is the number of the
// last item that they may read, 0 for all: who has left does not read what others say after that.
// Source: agents.md 3.2.
func (c *Chat) MayRead(id ParticipantID) (last int64, err error) {
	p, ok := c.Participant(id)
	if !ok || p.User == "" {
		_, err := c.Present(id)
		return 0, err
	}
	if contact, ok := c.Contact(p.Contact); ok && !p.Joined.IsZero() && (contact.Agent == nil || contact.Agent.Participant != id || contact.Agent.Done.IsZero()) {
		return p.LeftSeq, nil
	}
	return 0, Refuse(AccessDenied, "Access denied")
}

// MayConnect is [Chat.Present] for one who asks for a connection: a custom participant who comes too late is told so. An agent
// gets one from the offer on, which is of no use before the contact is accepted: agents' clients ask once, as soon as they are
// shown the offer, and take a refusal for good.
// Source: the API reference of CreateParticipant, which names ResourceNotFoundException; that of agents is inferred.
func (c *Chat) MayConnect(id ParticipantID) (*Participant, error) {
	if p, ok := c.Participant(id); ok && p.Role == RoleCustomParticipant && p.Joined.IsZero() && !p.Left.IsZero() && c.Ended.IsZero() {
		return nil, Refuse(NotFound, "the participant did not connect in time and is no longer part of the contact")
	}
	return c.Present(id)
}

// MayListen is [Chat.MayConnect] for one whose socket is to show the chat: an agent hears nothing of one that they have not
// accepted.
func (c *Chat) MayListen(id ParticipantID) (*Participant, error) {
	p, err := c.MayConnect(id)
	if err != nil || p.Role != RoleAgent || !p.Joined.IsZero() {
		return p, err
	}
	if contact, ok := c.Contact(p.Contact); ok && contact.Offer != nil && contact.Offer.Participant == id && !contact.Offer.Accepted.IsZero() {
		return p, nil
	}
	return nil, Refuse(AccessDenied, "Access denied")
}

// ErrNotConnected is the cause of refusing a participant who has not connected yet, and may be about to.
var ErrNotConnected = errors.New("not connected")
