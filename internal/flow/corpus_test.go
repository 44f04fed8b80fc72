package flow

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// corpus is a folder of real flow documents from public repositories. It is not
// part of the project; where it is absent the tests say so.
const corpus = "../../../shared/flows"

func eachDocument(t *testing.T, folder string, f func(t *testing.T, src []byte)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(corpus, folder, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Logf("left out: there are no documents in %s", filepath.Join(corpus, folder))
		t.SkipNow()
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f(t, src)
		})
	}
}

// emptyString tells the problems of a draft that was never finished.
func emptyString(p Problem) bool {
	return p.Message == "Empty value in Parameters.Attributes" ||
		strings.HasSuffix(p.Path, ".Parameter") || strings.HasSuffix(p.Path, ".Evaluate")
}

func TestCorpusOfRealFlows(t *testing.T) {
	for _, folder := range []string{"chat", "general", "guides", "modules", "stock"} {
		t.Run(folder, func(t *testing.T) {
			eachDocument(t, folder, func(t *testing.T, src []byte) {
				p, err := Parse(src)
				if err != nil {
					t.Fatal(err)
				}
				samePrinted(t, p)
				unfinished := hasEmptyString(p)
				problems := Validate(p)
				for _, problem := range problems {
					if !unfinished || !emptyString(problem) {
						t.Error(problem.Message)
					}
				}
				if unfinished && len(problems) == 0 {
					t.Error("an empty string is let through")
				}
			})
		})
	}
}

func hasEmptyString(p *Program) bool {
	for i := range p.actions {
		a := &p.actions[i]
		if a.params.hasEmpty() {
			return true
		}
		for _, c := range a.conditions {
			for j := range c.operands {
				if c.operands[j].hasEmpty() {
					return true
				}
			}
		}
	}
	return false
}

// wrong is one thing that is wrong with each refused document, by the
// beginning of the document's name.
var wrong = map[string]string{
	"amazon-connect-copy--flow-main-20ivr":         "Action is missing required error. Error: QueueAtCapacity, Path: Actions[2]",
	"amazon-connect-copy--flow-orphaned":           "Invalid Action type. Type: TransferContactToFlow",
	"amazon-connect-mcp--ecommerce-inbound":        "Invalid Action type. Type: SetContactAttributes",
	"amazon-connect-mcp--financial-services-after": "Invalid Action type. Type: StoreCustomerInput",
	"amazon-connect-mcp--financial-services-trans": "Invalid Action type. Type: CheckAttribute",
	"amazon-connect-mcp--healthcare-after-hours":   "Invalid Action type. Type: StoreCustomerInput",
	"amazon-connect-mcp--healthcare-inbound":       "Invalid Action type. Type: SetContactAttributes",
	"amazon-connect-mcp--healthcare-transfer":      "Invalid Action type. Type: CheckAttribute",
	"amazon-connect-mcp--telecom-after-hours":      "Invalid Action type. Type: StoreCustomerInput",
	"amazon-connect-mcp--telecom-inbound":          "Invalid Action type. Type: SetContactAttributes",
	"amazon-connect-mcp--telecom-transfer":         "Invalid Action type. Type: CheckAttribute",
	"amazon-connect-mcp--utilities-transfer":       "Invalid Action type. Type: CheckAttribute",
	"claude-connect-skills--create-from-scratch":   "Invalid Action property value. Path: Actions[1].Transitions.NextAction",
	"sample-aicc-builder-for-amazon-con--callback": "Invalid Action type. Type: CheckStaffing",
	"sample-aicc-builder-for-amazon-con--q-in":     "Action is missing required error. Error: NoMatchingCondition, Path: Actions[11]",
	"sample-amazon-connect-health-unifi":           "Invalid Action type. Type: StartMediaStreaming",
}

func TestCorpusOfRefusedFlows(t *testing.T) {
	eachDocument(t, "refused", func(t *testing.T, src []byte) {
		p, err := Parse(src)
		if err != nil {
			t.Fatal(err)
		}
		problems := Validate(p)
		for name, message := range wrong {
			if strings.HasPrefix(filepath.Base(t.Name()), name) && !slices.ContainsFunc(problems, func(p Problem) bool { return p.Message == message }) {
				t.Errorf("missing %q in %v", message, problems)
			}
		}
		if len(problems) == 0 {
			t.Error("no problems found")
		}
	})
}

func TestCorpusOfOlderFormat(t *testing.T) {
	eachDocument(t, "legacy", func(t *testing.T, src []byte) {
		p, err := Parse(src)
		if p != nil || err == nil || !strings.Contains(err.Error(), "older export format (modules and branches)") {
			t.Errorf("program %v, error %v", p != nil, err)
		}
	})
}

// samePrinted: what a program prints parses to a program that prints the same,
// and keeps its metadata.
func samePrinted(t *testing.T, p *Program) {
	t.Helper()
	printed := p.JSON()
	again, err := Parse(printed)
	if err != nil {
		t.Fatalf("the printed document does not parse: %v\n%s", err, printed)
	}
	if got := again.JSON(); string(got) != string(printed) {
		t.Errorf("printed twice:\n%s\n%s", printed, got)
	}
	if again.metadata != p.metadata || again.settings != p.settings {
		t.Error("metadata or settings changed")
	}
}
