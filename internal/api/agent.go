package api

import (
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
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
