package center

// maxAgentFlows is how many flows agents can start in a chat by quick connects (admin guide, "Agent-initiated flows").
const maxAgentFlows = 10

// BeginAgentFlow notes that an agent starts a flow beside the conversation. That no other one is under way is the caller's to
// know. Source: admin guide, "Agent-initiated flows".
func (d *Draft) BeginAgentFlow(on ContactID, agent UserID) error {
	if _, err := d.mayConnect(on, agent); err != nil {
		return err
	}
	if d.Chat.AgentFlows >= maxAgentFlows {
		return Refuse(QuotaExceeded, "agents have started %d flows in the chat, which is the limit", maxAgentFlows)
	}
	d.Edit().AgentFlows++
	return nil
}

// CancelAgentFlow tells that an agent has cancelled the flow that goes on beside the conversation. Transcripts do not show it
// (inferred).
func (d *Draft) CancelAgentFlow(on ContactID, agent UserID) error {
	p, err := d.Chat.AgentIn(on, agent)
	if err != nil {
		return err
	}
	by := *p
	d.event(EventFlowCancelled, &by, false)
	return nil
}
