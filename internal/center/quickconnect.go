package center

// QuickConnectID names a quick connect.
type QuickConnectID string

// QuickConnect is a place that agents can transfer contacts to: a user, a queue or a flow. External numbers are kept, and
// no chat can be transferred to them.
type QuickConnect struct {
	Head[QuickConnectID]
	Type  string  `json:"type"`
	User  string  `json:"user,omitempty"`
	Queue QueueID `json:"queue,omitempty"`
	Phone string  `json:"phone,omitempty"`
	Flow  string  `json:"flow,omitempty"` // as it was given, an id or ARN
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
		if err := onlyMember("QuickConnectConfig."+m.member, m.given, m.kind == kind, "the type "+kind); err != nil {
			return err
		}
	}
	return nil
}
