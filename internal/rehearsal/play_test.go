package rehearsal

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/flow"
)

// script makes a flow of actions, the first of which is the start.
func script(t testing.TB, id string, kind flow.Kind, actions ...string) *Script {
	t.Helper()
	var first struct{ Identifier string }
	if err := json.Unmarshal([]byte(actions[0]), &first); err != nil {
		t.Fatal(err)
	}
	p, err := flow.Parse(fmt.Appendf(nil, `{"Version":"2019-10-30","StartAction":%q,"Actions":[%s]}`, first.Identifier, strings.Join(actions, ",")))
	if err != nil {
		t.Fatal(err)
	}
	return &Script{ID: id, Kind: kind, Program: p}
}

// act is one action. Branches are written "NextAction=id", "NoMatchingError=id" or "Equals x=id".
func act(id, name, parameters string, branches ...string) string {
	transitions := map[string]any{}
	var errors, conditions []any
	for _, branch := range branches {
		label, next, _ := strings.Cut(branch, "=")
		operator, operand, isCondition := strings.Cut(label, " ")
		switch {
		case label == nextAction:
			transitions[nextAction] = next
		case isCondition:
			conditions = append(conditions, map[string]any{nextAction: next, "Condition": map[string]any{"Operator": operator, "Operands": []string{operand}}})
		default:
			errors = append(errors, map[string]string{nextAction: next, "ErrorType": label})
		}
	}
	if errors != nil {
		transitions["Errors"] = errors
	}
	if conditions != nil {
		transitions["Conditions"] = conditions
	}
	return encode(map[string]any{"Identifier": id, "Type": name, "Parameters": json.RawMessage(parameters), "Transitions": transitions})
}

func say(id, text, next string) string {
	return act(id, "MessageParticipant", encode(map[string]string{"Text": text}), nextAction+"="+next)
}

func end(id string) string  { return act(id, "EndFlowExecution", "{}") }
func quit(id string) string { return act(id, "DisconnectParticipant", "{}") }

// rehearse begins a play and returns what is said in it.
func rehearse(s *Staged, first *Script) (p *Play, said *[]string) {
	said = new([]string)
	s.Note = func(text string) { *said = append(*said, "note: "+text) }
	p = New(s, first, s.Known(), epoch, 1)
	s.Queued = func() string { return p.State.Contact.Queue.ARN }
	p.Told = func(e flow.Effect) {
		if m, ok := e.(flow.Say); ok {
			*said = append(*said, m.Content)
		}
	}
	return p, said
}

func expect(t *testing.T, said *[]string, want ...string) {
	t.Helper()
	if got := strings.Join(*said, " | "); got != strings.Join(want, " | ") {
		t.Errorf("said %q, want %q", got, strings.Join(want, " | "))
	}
	*said = nil
}

// From the first flow into a queue, to an agent, and back to the customer alone.
func TestAContactComesThroughQueueAndAgent(t *testing.T) {
	inbound := script(t, "inbound", "CONTACT_FLOW",
		act("remaining", "UpdateContactEventHooks", `{"EventHooks":{"CustomerRemaining":"arn:aws:connect:r:1:instance/i/contact-flow/left"}}`, "NextAction=queueing", "NoMatchingError=bye"),
		act("queueing", "UpdateContactEventHooks", `{"EventHooks":{"CustomerQueue":"queueing"}}`, "NextAction=queue", "NoMatchingError=bye"),
		act("queue", "UpdateContactTargetQueue", `{"QueueId":"support"}`, "NextAction=transfer", "NoMatchingError=bye"),
		act("transfer", "TransferContactToQueue", `{}`, "NextAction=bye", "QueueAtCapacity=bye", "NoMatchingError=bye"),
		say("bye", "Sorry.", "end"), quit("end"))
	queueing := script(t, "queueing", "CUSTOMER_QUEUE",
		say("hello", "You wait in $.Queue.Name.", "wait"),
		act("wait", "Wait", `{"TimeLimitSeconds":"60"}`, "NextAction=hello", "Equals WaitCompleted=hello", "NoMatchingError=end"), end("end"))
	left := script(t, "left", "CONTACT_FLOW", say("gone", "The agent has left.", "end"), quit("end"))
	s := &Staged{
		Stubs:   Stubs{Queues: map[string]QueueFigures{"support": {Name: "Support"}}},
		Scripts: map[string]*Script{"queueing": queueing, "left": left},
	}
	p, said := rehearse(s, inbound)
	p.Begin()
	expect(t, said, "You wait in Support.")
	p.Advance(3 * time.Minute)
	expect(t, said, "You wait in Support.", "You wait in Support.", "You wait in Support.")
	if p.Stage != InQueue || !p.Accept() || p.Running() {
		t.Errorf("the contact is %s", p.Stage)
	}
	p.Advance(time.Hour)
	p.Message(flow.ContentTypePlain, "hi")
	expect(t, said)
	if p.Accept() || !p.AgentLeaves() {
		t.Error("the agent does not leave, or comes twice")
	}
	expect(t, said, "The agent has left.")
	if p.Stage != Over || p.AgentLeaves() {
		t.Errorf("the contact is %s", p.Stage)
	}
}

func TestAQueueThatRefuses(t *testing.T) {
	inbound := script(t, "inbound", "CONTACT_FLOW",
		act("transfer", "TransferContactToQueue", `{}`, "NextAction=end", "QueueAtCapacity=full", "NoMatchingError=none"),
		act("full", "MessageParticipant", `{"Text":"full"}`, "NextAction=end"),
		act("none", "MessageParticipant", `{"Text":"none"}`, "NextAction=queue"),
		act("queue", "UpdateContactTargetQueue", `{"QueueId":"support"}`, "NextAction=transfer", "NoMatchingError=end"), quit("end"))
	p, said := rehearse(&Staged{Stubs: Stubs{Queues: map[string]QueueFigures{"support": {Full: true}}}}, inbound)
	p.Begin()
	expect(t, said, "none", "full")
	p, said = rehearse(&Staged{Stubs: Stubs{Queues: map[string]QueueFigures{"support": {Missing: true}}}}, inbound)
	p.Begin()
	expect(t, said, "none")
	if p.Stage != Over {
		t.Errorf("the contact is %s", p.Stage)
	}
}

func TestModulesAreCalledAndPlayed(t *testing.T) {
	caller := script(t, "caller", "CONTACT_FLOW",
		act("call", "InvokeFlowModule", `{"FlowModuleId":"arn:aws:connect:r:1:instance/i/flow-module/greeting:live","Input":{"name":"$.Attributes.name"}}`,
			"NextAction=none", "Equals greeted=greeted", "NoMatchingError=none"),
		say("greeted", "The module said $.Modules.ResultData.said.", "end"), say("none", "No module.", "end"), quit("end"))
	module := script(t, "greeting", flow.Module,
		say("hello", "Hello, $.Modules.Input.name.", "return"),
		act("return", "EndFlowModuleExecution", `{"Result":"greeted","ResultData":{"said":"hello"}}`))
	s := &Staged{Stubs: Stubs{Contact: Customer{Attributes: map[string]string{"name": "Ana"}}}, Parts: map[string]*Script{"greeting": module}}
	p, said := rehearse(s, caller)
	p.Begin()
	expect(t, said, "Hello, Ana.", "The module said hello.")

	s.Parts = nil
	p, said = rehearse(s, caller)
	p.Begin()
	expect(t, said, "note: no stub for module arn:aws:connect:r:1:instance/i/flow-module/greeting:live", "No module.")

	p, said = rehearse(s, module)
	p.BeginModule(`{"name":"Bob"}`)
	expect(t, said, "Hello, Bob.")
	if got := string(p.State.Data["Modules"]); p.Stage != Over || got != `{"Result":"greeted","ResultData":{"said":"hello"}}` {
		t.Errorf("the module returns %s, the contact is %s", got, p.Stage)
	}
}

func TestWhatIsAskedOutside(t *testing.T) {
	asking := script(t, "asking", "CONTACT_FLOW",
		act("function", "InvokeLambdaFunction", `{"LambdaFunctionARN":"arn:aws:lambda:r:1:function:orders","InvocationTimeLimitSeconds":"3"}`, "NextAction=state", "NoMatchingError=late"),
		say("state", "Order: $.External.state.", "function"),
		say("late", "Too late.", "case"),
		act("case", "CreateCase", `{"CaseTemplateId":"t"}`, "NextAction=told", "NoMatchingError=bot"),
		say("told", "Case $.Case.number.", "bot"),
		act("bot", "ConnectParticipantWithLexBot", `{"Text":"How can I help?","LexV2Bot":{"AliasArn":"arn:aws:lex:r:1:bot-alias/BOT/ALIAS"}}`, "NextAction=end", "Equals Book=booked", "NoMatchingCondition=end", "NoMatchingError=end"),
		say("booked", "To $.Lex.Slots.city.", "end"), quit("end"))
	p, said := rehearse(&Staged{Stubs: Stubs{
		Lambda:  map[string]Answers[FunctionAnswer]{"orders": {{Returns: map[string]any{"state": "open"}}, {Returns: json.RawMessage(`{"state":"sent"}`)}, {Fails: "timeout"}}},
		Systems: map[string]Answers[SystemAnswer]{"CreateCase": {{Data: map[string]any{"number": 7}}}},
		Lex: map[string]Answers[BotRule]{"ALIAS": {
			{Hears: "BOOK", Intent: "Book", State: "InProgress", Says: Answers[string]{"Where to?"}},
			{Hears: "rome", Intent: "Book", Slots: map[string]string{"city": "Rome"}, Says: Answers[string]{"Good."}},
		}},
	}}, asking)
	p.Begin()
	expect(t, said, "Order: open.", "Order: sent.", "Too late.", "Case 7.", "How can I help?")
	p.Message(flow.ContentTypePlain, "I want to book")
	expect(t, said, "Where to?")
	p.Message(flow.ContentTypePlain, "Rome")
	expect(t, said, "Good.", "To Rome.")
}

func TestWhatHasNoStub(t *testing.T) {
	asking := script(t, "asking", "CONTACT_FLOW",
		act("function", "InvokeLambdaFunction", `{"LambdaFunctionARN":"orders","InvocationTimeLimitSeconds":"3"}`, "NextAction=end", "NoMatchingError=hours"),
		act("hours", "CheckHoursOfOperation", `{"HoursOfOperationId":"day"}`, "NextAction=end", "Equals True=flow", "Equals False=end", "NoMatchingError=end"),
		act("flow", "TransferToFlow", `{"ContactFlowId":"other"}`, "NextAction=end", "NoMatchingError=sorry"),
		say("sorry", "Sorry.", "end"), quit("end"))
	p, said := rehearse(&Staged{}, asking)
	p.Begin()
	expect(t, said, "note: no stub for function orders", "note: no stub for flow other", "Sorry.")
}

func TestMetricsOfQueues(t *testing.T) {
	busy := QueueFigures{Contacts: 4, Oldest: 6 * time.Minute, Available: 1}
	asking := script(t, "asking", "CONTACT_FLOW",
		act("age", "CheckMetricData", `{"MetricType":"OldestContactInQueueAgeSeconds","QueueId":"support"}`, "NextAction=end", "NumberLessThan 300000=end", "NoMatchingCondition=long", "NoMatchingError=end"),
		say("long", "A long time.", "agents"),
		act("agents", "CheckMetricData", `{"MetricType":"NumberOfAgentsAvailable"}`, "NextAction=end", "NumberGreaterThan 0=figures", "NoMatchingCondition=end", "NoMatchingError=end"),
		act("figures", "GetMetricData", `{}`, "NextAction=tell", "NoMatchingError=end"),
		say("tell", "$.Metrics.Queue.Size in $.Metrics.Queue.Name, $.Metrics.Agents.Available.Count free", "end"), quit("end"))
	p, said := rehearse(&Staged{Stubs: Stubs{Contact: Customer{Queue: "support"}, Queues: map[string]QueueFigures{"support": busy}}}, asking)
	p.Begin()
	expect(t, said, "A long time.", "4 in support, 1 free")
}

func TestViewsAreAnswered(t *testing.T) {
	guide := script(t, "guide", "CONTACT_FLOW",
		act("show", "ShowView", `{"ViewResource":{"Id":"name-form"},"InvocationTimeLimitSeconds":"400","ViewData":{"Heading":"$.Attributes.name"}}`,
			"NextAction=end", "Equals Next=thanks", "NoMatchingCondition=text", "NoMatchingError=end", "TimeLimitExceeded=late"),
		say("thanks", "Thanks, $.Views.ViewResultData.FormData.name.", "show"), say("text", "Use the form.", "show"), say("late", "Too late.", "end"), quit("end"))
	p, said := rehearse(&Staged{Stubs: Stubs{Contact: Customer{Attributes: map[string]string{"name": "Ana"}}}}, guide)
	p.Begin()
	if p.View == nil || p.View.Data != `{"Heading":"Ana"}` {
		t.Fatalf("shown: %+v", p.View)
	}
	p.Respond("Next", json.RawMessage(`{"FormData":{"name":"Bob"}}`))
	p.Message(flow.ContentTypePlain, "what?")
	expect(t, said, "Thanks, Bob.", "Use the form.")
	at, ok := p.Waiting()
	p.Advance(at.Sub(p.Now))
	expect(t, said, "Too late.")
	if !ok || p.View != nil || p.Now != epoch.Add(400*time.Second) {
		t.Errorf("%v, shown %v, at %s", ok, p.View, p.Now)
	}
}

func TestAFlowThatRunsInCircles(t *testing.T) {
	p, _ := rehearse(&Staged{}, script(t, "circle", "CONTACT_FLOW",
		act("log", "UpdateFlowLoggingBehavior", `{"FlowLoggingBehavior":"Disabled"}`, "NextAction=log")))
	p.Begin()
	if p.Stage != Over || p.Fault != guard {
		t.Errorf("%s, %s", p.Stage, p.Fault)
	}
}
