package flow

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// docs/flow-actions.md says what this server does with each type of action, and what a published one has; it is written from
// the table that runs.
func TestCompatibilityOfActions(t *testing.T) {
	var b strings.Builder
	b.WriteString("<!-- Written by go test ./internal/flow -run Compatibility -update. Do not edit. -->\n\n# Flow actions in a chat\n\n" +
		"What a flow's action does when the contact is a chat. \"error branch\" is what Amazon Connect documents for the chat\n" +
		"channel; \"not available yet\" takes the error branch too, and the flow log says so.\n\n| Action | In a chat | |\n| --- | --- | --- |\n")
	for _, a := range Actions() {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", a.Type, a.Support, a.Note)
	}
	b.WriteString("\n## What a published action has\n\nA flow is published when its actions have what is **bold**, and nothing that is not in this table. Behind a\n" +
		"parameter in braces is what it consists of, as far as that is checked. *Italic* names are inferred: Amazon Connect publishes\n" +
		"nowhere what they are called, and `parley flow check` warns of them. An action without flow types may be in flows of all\n" +
		"types; one with some is refused in others, and may be in any module.\n\n| Action | Parameters | Error branches | Flow types |\n| --- | --- | --- | --- |\n")
	for _, a := range Actions() {
		at := actionTypes[a.Type]
		if at.unlisted {
			fmt.Fprintf(&b, "| %s | is refused | | |\n", a.Type)
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", a.Type, at.shownParameters(), at.shownErrors(), at.shownKinds())
	}
	same(t, "../../docs/flow-actions.md", b.String())
}

func (t *actionType) shownParameters() string {
	var all []string
	for _, name := range t.params {
		shown := name
		switch {
		case slices.Contains(t.required, name):
			shown = "**" + name + "**"
		case slices.Contains(t.unpublished, name):
			shown = "*" + name + "*"
		}
		for _, e := range t.entries {
			if e.name == name {
				shown += e.inside()
			}
		}
		all = append(all, shown)
	}
	return strings.Join(all, ", ")
}

func (e *entry) inside() string {
	if len(e.of) == 0 || e.of[0].name == "*" {
		return ""
	}
	var all []string
	for _, m := range e.of {
		shown := m.name
		if m.needed {
			shown = "**" + m.name + "**"
		}
		all = append(all, shown+m.inside())
	}
	return " {" + strings.Join(all, ", ") + "}"
}

func (t *actionType) shownErrors() string {
	var all []string
	for _, name := range t.errors {
		all = append(all, "**"+name+"**")
	}
	return strings.Join(append(all, t.mayErrors...), ", ")
}

func (t *actionType) shownKinds() string {
	kinds, isRestricted := restricted[t.name]
	if isRestricted && len(kinds) == 0 {
		return "none"
	}
	var all []string
	for _, k := range kinds {
		all = append(all, string(k))
	}
	return strings.Join(all, ", ")
}

// docs/outside.md says which references lead to what a system answers.
func TestCompatibilityOfSystems(t *testing.T) {
	const file, begin, end = "../../docs/outside.md", "<!-- systems: written by go test ./internal/flow -run Compatibility -update -->\n", "<!-- end of systems -->\n"
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(src), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no place for the systems", file)
	}
	var b strings.Builder
	b.WriteString("\n| Action | System | A member `x` of `Data` is |\n| --- | --- | --- |\n")
	for _, a := range Actions() {
		at := actionTypes[a.Type]
		if at.system == "" {
			continue
		}
		leads := "not kept"
		if at.root != "" {
			leads = "`$." + at.root + ".x`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", a.Type, at.system, leads)
	}
	same(t, file, before+begin+b.String()+"\n"+end+after)
}

func same(t *testing.T, file, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != want {
		t.Errorf("%s is out of date, see -update", file)
	}
}
