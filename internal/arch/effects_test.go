package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEffectsAreHandled compares what a flow can want done, a closed set, with what those who carry it out have a case
// for: an effect without a case would leave a chat waiting for good, without a line in any log.
func TestEffectsAreHandled(t *testing.T) {
	effects, questions := implementers(t, "../flow", "effect"), implementers(t, "../flow", "question")
	if len(effects) < 25 || len(questions) < 3 {
		t.Fatalf("found %d effects and %d questions", len(effects), len(questions))
	}
	for _, c := range []struct {
		file, function string
		all            map[string]bool
	}{
		{"../chat/step.go", "carryOut", effects},
		{"../chat/call.go", "call", questions},
	} {
		handled := cases(t, c.file, c.function)
		for name := range c.all {
			if !handled[name] {
				t.Errorf("%s: %s has no case for flow.%s", c.file, c.function, name)
			}
		}
		for name := range handled {
			if !c.all[name] {
				t.Errorf("%s: %s has a case for flow.%s, which is none", c.file, c.function, name)
			}
		}
	}
}

// implementers are the types of a package that have a method of that name.
func implementers(t *testing.T, folder, method string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, d := range parsed(t, name).Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != method {
				continue
			}
			if receiver, ok := f.Recv.List[0].Type.(*ast.Ident); ok {
				found[receiver.Name] = true
			}
		}
	}
	return found
}

// cases are the types of package flow that the type switches of a function have a case for.
func cases(t *testing.T, file, function string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, d := range parsed(t, file).Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != function {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			clause, ok := n.(*ast.CaseClause)
			if !ok {
				return true
			}
			for _, e := range clause.List {
				if s, ok := e.(*ast.SelectorExpr); ok {
					if p, ok := s.X.(*ast.Ident); ok && p.Name == "flow" {
						found[s.Sel.Name] = true
					}
				}
			}
			return true
		})
	}
	return found
}

func parsed(t *testing.T, file string) *ast.File {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
