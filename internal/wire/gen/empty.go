package main

import (
	"slices"
	"strings"
)

// sentEmpty are optional members that clients send as "" for none, and which the service takes so whatever their
// length and pattern in the model: the chat SDKs for iOS and Android send every typing event with an empty Content,
// and the service has given out an empty NextToken, which the chat widget sends back.
var sentEmpty = map[string][]string{
	"SendEventRequest":     {"Content"},
	"GetTranscriptRequest": {"ContactId", "NextToken"},
	"StartPosition":        {"Id", "AbsoluteTime"},
}

// mayBeEmpty says whether a member of a request may be "" although the model forbids it. Every optional description
// may: Terraform sends "" for a description that was taken away (the provider's source).
func (e *emitter) mayBeEmpty(s *shape, member string) bool {
	if s.requires(member) || e.model.Shapes.byName[s.Members.byName[member].Shape].Type != "string" {
		return false
	}
	return strings.HasSuffix(member, "Description") || slices.Contains(sentEmpty[s.name], member)
}
