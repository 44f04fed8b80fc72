package center

import (
	"maps"
	"slices"
	"time"
)

// Chat is the aggregate: all contacts that share one InitialContactId, with their participants, attributes and
// the sessions they continue. Its items live beside it, numbered; the chat itself changes rarely.
//
// A Chat is a value that many read at once: rules never change one in place, they go through [Draft.Edit].
type Chat struct {
	ID       ChatID     `json:"id"`
	Instance InstanceID `json:"instance"`
	// Association is the contact at the root of the chats that were begun from one another.
	Association ContactID `json:"association"`
	// Contacts are the segments in order; the last one is current.
	Contacts     []Contact     `json:"contacts"`
	Participants []Participant `json:"participants"`
	// System is the participant that flow prompts come from.
	System ParticipantID `json:"system"`
	// Attributes belong to the whole session, not to a segment.
	Attributes map[string]string `json:"attributes,omitempty"`
	// ContentTypes are the SupportedMessagingContentTypes; text/plain is always among them.
	ContentTypes    []string `json:"contentTypes"`
	DurationMinutes int      `json:"durationMinutes"`
	ResponseMode    string   `json:"responseMode,omitempty"`
	OnCustomerExit  []string `json:"onCustomerExit,omitempty"`
	// Leaving says that the customer has left their agents and stays for the disconnect flow.
	Leaving        bool              `json:"leaving,omitempty"`
	CustomerID     string            `json:"customerId,omitempty"`
	InitialMessage *Message          `json:"initialMessage,omitempty"`
	Hooks          map[string]FlowID `json:"hooks,omitempty"` // event hook → flow
	// Past are the sessions this one continues, newest first.
	Past []PastSession `json:"past,omitempty"`
	// AgentFlows is how many flows agents have started beside the conversation.
	AgentFlows int `json:"agentFlows,omitempty"`
	// Slot is the claim this chat holds among the instance's concurrent active chats, if a quota is set.
	Slot  string    `json:"slot,omitempty"`
	Ended time.Time `json:"ended,omitzero"`
	// FlowRuns are those that go on, and those that are over and have no row yet. FlowRunsBegun numbers them.
	FlowRuns      []FlowRun `json:"flowRuns,omitempty"`
	FlowRunsBegun int       `json:"flowRunsBegun,omitempty"`
	// Rows is the version of the chat's rows for what is asked afterwards: 0 for chats from before there were such rows, and
	// from before there was a version.
	Rows int `json:"rows,omitempty"`
	// Timers are those for how long a role may be silent; nil where none was ever set.
	Timers *IdleTimers `json:"timers,omitempty"`
	// Push are the devices that are to be told of messages.
	Push []PushRegistration `json:"push,omitempty"`
}

// ExpiresAt is when the chat ends whatever happens.
func (c *Chat) ExpiresAt() time.Time {
	return c.Contacts[0].Initiated.Add(time.Duration(c.DurationMinutes) * time.Minute)
}

// clone copies what rules may change in place. Strings and times are shared, and so are the timers, and the maps and lists
// of a contact, which are replaced as a whole or not at all.
func (c *Chat) clone() Chat {
	n := *c
	n.Contacts = slices.Clone(c.Contacts)
	n.Participants = slices.Clone(c.Participants)
	n.Attributes = maps.Clone(c.Attributes)
	n.Hooks = maps.Clone(c.Hooks)
	n.Past = slices.Clone(c.Past)
	n.Push = slices.Clone(c.Push)
	return n
}
