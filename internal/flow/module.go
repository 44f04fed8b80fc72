package flow

import (
	"encoding/json"
	"slices"
)

// Modules are flows that other flows call (admin guide, "Create reusable flow
// modules"). A module runs in the contact's flow, with data of its own: what
// either was told, and their flow attributes, the other cannot see. It gets
// $.Modules.Input, and leaves $.Modules.Result and $.Modules.ResultData to its
// caller. Where it ends the contact or the flow, or transfers either, the flows
// that wait for it end too; so they do where it ends by EndFlowExecution or has
// nowhere to go (inferred).
const (
	maxCallers    = 5      // how deep modules nest
	maxModuleData = 32_768 // bytes of Input and of ResultData (inferred)

	invokeFlowModuleType = "InvokeFlowModule"
)

type invokeFlowModule struct {
	module text
	input  template
}

func newInvokeFlowModule(p params) step {
	return invokeFlowModule{module: p.text("FlowModuleId"), input: p.template("Input")}
}

func (m invokeFlowModule) run(r *run) outcome {
	id := m.module.resolve(&r.s)
	switch {
	case id == "":
		return fail("the module is empty")
	case r.s.Behind != nil:
		return fail("modules do not run while a Wait goes on") // it could not be gone back to (inferred)
	case len(r.s.Callers) >= maxCallers:
		return fail("modules are nested too deep")
	}
	input := "{}"
	if m.input.present() {
		var fits bool
		if input, fits = m.input.resolve(&r.s, maxModuleData); !fits {
			return fail("the input is too large")
		}
	}
	if kindOf(json.RawMessage(input)) != '{' {
		return fail("the input is not an object")
	}
	return r.ask(InvokeModule{ModuleID: id, Input: input})
}

// resume: without a result, NextAction is the way on unless there is a
// NoMatchingCondition, which also takes a result that no condition names.
func (m invokeFlowModule) resume(r *run, e Event) (outcome, bool) {
	if _, returned := e.(Returned); !returned {
		o, ended := answered(e)
		return o, ended && o.ending == failed
	}
	name, ok := textOf(member(r.s.Data["Modules"], "Result"))
	if !ok && r.current.errorBranch(noMatchingCondition) == nil {
		return success, true
	}
	return r.named(name), true
}

type endFlowModule struct {
	result dynamic
	data   template
}

func newEndFlowModule(p params) step {
	return endFlowModule{result: p.dynamic("Result"), data: p.template("ResultData")}
}

// run leaves the module. Outside one the action ends the flow (inferred).
func (m endFlowModule) run(r *run) outcome {
	if len(r.s.Callers) == 0 {
		return outcome{ending: terminal, effect: End{}}
	}
	name, _ := m.result.resolve(&r.s)
	data, fits := m.data.resolve(&r.s, maxModuleData)
	if kindOf(json.RawMessage(data)) != '{' {
		data = "{}"
	}
	o := outcome{ending: left, name: m.result.static(), left: moduleResult{name: name, data: data}}
	if !fits {
		o.why = "the result data is too large and was left out"
	}
	return o
}

// moduleResult is what a module leaves to its caller.
type moduleResult struct{ name, data string }

// leave is the state in which the caller of a module awaits Returned.
func (s State) leave(result moduleResult) State {
	last := len(s.Callers) - 1
	caller := s.Callers[last]
	s.Callers = slices.Clip(s.Callers[:last])
	if last == 0 {
		s.Callers = nil
	}
	s.Flow, s.Content, s.At = caller.Flow, caller.Content, caller.At
	s.FlowAttributes, s.Waiting, s.Behind = caller.FlowAttributes, &Waiting{For: invokeFlowModuleType}, nil
	modules := map[string]json.RawMessage{"Result": quoted(result.name), "ResultData": json.RawMessage(result.data)}
	if input := member(caller.Data["Modules"], "Input"); input != nil {
		modules["Input"] = input
	}
	s.Data = make(Data, len(caller.Data)+1)
	for root, value := range caller.Data {
		s.Data[root] = value
	}
	s.Data["Modules"] = encoded(modules)
	return s
}
