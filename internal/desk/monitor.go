package desk

import (
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
)

// monitors is what the operations of supervisors need.
var monitors = [][]string{{center.PermitAgent}, {center.PermitMonitor}}

var monitorRoutes = []route{
	{method: "POST", path: Prefix + "contacts/{contact}/monitor", needs: monitors, do: (*call).monitor},
	{method: "PUT", path: Prefix + "contacts/{contact}/monitor", needs: monitors, do: (*call).setMonitorMode},
}

// monitor is MonitorContact for the caller: any contact of the instance that an agent is connected to. The contact that is made
// for that is one of the caller's from then on.
func (c *call) monitor() (any, error) {
	if err := c.body(maxBody, &empty{}); err != nil {
		return nil, err
	}
	ctx, at := c.r.Context(), c.who.Instance
	instance, err := c.Catalog.Instance(ctx, at)
	if err != nil {
		return nil, err
	}
	capabilities := []string{center.MonitorSilent}
	if instance.Has(center.EnhancedChatMonitoring) && c.who.Has(center.PermitBarge) {
		capabilities = append(capabilities, center.MonitorBarge)
	}
	made, err := c.Agents.Monitor(ctx, at, chat.MonitorRequest{
		Contact: center.ContactID(strings.ToLower(c.r.PathValue("contact"))), User: c.who.User, Capabilities: capabilities,
	})
	if center.Is(err, center.NotFound) {
		err = center.Refuse(center.ContactNotFound, "The instance has no contact %s", center.Printable(c.r.PathValue("contact")))
	}
	return connectOutput{made}, err
}

type monitorInput struct {
	Mode string `json:"targetMonitorMode"`
}

// setMonitorMode is updateMonitorParticipantState of agents' clients: a supervisor barges in, or falls silent again.
func (c *call) setMonitorMode() (any, error) {
	slot, err := c.own()
	if err != nil {
		return nil, err
	}
	var in monitorInput
	if err := c.body(maxBody, &in); err != nil {
		return nil, err
	}
	if slot.Monitor == "" {
		return nil, center.Refuse(center.InvalidState, "The contact %s does not monitor another one", slot.Contact)
	}
	if in.Mode == center.MonitorBarge {
		if err := c.who.May(center.PermitBarge); err != nil {
			return nil, err
		}
	}
	return empty{}, c.Agents.SetMonitorMode(c.r.Context(), c.who.Instance, c.who.User, slot.Contact, in.Mode)
}
