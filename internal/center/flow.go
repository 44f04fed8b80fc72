package center

import (
	"slices"
	"strconv"
	"time"
)

// ContactFlow is a flow as a resource. A flow has a published content, which contacts run, and a saved one, which
// the qualifier $SAVED addresses; both are named by the SHA-256 of their text.
type ContactFlow struct {
	ID          FlowID            `json:"id"`
	Name        string            `json:"name"`
	Type        string            `json:"type"`
	Description string            `json:"description,omitempty"`
	Archived    bool              `json:"archived,omitempty"`
	Published   string            `json:"published,omitempty"` // "" when never published
	Saved       string            `json:"saved"`
	Tags        map[string]string `json:"tags,omitempty"`
	LastVersion int64             `json:"lastVersion,omitempty"` // the highest number given to a version, deleted ones included
	Modified    time.Time         `json:"modified"`
}

// SavedQualifier addresses a flow's saved content.
const SavedQualifier = "$SAVED"

// TypeContactFlow is the type of the flows that StartChatContact, TransferToFlow and disconnecting run.
const TypeContactFlow = "CONTACT_FLOW"

// Startable says whether StartChatContact may begin with this flow.
// ContactFlowNotPublishedException is not among that operation's errors, so a draft is not found (inferred).
func (f *ContactFlow) Startable() error {
	switch {
	case f.Published == "":
		return Refuse(NotFound, "Resource not found of Type: CONTACT_FLOW %s (it was saved but never published)", f.ID)
	case f.Archived:
		return Refuse(NotFound, "Resource not found of Type: CONTACT_FLOW %s (it is archived)", f.ID)
	case f.Type != TypeContactFlow:
		return Refuse(InvalidRequest, "ContactFlowId must name a flow of type CONTACT_FLOW, this one is a %s", f.Type)
	}
	return nil
}

// Runs says whether contacts may run the flow at all: only published flows can be invoked (developer guide), and
// archived ones are out of use (inferred).
func (f *ContactFlow) Runs() bool { return f.Published != "" && !f.Archived }

// hookTypes says which type of flow may run at which point of a contact's life.
var hookTypes = map[string][]string{
	"AgentWhisper":      {"AGENT_WHISPER"},
	"CustomerQueue":     {"CUSTOMER_QUEUE"},
	"CustomerRemaining": {TypeContactFlow},
	"CustomerWhisper":   {"CUSTOMER_WHISPER"},
	"DefaultAgentUI":    {TypeContactFlow},
	"DisconnectAgentUI": {TypeContactFlow},
	"PauseContact":      {TypeContactFlow},
	"ResumeContact":     {TypeContactFlow},
}

// MayHook says whether the flow can be set for an event hook of a chat.
func (f *ContactFlow) MayHook(hook string) bool {
	return f.Runs() && slices.Contains(hookTypes[hook], f.Type)
}

// MayEnter says whether TransferToFlow may go on with the flow.
func (f *ContactFlow) MayEnter() bool {
	return f.Runs() && slices.Contains([]string{TypeContactFlow, "AGENT_TRANSFER", "QUEUE_TRANSFER"}, f.Type)
}

// Stamp gives a new flow its id, and notes when it was changed.
func (f *ContactFlow) Stamp(newID func() string, now time.Time) {
	if f.ID == "" {
		f.ID = FlowID(newID())
	}
	f.Modified = now
}

// NextVersion is the rule by which the published content of a flow gets a number: the given one, which must be above all
// before, or with 0 the next. v.Content is the hash that the caller takes the content to have, "" for any.
func (f *ContactFlow) NextVersion(_, v *Version) error {
	if f.Published == "" {
		return Refuse(InvalidRequest, "the flow %s was saved but never published; only what is published can become a version", f.ID)
	}
	if err := v.of(f.Published, "", f.Modified); err != nil {
		return err
	}
	if v.Number == 0 {
		v.Number = f.LastVersion + 1
	}
	if v.Number <= f.LastVersion || v.Number > MaxVersion {
		return Refuse(InvalidRequest, "ContactFlowVersion must be above the last version, %d, and at most %d", f.LastVersion, MaxVersion)
	}
	f.LastVersion = v.Number
	return nil
}

// FlowRef is a reference to a flow: its id, and the qualifier after a colon, if any: $LATEST, $SAVED, the number of a
// version or an alias.
type FlowRef struct {
	ID        FlowID
	Qualifier string
}

// ParseFlow accepts a bare id or an ARN, either with a qualifier behind a colon.
func ParseFlow(s string) FlowRef {
	id, qualifier := parseRef(s, "/contact-flow/")
	return FlowRef{ID: FlowID(id), Qualifier: qualifier}
}

// Version is the number of the version that the reference names, if it names one.
func (r FlowRef) Version() (number int64, ok bool) { return versionNumber(r.Qualifier) }

// FlowARN returns the ARN of a flow of an instance.
func (p Partition) FlowARN(i InstanceID, id FlowID) string {
	return p.InstanceARN(i) + "/contact-flow/" + string(id)
}

// FlowVersionARN returns the ARN of a version of a flow.
func (p Partition) FlowVersionARN(i InstanceID, id FlowID, number int64) string {
	return qualified(p.FlowARN(i, id), strconv.FormatInt(number, 10))
}

// FlowAliasARN returns the ARN of an alias of a flow.
func (p Partition) FlowAliasARN(i InstanceID, id FlowID, name string) string {
	return qualified(p.FlowARN(i, id), name)
}
