package flow

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the outputs in testdata")

// A golden is paragraphs, each a command, its input lines, "----", and what came
// of it. Lines that begin with # tell the story. The commands:
//
//	flow ID [KIND]     parse and validate the document below; later commands run it
//	contact            set facts of the contact, one "name=value" a line
//	new ID [SEED]      a contact comes to the flow
//	enter ID           the transfer that the flow asked for is made
//	call ID            the module that the flow asked for starts
//	back               the caller of the module that has ended goes on
//	start, message TEXT, response JSON, timer ID, bot-left
//	granted [RESULT or JSON], refused [ERROR:] REASON
//	answered ID BODY, unanswered ID ERROR: WHY
//	sign-in OUTCOME [WHY]
//	told               what State.Data holds
//	advance DURATION   time passes
//	take TYPE [PARAMS] what one action of the type does, in a flow that says the branch; later commands go on in it
//
// After every event the runner also checks that the state that went in is
// unchanged, that tracing changes nothing but the log, and goes on with a copy
// of the new state that went through JSON.
func TestGoldens(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	reached := make(branches)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			story := newStory(t, reached)
			got := story.tell(string(src))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(src) {
				t.Errorf("output differs, see -update; got:\n%s", got)
			}
		})
	}
	for _, missing := range reached.missing() {
		t.Errorf("in no golden: %s", missing)
	}
}

type story struct {
	t       *testing.T
	reached branches
	flows   map[string]*Program
	state   State
	input   string // of the module asked for last
	now     time.Time
}

func newStory(t *testing.T, reached branches) *story {
	return &story{t: t, reached: reached, flows: make(map[string]*Program), now: time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)}
}

// tell replays a golden and returns it with the outputs it has now.
func (s *story) tell(src string) string {
	var out []string
	for _, paragraph := range strings.Split(strings.TrimRight(src, "\n"), "\n\n") {
		input, _, isCommand := strings.Cut(paragraph, "\n----")
		if !isCommand {
			out = append(out, paragraph)
			continue
		}
		lines := strings.Split(input, "\n")
		first := slices.IndexFunc(lines, func(l string) bool { return !strings.HasPrefix(l, "#") })
		command, argument, _ := strings.Cut(lines[first], " ")
		result := s.command(command, argument, strings.Join(lines[first+1:], "\n"))
		out = append(out, strings.TrimRight(input+"\n----\n"+result, "\n"))
	}
	return strings.Join(out, "\n\n") + "\n"
}

func (s *story) command(command, argument, body string) string {
	switch command {
	case "flow":
		return s.flow(argument, body)
	case "contact":
		return s.contact(body)
	case "new":
		var id string
		var seed uint64
		fmt.Sscan(argument, &id, &seed)
		contact := s.state.Contact
		s.state = New(id, "", seed)
		s.state.Contact = contact
		return ""
	case "enter":
		s.state = s.state.Enter(argument, "")
		return ""
	case "call":
		s.state = s.state.Call(argument, "", s.input)
		return ""
	case "told":
		return s.told()
	case "advance":
		d, err := time.ParseDuration(argument)
		if err != nil {
			s.t.Fatal(err)
		}
		s.now = s.now.Add(d)
		return ""
	case "take":
		return s.take(argument)
	}
	return s.step(s.event(command, argument))
}

func (s *story) event(command, argument string) Event {
	switch command {
	case "start":
		return Start{}
	case "message":
		return CustomerMessage{ContentType: ContentTypePlain, Content: argument}
	case "timer":
		return TimerFired{ID: argument}
	case "bot-left":
		return CustomParticipantLeft{}
	case "response":
		return CustomerMessage{ContentType: contentTypeResponse, Content: argument}
	case "granted":
		if strings.HasPrefix(argument, "{") {
			return Granted{Data: argument}
		}
		return Granted{Result: argument}
	case "refused":
		errorType, reason := errorAndReason(argument)
		return Refused{Error: errorType, Reason: reason}
	case "answered":
		id, body, _ := strings.Cut(argument, " ")
		return Answered{ID: id, Body: body, Invocation: "i-" + id}
	case "unanswered":
		id, rest, _ := strings.Cut(argument, " ")
		errorType, why := errorAndReason(rest)
		return Answered{ID: id, Error: errorType, Why: why}
	case "sign-in":
		came, why, _ := strings.Cut(argument, " ")
		return SignInEnded{Came: SignIn(came), Why: why}
	case "back":
		return Returned{}
	}
	s.t.Fatalf("unknown command %q", command)
	return nil
}

const contentTypeResponse = "application/vnd.amazonaws.connect.message.interactive.response"

// errorAndReason reads "Error: reason", or a reason alone.
func errorAndReason(s string) (errorType, reason string) {
	if errorType, reason, ok := strings.Cut(s, ": "); ok && !strings.Contains(errorType, " ") {
		return errorType, reason
	}
	return "", s
}

func (s *story) told() string {
	var b strings.Builder
	for _, root := range slices.Sorted(maps.Keys(s.state.Data)) {
		fmt.Fprintf(&b, "%s %s\n", root, s.state.Data[root])
	}
	return b.String()
}

func (s *story) flow(argument, body string) string {
	id, kind, _ := strings.Cut(argument, " ")
	p, err := Parse([]byte(body))
	if err != nil {
		return err.Error()
	}
	samePrinted(s.t, p)
	s.flows[id] = p
	var out strings.Builder
	for _, problem := range ValidateAs(p, Kind(kind)) {
		fmt.Fprintln(&out, problem.Message)
	}
	if out.Len() == 0 {
		return "ok"
	}
	return out.String()
}

func (s *story) contact(body string) string {
	c := &s.state.Contact
	for line := range strings.SplitSeq(body, "\n") {
		name, v, _ := strings.Cut(line, "=")
		root, key, _ := strings.Cut(name, ".")
		switch root {
		case "Attributes":
			c.Attributes = with(c.Attributes, key, v)
		case "SegmentAttributes":
			c.SegmentAttributes = with(c.SegmentAttributes, key, v)
		case "Queue":
			if c.Queue.Name = v; key == "ARN" {
				c.Queue = Queue{ARN: v}
			}
		case "Tags":
			c.Tags = with(c.Tags, key, v)
		case "CustomerId":
			c.CustomerID = v
		case "InitialMessage":
			c.InitialMessage = v
		case "LanguageCode":
			c.LanguageCode = v
		case "FlowType":
			c.FlowType = v
		case "Bot":
			c.CustomParticipant = v == "true"
		default:
			s.t.Fatalf("unknown fact %q", name)
		}
	}
	return ""
}

func with(m map[string]string, key, v string) map[string]string {
	m = maps.Clone(m)
	if m == nil {
		m = make(map[string]string)
	}
	m[key] = v
	return m
}

func (s *story) step(e Event) string {
	before, attributes := stateJSON(s.t, s.state), maps.Clone(s.state.Contact.Attributes)
	p := s.flows[s.state.Flow]
	s.trace(p, e)
	next, effects := p.Step(s.state, e, s.now)
	if !bytes.Equal(before, stateJSON(s.t, s.state)) || !maps.Equal(attributes, s.state.Contact.Attributes) {
		s.t.Errorf("%T changed the state it was given", e)
	}
	for _, effect := range effects {
		if m, ok := effect.(InvokeModule); ok {
			s.input = m.Input
		}
	}
	s.state = reload(s.t, next)
	return tellEffects(effects) + tellState(&s.state)
}

// trace notes the branches that a step takes. It lets the event happen twice:
// tracing changes nothing but what is logged.
func (s *story) trace(p *Program, e Event) {
	quiet, _ := p.Step(s.state, e, s.now)
	traced := s.state
	traced.Contact.Trace = true
	traced, effects := p.Step(traced, e, s.now)
	if !bytes.Equal(stateJSON(s.t, quiet), stateJSON(s.t, traced)) {
		s.t.Errorf("%T: traced, another state", e)
	}
	for _, effect := range effects {
		if line, ok := effect.(Log); ok {
			s.reached.add(line.ActionType, line.Branch)
		}
	}
}

// take runs a flow of one action whose every branch says its own name.
func (s *story) take(argument string) string {
	name, params, _ := strings.Cut(argument, " ")
	kind := actionTypes[name]
	if kind == nil {
		return "no such action type"
	}
	p, err := Parse(oneAction(kind, params))
	if err != nil {
		return err.Error()
	}
	s.flows["take"] = p
	contact := s.state.Contact
	s.state = New("take", "", 0)
	s.state.Contact = contact
	return strings.TrimSuffix(s.step(Start{}), tellState(&State{Done: true}))
}

func oneAction(kind *actionType, params string) []byte {
	if params == "" {
		params = "{}"
	}
	var errors, sayers strings.Builder
	branches := append(slices.Clone(kind.errors), kind.mayErrors...)
	for i, e := range branches {
		if i > 0 {
			errors.WriteString(",")
		}
		fmt.Fprintf(&errors, `{"ErrorType":%q,"NextAction":%q}`, e, e)
	}
	for _, b := range append(branches, "NextAction") {
		fmt.Fprintf(&sayers, `,{"Identifier":%q,"Type":"MessageParticipant","Parameters":{"Text":"branch %s"},"Transitions":{"NextAction":"end"}}`, b, b)
	}
	next := `"NextAction":"NextAction",`
	if kind.terminal {
		next = ""
	}
	return fmt.Appendf(nil, `{"Version":"2019-10-30","StartAction":"it","Actions":[
		{"Identifier":"it","Type":%q,"Parameters":%s,"Transitions":{%s"Errors":[%s]}}%s,
		{"Identifier":"end","Type":"EndFlowExecution","Transitions":{}}]}`,
		kind.name, params, next, errors.String(), sayers.String())
}

func tellEffects(effects []Effect) string {
	var b strings.Builder
	for _, e := range effects {
		switch e := e.(type) {
		case Say:
			if e.ContentType != ContentTypePlain {
				fmt.Fprintf(&b, "say %s %s\n", e.ContentType, e.Content)
				continue
			}
			who := "say"
			if e.Bot {
				who = "bot says"
			}
			fmt.Fprintf(&b, "%s %q\n", who, e.Content)
		case Log:
			fmt.Fprintf(&b, "log %s %s %q%s\n", e.ModuleType, e.ActionType, e.Identifier, tellLog(e))
		default:
			fmt.Fprintln(&b, strings.TrimSuffix(tell(reflect.ValueOf(&e).Elem()), " {}"))
		}
	}
	return b.String()
}

// tell writes a value as people read it: what pointers lead to, and of structs
// the members that are set.
func tell(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Time:
		return x.Format("15:04:05")
	case time.Duration:
		return x.String()
	}
	switch v.Kind() {
	case reflect.Pointer:
		return tell(v.Elem())
	case reflect.Interface:
		return v.Elem().Type().Name() + " " + tell(v.Elem())
	case reflect.Slice:
		elements := make([]string, v.Len())
		for i := range elements {
			elements[i] = tell(v.Index(i))
		}
		return "[" + strings.Join(elements, " ") + "]"
	case reflect.Struct:
		var members []string
		for i := range v.NumField() {
			if !v.Field(i).IsZero() || v.NumField() == 1 {
				members = append(members, v.Type().Field(i).Name+":"+tell(v.Field(i)))
			}
		}
		return "{" + strings.Join(members, " ") + "}"
	}
	return fmt.Sprint(v)
}

func tellLog(e Log) string {
	var b strings.Builder
	if len(e.Parameters) > 0 {
		b.WriteString(" " + e.Parameters)
	}
	if e.Result != "" {
		b.WriteString(" result " + e.Result)
	}
	if e.Error != "" {
		b.WriteString(" error " + e.Error)
	}
	if e.Why != "" {
		b.WriteString(": " + e.Why)
	}
	if e.Branch != "" {
		fmt.Fprintf(&b, " by %s to %q", e.Branch, e.Next)
	}
	return b.String()
}

func tellState(s *State) string {
	switch {
	case s.Done:
		return "= done\n"
	case s.Waiting != nil:
		return fmt.Sprintf("= at %q waiting for %s\n", s.At, strings.Join(strings.Fields(s.Waiting.For+" "+s.Waiting.Timer+" "+s.Waiting.Call), " "))
	}
	return fmt.Sprintf("= at %q\n", s.At)
}

func stateJSON(t testing.TB, s State) []byte {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// reload is the state as another process would load it.
func reload(t testing.TB, s State) State {
	t.Helper()
	var loaded State
	if err := json.Unmarshal(stateJSON(t, s), &loaded); err != nil {
		t.Fatal(err)
	}
	loaded.Contact = s.Contact
	return loaded
}
