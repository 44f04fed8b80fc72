package desk

import (
	"context"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
)

// agents is what the operations of an agent's own desk need, transfers what those of quick connects need.
var (
	agents    = [][]string{{center.PermitAgent}}
	transfers = [][]string{{center.PermitAgent}, {center.PermitQuickConnects}}
)

var agentRoutes = []route{
	{method: "GET", path: Prefix + "snapshot", needs: agents, do: (*call).showDesktop},
	{method: "PUT", path: Prefix + "state", needs: agents, do: (*call).setState},
	{method: "DELETE", path: Prefix + "state/next", needs: agents, do: (*call).cancelNextState},
	{method: "GET", path: Prefix + "quick-connects", needs: transfers, do: (*call).listQuickConnects},
	{method: "GET", path: Prefix + "contacts/{contact}", needs: agents, do: (*call).showContact},
	{method: "GET", path: Prefix + "contacts/{contact}/attributes", needs: agents, do: (*call).showAttributes},
	{method: "GET", path: Prefix + "contacts/{contact}/transcript", needs: agents, do: (*call).showTranscript},
	{method: "POST", path: Prefix + "contacts/{contact}/token", needs: agents, do: (*call).giveToken},
	{method: "POST", path: Prefix + "contacts/{contact}/accept", needs: agents, do: acts((*chat.Agents).Accept)},
	{method: "POST", path: Prefix + "contacts/{contact}/reject", needs: agents, do: acts((*chat.Agents).Reject)},
	{method: "POST", path: Prefix + "contacts/{contact}/leave", needs: agents, do: acts((*chat.Agents).Leave)},
	{method: "POST", path: Prefix + "contacts/{contact}/clear", needs: agents, do: acts((*chat.Agents).Clear)},
	{method: "POST", path: Prefix + "contacts/{contact}/transfer", needs: transfers, do: (*call).transfer},
	{method: "POST", path: Prefix + "contacts/{contact}/complete", needs: agents, do: (*call).complete},
}

// own finds one of the caller's contacts: what is not among them does not exist, wherever else it is.
func (c *call) own() (*center.AgentContact, error) {
	id := c.r.PathValue("contact")
	a, _, err := c.Staff.Agent(c.r.Context(), c.who.Instance, c.who.User)
	if err != nil {
		return nil, err
	}
	if slot, ok := a.Contact(center.ContactID(strings.ToLower(id))); ok {
		return slot, nil
	}
	return nil, center.Refuse(center.ContactNotFound, "The agent has no contact %s", center.Printable(id))
}

// acts adapts a decision about one of the caller's contacts.
func acts(decide func(a *chat.Agents, ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID) error) func(*call) (any, error) {
	return func(c *call) (any, error) {
		slot, err := c.own()
		if err == nil {
			err = c.body(maxBody, &empty{})
		}
		if err == nil {
			err = decide(c.Agents, c.r.Context(), c.who.Instance, c.who.User, slot.Contact)
		}
		if center.Is(err, center.NotFound) {
			// It went meanwhile: another call was faster, or the chat was erased.
			err = center.Refuse(center.ContactNotFound, "The agent has no contact %s any more", slot.Contact)
		}
		return empty{}, err
	}
}

// complete is clear for what an agent has worked on: a supervisor's contact is only cleared.
func (c *call) complete() (any, error) {
	slot, err := c.own()
	if err != nil {
		return nil, err
	}
	if slot.Monitor != "" {
		return nil, &fault{400, "InvalidContactTypeException", "A contact that is monitored is cleared, not completed."}
	}
	return acts((*chat.Agents).Clear)(c)
}

type transferInput struct {
	Endpoint string `json:"endpointARN"` // of a quick connect: ARN or id
}

type transferOutput struct {
	Contact center.ContactID `json:"contactId"` // made for the transfer
}

// transfer is addConnection of agents' clients with a quick connect, of a chat: what becomes of it is told in the chat.
func (c *call) transfer() (any, error) {
	slot, err := c.own()
	if err != nil {
		return nil, err
	}
	var in transferInput
	if err := c.body(maxBody, &in); err != nil {
		return nil, err
	}
	if err := short("endpointARN", in.Endpoint, maxARN); err != nil {
		return nil, err
	}
	next, err := c.Agents.Transfer(c.r.Context(), c.who.Instance, c.who.User, slot.Contact, catalog.QuickConnects.ParseID(in.Endpoint))
	return transferOutput{next}, err
}

// maxARN is more than any ARN has.
const maxARN = 512

func (c *call) showDesktop() (any, error) { return c.desktop(c.r.Context(), &c.who, nil) }

func (c *call) showContact() (any, error) {
	slot, err := c.own()
	if err != nil {
		return nil, err
	}
	w, err := c.Catalog.Worker(c.r.Context(), c.who.Instance, c.who.User)
	if err != nil {
		return nil, err
	}
	return c.contactOf(c.r.Context(), &c.who, w, slot, nil)
}

func (c *call) showAttributes() (any, error) {
	slot, err := c.own()
	if err != nil {
		return nil, err
	}
	of, _, err := c.Chats.Contact(c.r.Context(), c.who.Instance, slot.Contact)
	if center.Is(err, center.NotFound) {
		err = center.Refuse(center.ContactNotFound, "The chat of the contact %s was erased", slot.Contact)
	}
	if err != nil {
		return nil, err
	}
	all := of.Attributes
	if all == nil {
		all = map[string]string{}
	}
	return map[string]any{"attributes": all}, nil
}

type tokenOutput struct {
	Participant  center.ParticipantID `json:"participantId"`
	Connection   string               `json:"connectionData"`
	ChatToken    string               `json:"participantToken"` // as createTransport of agents' clients names it: the connection token
	ChatTokenEnd string               `json:"expiry"`
}

// giveToken gives the tokens of the agent's participant, from the offer on: clients ask once, and before they accept. They
// let nobody read or send before that.
func (c *call) giveToken() (any, error) {
	slot, err := c.own()
	if err != nil {
		return nil, err
	}
	data, err := c.connectionData(c.r.Context(), &c.who, slot.Contact)
	if err != nil {
		return nil, err
	}
	tokens, err := c.Agents.Credentials(c.r.Context(), c.who.Instance, c.who.User, slot.Contact)
	if err != nil {
		return nil, err
	}
	return tokenOutput{tokens.Participant, data, tokens.Connection.Token, center.FormatTime(tokens.Connection.TokenExpiry)}, nil
}

type transcriptOutput struct {
	Initial center.ChatID `json:"InitialContactId"`
	Next    string        `json:"NextToken,omitempty"`
	Items   []itemView    `json:"Transcript"`
}

type itemView struct {
	AbsoluteTime string               `json:"AbsoluteTime"`
	Content      string               `json:"Content,omitempty"`
	ContentType  string               `json:"ContentType,omitempty"`
	ID           center.ItemID        `json:"Id"`
	Type         string               `json:"Type"`
	Participant  center.ParticipantID `json:"ParticipantId,omitempty"`
	DisplayName  string               `json:"DisplayName,omitempty"`
	Role         center.Role          `json:"ParticipantRole,omitempty"`
	Contact      center.ContactID     `json:"ContactId,omitempty"`
	Related      center.ContactID     `json:"RelatedContactId,omitempty"`
}

// showTranscript is GetTranscript for the contact, with the members of its items.
func (c *call) showTranscript() (any, error) {
	slot, err := c.own()
	if err != nil {
		return nil, err
	}
	q, err := transcriptQuery(c.r.URL.Query())
	if err != nil {
		return nil, err
	}
	caller, err := c.Agents.Caller(c.r.Context(), c.who.Instance, c.who.User, slot.Contact)
	if err != nil {
		return nil, err
	}
	page, err := c.Transcripts.Page(c.r.Context(), caller, q)
	if err != nil {
		return nil, err
	}
	out := transcriptOutput{Initial: page.Chat, Next: page.Next, Items: make([]itemView, len(page.Items))}
	for i := range page.Items {
		it := &page.Items[i]
		v := itemView{
			AbsoluteTime: center.FormatTime(it.Time), Content: it.Content, ContentType: it.ContentType, ID: it.ID, Type: string(it.Type),
			Participant: it.ParticipantID, DisplayName: it.DisplayName, Role: it.Role,
		}
		if it.Past {
			v.Related = it.Contact
		} else {
			v.Contact = it.Contact
		}
		out.Items[i] = v
	}
	return out, nil
}

// maxTranscript is the API model's bound of MaxResults.
const maxTranscript = 100

func transcriptQuery(from url.Values) (q chat.TranscriptQuery, err error) {
	q.NextToken = from.Get("nextToken")
	if s := from.Get("maxResults"); s != "" {
		if q.Max, err = strconv.Atoi(s); err != nil || q.Max < 1 || q.Max > maxTranscript {
			return q, center.Refuse(center.InvalidParameter, "maxResults must be 1 to %d", maxTranscript)
		}
	}
	for _, of := range []struct {
		name, yes, no string
		set           func(bool)
	}{
		{"scanDirection", "FORWARD", "BACKWARD", func(forward bool) { q.Forward = &forward }},
		{"sortOrder", "ASCENDING", "DESCENDING", func(ascending bool) { q.Ascending = ascending }},
	} {
		switch from.Get(of.name) {
		case "":
		case of.yes:
			of.set(true)
		case of.no:
			of.set(false)
		default:
			return q, center.Refuse(center.InvalidParameter, "%s must be %s or %s", of.name, of.yes, of.no)
		}
	}
	return q, nil
}

type stateInput struct {
	ARN     string `json:"agentStateARN"` // ARN or id
	Name    string `json:"name"`          // in place of that
	Enqueue bool   `json:"enqueueNextState"`
}

// setState is putAgentState of agents' clients.
func (c *call) setState() (any, error) {
	var in stateInput
	if err := c.body(maxBody, &in); err != nil {
		return nil, err
	}
	id, err := c.statusNamed(in)
	if err != nil {
		return nil, err
	}
	return empty{}, c.Agents.SetStatus(c.r.Context(), c.who.Instance, c.who.User, string(id), !in.Enqueue)
}

// statusNamed finds a status by its ARN, its id or its name.
func (c *call) statusNamed(in stateInput) (center.AgentStatusID, error) {
	if (in.ARN == "") == (in.Name == "") {
		return "", center.Refuse(center.InvalidParameter, "agentStateARN or name is required, and not both")
	}
	ctx, at := c.r.Context(), c.who.Instance
	if in.ARN != "" {
		if strings.HasPrefix(in.ARN, "arn:") && !strings.HasPrefix(in.ARN, c.Partition.InstanceARN(at)+"/") {
			return "", center.Refuse(center.NotFound, "agentStateARN must be of the user's instance (%d characters)", len([]rune(in.ARN)))
		}
		s, err := catalog.AgentStatuses.Get(ctx, c.Catalog, at, catalog.AgentStatuses.ParseID(in.ARN))
		if err != nil {
			return "", err
		}
		return s.ID, nil
	}
	all, err := catalog.AgentStatuses.List(ctx, c.Catalog, at, "", 1, func(s *center.AgentStatus) bool { return s.Name == in.Name })
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "", center.Refuse(center.NotFound, "No agent status has this name (%d characters)", len([]rune(in.Name)))
	}
	return all[0].ID, nil
}

// cancelNextState takes the next status away by choosing the one that the agent has.
func (c *call) cancelNextState() (any, error) {
	a, _, err := c.Staff.Agent(c.r.Context(), c.who.Instance, c.who.User)
	if err != nil || a.Next == nil {
		return empty{}, err
	}
	return empty{}, c.Agents.SetStatus(c.r.Context(), c.who.Instance, c.who.User, string(a.Status.ID), false)
}

// endpointTypes are the types of quick connects as agents' clients spell them.
var endpointTypes = map[string]string{
	center.QuickConnectUser: "agent", center.QuickConnectQueue: "queue", center.QuickConnectPhone: "phone_number", center.QuickConnectFlow: "flow",
}

// listQuickConnects is getEndpoints of agents' clients: the quick connects of the queues of the agent's routing profile, or of
// those that are named, each once.
func (c *call) listQuickConnects() (any, error) {
	ctx, at := c.r.Context(), c.who.Instance
	routed, _, err := c.Catalog.QueuesOfProfile(ctx, at, c.user.RoutingProfile)
	if err != nil {
		return nil, err
	}
	if named := c.r.URL.Query()["queueARN"]; len(named) > 0 {
		var some []center.QueueID
		for _, arn := range named {
			id, _ := center.ParseQueue(arn)
			if slices.Contains(routed, id) { // an agent's own queue has none
				some = append(some, id)
			}
		}
		routed = some
	}
	seen, found := map[center.QuickConnectID]bool{}, []endpointView{}
	for _, queue := range routed {
		ids, err := catalog.QueueQuickConnects.All(ctx, c.Catalog, at, string(queue))
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if seen[id] {
				continue
			}
			seen[id] = true
			v, err := c.endpointOf(ctx, id)
			if err != nil {
				return nil, err
			}
			if v != nil {
				found = append(found, *v)
			}
		}
	}
	slices.SortFunc(found, func(x, y endpointView) int { return strings.Compare(*x.Name, *y.Name) })
	return map[string]any{"endpoints": found, "nextToken": nil}, nil
}

func (c *call) endpointOf(ctx context.Context, id center.QuickConnectID) (*endpointView, error) {
	at := c.who.Instance
	q, err := catalog.QuickConnects.Get(ctx, c.Catalog, at, string(id))
	if center.Is(err, center.NotFound) {
		return nil, nil //nolint:nilnil // it went meanwhile
	}
	if err != nil {
		return nil, err
	}
	arn := catalog.QuickConnects.ARN(c.Partition, at, q)
	v := &endpointView{ARN: &arn, Type: endpointTypes[q.Type], Name: &q.Name}
	switch q.Type {
	case center.QuickConnectPhone:
		v.Phone = &q.Phone
	case center.QuickConnectQueue:
		queue := c.Partition.QueueARN(at, q.Queue)
		v.Queue = &queue
	case center.QuickConnectUser:
		if u, err := catalog.Users.Get(ctx, c.Catalog, at, q.User); err == nil {
			v.Login = &u.Name
		} else if !center.Is(err, center.NotFound) {
			return nil, err
		}
	}
	return v, nil
}

func wholeSeconds(d time.Duration) string {
	return strconv.FormatInt(int64(math.Max(0, d.Seconds())), 10)
}
