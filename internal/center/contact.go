package center

import "time"

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
	// TargetUser is the agent whom a quick connect of type USER leads to, "" for none.
	TargetUser UserID `json:"targetUser,omitempty"`
	// Place is the claim this contact holds among the places of its queue, if they are limited.
	Place string `json:"place,omitempty"`
	// AgentQueue says that Queue is an agent's.
	AgentQueue bool `json:"agentQueue,omitempty"`
	// WaitsSince is what its age in the queue counts from; zero: from Enqueued. A contact that an agent has transferred keeps
	// the time of the first.
	WaitsSince     time.Time        `json:"waitsSince,omitzero"`
	Dequeued       time.Time        `json:"dequeued,omitzero"`        // an agent took it
	Priority       int              `json:"priority,omitempty"`       // 1 is served first; 0 while none was needed
	TimeAdjustment int              `json:"timeAdjustment,omitempty"` // seconds
	Routing        *RoutingCriteria `json:"routing,omitempty"`
	// PastRouting are the criteria that others have replaced, the last few, in their order.
	PastRouting []RoutingCriteria `json:"pastRouting,omitempty"`
	// Offer is the agent whom it is offered to, nil for none. Attempts counts all offers, and Rejecter is who rejected it last.
	Offer    *Offer `json:"offer,omitempty"`
	Attempts int    `json:"attempts,omitempty"`
	Rejecter UserID `json:"rejecter,omitempty"`
	// Agent is who joined it, nil while nobody has.
	Agent *ContactAgent `json:"agent,omitempty"`
	// Beside says that it is not the customer's segment: a transfer that is not through yet, the leg of an agent who was
	// invited, a monitor's.
	Beside bool `json:"beside,omitempty"`
	// Invited says that it is the leg of an agent whom another one has invited. It stays beside the customer's segment.
	Invited bool `json:"invited,omitempty"`
	// Monitor is set where a supervisor monitors the contact Previous.
	Monitor *Monitor `json:"monitor,omitempty"`
	// Next is the contact that it went on as. Transferred is when an agent's transfer did that.
	Next        ContactID `json:"next,omitempty"`
	Transferred time.Time `json:"transferred,omitzero"`
	// NextContacts are all that agents made of it by quick connects, those that came to nothing too.
	NextContacts []NextContact `json:"nextContacts,omitempty"`
	// Hooks are event hooks that a flow has set of a contact beside the customer's; nil: the chat's.
	Hooks map[string]FlowID `json:"hooks,omitempty"`
	// FirstSeq is the number of the first item of this segment.
	FirstSeq          int64                       `json:"firstSeq"`
	SegmentAttributes map[string]SegmentAttribute `json:"segmentAttributes,omitempty"`
}

// Reasons why a contact ended, as DescribeContact tells them.
const (
	ReasonCustomer     = "CUSTOMER_DISCONNECT"
	ReasonNotConnected = "CUSTOMER_CONNECTION_NOT_ESTABLISHED"
	ReasonExpired      = "EXPIRED"
	ReasonFlow         = "CONTACT_FLOW_DISCONNECT"
	ReasonAPI          = "API"
	ReasonSystemError  = "SYSTEM_ERROR"
	ReasonAgent        = "AGENT_DISCONNECT"
	ReasonIdle         = "IDLE_DISCONNECT"
	ReasonThirdParty   = "THIRD_PARTY_DISCONNECT"
	ReasonBarged       = "BARGED"
	ReasonAgentNetwork = "AGENT_NETWORK_DISCONNECT"
)

// How contacts begin, as DescribeContact tells it.
const (
	InitiatedByAPI        = "API"
	InitiatedByTransfer   = "TRANSFER"
	InitiatedByDisconnect = "DISCONNECT"
	InitiatedByMonitor    = "MONITOR"
)

// ContactAgent is an agent who joined a contact, with what they were then.
type ContactAgent struct {
	User        UserID        `json:"user"`
	Participant ParticipantID `json:"participant"`
	Connected   time.Time     `json:"connected"`
	Left        time.Time     `json:"left,omitzero"` // after-contact work begins
	Done        time.Time     `json:"done,omitzero"` // after-contact work ends
	// Profile and Hierarchy are the agent's routing profile and hierarchy groups, from the first level on.
	Profile   RoutingProfileID   `json:"profile"`
	Hierarchy []HierarchyGroupID `json:"hierarchy,omitempty"`
}

// Current is the customer's segment.
func (c *Chat) Current() *Contact {
	for i := len(c.Contacts) - 1; i > 0; i-- {
		if !c.Contacts[i].Beside {
			return &c.Contacts[i]
		}
	}
	return &c.Contacts[0]
}

// After is the customer's segment that followed the contact number i.
func (c *Chat) After(i int) (*Contact, bool) {
	for i++; i < len(c.Contacts); i++ {
		if !c.Contacts[i].Beside {
			return &c.Contacts[i], true
		}
	}
	return nil, false
}

// Contact finds a segment by id.
func (c *Chat) Contact(id ContactID) (*Contact, bool) {
	for i := range c.Contacts {
		if c.Contacts[i].ID == id {
			return &c.Contacts[i], true
		}
	}
	return nil, false
}

// ContactARN returns the ARN of a contact of an instance.
func (p Partition) ContactARN(i InstanceID, id ContactID) string {
	return p.InstanceARN(i) + "/contact/" + string(id)
}
