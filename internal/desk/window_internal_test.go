package desk

import (
	"testing"

	"github.com/parley-chat/parley/internal/center"
)

// A window keeps the tokens of the agent's contacts, and of no others.
func TestTokensGoWithTheirContacts(t *testing.T) {
	w := &window{known: tokens{"here": "1", "cleared": "2"}}
	w.leaveChats(&center.Agent{Contacts: []center.AgentContact{{Participant: "here", State: center.SlotConnected}}})
	if len(w.known) != 1 || w.known["here"] != "1" {
		t.Errorf("the window keeps %v", w.known)
	}
}
