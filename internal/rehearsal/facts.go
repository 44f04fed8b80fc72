package rehearsal

import (
	"slices"
	"strings"
)

// domain is what a chat can have at a path, where that is little: no flow and no customer can change it. closed is false
// where anything may be.
func domain(path []string) (values []string, closed bool) {
	switch path[0] {
	case "Channel":
		return []string{"CHAT"}, true
	case "InitiationMethod":
		return []string{"API", "TRANSFER", "QUEUE_TRANSFER", "DISCONNECT", "MESSAGING_PLATFORM"}, true
	case "SegmentAttributes":
		if len(path) == 2 && path[1] == "connect:Subtype" {
			return []string{"connect:Chat", "connect:Guide", "connect:SMS", "connect:WhatsApp", "connect:Apple"}, true
		}
	case "StoredCustomerInput", "TextToSpeechVoiceId", "Capabilities", "CustomerEndpoint", "Email", "MediaStreams", "SystemEndpoint":
		return nil, true
	}
	return nil, false
}

// inDomain says whether a chat can have the fact.
func inDomain(path []string, f fact) bool {
	values, closed := domain(path)
	return !closed || !f.absent && slices.Contains(values, f.text)
}

// whyDomain says what a chat has at a path, "" where anything may be.
func whyDomain(path []string) string {
	values, closed := domain(path)
	reference := "$." + strings.Join(path, ".")
	switch {
	case !closed:
		return ""
	case len(values) == 0:
		return "a chat has no " + reference
	case len(values) == 1:
		return "in a chat " + reference + " is " + values[0]
	}
	last := len(values) - 1
	return "in a chat " + reference + " is " + strings.Join(values[:last], ", ") + " or " + values[last]
}
