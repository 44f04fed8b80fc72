package catalog

import (
	"context"
	"slices"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// RoutingProfiles are the routing profiles of an instance.
var RoutingProfiles = &Kind[center.RoutingProfile]{
	rows: "routing-profile", word: "ROUTING_PROFILE", tail: "routing-profile",
	key:   (*center.RoutingProfile).Key,
	stamp: (*center.RoutingProfile).Stamp,
	tags:  (*center.RoutingProfile).TagSet,
	check: (*center.RoutingProfile).Check,
	refs: func(p *center.RoutingProfile) []store.Ref {
		return []store.Ref{{Kind: Queues.rows, ID: string(p.DefaultOutboundQueue)}}
	},
	taken: "a routing profile of that name already exists in the instance",
	quota: 500, plural: "routing profiles",
	below: []string{"routing-profile-queue", "routing-profile-manual-queue"},
}

// The queues of routing profiles: those whose contacts are routed to agents, and those whose contacts are assigned by hand.
// There is a row per queue and channel.
var (
	ProfileQueues = &Rows[center.RoutingProfile, center.ProfileQueue]{
		of: RoutingProfiles, rows: "routing-profile-queue",
		key:   func(q *center.ProfileQueue) string { return q.Key() },
		refs:  func(q *center.ProfileQueue) []store.Ref { return queueRefs(&q.QueueChannel) },
		limit: 10, quota: 50, plural: "queues",
	}
	ProfileManualQueues = &Rows[center.RoutingProfile, center.QueueChannel]{
		of: RoutingProfiles, rows: "routing-profile-manual-queue",
		key: (*center.QueueChannel).Key, refs: queueRefs,
		limit: 10, quota: 50, plural: "manual assignment queues",
	}
)

func queueRefs(q *center.QueueChannel) []store.Ref {
	return []store.Ref{{Kind: Queues.rows, ID: string(q.Queue)}}
}

// users is what the rows of users are called.
const users = "user"

// CreateRoutingProfile makes a routing profile with its queues.
func (c *Catalog) CreateRoutingProfile(ctx context.Context, at center.InstanceID, p *center.RoutingProfile, queues []center.ProfileQueue, manual []center.QueueChannel) error {
	p.ID = center.RoutingProfileID(c.NewID())
	rows, err := ProfileQueues.fresh(c, at, string(p.ID), queues)
	if err != nil {
		return err
	}
	byHand, err := ProfileManualQueues.fresh(c, at, string(p.ID), manual)
	if err != nil {
		return err
	}
	_, err = RoutingProfiles.Create(ctx, c, at, p, ClientToken{}, append(rows, byHand...)...)
	return err
}

// AssociateProfileQueues adds queues to a routing profile, all or none. A queue that it has already gets the given priority
// and delay (inferred).
func (c *Catalog) AssociateProfileQueues(ctx context.Context, at center.InstanceID, id string, queues []center.ProfileQueue, manual []center.QueueChannel) error {
	return RoutingProfiles.changeRows(ctx, c, at, id, ProfileQueues.adding(queues), ProfileManualQueues.adding(manual))
}

// DisassociateProfileQueues takes queues away from a routing profile, all or none.
func (c *Catalog) DisassociateProfileQueues(ctx context.Context, at center.InstanceID, id string, queues, manual []center.QueueChannel) error {
	routed := make([]center.ProfileQueue, len(queues))
	for i, q := range queues {
		routed[i].QueueChannel = q
	}
	return RoutingProfiles.changeRows(ctx, c, at, id, ProfileQueues.removing(routed), ProfileManualQueues.removing(manual))
}

// NumberOfUsers is how many users have a routing profile.
func (c *Catalog) NumberOfUsers(ctx context.Context, at center.InstanceID, id center.RoutingProfileID) (int, error) {
	return c.Store.CountReferrers(ctx, at, store.Ref{Kind: RoutingProfiles.rows, ID: string(id)}, users)
}

// QueuesOfProfile are the ids of the queues of a routing profile, each once: those whose contacts are routed, and those whose
// contacts are assigned by hand.
func (c *Catalog) QueuesOfProfile(ctx context.Context, at center.InstanceID, id center.RoutingProfileID) (routed, manual []center.QueueID, err error) {
	rows, err := ProfileQueues.All(ctx, c, at, string(id))
	if err != nil {
		return nil, nil, err
	}
	byHand, err := ProfileManualQueues.All(ctx, c, at, string(id))
	if err != nil {
		return nil, nil, err
	}
	for i := range rows {
		routed = append(routed, rows[i].Queue)
	}
	for i := range byHand {
		manual = append(manual, byHand[i].Queue)
	}
	return slices.Compact(routed), slices.Compact(manual), nil // rows are in the order of queues
}
