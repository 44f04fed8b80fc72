package arch

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// TestArchitecture holds the code to the table of ARCHITECTURE.md, and the table to the code.
func TestArchitecture(t *testing.T) {
	text, err := os.ReadFile("../../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	h, err := readHouse(string(text))
	if err != nil {
		t.Fatalf("ARCHITECTURE.md: %v", err)
	}
	m, err := readModule(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range h.check(m) {
		t.Error(wrong)
	}
	if len(h.pure) == 0 {
		t.Error("ARCHITECTURE.md calls no package PURE")
	}
}

// a house in order, which each case of TestViolationsAreFound then spoils.
const table = "# A house\n```imports\n" + `
cmd/door → shell
shell    → core wire/frame
wire/frame →
core     → noun
noun     →
judge    →

PURE core noun
` + "```\n"

var tree = map[string]string{
	"go.mod":                        "module example.org/house\n\ngo 1.26\n",
	"cmd/door/main.go":              `package main; import _ "example.org/house/internal/shell"`,
	"internal/shell/shell.go":       `package shell; import (_ "example.org/house/internal/core"; _ "example.org/house/internal/wire/frame"; _ "os"; "time"); var _ = time.Now`,
	"internal/wire/frame/frame.go":  `package frame; import _ "net"`,
	"internal/core/core.go":         `package core; import (_ "example.org/house/internal/noun"; "time"; "fmt"); func At(t time.Time) string { return fmt.Sprint(t) }`,
	"internal/core/core_test.go":    `package core; import (_ "os"; _ "github.com/aws/aws-sdk-go-v2/service/connect")`,
	"internal/noun/noun.go":         `package noun`,
	"judge/judge_test.go":           `package judge`,
	"web/node_modules/x/x.go":       `package x`,
	"internal/core/testdata/bad.go": `package bad; import "os"`,
}

// spoil returns the violations that a change of the tree and of the table brings.
func spoil(t *testing.T, change map[string]string, table string) []string {
	t.Helper()
	root := fstest.MapFS{}
	for name, text := range tree {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	for name, text := range change {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	h, err := readHouse(table)
	if err != nil {
		t.Fatal(err)
	}
	m, err := readModule(root)
	if err != nil {
		t.Fatal(err)
	}
	return h.check(m)
}

func TestAHouseInOrder(t *testing.T) {
	if wrong := spoil(t, nil, table); len(wrong) != 0 {
		t.Errorf("found in a house in order: %q", wrong)
	}
}

// TestViolationsAreFound proves that the check can fail: for each rule, something that breaks it.
func TestViolationsAreFound(t *testing.T) {
	const noun = "internal/noun/noun.go"
	for _, c := range []struct{ name, file, text, want string }{
		{"arrow that is not in the table", "cmd/door/other.go", `package main; import _ "example.org/house/internal/core"`,
			"cmd/door/other.go:1:22: no arrow leads from cmd/door to core"},
		{"arrow that nobody uses", "cmd/door/main.go", `package main`, "the table lets cmd/door import shell, and it does not"},
		{"package without a row", "internal/new/new.go", `package new`, "new has no row in the table"},
		{"package of tests without a row", "internal/new/new_test.go", `package new`, "new has no row in the table"},
		{"SDK of a served service", "internal/shell/sdk.go", `package shell; import _ "github.com/aws/aws-sdk-go-v2/service/connect"`,
			"internal/shell/sdk.go:1:23: imports github.com/aws/aws-sdk-go-v2/service/connect, which is for tests alone"},
		{"arrow to the root", "internal/shell/root.go", `package shell; import _ "example.org/house"`,
			"internal/shell/root.go:1:23: no arrow leads from shell to ."},
		{"a package of such an SDK", "internal/shell/sdk.go", `package shell; import _ "github.com/aws/aws-sdk-go-v2/service/connectparticipant/types"`,
			"internal/shell/sdk.go:1:23: imports github.com/aws/aws-sdk-go-v2/service/connectparticipant/types, which is for tests alone"},
		{"files", noun, `package noun; import _ "os"`, noun + ":1:22: noun is PURE and uses os"},
		{"network", noun, `package noun; import _ "net/http"`, noun + ":1:22: noun is PURE and uses net/http"},
		{"log", noun, `package noun; import _ "log/slog"`, noun + ":1:22: noun is PURE and uses log/slog"},
		{"lock", noun, `package noun; import _ "sync"`, noun + ":1:22: noun is PURE and uses sync"},
		{"atomic", noun, `package noun; import _ "sync/atomic"`, noun + ":1:22: noun is PURE and uses sync/atomic"},
		{"randomness", noun, `package noun; import _ "math/rand/v2"`, noun + ":1:22: noun is PURE and uses math/rand/v2"},
		{"secret randomness", noun, `package noun; import _ "crypto/rand"`, noun + ":1:22: noun is PURE and uses crypto/rand"},
		{"other people's code", noun, `package noun; import _ "github.com/gofrs/uuid/v5"`, noun + ":1:22: noun is PURE and uses github.com/gofrs/uuid/v5"},
		{"printing", noun, `package noun; import "fmt"; func f() { fmt.Println() }`, noun + ":1:40: noun is PURE and uses I/O (fmt.Println)"},
		{"built-in printing", noun, `package noun; func f() { println() }`, noun + ":1:26: noun is PURE and uses I/O (println)"},
		{"clock", noun, `package noun; import "time"; var t = time.Now()`, noun + ":1:38: noun is PURE and uses a clock (time.Now)"},
		{"clock under another name", noun, `package noun; import t "time"; var now = t.Now`, noun + ":1:42: noun is PURE and uses a clock (time.Now)"},
		{"clock under no name", noun, `package noun; import . "time"; var now = Now`,
			noun + ":1:22: noun is PURE and uses names of time that nobody can tell from its own"},
		{"waiting", noun, `package noun; import "time"; func f() { time.Sleep(1) }`, noun + ":1:41: noun is PURE and uses waiting (time.Sleep)"},
		{"goroutine", noun, `package noun; func f() { go f() }`, noun + ":1:26: noun is PURE and uses a goroutine"},
		{"channel", noun, `package noun; var c chan int`, noun + ":1:21: noun is PURE and uses a channel"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wrong := spoil(t, map[string]string{c.file: c.text}, table)
			if !slices.Equal(wrong, []string{c.want}) {
				t.Errorf("found\n\t%s\nwant only\n\t%s", strings.Join(wrong, "\n\t"), c.want)
			}
		})
	}
}

// TestWrongTablesAreFound does the same with a table that is wrong about a house in order.
func TestWrongTablesAreFound(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"row for no package", "judge    →", "judge →\nattic →", "the table names attic, and there is no such package"},
		{"purity of no package", "PURE core noun", "PURE core noun attic", "the table names attic, and there is no such package"},
		{"pure package that imports one that is not", "PURE core noun", "PURE core",
			"internal/core/core.go:1:23: core is PURE and uses example.org/house/internal/noun"},
		{"arrow that points up", "core     → noun\nnoun     →", "noun →\ncore → noun", "the row of core points up, to noun"},
	} {
		t.Run(c.name, func(t *testing.T) {
			spoiled := strings.Replace(table, c.old, c.new, 1)
			if spoiled == table {
				t.Fatalf("%q is not in the table", c.old)
			}
			if wrong := spoil(t, nil, spoiled); !slices.Equal(wrong, []string{c.want}) {
				t.Errorf("found %q, want only %q", wrong, c.want)
			}
		})
	}
}

func TestTablesThatCannotBeRead(t *testing.T) {
	for name, text := range map[string]string{
		"no block":      "# A house\n",
		"open block":    "```imports\ncore →\n",
		"no arrow":      "```imports\ncore noun\n```\n",
		"two rows":      "```imports\ncore →\ncore →\n```\n",
		"name, no more": "```imports\ncore\n```\n",
	} {
		if h, err := readHouse(text); err == nil {
			t.Errorf("%s: read as %q", name, slices.Collect(maps.Keys(h.rows)))
		}
	}
}
