package center

// InstanceAttributeType names a feature that an instance has or has not, as the API spells it.
type InstanceAttributeType string

// Attributes that something here acts on, or that are not kept as the others are.
const (
	InboundCalls     InstanceAttributeType = "INBOUND_CALLS"
	OutboundCalls    InstanceAttributeType = "OUTBOUND_CALLS"
	FlowLogs         InstanceAttributeType = "CONTACTFLOW_LOGS"
	CustomVoices     InstanceAttributeType = "USE_CUSTOM_TTS_VOICES"
	MessageStreaming InstanceAttributeType = "MESSAGE_STREAMING"

	// MultiPartyChat lets agents invite others; EnhancedChatMonitoring lets supervisors barge in.
	MultiPartyChat         InstanceAttributeType = "MULTI_PARTY_CHAT_CONFERENCE"
	EnhancedChatMonitoring InstanceAttributeType = "ENHANCED_CHAT_MONITORING"
)

// instanceAttributes are all types with what an instance begins with, in the order of the API model. Those of Amazon Connect
// are known from its Terraform provider and, of MESSAGE_STREAMING, from its documentation; false is inferred for the others.
//
// Flow logs are off in an instance that CreateInstance makes; see [Instance.Attributes]. Others are on by default: the
// operator's --flow-log says whether there is a log at all.
var instanceAttributes = []InstanceAttribute{
	{InboundCalls, false}, {OutboundCalls, false}, // members of the instance
	{FlowLogs, true},
	{"CONTACT_LENS", true}, {"AUTO_RESOLVE_BEST_VOICES", true}, {CustomVoices, false}, {"EARLY_MEDIA", true}, {"MULTI_PARTY_CONFERENCE", false},
	{"AUTO_MUTE_AGENT_ON_HOLD", false}, {"HIGH_VOLUME_OUTBOUND", false}, {"ENHANCED_CONTACT_MONITORING", false}, {EnhancedChatMonitoring, false},
	{MultiPartyChat, false},
	{MessageStreaming, true},
}

// InstanceAttribute is one of an instance's features.
type InstanceAttribute struct {
	Type InstanceAttributeType
	On   bool
}

// AllAttributes are all attributes of an instance, in the order of the API model.
func (i *Instance) AllAttributes() []InstanceAttribute {
	all := make([]InstanceAttribute, len(instanceAttributes))
	for n, a := range instanceAttributes {
		all[n] = InstanceAttribute{a.Type, i.Has(a.Type)}
	}
	return all
}

// Has says whether an instance has a feature.
func (i *Instance) Has(t InstanceAttributeType) bool {
	switch t {
	case InboundCalls:
		return i.InboundCalls
	case OutboundCalls:
		return i.OutboundCalls
	}
	if on, ok := i.Attributes[t]; ok {
		return on
	}
	for _, a := range instanceAttributes {
		if a.Type == t {
			return a.On
		}
	}
	return false
}

// SetAttribute gives an instance a feature, or takes it away. value is "true" or "false".
func (i *Instance) SetAttribute(t InstanceAttributeType, value string) error {
	if t == CustomVoices {
		// Amazon Connect refuses accounts that its support has not put on a list (seen with the AWS provider of Terraform).
		return Refuse(AccessDenied, "%s is only for accounts on a list of Amazon Connect's support; it cannot be changed here", t)
	}
	if value != "true" && value != "false" {
		return Refuse(InvalidParameter, "Value must be true or false, got %d characters of something else", len([]rune(value)))
	}
	on := value == "true"
	switch t {
	case InboundCalls:
		i.InboundCalls = on
	case OutboundCalls:
		i.OutboundCalls = on
	default:
		if i.Attributes == nil {
			i.Attributes = map[InstanceAttributeType]bool{}
		}
		i.Attributes[t] = on
	}
	return nil
}
