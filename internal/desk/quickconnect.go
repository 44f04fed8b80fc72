package desk

import (
	"context"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

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
