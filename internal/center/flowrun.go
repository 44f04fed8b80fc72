package center

import "slices"

// FlowRun is one run of a flow or of a module. It begins and ends with a contact at the latest.
type FlowRun struct {
	Number  int       `json:"n"` // within the chat, from 1
	In      int       `json:"r"` // the chat's run that it is part of
	Contact ContactID `json:"c"`
	// Resource and Type are the flow's, also for a module that runs in it. Module is "" for a flow.
	Resource     FlowID  `json:"f"`
	Module       string  `json:"m,omitempty"`
	Type         string  `json:"t"`
	Started      int64   `json:"s"`           // milliseconds since 1970
	Ended        int64   `json:"e,omitempty"` // likewise, 0 while it goes on
	Outcome      string  `json:"o,omitempty"`
	NextResource FlowID  `json:"nf,omitempty"`
	NextQueue    QueueID `json:"nq,omitempty"`
	Kept         bool    `json:"k,omitempty"` // it has a row
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

// BeginFlow notes that a flow begins in the current contact, as the run of the chat with the given number.
func (d *Draft) BeginFlow(in int, f FlowID, flowType string) {
	d.beginRun(FlowRun{In: in, Resource: f, Type: flowType})
}

// BeginModule notes that a module begins within the chat's run. Of a flow of which nothing was noted, because it began in
// an older version of the program, its modules are not either.
func (d *Draft) BeginModule(in int, module string) {
	if i := d.innermost(in); i >= 0 {
		d.beginRun(FlowRun{In: in, Resource: d.Chat.FlowRuns[i].Resource, Type: d.Chat.FlowRuns[i].Type, Module: module})
	}
}

func (d *Draft) beginRun(r FlowRun) {
	c := d.Edit()
	c.FlowRunsBegun++
	r.Number, r.Contact, r.Started = c.FlowRunsBegun, d.Subject().ID, d.Now.UnixMilli()
	c.FlowRuns = append(slices.Clip(c.FlowRuns), r)
}

// EndModule notes that the innermost module of the chat's run has returned.
func (d *Draft) EndModule(in int) {
	if i := d.innermost(in); i >= 0 && d.Chat.FlowRuns[i].Module != "" {
		d.endRun(i, OutcomeReturned, "", "")
	}
}

// EndFlows notes that the flow of the chat's run, with all its modules, is over; next is where the contact went, if it went on.
func (d *Draft) EndFlows(in int, outcome string, flow FlowID, queue QueueID) {
	for i := d.innermost(in); i >= 0; i = d.innermost(in) {
		d.endRun(i, outcome, flow, queue)
	}
}

// endAllFlows is EndFlows for all runs of the chat.
func (d *Draft) endAllFlows(outcome string) {
	for i := range d.Chat.FlowRuns {
		if d.Chat.FlowRuns[i].Ended == 0 {
			d.endRun(i, outcome, "", "")
		}
	}
}

func (d *Draft) endRun(i int, outcome string, flow FlowID, queue QueueID) {
	c := d.Edit()
	c.FlowRuns = slices.Clone(c.FlowRuns)
	r := &c.FlowRuns[i]
	r.Ended, r.Outcome, r.NextResource, r.NextQueue = d.Now.UnixMilli(), outcome, flow, queue
}

// innermost is the one that began last of those of a run of the chat that go on, -1 when none does.
func (d *Draft) innermost(in int) int {
	for i := len(d.Chat.FlowRuns) - 1; i >= 0; i-- {
		if d.Chat.FlowRuns[i].In == in && d.Chat.FlowRuns[i].Ended == 0 {
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
		if d.Chat.FlowRuns[i].Ended != 0 {
			over++
		}
	}
	if len(d.Chat.FlowRuns) == 0 || len(d.change.Contacts) == 0 && over < maxRunsUnkept {
		return
	}
	c := d.Edit()
	var open []FlowRun
	for _, r := range c.FlowRuns {
		if !r.Kept || r.Ended != 0 {
			r.Kept = true
			d.change.FlowRuns = append(d.change.FlowRuns, r)
		}
		if r.Ended == 0 {
			open = append(open, r)
		}
	}
	c.FlowRuns = open
}
