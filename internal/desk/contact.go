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
	row("GET", "snapshot", agents, "Shows all that a client shows.", (*call).showDesktop),
	row("GET", "contacts/{contact}", agents, "Shows a contact as in the snapshot.", (*call).showContact).refuses(center.ContactNotFound),
	row("GET", "contacts/{contact}/attributes", agents, "Shows the attributes of a contact.", (*call).showAttributes).refuses(center.ContactNotFound),
	row("GET", "contacts/{contact}/transcript", agents, "Shows a page of the transcript of a contact.", (*call).showTranscript).refuses(center.ContactNotFound, center.AccessDenied),
	row("POST", "contacts/{contact}/token", agents, "Gives the tokens with which a client opens the chat of a contact.", (*call).giveToken).refuses(center.ContactNotFound, center.InvalidState),
	row("POST", "contacts/{contact}/accept", agents, "Takes a contact that is offered.", acts((*chat.Agents).Accept)).refuses(ofActs...),
	row("POST", "contacts/{contact}/reject", agents, "Offers a contact to others.", acts((*chat.Agents).Reject)).refuses(ofActs...),
	row("POST", "contacts/{contact}/leave", agents, "Leaves the conversation, or rejects the offer.", acts((*chat.Agents).Leave)).refuses(ofActs...),
	row("POST", "contacts/{contact}/end", agents, "Ends the conversation for all.", acts((*chat.Agents).End)).refuses(ofActs...),
	row("DELETE", "contacts/{contact}/connections/{connection}", agents, "Takes a participant out of the conversation.", (*call).disconnect).refuses(ofActs...).refuses(center.NotFound),
	row("POST", "contacts/{contact}/clear", agents, "Frees the slot of a contact that is over.", acts((*chat.Agents).Clear)).refuses(ofActs...),
	row("POST", "contacts/{contact}/complete", agents, "Frees the slot of a contact that is over and does not monitor another one.", (*call).complete).refuses(ofActs...).refuses(center.InvalidContactType),
	row("POST", "contacts/{contact}/hold", agents, "Is refused: chats are not held.", notForChats("hold")).refuses(center.ContactNotFound, center.InvalidContactType),
	row("POST", "contacts/{contact}/resume", agents, "Is refused: chats are not held.", notForChats("resume")).refuses(center.ContactNotFound, center.InvalidContactType),
	row("POST", "contacts/{contact}/consult", agents, "Is refused: chats have no consultations.", notForChats("consult")).refuses(center.ContactNotFound, center.InvalidContactType),
}

// ofActs is what decisions about a contact are refused with.
var ofActs = []center.Code{center.ContactNotFound, center.InvalidState, center.InvalidRequest}

// contactInput is what is taken by an operation of a contact that takes nothing else.
type contactInput struct {
	Contact string `path:"contact" about:"The id of one of the contacts of the caller."`
}

// own finds one of the caller's contacts: what is not among them does not exist, wherever else it is.
func (c *call) own(id string) (*center.AgentContact, error) {
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
func acts(decide func(a *chat.Agents, ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID) error) func(*call, contactInput) (empty, error) {
	return func(c *call, in contactInput) (empty, error) {
		slot, err := c.own(in.Contact)
		if err == nil {
			err = decide(c.Agents, c.r.Context(), c.who.Instance, c.who.User, slot.Contact)
		}
		if center.Is(err, center.NotFound) {
			// It went meanwhile, since another call was faster; or it is there to be cleared.
			if _, err = c.own(in.Contact); err == nil {
				err = center.Refuse(center.InvalidState, "The contact %s is over for the agent", slot.Contact)
			}
		}
		return empty{}, err
	}
}

// complete is clear for what an agent has worked on: a supervisor's contact is only cleared.
func (c *call) complete(in contactInput) (empty, error) {
	slot, err := c.own(in.Contact)
	if err != nil {
		return empty{}, err
	}
	if slot.Monitor != "" {
		return empty{}, center.Refuse(center.InvalidContactType, "The contact %s monitors another one: it is cleared, not completed", slot.Contact)
	}
	return acts((*chat.Agents).Clear)(c, in)
}

type connectionInput struct {
	contactInput
	Connection string `path:"connection" about:"The id of one of the connections of the contact, or the contactId of an invitation."`
}

// disconnect is destroyConnection of agents' clients: the agent's own connection is left, of an offer it is rejected, and that
// of another participant is taken out.
func (c *call) disconnect(in connectionInput) (empty, error) {
	slot, err := c.own(in.Contact)
	if err != nil {
		return empty{}, err
	}
	whom := center.ParticipantID(strings.ToLower(in.Connection))
	if whom == slot.Participant {
		return acts((*chat.Agents).Leave)(c, in.contactInput)
	}
	return empty{}, c.Agents.Remove(c.r.Context(), c.who.Instance, c.who.User, slot.Contact, whom)
}

// notForChats is an operation that agents' clients know and that chats do not have.
func notForChats(operation string) func(*call, contactInput) (empty, error) {
	return func(c *call, in contactInput) (empty, error) {
		if _, err := c.own(in.Contact); err != nil {
			return empty{}, err
		}
		return empty{}, chat.NotForChat(operation)
	}
}

func (c *call) showDesktop(empty) (*desktop, error) { return c.desktop(c.r.Context(), &c.who, nil) }

func (c *call) showContact(in contactInput) (*contactView, error) {
	slot, err := c.own(in.Contact)
	if err != nil {
		return nil, err
	}
	w, err := c.Catalog.Worker(c.r.Context(), c.who.Instance, c.who.User)
	if err != nil {
		return nil, err
	}
	return c.contactOf(c.r.Context(), &c.who, w, slot, nil)
}

type attributesOutput struct {
	Attributes map[string]string `json:"attributes"`
}

func (c *call) showAttributes(in contactInput) (*attributesOutput, error) {
	slot, err := c.own(in.Contact)
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
	return &attributesOutput{all}, nil
}

type tokenOutput struct {
	Participant  center.ParticipantID `json:"participantId"`
	Connection   string               `json:"connectionData"`
	ChatToken    string               `json:"participantToken"` // as createTransport of agents' clients names it: the connection token
	ChatTokenEnd string               `json:"expiry"`
}

// giveToken gives the tokens of the agent's participant, from the offer on: clients ask once, and before they accept. They
// let nobody read or send before that.
func (c *call) giveToken(in contactInput) (*tokenOutput, error) {
	slot, err := c.own(in.Contact)
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
	return &tokenOutput{tokens.Participant, data, tokens.Connection.Token, center.FormatTime(tokens.Connection.TokenExpiry)}, nil
}
