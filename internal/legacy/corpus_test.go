package legacy

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/flow"
)

// corpus is a folder of older exports from public repositories. It is not part of the project; where it is absent the
// test says so.
const corpus = "../../../shared/flows/legacy"

func TestCorpusOfRealExports(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpus, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skipf("there are no documents in %s", corpus)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			doc, notes, err := Convert(src)
			if err != nil {
				t.Fatal(err)
			}
			p, err := flow.Parse(doc)
			if err != nil {
				t.Fatal(err)
			}
			for _, problem := range flow.Validate(p) {
				if !told(notes, problem.Path) {
					t.Errorf("no note tells of this: %s", problem.Message)
				}
			}
		})
	}
}

// told says whether a note is of the module that became the action of a problem's path.
func told(notes []Note, path string) bool {
	action, _, _ := strings.Cut(path, "]")
	module := strings.Replace(action, "Actions[", "modules[", 1) + "]"
	return slices.ContainsFunc(notes, func(n Note) bool { return strings.HasPrefix(n.Path, module) })
}
