package desk

import (
	"context"
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
)

// agents is what the operations of an agent's own desk need.
var agents = [][]string{{center.PermitAgent}}

var contactRoutes = []route{
	{method: "GET", path: Prefix + "snapshot", needs: agents, do: (*call).showDesktop},
	{method: "GET", path: Prefix + "contacts/{contact}", needs: agents, do: (*call).showContact},
	{method: "GET", path: Prefix + "contacts/{contact}/attributes", needs: agents, do: (*call).showAttributes},
	{method: "GET", path: Prefix + "contacts/{contact}/transcript", needs: agents, do: (*call).showTranscript},
	{method: "POST", path: Prefix + "contacts/{contact}/token", needs: agents, do: (*call).giveToken},
	{method: "POST", path: Prefix + "contacts/{contact}/accept", needs: agents, do: acts((*chat.Agents).Accept)},
	{method: "POST", path: Prefix + "contacts/{contact}/reject", needs: agents, do: acts((*chat.Agents).Reject)},
	{method: "POST", path: Prefix + "contacts/{contact}/leave", needs: agents, do: acts((*chat.Agents).Leave)},
	{method: "POST", path: Prefix + "contacts/{contact}/end", needs: agents, do: acts((*chat.Agents).End)},
	{method: "DELETE", path: Prefix + "contacts/{contact}/connections/{connection}", needs: agents, do: (*call).disconnect},
	{method: "POST", path: Prefix + "contacts/{contact}/clear", needs: agents, do: acts((*chat.Agents).Clear)},
	{method: "POST", path: Prefix + "contacts/{contact}/complete", needs: agents, do: (*call).complete},
	{method: "POST", path: Prefix + "contacts/{contact}/hold", needs: agents, do: notForChats("hold")},
	{method: "POST", path: Prefix + "contacts/{contact}/resume", needs: agents, do: notForChats("resume")},
	{method: "POST", path: Prefix + "contacts/{contact}/consult", needs: agents, do: notForChats("consult")},
}

// own finds one of the caller's contacts: what is not among them does not exist, wherever else it is.
func (c *call) own() (*center.AgentContact, error) {
	id := c.r.PathValue("contact")
	a, _, err := c.Staff.Agent(c.r.Context(), c.who.Instance, c.who.User)
	if err != nil {
		return nil, err
	}
	if slot, ok := a.Contact(center.ContactID(strings.ToLower(id))); ok {
		return slot, nil
	}
	return nil, center.Refuse(center.ContactNotFound, "The agent has no contact %s", center.Printable(id))
}

// acts adapts a decision about one of the caller's contacts.
func acts(decide func(a *chat.Agents, ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID) error) func(*call) (any, error) {
	return func(c *call) (any, error) {
		slot, err := c.own()
		if err == nil {
			err = c.body(maxBody, &empty{})
		}
		if err == nil {
			err = decide(c.Agents, c.r.Context(), c.who.Instance, c.who.User, slot.Contact)
		}
		if center.Is(err, center.NotFound) {
			// It went meanwhile, since another call was faster; or it is there to be cleared.
			if _, err = c.own(); err == nil {
				err = center.Refuse(center.InvalidState, "The contact %s is over for the agent", slot.Contact)
			}
		}
		return empty{}, err
	}
}

// complete is clear for what an agent has worked on: a supervisor's contact is only cleared.
func (c *call) complete() (any, error) {
	slot, err := c.own()
	if err != nil {
		return nil, err
	}
	if slot.Monitor != "" {
		return nil, center.Refuse(center.InvalidContactType, "The contact %s monitors another one: it is cleared, not completed", slot.Contact)
	}
	return acts((*chat.Agents).Clear)(c)
}

// disconnect is destroyConnection of agents' clients: the agent's own connection is left, of an offer it is rejected, and that
// of another participant is taken out.
func (c *call) disconnect() (any, error) {
	slot, err := c.own()
	if err != nil {
		return nil, err
	}
	whom := center.ParticipantID(strings.ToLower(c.r.PathValue("connection")))
	if whom == slot.Participant {
		return acts((*chat.Agents).Leave)(c)
	}
	return empty{}, c.Agents.Remove(c.r.Context(), c.who.Instance, c.who.User, slot.Contact, whom)
}

// notForChats is an operation that agents' clients know and that chats do not have.
func notForChats(operation string) func(*call) (any, error) {
	return func(c *call) (any, error) {
		if _, err := c.own(); err != nil {
			return nil, err
		}
		return nil, chat.NotForChat(operation)
	}
}

func (c *call) showDesktop() (any, error) { return c.desktop(c.r.Context(), &c.who, nil) }

func (c *call) showContact() (any, error) {
	slot, err := c.own()
	if err != nil {
		return nil, err
	}
	w, err := c.Catalog.Worker(c.r.Context(), c.who.Instance, c.who.User)
	if err != nil {
		return nil, err
	}
	return c.contactOf(c.r.Context(), &c.who, w, slot, nil)
}

func (c *call) showAttributes() (any, error) {
	slot, err := c.own()
	if err != nil {
		return nil, err
	}
	of, _, err := c.Chats.Contact(c.r.Context(), c.who.Instance, slot.Contact)
	if center.Is(err, center.NotFound) {
		err = center.Refuse(center.ContactNotFound, "The chat of the contact %s was erased", slot.Contact)
	}
	if err != nil {
		return nil, err
	}
	all := attributesOf(of, slot)
	if all == nil {
		all = map[string]string{}
	}
	return map[string]any{"attributes": all}, nil
}

type tokenOutput struct {
	Participant  center.ParticipantID `json:"participantId"`
	Connection   string               `json:"connectionData"`
	ChatToken    string               `json:"participantToken"` // as createTransport of agents' clients names it: the connection token
	ChatTokenEnd string               `json:"expiry"`
}

// giveToken gives the tokens of the agent's participant, from the offer on: clients ask once, and before they accept. They
// let nobody read or send before that.
func (c *call) giveToken() (any, error) {
	slot, err := c.own()
	if err != nil {
		return nil, err
	}
	data, err := c.connectionData(c.r.Context(), &c.who, slot.Contact)
	if err != nil {
		return nil, err
	}
	tokens, err := c.Agents.Credentials(c.r.Context(), c.who.Instance, c.who.User, slot.Contact)
	if err != nil {
		return nil, err
	}
	return tokenOutput{tokens.Participant, data, tokens.Connection.Token, center.FormatTime(tokens.Connection.TokenExpiry)}, nil
}
