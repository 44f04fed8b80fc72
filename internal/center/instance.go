package center

import (
	"regexp"
	"slices"
	"time"
)

// Instance is an Amazon Connect instance: everything else belongs to one. Here it is ACTIVE as soon as it is made.
type Instance struct {
	ID                     InstanceID        `json:"id"`
	Alias                  string            `json:"alias,omitempty"`
	IdentityManagementType string            `json:"identityManagementType"`
	DirectoryID            string            `json:"directoryId,omitempty"`
	InboundCalls           bool              `json:"inboundCalls"`
	OutboundCalls          bool              `json:"outboundCalls"`
	Tags                   map[string]string `json:"tags,omitempty"`
	Created                time.Time         `json:"created"`
}

// Identity management types.
const (
	IdentitySAML     = "SAML"
	IdentityManaged  = "CONNECT_MANAGED"
	IdentityExisting = "EXISTING_DIRECTORY"
)

// aliasPattern is the API model's for an instance alias.
var aliasPattern = regexp.MustCompile(`^([\da-zA-Z]+)([-]*[\da-zA-Z])*$`)

// Check applies the rules that hold between members of CreateInstance.
func (i *Instance) Check() error {
	switch {
	case i.IdentityManagementType == IdentityExisting && i.DirectoryID == "":
		return Refuse(InvalidRequest, "DirectoryId is required with IdentityManagementType EXISTING_DIRECTORY")
	case i.IdentityManagementType != IdentityExisting && i.Alias == "":
		return Refuse(InvalidRequest, "InstanceAlias is required with IdentityManagementType %s", i.IdentityManagementType)
	case i.Alias != "" && (len(i.Alias) > 45 || len(i.Alias) > 1 && i.Alias[:2] == "d-" || !aliasPattern.MatchString(i.Alias)):
		return Refuse(InvalidParameter, "InstanceAlias must be 1 to 45 letters, digits and dashes, not begin with d-, and not begin or end with a dash, got %d characters", len([]rune(i.Alias)))
	}
	return nil
}

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
