package flow

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// docs/flow-actions.md says what this server does with each type of action; it is written from the table that runs.
func TestCompatibilityOfActions(t *testing.T) {
	const file = "../../docs/flow-actions.md"
	var b strings.Builder
	b.WriteString("<!-- Written by go test ./internal/flow -run Compatibility -update. Do not edit. -->\n\n# Flow actions in a chat\n\n" +
		"What a flow's action does when the contact is a chat. \"error branch\" is what Amazon Connect documents for the chat\n" +
		"channel; \"not available yet\" takes the error branch too, and the flow log says so.\n\n| Action | In a chat | |\n| --- | --- | --- |\n")
	for _, a := range Actions() {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", a.Type, a.Support, a.Note)
	}
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != b.String() {
		t.Error("docs/flow-actions.md is out of date, see -update")
	}
}
