package desk

import "testing"

// A board keeps the tokens of the agent's contacts, and of no others.
func TestTokensGoWithTheirContacts(t *testing.T) {
	b := &board{known: tokens{"here": "1", "cleared": "2"}}
	b.forget("ann", &desktop{Snapshot: snapshot{Contacts: []contactView{{Connections: []connectionView{{ID: "here"}}}}}})
	if len(b.known) != 1 || b.known["here"] != "1" {
		t.Errorf("the board keeps %v", b.known)
	}
}
