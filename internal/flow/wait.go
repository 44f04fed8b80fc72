package flow

import (
	"strconv"
	"strings"
	"time"
)

// waitActions suspend a flow for a time (developer guide, "Wait"; the service
// takes TimeLimitSeconds where the guide says TimeoutSeconds).
var waitActions = []actionType{
	works(actionType{
		name:       "Wait",
		note:       "with ContinueExecution its Continue branch runs while the wait goes on",
		params:     []string{"TimeLimitSeconds", "Events", "ContinueExecution", "MinimumWaitTimeSeconds"},
		required:   []string{"TimeLimitSeconds"},
		errors:     onlyNoMatchingError,
		mayErrors:  []string{participantNotFound},
		conditions: mustConditions,
		check:      (*checker).wait,
	}, newWait),
}

const (
	minWait = 1
	maxWait = 604_800 // seven days

	waitCompleted              = "WaitCompleted"
	customerReturned           = "CustomerReturned"
	botParticipantDisconnected = "BotParticipantDisconnected"
	keepRunning                = "Continue"
	participantNotFound        = "ParticipantNotFound"
)

// wait suspends the flow until a time or an event. In its mode that keeps
// running (admin guide, "Flow block: Wait") the flow takes the branch Continue
// "temporarily": what it leads to runs, and when the time is over it is
// broken off, wherever it is, for the branch WaitCompleted. Where it has nowhere
// to go on, the flow waits as it would without it; a Wait or a module in it is
// an error (both inferred).
type wait struct {
	limit        dynamic
	forCustomer  bool
	forBot       bool
	keepsRunning bool
}

func newWait(p params) step {
	w := wait{limit: p.dynamic("TimeLimitSeconds"), keepsRunning: continues(p.get("ContinueExecution"))}
	for _, e := range p.get("Events").kids {
		w.forCustomer = w.forCustomer || e.text == customerReturned
		w.forBot = w.forBot || e.text == botParticipantDisconnected
	}
	return w
}

// continues: no published flow has the parameter, so any value but a "no" counts
// (inferred).
func continues(n *node) bool {
	v, ok := n.scalar()
	return n.present() && !(ok && strings.EqualFold(v, "false"))
}

func (w wait) run(r *run) outcome {
	limit, ok := integer(w.limit, &r.s, minWait, maxWait)
	switch {
	case r.s.Behind != nil:
		return fail("a wait goes on already")
	case !ok:
		return fail("the time limit is not a number from 1 to 604800")
	case w.forBot && !r.s.Contact.CustomParticipant:
		return outcome{ending: failed, name: participantNotFound, why: "there is no custom participant"}
	}
	steps, messages := r.s.Steps, r.s.Messages
	o := r.listen(time.Duration(limit) * time.Second)
	if w.keepsRunning {
		r.s.Steps, r.s.Messages = steps, messages // the flow has not waited yet
		r.s.Behind, r.s.Waiting = &Behind{At: r.current.id, Waiting: *r.s.Waiting}, nil
		return result(keepRunning)
	}
	return o
}

func (w wait) resume(r *run, e Event) (outcome, bool) {
	timer := r.s.Waiting.Timer
	switch e := e.(type) {
	case TimerFired:
		return result(waitCompleted), e.ID == timer
	case CustomerMessage:
		return w.interrupted(r, customerReturned, w.forCustomer)
	case CustomParticipantLeft:
		return w.interrupted(r, botParticipantDisconnected, w.forBot)
	}
	return outcome{}, false
}

func (w wait) interrupted(r *run, by string, wanted bool) (outcome, bool) {
	if wanted {
		r.unlisten()
	}
	return result(by), wanted
}

// ended says whether e is the end of the wait.
func (b *Behind) ended(e Event) bool {
	t, ok := e.(TimerFired)
	return ok && t.ID == b.Waiting.Timer
}

// standBack leaves the flow to the wait behind it.
func (r *run) standBack() {
	waiting := r.s.Behind.Waiting
	r.s.At, r.s.Waiting, r.s.Behind = r.s.Behind.At, &waiting, nil
	r.s.Steps, r.s.Messages = 0, 0
}

// stepBack breaks off what the flow waits for, for the wait behind it.
func (r *run) stepBack() {
	r.unlisten()
	r.standBack()
}

func (c *checker) wait() {
	c.integer("TimeLimitSeconds", minWait, maxWait)
	operands := []string{waitCompleted}
	for i, e := range c.param("Events").kids {
		switch e.text {
		case botParticipantDisconnected:
			c.needError(participantNotFound)
			operands = append(operands, e.text)
		case customerReturned:
			operands = append(operands, e.text)
		default:
			c.badValue(c.paramPath("Events[" + strconv.Itoa(i) + "]"))
		}
	}
	if continues(c.param("ContinueExecution")) {
		if c.param("MinimumWaitTimeSeconds").kind == 0 {
			c.missing(c.paramPath("MinimumWaitTimeSeconds"))
		}
		c.integer("MinimumWaitTimeSeconds", 0, maxWait)
		operands = append(operands, keepRunning)
	}
	c.onlyEquals(operands)
}
