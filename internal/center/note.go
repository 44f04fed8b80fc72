package center

import (
	"strings"
	"unicode/utf8"
)

// maxNote is how many characters a note has at most (inferred: Amazon Connect has no notes of a chat).
const maxNote = 4096

// Note adds what an agent writes down for other agents: during the conversation, and after it until the after-contact work is
// over, whether the chat has ended or goes on without the agent. It belongs to the agent's contact. No rule takes it for a
// message: it is not counted, answers nothing and resets no timer.
func (d *Draft) Note(id ContactID, user UserID, text string, token [16]byte) (*Item, error) {
	p, err := d.Chat.MayNote(id, user)
	if err != nil {
		return nil, err
	}
	switch n := utf8.RuneCountInString(text); {
	case strings.TrimSpace(text) == "":
		return nil, Refuse(InvalidParameter, "content is required: a note must have more than white space")
	case n > maxNote:
		return nil, Refuse(InvalidParameter, "content must have at most %d characters, got %d", maxNote, n)
	}
	return d.Add(Item{
		Type: TypeNote, Contact: id, ContentType: TextPlain, Content: text, To: ToAgents, Token: token,
		ParticipantID: p.ID, DisplayName: p.DisplayName, Role: p.Role,
	}), nil
}

// MayNote finds the participant as whom a user may write notes on a contact: an agent who has joined it, or a supervisor who
// has barged in, until the work on it is done.
func (c *Chat) MayNote(id ContactID, user UserID) (*Participant, error) {
	contact, err := c.AgentOf(id, user)
	if err != nil {
		return nil, err
	}
	if contact.Offer != nil || contact.Agent == nil {
		return nil, Refuse(InvalidState, "the contact %s is not accepted", id)
	}
	p, ok := c.Participant(contact.Agent.Participant)
	switch {
	case !ok || !contact.Agent.Done.IsZero():
		return nil, Refuse(InvalidState, "the work on the contact %s is done", id)
	case p.Silent:
		return nil, Refuse(AccessDenied, "Access denied: a supervisor who monitors silently writes no notes")
	}
	return p, nil
}
