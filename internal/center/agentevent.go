package center

import (
	"bytes"
	"encoding/json"
	"slices"
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

// Login tells that an agent has signed in. PreviousAgentSnapshot is "not applicable to LOGIN or LOGOUT events" (admin guide of
// 2023, "Agent event streams data model").
func (e AgentEvents) Login(at time.Time, as AgentSnapshot) AgentEvent {
	return e.event(AgentLogin, at, nil, &as)
}

// Logout tells that an agent has signed out.
func (e AgentEvents) Logout(at time.Time, as AgentSnapshot) AgentEvent {
	return e.event(AgentLogout, at, nil, &as)
}

// HeartBeat tells that nothing has changed. It has the snapshots of the last event, as in AWS's sample, where before is the
// agent before that. A nil before is of an agent who has only signed in or out.
func (e AgentEvents) HeartBeat(at time.Time, before *AgentSnapshot, as AgentSnapshot) AgentEvent {
	return e.event(AgentHeartBeat, at, before, &as)
}

// Changes tells what has changed from one snapshot to the next. One change of an agent may be several events: where a
// status is chosen and contacts are cleared with that, the status is the next one first, then the contacts go, and the
// status comes last. Source: admin guide, "Set next status"; the order is inferred.
func (e AgentEvents) Changes(at time.Time, before, after AgentSnapshot) (events []AgentEvent) {
	seen := before
	step := func(now AgentSnapshot) {
		if !now.equals(&seen) {
			was := seen
			events = append(events, e.event(AgentStateChange, at, &was, &now))
			seen = now
		}
	}
	if before.lost(&after) && before.AgentStatus != after.AgentStatus {
		chosen := before
		if chosen.NextAgentStatus == nil || chosen.NextAgentStatus.ARN != after.AgentStatus.ARN {
			chosen.NextAgentStatus = &EventNextStatus{ARN: after.AgentStatus.ARN, EnqueuedTimestamp: EventTime(at), Name: after.AgentStatus.Name}
		}
		step(chosen)
		cleared := after
		cleared.AgentStatus, cleared.NextAgentStatus = before.AgentStatus, chosen.NextAgentStatus
		step(cleared)
	}
	if before.lost(&after) && before.AgentStatus == after.AgentStatus && before.NextAgentStatus == nil && after.NextAgentStatus != nil {
		chosen := before
		chosen.NextAgentStatus = after.NextAgentStatus
		step(chosen)
	}
	step(after)
	return events
}

// Reconfigured tells of a change that snapshots do not show: of auto-accept, or of the language of the agent's page.
func (e AgentEvents) Reconfigured(at time.Time, as AgentSnapshot) AgentEvent {
	return e.event(AgentStateChange, at, &as, &as)
}

// lost says that a contact is gone.
func (s *AgentSnapshot) lost(after *AgentSnapshot) bool {
	return slices.ContainsFunc(s.Contacts, func(c EventContact) bool {
		return !slices.ContainsFunc(after.Contacts, func(o EventContact) bool { return o.ContactID == c.ContactID })
	})
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
	Names   map[QueueID]string // of the profile's queues
	Groups  []HierarchyGroup   // from the first level to the agent's
}

// Configuration is the setup as events show it. taken is how many slots of a channel are not free.
func (s *AgentSetup) Configuration(p Partition, at InstanceID, taken func(channel string) int) EventConfiguration {
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
