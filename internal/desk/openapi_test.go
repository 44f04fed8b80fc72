package desk_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi/datamodel"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/parley-chat/parley/internal/desk"
)

// document is the OpenAPI document as it is served, with what tests look at.
type document struct {
	Paths map[string]map[string]struct {
		OperationID string
		Summary     string
		Responses   map[string]struct {
			Ref string `json:"$ref"`
		}
	}
	Components struct {
		Responses map[string]struct {
			Content map[string]struct {
				Schema struct {
					Properties struct{ Type struct{ Enum []string } }
				}
			}
		}
	}
}

func served(t *testing.T) (d document) {
	t.Helper()
	a := newWorld(t).client().wants(200, "", "GET", "/agent/v1/openapi.json", "")
	if err := json.Unmarshal([]byte(a.text), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// The document is the same for everyone, and may be kept.
func TestTheDocumentIsOpenAndKept(t *testing.T) {
	w := newWorld(t)
	c := w.client()
	a := c.wants(200, "", "GET", "/agent/v1/openapi.json", "")
	tag := a.header.Get("ETag")
	if a.header.Get("Cache-Control") != "public, max-age=300" || len(tag) < 10 || a.header.Get("Set-Cookie") != "" {
		t.Errorf("header %v", a.header)
	}
	if again := w.program("ann").wants(200, "", "GET", "/agent/v1/openapi.json", ""); again.text != a.text {
		t.Error("who is signed in gets another document")
	}
	c.head = http.Header{"If-None-Match": {tag}}
	if a := c.ask("GET", "/agent/v1/openapi.json", ""); a.status != 304 || a.text != "" {
		t.Errorf("%d %s", a.status, a.text)
	}
	c.head = http.Header{"If-None-Match": {`"another"`}}
	c.wants(200, "", "GET", "/agent/v1/openapi.json", "")
	c.origin = "https://evil.test"
	c.wants(403, "AccessDeniedException", "GET", "/agent/v1/openapi.json", "")
}

// The document is what the JSON Schema of OpenAPI 3.1 allows, and the schemas in it are those of JSON Schema 2020-12.
func TestTheDocumentIsOpenAPI(t *testing.T) {
	const published = "https://spec.openapis.org/oas/3.1/schema/2022-10-07"
	of, err := jsonschema.UnmarshalJSON(strings.NewReader(datamodel.OpenAPI31SchemaData))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(published, of); err != nil {
		t.Fatal(err)
	}
	whole, err := compiler.Compile(published)
	if err != nil {
		t.Fatal(err)
	}
	part, err := jsonschema.NewCompiler().Compile("https://json-schema.org/draft/2020-12/schema")
	if err != nil {
		t.Fatal(err)
	}
	text := newWorld(t).client().wants(200, "", "GET", "/agent/v1/openapi.json", "").text
	parsed := func(from, old, by string) any {
		t.Helper()
		changed := strings.Replace(from, old, by, 1)
		if changed == from && old != "" {
			t.Fatalf("%q is not in the document", old)
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(changed))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	good := parsed(text, "", "")
	if err := whole.Validate(good); err != nil {
		t.Error(err)
	}
	for name, s := range good.(map[string]any)["components"].(map[string]any)["schemas"].(map[string]any) {
		if err := part.Validate(s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What is wrong is found.
	for _, c := range [][2]string{{`"openapi":"3.1.0"`, `"openapi":"3.0.0"`}, {`"in":"path"`, `"in":"road"`}, {`"description":"Done."`, `"summary":"Done."`}} {
		if whole.Validate(parsed(text, c[0], c[1])) == nil {
			t.Errorf("%s is taken for %s", c[1], c[0])
		}
	}
}

// Every route of the table is in the document, once, and nothing else is.
func TestTheDocumentHasTheTable(t *testing.T) {
	var table, found []string
	for _, rt := range desk.Routes() {
		table = append(table, rt.Method+" "+rt.Path)
	}
	ids := map[string]bool{}
	for path, item := range served(t).Paths {
		for method, op := range item {
			found = append(found, strings.ToUpper(method)+" "+path)
			if ids[op.OperationID] || op.OperationID == "" {
				t.Errorf("the id %q is there twice", op.OperationID)
			}
			ids[op.OperationID] = true
		}
	}
	slices.Sort(table)
	slices.Sort(found)
	if !slices.Equal(table, found) {
		t.Errorf("the table has\n%s\nthe document\n%s", strings.Join(table, "\n"), strings.Join(found, "\n"))
	}
}

var (
	inCode = regexp.MustCompile("`(GET|POST|PUT|DELETE) (/agent/v1/|…/)([^` ?]*)")
	braced = regexp.MustCompile(`\{[^}]*\}`)
	row    = regexp.MustCompile(`(?m)^\| (\x60[a-z-]+\x60(?:, \x60[a-z-]+\x60)*) \|`)
	errors = regexp.MustCompile(`(?m)^\| ([0-9, ]+) \| ([A-Za-z, ]+Exception) \|`)
)

// docs/agent-api.md lists the routes of the table and no others, and the errors that they answer with.
func TestThePageListsTheTable(t *testing.T) {
	raw, err := os.ReadFile("../../docs/agent-api.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(raw)
	listed, table := map[string]bool{}, map[string]bool{}
	for _, m := range inCode.FindAllStringSubmatch(page, -1) {
		below := m[3]
		if m[2] == "…/" {
			below = "contacts/{contactId}/" + below
		}
		listed[m[1]+" "+braced.ReplaceAllString(below, "{}")] = true
	}
	// What is done with a contact has a table of its own, in which each name is a POST.
	_, contacts, ok := strings.Cut(page, "\nEach is `POST /agent/v1/contacts/{contactId}/…`")
	if !ok {
		t.Fatal("docs/agent-api.md has no table of what is done with a contact")
	}
	contacts, _, _ = strings.Cut(contacts, "\n`DELETE ")
	for _, m := range row.FindAllStringSubmatch(contacts, -1) {
		for name := range strings.SplitSeq(m[1], ", ") {
			listed["POST contacts/{}/"+strings.Trim(name, "`")] = true
		}
	}
	delete(listed, "POST contacts/{}/…")
	for _, rt := range desk.Routes() {
		table[rt.Method+" "+braced.ReplaceAllString(strings.TrimPrefix(rt.Path, desk.Prefix), "{}")] = true
	}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		if !listed[key] {
			t.Errorf("docs/agent-api.md does not list %s", key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(listed)) {
		if !table[key] {
			t.Errorf("docs/agent-api.md lists %s, and no route is so", key)
		}
	}

	said := map[string]bool{}
	for _, m := range errors.FindAllStringSubmatch(page, -1) {
		for status := range strings.SplitSeq(m[1], ", ") {
			for name := range strings.SplitSeq(m[2], ", ") {
				said[status+" "+name] = true
			}
		}
	}
	for key, r := range served(t).Components.Responses {
		status, _, _ := strings.Cut(key, ".")
		for _, name := range r.Content["application/json"].Schema.Properties.Type.Enum {
			if !said[status+" "+name] {
				t.Errorf("docs/agent-api.md does not have the error %s %s", status, name)
			}
		}
	}
}
