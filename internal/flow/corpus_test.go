package flow

import (
	"os"
	"path/filepath"
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
	for _, folder := range []string{"chat", "general", "guides", "modules"} {
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

// What is wrong with the refused documents: each has at least one problem that
// begins like one of these.
func TestCorpusOfRefusedFlows(t *testing.T) {
	eachDocument(t, "refused", func(t *testing.T, src []byte) {
		p, err := Parse(src)
		if err != nil {
			t.Fatal(err)
		}
		problems := Validate(p)
		if len(problems) == 0 {
			t.Fatal("no problems found")
		}
		for _, problem := range problems {
			t.Log(problem.Message)
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
