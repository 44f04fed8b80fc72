package center

import (
	"bytes"
	"encoding/json"
	"time"
)

// AgentEvent is one event of an agent event stream. Members are in the order of AWS's samples, which is that of the
// alphabet; what is not there is null.
// Source: admin guide, "Agent event streams data model", and its sample.
type AgentEvent struct {
	AWSAccountID          string         `json:"AWSAccountId"`
	AgentARN              string         `json:"AgentARN"`
	CurrentAgentSnapshot  *AgentSnapshot `json:"CurrentAgentSnapshot"`
	EventID               string         `json:"EventId"`
	EventTimestamp        EventTime      `json:"EventTimestamp"`
	EventType             string         `json:"EventType"`
	InstanceARN           string         `json:"InstanceARN"`
	PreviousAgentSnapshot *AgentSnapshot `json:"PreviousAgentSnapshot"`
	Version               string         `json:"Version"`
}

// JSON is the event as it is sent. Names are as they are, without the escapes that are for HTML.
func (e *AgentEvent) JSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(e)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// Types of agent events.
const (
	AgentLogin       = "LOGIN"
	AgentLogout      = "LOGOUT"
	AgentStateChange = "STATE_CHANGE"
	AgentHeartBeat   = "HEART_BEAT"
)

// agentEventVersion is the newer samples'. One page has 2019-05-25.
const agentEventVersion = "2017-10-01"

// A heart beat comes this long after the last event, and until this long after the agent has signed out.
const (
	AgentHeartBeatEvery  = 120 * time.Second
	AgentHeartBeatsAfter = time.Hour
)

// EventTime is a time as events have it, null for none.
type EventTime time.Time

// MarshalJSON writes whole milliseconds.
func (t EventTime) MarshalJSON() ([]byte, error) {
	if time.Time(t).IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + FormatTime(time.Time(t)) + `"`), nil
}

// AgentSnapshot is an agent as an event shows them.
type AgentSnapshot struct {
	AgentStatus     EventStatus
	Configuration   EventConfiguration
	Contacts        []EventContact
	NextAgentStatus *EventNextStatus
}

// EventStatus is the status of an agent.
type EventStatus struct {
	ARN            string
	Name           string
	StartTimestamp EventTime
	Type           string
}

// EventNextStatus is the status that an agent has chosen for when their contacts are over.
type EventNextStatus struct {
	ARN               string
	EnqueuedTimestamp EventTime
	Name              string
}

// EventConfiguration is what an agent is configured with.
type EventConfiguration struct {
	AgentHierarchyGroups *EventHierarchy
	FirstName            string
	LastName             string
	Proficiencies        []EventProficiency
	RoutingProfile       EventProfile
	Username             string
}

// EventHierarchy are the groups of an agent, from the first level.
type EventHierarchy struct {
	Level1 *EventNamed `json:",omitempty"`
	Level2 *EventNamed `json:",omitempty"`
	Level3 *EventNamed `json:",omitempty"`
	Level4 *EventNamed `json:",omitempty"`
	Level5 *EventNamed `json:",omitempty"`
}

// EventNamed is a resource with its name.
type EventNamed struct{ ARN, Name string }

// EventProficiency has its level twice: the page of the data model has ProficiencyLevel, AWS's sample Level.
type EventProficiency struct {
	Level            EventLevel
	Name             string
	ProficiencyLevel EventLevel
	Value            string
}

// EventLevel is a level, written with a decimal.
type EventLevel float64

// MarshalJSON writes one decimal at least.
func (l EventLevel) MarshalJSON() ([]byte, error) {
	raw, err := json.Marshal(float64(l))
	if err == nil && !bytes.ContainsAny(raw, ".e") {
		raw = append(raw, ".0"...)
	}
	return raw, err
}

// EventProfile is a routing profile.
type EventProfile struct {
	ARN                  string
	Concurrency          []EventSlots
	DefaultOutboundQueue EventQueue
	InboundQueues        []EventQueue
	Name                 string
}

// EventSlots are how many contacts of a channel the agent may have, and how many more.
type EventSlots struct {
	AvailableSlots int
	Channel        string
	MaximumSlots   int
}

// EventQueue is a queue of a routing profile. Agents' queues have no name.
type EventQueue struct {
	ARN      string
	Channels []string
	Name     *string
}

// EventContact is a contact that takes one of the agent's slots.
type EventContact struct {
	Channel                   string
	ConnectedToAgentTimestamp EventTime
	ContactID                 string        `json:"ContactId"`
	InitialContactID          *string       `json:"InitialContactId"` // null for the first contact of a chat
	InitiationMethod          string        `json:"InitiationMethod"`
	Queue                     *EventOfQueue `json:"Queue"`
	QueueTimestamp            EventTime
	State                     string
	StateStartTimestamp       EventTime
}

// EventOfQueue is the queue that a contact came from. Agents' queues have no name.
type EventOfQueue struct {
	ARN  string
	Name *string
}

// AgentEvents is where the events of one agent come from: who they are, and how ids are made.
type AgentEvents struct {
	Partition Partition
	Instance  InstanceID
	Agent     UserID
	NewID     func() string
}

func (e AgentEvents) event(kind string, at time.Time, before, after *AgentSnapshot) AgentEvent {
	instance := e.Partition.InstanceARN(e.Instance)
	return AgentEvent{
		AWSAccountID: e.Partition.Account, AgentARN: instance + "/agent/" + string(e.Agent), CurrentAgentSnapshot: after,
		EventID: e.NewID(), EventTimestamp: EventTime(at), EventType: kind, InstanceARN: instance,
		PreviousAgentSnapshot: before, Version: agentEventVersion,
	}
}

// Of is the event of a transition of an agent, who was as before until then; ok is false where there is nothing to tell. The
// agent was configured as was says and is as is says.
//
// PreviousAgentSnapshot is "not applicable to LOGIN or LOGOUT events" (admin guide of 2023, "Agent event streams data model").
func (e AgentEvents) Of(t *AgentTransition, at time.Time, before *Agent, was, is *AgentSetup) (event AgentEvent, ok bool) {
	after := e.Snapshot(&t.Agent, is)
	switch t.What {
	case AgentBegins:
		return event, false
	case AgentSignedIn:
		return e.event(AgentLogin, at, nil, &after), true
	case AgentSignedOut:
		return e.event(AgentLogout, at, nil, &after), true
	}
	seen := e.Snapshot(before, was)
	return e.event(AgentStateChange, at, &seen, &after), !after.equals(&seen)
}

// Configured is the event of a change of what an agent is configured with; ok is false where there is nothing to tell. That
// chats are accepted by themselves is not in a snapshot, and told of all the same.
func (e AgentEvents) Configured(at time.Time, a *Agent, was, is *AgentSetup) (event AgentEvent, ok bool) {
	before, after := e.Snapshot(a, was), e.Snapshot(a, is)
	ok = !after.equals(&before) || was.User.Channels.AutoAccepts() != is.User.Channels.AutoAccepts()
	return e.event(AgentStateChange, at, &before, &after), ok
}

// HeartBeat tells that nothing has changed since the last event. It has that one's snapshots: in AWS's sample the previous one
// is of before the last change.
func (e AgentEvents) HeartBeat(at time.Time, last *AgentEvent) AgentEvent {
	return e.event(AgentHeartBeat, at, last.PreviousAgentSnapshot, last.CurrentAgentSnapshot)
}

// Snapshot is an agent as events show them.
func (e AgentEvents) Snapshot(a *Agent, s *AgentSetup) AgentSnapshot {
	instance := e.Partition.InstanceARN(e.Instance)
	status := func(id AgentStatusID) string { return instance + "/agent-state/" + string(id) }
	taken := func(channel string) (n int) {
		for i := range a.Contacts {
			if a.Contacts[i].Channel == channel {
				n++
			}
		}
		return n
	}
	out := AgentSnapshot{
		AgentStatus:   EventStatus{status(a.Status.ID), a.Status.Name, EventTime(a.Since), a.Status.Type},
		Configuration: s.configuration(e.Partition, e.Instance, taken),
		Contacts:      make([]EventContact, len(a.Contacts)),
	}
	if a.Next != nil {
		out.NextAgentStatus = &EventNextStatus{status(a.Next.ID), EventTime(a.Next.Enqueued), a.Next.Name}
	}
	for i := range a.Contacts {
		out.Contacts[i] = e.contact(&a.Contacts[i], s)
	}
	return out
}

func (e AgentEvents) contact(c *AgentContact, s *AgentSetup) EventContact {
	out := EventContact{
		Channel: c.Channel, ConnectedToAgentTimestamp: EventTime(c.Connected), ContactID: string(c.Contact), InitiationMethod: c.InitiationMethod,
		QueueTimestamp: EventTime(c.Enqueued), State: c.State, StateStartTimestamp: EventTime(c.Since),
	}
	if initial := string(c.Chat); initial != out.ContactID {
		out.InitialContactID = &initial
	}
	switch {
	case c.Queue == "":
	case c.AgentQueue:
		out.Queue = &EventOfQueue{ARN: e.Partition.InstanceARN(e.Instance) + "/queue/agent/" + string(c.Queue)}
	default:
		q := s.queue(e.Partition, e.Instance, c.Queue)
		out.Queue = &EventOfQueue{q.ARN, q.Name}
	}
	return out
}

// equals compares what is shown.
func (s *AgentSnapshot) equals(o *AgentSnapshot) bool {
	a, err1 := json.Marshal(s)
	b, err2 := json.Marshal(o)
	return err1 == nil && err2 == nil && bytes.Equal(a, b)
}

// AgentSetup is all that an agent is configured with.
type AgentSetup struct {
	User    *User
	Profile *RoutingProfile
	Routed  []ProfileQueue     // of the profile, in its order
	Names   map[QueueID]string // of queues: those of the profile, and of the agent's contacts
	Groups  []HierarchyGroup   // from the first level to the agent's
}

// configuration is the setup as events show it. taken is how many slots of a channel are not free.
func (s *AgentSetup) configuration(p Partition, at InstanceID, taken func(channel string) int) EventConfiguration {
	instance := p.InstanceARN(at)
	c := EventConfiguration{
		FirstName: s.User.Identity.FirstName, LastName: s.User.Identity.LastName, Username: s.User.Name,
		Proficiencies: make([]EventProficiency, len(s.User.Proficiencies)),
		RoutingProfile: EventProfile{
			ARN: instance + "/routing-profile/" + string(s.Profile.ID), Name: s.Profile.Name,
			Concurrency:          make([]EventSlots, len(s.Profile.Concurrencies)),
			DefaultOutboundQueue: s.queue(p, at, s.Profile.DefaultOutboundQueue, ChannelVoice),
		},
	}
	for i, q := range s.User.Proficiencies {
		c.Proficiencies[i] = EventProficiency{Level: EventLevel(q.Level), Name: q.Attribute, ProficiencyLevel: EventLevel(q.Level), Value: q.Value}
	}
	own := EventQueue{ARN: instance + "/queue/agent/" + string(s.User.ID)}
	for i := range s.Profile.Concurrencies {
		m := &s.Profile.Concurrencies[i]
		own.Channels = append(own.Channels, m.Channel)
		most := m.Slots()
		c.RoutingProfile.Concurrency[i] = EventSlots{AvailableSlots: max(0, most-taken(m.Channel)), Channel: m.Channel, MaximumSlots: most}
	}
	c.RoutingProfile.InboundQueues = []EventQueue{own}
	place := map[QueueID]int{}
	for _, r := range s.Routed {
		i, known := place[r.Queue]
		if !known {
			i = len(c.RoutingProfile.InboundQueues)
			place[r.Queue] = i
			c.RoutingProfile.InboundQueues = append(c.RoutingProfile.InboundQueues, s.queue(p, at, r.Queue))
		}
		q := &c.RoutingProfile.InboundQueues[i]
		q.Channels = append(q.Channels, r.Channel)
	}
	if len(s.Groups) > 0 {
		c.AgentHierarchyGroups = s.hierarchy(instance)
	}
	return c
}

func (s *AgentSetup) queue(p Partition, at InstanceID, id QueueID, channels ...string) EventQueue {
	q := EventQueue{ARN: p.QueueARN(at, id), Channels: channels}
	if name, ok := s.Names[id]; ok {
		q.Name = &name
	}
	return q
}

func (s *AgentSetup) hierarchy(instance string) *EventHierarchy {
	h := new(EventHierarchy)
	levels := []**EventNamed{&h.Level1, &h.Level2, &h.Level3, &h.Level4, &h.Level5}
	for i := range s.Groups[:min(len(s.Groups), len(levels))] {
		*levels[i] = &EventNamed{ARN: instance + "/agent-group/" + string(s.Groups[i].ID), Name: s.Groups[i].Name}
	}
	return h
}
