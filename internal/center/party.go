package center

// maxParties is how many participants a chat has with invited agents, the customer included (admin guide, "Set up
// multi-party chat").
const maxParties = 6

// Invite makes the contact of an agent who is to join the conversation, and tells of it. It stays beside the customer's.
// Source: agents.md 3.5.
func (d *Draft) Invite(from ContactID, agent UserID, to *QuickConnect, flow FlowID) (*Contact, error) {
	inviter, err := d.mayConnect(from, agent)
	if err != nil {
		return nil, err
	}
	invited := d.Chat.invited()
	parties := 1 + d.Chat.Agents() + len(invited)
	if parties >= maxParties {
		return nil, Refuse(QuotaExceeded, "the chat has %d participants, invited ones included, which is the limit", parties)
	}
	if to.Type == QuickConnectUser {
		if d.Chat.takesPart(UserID(to.User)) {
			return nil, Refuse(InvalidState, "the user of the quick connect %s takes part in the chat already", to.Name)
		}
		for _, id := range invited {
			if leg, _ := d.Chat.Contact(id); leg.TargetUser == UserID(to.User) {
				return nil, Refuse(InvalidState, "the user of the quick connect %s is invited already, by the contact %s", to.Name, id)
			}
		}
	}
	inviting := *inviter
	c, err := d.connect(from, to, flow)
	if err != nil {
		return nil, err
	}
	c.Invited = true
	d.event(EventInvited, &inviting, true)
	return c, nil
}

// invited are the contacts of agents who are invited and have not joined yet.
func (c *Chat) invited() (all []ContactID) {
	for i := range c.Contacts {
		if leg := &c.Contacts[i]; leg.Invited && leg.Live() && leg.Agent == nil {
			all = append(all, leg.ID)
		}
	}
	return all
}

// Remove takes another participant out on behalf of an agent, or of a supervisor who has barged in. Of an agent who is invited
// and has not joined, whom is the participant if there is one yet, or else the id of the contact.
// Source: agents.md 3.5, 3.6; admin guide, "Set up multi-party chat".
func (d *Draft) Remove(by ContactID, user UserID, whom ParticipantID) error {
	reason, find := ReasonThirdParty, d.Chat.AgentIn
	if c, ok := d.Chat.Contact(by); ok && c.Monitor != nil {
		reason, find = ReasonBarged, d.Chat.barged
	}
	own, err := find(by, user)
	if err != nil {
		return err
	}
	for _, id := range d.Chat.invited() {
		leg, _ := d.Chat.Contact(id)
		if ParticipantID(id) != whom && (leg.Offer == nil || leg.Offer.Participant != whom) {
			continue
		}
		d.Edit()
		leg, _ = d.Chat.Contact(id)
		d.finish(leg, reason)
		return nil
	}
	p, ok := d.Chat.Participant(whom)
	switch {
	case !ok || !p.Active():
		return Refuse(NotFound, "the chat has no participant %s", Printable(string(whom)))
	case p.ID == own.ID:
		_, err = d.Leave(p.ID)
	case p.Role == RoleAgent:
		d.takeAgentOut(whom, reason)
	case p.Role == RoleCustomer && own.Role == RoleAgent:
		d.takeOut(whom)
		d.end(ReasonAgent, true)
	default:
		return Refuse(AccessDenied, "a participant of the role %s cannot remove one of the role %s", own.Role, p.Role)
	}
	return err
}
