package desk

import (
	"context"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
)

// transfers is what the operations of quick connects need.
var transfers = [][]string{{center.PermitAgent}, {center.PermitQuickConnects}}

var connectRoutes = []route{
	row("GET", "quick-connects", transfers, "Shows quick connects.", (*call).listQuickConnects),
	row("POST", "contacts/{contact}/transfer", transfers, "Transfers a contact by a quick connect.", connects((*chat.Agents).Transfer)).refuses(ofConnects...),
	row("POST", "contacts/{contact}/invite", transfers, "Invites an agent into the conversation by a quick connect.", connects((*chat.Agents).Invite)).refuses(ofConnects...).refuses(center.QuotaExceeded),
	row("POST", "contacts/{contact}/flow", transfers, "Runs the flow of a quick connect beside the conversation.", connects(startFlow)).refuses(ofConnects...),
	row("DELETE", "contacts/{contact}/flow", agents, "Cancels the flow that runs beside the conversation.", acts((*chat.Agents).CancelFlow)).refuses(ofActs...),
}

// ofConnects is what decisions about a contact and a quick connect are refused with.
var ofConnects = append([]center.Code{center.NotFound, center.BadEndpoint}, ofActs...)

type connectInput struct {
	contactInput
	ARN string `json:"endpointARN" rule:"required,max=500" about:"The ARN or the id of a quick connect."`
}

type connectOutput struct {
	Contact center.ContactID `json:"contactId,omitempty" about:"The contact that was made, if one was."`
}

// connects adapts what an agent does with one of the contacts by a quick connect.
func connects(decide func(a *chat.Agents, ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID, quickConnect string) (center.ContactID, error)) func(*call, connectInput) (connectOutput, error) {
	return func(c *call, in connectInput) (connectOutput, error) {
		slot, err := c.own(in.Contact)
		if err != nil {
			return connectOutput{}, err
		}
		if err := c.ofInstance("endpointARN", in.ARN); err != nil {
			return connectOutput{}, err
		}
		made, err := decide(c.Agents, c.r.Context(), c.who.Instance, c.who.User, slot.Contact, in.ARN)
		return connectOutput{made}, err
	}
}

func startFlow(a *chat.Agents, ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID, quickConnect string) (center.ContactID, error) {
	return "", a.StartFlow(ctx, at, agent, contact, quickConnect)
}

// endpointTypes are the types of quick connects as agents' clients spell them.
var endpointTypes = map[string]string{
	center.QuickConnectUser: "agent", center.QuickConnectQueue: "queue", center.QuickConnectPhone: "phone_number", center.QuickConnectFlow: "flow",
}

type quickConnectsInput struct {
	Queues []string `query:"queueARN" about:"Only the quick connects of these queues; ARNs or ids."`
}

type quickConnectsOutput struct {
	Endpoints []endpointView `json:"endpoints"`
	Next      *string        `json:"nextToken" about:"Always null: all are on one page."`
}

// listQuickConnects is getEndpoints of agents' clients: the quick connects of the queues of the agent's routing profile, or of
// those that are named, each once.
func (c *call) listQuickConnects(in quickConnectsInput) (*quickConnectsOutput, error) {
	ctx, at := c.r.Context(), c.who.Instance
	routed, manual, err := c.Catalog.QueuesOfProfile(ctx, at, c.user.RoutingProfile)
	if err != nil {
		return nil, err
	}
	routed = append(routed, manual...)
	if named := in.Queues; len(named) > 0 {
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
	return &quickConnectsOutput{Endpoints: found}, nil
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
