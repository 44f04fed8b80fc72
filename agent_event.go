package parley

import (
	"time"

	"github.com/parley-chat/parley/internal/shift"
)

// AgentEvent is one thing that an agent's session shows: an [AgentSnapshot], an [AgentTransition] or an [AgentChat].
type AgentEvent interface{ agentEvent() }

func (AgentSnapshot) agentEvent()   {}
func (AgentTransition) agentEvent() {}
func (AgentChat) agentEvent()       {}

// AgentState is an agent status.
type AgentState struct {
	Name  string
	Type  string // routable, not_routable or offline
	ARN   string
	Since time.Time // zero when not known
}

// States of an agent's contact.
const (
	AgentConnecting = "connecting" // it is offered
	AgentConnected  = "connected"
	AgentEnded      = "ended" // after-contact work
	AgentFailed     = "error" // missed, rejected, or an error; it takes a slot until it is cleared
)

// AgentContact is a contact that takes one of the agent's slots.
type AgentContact struct {
	ContactID     string
	ChatID        string // the InitialContactId
	ParticipantID string // the agent's, in this contact
	State         string
	Since         time.Time // of State

	// Of snapshots:
	Customer   string // display name
	Queue      string // its name; "" for the agent's own queue
	Attributes map[string]string
}

// AgentSnapshot is the agent as it is. There is one whenever something of it has changed; several changes may be one snapshot.
type AgentSnapshot struct {
	// Anew says that changes before it were not shown: it is the first one of a session, or the server has lost
	// what there was.
	Anew     bool
	State    AgentState
	Next     *AgentState // that will be when the last contact is over
	Contacts []AgentContact
}

// Contact finds one of the agent's contacts.
func (s *AgentSnapshot) Contact(contactID string) (AgentContact, bool) {
	for _, c := range s.Contacts {
		if c.ContactID == contactID {
			return c, true
		}
	}
	return AgentContact{}, false
}

// What happens to an agent, as [AgentTransition] tells it.
const (
	AgentBegins       = "begins"
	AgentStateSet     = "status"
	AgentNextState    = "next"
	AgentOffered      = "offered"
	AgentJoined       = "connected"
	AgentLeft         = "ended"
	AgentNotJoined    = "failed" // missed, rejected, or an error
	AgentCleared      = "cleared"
	AgentMonitors     = "monitors"
	AgentReconfigured = "profile"
	AgentHasSignedIn  = "signed-in"
	AgentHasSignedOut = "signed-out"
)

// AgentTransition is something that happened to the agent, and the agent's state after it. Each is shown once.
type AgentTransition struct {
	What      string
	Time      time.Time
	ContactID string        // of the contact that it happened with; "" for a change of the state
	Contact   *AgentContact // after it; nil without a contact, and when it was cleared
	State     AgentState
	Next      *AgentState
}

// AgentChat is something that happened in one of the agent's chats, from the agent's joining to its leaving.
type AgentChat struct {
	ChatID string // the InitialContactId
	Event  Event
}

func agentState(s *shift.State) AgentState {
	a := AgentState{Name: s.Name, Type: s.Type, ARN: s.ARN}
	if s.From != nil {
		a.Since = shift.Time(*s.From)
	}
	return a
}

func nextState(s *shift.State) *AgentState {
	if s == nil {
		return nil
	}
	a := agentState(s)
	return &a
}

func snapshotOf(s *shift.Snapshot) AgentSnapshot {
	a := AgentSnapshot{Anew: s.Anew, State: agentState(&s.State), Next: nextState(s.Next)}
	for i := range s.Contacts {
		c := &s.Contacts[i]
		k := AgentContact{
			ContactID: c.ID, ChatID: c.Chat(), ParticipantID: c.Participant(), State: c.State.Type, Since: shift.Time(c.State.At),
			Customer: c.Customer(), Queue: c.QueueName(), Attributes: map[string]string{},
		}
		for name, v := range c.Attributes {
			k.Attributes[name] = v.Value
		}
		a.Contacts = append(a.Contacts, k)
	}
	return a
}

func transitionOf(t *shift.Transition) AgentTransition {
	a := AgentTransition{What: t.What, Time: shift.Time(t.At), ContactID: t.Contact, State: agentState(&t.State), Next: nextState(t.Next)}
	if c := t.Slot; c != nil {
		a.Contact = &AgentContact{ContactID: c.Contact, ChatID: c.Initial, ParticipantID: c.Participant, State: c.State, Since: shift.Time(c.Since)}
	}
	return a
}
