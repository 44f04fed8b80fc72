package flow

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The guard. No limit on executed actions is documented, only that a flow "can
// execute endlessly until chat timeout"; these end one that runs in circles
// without ever waiting (inferred).
const (
	maxSteps    = 10_000
	maxMessages = 500

	// A large action is more work than a small one, and so is one that follows
	// many references or writes much: as many of them count as one action more.
	referencesPerStep = 2
	attributesPerStep = 10
	bytesPerStep      = 1_024

	// The caller may have to look something up to answer what an action asks.
	stepsToAsk = 10
)

// step is one action with its parameters prepared.
type step interface {
	run(r *run) outcome
}

// resumable is a step that suspends the flow. It gets the events that come
// while it does, and says whether one ended the suspension.
type resumable interface {
	step
	resume(r *run, e Event) (outcome, bool)
}

// outcome is how an action ended.
type outcome struct {
	ending ending
	value  value  // of resulted: what the conditions are held against
	name   string // of resulted: the result as the log may show it; of failed: the error type
	why    string // for the log, or the reason of a fault
	effect Effect // of terminal: what ends with the flow, nil when the flow alone does
	left   moduleResult
	// unavailable: the service can do it and this server cannot yet. That is
	// logged even while logging is off.
	unavailable bool
}

type ending int

const (
	succeeded ending = iota // no result: on with NextAction
	resulted                // a result: on with the first condition that holds
	failed                  // on with an error branch
	suspended               // stands still until an event
	terminal                // the flow is over
	left                    // the module is over: on in its caller
	faulted                 // the flow must not go on
)

const (
	noMatchingError     = "NoMatchingError"     // of whatever has no error type of its own
	noMatchingCondition = "NoMatchingCondition" // the branch of a result that no condition holds for
)

var success = outcome{ending: succeeded}

func result(name string) outcome {
	return outcome{ending: resulted, value: value{text: name}, name: name}
}

// named is a result that somebody outside has given. Where no condition names it
// it may be a value of the contact's, which the log does not name.
func (r *run) named(name string) outcome {
	o := outcome{ending: resulted, value: value{text: name, missing: name == ""}}
	if r.current.expects(name) {
		o.name = name
	}
	return o
}

// expects says whether a condition names the result.
func (a *action) expects(result string) bool {
	return slices.ContainsFunc(a.conditions, func(c condition) bool { return c.operand.static() == result })
}

// short is a name that somebody outside has given, for the log.
func short(name string) string {
	const most = 100 // bytes
	if len(name) <= most {
		return name
	}
	return strings.ToValidUTF8(name[:most], "") + "…"
}

func fail(why string) outcome {
	return outcome{ending: failed, name: noMatchingError, why: why}
}

// run is one Step under way.
type run struct {
	p       *Program
	s       State
	now     time.Time
	effects []Effect
	current *action

	parameters string // of the current action, for the log
	logged     int    // bytes of parameters in the lines so far

	ownAttributes, ownFlowAttributes, ownLoops, ownData bool // the map is this run's copy
}

// Step lets an event happen to a flow. It returns the state after it and the
// effects to carry out, in order. An event that the flow does not wait for
// changes nothing. A nil program, or one in which the action that the flow
// waits in is gone or of another type, ends in a Fault.
func (p *Program) Step(s State, e Event, now time.Time) (State, []Effect) {
	if s.Done {
		return s, nil
	}
	r := run{p: p, s: s, now: now}
	if p == nil {
		r.fault("the flow cannot be loaded")
		return r.s, r.effects
	}
	switch _, starting := e.(Start); {
	case starting && s.At == "":
		r.start()
	case s.Waiting != nil && e != nil:
		if s.Behind != nil && s.Behind.ended(e) {
			r.stepBack()
		}
		r.resume(e)
	}
	return r.s, r.effects
}

func (r *run) start() {
	if r.p.start.at < 0 {
		r.fault("the flow has no start action " + r.p.start.id)
		return
	}
	r.execute(r.p.start.at)
}

func (r *run) resume(e Event) {
	at, ok := r.p.index[r.s.At]
	if !ok {
		r.fault("the flow no longer has the action " + r.s.At)
		return
	}
	r.current = &r.p.actions[at]
	st, ok := r.current.step.(resumable)
	if !ok || r.current.name != r.s.Waiting.For {
		r.fault("the action " + r.s.At + " is no longer a " + r.s.Waiting.For)
		return
	}
	r.parameters = r.resolved()
	o, ended := st.resume(r, e)
	if !ended {
		return
	}
	r.s.Waiting = nil
	if next := r.finish(o); next >= 0 {
		r.execute(next)
	}
}

// execute runs actions from the given one until the flow stands still.
func (r *run) execute(at int) {
	for at >= 0 {
		if r.s.Steps >= maxSteps {
			r.fault("too many actions without a wait")
			return
		}
		r.current = &r.p.actions[at]
		r.s.Steps += 1 + r.current.weight
		r.s.At = r.current.id
		at = r.finish(r.perform())
	}
}

func (r *run) perform() outcome {
	r.parameters = r.resolved()
	if r.current.step == nil {
		return fail("unknown action type")
	}
	if r.s.Contact.Beside && slices.Contains(notBeside, r.current.name) {
		return fail("a flow that an agent has started beside the conversation cannot do this")
	}
	if r.s.Contact.whispers() && slices.Contains(notWhispered, r.current.name) {
		return fail("not supported by whispers of the chat channel")
	}
	return r.current.step.run(r)
}

// notBeside are the actions that take their error branch in a flow that an
// agent has started (admin guide, "Agent-initiated flows").
var notBeside = []string{"CreateWisdomSession", "AuthenticateParticipant", "CreatePersistentContactAssociation", "ConnectParticipantWithLexBot"}

// finish turns the outcome of the current action into the next action, or -1
// when the flow stands still.
func (r *run) finish(o outcome) int {
	switch o.ending {
	case suspended:
		return -1
	case faulted:
		r.fault(o.why)
		return -1
	case terminal:
		r.log(o, way{at: -1})
		if o.effect != nil {
			r.do(o.effect)
		}
		r.over()
		return -1
	case left:
		r.log(o, way{at: -1})
		r.s = r.s.leave(o.left)
		r.do(Return{})
		return -1
	}
	on := r.branch(o)
	r.log(o, on)
	if on.at < 0 {
		r.noBranch()
	}
	return on.at
}

// way is the branch by which an action is left.
type way struct {
	at        int        // index of the next action, -1 for none
	branch    string     // NextAction or an error type, "" for none and for a condition
	condition *condition // that held, if one did
}

// branch chooses the next action. NextAction is the way on after a success
// only: on branching actions the console writes there a copy of another branch,
// so an error never follows it, some types aside. A branch that leads nowhere, as
// drafts have them, is none.
func (r *run) branch(o outcome) way {
	a := r.current
	next := way{at: a.next.at, branch: "NextAction"}
	switch {
	case o.ending == succeeded:
		return next
	case o.ending == resulted:
		for i := range a.conditions {
			if c := &a.conditions[i]; c.match(&r.s, o.value) {
				return way{at: c.target.at, condition: c}
			}
		}
		if b := a.errorBranch(noMatchingCondition); b != nil && b.target.at >= 0 {
			return way{at: b.target.at, branch: b.errorType}
		}
		return next
	}
	for _, name := range []string{o.name, noMatchingError} {
		if b := a.errorBranch(name); b != nil && b.target.at >= 0 {
			return way{at: b.target.at, branch: b.errorType}
		}
	}
	if a.kind != nil && a.kind.goesOn {
		return next
	}
	return way{at: -1}
}

func (a *action) errorBranch(errorType string) *branch {
	for i := range a.errors {
		if a.errors[i].errorType == errorType {
			return &a.errors[i]
		}
	}
	return nil
}

// over: nothing more happens to this flow, nor to those that wait for it.
func (r *run) over() {
	r.s.Done, r.s.Waiting, r.s.Behind, r.s.Callers = true, nil, nil, nil
}

// noBranch ends a flow that has nowhere to go, or leaves it to the Wait that goes
// on behind it.
func (r *run) noBranch() {
	if r.s.Behind != nil {
		r.standBack()
		return
	}
	r.over()
	if r.s.Contact.endsWithContact() {
		r.effects = append(r.effects, Disconnect{})
		return
	}
	r.effects = append(r.effects, End{})
}

func (r *run) fault(reason string) {
	r.over()
	r.effects = append(r.effects, Fault{Reason: reason})
}

func (r *run) do(e Effect) { r.effects = append(r.effects, e) }

// ask suspends the flow until the caller has answered e.
func (r *run) ask(e Asking) outcome {
	r.do(e)
	r.s.Steps += stepsToAsk
	r.s.Waiting = &Waiting{For: r.current.name}
	return outcome{ending: suspended}
}

// call suspends the flow until the question is answered. A call is no wait to
// the guard: a function that answers at once could keep a flow running in
// circles.
func (r *run) call(q Question) outcome {
	r.s.Waits++
	id := "call-" + strconv.Itoa(r.s.Waits)
	r.s.Waiting = &Waiting{For: r.current.name, Call: id}
	r.do(Call{ID: id, Ask: q})
	return outcome{ending: suspended}
}

// answers says whether e is the answer to the call under way. Whatever else
// happens meanwhile does not disturb it.
func (r *run) answers(e Event) (Answered, bool) {
	a, ok := e.(Answered)
	return a, ok && a.ID != "" && a.ID == r.s.Waiting.Call
}

// failure is the outcome of a call that has no answer.
func (a Answered) failure() outcome { return refused(a.Error, a.Why) }

func refused(errorType, why string) outcome {
	o := fail(why)
	if errorType != "" {
		o.name = errorType
	}
	return o
}

// answered is how a step that asks resumes: granted is a success, refused an
// error.
func answered(e Event) (outcome, bool) {
	switch e := e.(type) {
	case Granted:
		return success, true
	case Refused:
		return refused(e.Error, e.Reason), true
	}
	return outcome{}, false
}

// logs says whether actions are told of.
func (r *run) logs() bool { return r.s.Logging || r.s.Contact.Trace }

func (r *run) log(o outcome, on way) {
	if !r.logs() && !o.unavailable {
		return
	}
	if r.parameters == "" {
		r.parameters = r.resolved() // the action itself has switched logging on
	}
	a := r.current
	line := Log{
		Flow: r.s.Flow, ActionType: a.name, ModuleType: a.name, Identifier: a.id, Parameters: r.parameters,
		Why: o.why, Branch: on.branch, Logged: r.s.Logging,
	}
	if a.kind != nil {
		line.ModuleType = a.kind.module
	}
	if on.condition != nil {
		line.Branch = on.condition.label()
	}
	if on.at >= 0 {
		line.Next = r.p.actions[on.at].id
	}
	switch o.ending {
	case resulted, left:
		line.Result = o.name
	case failed:
		line.Error = o.name
	}
	r.logged += len(line.Parameters)
	r.do(line)
}

// The most bytes of parameters in a line, and in the lines of one step. What is
// more is left out: lines wait in memory until the step is over.
const (
	maxLogged      = 32_768
	maxLoggedInAll = 1 << 20
)

// resolved is the current action's parameters as they are now, for the log: the
// action itself may change what they refer to.
func (r *run) resolved() string {
	if !r.logs() || r.logged > maxLoggedInAll {
		return ""
	}
	parameters, _ := newTemplate(&r.current.params).resolve(&r.s, maxLogged)
	return parameters
}

// Maps of a state are shared with the caller's copy of it, so the first write
// of a run copies.

func (r *run) attributes() map[string]string {
	return own(&r.s.Contact.Attributes, &r.ownAttributes)
}

func (r *run) flowAttributes() map[string]string {
	return own(&r.s.FlowAttributes, &r.ownFlowAttributes)
}

func (r *run) loops() map[string]int { return own(&r.s.Loops, &r.ownLoops) }

func own[V any](m *map[string]V, owned *bool) map[string]V {
	if !*owned {
		*m = maps.Clone(*m)
		if *m == nil {
			*m = make(map[string]V)
		}
		*owned = true
	}
	return *m
}
