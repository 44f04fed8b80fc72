package desk

import (
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
)

// monitors is what the operations of supervisors need.
var monitors = [][]string{{center.PermitAgent}, {center.PermitMonitor}}

var monitorRoutes = []route{
	row("POST", "contacts/{contact}/monitor", monitors, "Lets a supervisor read a contact along.", (*call).monitor).refuses(center.ContactNotFound, center.InvalidRequest, center.QuotaExceeded),
	row("PUT", "contacts/{contact}/monitor", monitors, "Lets a supervisor barge into the conversation, or fall silent again.", (*call).setMonitorMode).refuses(center.ContactNotFound, center.InvalidState),
}

type monitoredInput struct {
	Contact string `path:"contact" about:"The id of any contact of the instance that an agent is connected to."`
}

// monitor is MonitorContact for the caller: any contact of the instance that an agent is connected to. The contact that is made
// for that is one of the caller's from then on.
func (c *call) monitor(in monitoredInput) (connectOutput, error) {
	ctx, at := c.r.Context(), c.who.Instance
	instance, err := c.Catalog.Instance(ctx, at)
	if err != nil {
		return connectOutput{}, err
	}
	capabilities := []string{center.MonitorSilent}
	if instance.Has(center.EnhancedChatMonitoring) && mayAll(&c.who, rights[rightBarge]) {
		capabilities = append(capabilities, center.MonitorBarge)
	}
	made, err := c.Agents.Monitor(ctx, at, chat.MonitorRequest{
		Contact: center.ContactID(strings.ToLower(in.Contact)), User: c.who.User, Capabilities: capabilities,
	})
	if center.Is(err, center.NotFound) {
		err = center.Refuse(center.ContactNotFound, "The instance has no contact %s", center.Printable(in.Contact))
	}
	return connectOutput{made}, err
}

type monitorInput struct {
	contactInput
	Mode string `json:"targetMonitorMode" about:"BARGE or SILENT_MONITOR."`
}

// setMonitorMode is updateMonitorParticipantState of agents' clients: a supervisor barges in, or falls silent again.
func (c *call) setMonitorMode(in monitorInput) (empty, error) {
	slot, err := c.own(in.Contact)
	if err != nil {
		return empty{}, err
	}
	if slot.Monitor == "" {
		return empty{}, center.Refuse(center.InvalidState, "The contact %s does not monitor another one", slot.Contact)
	}
	if in.Mode == center.MonitorBarge {
		if err := mayEach(&c.who, rights[rightBarge]); err != nil {
			return empty{}, err
		}
	}
	return empty{}, c.Agents.SetMonitorMode(c.r.Context(), c.who.Instance, c.who.User, slot.Contact, in.Mode)
}
