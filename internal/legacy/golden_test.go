package legacy

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/parley-chat/parley/internal/flow"
)

var update = flag.Bool("update", false, "rewrite the goldens")

// golden runs f over each story of testdata: the export, and the notes and the document that come of it.
func golden(t *testing.T, f func(t *testing.T, name string, src []byte)) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no goldens", err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(file), func(t *testing.T) { f(t, file, a.Files[0].Data) })
	}
}

func TestGolden(t *testing.T) {
	golden(t, func(t *testing.T, name string, src []byte) {
		doc, notes, err := Convert(src)
		if err != nil {
			t.Fatal(err)
		}
		var told strings.Builder
		for _, n := range notes {
			fmt.Fprintf(&told, "%s: %s → %s\n", n.Path, n.Message, n.Suggestion)
		}
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got := []txtar.File{a.Files[0], {Name: "notes", Data: []byte(told.String())}, {Name: "document", Data: doc}}
		if *update {
			write(t, name, &txtar.Archive{Comment: a.Comment, Files: got})
			return
		}
		if want := string(txtar.Format(a)); string(txtar.Format(&txtar.Archive{Comment: a.Comment, Files: got})) != want {
			t.Errorf("it is now\n%s\n%s", told.String(), doc)
		}
	})
}

// What is converted without a note is valid.
func TestGoldensAreFlows(t *testing.T) {
	golden(t, func(t *testing.T, _ string, src []byte) {
		doc, notes, err := Convert(src)
		if err != nil {
			t.Fatal(err)
		}
		p, err := flow.Parse(doc)
		if err != nil {
			if !slices.ContainsFunc(notes, func(n Note) bool { return n.Path == "start" }) {
				t.Error(err)
			}
			return
		}
		for _, problem := range flow.Validate(p) {
			if !told(notes, problem.Path) {
				t.Errorf("no note tells of this: %s", problem.Message)
			}
		}
	})
}

func TestEveryRuleIsInAGolden(t *testing.T) {
	missing := maps.Clone(rules)
	for name := range formerNames {
		missing[name] = rule{}
	}
	golden(t, func(t *testing.T, _ string, src []byte) {
		e, err := read(src)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range e.Modules {
			if _, exact := rules[m.name()]; exact {
				delete(missing, m.name())
			} else {
				delete(missing, m.Type)
			}
		}
	})
	for name := range missing {
		t.Errorf("no golden has %s", name)
	}
}

func TestOnlyOlderExports(t *testing.T) {
	for src, want := range map[string]string{
		`{"Version":"2019-10-30","StartAction":"a","Actions":[]}`: "2019-10-30 already",
		`{}`:                    "no modules",
		`[]`:                    "not a JSON object",
		``:                      "not a JSON object",
		`{"modules":7}`:         "not an older export",
		`{"modules":[{"id":}`:   "not a JSON object",
		`{"modules":["a","b"]}`: "modules is of the type string",
		`{"modules":[]}`:        "no modules",
		`{"modules":null}`:      "no modules",

		"{\"modules\":[\n{\"parameters\":7}]}": "in line 2, modules.parameters is of the type number",
	} {
		if doc, _, err := Convert([]byte(src)); err == nil || doc != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", src, err, want)
		}
	}
}

// Whatever comes in, a document that comes out can be read as one, except for what the notes tell.
func FuzzConvert(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(a.Files[0].Data)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		doc, notes, err := Convert(src)
		if err != nil {
			if doc != nil {
				t.Error("an error, and a document")
			}
			return
		}
		if _, err := flow.Parse(doc); err != nil && len(notes) == 0 && !strings.Contains(err.Error(), "at least one action") &&
			!strings.Contains(err.Error(), "at most") && !strings.Contains(err.Error(), "characters. Limit") {
			t.Errorf("%v\n%s", err, doc)
		}
	})
}

func write(t *testing.T, name string, a *txtar.Archive) {
	t.Helper()
	if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
		t.Fatal(err)
	}
}
