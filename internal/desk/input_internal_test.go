package desk

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

type sample struct {
	Thing string `path:"thing"`
	pagedSample
	Name   string                 `json:"name" rule:"required,max=3"`
	Kind   string                 `json:"kind" rule:"enum=A|B|C"`
	Count  *int                   `json:"count" rule:"min=1,max=9"`
	Share  *float64               `json:"share" rule:"max=1"`
	Texts  []string               `json:"texts" rule:"min=2,max=3"`
	Within []innerSample          `json:"within"`
	Named  map[string]string      `json:"named" rule:"max=1"`
	By     map[string]innerSample `json:"by"`
}

type pagedSample struct {
	Max   int      `query:"max" rule:"min=1,max=100"`
	Since float64  `query:"since" rule:"min=0"`
	All   bool     `query:"all"`
	Of    []string `query:"of" rule:"max=2"`
	Order string   `query:"order" rule:"enum=UP|DOWN"`
}

type innerSample struct {
	Text string `json:"text" rule:"required"`
}

// What an operation takes is held to the rules of its members before the operation is called, and what is wrong is named.
func TestRulesOfMembers(t *testing.T) {
	const good = `"name":"Ada"`
	for _, c := range []struct{ query, body, says string }{
		{"", `{` + good + `}`, ""},
		{"max=100&since=0.5&all=true&of=a&of=b&order=UP", `{` + good + `,"kind":"B","count":9,"share":1,"texts":["a","b"],"within":[{"text":"x"}],"named":{"a":"b"},"by":{"a":{"text":"x"}}}`, ""},
		{"max=&order=", `{` + good + `,"kind":"","count":null,"texts":[]}`, ""},
		{"", ``, "name is required"},
		{"", `{"name":""}`, "name is required"},
		{"", `{"name":null}`, "name is required"},
		{"", `{"name":"äöüß"}`, "name must have at most 3 characters, got 4"},
		{"", `{"name":7}`, "name must be a string, got a JSON number"},
		{"", `{` + good + `,"kind":"D"}`, "kind must be A, B or C"},
		{"", `{` + good + `,"count":0}`, "count must be 1 to 9"},
		{"", `{` + good + `,"count":10}`, "count must be 1 to 9"},
		{"", `{` + good + `,"count":1.5}`, "count must be a whole number, got a JSON number 1.5"},
		{"", `{` + good + `,"share":1.5}`, "share must be a number, 1 or less"},
		{"", `{` + good + `,"texts":["a"]}`, "texts must have at least 2 members, got 1"},
		{"", `{` + good + `,"texts":["a","b","c","d"]}`, "texts must have at most 3 members, got 4"},
		{"", `{` + good + `,"within":[{"text":"x"},{}]}`, "within[1].text is required"},
		{"", `{` + good + `,"within":[{"text":"x","more":1}]}`, "unknown member of 4 characters"},
		{"", `{` + good + `,"named":{"a":"","b":""}}`, "named must have at most 1 members, got 2"},
		{"", `{` + good + `,"by":{"secret":{}}}`, "by.text is required"},
		{"", `{` + good + `,"Thing":"other"}`, "unknown member of 5 characters"}, // of the path, not of the body
		{"", `{"Name":"Ada"}`, "unknown member of 4 characters"},
		{"", `{` + good + `,"within":[{"TEXT":"x"}]}`, "unknown member of 4 characters"},
		{"", `{` + good + `,"within":[null]}`, "within[0] must not be null"},
		{"", `{` + good + `,"texts":["a",null]}`, "texts[1] must not be null"},
		{"", `{` + good + `,"by":{"secret":null}}`, "by must not have a member that is null"},
		{"", ` null `, "name is required"},
		{"", `{` + good + `,"max":1}`, "unknown member of 3 characters"},
		{"max=0", `{` + good + `}`, "max must be 1 to 100"},
		{"max=x", `{` + good + `}`, "max must be 1 to 100"},
		{"max=99999999999999999999", `{` + good + `}`, "max must be 1 to 100"},
		{"since=-1", `{` + good + `}`, "since must be a number, 0 or more"},
		{"since=NaN", `{` + good + `}`, "since must be a number, 0 or more"},
		{"all=yes", `{` + good + `}`, "all must be true or false"},
		{"of=a&of=b&of=c", `{` + good + `}`, "of may be given at most 2 times, got 3"},
		{"order=SIDEWAYS", `{` + good + `}`, "order must be UP or DOWN"},
	} {
		var got *sample
		rt := row("PUT", "things/{thing}", signedIn, "Is a sample.", func(_ *call, in sample) (empty, error) {
			got = &in
			return empty{}, nil
		})
		r := httptest.NewRequest("PUT", "/agent/v1/things/17?"+c.query, strings.NewReader(c.body))
		r.SetPathValue("thing", "17")
		_, err := rt.do(&call{w: httptest.NewRecorder(), r: r})
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s %s: %v", c.query, c.body, err)
		case c.says == "" && (got == nil || got.Thing != "17" || got.Name != "Ada"):
			t.Errorf("%s %s: got %+v", c.query, c.body, got)
		case c.says != "" && (err == nil || got != nil || !strings.Contains(faultOf(err).message, c.says)):
			t.Errorf("%s %s: %v, want %q", c.query, c.body, err, c.says)
		case c.says != "" && faultOf(err).status != http.StatusBadRequest:
			t.Errorf("%s %s: status %d", c.query, c.body, faultOf(err).status)
		}
	}
}

// The same rules are in the document.
func TestRulesAreDescribed(t *testing.T) {
	rt := row("PUT", "things/{thing}", signedIn, "Is a sample.", func(*call, sample) (empty, error) { return empty{}, nil })
	op := document([]route{rt}).Paths["/agent/v1/things/{thing}"]["put"]
	raw, err := json.Marshal(op.Body.Content[typeJSON].Schema)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"additionalProperties":false`, `"required":["name"]`, `"name":{"type":"string","minLength":1,"maxLength":3}`,
		`"kind":{"type":["string","null"],"enum":["A","B","C","",null]}`, `"count":{"type":["integer","null"],"minimum":1,"maximum":9}`,
		`"within":{"type":["array","null"],"items":{"$ref":"#/components/schemas/InnerSampleInput"}}`,
	} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("%s does not have %s", raw, want)
		}
	}
	if op.ID != "putThingsThing" || len(op.Parameters) != 6 || !op.Parameters[0].Required || op.Parameters[0].In != "path" {
		t.Errorf("%+v", op)
	}
}

// A table that says something wrong is found when it is built.
func TestWrongRowsAreFound(t *testing.T) {
	for name, build := range map[string]func(){
		"no sentence": func() { row("GET", "x", signedIn, "Shows", func(*call, empty) (empty, error) { return empty{}, nil }) },
		"path without a field": func() {
			row("GET", "x/{id}", signedIn, "Shows.", func(*call, empty) (empty, error) { return empty{}, nil })
		},
		"field without a path": func() {
			row("GET", "x", signedIn, "Shows.", func(*call, struct {
				ID string `path:"id"`
			}) (empty, error) {
				return empty{}, nil
			})
		},
		"a body of GET": func() {
			row("GET", "x", signedIn, "Shows.", func(*call, struct {
				ID string `json:"id"`
			}) (empty, error) {
				return empty{}, nil
			})
		},
		"a number that may be zero": func() {
			row("PUT", "x", signedIn, "Shows.", func(*call, struct {
				N int `json:"n" rule:"min=1"`
			}) (empty, error) {
				return empty{}, nil
			})
		},
		"an unknown rule": func() {
			row("PUT", "x", signedIn, "Shows.", func(*call, struct {
				N string `json:"n" rule:"requird"`
			}) (empty, error) {
				return empty{}, nil
			})
		},
		"a field without a tag": func() {
			row("PUT", "x", signedIn, "Shows.", func(*call, struct{ N string }) (empty, error) { return empty{}, nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it was built")
				}
			}()
			build()
		})
	}
}
