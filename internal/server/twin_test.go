package server

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/memnet"
	"github.com/parley-chat/parley/internal/rehearsal"
	"github.com/parley-chat/parley/internal/stock"
	"github.com/parley-chat/parley/internal/view"
)

// A rehearsal and the server are twins: the same flow, asked the same, with the same answers from outside and the same
// words of the customer, comes by the same actions, takes the same branches and says the same.

// twinFlows is a folder of real flow documents from public repositories. It is not part of the project; where it is absent
// the documents of the project do alone.
const twinFlows = "../../../shared/flows"

// apart are the actions where the two are told different things: there a comparison ends.
var apart = []string{
	"DistributeByPercentage",           // other dice
	"GetMetricData", "CheckMetricData", // other figures
	"AuthenticateParticipant", "CreateWisdomSession", // the server needs more than there is
	"CreatePersistentContactAssociation",
}

// twinning is a play of one document in one scenario.
type twinning struct {
	t        *testing.T
	s        *Server
	scenario int
	refs     map[string][][]string // of the document, by root
	pool     []string              // operands of its conditions
	next     string                // a flow to transfer to
	module   string

	play  *rehearsal.Play
	lines []string // of the play, as the server has them
	types []string
	said  []string
}

// outsideSays is what is answered outside: the same to both.
func (w *twinning) outsideSays(kind string) (body string, fails bool) {
	switch {
	case w.scenario == 1:
		return "{}", true
	case kind == "lex":
		return w.bot(), false
	case kind == "function":
		return twinJSON(w.values("External")), false
	}
	return twinJSON(map[string]any{"Data": map[string]any{"Id": "1"}}), false
}

// value is that of a path, in the scenario.
func (w *twinning) value(path []string) string {
	if w.scenario == 2 && len(w.pool) > 0 {
		return w.pool[len(strings.Join(path, "."))%len(w.pool)]
	}
	return "1"
}

func (w *twinning) values(root string) map[string]string {
	all := map[string]string{}
	for _, path := range w.refs[root] {
		if len(path) == 2 {
			all[path[1]] = w.value(path)
		}
	}
	return all
}

func (w *twinning) bot() string {
	intent := map[string]any{"name": w.value([]string{"Lex", "IntentName"}), "state": "Fulfilled", "slots": map[string]any{}}
	return twinJSON(map[string]any{
		"messages":        []any{map[string]any{"contentType": "PlainText", "content": "Very well."}},
		"interpretations": []any{map[string]any{"intent": intent}},
		"sessionState":    map[string]any{"intent": intent, "dialogAction": map[string]any{"type": "Close"}},
	})
}

func twinJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// ServeHTTP answers the server's questions.
func (w *twinning) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	kind, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	body, fails := w.outsideSays(kind)
	switch {
	case fails && kind == "function":
		out.Header().Set("X-Amz-Function-Error", "Unhandled")
	case fails:
		out.WriteHeader(http.StatusBadRequest)
	}
	_, _ = io.WriteString(out, body)
}

// twinWorld is the rehearsal's: what has been made on the server is there.
type twinWorld struct {
	*rehearsal.Staged
	w *twinning
}

func (world twinWorld) Ask(q flow.Question) flow.Answered {
	kind, known := "system", true
	switch q := q.(type) {
	case flow.InvokeFunction:
		kind, known = "function", strings.HasSuffix(q.Function, "twin")
	case flow.RecognizeText:
		kind, known = "lex", strings.HasSuffix(q.Alias, "/TSTALIASID")
	}
	body, fails := world.w.outsideSays(kind)
	if fails || !known {
		return flow.Answered{Error: "NoMatchingError", Why: "it fails"}
	}
	return flow.Answered{Body: body, Invocation: "1"}
}

// Answer: a flow that is not there cannot be hooked.
func (world twinWorld) Answer(ask flow.Asking) flow.Event {
	if e, ok := ask.(flow.SetEventHook); ok && e.FlowID != "" && e.FlowID != world.w.next && !slices.ContainsFunc(hooked, func(name string) bool {
		return e.FlowID == string(stock.FlowID(SeedInstance, name))
	}) {
		return flow.Refused{Reason: "it is not there"}
	}
	if e, ok := ask.(flow.CheckHours); ok && e.HoursID != "" && e.HoursID != center.SeededID(SeedInstance, "hours-of-operation", center.BasicHoursName) {
		return flow.Refused{Reason: "they are not there"}
	}
	return world.Staged.Answer(ask)
}

// hooked are stock flows of the types that the hooks want.
var hooked = []string{"Default customer queue", "Default customer whisper", "Default agent whisper"}

const twinNext = `{"Version":"2019-10-30","StartAction":"say","Actions":[
	{"Identifier":"say","Type":"MessageParticipant","Parameters":{"Text":"The next flow."},"Transitions":{"NextAction":"end","Errors":[{"ErrorType":"NoMatchingError","NextAction":"end"}]}},
	{"Identifier":"end","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]}`

const twinModule = `{"Version":"2019-10-30","StartAction":"end","Settings":{},"Actions":[
	{"Identifier":"end","Type":"EndFlowModuleExecution","Parameters":{},"Transitions":{}}]}`

// ours has a document refer to what is there.
func (w *twinning) ours(doc map[string]any) {
	actions, _ := doc["Actions"].([]any)
	for _, a := range actions {
		action, _ := a.(map[string]any)
		parameters, _ := action["Parameters"].(map[string]any)
		set := func(in map[string]any, name, to string) {
			if text, ok := in[name].(string); ok && text != "" && !strings.HasPrefix(text, "$.") {
				in[name] = to
			}
		}
		set(parameters, "QueueId", center.SeededID(SeedInstance, "queue", center.BasicQueueName))
		set(parameters, "HoursOfOperationId", center.SeededID(SeedInstance, "hours-of-operation", center.BasicHoursName))
		set(parameters, "LambdaFunctionARN", "arn:aws:lambda:us-east-1:000000000000:function:twin")
		set(parameters, "ContactFlowId", w.next)
		set(parameters, "FlowModuleId", w.module)
		if bot, ok := parameters["LexV2Bot"].(map[string]any); ok {
			set(bot, "AliasArn", "arn:aws:lex:us-east-1:000000000000:bot-alias/TWIN/TSTALIASID")
		}
		if shown, ok := parameters["ViewResource"].(map[string]any); ok {
			id, _ := shown["Id"].(string)
			name, _, _ := strings.Cut(rehearsal.LastName(id), ":")
			if _, managed := view.FindManaged(name); !managed {
				set(shown, "Id", "form")
				delete(shown, "Version")
			}
		}
		if hooks, ok := parameters["EventHooks"].(map[string]any); ok {
			for hook := range hooks {
				to := w.next
				if name := map[string]string{
					"CustomerQueue": "Default customer queue", "CustomerWhisper": "Default customer whisper", "AgentWhisper": "Default agent whisper",
				}[hook]; name != "" {
					to = string(stock.FlowID(SeedInstance, name))
				}
				set(hooks, hook, to)
			}
		}
	}
}

// learn collects what the document refers to and compares with.
func (w *twinning) learn(v any) {
	switch v := v.(type) {
	case string:
		paths, _ := flow.References(v)
		for _, path := range paths {
			w.refs[path[0]] = append(w.refs[path[0]], path)
		}
	case []any:
		for _, inner := range v {
			w.learn(inner)
		}
	case map[string]any:
		if operands, ok := v["Operands"].([]any); ok && len(operands) > 0 {
			if text, ok := operands[0].(string); ok && !strings.HasPrefix(text, "$.") {
				w.pool = append(w.pool, text)
			}
		}
		for _, inner := range v {
			w.learn(inner)
		}
	}
}

// prepare makes the server, and what the document refers to.
func (w *twinning) prepare(src []byte) (content string) {
	listener := memnet.Listen()
	h := &http.Server{Handler: w}
	go h.Serve(listener) //nolint:errcheck // ends with the test
	w.t.Cleanup(func() { _ = h.Close() })
	clock := NewManualClock(time.Date(2026, 1, 5, 15, 0, 0, 0, time.UTC))
	w.s = development(w.t, func(c *Config) {
		c.Clock, c.Dial = clock, listener.DialContext
		c.Functions = map[string]string{"twin": "http://outside/function/twin"}
		c.Bots = map[string]string{"TSTALIASID": "http://outside/lex/twin"}
		c.Systems = map[string]string{}
		for _, name := range []string{"AgenticCX", "CustomerProfiles", "Cases", "Wisdom", "Tasks", "DataTables", "Contacts"} {
			c.Systems[name] = "http://outside/system/" + name
		}
	})
	next, err := w.s.catalog.CreateFlow(w.t.Context(), SeedInstance, center.ContactFlow{
		ID: "44444444-4444-4444-8444-444444444444", Name: "next", Type: center.TypeContactFlow,
	}, twinNext, true)
	if err != nil {
		w.t.Fatal(err)
	}
	module, err := w.s.catalog.CreateModule(w.t.Context(), SeedInstance, center.FlowModule{Name: "module"}, twinModule, "")
	if err != nil {
		w.t.Fatal(err)
	}
	w.next, w.module = string(next.ID), string(module)
	var doc map[string]any
	if err := json.Unmarshal(src, &doc); err != nil {
		w.t.Fatal(err)
	}
	w.ours(doc)
	w.learn(doc)
	slices.Sort(w.pool)
	return twinJSON(doc)
}

// begin starts both.
func (w *twinning) begin(content string) (v *visitor, published bool) {
	t := w.t
	program, err := flow.Parse([]byte(content))
	if err != nil {
		return nil, false
	}
	made, err := w.s.catalog.CreateFlow(t.Context(), SeedInstance, center.ContactFlow{
		ID: "33333333-3333-4333-8333-333333333333", Name: "twin", Type: center.TypeContactFlow,
	}, content, true)
	if err != nil {
		t.Logf("not published: %.300v", err)
		return nil, false
	}
	attributes := w.values("Attributes")
	body := twinJSON(map[string]any{
		"InstanceId": SeedInstance, "ContactFlowId": made.ID, "ParticipantDetails": map[string]string{"DisplayName": "Ana"}, "Attributes": attributes,
		"SupportedMessagingContentTypes": []string{"text/plain", flow.ContentTypeInteractive, flow.ContentTypeInteractiveResponse},
	})
	started := get[map[string]string](t, ask(w.s, "PUT", "/contact/chat", body))
	v = &visitor{t, w.s, started["ContactId"], started["ParticipantToken"], ""}

	nextProgram, _ := flow.Parse([]byte(twinNext))
	moduleProgram, _ := flow.Parse([]byte(twinModule))
	basic := center.SeededID(SeedInstance, "queue", center.BasicQueueName)
	staged := &rehearsal.Staged{
		Stubs: rehearsal.Stubs{
			Queues: map[string]rehearsal.QueueFigures{basic: {Name: center.BasicQueueName}, "*": {Missing: true}},
			Hours:  map[string]string{center.SeededID(SeedInstance, "hours-of-operation", center.BasicHoursName): "open"},
		},
		Scripts: map[string]*rehearsal.Script{w.next: {ID: w.next, Kind: "CONTACT_FLOW", Program: nextProgram}},
		Parts:   map[string]*rehearsal.Script{w.module: {ID: w.module, Kind: flow.Module, Program: moduleProgram}},
		Note:    func(string) {},
	}
	contact := flow.Contact{
		ContactID: v.chat, InitialContactID: v.chat, PreviousContactID: v.chat, InstanceARN: w.s.cfg.Partition.InstanceARN(SeedInstance),
		InitiationMethod: "API", AwsRegion: SeedRegion, Attributes: attributes, Trace: true,
		SegmentAttributes: map[string]string{"connect:Subtype": "connect:Chat"}, Tags: map[string]string{"aws:connect:instanceId": string(SeedInstance)},
	}
	script := &rehearsal.Script{ID: string(made.ID), Kind: "CONTACT_FLOW", Program: program}
	w.play = rehearsal.New(twinWorld{staged, w}, script, contact, w.s.cfg.Clock.Now(), 1)
	staged.Queued = func() string { return w.play.State.Contact.Queue.ARN }
	w.play.Told = func(e flow.Effect) {
		switch e := e.(type) {
		case flow.Log:
			if e.Flow == script.ID {
				w.lines = append(w.lines, strings.TrimSpace(fmt.Sprintln(e.Identifier, e.Branch, e.Error)))
				w.types = append(w.types, e.ActionType)
			}
		case flow.Say:
			w.said = append(w.said, e.Content)
		}
	}
	if w.play.Begin(); len(w.lines) < remembered {
		v.connect()
	}
	return v, true
}

// compare says whether both have come the same way, and false when the comparison ends.
func (w *twinning) compare(v *visitor, flowID string) (goesOn bool) {
	if err := w.s.Settle(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	var lines, types []string
	for _, l := range w.s.overview.Traced(center.ContactID(v.chat)) {
		if l.Flow == flowID {
			lines = append(lines, strings.TrimSpace(fmt.Sprintln(l.Action, l.Branch, l.Error)))
			types = append(types, l.Type)
		}
	}
	for i := range max(len(lines), len(w.lines)) {
		server, play, kind := "nothing", "nothing", ""
		if i < len(w.lines) {
			play, kind = w.lines[i], w.types[i]
		}
		if i < len(lines) {
			server, kind = lines[i], types[i]
		}
		if slices.Contains(apart, kind) {
			return false
		}
		if server != play {
			w.t.Errorf("step %d (%s): the server takes %q, the rehearsal %q", i+1, kind, server, play)
			return false
		}
	}
	items, err := w.s.Items(w.t.Context(), center.StreamID(v.chat))
	if err != nil {
		w.t.Fatal(err)
	}
	var said []string
	for i := range items {
		if m := &items[i]; m.Content != "" && m.Role == center.RoleSystem && !strings.Contains(m.Content, `"templateType":"ViewResource"`) {
			said = append(said, m.Content)
		}
	}
	if w.play.Stage != rehearsal.InQueue && !slices.Equal(said, w.said) {
		w.t.Errorf("the server says %q, the rehearsal %q", said, w.said)
		return false
	}
	return w.play.Running() && w.play.Stage == rehearsal.InFlow && !slices.Contains(apart, w.play.State.Waiting.For)
}

// prompt lets the customer say something, or time pass, in both.
func (w *twinning) prompt(v *visitor, n int) {
	if at, timed := w.play.Waiting(); timed && n%2 == w.scenario%2 {
		by := at.Sub(w.play.Now)
		w.play.Advance(by)
		get[clockInfo](w.t, ask(w.s, "POST", "/_parley/clock", twinJSON(map[string]string{"advance": by.String()})))
		return
	}
	contentType, content := flow.ContentTypePlain, "hello"
	if w.play.State.Waiting.For == "ShowView" {
		contentType, content = flow.ContentTypeInteractiveResponse, twinJSON(map[string]any{
			"action": "Next", "data": map[string]any{"FormData": map[string]any{}}, "templateType": "ViewResource", "version": "1.0",
		})
	}
	w.play.Message(contentType, content)
	body := twinJSON(map[string]string{"ContentType": contentType, "Content": content})
	if out := ask(w.s, "POST", "/participant/message", body, "X-Amz-Bearer", v.bearer); out.Code != http.StatusOK {
		w.t.Fatalf("the message: %d %s", out.Code, out.Body)
	}
}

// remembered is fewer steps than the server remembers of a contact.
const remembered = 400

// prompts is how often the customer says something, or time passes.
const prompts = 6

func twin(t *testing.T, src []byte, scenario int) (steps int) {
	w := &twinning{t: t, scenario: scenario, refs: map[string][][]string{}}
	content := w.prepare(src)
	v, published := w.begin(content)
	if !published {
		return 0
	}
	for n := range prompts {
		if len(w.lines) >= remembered || !w.compare(v, "33333333-3333-4333-8333-333333333333") {
			break
		}
		w.prompt(v, n)
	}
	if v.bearer == "" {
		return 0 // it goes round
	}
	return len(w.lines)
}

func TestRehearsalAndServerAreTwins(t *testing.T) {
	files, err := filepath.Glob("../rehearsal/testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d documents of our own, %v", len(files), err)
	}
	own := len(files)
	for _, folder := range []string{"chat", "general", "guides", "stock"} {
		more, err := filepath.Glob(filepath.Join(twinFlows, folder, "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	played, steps := 0, 0
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			for scenario := range 3 {
				n := twin(t, src, scenario)
				if steps += n; n > 0 {
					played++
				}
			}
		})
	}
	t.Logf("%d plays of %d documents, %d steps", played, len(files), steps)
	if played < 2*own || steps < 5*own {
		t.Errorf("only %d plays, %d steps", played, steps)
	}
}
