package flow

import (
	"maps"
	"slices"
	"strconv"
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
		name: "TransferToFlow", module: "Transfer",
		params:   []string{"ContactFlowId"},
		required: []string{"ContactFlowId"},
		refers:   []refers{{"ContactFlowId", ResourceFlow}},
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
		refers:     []refers{{"FlowModuleId", ResourceModule}},
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
	voiceOnly(actionType{name: "CheckOutboundCallStatus", params: []string{}, errors: onlyNoMatchingError, conditions: mayConditions}),
	voiceOnly(actionType{
		name:       "CheckVoiceId",
		params:     []string{"CheckVoiceIdOption"},
		required:   []string{"CheckVoiceIdOption"},
		entries:    []entry{{name: "CheckVoiceIdOption", is: aValue}},
		errors:     onlyNoMatchingError,
		conditions: mayConditions,
	}),
	voiceOnly(actionType{name: "StartVoiceIdStream", params: []string{}, errors: onlyNoMatchingError}),
}

type compare struct{ value dynamic }

func newCompare(p params) step { return compare{p.dynamic("ComparisonValue")} }

func (c compare) run(r *run) outcome {
	// The log does not name the result: it is a value of the contact's.
	v, ok := c.value.resolve(&r.s)
	return outcome{ending: resulted, value: value{text: v, missing: !ok, ref: c.value.ref}}
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
	return success
}
