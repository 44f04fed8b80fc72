package center

// Connect marks a participant as connected: by the first subscription of their socket, or ConnectParticipant.
// It says whether this was the first time; after that it decides nothing. The customer's first connection brings
// the contact to the system, and their initial message into the chat; the flow may start.
func (d *Draft) Connect(id ParticipantID) (first bool, err error) {
	p, err := d.Chat.MayConnect(id)
	if err != nil || !p.Joined.IsZero() {
		return false, err
	}
	p, _ = d.Edit().Participant(id)
	p.Joined = d.Now
	d.event(EventJoined, p, true)
	d.startTimers()
	if p.Role != RoleCustomer {
		d.Unschedule(DueCustomParticipant + string(p.ID))
		return true, nil
	}
	d.Unschedule(DueConnect)
	c := d.Chat.Current()
	c.ConnectedToSystem, c.LastUpdate = d.Now, d.Now
	if m := d.Chat.InitialMessage; m != nil {
		d.Add(Item{
			Type: TypeMessage, ContentType: m.ContentType, Content: m.Content, InTranscript: true,
			ParticipantID: p.ID, DisplayName: p.DisplayName, Role: p.Role,
		})
	}
	return true, nil
}

// Leave takes a participant out. When the customer leaves, the chat ends. It says who left.
func (d *Draft) Leave(id ParticipantID) (Participant, error) {
	if _, err := d.Chat.Present(id); err != nil {
		return Participant{}, err
	}
	p, _ := d.Edit().Participant(id)
	joined := !p.Joined.IsZero()
	p.Left = d.Now
	left := *p
	if joined {
		d.event(EventLeft, &left, true)
	}
	d.Unschedule(DueCustomParticipant + string(id))
	d.stopTimersAlone()
	if left.Role == RoleCustomer {
		d.End(ReasonCustomer)
	}
	return left, nil
}

// DropLateCustomParticipant takes out a custom participant who has not connected in time. Nobody saw them, so nobody is told.
func (d *Draft) DropLateCustomParticipant(id ParticipantID) {
	if p, ok := d.Chat.Participant(id); ok && p.Joined.IsZero() && p.Left.IsZero() {
		p, _ = d.Edit().Participant(id)
		p.Left = d.Now
	}
}

// End ends the chat with its current contact. chat.ended is its last item, without a participant: clients close
// their session on it.
func (d *Draft) End(reason string) {
	if !d.Chat.Ended.IsZero() {
		return
	}
	c := d.Edit()
	contact := c.Current()
	d.leaveQueue(contact)
	contact.Disconnected, contact.DisconnectReason, contact.LastUpdate = d.Now, reason, d.Now
	outcome := OutcomeDropped
	if reason == ReasonFlow {
		outcome = OutcomeDisconnected
	}
	d.endAllFlows(outcome)
	d.Unschedule(DueConnect)
	d.Unschedule(DueDuration)
	d.stopTimers()
	for _, p := range c.Participants {
		if p.Role == RoleCustomParticipant && p.Joined.IsZero() {
			d.Unschedule(DueCustomParticipant + string(p.ID))
		}
	}
	if c.Slot != "" {
		d.Release(Claim{Kind: ClaimSlot, Key: c.Slot})
		c.Slot = ""
	}
	// The item's time and not Now, which it may be ahead of: a chat that continues this one begins after it.
	c.Ended = d.event(EventEnded, nil, true).Time
}

// AddCustomParticipant brings a custom participant in, who must connect within Settings.JoinWithin.
// Limits: one custom participant a contact, and none beside an agent.
func (d *Draft) AddCustomParticipant(displayName string, s Settings) (Participant, error) {
	if !d.Chat.Ended.IsZero() {
		return Participant{}, Refuse(InvalidRequest, "the contact has ended")
	}
	for _, p := range d.Chat.Participants {
		switch {
		case !p.Left.IsZero():
		case p.Role == RoleCustomParticipant:
			return Participant{}, Refuse(QuotaExceeded, "the contact already has a custom participant; one is the limit")
		case p.Role == RoleAgent:
			return Participant{}, Refuse(Conflict, "a custom participant cannot join beside an agent")
		}
	}
	p := Participant{ID: ParticipantID(d.NewID()), Role: RoleCustomParticipant, DisplayName: displayName, Created: d.Now}
	c := d.Edit()
	c.Participants = append(c.Participants, p)
	d.Schedule(DueCustomParticipant+string(p.ID), d.Now.Add(s.JoinWithin), string(p.ID))
	return p, nil
}
