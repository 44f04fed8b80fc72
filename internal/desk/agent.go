package desk

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

// What an agent's client is shown: its state, its contacts and how it is configured. The members are those of the snapshot and
// the configuration of amazon-connect-streams; times are seconds since 1970, which a client's frame turns into Date objects.
// Nothing of it is stored.

type agentState struct {
	ARN   string   `json:"agentStateARN"`
	Type  string   `json:"type"`
	Name  string   `json:"name"`
	Start *float64 `json:"startTimestamp"`
}

type availability struct {
	agentState
	State     string  `json:"state"`
	TimeStamp float64 `json:"timeStamp"`
}

type snapshot struct {
	State        agentState    `json:"state"`
	NextState    *agentState   `json:"nextState"`
	Availability availability  `json:"agentAvailabilityState"`
	Contacts     []contactView `json:"contacts"`
	At           float64       `json:"snapshotTimestamp"`
}

type stateView struct {
	Type string  `json:"type"`
	At   float64 `json:"timestamp"`
}

type queueView struct {
	ARN  string  `json:"queueARN"`
	Name *string `json:"name"`
	ID   string  `json:"queueId"`
}

type endpointView struct {
	ARN   *string `json:"endpointARN"`
	Type  string  `json:"type"`
	Name  *string `json:"name"`
	Phone *string `json:"phoneNumber"`
	Login *string `json:"agentLogin"`
	Queue *string `json:"queue"`
}

type chatMedia struct {
	AutoAccept   *bool   `json:"chatAutoAccept"`
	Connection   *string `json:"connectionData"`
	CustomerName *string `json:"customerName"`
	AgentName    *string `json:"agentName,omitempty"`
}

type monitoring struct {
	Joined float64 `json:"joinTimeStamp"`
}

type connectionView struct {
	ID            string        `json:"connectionId"`
	Type          string        `json:"type"`
	Initial       bool          `json:"initial"`
	Endpoint      *endpointView `json:"endpoint"`
	State         stateView     `json:"state"`
	Chat          *chatMedia    `json:"chatMediaInfo"`
	Softphone     *struct{}     `json:"softphoneMediaInfo"`
	Monitoring    *monitoring   `json:"monitoringInfo"`
	Mute          *bool         `json:"mute"`
	ForcedMute    *bool         `json:"forcedMute"`
	QuickConnect  *string       `json:"quickConnectName"`
	Capabilities  []string      `json:"monitorCapabilities"`
	MonitorStatus *string       `json:"monitorStatus"`
}

type attributeView struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type features struct {
	Attachments bool  `json:"attachmentsEnabled"`
	Markdown    bool  `json:"messagingMarkdownEnabled"`
	MultiParty  *bool `json:"multiPartyConferenceEnabled"`
}

type contactView struct {
	ID          string                   `json:"contactId"`
	Initial     *string                  `json:"initialContactId"`
	Related     *string                  `json:"relatedContactId"`
	Association *string                  `json:"contactAssociationId"`
	Type        string                   `json:"type"`
	State       stateView                `json:"state"`
	Queue       *queueView               `json:"queue"`
	QueueTime   *float64                 `json:"queueTimestamp"`
	Connections []connectionView         `json:"connections"`
	Attributes  map[string]attributeView `json:"attributes"`
	Duration    string                   `json:"contactDuration"`
	Name        *string                  `json:"name"`
	Description *string                  `json:"description"`
	References  map[string]referenceView `json:"references"`
	Method      string                   `json:"initiationMethod"`
	Features    features                 `json:"contactFeatures"`
	Segment     map[string]any           `json:"segmentAttributes"`
	Handling    handling                 `json:"agentContactHandlingConfig"`
	Channel     *struct{}                `json:"channelContext"`
	Customer    *endpointView            `json:"customerEndpoint"`
	System      *endpointView            `json:"connectSystemEndpoint"`
}

type handling struct {
	AutoAccept bool `json:"autoAccept"`
}

type referenceView struct {
	Value string `json:"value"`
	Type  string `json:"type"`
}

type profileView struct {
	Name        string         `json:"name"`
	ARN         string         `json:"routingProfileARN"`
	ID          string         `json:"routingProfileId"`
	Outbound    *queueView     `json:"defaultOutboundQueue"`
	Concurrency map[string]int `json:"channelConcurrencyMap"`
	Queues      []queueView    `json:"queues"`
}

type configuration struct {
	Name        string            `json:"name"`
	Username    string            `json:"username"`
	FirstName   string            `json:"firstName"`
	LastName    string            `json:"lastName"`
	ARN         string            `json:"agentARN"`
	Softphone   bool              `json:"softphoneEnabled"`
	AutoAnswer  bool              `json:"softphoneAutoAccept"`
	Persistent  bool              `json:"softphonePersistentConnection"`
	Extension   string            `json:"extension"`
	Preferences map[string]string `json:"agentPreferences"`
	Profile     profileView       `json:"routingProfile"`
	Permissions []string          `json:"permissions"`
	Countries   []string          `json:"dialableCountries"`
	States      []agentState      `json:"agentStates"`
}

// desktop is all that an agent's client is shown. Cursor is that of the agent's stream as of the snapshot.
type desktop struct {
	Snapshot      snapshot      `json:"snapshot"`
	Configuration configuration `json:"configuration"`
	Cursor        string        `json:"cursor"`
}

// stateTypes are the types of statuses as agents' clients spell them.
var stateTypes = map[string]string{center.StatusRoutable: "routable", center.StatusCustom: "not_routable", center.StatusOffline: "offline"}

func (d *Desk) stateOf(at center.InstanceID, s center.WorkStatus, since time.Time) agentState {
	v := agentState{ARN: d.Partition.InstanceARN(at) + "/agent-state/" + string(s.ID), Type: stateTypes[s.Type], Name: s.Name}
	if !since.IsZero() {
		start := seconds(since)
		v.Start = &start
	}
	return v
}

// contactStates are the states of an agent's contact as agents' clients spell them: one that failed is in the state error,
// which clients of every version take for missed. own is that of the agent's connection.
var contactStates = map[string]struct{ contact, own string }{
	center.SlotConnecting: {"connecting", "connecting"},
	center.SlotConnected:  {"connected", "connected"},
	center.SlotEnded:      {"ended", "disconnected"},
	center.SlotMissed:     {"error", "disconnected"},
	center.SlotRejected:   {"error", "rejected"},
	center.SlotError:      {"error", "disconnected"},
}

// tokens remembers the token of each of a client's participants, so that what it is shown changes only when something has.
type tokens map[center.ParticipantID]string

// desktop is what an agent's client is shown now.
func (d *Desk) desktop(ctx context.Context, who *center.Principal, known tokens) (*desktop, error) {
	a, seq, err := d.Staff.Agent(ctx, who.Instance, who.User)
	if err != nil {
		return nil, err
	}
	w, err := d.Catalog.Worker(ctx, who.Instance, who.User)
	if err != nil {
		return nil, err
	}
	out := &desktop{Cursor: cursorOf(center.StreamID(who.User), seq)}
	if out.Configuration, err = d.configurationOf(ctx, who, w); err != nil {
		return nil, err
	}
	state := d.stateOf(a.Instance, a.Status, a.Since)
	out.Snapshot = snapshot{
		State: state, Availability: availability{state, a.Status.Name, *state.Start}, At: seconds(d.Now()), Contacts: []contactView{},
	}
	if a.Next != nil {
		next := d.stateOf(a.Instance, a.Next.WorkStatus, a.Next.Enqueued)
		out.Snapshot.NextState = &next
	}
	slots := slices.Clone(a.Contacts)
	slices.SortStableFunc(slots, func(x, y center.AgentContact) int { return x.Since.Compare(y.Since) })
	for i := range slots {
		v, err := d.contactOf(ctx, who, w, &slots[i], known)
		if err != nil {
			return nil, err
		}
		out.Snapshot.Contacts = append(out.Snapshot.Contacts, *v)
	}
	return out, nil
}

// contactOf is one of an agent's contacts. Of a chat that was erased there is only what the slot says.
func (d *Desk) contactOf(ctx context.Context, who *center.Principal, w *catalog.Worker, slot *center.AgentContact, known tokens) (*contactView, error) {
	states := contactStates[slot.State]
	auto := w.Channels.AutoAccepts()
	v := &contactView{
		ID: string(slot.Contact), Type: "chat", State: stateView{states.contact, seconds(slot.Since)}, Method: strings.ToLower(slot.InitiationMethod),
		Attributes: map[string]attributeView{}, Duration: "0", Handling: handling{auto},
	}
	if slot.State == center.SlotEnded && !slot.Connected.IsZero() {
		v.Duration = wholeSeconds(slot.Since.Sub(slot.Connected))
	}
	if string(slot.Contact) != string(slot.Chat) {
		initial := string(slot.Chat)
		v.Initial = &initial
	}
	if !slot.Enqueued.IsZero() {
		at := seconds(slot.Enqueued)
		v.QueueTime = &at
	}
	var err error
	if slot.Monitor == "" && slot.Queue != "" {
		if v.Queue, err = d.queueOf(ctx, who.Instance, slot.Queue, slot.AgentQueue); err != nil {
			return nil, err
		}
	}
	chat, contact, err := d.Chats.Contact(ctx, who.Instance, slot.Contact)
	if err != nil && !center.Is(err, center.NotFound) {
		return nil, err
	}
	own := connectionView{
		ID: string(slot.Participant), Type: "agent", Endpoint: &endpointView{Type: "agent"}, State: stateView{states.own, seconds(slot.Since)},
		Chat: &chatMedia{AutoAccept: &auto},
	}
	if slot.Monitor != "" {
		own.Type, own.MonitorStatus = "monitoring", &slot.Monitor
		own.Monitoring = &monitoring{seconds(slot.Connected)}
		own.Capabilities = d.capabilities(who)
		if slot.State == center.SlotConnected {
			own.State.Type = strings.ToLower(slot.Monitor)
		}
	}
	if err != nil { // it was erased
		v.Connections = []connectionView{own}
		return v, nil
	}
	if slot.Live() {
		data, ok := known[slot.Participant]
		if !ok {
			if data, err = d.connectionData(ctx, who, slot.Contact); err != nil {
				return nil, err
			}
			if known != nil {
				known[slot.Participant] = data
			}
		}
		own.Chat.Connection = &data
	}
	if slot.State == center.SlotRejected && !chat.Ended.IsZero() && chat.Ended.Sub(slot.Since).Abs() < time.Second {
		own.State.Type = "disconnected" // the customer left, the agent did not reject
	}
	v.Connections = append([]connectionView{own}, d.others(chat, slot)...)
	d.describe(v, chat, contact, slot)
	return v, nil
}

// describe fills in what the chat says of a contact.
func (d *Desk) describe(v *contactView, chat *center.Chat, contact *center.Contact, slot *center.AgentContact) {
	association := string(chat.Association)
	v.Association = &association
	if contact.Related != "" {
		related := string(contact.Related)
		v.Related = &related
	}
	v.Features.Markdown = slices.Contains(chat.ContentTypes, center.TextMarkdown)
	if slot.Monitor != "" {
		v.Attributes = nil
		return
	}
	for name, value := range chat.Attributes {
		v.Attributes[name] = attributeView{name, value}
	}
	v.Name, v.Description = orNil(contact.Name), orNil(contact.Description)
	if len(contact.References) > 0 {
		v.References = map[string]referenceView{}
		for name, r := range contact.References {
			v.References[name] = referenceView{r.Value, r.Type}
		}
	}
	v.Segment = map[string]any{}
	for name, a := range contact.SegmentAttributes {
		v.Segment[name] = segmentView(a)
	}
}

// segmentView is a segment attribute with the members of the API.
func segmentView(a center.SegmentAttribute) map[string]any {
	v := map[string]any{}
	switch {
	case a.ValueString != nil:
		v["ValueString"] = *a.ValueString
	case a.ValueInteger != nil:
		v["ValueInteger"] = *a.ValueInteger
	case a.ValueArn != nil:
		v["ValueArn"] = *a.ValueArn
	case a.ValueMap != nil:
		within := map[string]any{}
		for name, part := range a.ValueMap {
			within[name] = segmentView(part)
		}
		v["ValueMap"] = within
	case a.ValueList != nil:
		all := make([]any, len(a.ValueList))
		for i, part := range a.ValueList {
			all[i] = segmentView(part)
		}
		v["ValueList"] = all
	}
	return v
}

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// others are the connections of a contact beside the agent's own: the customer's first.
func (d *Desk) others(chat *center.Chat, slot *center.AgentContact) (all []connectionView) {
	for i := range chat.Participants {
		p := &chat.Participants[i]
		name := p.DisplayName
		v := connectionView{ID: string(p.ID), State: stateView{"connected", seconds(p.Joined)}}
		switch {
		case p.ID == slot.Participant || p.Role != center.RoleCustomer && p.Joined.IsZero():
			continue // the agent, or one whom others do not see
		case p.Role == center.RoleCustomer:
			v.Type, v.Initial, v.Chat = "inbound", true, &chatMedia{CustomerName: &name}
		case p.Role == center.RoleAgent || p.Role == center.RoleSupervisor:
			if !p.Active() && slot.State != center.SlotConnected {
				continue // they were there before
			}
			no := false
			v.Type, v.Chat = "outbound", &chatMedia{AutoAccept: &no, AgentName: &name}
		default:
			continue
		}
		switch {
		case !p.Left.IsZero():
			v.State = stateView{"disconnected", seconds(p.Left)}
		case !chat.Ended.IsZero():
			v.State = stateView{"disconnected", seconds(chat.Ended)}
		case p.Joined.IsZero():
			v.State = stateView{"connecting", seconds(p.Created)}
		}
		if v.Initial {
			all = slices.Insert(all, 0, v)
		} else {
			all = append(all, v)
		}
	}
	return all
}

func (d *Desk) capabilities(who *center.Principal) []string {
	all := []string{"SILENT_MONITOR"}
	if who.Has(center.PermitBarge) {
		all = append(all, "BARGE")
	}
	return all
}

// connectionData is what a client opens the chat of a contact with.
func (d *Desk) connectionData(ctx context.Context, who *center.Principal, contact center.ContactID) (string, error) {
	c, err := d.Agents.Credentials(ctx, who.Instance, who.User, contact)
	if err != nil {
		return "", err
	}
	raw, err := json.Marshal(struct {
		Token  string `json:"ConnectionAuthenticationToken"`
		Expiry string
	}{c.Token, center.FormatTime(d.Now().Add(participantTokenLife))})
	return string(raw), err
}

// participantTokenLife is what clients are told of the life of a participant's token, which is the participant's own: the
// longest chat lasts as long.
const participantTokenLife = 7 * 24 * time.Hour

// queueOf is a queue as agents' clients see it: an agent's has no name. nil for one that is gone.
func (d *Desk) queueOf(ctx context.Context, at center.InstanceID, id center.QueueID, ofAgent bool) (*queueView, error) {
	if ofAgent {
		arn := d.agentQueueARN(at, center.UserID(id))
		return &queueView{ARN: arn, ID: arn}, nil
	}
	q, err := catalog.Queues.Get(ctx, d.Catalog, at, string(id))
	if center.Is(err, center.NotFound) {
		return nil, nil //nolint:nilnil // there is none
	}
	if err != nil {
		return nil, err
	}
	arn := d.Partition.QueueARN(at, q.ID)
	return &queueView{ARN: arn, Name: &q.Name, ID: arn}, nil
}

func (d *Desk) agentQueueARN(at center.InstanceID, id center.UserID) string {
	return d.Partition.InstanceARN(at) + "/queue/agent/" + string(id)
}

// configurationOf is how an agent is configured now.
func (d *Desk) configurationOf(ctx context.Context, who *center.Principal, w *catalog.Worker) (c configuration, err error) {
	at := who.Instance
	c = configuration{
		Name: strings.TrimSpace(w.Identity.FirstName + " " + w.Identity.LastName), Username: w.Name,
		FirstName: w.Identity.FirstName, LastName: w.Identity.LastName, ARN: catalog.Users.ARN(d.Partition, at, &w.User),
		Preferences: map[string]string{"LANGUAGE": "en_US"}, Permissions: []string{}, Countries: []string{}, States: []agentState{},
	}
	if who.Has("OutboundCallAccess") {
		c.Permissions = append(c.Permissions, "outboundCall")
	}
	p, err := catalog.RoutingProfiles.Get(ctx, d.Catalog, at, string(w.RoutingProfile))
	if err != nil {
		return c, err
	}
	arn := catalog.RoutingProfiles.ARN(d.Partition, at, p)
	c.Profile = profileView{Name: p.Name, ARN: arn, ID: arn, Concurrency: map[string]int{"VOICE": 0, "CHAT": 0, "TASK": 0, "EMAIL": 0}, Queues: []queueView{}}
	c.Profile.Concurrency["CHAT"] = chatSlots(p)
	if c.Profile.Outbound, err = d.queueOf(ctx, at, p.DefaultOutboundQueue, false); err != nil {
		return c, err
	}
	routed, _, err := d.Catalog.QueuesOfProfile(ctx, at, p.ID)
	if err != nil {
		return c, err
	}
	for _, id := range routed {
		q, err := d.queueOf(ctx, at, id, false)
		if err != nil {
			return c, err
		}
		if q != nil {
			c.Profile.Queues = append(c.Profile.Queues, *q)
		}
	}
	own := d.agentQueueARN(at, w.ID)
	c.Profile.Queues = append(c.Profile.Queues, queueView{ARN: own, ID: own})
	statuses, err := catalog.AgentStatuses.List(ctx, d.Catalog, at, "", maxStatuses, func(s *center.AgentStatus) bool { return s.State == center.StatusEnabled })
	if err != nil {
		return c, err
	}
	slices.SortStableFunc(statuses, func(x, y center.AgentStatus) int { return place(&x) - place(&y) })
	for i := range statuses {
		c.States = append(c.States, d.stateOf(at, statuses[i].Work(), time.Time{}))
	}
	return c, nil
}

// maxStatuses is more than an instance has.
const maxStatuses = 1000

// place orders statuses: those without a place of their own come last.
func place(s *center.AgentStatus) int {
	if s.DisplayOrder == 0 {
		return 1 << 20
	}
	return s.DisplayOrder
}

// chatSlots is how many chats an agent of a routing profile has at once.
func chatSlots(p *center.RoutingProfile) int {
	for _, m := range p.Concurrencies {
		if m.Channel == center.ChannelChat && m.Concurrency != nil {
			return int(*m.Concurrency)
		}
	}
	return 0
}
