package center

import (
	"encoding/json"
	"slices"
	"time"
)

// KindAgent is the kind of the streams of agents. An agent's stream has the user's id.
const KindAgent StreamKind = "agent"

// Agent is a user at work: the status, and the contacts that take slots. Who the user is, and what they may do, is the
// catalog's. It is a value that many read at once: rules change it through [AgentDraft.Edit].
type Agent struct {
	ID       UserID         `json:"id"`
	Instance InstanceID     `json:"instance"`
	Status   WorkStatus     `json:"status"`
	Since    time.Time      `json:"since"` // of Status
	Next     *NextStatus    `json:"next,omitempty"`
	Contacts []AgentContact `json:"contacts,omitempty"` // oldest offer first
	// Idle is the latest of: the status became routable, an offer, its accept or its end without one, a clear. The agent whose
	// Idle is longest ago is the next to get a contact: what one has missed goes to another first.
	Idle time.Time `json:"idle"`
	// Profile and Hierarchy are the user's when the stream changed last: the routing profile, and the hierarchy groups from
	// the first level on.
	Profile   RoutingProfileID   `json:"profile,omitempty"`
	Hierarchy []HierarchyGroupID `json:"hierarchy,omitempty"`
	// Interval is when the status began with this profile and hierarchy.
	Interval time.Time `json:"interval"`
}

// WorkStatus is an agent status as an agent has it.
type WorkStatus struct {
	ID   AgentStatusID `json:"id"`
	Name string        `json:"name"`
	Type string        `json:"type"`
}

// NextStatus is the status that an agent will have when the last slot is free.
type NextStatus struct {
	WorkStatus
	Enqueued time.Time `json:"enqueued"`
}

// AgentContact is a contact that takes one of an agent's slots.
type AgentContact struct {
	Contact          ContactID     `json:"contact"`
	Chat             ChatID        `json:"chat"`
	Participant      ParticipantID `json:"participant"`
	Channel          string        `json:"channel"`
	InitiationMethod string        `json:"initiationMethod"`
	State            string        `json:"state"`
	Since            time.Time     `json:"since"` // of State
	Offered          time.Time     `json:"offered"`
	Connected        time.Time     `json:"connected,omitzero"`
	Queue            QueueID       `json:"queue,omitempty"`
	AgentQueue       bool          `json:"agentQueue,omitempty"`
	Enqueued         time.Time     `json:"enqueued,omitzero"`
	// Monitor is the mode of a supervisor, "" for an agent's own contact.
	Monitor string `json:"monitor,omitempty"`
}

// States of an agent's contact, as the agent event stream and GetCurrentUserData spell them.
const (
	SlotConnecting = "CONNECTING"
	SlotConnected  = "CONNECTED"
	SlotEnded      = "ENDED" // after-contact work
	SlotMissed     = "MISSED"
	SlotRejected   = "REJECTED"
	SlotError      = "ERROR"
	slotCleared    = ""
)

// Live says that the contact is offered or connected.
func (c *AgentContact) Live() bool { return c.State == SlotConnecting || c.State == SlotConnected }

// Failed says that the agent did not get the contact, and has not cleared it yet.
func (c *AgentContact) Failed() bool {
	return c.State == SlotMissed || c.State == SlotRejected || c.State == SlotError
}

// Contact finds a contact that takes a slot.
func (a *Agent) Contact(id ContactID) (*AgentContact, bool) {
	for i := range a.Contacts {
		if a.Contacts[i].Contact == id {
			return &a.Contacts[i], true
		}
	}
	return nil, false
}

// Over finds a contact that was over for the agent at a time, and is not cleared.
func (a *Agent) Over(at time.Time) (*AgentContact, bool) {
	for i := range a.Contacts {
		if c := &a.Contacts[i]; !c.Live() && !c.Since.After(at) {
			return c, true
		}
	}
	return nil, false
}

// Live says that a contact is offered or connected.
func (a *Agent) Live() bool {
	return slices.ContainsFunc(a.Contacts, func(c AgentContact) bool { return c.Live() })
}

// Routable says that contacts are routed to the agent.
func (a *Agent) Routable() bool { return a.Status.Type == StatusRoutable && a.Next == nil }

// MaxAssigned is how many contacts an agent may have at most when one more is assigned, whatever the routing profile says: each
// transition of an agent tells all of them. It is ten times as many as the largest routing profile allows (inferred).
const MaxAssigned = 100

// MayBeAssigned refuses an agent who has too many contacts to be assigned one more.
func (a *Agent) MayBeAssigned(id ContactID) error {
	if _, again := a.Contact(id); !again && len(a.Contacts) >= MaxAssigned {
		return Refuse(QuotaExceeded, "the user has %d contacts, offered, live or not cleared; no more can be assigned", len(a.Contacts))
	}
	return nil
}

// NewAgent is an agent who has never worked: offline.
func NewAgent(at InstanceID, id UserID, offline WorkStatus, now time.Time) *Agent {
	now = now.UTC()
	return &Agent{ID: id, Instance: at, Status: offline, Since: now, Idle: now, Interval: now}
}

// Work is the status as an agent has it.
func (s *AgentStatus) Work() WorkStatus { return WorkStatus{s.ID, s.Name, s.Type} }

// DueAfterContactWork is the key, with the contact's id behind it, of the end of after-contact work.
const DueAfterContactWork = "acw:"

// maxChatAfterContactWork is the longest limit of after-contact work that chats keep: values above it end after as long
// (API model, AfterContactWorkTimeLimit).
const maxChatAfterContactWork = 90 * time.Minute

// AfterContactWorkLimit is how long an agent has for work after a chat; 0 is without end.
func (s *ChannelSettings) AfterContactWorkLimit() time.Duration {
	limit := s.PhoneConfig().AfterContactWork
	for _, c := range s.AfterContactWork {
		if c.Channel == ChannelChat {
			limit = c.Limit
		}
	}
	return min(time.Duration(limit)*time.Second, maxChatAfterContactWork)
}

// AutoAccepts says that chats are connected to the agent without being accepted.
func (s *ChannelSettings) AutoAccepts() bool {
	return slices.ContainsFunc(s.AutoAccept, func(c AutoAccept) bool { return c.Channel == ChannelChat && c.On })
}

// What happens to an agent, as the items of its stream tell it.
const (
	AgentBegins    = "begins"
	AgentStatusSet = "status"
	AgentNext      = "next"
	AgentOffered   = "offered"
	AgentConnected = "connected"
	AgentEnded     = "ended"
	AgentFailed    = "failed" // missed, rejected, or an error
	AgentCleared   = "cleared"
	AgentMonitors  = "monitors"
	AgentProfile   = "profile" // routing profile or hierarchy group
	AgentSignedIn  = "signed-in"
	AgentSignedOut = "signed-out"
)

// AgentTransition is what an item of an agent's stream says: what happened, to which contact if to one, and the agent after
// that.
type AgentTransition struct {
	What    string    `json:"what"`
	Contact ContactID `json:"contact,omitempty"`
	Agent   Agent     `json:"agent"`
}

// eventAgent is the content type of the items of agents' streams. No participant gets them.
const eventAgent = "application/vnd.parley.agent"

// Transition reads an item of an agent's stream; ok is false for one that says nothing.
func (it *Item) Transition() (t AgentTransition, ok bool, err error) {
	if it.ContentType != eventAgent {
		return t, false, nil
	}
	err = json.Unmarshal([]byte(it.Content), &t)
	return t, err == nil, err
}

// AgentDraft is a decision about an agent in the making.
type AgentDraft struct {
	Agent *Agent
	Facts

	seen   *Agent // nil for one that is new
	edited bool
	offers []OfferRecord
}

// NewAgentDraft begins a decision about an agent whose stream's last item has number after and time last.
func NewAgentDraft(a *Agent, after int64, last, now time.Time, newID func() string) *AgentDraft {
	d := &AgentDraft{Agent: a, Facts: newFacts(StreamID(a.ID), after, last, now, newID)}
	if after > 0 {
		d.seen = a
		return d
	}
	d.edited = true
	d.tell(AgentBegins, "")
	return d
}

// Edit returns the agent for changing: a copy of what was seen, the same copy each time.
func (d *AgentDraft) Edit() *Agent {
	if !d.edited {
		a := *d.Agent
		a.Contacts = slices.Clone(a.Contacts)
		d.Agent, d.edited = &a, true
	}
	return d.Agent
}

// Empty says that nothing was decided.
func (d *AgentDraft) Empty() bool { return !d.edited && d.idle() }

// tell adds the item of a transition, once all that belongs to it is decided.
func (d *AgentDraft) tell(what string, contact ContactID) {
	raw, err := json.Marshal(AgentTransition{what, contact, *d.Agent})
	if err != nil {
		panic(err) // strings and times in range
	}
	d.add(Item{Type: TypeEvent, ContentType: eventAgent, Content: string(raw), Contact: ContactID(d.Agent.ID)})
}

// Tell adds an item that says something of the agent besides its state: that they have signed in, or out.
func (d *AgentDraft) Tell(what string) {
	d.Edit()
	d.tell(what, "")
}

// As notes what the user is now. A change is a transition.
func (d *AgentDraft) As(profile RoutingProfileID, hierarchy []HierarchyGroupID) {
	if d.Agent.Profile == profile && slices.Equal(d.Agent.Hierarchy, hierarchy) {
		return
	}
	a := d.Edit()
	first := a.Profile == ""
	a.Profile, a.Hierarchy = profile, hierarchy
	if !first {
		d.tell(AgentProfile, "")
	}
}

// SetStatus gives the agent a status: at once without live contacts, else when the last slot is free. now clears the
// contacts that are over, which is the caller's to do before. Choosing the status that the agent has takes the next one
// away. Source: agents.md 4.2.
func (d *AgentDraft) SetStatus(to WorkStatus) {
	a := d.Agent
	switch {
	case a.Status.ID == to.ID || a.Live() && to.Type == StatusRoutable:
		d.CancelNext()
	case len(a.Contacts) > 0:
		if a.Next != nil && a.Next.ID == to.ID {
			return
		}
		d.Edit().Next = &NextStatus{to, d.Now}
		d.tell(AgentNext, "")
	default:
		d.become(to)
	}
}

// Override gives an agent a status that a supervisor has chosen: not while a contact is what the agent is said to be busy with,
// after-contact work and contacts that were missed included. note is for the audit log, which has it if the status changes.
// Source: admin guide, "Change the Agent activity status in a metrics report".
func (d *AgentDraft) Override(to WorkStatus, note AuditNote) error {
	if len(d.Agent.Contacts) > 0 {
		return Refuse(InvalidState, "Error changing agent status: the agent has a contact")
	}
	before := d.Agent.Status
	d.SetStatus(to)
	if d.Agent.Status.ID != before.ID {
		note.Kind, note.ID = "agent-state", string(d.Agent.ID)
		note.Before, note.After = statusNote(before), statusNote(to)
		d.change.Audit = &note
	}
	return nil
}

func statusNote(s WorkStatus) []byte {
	raw, err := json.Marshal(map[string]string{"status": s.Name, "id": string(s.ID)})
	if err != nil {
		panic(err) // strings
	}
	return raw
}

// CancelNext takes the next status away.
func (d *AgentDraft) CancelNext() {
	if d.Agent.Next != nil {
		d.Edit().Next = nil
		d.tell(AgentNext, "")
	}
}

func (d *AgentDraft) become(to WorkStatus) {
	a := d.Edit()
	a.Next, a.Status, a.Since = nil, to, d.Now
	if to.Type == StatusRoutable {
		a.Idle = d.Now
	}
	d.tell(AgentStatusSet, "")
}

// Apply does to a slot what a decision about a chat says. limit is how long the agent has for after-contact work, 0 without
// end.
func (d *AgentDraft) Apply(m Move, limit time.Duration) {
	to := m.Slot
	a := d.Edit()
	at := slices.IndexFunc(a.Contacts, func(c AgentContact) bool { return c.Contact == to.Contact })
	if at < 0 {
		switch {
		case to.Monitor != "" && to.State == SlotConnected:
			a.Contacts = append(a.Contacts, to)
			d.tell(AgentMonitors, to.Contact)
		case to.State == SlotConnecting:
			a.Contacts = append(a.Contacts, to)
			a.Idle = d.Now
			d.offer(&to, "")
			d.tell(AgentOffered, to.Contact)
		}
		return
	}
	c := &a.Contacts[at]
	if to.State == SlotConnecting { // again, after it was missed and not cleared: one slot for one contact
		d.cleared(c)
		a.Contacts[at] = to
		a.Idle = d.Now
		d.offer(&to, "")
		d.tell(AgentOffered, to.Contact)
		return
	}
	if to.Monitor != "" {
		c.Monitor = to.Monitor
	}
	before := c.State
	if to.State == slotCleared {
		d.clear(at)
		return
	}
	if c.State = to.State; c.State != before {
		c.Since = to.Since // the contact's time, which its record has too
	}
	switch {
	case to.State == SlotConnected && before == SlotConnecting:
		c.Connected, a.Idle = to.Since, d.Now
		d.offer(c, OfferAccepted)
		d.tell(AgentConnected, c.Contact)
	case to.State == SlotConnected:
		d.tell(AgentMonitors, c.Contact)
	case to.State == SlotEnded:
		if limit > 0 {
			d.Schedule(DueAfterContactWork+string(c.Contact), to.Since.Add(limit), string(c.Chat))
		}
		d.tell(AgentEnded, c.Contact)
	default:
		a.Idle = d.Now
		d.offer(c, c.State)
		d.tell(AgentFailed, c.Contact)
	}
}

// clear frees a slot. With the last one the next status comes.
func (d *AgentDraft) clear(at int) {
	a := d.Edit()
	c := a.Contacts[at]
	a.Contacts = slices.Delete(a.Contacts, at, at+1)
	a.Idle = d.Now
	d.Unschedule(DueAfterContactWork + string(c.Contact))
	d.cleared(&c)
	d.tell(AgentCleared, c.Contact)
	if len(a.Contacts) == 0 && a.Next != nil {
		d.become(a.Next.WorkStatus)
	}
}

// Outcomes of offers. That of one that failed is the state that its slot then has.
const OfferAccepted = "ACCEPTED"

func (d *AgentDraft) offer(c *AgentContact, outcome string) {
	o := c.record(d.Agent)
	if o.Outcome = outcome; outcome != "" {
		o.Ended = c.Since
	}
	d.offers = append(d.offers, o)
}

// cleared notes that an offer which failed, if it is one, takes no slot any more.
func (d *AgentDraft) cleared(c *AgentContact) {
	if c.Failed() {
		o := c.record(d.Agent)
		o.Outcome, o.Ended, o.Cleared = c.State, c.Since, d.Now
		d.offers = append(d.offers, o)
	}
}

func (c *AgentContact) record(a *Agent) OfferRecord {
	return OfferRecord{
		Contact: c.Contact, Agent: a.ID, Instance: a.Instance, Queue: c.Queue, Started: c.Offered, Profile: a.Profile, Hierarchy: a.Hierarchy,
	}
}

// Clear frees the slot of a contact that is over for the agent.
func (d *AgentDraft) Clear(id ContactID) error {
	at := slices.IndexFunc(d.Agent.Contacts, func(c AgentContact) bool { return c.Contact == id })
	if at < 0 {
		return Refuse(NotFound, "Cannot clear contact: Contact not found")
	}
	if c := &d.Agent.Contacts[at]; c.Live() {
		return Refuse(InvalidState, "Cannot clear contact: invalid state %s", c.State)
	}
	d.clear(at)
	return nil
}

// Drop frees the slot of a contact whatever its state is: nothing is left of its chat.
func (d *AgentDraft) Drop(id ContactID) {
	if at := slices.IndexFunc(d.Agent.Contacts, func(c AgentContact) bool { return c.Contact == id }); at >= 0 {
		d.clear(at)
	}
}

// Finish returns the Change. encode gives the stored form of the agent and is called only when it changed.
func (d *AgentDraft) Finish(encode func(*Agent) []byte) *Change {
	c := &d.change
	if d.edited {
		d.keepRows()
		c.State = encode(d.Agent)
		c.Kind, c.Instance = KindAgent, d.Agent.Instance
	}
	if len(c.Items) == 0 {
		d.add(Item{Type: Marker, Contact: ContactID(d.Agent.ID)})
	}
	return c
}
