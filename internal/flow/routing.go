package flow

import "math"

// What a flow says about where the contact waits (developer guide, "Contact
// actions"). Which queues there are, and who may wait in them, only the caller
// knows: these steps ask.

// routingTarget is a queue, or the queue of an agent; an id or an ARN.
type routingTarget struct{ queue, agent dynamic }

func newRoutingTarget(p params) routingTarget {
	return routingTarget{queue: p.dynamic("QueueId"), agent: p.dynamic("AgentId")}
}

// resolve is one of the two ids, or why there is none.
func (t routingTarget) resolve(s *State) (queueID, agentID, why string) {
	if t.queue.present() && t.agent.present() {
		return "", "", "both a queue and an agent are named"
	}
	queueID, named := t.queue.resolve(s)
	if !named {
		agentID, named = t.agent.resolve(s)
	}
	if !named {
		return "", "", "the queue is empty"
	}
	return queueID, agentID, ""
}

type updateContactTargetQueue struct{ target routingTarget }

func newUpdateContactTargetQueue(p params) step {
	return updateContactTargetQueue{newRoutingTarget(p)}
}

func (u updateContactTargetQueue) run(r *run) outcome {
	queueID, agentID, why := u.target.resolve(&r.s)
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

type dequeueContactAndTransferToQueue struct{ target routingTarget }

func newDequeueContactAndTransferToQueue(p params) step {
	return dequeueContactAndTransferToQueue{newRoutingTarget(p)}
}

func (d dequeueContactAndTransferToQueue) run(r *run) outcome {
	queueID, agentID, why := d.target.resolve(&r.s)
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
