package center

import "slices"

// Connect marks a participant as connected: by the first subscription of their socket, or ConnectParticipant.
// It says whether this was the first time; after that it decides nothing. The customer's first connection brings
// the contact to the system, and their initial message into the chat; the flow may start.
func (d *Draft) Connect(id ParticipantID) (first bool, err error) {
	p, err := d.Chat.MayConnect(id)
	if err != nil || !p.Joined.IsZero() || p.User != "" {
		return false, err // agents join by accepting
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

// Leave takes a participant out. When the customer leaves, the chat ends. When the last agent does, what follows is the
// caller's to decide: the contact is over, and the customer is still there. It says who left.
func (d *Draft) Leave(id ParticipantID) (Participant, error) {
	p, err := d.Chat.Present(id)
	if err != nil {
		return Participant{}, err
	}
	if p.Role == RoleSupervisor {
		left := *p
		d.Edit()
		c, _ := d.Chat.Contact(left.Contact)
		d.endMonitor(c, ReasonAgent, true)
		return left, nil
	}
	if p.Role == RoleAgent && p.Joined.IsZero() {
		left := *p
		return left, d.leaveOffer(left.Contact, left.User)
	}
	if p.Role == RoleAgent {
		return d.takeAgentOut(id, ReasonAgent), nil
	}
	d.takeOut(id)
	p, _ = d.Chat.Participant(id)
	left := *p
	if left.Role == RoleCustomer {
		d.End(ReasonCustomer)
	}
	return left, nil
}

// takeAgentOut takes an agent out who has joined, for a reason, and says who it was.
func (d *Draft) takeAgentOut(id ParticipantID, reason string) Participant {
	d.takeOut(id)
	p, _ := d.Chat.Participant(id)
	left := *p
	d.agentLeft(&left, reason)
	return left
}

// takeOut makes a participant one who has left, and tells those who saw them join.
func (d *Draft) takeOut(id ParticipantID) {
	p, _ := d.Edit().Participant(id)
	p.Left = d.Now
	if left := *p; !p.Joined.IsZero() {
		p.LeftSeq = d.event(EventLeft, &left, true).Seq
	}
	d.Unschedule(DueCustomParticipant + string(id))
	d.stopTimersAlone()
}

// takeOthersOut takes out the agents and the custom participant. Supervisors go with the contact that they monitor.
func (d *Draft) takeOthersOut() (removed []Participant) {
	for _, p := range d.Chat.Participants {
		if (p.Role == RoleAgent || p.Role == RoleCustomParticipant) && p.Active() {
			d.takeOut(p.ID)
			removed = append(removed, p)
		}
	}
	return removed
}

// agentsLeft is agentLeft for the agents among those who were taken out.
func (d *Draft) agentsLeft(removed []Participant, reason string) {
	for i := range removed {
		if removed[i].Role == RoleAgent {
			d.agentLeft(&removed[i], reason)
		}
	}
}

// ExitsToAgents is the value of DisconnectOnCustomerExit that takes out the agents in the customer's stead.
const ExitsToAgents = "AGENT"

// LeaveInFlow is the leaving of a customer whose chat was started with DisconnectOnCustomerExit for agents: these are taken
// out, and the customer stays for the disconnect flow, at whose end they leave. It says whether it is so; if not, the
// customer leaves as any other. Source: API model, StartChatContact; which items there are, and that a customer with only an
// offered agent, or without a disconnect flow, just leaves, is inferred.
func (d *Draft) LeaveInFlow(id ParticipantID, hook string) (bool, error) {
	p, err := d.Chat.Present(id)
	if err != nil {
		return false, err
	}
	_, set := d.Chat.Hooks[hook]
	if p.Role != RoleCustomer || p.Joined.IsZero() || !set || d.Chat.Agents() == 0 || !slices.Contains(d.Chat.OnCustomerExit, ExitsToAgents) {
		return false, nil
	}
	d.Edit().Leaving = true
	d.agentsLeft(d.takeOthersOut(), ReasonCustomer)
	return true, nil
}

// agentLeft ends an agent's part of the chat, for a reason: after-contact work begins. The customer's contact goes on while
// another agent is there. Source: agents.md 2.1, 3.5.
func (d *Draft) agentLeft(p *Participant, reason string) {
	d.Edit()
	if c, ok := d.Chat.Contact(p.Contact); ok {
		d.finishWork(c)
		d.finishBeside(reason, func(next *Contact) bool { return next.Transfers() && next.Previous == c.ID })
		if c.Beside {
			d.disconnect(c, reason)
		}
	}
	if current := d.Chat.Current(); d.Chat.Agents() == 0 && current.Agent != nil {
		d.finishWork(current)
		d.finishBeside(reason, func(*Contact) bool { return true })
		d.disconnect(current, reason)
	}
}

// finishWork begins the after-contact work of the agent of a contact, once.
func (d *Draft) finishWork(c *Contact) {
	if c.Agent == nil || !c.Agent.Left.IsZero() {
		return
	}
	work := *c.Agent
	work.Left = d.Now
	c.Agent, c.LastUpdate = &work, d.Now
	d.move(work.User, c.ID, SlotEnded)
}

// disconnect ends a contact, and with it what monitors it.
func (d *Draft) disconnect(c *Contact, reason string) {
	if !c.Disconnected.IsZero() {
		return
	}
	d.leaveQueue(c)
	if c.Routing != nil {
		c.Routing = c.Routing.End(StepDeactivated, d.Now)
	}
	c.Disconnected, c.DisconnectReason, c.LastUpdate = d.Now, reason, d.Now
	d.endMonitors(c.ID, reason, true)
}

// Over says that the customer's contact has ended and the chat has not: its last agent has left.
func (c *Chat) Over() bool { return c.Ended.IsZero() && !c.Current().Disconnected.IsZero() }

// FinishAfterContactWork ends the after-contact work of a contact's agent.
func (d *Draft) FinishAfterContactWork(id ContactID, user UserID) {
	c, ok := d.Chat.Contact(id)
	if !ok || c.Agent == nil || c.Agent.User != user || c.Agent.Left.IsZero() || !c.Agent.Done.IsZero() {
		return
	}
	d.Edit()
	c, _ = d.Chat.Contact(id)
	work := *c.Agent
	work.Done = d.Now
	c.Agent, c.LastUpdate = &work, d.Now
}

// DropLateCustomParticipant takes out a custom participant who has not connected in time. Nobody saw them, so nobody is told.
func (d *Draft) DropLateCustomParticipant(id ParticipantID) {
	if p, ok := d.Chat.Participant(id); ok && p.Joined.IsZero() && p.Left.IsZero() {
		p, _ = d.Edit().Participant(id)
		p.Left = d.Now
	}
}

// End ends the chat with all its contacts. chat.ended is its last item, without a participant: clients close
// their session on it.
func (d *Draft) End(reason string) { d.end(reason, reason == ReasonCustomer) }

// end is End, and says whether the customer has left: that is all that is told of then (agents.md 1.3).
func (d *Draft) end(reason string, customerLeft bool) {
	if !d.Chat.Ended.IsZero() {
		return
	}
	c := d.Edit()
	d.endMonitors("", reason, !customerLeft)
	for i := range c.Contacts {
		d.endContact(&c.Contacts[i], reason, customerLeft)
	}
	outcome := OutcomeDropped
	if reason == ReasonFlow {
		outcome = OutcomeDisconnected
	}
	d.endAllFlows(outcome)
	d.Unschedule(DueConnect)
	d.Unschedule(DueDuration)
	d.stopTimers()
	if p, ok := c.With(RoleCustomer); ok && c.Leaving {
		d.takeOut(p.ID)
	}
	for _, p := range c.Participants {
		switch {
		case p.Role == RoleCustomParticipant && p.Joined.IsZero():
			d.Unschedule(DueCustomParticipant + string(p.ID))
		case p.Role == RoleAgent && p.Active():
			if customerLeft {
				gone, _ := c.Participant(p.ID)
				gone.Left = d.Now
			} else {
				d.takeOut(p.ID)
			}
		}
	}
	if c.Slot != "" {
		d.Release(Claim{Kind: ClaimSlot, Key: c.Slot})
		c.Slot = ""
	}
	// The item's time and not Now, which it may be ahead of: a chat that continues this one begins after it.
	c.Ended = d.event(EventEnded, nil, true).Time
	for i := range c.Participants {
		if p := &c.Participants[i]; p.LeftSeq > d.After() {
			p.LeftSeq = 0
		}
	}
}

// endContact ends one of the contacts of a chat that ends. Who it is offered to keeps a slot with a contact that failed: the
// customer who leaves counts as an offer that was not answered (agents.md 1.1, 1.2.10).
func (d *Draft) endContact(c *Contact, reason string, customerLeft bool) {
	if c.Offer != nil {
		state := SlotError
		if customerLeft && c.Offer.Accepted.IsZero() {
			state = SlotRejected
		}
		rejecter := c.Rejecter
		d.Withdraw(c.ID, state)
		c.Rejecter = rejecter
	}
	d.finishWork(c)
	d.disconnect(c, reason)
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
