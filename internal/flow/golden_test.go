package flow

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the outputs in testdata")

// A golden is paragraphs, each a command, its input lines, "----", and what came
// of it. Lines that begin with # tell the story. The commands:
//
//	flow ID            parse and validate the document below; later commands run it
//	contact            set facts of the contact, one "name=value" a line
//	new ID [SEED]      a contact comes to the flow
//	enter ID           the transfer that the flow asked for is made
//	start, message TEXT, returned, timer ID, bot-left, granted, refused REASON
//	advance DURATION   time passes
//	take TYPE [PARAMS] what one action of the type does: the branch it takes
//
// After every event the runner also checks that the state that went in is
// unchanged, and goes on with a copy of the new one that went through JSON.
func TestGoldens(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			story := newStory(t, seen)
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
	var missing []string
	for _, info := range Actions() {
		if !seen[info.Type] {
			missing = append(missing, info.Type)
		}
	}
	if len(missing) > 0 {
		t.Errorf("in no golden: %s", strings.Join(missing, ", "))
	}
}

type story struct {
	t     *testing.T
	seen  map[string]bool // action types
	flows map[string]*Program
	state State
	now   time.Time
}

func newStory(t *testing.T, seen map[string]bool) *story {
	return &story{t: t, seen: seen, flows: make(map[string]*Program), now: time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)}
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
	case "returned":
		return CustomerReturned{}
	case "timer":
		return TimerFired{ID: argument}
	case "bot-left":
		return BotDisconnected{}
	case "granted":
		return Granted{}
	case "refused":
		return Refused{Reason: argument}
	}
	s.t.Fatalf("unknown command %q", command)
	return nil
}

func (s *story) flow(id, body string) string {
	p, err := Parse([]byte(body))
	if err != nil {
		return err.Error()
	}
	samePrinted(s.t, p)
	s.flows[id] = p
	for i := range p.actions {
		s.seen[p.actions[i].name] = true
	}
	var out strings.Builder
	for _, problem := range Validate(p) {
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
			c.Queue.Name = v
		case "CustomerId":
			c.CustomerID = v
		case "FlowType":
			c.FlowType = v
		case "Bot":
			c.Bot = v == "true"
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
	next, effects := s.flows[s.state.Flow].Step(s.state, e, s.now)
	if !bytes.Equal(before, stateJSON(s.t, s.state)) || !maps.Equal(attributes, s.state.Contact.Attributes) {
		s.t.Errorf("%T changed the state it was given", e)
	}
	s.state = reload(s.t, next)
	return tellEffects(effects) + tellState(&s.state)
}

// take runs a flow of one action whose every branch says its own name.
func (s *story) take(argument string) string {
	name, params, _ := strings.Cut(argument, " ")
	s.seen[name] = true
	kind := actionTypes[name]
	if kind == nil {
		return "no such action type"
	}
	p, err := Parse(oneAction(kind, params))
	if err != nil {
		return err.Error()
	}
	state := New("take", "", 0)
	state.Contact = s.state.Contact
	_, effects := p.Step(state, Start{}, s.now)
	return tellEffects(effects)
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
			fmt.Fprintf(&b, "say %q\n", e.Content)
		case Log:
			fmt.Fprintf(&b, "log %s %s %q%s\n", e.ModuleType, e.ActionType, e.Identifier, tellLog(e))
		case StartTimer:
			fmt.Fprintf(&b, "StartTimer %s %s\n", e.ID, e.At.Format("15:04:05"))
		default:
			line := strings.TrimPrefix(fmt.Sprintf("%T %+v", e, e), "flow.")
			fmt.Fprintln(&b, strings.TrimSuffix(line, " {}"))
		}
	}
	return b.String()
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
	return b.String()
}

func tellState(s *State) string {
	switch {
	case s.Done:
		return "= done\n"
	case s.Waiting != nil:
		return fmt.Sprintf("= at %q waiting for %s\n", s.At, strings.TrimSpace(s.Waiting.For+" "+s.Waiting.Timer))
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
