package flow

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

// controlActions decide where the flow goes (developer guide, "Flow control
// actions").
var controlActions = []actionType{
	works(actionType{
		name: "Compare", module: "CheckAttribute",
		params:     []string{"ComparisonValue"},
		required:   []string{"ComparisonValue"},
		errors:     []string{noMatchingCondition},
		conditions: mustConditions,
		check:      (*checker).comparisonValue,
	}, newCompare),
	works(actionType{
		name:       "Loop",
		note:       "counts for the contact, by flow and action",
		params:     []string{"LoopCount"},
		required:   []string{"LoopCount"},
		mayErrors:  onlyNoMatchingError,
		conditions: mustConditions,
		equals:     []string{continueLooping, doneLooping},
		check:      func(c *checker) { c.integer("LoopCount", 0, maxLoop) },
		goesOn:     true,
	}, newLoop),
	works(actionType{
		name:       "Wait",
		params:     []string{"TimeLimitSeconds", "Events", "ContinueExecution", "MinimumWaitTimeSeconds"},
		required:   []string{"TimeLimitSeconds"},
		errors:     onlyNoMatchingError,
		mayErrors:  []string{participantNotFound, noMatchingCondition},
		conditions: mustConditions,
		check:      (*checker).wait,
	}, newWait),
	works(actionType{
		name: "TransferToFlow", module: "Transfer",
		params:   []string{"ContactFlowId"},
		required: []string{"ContactFlowId"},
		errors:   onlyNoMatchingError,
		check:    func(c *checker) { c.reference("ContactFlowId") },
	}, newTransferToFlow),
	works(actionType{
		name: "EndFlowExecution", module: "Resume",
		note:     "ends the flow; a contact that has no queue to wait in ends with it",
		params:   []string{},
		terminal: true,
	}, endsFlow(End{})),
	works(actionType{
		name: "DistributeByPercentage", module: "PercentileBranching",
		params:     []string{},
		errors:     []string{noMatchingCondition},
		conditions: mustConditions,
	}, func(params) step { return distribute{} }),
	works(actionType{
		name:     "UpdateFlowAttributes",
		params:   []string{"FlowAttributes"},
		required: []string{"FlowAttributes"},
		errors:   onlyNoMatchingError,
		check:    (*checker).flowAttributes,
	}, newUpdateFlowAttributes),
	works(actionType{
		name: "UpdateFlowLoggingBehavior", module: "SetLoggingBehavior",
		params:   []string{"FlowLoggingBehavior"},
		required: []string{"FlowLoggingBehavior"},
		check:    func(c *checker) { c.oneOf("FlowLoggingBehavior", "Enabled", "Disabled") },
		goesOn:   true,
	}, newUpdateFlowLoggingBehavior),

	works(actionType{
		name: invokeFlowModuleType, module: "InvokeModule",
		note:       "modules nest up to five deep",
		params:     []string{"FlowModuleId", "Input"},
		required:   []string{"FlowModuleId"},
		errors:     onlyNoMatchingError,
		mayErrors:  []string{noMatchingCondition},
		conditions: mayConditions,
		check:      (*checker).invokeFlowModule,
	}, newInvokeFlowModule),
	works(actionType{
		name:     "EndFlowModuleExecution",
		note:     "returns to the flow that called the module; outside a module it ends the flow",
		params:   []string{"Result", "ResultData"},
		terminal: true,
		check:    (*checker).endFlowModule,
	}, newEndFlowModule),
	voiceOnly(actionType{name: "CheckOutboundCallStatus", errors: onlyNoMatchingError, conditions: mayConditions}),
	voiceOnly(actionType{name: "CheckVoiceId", errors: onlyNoMatchingError, conditions: mayConditions}),
	voiceOnly(actionType{name: "StartVoiceIdStream", errors: onlyNoMatchingError}),
}

type compare struct{ value dynamic }

func newCompare(p params) step { return compare{p.dynamic("ComparisonValue")} }

func (c compare) run(r *run) outcome {
	// The log does not name the result: it is a value of the contact's.
	v, ok := c.value.resolve(&r.s)
	return outcome{ending: resulted, value: value{text: v, missing: !ok, ref: c.value.ref}}
}

const (
	continueLooping = "ContinueLooping"
	doneLooping     = "DoneLooping"
	maxLoop         = 100
)

type loop struct{ count dynamic }

func newLoop(p params) step { return loop{p.dynamic("LoopCount")} }

func (l loop) run(r *run) outcome {
	count, ok := integer(l.count, &r.s, 0, maxLoop)
	if !ok {
		return fail("the loop count is not a number from 0 to 100")
	}
	key := r.s.Flow + " " + r.current.id
	if done := r.s.Loops[key]; done < count {
		r.loops()[key] = done + 1
		return result(continueLooping)
	}
	if _, counted := r.s.Loops[key]; counted {
		delete(r.loops(), key)
	}
	return result(doneLooping)
}

// integer resolves a parameter that is a whole number within limits.
func integer(d dynamic, s *State, least, most int) (int, bool) {
	v, ok := d.resolve(s)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(v)
	return n, err == nil && least <= n && n <= most
}

// Wait: limits, results and errors (developer guide, "Wait"; the service takes
// TimeLimitSeconds where the guide says TimeoutSeconds).
const (
	minWait = 1
	maxWait = 604_800 // seven days

	waitCompleted              = "WaitCompleted"
	customerReturned           = "CustomerReturned"
	botParticipantDisconnected = "BotParticipantDisconnected"
	participantNotFound        = "ParticipantNotFound"
)

type wait struct {
	limit        dynamic
	forCustomer  bool
	forBot       bool
	keepsRunning bool // the mode in which other actions run meanwhile
}

func newWait(p params) step {
	w := wait{limit: p.dynamic("TimeLimitSeconds"), keepsRunning: p.has("ContinueExecution")}
	for _, e := range p.get("Events").kids {
		w.forCustomer = w.forCustomer || e.text == customerReturned
		w.forBot = w.forBot || e.text == botParticipantDisconnected
	}
	return w
}

func (w wait) run(r *run) outcome {
	limit, ok := integer(w.limit, &r.s, minWait, maxWait)
	switch {
	case w.keepsRunning:
		return outcome{ending: failed, name: noMatchingError, why: "not available in this server yet", unavailable: true}
	case !ok:
		return fail("the time limit is not a number from 1 to 604800")
	case w.forBot && !r.s.Contact.Bot:
		return outcome{ending: failed, name: participantNotFound, why: "there is no custom participant"}
	}
	r.s.Waits++
	r.s.Steps, r.s.Messages = 0, 0
	timer := "wait-" + strconv.Itoa(r.s.Waits)
	until := r.now.Add(time.Duration(limit) * time.Second)
	r.s.Waiting = &Waiting{For: r.current.name, Timer: timer, Until: until}
	r.do(StartTimer{ID: timer, At: until})
	return outcome{ending: suspended}
}

func (w wait) resume(r *run, e Event) (outcome, bool) {
	timer := r.s.Waiting.Timer
	switch e := e.(type) {
	case TimerFired:
		return result(waitCompleted), e.ID == timer
	case CustomerMessage, CustomerReturned:
		return w.interrupted(r, customerReturned, w.forCustomer)
	case BotDisconnected:
		return w.interrupted(r, botParticipantDisconnected, w.forBot)
	}
	return outcome{}, false
}

func (w wait) interrupted(r *run, by string, wanted bool) (outcome, bool) {
	if wanted {
		r.do(CancelTimer{ID: r.s.Waiting.Timer})
	}
	return result(by), wanted
}

type transferToFlow struct{ flow dynamic }

func newTransferToFlow(p params) step { return transferToFlow{p.dynamic("ContactFlowId")} }

func (t transferToFlow) run(r *run) outcome {
	id, ok := t.flow.resolve(&r.s)
	if !ok {
		return fail("the flow to transfer to is empty")
	}
	return r.ask(TransferToFlow{FlowID: id})
}

// resume: a transfer that was granted ends this flow, and no branch is taken.
func (t transferToFlow) resume(_ *run, e Event) (outcome, bool) {
	if _, granted := e.(Granted); granted {
		return outcome{ending: terminal}, true
	}
	return answered(e)
}

type distribute struct{}

func (distribute) run(r *run) outcome {
	r.s.Seed += 0x9e3779b97f4a7c15
	return result(strconv.FormatUint(mix(r.s.Seed)%100+1, 10))
}

// mix is the output function of splitmix64 (Steele, Lea and Flood, "Fast
// Splittable Pseudorandom Number Generators").
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

type updateFlowAttributes struct{ set []assignment }

func newUpdateFlowAttributes(p params) step {
	var u updateFlowAttributes
	attributes := p.get("FlowAttributes")
	for i, name := range attributes.names {
		v, _ := attributes.kids[i].get("Value").scalar()
		u.set = append(u.set, assignment{key: newText(name), value: newText(v)})
	}
	return u
}

func (u updateFlowAttributes) run(r *run) outcome {
	set, why := r.resolve(u.set)
	switch {
	case why != "":
		return fail(why)
	case !fits(r.s.FlowAttributes, set):
		return fail(tooLarge)
	}
	maps.Copy(r.flowAttributes(), set)
	return success
}

type updateFlowLoggingBehavior struct{ behavior string }

func newUpdateFlowLoggingBehavior(p params) step {
	return updateFlowLoggingBehavior{p.static("FlowLoggingBehavior")}
}

func (u updateFlowLoggingBehavior) run(r *run) outcome {
	if !slices.Contains([]string{"Enabled", "Disabled"}, u.behavior) {
		return fail("the behavior is neither Enabled nor Disabled")
	}
	r.s.Logging = u.behavior == "Enabled"
	r.do(SetLogging{Enabled: r.s.Logging})
	return success
}
