package center

import "time"

// FlowRun is one run of a flow or of a module. It begins and ends with a contact at the latest.
type FlowRun struct {
	Number  int       `json:"n"` // within the chat, from 1
	Contact ContactID `json:"c"`
	// Resource and Type are the flow's, also for a module that runs in it. Module is "" for a flow.
	Resource     FlowID    `json:"f"`
	Module       string    `json:"m,omitempty"`
	Type         string    `json:"t"`
	Started      time.Time `json:"s"`
	Ended        time.Time `json:"e,omitzero"`
	Outcome      string    `json:"o,omitempty"`
	NextResource FlowID    `json:"nf,omitempty"`
	NextQueue    QueueID   `json:"nq,omitempty"`
	Kept         bool      `json:"k,omitempty"` // it has a row
}

// Outcomes of runs, as Amazon Connect's metrics spell them (admin guide, "Flows outcome").
const (
	OutcomeDropped      = "DROPPED" // the contact ended by another's doing
	OutcomeDisconnected = "DISCONNECTED_PARTICIPANT"
	OutcomeEnded        = "ENDED_FLOW_EXECUTION"
	OutcomeToFlow       = "TRANSFERED_TO_FLOW"
	OutcomeToQueue      = "TRANSFERED_TO_QUEUE"
	OutcomeReturned     = "RETURNED_TO_FLOW" // of a module
)

// maxRunsUnkept is how many runs of a chat may be over without having a row.
const maxRunsUnkept = 16

// BeginFlow notes that a flow begins in the current contact.
func (d *Draft) BeginFlow(f FlowID, flowType string) {
	d.beginRun(FlowRun{Resource: f, Type: flowType})
}

// BeginModule notes that a module begins in the innermost run. Of a flow of which nothing was noted, because it began in
// an older version of the program, its modules are not either.
func (d *Draft) BeginModule(module string) {
	if in := d.innermost(); in >= 0 {
		d.beginRun(FlowRun{Resource: d.Chat.FlowRuns[in].Resource, Type: d.Chat.FlowRuns[in].Type, Module: module})
	}
}

func (d *Draft) beginRun(r FlowRun) {
	c := d.Edit()
	c.FlowRunsBegun++
	r.Number, r.Contact, r.Started = c.FlowRunsBegun, c.Current().ID, d.Now
	c.FlowRuns = append(c.FlowRuns, r)
}

// EndModule notes that the innermost run, a module, has returned.
func (d *Draft) EndModule() {
	if in := d.innermost(); in >= 0 && d.Chat.FlowRuns[in].Module != "" {
		d.endRun(in, OutcomeReturned, "", "")
	}
}

// EndFlows notes that the flow, with all its modules, is over; next is where the contact went, if it went on.
func (d *Draft) EndFlows(outcome string, flow FlowID, queue QueueID) {
	for in := d.innermost(); in >= 0; in = d.innermost() {
		d.endRun(in, outcome, flow, queue)
	}
}

func (d *Draft) endRun(i int, outcome string, flow FlowID, queue QueueID) {
	r := &d.Edit().FlowRuns[i]
	r.Ended, r.Outcome, r.NextResource, r.NextQueue = d.Now, outcome, flow, queue
}

// innermost is the run that began last of those that go on, -1 when none does.
func (d *Draft) innermost() int {
	for i := len(d.Chat.FlowRuns) - 1; i >= 0; i-- {
		if d.Chat.FlowRuns[i].Ended.IsZero() {
			return i
		}
	}
	return -1
}

// keepRuns moves runs from the chat's state into rows: those that are over leave the state, and those that go on are
// noted as kept. It puts them when a contact's row is put in any case, or when many are waiting.
func (d *Draft) keepRuns() {
	over := 0
	for i := range d.Chat.FlowRuns {
		if !d.Chat.FlowRuns[i].Ended.IsZero() {
			over++
		}
	}
	if len(d.Chat.FlowRuns) == 0 || len(d.change.Contacts) == 0 && over < maxRunsUnkept {
		return
	}
	c := d.Edit()
	open := c.FlowRuns[:0]
	for _, r := range c.FlowRuns {
		if !r.Kept || !r.Ended.IsZero() {
			r.Kept = true
			d.change.FlowRuns = append(d.change.FlowRuns, r)
		}
		if r.Ended.IsZero() {
			open = append(open, r)
		}
	}
	c.FlowRuns = open
}
