package flow

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Validate lists all that keeps a program from being published. The texts are
// those of the service's InvalidContactFlowException where they are known. A
// draft (status SAVED) is not validated.
func Validate(p *Program) []Problem { return ValidateAs(p, "") }

// ValidateAs is Validate for a document of a kind, which may restrict what
// actions it has.
func ValidateAs(p *Program, kind Kind) []Problem {
	c := newChecker(p)
	c.kind = kind
	if p.start.at < 0 {
		c.badValue("StartAction")
	}
	for i := range p.actions {
		c.i, c.a = i, &p.actions[i]
		c.action()
	}
	return c.problems
}

// checker goes over one action after the other.
type checker struct {
	p        *Program
	kind     Kind
	i        int
	a        *action
	problems []Problem
	reported map[Problem]bool
}

func newChecker(p *Program) *checker {
	return &checker{p: p, reported: make(map[Problem]bool)}
}

func (c *checker) path(rest string) string { return actionPath(c.i) + rest }

// report adds a problem, once.
func (c *checker) report(message, path string) {
	if p := (Problem{Message: message, Path: path}); !c.reported[p] {
		c.reported[p] = true
		c.problems = append(c.problems, p)
	}
}

func (c *checker) badValue(path string) {
	c.report("Invalid Action property value. Path: "+path, path)
}

func (c *checker) missing(path string) {
	c.report("Action is missing required property. Path: "+path, path)
}

func (c *checker) action() {
	c.identifier()
	t := c.a.kind
	if t == nil || t.unlisted || !c.kind.mayHave(t.name) {
		c.report("Invalid Action type. Type: "+c.a.name, c.path(".Type"))
		return
	}
	c.parameters(t)
	c.transitions(t)
	c.errorBranches(t)
	c.conditions(t)
	if t.check != nil {
		t.check(c)
	}
}

// maxIdentifier is the most characters an identifier may have, and the rest of
// what it must not be (developer guide, "Flow language").
const (
	maxIdentifier       = 50
	forbiddenIdentifier = `%:(\/)=$,;[]{}`
)

var forbiddenIdentifiers = []string{
	"__proto__", "constructor", "__defineGetter__", "__defineSetter__", "toString", "hasOwnProperty",
	"isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "valueOf",
}

func (c *checker) identifier() {
	id := c.a.id
	if utf8.RuneCountInString(id) > maxIdentifier || strings.ContainsAny(id, forbiddenIdentifier) ||
		slices.Contains(forbiddenIdentifiers, id) {
		c.badValue(c.path(".Identifier"))
	}
}

func (c *checker) parameters(t *actionType) {
	have := &c.a.params
	for i, name := range have.names {
		if t.params != nil && !slices.Contains(t.params, name) {
			c.report("Invalid Action property name. Path: "+c.path(".Parameters."+name), c.path(".Parameters."+name))
			continue
		}
		if t.name == "UpdateContactAttributes" && name == "Attributes" {
			continue // it has a text of its own for empty values
		}
		if have.kids[i].hasEmpty() {
			at := strconv.Itoa(c.i) + ".Parameter"
			c.badValue(at)
		}
	}
	for _, name := range t.required {
		if have.get(name).kind == 0 || have.get(name).kind == 'n' {
			c.missing(c.path(".Parameters." + name))
		}
	}
	c.entries(t.entries, have, ".Parameters")
}

func (c *checker) transitions(t *actionType) {
	next := c.a.next
	switch {
	case t.terminal && next.id != "":
		c.report("Action does not support transitions. Path: "+c.path(""), c.path(""))
	case t.terminal:
	case next.id == "" && !t.nextMayLack:
		c.missing(c.path(".Transitions.NextAction"))
	case next.id != "":
		c.leads(next, ".Transitions.NextAction")
	}
}

// leads reports a transition to an action that is not there.
func (c *checker) leads(to target, path string) {
	if to.at < 0 {
		c.badValue(c.path(path))
	}
}

func (c *checker) errorBranches(t *actionType) {
	for i, b := range c.a.errors {
		if !slices.Contains(t.errors, b.errorType) && !slices.Contains(t.mayErrors, b.errorType) {
			c.invalidError(b.errorType)
		}
		c.leads(b.target, ".Transitions.Errors["+strconv.Itoa(i)+"].NextAction")
	}
	for _, name := range t.errors {
		c.needError(name)
	}
}

func (c *checker) invalidError(errorType string) {
	c.report("Invalid Action error. Error: "+errorType+", Path: "+c.path(""), c.path(""))
}

func (c *checker) needError(errorType string) {
	if c.a.errorBranch(errorType) == nil {
		c.report("Action is missing required error. Error: "+errorType+", Path: "+c.path(""), c.path(""))
	}
}

func (c *checker) noConditions() {
	if len(c.a.conditions) > 0 {
		c.report("Action does not support conditions", c.path(".Transitions.Conditions"))
	}
}

func (c *checker) conditions(t *actionType) {
	if t.conditions == noConditions {
		c.noConditions()
		return
	}
	if t.conditions == mustConditions && len(c.a.conditions) == 0 {
		c.missing(c.path(".Transitions.Conditions"))
	}
	for i := range c.a.conditions {
		c.condition(&c.a.conditions[i], ".Transitions.Conditions["+strconv.Itoa(i)+"]")
	}
	if t.equals != nil {
		c.onlyEquals(t.equals)
	}
}

func (c *checker) condition(cond *condition, path string) {
	if cond.holds == nil {
		c.badValue(c.path(path + ".Condition.Operator"))
	}
	switch {
	case len(cond.operands) != 1:
		c.badValue(c.path(path + ".Condition.Operands"))
	case cond.operands[0].kind == '"' && cond.operands[0].text == "":
		at := strconv.Itoa(c.i) + ".Evaluate"
		c.report("Invalid branch. Path: "+at, at)
	case !cond.operand.present():
		c.badValue(c.path(path + ".Condition.Operands[0]"))
	}
	c.leads(cond.target, path+".NextAction")
}

// onlyEquals: there is one condition for each operand, and no other.
func (c *checker) onlyEquals(operands []string) {
	seen := make(map[string]bool)
	for i := range c.a.conditions {
		cond := &c.a.conditions[i]
		operand := cond.operand.static()
		if cond.name != "Equals" || !slices.Contains(operands, operand) || seen[operand] {
			c.badValue(c.path(".Transitions.Conditions[" + strconv.Itoa(i) + "].Condition"))
		}
		seen[operand] = true
	}
	for _, operand := range operands {
		if !seen[operand] && len(c.a.conditions) > 0 {
			c.missing(c.path(".Transitions.Conditions"))
			return
		}
	}
}

// From here on: what single types and parameters ask for.

func (c *checker) param(name string) *node { return c.a.params.get(name) }

func (c *checker) paramPath(name string) string { return c.path(".Parameters." + name) }

// oneOf: a static parameter with a closed set of values.
func (c *checker) oneOf(name string, values ...string) {
	if v, ok := c.param(name).scalar(); ok && !slices.Contains(values, v) || c.wrongShape(name) {
		c.badValue(c.paramPath(name))
	}
}

// wrongShape: a scalar parameter that is an object or a list.
func (c *checker) wrongShape(name string) bool {
	k := c.param(name).kind
	return k == '{' || k == '['
}

// integer: a whole number within limits, or a reference.
func (c *checker) integer(name string, least, most int) {
	v, ok := c.param(name).scalar()
	if wholeReference(v) != nil || !ok && !c.wrongShape(name) {
		return
	}
	if n, err := strconv.Atoi(v); err != nil || n < least || n > most {
		c.badValue(c.paramPath(name))
	}
}

// reference: static, or one whole reference.
func (c *checker) reference(name string) {
	v, _ := c.param(name).scalar()
	if c.wrongShape(name) || strings.HasPrefix(v, "$.") && wholeReference(v) == nil {
		c.badValue(c.paramPath(name))
	}
}

// exactlyOne of the parameters is given.
func (c *checker) exactlyOne(names ...string) {
	var given []string
	for _, name := range names {
		if k := c.param(name).kind; k != 0 && k != 'n' {
			given = append(given, name)
		}
	}
	switch {
	case len(given) == 0:
		c.missing(c.paramPath(names[0]))
	case len(given) > 1:
		c.report("Only one of these properties may be defined. Properties: ["+strings.Join(given, ", ")+"]", c.path(".Parameters"))
	}
}

func (c *checker) onePrompt() {
	c.exactlyOne(prompts...)
	for _, name := range []string{"Text", "SSML", "PromptId"} {
		if c.wrongShape(name) {
			c.badValue(c.paramPath(name))
		}
	}
}

func (c *checker) lexBot() {
	c.exactlyOne(append(slices.Clone(prompts), "LexInitializationData")...)
	c.exactlyOne("LexV2Bot", "LexBot")
}

// participantInput: storing the input and branching on it exclude each other. It
// may listen without saying anything (developer guide, GetParticipantInput).
// Without a prompt it may also only say what becomes of keys that are pressed ahead (admin guide, "Set Touchtone Buffer Behavior",
// whose own example has neither a time limit nor a branch for it).
func (c *checker) participantInput() {
	prompted := slices.ContainsFunc(prompts, func(name string) bool { return c.param(name).kind != 0 })
	if prompted {
		c.exactlyOne(prompts...)
	}
	c.oneOf("StoreInput", "True", "False", "true", "false")
	if !prompted && c.param("EnableDTMFBuffer").present() {
		return
	}
	if !c.param("InputTimeLimitSeconds").present() {
		c.missing(c.paramPath("InputTimeLimitSeconds"))
	}
	c.integer("InputTimeLimitSeconds", 1, maxWait)
	store, _ := c.param("StoreInput").scalar()
	if !strings.EqualFold(store, "true") {
		c.needError("NoMatchingCondition")
		c.needError("InputTimeLimitExceeded")
		if c.param("InputValidation").kind != 0 {
			c.badValue(c.path(".Parameters"))
		}
		return
	}
	c.noConditions()
	for _, name := range []string{"NoMatchingCondition", "InputTimeLimitExceeded"} {
		if c.a.errorBranch(name) != nil {
			c.invalidError(name)
		}
	}
	validation := c.param("InputValidation")
	if validation.kind == 0 {
		c.missing(c.paramPath("InputValidation"))
	}
	if validation.get("PhoneNumberValidation").kind != 0 {
		c.needError("InvalidPhoneNumber")
	}
}

func (c *checker) contactAttributes() {
	c.oneOf("TargetContact", "Current", "Related")
	attributes := c.param("Attributes")
	if attributes.kind != '{' || len(attributes.names) == 0 {
		if attributes.kind != 0 {
			c.badValue(c.paramPath("Attributes"))
		}
		return
	}
	for i, name := range attributes.names {
		c.attributeName(name, "Attributes")
		switch v := &attributes.kids[i]; {
		case v.kind == '"' && v.text == "":
			c.report("Empty value in Parameters.Attributes", c.paramPath("Attributes"))
		case v.kind != '"' && v.kind != '0' && v.kind != 't':
			c.badValue(c.paramPath("Attributes." + name))
		}
	}
}

// attributeName: what is literal in a name has no $ and no dot.
func (c *checker) attributeName(name, parameter string) {
	for _, p := range newText(name).parts {
		if strings.ContainsAny(p.literal, "$.") {
			c.report("Invalid Action property name. Path: "+c.paramPath(parameter+"."+name), c.paramPath(parameter+"."+name))
		}
	}
}

func (c *checker) flowAttributes() {
	attributes := c.param("FlowAttributes")
	if attributes.kind != '{' || len(attributes.names) == 0 {
		if attributes.kind != 0 {
			c.badValue(c.paramPath("FlowAttributes"))
		}
		return
	}
	for i, name := range attributes.names {
		c.attributeName(name, "FlowAttributes")
		v := &attributes.kids[i]
		if v.kind != '{' || v.get("Value").kind == 0 {
			c.badValue(c.paramPath("FlowAttributes." + name))
			continue
		}
		if t := v.get("Type"); t.kind != 0 && t.text != "String" {
			c.badValue(c.paramPath("FlowAttributes." + name + ".Type"))
		}
	}
}

// eventHooks: one hook is set, or switched off. EventHooksConfiguration, which
// does that, is let through, for console exports carry it.
func (c *checker) eventHooks() {
	parameter := "EventHooks"
	if !c.param(parameter).present() {
		parameter = "EventHooksConfiguration"
	}
	entries := c.param(parameter)
	switch {
	case !entries.present():
		c.missing(c.paramPath("EventHooks"))
		return
	case len(entries.names) != 1:
		c.badValue(c.paramPath(parameter))
		return
	}
	hook := entries.names[0]
	if _, known := hooks[hook]; !known {
		c.report("Invalid Action property name. Path: "+c.paramPath(parameter+"."+hook), c.paramPath(parameter+"."+hook))
	} else if parameter != "EventHooks" && !switchesOff(&c.a.params, hook) {
		c.missing(c.paramPath("EventHooks"))
	}
}

func (c *checker) queueOrAgent() { c.exactlyOne("QueueId", "AgentId") }

// maxTags is the most tags a TagContact may set.
const maxTags = 6

func (c *checker) tags() {
	if len(c.param("Tags").names) > maxTags {
		c.report("More than 6 tags in Parameters.Tags", c.paramPath("Tags"))
	}
}

func (c *checker) comparisonValue() {
	v := c.param("ComparisonValue")
	if v.kind == 0 || v.kind == '"' && v.text == "" {
		return // reported already
	}
	ref := wholeReference(v.text)
	if ref == nil || len(ref.path) == 0 && ref.kind != leaf && !c.asksForKeys() {
		c.badValue(c.paramPath("ComparisonValue"))
	}
}

// asksForKeys: KeyExists alone is asked of a whole object.
func (c *checker) asksForKeys() bool {
	return slices.ContainsFunc(c.a.conditions, func(cond condition) bool { return cond.name == keyExists })
}

func (c *checker) invokeFlowModule() {
	if c.wrongShape("FlowModuleId") {
		c.badValue(c.paramPath("FlowModuleId"))
	}
	c.object("Input")
	for i := range c.a.conditions {
		if c.a.conditions[i].name != "Equals" {
			c.badValue(c.path(".Transitions.Conditions[" + strconv.Itoa(i) + "].Condition.Operator"))
		}
	}
}

func (c *checker) endFlowModule() {
	c.reference("Result")
	c.object("ResultData")
}

// object: a parameter that is an object, if it is there.
func (c *checker) object(name string) {
	if k := c.param(name).kind; k != 0 && k != 'n' && k != '{' {
		c.badValue(c.paramPath(name))
	}
}
