package api

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

// The attributes of an instance are those of the API model, in its order.
func TestInstanceAttributesAreTheModels(t *testing.T) {
	var have, want []string
	var none center.Instance
	for _, a := range none.AllAttributes() {
		have = append(have, string(a.Type))
	}
	for _, c := range connect.Constraints()["UpdateInstanceAttribute"] {
		if c.Field == "AttributeType" {
			want = c.Enum
		}
	}
	if len(want) == 0 || !slices.Equal(have, want) {
		t.Errorf("there are %v, and the model has %v", have, want)
	}
}

// Every operation of the tables has a handler, and no handler is for anything else.
func TestHandlersAreTheServedOperations(t *testing.T) {
	n := 0
	for _, op := range operations() {
		if handlers[op.Service][op.Name] == nil {
			t.Errorf("%s %s has no handler", op.Service, op.Name)
		}
		n++
	}
	for _, of := range handlers {
		n -= len(of)
	}
	if n != 0 {
		t.Errorf("there are %d more operations than handlers", n)
	}
}

// Whatever is refused below, an operation answers with an error that its API model declares, but for what is in the table
// of those that it does not.
func TestOperationsAnswerDeclaredErrors(t *testing.T) {
	for _, op := range operations() {
		for code, e := range exceptions(&op) {
			documented := undeclared[op.Name][center.Code(code)] == e
			if !documented && !slices.Contains(op.Errors, e) {
				t.Errorf("%s answers refusal %d with %v, which it does not declare", op.Name, code, e)
			}
		}
	}
}

// Routes are found on the path as it was sent; arguments are unescaped after it is split.
func TestFind(t *testing.T) {
	r := newRouter()
	for _, c := range []struct {
		target, want string
		args         []string
	}{
		{"/contact/chat", "/contact/chat", nil},
		{"/contact/chat/", "", nil},
		{"/contact", "", nil},
		{"/", "", nil},
		{"//contact/chat", "", nil},
		{"/contacts/a/b", "DescribeContact", []string{"a", "b"}},
		{"/contacts/a%2Fb/c%3A%24SAVED", "DescribeContact", []string{"a/b", "c:$SAVED"}},
		{"/contacts/a/b:$SAVED", "DescribeContact", []string{"a", "b:$SAVED"}},
		{"/contacts//b", "", nil},
		{"/contacts/a/%20", "DescribeContact", []string{"a", " "}},
		{"/contacts/a%20b/%2e%2e", "DescribeContact", []string{"a b", ".."}},
		{"/contacts/a/b/c", "", nil},
		{"/%63ontacts/a/b", "DescribeContact", []string{"a", "b"}},
		{"/participant/views/tok%2Fen%2B1", "DescribeView", []string{"tok/en+1"}},
		{"/contact/attributes/a/b", "GetContactAttributes", []string{"a", "b"}},
	} {
		u, err := url.ParseRequestURI(c.target)
		if err != nil {
			t.Fatal(err)
		}
		n, args := r.find(u, nil)
		if n == nil != (c.want == "") || !slices.Equal(args, c.args) && n != nil {
			t.Errorf("%s: found %v, arguments %q", c.target, n != nil, args)
			continue
		}
		if n == nil {
			continue
		}
		if get := n.method("GET"); get != nil && get.name != c.want {
			t.Errorf("%s: found %s, want %s", c.target, get.name, c.want)
		}
	}
}

// Every operation is found by its own template, and finding it allocates nothing.
func TestEveryPathIsFound(t *testing.T) {
	r := newRouter()
	for _, target := range r.targets {
		if target.socket {
			continue
		}
		u := &url.URL{Path: template(target)}
		n, _ := r.find(u, nil)
		if n == nil || n.method(target.method) != target {
			t.Errorf("%s %s is not found", target.method, u.Path)
		}
	}
	u, args := &url.URL{Path: "/contact-flows/a/b/content"}, make([]string, 0, 4)
	if n := testing.AllocsPerRun(100, func() { r.find(u, args) }); n != 0 {
		t.Errorf("finding a route allocates %v times", n)
	}
}

func template(t *target) string {
	for _, op := range operations() {
		if op.Service == t.service && op.Name == t.name {
			return op.Path
		}
	}
	for _, o := range others() {
		if o.Service == t.service && o.Name == t.name {
			return o.Path
		}
	}
	panic("no operation " + t.name)
}

// TestCompatibilityTable keeps docs/compatibility.md true. Go's flag -update writes it.
func TestCompatibilityTable(t *testing.T) {
	const file = "../../docs/compatibility.md"
	want := compatibility()
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is out of date: go test ./internal/api -run Compatibility -update", file)
	}
}

// compatibility is the table of what is served, from the operation tables and the handlers.
func compatibility() []byte {
	var b bytes.Buffer
	b.WriteString("<!-- Written by go test ./internal/api -run Compatibility -update. Do not edit. -->\n\n# What is served\n\n" +
		"Operations of Amazon Connect and of the Amazon Connect Participant Service, by name. Those that are not served\n" +
		"answer `501 NotImplementedException`, naming themselves.\n")
	for _, service := range []struct{ name, title string }{
		{participantService, "Amazon Connect Participant Service"}, {connectService, "Amazon Connect Service"},
	} {
		var rows, rest []string
		for _, op := range operations() {
			if op.Service == service.name && handlers[op.Service][op.Name] != nil {
				rows = append(rows, fmt.Sprintf("| %s | `%s %s` |\n", op.Name, op.Method, op.Path))
			}
		}
		for _, o := range others() {
			if o.Service == service.name {
				rest = append(rest, o.Name)
			}
		}
		fmt.Fprintf(&b, "\n## %s\n\n%d of %d operations.\n\n| Operation | Request |\n| --- | --- |\n%s\nNot served: %s.\n",
			service.title, len(rows), len(rows)+len(rest), strings.Join(rows, ""), strings.Join(rest, ", "))
	}
	b.WriteString("\n## Members without an effect\n\nEvery other member of the requests above is honoured, or refused with an error that names it.\n\n" +
		"| Member | Why |\n| --- | --- |\n")
	for _, name := range slices.Sorted(maps.Keys(withoutEffect)) {
		_, member, _ := strings.Cut(name, " ")
		fmt.Fprintf(&b, "| %s | %s |\n", strings.Replace(member, " ", ": `", 1)+"`", withoutEffect[name].why)
	}
	return b.Bytes()
}
