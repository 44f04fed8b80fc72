package desk

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

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

// contactOf is one of an agent's contacts. Of a chat that was erased or is damaged there is only what the slot says: the agent
// sees the others, and can clear this one when it is over.
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
	if err != nil && !center.Is(err, center.NotFound) && !errors.Is(err, center.ErrDamaged) { // the store has logged damage
		return nil, err
	}
	own := connectionView{
		ID: string(slot.Participant), Type: "agent", Endpoint: &endpointView{Type: "agent"}, State: stateView{states.own, seconds(slot.Since)},
		Chat: &chatMedia{AutoAccept: &auto},
	}
	if slot.Monitor != "" {
		own.Type, own.MonitorStatus = "monitoring", &slot.Monitor
		own.Monitoring = &monitoring{seconds(slot.Connected)}
		if slot.State == center.SlotConnected {
			own.State.Type = strings.ToLower(slot.Monitor)
		}
	}
	if err != nil {
		v.Connections = []connectionView{own}
		return v, nil
	}
	if contact.Monitor != nil {
		own.Capabilities = contact.Monitor.Capabilities
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
	for name, value := range attributesOf(chat, slot) {
		v.Attributes[name] = attributeView{name, value}
	}
	v.Name, v.Description = orNil(contact.Name), orNil(contact.Description)
	if len(contact.References) > 0 {
		v.References = map[string]referenceView{}
		for name, r := range contact.References {
			v.References[name] = referenceView{r.Value, r.Type}
		}
	}
	v.Segment = map[string]segmentView{}
	for name, a := range contact.SegmentAttributes {
		v.Segment[name] = segmentOf(a)
	}
}

// attributesOf are the attributes that an agent sees of a contact: the chat's as they are now, also during after-contact work.
// Who monitors sees none, nor does one who did not take the contact.
func attributesOf(chat *center.Chat, slot *center.AgentContact) map[string]string {
	if slot.Monitor != "" || slot.Failed() {
		return nil
	}
	return chat.Attributes
}

func segmentOf(a center.SegmentAttribute) segmentView {
	v := segmentView{ARN: a.ValueArn, Integer: a.ValueInteger, String: a.ValueString}
	if a.ValueMap != nil {
		v.Map = map[string]segmentView{}
		for name, part := range a.ValueMap {
			v.Map[name] = segmentOf(part)
		}
	}
	if a.ValueList != nil {
		v.List = []segmentView{}
	}
	for _, part := range a.ValueList {
		v.List = append(v.List, segmentOf(part))
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
		case p.ID == slot.Participant || p.Silent || p.Role != center.RoleCustomer && p.Joined.IsZero():
			continue // the agent, or one whom others do not see: an agent who has not joined, a supervisor who listens
		case p.Role == center.RoleCustomer:
			v.Type, v.Initial, v.Chat = "inbound", true, &chatMedia{CustomerName: &name}
		case p.Role == center.RoleAgent || p.Role == center.RoleSupervisor:
			if !p.Active() && slot.State != center.SlotConnected {
				continue // they were there before
			}
			if !slot.Live() && p.Joined.After(slot.Since) {
				continue // they came when the agent's part was over
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
