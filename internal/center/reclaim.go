package center

// Lose takes an agent out of a chat whose client is gone: from an offer, which goes to others, or from the conversation, or a
// supervisor from monitoring it. It says whether the agent had joined. Source: agents.md 2.1, case 8.
func (d *Draft) Lose(id ContactID, user UserID) (joined bool, err error) {
	c, err := d.Chat.AgentOf(id, user)
	if err != nil {
		return false, err
	}
	if c.Offer != nil {
		d.Withdraw(id, SlotMissed)
		return false, nil
	}
	p, err := d.Chat.Present(c.Agent.Participant)
	if err != nil {
		return false, Refuse(InvalidState, "the agent has left the contact %s already", id)
	}
	if c.Monitor != nil {
		d.Edit()
		c, _ = d.Chat.Contact(id)
		d.endMonitor(c, ReasonAgentNetwork, true)
		return true, nil
	}
	d.takeAgentOut(p.ID, ReasonAgentNetwork)
	return true, nil
}

// Return puts the contact that follows into a queue in which another one of the chat has waited: its age counts from then.
func (d *Draft) Return(queue QueueID, since *Contact) {
	c := d.editSubject()
	c.TargetQueue, c.WaitsSince, c.Priority, c.TimeAdjustment = queue, since.age(), since.Priority, since.TimeAdjustment
}
