package center

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
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
	// Attributes are those that were set; see [Instance.Has] for the others. CreateInstance sets FlowLogs to false, which
	// is where Amazon Connect's instances begin. Instances that the operator makes, and those from before there were
	// attributes, log as the operator has the server log.
	Attributes map[InstanceAttributeType]bool `json:"attributes,omitempty"`
	// BlockedMessage is what blocked customers are answered; "": see [Instance.Blocked].
	BlockedMessage string `json:"blockedMessage,omitempty"`
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

// InstanceARN returns arn:aws:connect:REGION:ACCOUNT:instance/ID.
func (p Partition) InstanceARN(id InstanceID) string {
	return p.AccountARN("instance", string(id))
}

// AccountARN is the ARN of what belongs to no instance: an instance itself, for example.
func (p Partition) AccountARN(tail, id string) string {
	return "arn:aws:connect:" + p.Region + ":" + p.Account + ":" + tail + "/" + id
}

// UserARN returns the ARN of a user of AWS, as whom the holder of an access key appears.
func (p Partition) UserARN(name string) string {
	return "arn:aws:iam::" + p.Account + ":user/" + name
}

// CheckInstance refuses what is neither the id of an instance nor an instance's ARN. Amazon Connect answers so; that
// there is no such instance would tell Terraform that what it looks for was deleted.
func CheckInstance(s string) error {
	id := s
	if strings.HasPrefix(s, "arn:") {
		_, id, _ = strings.Cut(s, ":instance/")
	}
	if _, ok := UUID(id); !ok {
		return Refuse(InvalidRequest, "Invalid input for field InstanceId: it must be the id of an instance, a UUID, or its ARN, got %d characters of something else", utf8.RuneCountInString(s))
	}
	return nil
}

// ParseInstance accepts what callers send as InstanceId: the id itself or the instance's ARN.
func ParseInstance(s string) InstanceID {
	if strings.HasPrefix(s, "arn:") {
		s = s[strings.LastIndexByte(s, '/')+1:]
	}
	return InstanceID(strings.ToLower(s))
}
