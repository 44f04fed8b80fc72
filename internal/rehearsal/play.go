package rehearsal

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/flow"
)

// Script is a flow or module that can be played.
type Script struct {
	ID      string // unique among the scripts of a play: State.Flow
	Kind    flow.Kind
	Program *flow.Program
}

// World answers what flows ask of the contact centre and of those around it. A Play asks it for each thing once, in the
// flow's order.
type World interface {
	// Flow and Module find scripts by the id or ARN that a flow has; nil for none.
	Flow(id string) *Script
	Module(id string) *Script
	// Queue is the queue with the id or ARN that a flow has, or that of the agent.
	Queue(queueID, agentID string) flow.Queue
	// Answer is Granted or Refused. Flows and modules are not asked for here.
	Answer(flow.Asking) flow.Event
	// Ask is what a function, bot or system says; the ID is filled in.
	Ask(flow.Question) flow.Answered
}

// Stage says where a contact is.
type Stage string

// The stages of a contact.
const (
	InFlow    Stage = "in a flow"
	InQueue   Stage = "in a queue" // a flow may be running
	WithAgent Stage = "with an agent"
	Over      Stage = "over"
)

// Hooks that are played.
const (
	customerQueueHook     = "CustomerQueue"
	customerRemainingHook = "CustomerRemaining"
)

// Play is one contact in rehearsal.
type Play struct {
	State flow.State // its Contact too, which may be changed while no method runs
	Now   time.Time
	Stage Stage
	Hooks map[string]string // flows by hook
	View  *flow.ShowView    // on the customer's screen, nil for none
	Fault string            // why the last flow was broken off, "" when none was

	// Told is told every effect, in order. It must not call the Play, but for Answers.
	Told func(flow.Effect)

	world  World
	cast   map[string]*Script // by ID
	timers map[string]time.Time
}

// New is a play that has not begun: a contact in front of a flow.
func New(world World, first *Script, contact flow.Contact, now time.Time, seed uint64) *Play {
	p := &Play{
		State: flow.New(first.ID, "", seed),
		Now:   now,
		Stage: InFlow,
		Hooks: make(map[string]string),
		Told:  func(flow.Effect) {},
		world: world,
		cast:  map[string]*Script{first.ID: first},

		timers: make(map[string]time.Time),
	}
	p.State.Contact = contact
	p.State.Contact.FlowType = string(first.Kind)
	return p
}

// Begin starts the first flow.
func (p *Play) Begin() { p.happen(flow.Start{}) }

// BeginModule starts the first script as a module, with its input, a JSON object. What it returns is in
// State.Data["Modules"]; then the play is over.
func (p *Play) BeginModule(input string) {
	module := p.cast[p.State.Flow]
	caller := &Script{ID: "the caller of " + module.ID, Program: callerOfModules}
	p.cast[caller.ID] = caller
	p.State.Flow, p.State.Contact.FlowType = caller.ID, ""
	p.State.At = callingModule
	p.State.Waiting = &flow.Waiting{For: invokeModuleType}
	p.State = p.State.Call(module.ID, "", input)
	p.happen(flow.Start{})
}

const callingModule = "call"

// Types of actions that a play knows.
const (
	invokeModuleType = "InvokeFlowModule"
	showViewType     = "ShowView"
	signInType       = "AuthenticateParticipant"
)

// callerOfModules takes whatever a module returns, and ends.
var callerOfModules = mustParse(`{"Version":"2019-10-30","StartAction":"call","Actions":[
	{"Identifier":"call","Type":"InvokeFlowModule","Parameters":{"FlowModuleId":"module"},
		"Transitions":{"NextAction":"end","Errors":[{"ErrorType":"NoMatchingError","NextAction":"end"}]}},
	{"Identifier":"end","Type":"EndFlowExecution","Transitions":{}}]}`)

func mustParse(src string) *flow.Program {
	p, err := flow.Parse([]byte(src))
	if err != nil {
		panic("rehearsal: " + err.Error())
	}
	return p
}

// Message is what the customer writes, or answers to an interactive message or view. It has no effect on a contact that
// no flow runs for.
func (p *Play) Message(contentType, content string) {
	p.happen(flow.CustomerMessage{ContentType: contentType, Content: content})
}

// Respond answers the view on the customer's screen.
func (p *Play) Respond(action string, data json.RawMessage) {
	content, err := json.Marshal(map[string]any{
		"templateType": "ViewResource", "version": "1.0", "action": action, "data": data,
	})
	if err != nil {
		panic("rehearsal: the data of a response is not JSON: " + err.Error())
	}
	p.Message(flow.ContentTypeInteractiveResponse, string(content))
}

// SignIn is what comes of the sign-in that the customer was asked for.
func (p *Play) SignIn(came flow.SignIn) { p.happen(flow.SignInEnded{Came: came, Why: "rehearsed"}) }

// BotLeaves is the custom participant's leaving.
func (p *Play) BotLeaves() {
	p.State.Contact.CustomParticipant = false
	p.happen(flow.CustomParticipantLeft{})
}

// Running says whether a flow has more to do.
func (p *Play) Running() bool { return p.Stage != Over && !p.State.Done }

// Waiting is when the flow goes on by itself, and false where it waits for somebody.
func (p *Play) Waiting() (time.Time, bool) {
	_, at, ok := p.nextTimer()
	return at, ok
}

func (p *Play) nextTimer() (id string, at time.Time, ok bool) {
	for _, name := range slices.Sorted(maps.Keys(p.timers)) {
		if !ok || p.timers[name].Before(at) {
			id, at, ok = name, p.timers[name], true
		}
	}
	return id, at, ok
}

// Advance lets time pass, and timers fire on their way.
func (p *Play) Advance(d time.Duration) {
	until := p.Now.Add(d)
	for {
		id, at, ok := p.nextTimer()
		if !ok || at.After(until) {
			break
		}
		delete(p.timers, id)
		if at.After(p.Now) {
			p.Now = at
		}
		p.happen(flow.TimerFired{ID: id})
	}
	p.Now = until
}

// Accept lets an agent take a queued contact; the flow of the queue is broken off. It says whether there was one to
// take.
func (p *Play) Accept() bool {
	if p.Stage != InQueue {
		return false
	}
	p.stop()
	p.Stage = WithAgent
	return true
}

// AgentLeaves leaves the customer to the flow of the hook CustomerRemaining, or ends the chat. It says whether there was
// an agent.
func (p *Play) AgentLeaves() bool {
	if p.Stage != WithAgent {
		return false
	}
	next := p.hooked(customerRemainingHook)
	if next == nil {
		p.Stage = Over
		return true
	}
	p.Stage = InFlow
	p.enter(next)
	p.happen(flow.Start{})
	return true
}

// Answers are what the action under way can be answered with, as the flow has it: the results that its conditions name, and
// the paths below $.Views.ViewResultData that the flow refers to.
func (p *Play) Answers() (results []string, data [][]string) {
	script := p.cast[p.State.Flow]
	if script == nil {
		return nil, nil
	}
	o := outlineOf(script.Program)
	if b := o.blocks[p.State.At]; b != nil {
		for _, c := range b.conditions {
			if c.operator == "Equals" {
				results = append(results, c.operand)
			}
		}
	}
	for _, path := range o.refs["Views"] {
		if len(path) > 2 && path[1] == "ViewResultData" {
			data = append(data, path[2:])
		}
	}
	return results, data
}

// stop ends the flow under way, wherever it is.
func (p *Play) stop() {
	p.State.Done, p.State.Waiting, p.State.Behind, p.State.Callers = true, nil, nil, nil
	p.View = nil
	clear(p.timers)
}

// happen lets an event happen to the flow under way, and goes on until it waits or is over.
func (p *Play) happen(e flow.Event) {
	for e != nil && p.Running() {
		script := p.cast[p.State.Flow]
		var effects []flow.Effect
		p.State, effects = script.Program.Step(p.State, e, p.Now)
		e = nil
		for _, effect := range effects {
			p.Told(effect)
			e = p.carryOut(effect)
		}
	}
	if p.State.Done {
		p.stop()
	}
	if w := p.State.Waiting; w == nil || w.For != showViewType {
		p.View = nil
	}
}

// carryOut does what a flow wants, and returns what happens to the flow thereby, nil for nothing. Only the last effect
// of a step asks.
func (p *Play) carryOut(effect flow.Effect) flow.Event {
	switch e := effect.(type) {
	case flow.StartTimer:
		p.timers[e.ID] = e.At
	case flow.CancelTimer:
		delete(p.timers, e.ID)
	case flow.Call:
		answer := p.world.Ask(e.Ask)
		answer.ID = e.ID
		return answer
	case flow.Return:
		return flow.Returned{}
	case flow.InvokeModule:
		return p.invoke(e)
	case flow.TransferToFlow:
		return p.transfer(e)
	case flow.Asking:
		return p.answer(e)
	case flow.Disconnect, flow.TransferToAgent:
		p.Stage = Over
	case flow.End:
		p.ended()
	case flow.Fault:
		p.Fault = e.Reason
		p.Stage = Over
	}
	return nil
}

// ended: a contact that no flow carries on has its queue to wait in, or is over.
func (p *Play) ended() {
	if p.Stage == InFlow {
		p.Stage = Over
	}
}

func (p *Play) invoke(e flow.InvokeModule) flow.Event {
	module := p.world.Module(e.ModuleID)
	if module == nil {
		return flow.Refused{Reason: "there is no such module"}
	}
	p.cast[module.ID] = module
	p.State = p.State.Call(module.ID, "", e.Input)
	return flow.Start{}
}

func (p *Play) transfer(e flow.TransferToFlow) flow.Event {
	next := p.world.Flow(e.FlowID)
	if next == nil {
		return flow.Refused{Reason: "there is no such flow"}
	}
	p.granted()
	p.enter(next)
	return flow.Start{}
}

// granted ends the flow under way, whose wish has been granted.
func (p *Play) granted() {
	var effects []flow.Effect
	p.State, effects = p.cast[p.State.Flow].Program.Step(p.State, flow.Granted{}, p.Now)
	for _, effect := range effects {
		p.Told(effect)
	}
}

func (p *Play) enter(next *Script) {
	p.stop()
	p.cast[next.ID] = next
	p.State = p.State.Enter(next.ID, "")
	p.State.Contact.FlowType = string(next.Kind)
}

// hooked is the flow of a hook, nil for none.
func (p *Play) hooked(hook string) *Script {
	if p.Hooks[hook] == "" {
		return nil
	}
	return p.world.Flow(p.Hooks[hook])
}

// answer asks the world, and keeps what it has granted.
func (p *Play) answer(ask flow.Asking) flow.Event {
	if _, wants := ask.(flow.Enqueue); wants && p.State.Contact.Queue == (flow.Queue{}) {
		return flow.Refused{Reason: "the contact has no working queue"}
	}
	answer := p.world.Answer(ask)
	if _, granted := answer.(flow.Granted); !granted {
		return answer
	}
	c := &p.State.Contact
	switch e := ask.(type) {
	case flow.Enqueue:
		return p.queue()
	case flow.Requeue:
		c.Queue = p.world.Queue(e.QueueID, e.AgentID)
		return p.queue()
	case flow.SetTargetQueue:
		c.Queue = p.world.Queue(e.QueueID, e.AgentID)
	case flow.SetEventHook:
		if p.Hooks[e.Hook] = e.FlowID; e.FlowID == "" {
			delete(p.Hooks, e.Hook)
		}
	case flow.SetContactData:
		if !e.Related {
			change(c, &e)
		}
	case flow.SetTags:
		c.Tags = maps.Clone(c.Tags)
		if c.Tags == nil {
			c.Tags = make(map[string]string)
		}
		maps.Copy(c.Tags, e.Set)
		maps.DeleteFunc(c.Tags, func(key, _ string) bool { return slices.Contains(e.Remove, key) })
	case flow.ShowView:
		p.View = &e
	}
	return answer
}

// queue puts the contact into its queue, where the flow of the hook CustomerQueue runs. Without one nothing does: the
// default customer queue flow has nothing to say to a chat.
func (p *Play) queue() flow.Event {
	p.granted()
	p.stop()
	p.Stage = InQueue
	next := p.hooked(customerQueueHook)
	if next == nil {
		return nil
	}
	p.enter(next)
	return flow.Start{}
}

// change writes what is known of a contact.
func change(c *flow.Contact, e *flow.SetContactData) {
	for _, field := range []struct{ to, from *string }{
		{&c.Name, e.Name}, {&c.Description, e.Description}, {&c.LanguageCode, e.LanguageCode}, {&c.CustomerID, e.CustomerID},
	} {
		if field.from != nil {
			*field.to = *field.from
		}
	}
	if len(e.References) > 0 {
		c.References = maps.Clone(c.References)
		if c.References == nil {
			c.References = make(map[string]flow.Reference)
		}
		maps.Copy(c.References, e.References)
	}
}

// LastName is the last part of an ARN or of a path: the id of what it names.
func LastName(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
