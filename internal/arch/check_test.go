package arch

import (
	"bufio"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// pureImports are the standard packages whose use leaves a function pure. Everything else is refused in a PURE package:
// whoever adds a line here has looked whether the package can do I/O, read a clock, wait, lock or roll dice.
var pureImports = []string{
	"bytes", "cmp", "crypto/hmac", "crypto/sha1", "crypto/sha256", "crypto/subtle", "encoding/base32", "encoding/base64", "encoding/binary", "encoding/hex",
	"encoding/json", "errors", "fmt", "html", "iter", "maps", "math", "math/bits", "net/url", "regexp", "slices", "sort", "strconv",
	"strings", "time", "unicode", "unicode/utf16", "unicode/utf8",
}

// impure are the names in pureImports that a pure package may not use all the same.
var impure = map[string]map[string]string{
	"fmt": {
		"Print": "I/O", "Printf": "I/O", "Println": "I/O", "Scan": "I/O", "Scanf": "I/O", "Scanln": "I/O",
	},
	"time": {
		"Now": "a clock", "Since": "a clock", "Until": "a clock", "Sleep": "waiting", "After": "waiting",
		"AfterFunc": "waiting", "NewTimer": "waiting", "NewTicker": "waiting", "Tick": "waiting",
		"LoadLocation": "I/O", "Local": "the machine's time zone",
	},
}

// judges are the SDKs of the services that parley itself serves: they test it, so nothing under internal/ may be built
// on them. The client at the root is.
var judges = []string{
	"github.com/aws/aws-sdk-go-v2/service/connect",
	"github.com/aws/aws-sdk-go-v2/service/connectparticipant",
}

// house is what ARCHITECTURE.md says: a row for each package, in order, and which are pure. A package goes by its
// folder, without "internal/"; the module's root is ".".
type house struct {
	order []string
	rows  map[string][]string
	pure  []string
}

// readHouse reads the block of a Markdown text that begins with ```imports. Its lines are "name → name name", and one
// "PURE name name".
func readHouse(text string) (*house, error) {
	_, rest, found := strings.Cut(text, "```imports\n")
	block, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		return nil, fmt.Errorf("no ```imports block")
	}
	h := &house{rows: map[string][]string{}}
	for line := range strings.Lines(block) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case words[0] == "PURE":
			h.pure = append(h.pure, words[1:]...)
		case len(words) < 2 || words[1] != "→":
			return nil, fmt.Errorf("not a row: %q", strings.TrimSpace(line))
		case slices.Contains(h.order, words[0]):
			return nil, fmt.Errorf("two rows for %s", words[0])
		default:
			h.order = append(h.order, words[0])
			h.rows[words[0]] = words[2:]
		}
	}
	return h, nil
}

// module is the source of a Go module: its path, and its files by package.
type module struct {
	path     string
	files    *token.FileSet
	packages map[string][]*ast.File
}

// readModule parses every package of a module, but for folders that the go command leaves out too, and node_modules.
func readModule(root fs.FS) (*module, error) {
	m := &module{files: token.NewFileSet(), packages: map[string][]*ast.File{}}
	mod, err := fs.ReadFile(root, "go.mod")
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(strings.NewReader(string(mod)))
	for m.path == "" && lines.Scan() {
		m.path, _ = strings.CutPrefix(lines.Text(), "module ")
	}
	err = fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		switch {
		case entry.IsDir() && name != "." && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "node_modules"):
			return fs.SkipDir
		case !entry.IsDir() && path.Ext(name) == ".go":
			return m.read(root, name)
		}
		return nil
	})
	return m, err
}

// read adds a file. A test file makes its package known, and is not judged.
func (m *module) read(root fs.FS, name string) error {
	pkg := short(path.Dir(name))
	sources := m.packages[pkg]
	if !strings.HasSuffix(name, "_test.go") {
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(m.files, name, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		sources = append(sources, parsed)
	}
	m.packages[pkg] = sources
	return nil
}

// folder is where an imported package of this module lies.
func (m *module) folder(imported string) (name string, ours bool) {
	if imported == m.path {
		return ".", true
	}
	return strings.CutPrefix(imported, m.path+"/")
}

// short is the name of a folder in the table.
func short(folder string) string { return strings.TrimPrefix(folder, "internal/") }

// check says where the module is not what the table says, in a stable order.
func (h *house) check(m *module) []string {
	var wrong []string
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	for _, pkg := range slices.Sorted(maps.Keys(m.packages)) {
		if _, there := h.rows[pkg]; !there {
			say("%s has no row in the table", pkg)
			continue
		}
		h.checkArrows(m, pkg, say)
		if slices.Contains(h.pure, pkg) {
			m.checkPure(pkg, h.pure, say)
		}
	}
	h.checkRows(m, say)
	return wrong
}

// checkRows says which rows speak of what does not exist, and which point up.
func (h *house) checkRows(m *module, say func(string, ...any)) {
	for _, pkg := range slices.Concat(h.order, h.pure) {
		if _, there := m.packages[pkg]; !there {
			say("the table names %s, and there is no such package", pkg)
		}
	}
	for i, pkg := range h.order {
		for _, to := range h.rows[pkg] {
			if slices.Index(h.order, to) < i {
				say("the row of %s points up, to %s", pkg, to)
			}
		}
	}
}

// checkArrows compares a package's row with what its files import.
func (h *house) checkArrows(m *module, pkg string, say func(string, ...any)) {
	used := map[string]bool{}
	for _, file := range m.packages[pkg] {
		for _, spec := range file.Imports {
			imported := importPath(spec)
			at := m.files.Position(spec.Pos())
			if strings.HasPrefix(at.Filename, "internal/") && slices.ContainsFunc(judges, func(sdk string) bool { return imported == sdk || strings.HasPrefix(imported, sdk+"/") }) {
				say("%s: imports %s, which is for tests alone", at, imported)
			}
			folder, ours := m.folder(imported)
			if !ours {
				continue
			}
			used[short(folder)] = true
			if !slices.Contains(h.rows[pkg], short(folder)) {
				say("%s: no arrow leads from %s to %s", at, pkg, short(folder))
			}
		}
	}
	for _, to := range h.rows[pkg] {
		if !used[to] {
			say("the table lets %s import %s, and it does not", pkg, to)
		}
	}
}

// checkPure says what in a package is not a value or a pure function of values.
func (m *module) checkPure(pkg string, pure []string, say func(string, ...any)) {
	for _, file := range m.packages[pkg] {
		refuse := func(at ast.Node, what string) {
			say("%s: %s is PURE and uses %s", m.files.Position(at.Pos()), pkg, what)
		}
		names := map[string]string{} // by which the file calls its imports
		for _, spec := range file.Imports {
			imported := importPath(spec)
			folder, ours := m.folder(imported)
			if !slices.Contains(pureImports, imported) && !(ours && slices.Contains(pure, short(folder))) {
				refuse(spec, imported)
			}
			name := path.Base(imported)
			if spec.Name != nil {
				name = spec.Name.Name
			}
			if name == "." {
				refuse(spec, "names of "+imported+" that nobody can tell from its own")
			}
			names[name] = imported
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				refuse(n, "a goroutine")
			case *ast.ChanType:
				refuse(n, "a channel")
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "print" || f.Name == "println") {
					refuse(n, "I/O ("+f.Name+")")
				}
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok {
					if why := impure[names[x.Name]][n.Sel.Name]; why != "" {
						refuse(n, fmt.Sprintf("%s (%s.%s)", why, names[x.Name], n.Sel.Name))
					}
				}
			}
			return true
		})
	}
}

func importPath(spec *ast.ImportSpec) string {
	p, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		panic(err) // the parser has read it as a string
	}
	return p
}
