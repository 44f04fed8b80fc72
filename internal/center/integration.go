package center

import (
	"strings"
	"unicode/utf8"
)

// Identifiers of integration associations and of their use cases.
type (
	IntegrationID string
	UseCaseID     string
)

// IntegrationAssociation says that an instance works with a resource outside of it.
type IntegrationAssociation struct {
	Head[IntegrationID]
	Type string `json:"type"`
	ARN  string `json:"arn"`
	// What the operations call SourceApplicationUrl, SourceApplicationName and SourceType.
	SourceURL  string `json:"sourceUrl,omitempty"`
	SourceName string `json:"sourceName,omitempty"`
	SourceType string `json:"sourceType,omitempty"`
}

// Key is the association's id, and what no other of the instance has: the type and the resource (inferred).
func (i *IntegrationAssociation) Key() (id, name string) { return string(i.ID), i.Type + " " + i.ARN }

// Types of integrations with rules of their own, as the API spells them.
const (
	IntegrationEvent            = "EVENT"
	IntegrationFileScanner      = "FILE_SCANNER"
	IntegrationMessageProcessor = "MESSAGE_PROCESSOR"
)

// Check refuses an association that cannot be.
func (i *IntegrationAssociation) Check() error {
	if n := utf8.RuneCountInString(i.ARN); n > maxARN || !isARN(i.ARN) {
		return Refuse(InvalidParameter, "IntegrationArn must be an ARN, arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE, of at most %d characters; got %d", maxARN, n)
	}
	switch i.Type {
	case IntegrationEvent:
		for _, m := range []struct{ name, value string }{
			{"SourceApplicationUrl", i.SourceURL}, {"SourceApplicationName", i.SourceName}, {"SourceType", i.SourceType},
		} {
			if m.value == "" {
				return Refuse(InvalidRequest, "%s is required for the IntegrationType %s", m.name, i.Type)
			}
		}
	case IntegrationFileScanner, IntegrationMessageProcessor:
		if !functionARN.MatchString(i.ARN) {
			return Refuse(InvalidRequest, "IntegrationArn must be the ARN of a Lambda function for the IntegrationType %s: arn:aws:lambda:REGION:ACCOUNT:function:NAME, with :QUALIFIER or without", i.Type)
		}
	}
	return nil
}

// isARN says whether s is an ARN of any resource (AWS General Reference, "Amazon Resource Names").
func isARN(s string) bool {
	part := strings.SplitN(s, ":", 6)
	return len(part) == 6 && part[0] == "arn" && strings.HasPrefix(part[1], "aws") && part[2] != "" && part[5] != "" &&
		!strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// UseCase is what an integration association is used for.
type UseCase struct {
	Head[UseCaseID]
	Association IntegrationID `json:"association"`
	Type        string        `json:"type"`
}

// Key is the use case's id, and what no other of the instance has: an association has one of each type.
func (u *UseCase) Key() (id, name string) {
	return string(u.ID), string(u.Association) + "/" + u.Type
}
