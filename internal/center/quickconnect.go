package center

import (
	"strings"
	"time"
)

// QuickConnectID names a quick connect.
type QuickConnectID string

// QuickConnect is a place that agents can transfer contacts to: a user, a queue or a flow. External numbers are kept, and
// no chat can be transferred to them.
type QuickConnect struct {
	ID          QuickConnectID    `json:"id"`
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Type        string            `json:"type"`
	User        string            `json:"user,omitempty"`
	Queue       QueueID           `json:"queue,omitempty"`
	Phone       string            `json:"phone,omitempty"`
	Flow        string            `json:"flow,omitempty"` // as it was given, an id or ARN
	Tags        map[string]string `json:"tags,omitempty"`
	Modified    time.Time         `json:"modified"`
}

// Types of quick connects, as the API spells them.
const (
	QuickConnectUser  = "USER"
	QuickConnectQueue = "QUEUE"
	QuickConnectPhone = "PHONE_NUMBER"
	QuickConnectFlow  = "FLOW"
)

// CheckQuickConnect refuses a configuration that does not have the member of its type, or has that of another.
func CheckQuickConnect(kind string, user, queue, phone, flow bool) error {
	for _, m := range []struct {
		kind, member string
		given        bool
	}{
		{QuickConnectUser, "UserConfig", user}, {QuickConnectQueue, "QueueConfig", queue},
		{QuickConnectPhone, "PhoneConfig", phone}, {QuickConnectFlow, "FlowConfig", flow},
	} {
		switch {
		case m.kind == kind && !m.given:
			return Refuse(InvalidRequest, "QuickConnectConfig.%s is required for the type %s", m.member, kind)
		case m.kind != kind && m.given:
			return Refuse(InvalidRequest, "QuickConnectConfig.%s must not be given for the type %s", m.member, kind)
		}
	}
	return nil
}

// Stamp gives a new quick connect its id, and notes when it was changed.
func (q *QuickConnect) Stamp(newID func() string, now time.Time) {
	if q.ID == "" {
		q.ID = QuickConnectID(newID())
	}
	q.Modified = now
}

// QuickConnectARN returns the ARN of a quick connect of an instance.
func (p Partition) QuickConnectARN(i InstanceID, id QuickConnectID) string {
	return p.InstanceARN(i) + "/transfer-destination/" + string(id)
}

// ParseQuickConnect accepts a bare id or an ARN.
func ParseQuickConnect(s string) QuickConnectID {
	if strings.HasPrefix(s, "arn:") {
		if _, tail, ok := strings.Cut(s, "/transfer-destination/"); ok {
			s = tail
		}
	}
	return QuickConnectID(strings.ToLower(s))
}
