package desk

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

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
	c.Profile.Concurrency["CHAT"] = p.ChatLimit()
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
