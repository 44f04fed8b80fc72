package flow

import (
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

// lambdaActions invoke AWS Lambda functions (admin guide, "Grant Amazon Connect
// access to your AWS Lambda functions"; developer guide,
// "InvokeLambdaFunction").
var lambdaActions = []actionType{
	works(actionType{
		name: "InvokeLambdaFunction", module: "InvokeExternalResource",
		note: "what the function returns replaces $.External; a failed invocation leaves it empty",
		params: []string{"LambdaFunctionARN", "InvocationTimeLimitSeconds", "InvocationType",
			"LambdaInvocationAttributes", "ResponseValidation"},
		required: []string{"LambdaFunctionARN", "InvocationTimeLimitSeconds"},
		refers:   []refers{{"LambdaFunctionARN", ResourceFunction}},
		errors:   onlyNoMatchingError,
		check:    (*checker).invokeFunction,
	}, newInvokeFunction),
}

const (
	defaultLimit  = 8  // seconds
	maxSyncLimit  = 8  // seconds that a flow waits for a function
	maxAsyncLimit = 60 // seconds that a function may run by itself

	asynchronous = "ASYNCHRONOUS"
	stringMap    = "STRING_MAP"
	jsonObject   = "JSON"

	maxResponse = 32 * 1024 // bytes of a function's response
)

type invokeFunction struct {
	function   text
	limit      dynamic
	async      bool
	response   string // stringMap or jsonObject
	parameters []assignment
}

func newInvokeFunction(p params) step {
	f := invokeFunction{
		function: p.text("LambdaFunctionARN"),
		limit:    p.dynamic("InvocationTimeLimitSeconds"),
		async:    p.static("InvocationType") == asynchronous,
		response: stringMap,
	}
	if t, ok := p.get("ResponseValidation").get("ResponseType").scalar(); ok {
		f.response = t
	}
	attributes := p.get("LambdaInvocationAttributes")
	for i, name := range attributes.names {
		v, _ := attributes.kids[i].scalar()
		f.parameters = append(f.parameters, assignment{key: newText(name), value: newText(v)})
	}
	return f
}

func (f invokeFunction) run(r *run) outcome {
	function := f.function.resolve(&r.s)
	if function == "" {
		return fail("the function is empty")
	}
	limit, ok := f.timeLimit(&r.s)
	if !ok {
		return fail("the time limit is not a number of seconds within the limits")
	}
	parameters, why := f.resolve(&r.s)
	if why != "" {
		return fail(why)
	}
	return r.call(InvokeFunction{Function: function, Async: f.async, Limit: limit, Parameters: parameters})
}

// timeLimit: drafts may lack it.
func (f invokeFunction) timeLimit(s *State) (time.Duration, bool) {
	most := maxSyncLimit
	if f.async {
		most = maxAsyncLimit
	}
	if !f.limit.present() {
		return defaultLimit * time.Second, true
	}
	n, ok := integer(f.limit, s, 1, most)
	return time.Duration(n) * time.Second, ok
}

// resolve is what the function is given. A value that is one reference to
// nothing is null (inferred); a name that resolves to nothing is left out.
func (f invokeFunction) resolve(s *State) (parameters []Parameter, why string) {
	size := 0
	for _, a := range f.parameters {
		p := Parameter{Name: a.key.resolve(s), Value: a.value.resolve(s)}
		if p.Name == "" {
			continue
		}
		p.Null = p.Value == "" && a.value.isReference()
		if size += len(p.Name) + len(p.Value); size > maxResolved {
			return nil, "the parameters are too large"
		}
		parameters = append(parameters, p)
	}
	return parameters, ""
}

// resume: what an earlier function returned is gone, whatever comes of this one
// (that a failure leaves nothing is inferred).
func (f invokeFunction) resume(r *run, e Event) (outcome, bool) {
	a, ok := r.answers(e)
	if !ok {
		return outcome{}, false
	}
	r.clearData("External")
	r.clearData("LambdaInvocation")
	switch {
	case a.Error != "":
		return a.failure(), true
	case f.async:
		r.setData("LambdaInvocation", invocation(a.Invocation))
		return success, true
	}
	value, why := functionResponse(a.Body, f.response)
	if why != "" {
		return fail(why), true
	}
	r.setData("External", value)
	r.setData("LambdaInvocation", invocation(a.Invocation))
	return success, true
}

func invocation(id string) json.RawMessage {
	return json.RawMessage(`{"InvocationId":` + string(quoted(id)) + `}`)
}

// functionResponse reads what a function returned: an object of at most 32 KB,
// which for a STRING_MAP holds strings alone (that numbers and booleans are
// refused too is inferred: the documentation calls any other type invalid). The
// documented alphabet of the values is not enforced: the documentation's own
// example breaks it.
func functionResponse(body, responseType string) (value json.RawMessage, why string) {
	value = json.RawMessage(body)
	switch {
	case len(body) > maxResponse:
		return nil, fmt.Sprintf("the response has %d bytes, more than %d", len(body), maxResponse)
	case !utf8.ValidString(body):
		return nil, "the response is not UTF-8"
	case !json.Valid(value):
		return nil, "the response is not JSON"
	case kindOf(value) != '{':
		return nil, "the response is not a JSON object"
	case responseType == jsonObject:
		return value, ""
	case responseType != stringMap:
		return nil, "the response type is neither STRING_MAP nor JSON"
	}
	if name, ok := onlyStrings(value); !ok {
		return nil, "the response is no STRING_MAP: " + short(name) + " is not a string"
	}
	return value, ""
}

// onlyStrings names the first member of an object that is not a string.
func onlyStrings(object json.RawMessage) (name string, ok bool) {
	c := cursor[json.RawMessage]{src: object}
	for c.enter('}') {
		start := c.at
		c.stringEnd()
		name = unquoted(object[start:c.at])
		c.space()
		c.at++ // the colon
		if start = c.skip(); object[start] != '"' {
			return name, false
		}
	}
	return "", true
}

func (c *checker) invokeFunction() {
	if c.wrongShape("LambdaFunctionARN") {
		c.badValue(c.paramPath("LambdaFunctionARN"))
	}
	c.oneOf("InvocationType", "SYNCHRONOUS", asynchronous)
	most := maxSyncLimit
	if kind, _ := c.param("InvocationType").scalar(); kind == asynchronous {
		most = maxAsyncLimit
	}
	c.integer("InvocationTimeLimitSeconds", 1, most)
	c.object("LambdaInvocationAttributes")
	c.object("ResponseValidation")
	validation := c.param("ResponseValidation")
	if t, ok := validation.get("ResponseType").scalar(); ok && t != stringMap && t != jsonObject {
		c.badValue(c.paramPath("ResponseValidation.ResponseType"))
	}
}
