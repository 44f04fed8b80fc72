package bundle_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/bundle"
)

var update = flag.Bool("update", false, "write the list of operations into docs/travel.md")

// The page says which operations an import calls, and names every kind.
func TestThePage(t *testing.T) {
	const page = "../../docs/travel.md"
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- operations -->\n", "<!-- operations end -->"
	head, rest, ok := strings.Cut(string(raw), begin)
	said, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the operations", page)
	}
	want := "```\nconnect:" + strings.Join(bundle.Reads(), "\nconnect:") + "\n```\n"
	if said != want && *update {
		if err := os.WriteFile(page, []byte(head+begin+want+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if said != want {
		t.Errorf("%s does not list the operations that an import calls: go test ./internal/bundle -run ThePage -update", page)
	}
	for _, kind := range bundle.Kinds() {
		if !strings.Contains(head, kind) {
			t.Errorf("%s does not name the kind %s", page, kind)
		}
	}
}
