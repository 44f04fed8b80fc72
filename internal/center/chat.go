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
	ContentTypes    []string          `json:"contentTypes"`
	DurationMinutes int               `json:"durationMinutes"`
	ResponseMode    string            `json:"responseMode,omitempty"`
	OnCustomerExit  []string          `json:"onCustomerExit,omitempty"`
	CustomerID      string            `json:"customerId,omitempty"`
	InitialMessage  *Message          `json:"initialMessage,omitempty"`
	Hooks           map[string]FlowID `json:"hooks,omitempty"` // event hook → flow
	// Past are the sessions this one continues, newest first.
	Past []PastSession `json:"past,omitempty"`
	// Slot is the claim this chat holds among the instance's concurrent active chats, if a quota is set.
	Slot  string    `json:"slot,omitempty"`
	Ended time.Time `json:"ended,omitzero"`
	// FlowRuns are those that go on, and those that are over and have no row yet. FlowRunsBegun numbers them.
	FlowRuns      []FlowRun `json:"flowRuns,omitempty"`
	FlowRunsBegun int       `json:"flowRunsBegun,omitempty"`
	// Recorded says that the chat has rows for what is asked afterwards: all chats that began since there are such rows.
	Recorded bool `json:"recorded,omitempty"`
}

// Contact is one segment of a chat.
type Contact struct {
	ID                ContactID            `json:"id"`
	Previous          ContactID            `json:"previous,omitempty"`
	Related           ContactID            `json:"related,omitempty"`
	InitiationMethod  string               `json:"initiationMethod"`
	Flow              FlowID               `json:"flow"`
	FlowQualifier     string               `json:"flowQualifier,omitempty"` // a version or an alias of the flow
	Initiated         time.Time            `json:"initiated"`
	ConnectedToSystem time.Time            `json:"connectedToSystem,omitzero"`
	Disconnected      time.Time            `json:"disconnected,omitzero"`
	DisconnectReason  string               `json:"disconnectReason,omitempty"`
	LastUpdate        time.Time            `json:"lastUpdate"`
	Name              string               `json:"name,omitempty"`
	Description       string               `json:"description,omitempty"`
	LanguageCode      string               `json:"languageCode,omitempty"`
	Tags              map[string]string    `json:"tags,omitempty"` // given by users
	References        map[string]Reference `json:"references,omitempty"`
	WisdomSession     string               `json:"wisdomSession,omitempty"` // ARN
	// TargetQueue is the working queue; Queue is the one that the contact was put into, at the time Enqueued.
	TargetQueue QueueID   `json:"targetQueue,omitempty"`
	Queue       QueueID   `json:"queue,omitempty"`
	Enqueued    time.Time `json:"enqueued,omitzero"`
	// Place is the claim this contact holds among the places of its queue, if they are limited.
	Place          string           `json:"place,omitempty"`
	Priority       int              `json:"priority,omitempty"`       // 1 is served first; 0 while none was needed
	TimeAdjustment int              `json:"timeAdjustment,omitempty"` // seconds
	Routing        *RoutingCriteria `json:"routing,omitempty"`
	// FirstSeq is the number of the first item of this segment.
	FirstSeq          int64                       `json:"firstSeq"`
	SegmentAttributes map[string]SegmentAttribute `json:"segmentAttributes,omitempty"`
}

// SegmentAttribute is the API's union: exactly one member is set.
type SegmentAttribute struct {
	ValueString  *string                     `json:"s,omitempty"`
	ValueMap     map[string]SegmentAttribute `json:"m,omitempty"`
	ValueInteger *int64                      `json:"i,omitempty"`
	ValueList    []SegmentAttribute          `json:"l,omitempty"`
	ValueArn     *string                     `json:"a,omitempty"`
}

// Participant is somebody in a chat. Joined and Left are zero until they happen; one who never came in time has
// Left without Joined.
type Participant struct {
	ID          ParticipantID `json:"id"`
	Role        Role          `json:"role"`
	DisplayName string        `json:"name"`
	Created     time.Time     `json:"created"`
	Joined      time.Time     `json:"joined,omitzero"`
	Left        time.Time     `json:"left,omitzero"`
}

// Active says that the participant has connected and not left.
func (p Participant) Active() bool { return !p.Joined.IsZero() && p.Left.IsZero() }

// PastSession is an ended chat that a persistent chat reads on into, up to one of its contacts.
type PastSession struct {
	Chat     ChatID    `json:"chat"`
	Contact  ContactID `json:"contact"`  // the last contact that is shown
	LastSeq  int64     `json:"lastSeq"`  // of that contact; 0 means to the end
	Contacts int       `json:"contacts"` // how many of its contacts are shown
	Ended    time.Time `json:"ended"`
}

// Message is what somebody says.
type Message struct {
	ContentType string `json:"contentType"`
	Content     string `json:"content"`
}

// Reasons why a contact ended, as DescribeContact tells them.
const (
	ReasonCustomer     = "CUSTOMER_DISCONNECT"
	ReasonNotConnected = "CUSTOMER_CONNECTION_NOT_ESTABLISHED"
	ReasonExpired      = "EXPIRED"
	ReasonFlow         = "CONTACT_FLOW_DISCONNECT"
	ReasonAPI          = "API"
	ReasonSystemError  = "SYSTEM_ERROR"
)

// Current is the segment that the chat is in.
func (c *Chat) Current() *Contact { return &c.Contacts[len(c.Contacts)-1] }

// Contact finds a segment by id.
func (c *Chat) Contact(id ContactID) (*Contact, bool) {
	for i := range c.Contacts {
		if c.Contacts[i].ID == id {
			return &c.Contacts[i], true
		}
	}
	return nil, false
}

// Participant finds somebody by id.
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

// clone copies what rules may change in place. Strings and times are shared, and so are the maps and lists of a
// contact, which are replaced as a whole or not at all.
func (c *Chat) clone() Chat {
	n := *c
	n.Contacts = slices.Clone(c.Contacts)
	n.Participants = slices.Clone(c.Participants)
	n.Attributes = maps.Clone(c.Attributes)
	n.Hooks = maps.Clone(c.Hooks)
	n.Past = slices.Clone(c.Past)
	return n
}
