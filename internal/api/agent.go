package api

import (
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/wire"
	"github.com/parley-chat/parley/internal/wire/connect"
)

// Agents at work: their status, and the contacts that they have.
var agentOps = map[string]handler{
	"AssociateContactWithUser": does[connect.AssociateContactWithUserOutput](func(c call, in *connect.AssociateContactWithUserInput) error {
		return c.Agents.Offer(c.ctx(), c.at, contactID(in.ContactId), userID(in.UserId), 0)
	}),
	"DismissUserContact": does[connect.DismissUserContactOutput](func(c call, in *connect.DismissUserContactInput) error {
		return c.Agents.Dismiss(c.ctx(), c.at, userID(in.UserId), contactID(in.ContactId))
	}),
	"MonitorContact": answers(monitorContact),
	"PutUserStatus": does[connect.PutUserStatusOutput](func(c call, in *connect.PutUserStatusInput) error {
		return c.Agents.SetStatus(c.ctx(), c.at, userID(in.UserId), catalog.AgentStatuses.ParseID(*in.AgentStatusId), false)
	}),
}

func monitorContact(c call, in *connect.MonitorContactInput) (*connect.MonitorContactOutput, error) {
	id, err := c.Agents.Monitor(c.ctx(), c.at, chat.MonitorRequest{
		Contact: contactID(in.ContactId), User: userID(in.UserId), Capabilities: in.AllowedMonitorCapabilities, ClientToken: value(in.ClientToken),
	})
	if err != nil {
		return nil, err
	}
	arn := c.Partition.ContactARN(c.at, id)
	return &connect.MonitorContactOutput{ContactId: text(id), ContactArn: &arn}, nil
}

func userID(s *string) center.UserID { return center.UserID(catalog.Users.ParseID(value(s))) }

// reconfigured adapts operations on users and routing profiles: agents at work are told of what they have changed.
func reconfigured(ops map[string]handler) map[string]handler {
	for name, tell := range map[string]func(c call, id string) error{
		"AssociateUserProficiencies": tellAgent, "DisassociateUserProficiencies": tellAgent, "UpdateUserProficiencies": tellAgent,
		"UpdateUserConfig": tellAgent, "UpdateUserHierarchy": tellAgent, "UpdateUserIdentityInfo": tellAgent, "UpdateUserPhoneConfig": tellAgent,
		"UpdateUserRoutingProfile": tellAgent,

		"AssociateRoutingProfileQueues": tellAgents, "DisassociateRoutingProfileQueues": tellAgents, "UpdateRoutingProfileConcurrency": tellAgents,
		"UpdateRoutingProfileDefaultOutboundQueue": tellAgents, "UpdateRoutingProfileName": tellAgents, "UpdateRoutingProfileQueues": tellAgents,
		"UpdateRoutingProfileAgentAvailabilityTimer": tellAgents,
	} {
		if op, ok := ops[name]; ok {
			ops[name] = func(a *API, x *exchange, in wire.Input) (wire.Output, error) {
				out, err := op(a, x, in)
				if on, ok := in.(onResource); ok && err == nil {
					err = tell(call{a, x, center.ParseInstance(on.AtInstance())}, on.OnResource())
				}
				return out, err
			}
		}
	}
	return ops
}

func tellAgent(c call, id string) error { return c.Agents.Reconfigured(c.ctx(), c.at, userID(&id)) }

func tellAgents(c call, id string) error {
	return c.Agents.ProfileReconfigured(c.ctx(), c.at, center.RoutingProfileID(catalog.RoutingProfiles.ParseID(id)))
}
