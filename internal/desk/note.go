package desk

import (
	"github.com/parley-chat/parley/internal/center"
)

var noteRoutes = []route{
	row("POST", "contacts/{contact}/notes", agents, "Writes a note that only agents and supervisors see.", (*call).writeNote).
		refuses(center.ContactNotFound, center.InvalidState, center.AccessDenied),
}

type noteInput struct {
	contactInput
	Content string `json:"content" rule:"required,max=4096"`
	Token   string `json:"clientToken" rule:"max=500" about:"A request that is repeated with it writes no second note."`
}

type noteOutput struct {
	ID center.ItemID `json:"Id"`
	At string        `json:"AbsoluteTime"`
}

// writeNote writes down what only agents and supervisors see, on one of the caller's contacts.
func (c *call) writeNote(in noteInput) (*noteOutput, error) {
	slot, err := c.own(in.Contact)
	if err != nil {
		return nil, err
	}
	if slot.Failed() {
		return nil, center.Refuse(center.InvalidState, "The contact %s was not accepted", slot.Contact)
	}
	it, err := c.Agents.Note(c.r.Context(), c.who.Instance, c.who.User, slot.Contact, in.Content, in.Token)
	if center.Is(err, center.NotFound) { // it went meanwhile, or its chat was erased
		err = center.Refuse(center.ContactNotFound, "The agent has no contact %s, or its chat was erased", slot.Contact)
	}
	if err != nil {
		return nil, err
	}
	return &noteOutput{it.ID, center.FormatTime(it.Time)}, nil
}
