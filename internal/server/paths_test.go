package server

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flowchart"
)

// page reads a page that must be a success, and well-formed but for what HTML allows: its void elements.
func page(t *testing.T, s *Server, path string) string {
	t.Helper()
	w := ask(s, "GET", path, "")
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("%s answered %d: %s", path, w.Code, w.Body)
	}
	if p := w.Header().Get("Content-Security-Policy"); !strings.Contains(p, "default-src 'none'") || strings.Contains(p, "unsafe") {
		t.Errorf("%s has the policy %q", path, p)
	}
	d := xml.NewDecoder(strings.NewReader(w.Body.String()))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return w.Body.String()
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if e, ok := token.(xml.StartElement); ok {
			forbidden(t, path, e)
		}
	}
}

// forbidden fails on what the policy would keep from working, or a flow would have brought in.
func forbidden(t *testing.T, path string, e xml.StartElement) {
	t.Helper()
	if e.Name.Local == "script" || e.Name.Local == "style" || e.Name.Local == "image" {
		t.Errorf("%s has an element %s", path, e.Name.Local)
	}
	for _, a := range e.Attr {
		if a.Name.Local == "style" || strings.HasPrefix(a.Name.Local, "on") {
			t.Errorf("%s has an attribute %s", path, a.Name.Local)
		}
	}
}

func TestPathOfAContact(t *testing.T) {
	clock := NewManualClock(time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC))
	s := development(t, func(c *Config) { c.Clock = clock })
	if none := page(t, s, "/_parley/paths"); !strings.Contains(none, "no contacts yet") {
		t.Errorf("without contacts: %s", none)
	}
	ada := visit(t, s, "")
	ada.connect()
	contact := ada.chat
	if list := page(t, s, "/_parley/paths"); !strings.Contains(list, `href="/_parley/paths/`+contact+`"`) || !strings.Contains(list, "<td>Wait</td>") {
		t.Errorf("the list: %s", list)
	}
	here := page(t, s, "/_parley/paths/"+contact)
	for _, want := range []string{
		`id="flow1-name">Welcome</h2>`, `aria-labelledby="flow1-name"`, "<td>is here</td>",
		`id="` + flowchart.Anchor("flow1-", "Wait") + `"`, `href="#` + flowchart.Anchor("flow1-", "Greet") + `"`,
	} {
		if !strings.Contains(here, want) {
			t.Errorf("while it waits, the page does not have %s:\n%s", want, here)
		}
	}
	get[clockInfo](t, ask(s, "POST", "/_parley/clock", `{"advance":"61m"}`))
	gone := page(t, s, "/_parley/paths/"+contact)
	if strings.Contains(gone, "is here") || strings.Count(gone, "<tr><td class=\"number\">") != 4 || !strings.Contains(gone, "2030-01-01T13:00:00.000Z") {
		t.Errorf("at its end: %s", gone)
	}
	if !strings.Contains(ask(s, "GET", "/", "").Body.String(), `href="/_parley/paths"`) {
		t.Error("the landing page does not lead there")
	}
	css := ask(s, "GET", "/_parley/paths.css", "")
	if css.Code != 200 || !strings.HasPrefix(css.Header().Get("Content-Type"), "text/css") || !strings.Contains(css.Body.String(), ".fc .box") {
		t.Errorf("the style sheet: %d %s", css.Code, css.Header())
	}
	if w := ask(s, "GET", "/_parley/paths/nobody", ""); w.Code != http.StatusBadRequest {
		t.Errorf("of nobody: %d %s", w.Code, w.Body)
	}
}

// hostilePath is a flow whose words would be markup.
const hostilePath = `{"Version":"2019-10-30","StartAction":"<script>alert","Metadata":{"name":"x"},"Actions":[
	{"Identifier":"<script>alert","Type":"MessageParticipant","Parameters":{"Text":"</text><script>alert(1)</script><b onclick='x'>"},
	 "Transitions":{"NextAction":"'\"><img onerror>"}},
	{"Identifier":"'\"><img onerror>","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]}`

func TestPathsRunNothing(t *testing.T) {
	s := development(t, nil)
	made, err := s.catalog.CreateFlow(t.Context(), SeedInstance, center.ContactFlow{
		ID: "33333333-3333-4333-8333-333333333333", Name: "<script>alert(2)</script>", Type: center.TypeContactFlow,
	}, hostilePath, true)
	if err != nil {
		t.Fatal(err)
	}
	mallory := visit(t, s, string(made.ID))
	mallory.connect()
	page(t, s, "/_parley/paths")
	shown := page(t, s, "/_parley/paths/"+mallory.chat)
	if !strings.Contains(shown, "&lt;script&gt;alert(1)") || !strings.Contains(shown, "&lt;script&gt;alert(2)") {
		t.Errorf("the words are not there: %s", shown)
	}
}

func TestPathThroughAModule(t *testing.T) {
	s := development(t, nil)
	content := `{"Version":"2019-10-30","StartAction":"in","Settings":{},"Actions":[` + action(says, "in", "Hello", "out") +
		`{"Identifier":"out","Type":"EndFlowModuleExecution","Parameters":{},"Transitions":{}},` + endOfFlow + `]}`
	module, err := s.catalog.CreateModule(t.Context(), SeedInstance, center.FlowModule{Name: "Greeter"}, content, "")
	if err != nil {
		t.Fatal(err)
	}
	ada := visit(t, s, makeFlow(t, s, `{"Identifier":"1","Type":"InvokeFlowModule","Parameters":{"FlowModuleId":"`+string(module)+`"},
		"Transitions":{"NextAction":"2","Errors":[{"NextAction":"end","ErrorType":"NoMatchingError"}]}},`+action(waits, "2", "60", "end")+endOfFlow))
	ada.connect()
	shown := page(t, s, "/_parley/paths/"+ada.chat)
	for _, want := range []string{`-name">test</h2>`, `-name">Greeter</h2>`, "<td>is here</td>", "<td>EndFlowModuleExecution</td>"} {
		if !strings.Contains(shown, want) {
			t.Errorf("the page does not have %s:\n%s", want, shown)
		}
	}
}
