package main

import (
	"fmt"
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

// documented are values that the documentation of a member names and that its enumeration in the model lacks.
var documented = map[string]map[string][]string{
	"BatchGetFlowAssociationRequest": {"ResourceType": {"SMS_PHONE_NUMBER"}},
}

// beside are the values that a request may give for an optional member although the model forbids them. Every optional
// description may be "": Terraform sends that for one that was taken away (the provider's source).
func (e *emitter) beside(s *shape, member string) []string {
	if s.requires(member) || e.model.Shapes.byName[s.Members.byName[member].Shape].Type != "string" {
		return nil
	}
	if strings.HasSuffix(member, "Description") || slices.Contains(sentEmpty[s.name], member) {
		return []string{""}
	}
	return documented[s.name][member]
}

// unlessBeside is the condition under which a member's value is checked.
func (e *emitter) unlessBeside(s *shape, member, field string) string {
	condition := field + " != nil"
	for _, value := range e.beside(s, member) {
		condition += fmt.Sprintf(" && *%s != %q", field, value)
	}
	return condition
}
