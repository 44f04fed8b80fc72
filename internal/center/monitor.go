package center

import (
	"slices"
	"time"
)

// Modes of a supervisor who monitors a chat, and what they may be allowed, as the API spells them.
const (
	MonitorSilent = "SILENT_MONITOR"
	MonitorBarge  = "BARGE"
)

// Monitor is what a contact has on which a supervisor monitors another one.
type Monitor struct {
	Capabilities []string `json:"capabilities"`
	// States are the modes that the supervisor was in, in their order. The last one goes on while it has no end.
	States []MonitorState `json:"states"`
}

// MonitorState is a time that a supervisor spent in a mode.
type MonitorState struct {
	State string    `json:"state"`
	Start time.Time `json:"start"`
	End   time.Time `json:"end,omitzero"`
}

// Mode is the mode that the supervisor is in, or was in last.
func (m *Monitor) Mode() string { return m.States[len(m.States)-1].State }

// How many supervisors can monitor a chat at once, and barge in (admin guide, "Amazon Connect feature specifications").
const (
	maxMonitors = 5
	maxBarged   = 1
)

// Supervisor is who is to monitor a chat.
type Supervisor struct {
	User        UserID
	DisplayName string
	Profile     RoutingProfileID
	Hierarchy   []HierarchyGroupID
}

// CheckMonitorCapabilities refuses what no supervisor can be allowed. barge says that the instance has barge switched on:
// then the capabilities must be named.
func CheckMonitorCapabilities(given []string, barge bool) error {
	if given == nil && barge {
		return Refuse(InvalidRequest, "AllowedMonitorCapabilities is required where barge is enabled")
	}
	for i, c := range given {
		switch {
		case c != MonitorSilent && c != MonitorBarge:
			return Refuse(InvalidRequest, "AllowedMonitorCapabilities[%d] must be %s or %s", i, MonitorSilent, MonitorBarge)
		case c == MonitorBarge && !barge:
			return Refuse(InvalidRequest, "AllowedMonitorCapabilities has %s, which needs the instance attribute %s", MonitorBarge, EnhancedChatMonitoring)
		}
	}
	return nil
}

// MonitorCapabilities are those that a request gives a supervisor: each once, in order, and silent monitoring when it names none.
func MonitorCapabilities(given []string) []string {
	if len(given) == 0 {
		return []string{MonitorSilent}
	}
	return slices.Compact(slices.Sorted(slices.Values(given)))
}

// Monitor lets a supervisor read a conversation, on a contact beside the customer's. Nobody in the chat sees it.
// Source: agents.md 3.6.
func (d *Draft) Monitor(id ContactID, by Supervisor, capabilities []string) (*Contact, error) {
	of, ok := d.Chat.Contact(id)
	if !ok {
		return nil, Refuse(NotFound, "Resource not found of Type: CONTACT %s", Printable(string(id)))
	}
	if !d.Chat.conversing(of) {
		return nil, Refuse(InvalidRequest, "the contact %s has no agent who is connected", id)
	}
	if d.Chat.takesPart(by.User) {
		return nil, Refuse(InvalidRequest, "the user takes part in the chat already")
	}
	if n := len(d.Chat.monitors("")); n >= maxMonitors {
		return nil, Refuse(QuotaExceeded, "%d supervisors monitor the chat, which is the limit", n)
	}
	if err := d.roomBeside(true); err != nil {
		return nil, err
	}
	chat := d.Edit()
	c := Contact{
		ID: ContactID(d.NewID()), Previous: id, InitiationMethod: InitiatedByMonitor, Beside: true, FirstSeq: d.Seq(),
		Initiated: d.Now, ConnectedToSystem: d.Now, LastUpdate: d.Now, LanguageCode: of.LanguageCode, SegmentAttributes: of.SegmentAttributes,
		Monitor: &Monitor{Capabilities: capabilities, States: []MonitorState{{State: MonitorSilent, Start: d.Now}}},
	}
	p := Participant{
		ID: ParticipantID(d.NewID()), Role: RoleSupervisor, DisplayName: by.DisplayName, Created: d.Now, Joined: d.Now, Silent: true, User: by.User, Contact: c.ID,
	}
	c.Agent = &ContactAgent{User: by.User, Participant: p.ID, Connected: d.Now, Profile: by.Profile, Hierarchy: by.Hierarchy}
	chat.Contacts = append(chat.Contacts, c)
	chat.Participants = append(chat.Participants, p)
	d.moves = append(d.moves, Move{by.User, AgentContact{
		Contact: c.ID, Chat: chat.ID, Participant: p.ID, Channel: channelChat, InitiationMethod: InitiatedByMonitor,
		State: SlotConnected, Since: d.Now, Offered: d.Now, Connected: d.Now, Monitor: MonitorSilent,
	}})
	return &chat.Contacts[len(chat.Contacts)-1], nil
}

// conversing says that there is an agent in the conversation that a contact is of.
func (c *Chat) conversing(of *Contact) bool {
	switch {
	case !of.Live() || of.Agent == nil || of.Monitor != nil:
		return false
	case of.Beside:
		return of.Agent.Left.IsZero()
	}
	return c.Agents() > 0
}

// monitors are the contacts of those who monitor the chat in a mode, "" for any.
func (c *Chat) monitors(mode string) (all []ContactID) {
	for i := range c.Contacts {
		if m := &c.Contacts[i]; m.Monitor != nil && m.Live() && (mode == "" || m.Monitor.Mode() == mode) {
			all = append(all, m.ID)
		}
	}
	return all
}

// monitoring finds the contact on which a user monitors a chat, and the participant.
func (c *Chat) monitoring(id ContactID, user UserID) (*Contact, *Participant, error) {
	contact, ok := c.Contact(id)
	if !ok || contact.Monitor == nil || contact.Agent.User != user {
		return nil, nil, Refuse(NotFound, "the user has no contact %s that monitors another", Printable(string(id)))
	}
	p, ok := c.Participant(contact.Agent.Participant)
	if !ok || !contact.Live() || !p.Active() {
		return nil, nil, Refuse(InvalidState, "the user does not monitor by the contact %s any more", id)
	}
	return contact, p, nil
}

// barged is the participant of a supervisor who has barged in.
func (c *Chat) barged(id ContactID, user UserID) (*Participant, error) {
	_, p, err := c.monitoring(id, user)
	if err == nil && p.Silent {
		err = Refuse(InvalidState, "the supervisor has not barged in")
	}
	return p, err
}

// SetMonitorMode lets a supervisor barge in, or fall silent again. Source: agents.md 3.6.
func (d *Draft) SetMonitorMode(id ContactID, user UserID, mode string) error {
	c, _, err := d.Chat.monitoring(id, user)
	if err != nil {
		return err
	}
	switch {
	case mode != MonitorSilent && mode != MonitorBarge:
		// The code is that of agents' clients, "MonitoringErrorTypes".
		return Refuse(InvalidState, "INVALID_TARGET_STATE: targetMonitorMode must be %s or %s", MonitorSilent, MonitorBarge)
	case c.Monitor.Mode() == mode:
		return nil
	case mode == MonitorBarge && !slices.Contains(c.Monitor.Capabilities, MonitorBarge):
		return Refuse(AccessDenied, "the supervisor is not allowed to barge in: AllowedMonitorCapabilities has no %s", MonitorBarge)
	case mode == MonitorBarge && len(d.Chat.monitors(MonitorBarge)) >= maxBarged:
		return Refuse(QuotaExceeded, "another supervisor has barged in; %d is the limit", maxBarged)
	}
	d.Edit()
	c, p, _ := d.Chat.monitoring(id, user)
	states := slices.Clone(c.Monitor.States)
	states[len(states)-1].End = d.Now
	c.Monitor = &Monitor{c.Monitor.Capabilities, append(states, MonitorState{State: mode, Start: d.Now})}
	c.LastUpdate = d.Now
	p.Silent = mode == MonitorSilent
	if now := *p; p.Silent {
		d.event(EventLeft, &now, true).To = ToOthers
	} else {
		d.event(EventJoined, &now, true)
	}
	d.moves = append(d.moves, Move{user, AgentContact{Contact: id, State: SlotConnected, Since: d.Now, Monitor: mode}})
	return nil
}

// endMonitor ends a contact that monitors another. Unless told is false, the others see a supervisor leave who has barged in;
// of one who was silent, only the own clients learn it.
func (d *Draft) endMonitor(c *Contact, reason string, told bool) {
	if c.Monitor == nil || !c.Live() {
		return
	}
	p, _ := d.Chat.Participant(c.Agent.Participant)
	p.Left = d.Now
	if left := *p; told {
		it := d.event(EventLeft, &left, !left.Silent)
		if left.Silent {
			it.To = Audience(left.ID)
		}
		p.LeftSeq = it.Seq
	}
	states := slices.Clone(c.Monitor.States)
	states[len(states)-1].End = d.Now
	c.Monitor = &Monitor{c.Monitor.Capabilities, states}
	d.finishWork(c)
	c.Disconnected, c.DisconnectReason, c.LastUpdate = d.Now, reason, d.Now
}

// endMonitors ends what monitors a contact, "" for any.
func (d *Draft) endMonitors(of ContactID, reason string, told bool) {
	chat := d.Edit()
	for i := range chat.Contacts {
		if m := &chat.Contacts[i]; m.Monitor != nil && (of == "" || m.Previous == of) {
			d.endMonitor(m, reason, told)
		}
	}
}
