package chat

import (
	"context"
	"slices"

	"github.com/parley-chat/parley/internal/center"
)

// What agents do by quick connects.

// destination is where a quick connect leads to, and the flow that takes a contact there.
type destination struct {
	*center.QuickConnect
	flow runnable
}

// connectFlows are the types of flows of the types of quick connects that chats can use.
var connectFlows = map[string]string{
	center.QuickConnectQueue: "QUEUE_TRANSFER",
	center.QuickConnectUser:  typeAgentTransfer,
	center.QuickConnectFlow:  center.TypeContactFlow,
}

// destination finds a quick connect that an agent may use, and refuses one that leads nowhere.
func (a *Agents) destination(ctx context.Context, at center.InstanceID, agent center.UserID, quickConnect string) (*destination, error) {
	w, err := a.catalog.Worker(ctx, at, agent)
	if err != nil {
		return nil, err
	}
	to, err := a.catalog.QuickConnectOf(ctx, at, &w.User, quickConnect)
	if err != nil {
		return nil, err
	}
	need, ok := connectFlows[to.Type]
	if !ok {
		return nil, center.Refuse(center.BadEndpoint, "the quick connect %s is of the type %s, to which no chat can go", to.Name, to.Type)
	}
	if to.Type == center.QuickConnectUser {
		if center.UserID(to.User) == agent {
			return nil, center.Refuse(center.BadEndpoint, "the quick connect %s leads to the agent who uses it", to.Name)
		}
		if _, err := a.catalog.Worker(ctx, at, center.UserID(to.User)); center.Is(err, center.NotFound) {
			return nil, center.Refuse(center.BadEndpoint, "the quick connect %s leads to a user who does not exist any more", to.Name)
		} else if err != nil {
			return nil, err
		}
	}
	f, content, err := a.catalog.FlowToRun(ctx, at, to.Flow)
	if center.Refused(err) {
		return nil, center.Refuse(center.BadEndpoint, "the flow of the quick connect %s does not exist any more, or is not published", to.Name)
	}
	if err != nil {
		return nil, err
	}
	if f.Type != need {
		return nil, center.Refuse(center.BadEndpoint, "the flow of the quick connect %s is of the type %s; the type %s needs %s", to.Name, f.Type, to.Type, need)
	}
	return &destination{to, runnable{string(f.ID), f, content}}, nil
}

// byQuickConnect lets decide work on the chat of a contact of an agent, towards a quick connect.
func (a *Agents) byQuickConnect(ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID, quickConnect string, decide func(*turn, *destination) error) error {
	chat, err := a.chatOf(ctx, at, contact)
	if err != nil {
		return err
	}
	to, err := a.destination(ctx, at, agent, quickConnect)
	if err != nil {
		return err
	}
	return a.change(ctx, chat, func(t *turn) error {
		if _, err := t.Chat.AgentIn(contact, agent); err != nil {
			return err
		}
		if t.agentFlow() {
			return center.Refuse(center.InvalidState, "a flow that an agent has started is under way in the chat; it must end or be cancelled before")
		}
		return decide(t, to)
	}, agent)
}

// agentFlow says that a flow goes on that an agent has started.
func (t *turn) agentFlow() bool {
	t.keep()
	return slices.ContainsFunc(t.all, func(r *run) bool { return r.Role == roleAgent })
}

// notFlow refuses a quick connect of the type FLOW, which is no transfer.
func (to *destination) notFlow() error {
	if to.Type == center.QuickConnectFlow {
		return center.Refuse(center.BadEndpoint, "the quick connect %s is of the type %s: its flow runs beside the conversation, and nothing is transferred", to.Name, to.Type)
	}
	return nil
}

// Transfer transfers the chat of a contact by a quick connect, and returns the contact that is made for that. Whether the
// transfer succeeds, its flow decides; what becomes of it is told in the chat. Source: agents.md 3.2, 3.3.
func (a *Agents) Transfer(ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID, quickConnect string) (next center.ContactID, err error) {
	err = a.byQuickConnect(ctx, at, agent, contact, quickConnect, func(t *turn, to *destination) error {
		if err := to.notFlow(); err != nil {
			return err
		}
		c, err := t.BeginTransfer(contact, agent, to.QuickConnect, to.flow.flow.ID)
		if err != nil {
			return err
		}
		next = c.ID
		return a.flows.startAs(t, next, roleConnect, to.flow)
	})
	return next, err
}

// Invite invites an agent into the conversation by a quick connect, and returns the contact that is made for that, by whose id
// the invitation can be taken back with [Agents.Remove]. Source: agents.md 3.5.
func (a *Agents) Invite(ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID, quickConnect string) (leg center.ContactID, err error) {
	in, err := a.catalog.Instance(ctx, at)
	if err != nil {
		return "", err
	}
	if !in.Has(center.MultiPartyChat) {
		return "", center.Refuse(center.QuotaExceeded, "a chat has two parties: the instance attribute %s is off", center.MultiPartyChat)
	}
	err = a.byQuickConnect(ctx, at, agent, contact, quickConnect, func(t *turn, to *destination) error {
		if err := to.notFlow(); err != nil {
			return err
		}
		c, err := t.Draft.Invite(contact, agent, to.QuickConnect, to.flow.flow.ID)
		if err != nil {
			return err
		}
		leg = c.ID
		return a.flows.startAs(t, leg, roleConnect, to.flow)
	})
	return leg, err
}

// completeTransfer makes the contact of the flow that is stepped the customer's. All other flows end: none of them goes on
// with it.
func (t *turn) completeTransfer() {
	t.CompleteTransfer(t.run.Of)
	r := *t.run
	r.Of = ""
	t.run = &r
	t.On("")
	t.endOtherRuns()
}

// Remove takes another participant out of the chat of a contact: on behalf of an agent any agent or the customer, on behalf of
// a supervisor who has barged in an agent. An agent who is invited and has not joined is named by the contact that Invite
// returned. Source: agents.md 3.5, 3.6.
func (a *Agents) Remove(ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID, participant center.ParticipantID) error {
	chat, err := a.chatOf(ctx, at, contact)
	if err != nil {
		return err
	}
	return a.change(ctx, chat, func(t *turn) error {
		if err := t.Draft.Remove(contact, agent, participant); err != nil {
			return err
		}
		return a.flows.agentLeft(t)
	}, agent)
}

// End ends the conversation of a contact on behalf of its agent: the customer and all others are taken out, and no disconnect
// flow runs. An agent who only leaves calls [Agents.Leave]. Source: agents.md 3.5.
func (a *Agents) End(ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID) error {
	chat, err := a.chatOf(ctx, at, contact)
	if err != nil {
		return err
	}
	return a.change(ctx, chat, func(t *turn) error {
		customer, ok := t.Chat.With(center.RoleCustomer)
		if !ok {
			return center.Refuse(center.InvalidState, "the customer has left the contact %s already", contact)
		}
		if err := t.Draft.Remove(contact, agent, customer.ID); err != nil {
			return err
		}
		return a.flows.agentLeft(t)
	}, agent)
}

// StartFlow starts the flow of a quick connect of the type FLOW beside the conversation. Source: admin guide, "Agent-initiated
// flows".
func (a *Agents) StartFlow(ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID, quickConnect string) error {
	return a.byQuickConnect(ctx, at, agent, contact, quickConnect, func(t *turn, to *destination) error {
		if to.Type != center.QuickConnectFlow {
			return center.Refuse(center.BadEndpoint, "the quick connect %s is of the type %s, not %s", to.Name, to.Type, center.QuickConnectFlow)
		}
		if err := t.BeginAgentFlow(contact, agent); err != nil {
			return err
		}
		return a.flows.startAs(t, "", roleAgent, to.flow)
	})
}

// CancelFlow ends the flow that an agent has started beside the conversation.
func (a *Agents) CancelFlow(ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID) error {
	chat, err := a.chatOf(ctx, at, contact)
	if err != nil {
		return err
	}
	return a.change(ctx, chat, func(t *turn) error {
		if _, err := t.Chat.AgentIn(contact, agent); err != nil {
			return err
		}
		if !t.agentFlow() {
			return center.Refuse(center.InvalidState, "no flow that an agent has started is under way in the chat")
		}
		t.endRunsThat(func(r *run) bool { return r.Role == roleAgent })
		return t.CancelAgentFlow(contact, agent)
	}, agent)
}

// NotForChat refuses what agents cannot do with a chat, as to hold or to consult. Source: agents.md 3.4.
func NotForChat(operation string) error {
	return center.Refuse(center.InvalidContactType, "%s is not for contacts of the type chat", operation)
}
