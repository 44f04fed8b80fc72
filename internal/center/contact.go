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
	// Place is the claim this contact holds among the places of its queue, if they are limited.
	Place          string           `json:"place,omitempty"`
	Priority       int              `json:"priority,omitempty"`       // 1 is served first; 0 while none was needed
	TimeAdjustment int              `json:"timeAdjustment,omitempty"` // seconds
	Routing        *RoutingCriteria `json:"routing,omitempty"`
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

// ContactARN returns the ARN of a contact of an instance.
func (p Partition) ContactARN(i InstanceID, id ContactID) string {
	return p.InstanceARN(i) + "/contact/" + string(id)
}
