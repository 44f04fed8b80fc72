package flow

import (
	"math"
	"slices"
	"strconv"
)

// What a flow says about where the contact waits (developer guide, "Contact
// actions"). Which queues there are, and who may wait in them, only the caller
// knows: these steps ask.

// destination is the queue that a contact is to wait in, or the agent whose
// queue it is. Exactly one must be named.
type destination struct{ whose }

// resolve is one of the two ids, or why there is none.
func (d destination) resolve(s *State) (queueID, agentID, why string) {
	queueID, agentID, ok := d.whose.resolve(s)
	switch {
	case !ok || queueID == "" && agentID == "":
		return "", "", noQueue
	case queueID != "" && agentID != "":
		return "", "", "both a queue and an agent are named"
	}
	return queueID, agentID, ""
}

type updateContactTargetQueue struct{ to destination }

func newUpdateContactTargetQueue(p params) step {
	return updateContactTargetQueue{destination{newWhose(p)}}
}

func (u updateContactTargetQueue) run(r *run) outcome {
	queueID, agentID, why := u.to.resolve(&r.s)
	if why != "" {
		return fail(why)
	}
	return r.ask(SetTargetQueue{QueueID: queueID, AgentID: agentID})
}

func (u updateContactTargetQueue) resume(_ *run, e Event) (outcome, bool) { return answered(e) }

// transferContactToQueue ends the flow when the contact could be queued: its
// NextAction is a copy of an error branch, as the console writes it.
type transferContactToQueue struct{}

func (transferContactToQueue) run(r *run) outcome { return r.ask(Enqueue{}) }

func (transferContactToQueue) resume(_ *run, e Event) (outcome, bool) { return transferred(e) }

type dequeueContactAndTransferToQueue struct{ to destination }

func newDequeueContactAndTransferToQueue(p params) step {
	return dequeueContactAndTransferToQueue{destination{newWhose(p)}}
}

func (d dequeueContactAndTransferToQueue) run(r *run) outcome {
	queueID, agentID, why := d.to.resolve(&r.s)
	if why != "" {
		return fail(why)
	}
	return r.ask(Requeue{QueueID: queueID, AgentID: agentID})
}

func (d dequeueContactAndTransferToQueue) resume(_ *run, e Event) (outcome, bool) {
	return transferred(e)
}

// transferred is how a step resumes that asked to have the contact go
// elsewhere: what was granted ends the flow, and no branch is taken.
func transferred(e Event) (outcome, bool) {
	if _, granted := e.(Granted); granted {
		return outcome{ending: terminal}, true
	}
	return answered(e)
}

// updateContactRoutingBehavior has no error branch: what cannot be read changes
// nothing, and the flow goes on.
type updateContactRoutingBehavior struct{ priority, adjustment dynamic }

func newUpdateContactRoutingBehavior(p params) step {
	return updateContactRoutingBehavior{
		priority:   p.dynamic("QueuePriority"),
		adjustment: p.dynamic("QueueTimeAdjustmentSeconds"),
	}
}

// The limits of QueuePriority and QueueTimeAdjustmentSeconds (API model,
// UpdateContactRoutingData). 1 is the highest priority.
const (
	minPriority   = 1
	maxPriority   = math.MaxInt64
	maxAdjustment = math.MaxInt32
)

func (u updateContactRoutingBehavior) run(r *run) outcome {
	if u.priority.present() {
		n, ok := integer(u.priority, &r.s, minPriority, maxPriority)
		if !ok {
			return fail("the priority is not a number from 1")
		}
		r.do(SetRouting{Priority: &n})
		return success
	}
	n, ok := integer(u.adjustment, &r.s, -maxAdjustment, maxAdjustment)
	if !ok {
		return fail("the adjustment is not a number of seconds")
	}
	r.do(SetRouting{TimeAdjustmentSeconds: &n})
	return success
}

// updateContactRoutingCriteria says which agents the contact asks for. The
// criteria count once the contact is queued, and agent queues know none
// (developer guide, "UpdateRoutingCriteria").
type updateContactRoutingCriteria struct{ criteria template }

// maxCriteria is the most bytes that criteria may have, their references
// resolved (inferred).
const maxCriteria = 32_768

func newUpdateContactRoutingCriteria(p params) step {
	return updateContactRoutingCriteria{p.template("RoutingCriteria")}
}

func (u updateContactRoutingCriteria) run(r *run) outcome {
	resolved, ok := u.criteria.resolve(&r.s, maxCriteria)
	if !ok {
		return fail("the criteria are too large")
	}
	n, err := readJSON([]byte(resolved))
	if err == nil && n.kind == '"' { // from an attribute, which is a text
		resolved = n.text
		n, err = readJSON([]byte(resolved))
	}
	if err != nil {
		return fail("there are no criteria")
	}
	if at := (criteria{}).wrong(&n); at != "" {
		return fail("the criteria are wrong at " + at)
	}
	r.do(SetRoutingCriteria{Criteria: resolved})
	return success
}

// criteria reads routing criteria. Its methods return the path of what cannot
// be, "" when all is right.
type criteria struct {
	written bool // as a flow has them: a whole reference may stand for any value
}

func (c criteria) open(n *node) bool {
	return c.written && n.kind == '"' && wholeReference(n.text) != nil
}

func (c criteria) wrong(n *node) string {
	steps := n.get("Steps")
	if c.open(n) || c.open(steps) {
		return ""
	}
	if steps.kind != '[' || len(steps.kids) == 0 || len(steps.kids) > maxCriteriaSteps {
		return "Steps"
	}
	for i := range steps.kids {
		at := "Steps[" + strconv.Itoa(i) + "]"
		expression := steps.kids[i].get("Expression")
		if wrong := c.expression(expression, at+".Expression", 0); wrong != "" {
			return wrong
		}
		if conditionsIn(expression) > maxStepConditions {
			return at + ".Expression"
		}
		expiry := steps.kids[i].get("Expiry")
		if !expiry.present() {
			continue
		}
		seconds := expiry.get("DurationInSeconds")
		v, _ := seconds.scalar()
		if n, err := strconv.Atoi(v); !c.open(seconds) && (err != nil || n < 0) {
			return at + ".Expiry.DurationInSeconds"
		}
	}
	return ""
}

const (
	maxCriteriaSteps  = 5  // (inferred)
	maxStepConditions = 50 // at any depth (inferred)
	maxExpressions    = 8  // how deep expressions may be nested (inferred)
)

// conditionsIn is how many conditions an expression has.
func conditionsIn(expression *node) (n int) {
	inner := &expression.kids[0]
	if inner.kind != '[' {
		return 1
	}
	for i := range inner.kids {
		n += conditionsIn(&inner.kids[i])
	}
	return n
}

// expression: it is one condition, or a list of expressions of which all or any
// must hold.
func (c criteria) expression(n *node, at string, depth int) (wrong string) {
	if len(n.names) != 1 || depth > maxExpressions {
		return at
	}
	name, v := n.names[0], &n.kids[0]
	switch name {
	case "AttributeCondition", "NotAttributeCondition":
		if member := c.attributeCondition(v); member != "" {
			return at + "." + name + "." + member
		}
		return ""
	case "AndExpression", "OrExpression":
		if v.kind != '[' || len(v.kids) == 0 {
			return at + "." + name
		}
		for i := range v.kids {
			if wrong := c.expression(&v.kids[i], at+"."+name+"["+strconv.Itoa(i)+"]", depth+1); wrong != "" {
				return wrong
			}
		}
		return ""
	}
	return at
}

// The limits of an agent's proficiency.
const (
	minProficiency = 1
	maxProficiency = 5
)

// attributeCondition: a proficiency of agents, or agents by their ids.
func (c criteria) attributeCondition(n *node) string {
	switch operator, _ := n.get("ComparisonOperator").scalar(); operator {
	case "Match":
		ids := n.get("MatchCriteria").get("AgentsCriteria").get("AgentIds")
		noID := func(id node) bool { return id.kind != '"' || id.text == "" }
		if !c.open(ids) && (ids.kind != '[' || len(ids.kids) == 0 || slices.ContainsFunc(ids.kids, noID)) {
			return "MatchCriteria.AgentsCriteria.AgentIds"
		}
		return ""
	case "NumberGreaterOrEqualTo", "Range":
		for _, name := range []string{"Name", "Value"} {
			if _, ok := n.get(name).scalar(); !ok {
				return name
			}
		}
		if operator == "Range" {
			return c.levelRange(n.get("Range"))
		}
		if _, ok := c.level(n.get("ProficiencyLevel")); !ok {
			return "ProficiencyLevel"
		}
		return ""
	}
	return "ComparisonOperator"
}

// levelRange: the levels from one to another (API Reference, Range).
func (c criteria) levelRange(n *node) string {
	low, ok := c.level(n.get("MinProficiencyLevel"))
	if !ok {
		return "Range.MinProficiencyLevel"
	}
	high, ok := c.level(n.get("MaxProficiencyLevel"))
	if !ok || low != 0 && high != 0 && high < low {
		return "Range.MaxProficiencyLevel"
	}
	return ""
}

// level is the level of a proficiency, 0 for one that is known later.
func (c criteria) level(n *node) (level float64, ok bool) {
	if c.open(n) {
		return 0, true
	}
	v, _ := n.scalar()
	level, ok = number(v)
	return level, ok && level >= minProficiency && level <= maxProficiency
}
