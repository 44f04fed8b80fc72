package view

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// guide is the Administrator Guide's example of a customer's view, shortened.
const guide = `{"Head":{"Title":"Cards","Configuration":{"Layout":{"Columns":["10","2"]}}},"Body":[
 {"_id":"cards","Type":"Container","Props":{},"Content":[
  {"_id":"cafe","Type":"Card","Props":{"Id":"Cafe","Heading":"$.CafeHeading","Action":"CardSelected"},"Content":[]},
  {"_id":"plain","Type":"Card","Props":{"Id":"Plain","Heading":"$.PlainHeading","Action":"CardSelected"},"Content":[]}]},
 {"_id":"skip","Type":"Button","Props":{"Action":"Skip"},"Content":["Skip"]}]}`

var guideActions = []string{"CardSelected", "Skip"}

func TestNewDerivesTheInputSchema(t *testing.T) {
	for _, c := range []struct{ name, template, want string }{
		{"references", guide, `"properties":{"CafeHeading":{},"PlainHeading":{}},"required":["CafeHeading","PlainHeading"],"$defs":`},
		{"no references", `{"Head":{"Configuration":{}},"Body":[{"_id":"a","Type":"Text","Content":["$100, $.Name said"]}]}`, `"properties":{},"required":[],"$defs":`},
		{"integrations", `{"Head":{"Configuration":{}},"Body":[{"_id":"a","Type":"Text","Props":{"Text":"$.#case"}}]}`, `"properties":{},"required":[],"$defs":`},
		{"deeper references", `{"Head":{"Configuration":{}},"Body":[{"_id":"a","Type":"Table","Props":{"Rows":["$.Rows.first","$.Rows[1]"]}}]}`, `"properties":{"Rows":{}},"required":["Rows"],"$defs":`},
	} {
		made, problems := New(c.template, guideActions, true)
		if len(problems) > 0 || !strings.Contains(made.InputSchema, c.want) {
			t.Errorf("%s: %v %s", c.name, problems, made.InputSchema)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	of := func(body string) string { return `{"Head":{"Configuration":{}},"Body":` + body + `}` }
	for _, c := range []struct {
		name, template string
		saved          bool // refused even when it is only saved
		want           []string
	}{
		{"no JSON", `{`, true, []string{"Template is not valid JSON: unexpected end of JSON input"}},
		{"no object", `[]`, true, []string{"Template must be a JSON object"}},
		{"too large", `{"a":"` + strings.Repeat("x", 400_000) + `"}`, true, []string{"the content has 400024 bytes, at most 400000 are allowed"}},
		{"nothing", `{}`, false, []string{"Head is required and must be an object. Path: Head", "Body is required and must be a list of components. Path: Body"}},
		{"no configuration", `{"Head":{"Title":1},"Body":[{"_id":"a","Type":"Text"}]}`, false, []string{
			"Configuration is required and must be an object, which may be empty. Path: Head.Configuration", "Title must be a string. Path: Head.Title"}},
		{"an empty body", of(`[]`), false, []string{"Body is required and must be a list of components. Path: Body"}},
		{"a text in the body", of(`["x"]`), false, []string{"a component must be an object. Path: Body[0]"}},
		{"a component without anything", of(`[{}]`), false, []string{"Type is required and must be a string. Path: Body[0].Type", "_id is required and must be a string. Path: Body[0]._id"}},
		{"twins", of(`[{"_id":"a","Type":"Text"},{"_id":"a","Type":"Text"}]`), false, []string{"_id must be unique in the view. Path: Body[1]._id"}},
		{"a button that holds", of(`[{"_id":"a","Type":"Button","Content":[{"_id":"b","Type":"Text"}]}]`), false, []string{"only a Container may hold components. Path: Body[0].Content[0]"}},
		{"an unknown action", of(`[{"_id":"c","Type":"Container","Content":[{"_id":"a","Type":"Button","Props":{"Action":"Other"}}]}]`), false, []string{"Action must be among the view's Actions. Path: Body[0].Content[0].Props.Action"}},
		{"wrong types", of(`[{"_id":"a","Type":"Button","Props":{"Action":1},"Content":"Skip"},{"_id":"b","Type":"Text","Props":[],"Content":[1]}]`), false, []string{
			"Action must be a string. Path: Body[0].Props.Action", "Content must be a list. Path: Body[0].Content",
			"Props must be an object. Path: Body[1].Props", "Content must hold texts or components. Path: Body[1].Content[0]"}},
	} {
		if _, got := New(c.template, guideActions, true); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		if _, got := New(c.template, guideActions, false); len(got) > 0 != c.saved {
			t.Errorf("%s, saved: got %q", c.name, got)
		}
	}
}

// A template that is wrong everywhere, or endlessly deep, makes no answer that is larger than it.
func TestProblemsAreBounded(t *testing.T) {
	of := func(body string) string { return `{"Head":{"Configuration":{}},"Body":[` + body + `]}` }
	for name, template := range map[string]string{
		"flat": of(strings.Repeat(`{},`, 100_000) + `{}`),
		"wide": of(`{"_id":"a","Type":"Container","Content":[` + strings.Repeat(`1,`, 100_000) + `1]}`),
		"deep": of(strings.Repeat(`{"Content":[`, 4900) + strings.Repeat(`]}`, 4900)),
	} {
		_, problems := New(template, nil, true)
		if n := len(strings.Join(problems, "")); len(problems) == 0 || len(problems) > maxProblems || n > 100_000 {
			t.Errorf("%s: %d problems of %d bytes", name, len(problems), n)
		}
	}
	list, _ := FindManaged("list")
	if got := list.Check([]byte(`{"Items":[` + strings.Repeat(`1,`, 1000) + `1]}`)); len(got) != maxProblems {
		t.Errorf("%d problems of an input", len(got))
	}
}

func TestComponentsAreNestedSoDeep(t *testing.T) {
	nested := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `{"_id":"%d","Type":"Container","Content":[`, i)
		}
		return `{"Head":{"Configuration":{}},"Body":[` + b.String() + strings.Repeat(`]}`, n) + `]}`
	}
	if _, problems := New(nested(maxDepth), nil, true); len(problems) > 0 {
		t.Errorf("%q", problems)
	}
	if _, problems := New(nested(maxDepth+1), nil, true); len(problems) != 1 || !strings.HasPrefix(problems[0], "components may be nested 100 deep. Path: Body[0].Content[0]") {
		t.Errorf("%q", problems)
	}
}

// Managed views keep the rules of others, and their schemas name exactly what their templates refer to.
func TestManagedViews(t *testing.T) {
	var names []string
	for _, m := range AllManaged() {
		names = append(names, m.Name)
		derived, problems := New(m.Template, m.Actions, true)
		if len(problems) > 0 {
			t.Errorf("%s: %q", m.ID, problems)
		}
		var declared, used schema
		if err := json.Unmarshal([]byte(m.InputSchema), &declared); err != nil {
			t.Fatalf("%s: %v", m.ID, err)
		}
		if err := json.Unmarshal([]byte(derived.InputSchema), &used); err != nil {
			t.Fatalf("%s: %v", m.ID, err)
		}
		if !slices.Equal(slices.Sorted(maps.Keys(declared.Properties)), slices.Sorted(maps.Keys(used.Properties))) {
			t.Errorf("%s: the schema has %v, the template refers to %v", m.ID, slices.Sorted(maps.Keys(declared.Properties)), slices.Sorted(maps.Keys(used.Properties)))
		}
		for _, action := range m.Actions {
			if !strings.Contains(m.Template, `"Action":"`+action+`"`) {
				t.Errorf("%s: nothing in the template raises %s", m.ID, action)
			}
		}
		if found, ok := FindManaged(m.ID); !ok || found.SHA256() != m.SHA256() {
			t.Errorf("%s is not found", m.ID)
		}
	}
	if !slices.IsSorted(names) {
		t.Errorf("views are not in the order of their names: %v", names)
	}
	if _, ok := FindManaged("unknown"); ok {
		t.Error("found a view that there is not")
	}
}

func TestCheck(t *testing.T) {
	own, problems := New(guide, guideActions, true)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	views := map[string]Content{"own": own}
	for _, m := range AllManaged() {
		views[m.ID] = m.Content
	}
	for _, c := range []struct {
		view, data string
		want       []string
	}{
		{"detail", `{"Sections":"a text"}`, nil},
		{"detail", `{"Sections":[{"Items":[{"Label":"A","Value":"B"}]},{"TemplateString":"<p>x</p>"}],"Actions":["Do"],"Back":"Back"}`, nil},
		{"detail", `{"Sections":[],"Actions":"[\"Do\"]","Back":{"Label":"Back","Action":"Home"},"Style":1}`, nil},
		{"detail", `{"Heading":"x"}`, []string{"Sections is required"}},
		{"detail", `{"Sections":null}`, []string{"Sections is required"}},
		{"detail", `{"Sections":[],"AttributeBar":[{"Label":"A","Value":null},{"Value":2}]}`, []string{"AttributeBar[1].Label is required"}},
		{"detail", `{"Sections":[],"Back":{"Action":"x"}}`, []string{"Back has none of the forms that it may have"}},
		{"detail", `[]`, []string{"the input must be a JSON object"}},
		{"detail", `{`, []string{"the input is not valid JSON"}},
		{"list", `{"Items":[{}]}`, nil},
		{"list", `{"Items":""}`, []string{"Items must be an array"}},
		{"list", `{"Items":[{"Heading":{}}]}`, []string{"Items[0].Heading must be a string"}},
		{"form", `{"Sections":"[ {\"Type\":\"FormSection\",\"Items\":[]} ]"}`, nil},
		{"form", `{"Sections":[{"Type":"Other"}],"Wizard":[{"Heading":"1","Selected":"true"}]}`, []string{"Sections[0].Type must be one of [FormSection DataSection]"}},
		{"confirmation", `{"Heading":"Done","Graphic":"{\"Include\": true}","Next":"{\"Label\":\"Close\"}"}`, nil},
		{"confirmation", `{"Heading":"Done","Graphic":true}`, []string{"Graphic must be an object"}},
		{"cards", `{"Cards":[{"Summary":{"Id":"1","Heading":"One"},"Detail":{"Actions":["Start"]}}],"CardsPerRow":"3"}`, nil},
		{"cards", `{"Cards":[{"Summary":{"Id":"1"}},{}],"CardsPerRow":5}`, []string{
			"Cards[0].Summary.Heading is required", "Cards[1].Summary is required", "CardsPerRow must be one of [1 2 3 4 6 12]"}},
		{"after-contact-work", `{}`, nil},
		{"own", `{"CafeHeading":"Cafe","PlainHeading":1}`, nil},
		{"own", `{"CafeHeading":"Cafe"}`, []string{"PlainHeading is required"}},
	} {
		got := views[c.view].Check([]byte(c.data))
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s %s: got %q, want %q", c.view, c.data, got, c.want)
		}
	}
}

// Whatever a template is, checking it ends, what is published could be saved, and a schema is one.
func FuzzNew(f *testing.F) {
	f.Add(guide, `{"CafeHeading":"x"}`)
	for _, m := range AllManaged() {
		f.Add(m.Template, `{"Sections":[]}`)
	}
	f.Fuzz(func(t *testing.T, template, data string) {
		made, problems := New(template, guideActions, true)
		if len(problems) > 0 {
			return
		}
		saved, problems := New(template, guideActions, false)
		if len(problems) > 0 || saved.InputSchema != made.InputSchema || !json.Valid([]byte(made.InputSchema)) {
			t.Errorf("published, but saved %q with %s", problems, saved.InputSchema)
		}
		made.Check([]byte(data))
	})
}
