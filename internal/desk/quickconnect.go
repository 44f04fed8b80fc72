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
	{method: "GET", path: Prefix + "quick-connects", needs: transfers, do: (*call).listQuickConnects},
	{method: "POST", path: Prefix + "contacts/{contact}/transfer", needs: transfers, do: connects((*chat.Agents).Transfer)},
	{method: "POST", path: Prefix + "contacts/{contact}/invite", needs: transfers, do: connects((*chat.Agents).Invite)},
	{method: "POST", path: Prefix + "contacts/{contact}/flow", needs: transfers, do: connects(startFlow)},
	{method: "DELETE", path: Prefix + "contacts/{contact}/flow", needs: agents, do: acts((*chat.Agents).CancelFlow)},
}

type connectInput struct {
	ARN string `json:"endpointARN"` // of a quick connect, or its id
}

type connectOutput struct {
	Contact center.ContactID `json:"contactId,omitempty"` // that was made
}

// connects adapts what an agent does with one of the contacts by a quick connect.
func connects(decide func(a *chat.Agents, ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID, quickConnect string) (center.ContactID, error)) func(*call) (any, error) {
	return func(c *call) (any, error) {
		slot, err := c.own()
		if err != nil {
			return nil, err
		}
		var in connectInput
		if err := c.body(maxBody, &in); err != nil {
			return nil, err
		}
		if err := short("endpointARN", in.ARN, maxARN); err != nil {
			return nil, err
		}
		if err := c.ofInstance("endpointARN", in.ARN); err != nil {
			return nil, err
		}
		made, err := decide(c.Agents, c.r.Context(), c.who.Instance, c.who.User, slot.Contact, in.ARN)
		return connectOutput{made}, err
	}
}

// maxARN is more than any ARN of an instance's has.
const maxARN = 500

func startFlow(a *chat.Agents, ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID, quickConnect string) (center.ContactID, error) {
	return "", a.StartFlow(ctx, at, agent, contact, quickConnect)
}

// endpointTypes are the types of quick connects as agents' clients spell them.
var endpointTypes = map[string]string{
	center.QuickConnectUser: "agent", center.QuickConnectQueue: "queue", center.QuickConnectPhone: "phone_number", center.QuickConnectFlow: "flow",
}

// listQuickConnects is getEndpoints of agents' clients: the quick connects of the queues of the agent's routing profile, or of
// those that are named, each once.
func (c *call) listQuickConnects() (any, error) {
	ctx, at := c.r.Context(), c.who.Instance
	routed, manual, err := c.Catalog.QueuesOfProfile(ctx, at, c.user.RoutingProfile)
	if err != nil {
		return nil, err
	}
	routed = append(routed, manual...)
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
