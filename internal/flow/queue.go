package flow

import (
	"encoding/json"
	"strconv"
)

var queued = refers{"QueueId", ResourceQueue}

// queueActions ask about hours and queues (developer guide, "Flow control
// actions").
var queueActions = []actionType{
	works(actionType{
		name:       "CheckHoursOfOperation",
		note:       "the hours named, or those of the working queue",
		params:     []string{"HoursOfOperationId"},
		refers:     []refers{{"HoursOfOperationId", ResourceHours}},
		errors:     onlyNoMatchingError,
		conditions: mustConditions,
		equals:     []string{"True", "False"},
		check:      func(c *checker) { c.reference("HoursOfOperationId") },
	}, newCheckHours),
	works(actionType{
		name: "CheckMetricData", module: "CheckStaffing",
		note:       "the queue named, or the working queue; ages are compared in milliseconds",
		params:     []string{"MetricType", "QueueId", "AgentId"},
		refers:     []refers{queued},
		required:   []string{"MetricType"},
		errors:     []string{noMatchingError, noMatchingCondition},
		conditions: mustConditions,
		check:      (*checker).metric,
	}, newCheckMetric),
	works(actionType{
		name:   "GetMetricData",
		note:   "the queue named, or the working queue",
		params: []string{"QueueId", "AgentId", "QueueChannel"},
		refers: []refers{queued},
		errors: onlyNoMatchingError,
		check:  (*checker).metricData,
	}, newGetMetrics),
}

type checkHours struct{ hours dynamic }

func newCheckHours(p params) step { return checkHours{p.dynamic("HoursOfOperationId")} }

func (c checkHours) run(r *run) outcome {
	id, ok := c.hours.resolve(&r.s)
	if !ok && c.hours.present() {
		return fail("the hours of operation are empty")
	}
	return r.ask(CheckHours{HoursID: id})
}

func (c checkHours) resume(_ *run, e Event) (outcome, bool) { return askedFor(e) }

// askedFor is how a step that asks for a result resumes.
func askedFor(e Event) (outcome, bool) {
	if g, granted := e.(Granted); granted {
		return result(g.Result), true
	}
	return answered(e)
}

// whose is the queue that an action asks about: one named, that of an agent, or
// the working queue.
type whose struct{ queue, agent dynamic }

func newWhose(p params) whose { return whose{queue: p.dynamic("QueueId"), agent: p.dynamic("AgentId")} }

// resolve: a queue that is named and resolves to nothing is an error, and never
// the working queue.
func (w whose) resolve(s *State) (queueID, agentID string, ok bool) {
	queueID, queue := w.queue.resolve(s)
	agentID, agent := w.agent.resolve(s)
	return queueID, agentID, queue == w.queue.present() && agent == w.agent.present()
}

const noQueue = "the queue is empty"

// The metrics that can be checked. Those of agents are only asked whether there
// are any.
const oldestContact = "OldestContactInQueueAgeSeconds"

var metrics = map[string]bool{ // whether it counts agents
	"NumberOfAgentsAvailable": true, "NumberOfAgentsStaffed": true, "NumberOfAgentsOnline": true,
	oldestContact: false, "NumberOfContactsInQueue": false,
}

type checkMetric struct {
	metric string
	whose
}

func newCheckMetric(p params) step {
	return checkMetric{metric: p.static("MetricType"), whose: newWhose(p)}
}

func (c checkMetric) run(r *run) outcome {
	if _, known := metrics[c.metric]; !known {
		return fail("there is no such metric")
	}
	queue, agent, ok := c.resolve(&r.s)
	if !ok {
		return fail(noQueue)
	}
	return r.ask(CheckMetric{Metric: c.metric, QueueID: queue, AgentID: agent})
}

// resume: the operands of ages are milliseconds, as the service's sample flows
// have them, whatever the metric's name says.
func (c checkMetric) resume(_ *run, e Event) (outcome, bool) {
	g, granted := e.(Granted)
	if !granted {
		return answered(e)
	}
	n, ok := number(g.Result)
	if !ok {
		return fail("the metric has no value"), true
	}
	if c.metric == oldestContact {
		n *= 1000
	}
	return result(strconv.FormatFloat(n, 'f', -1, 64)), true
}

type getMetrics struct {
	whose
	channel dynamic
}

func newGetMetrics(p params) step {
	return getMetrics{whose: newWhose(p), channel: p.dynamic("QueueChannel")}
}

func (g getMetrics) run(r *run) outcome {
	queue, agent, ok := g.resolve(&r.s)
	channel, named := g.channel.resolve(&r.s)
	if !ok || named != g.channel.present() {
		return fail(noQueue)
	}
	return r.ask(GetMetrics{QueueID: queue, AgentID: agent, Channel: channel})
}

// resume: figures that are empty are an error.
func (g getMetrics) resume(r *run, e Event) (outcome, bool) {
	granted, ok := e.(Granted)
	if !ok {
		return answered(e)
	}
	figures, ok := facts(granted.Data)
	if c := (cursor[json.RawMessage]{src: figures}); !ok || !c.enter('}') {
		return fail("there are no metrics"), true
	}
	r.setData("Metrics", figures)
	return success, true
}

// metric: agents are counted only to ask whether there are any.
func (c *checker) metric() {
	name, ok := c.param("MetricType").scalar()
	agents, known := metrics[name]
	if ok && !known || c.wrongShape("MetricType") {
		c.badValue(c.paramPath("MetricType"))
	}
	c.queue()
	for i := range c.a.conditions {
		cond := &c.a.conditions[i]
		if agents && (cond.name != "NumberGreaterThan" || cond.operand.static() != "0") {
			c.badValue(c.path(".Transitions.Conditions[" + strconv.Itoa(i) + "].Condition"))
		}
	}
}

func (c *checker) metricData() {
	c.queue()
	c.reference("QueueChannel")
}

// queue: the parameters of whose.
func (c *checker) queue() {
	c.reference("QueueId")
	c.reference("AgentId")
	if c.param("QueueId").present() && c.param("AgentId").present() {
		c.report("Only one of these properties may be defined. Properties: [QueueId, AgentId]", c.path(".Parameters"))
	}
}
