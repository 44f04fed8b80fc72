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

// FoundProfile is a routing profile as searches find it, with the ids of its queues, each once.
type FoundProfile struct {
	center.RoutingProfile
	Routed, Manual []center.QueueID
}

// FoundProfiles are the routing profiles of an instance with their queues. Whatever changes the queues of a routing profile
// changes its row too.
var FoundProfiles = &Kind[FoundProfile]{
	rows: RoutingProfiles.rows, word: RoutingProfiles.word, tail: RoutingProfiles.tail,
	key:  foundProfileKey,
	tags: func(p *FoundProfile) *map[string]string { return &p.Tags },
	fields: append(headFields(byName, foundProfileKey, func(p *FoundProfile) string { return p.Description }, parseID("routing-profile")),
		field[FoundProfile]{name: "associatedQueueIds", how: byID, parse: parseQueue, some: func(p *FoundProfile, match func(string) bool) bool {
			return slices.ContainsFunc(p.Routed, func(id center.QueueID) bool { return match(string(id)) })
		}}),
	gather: func(ctx context.Context, c *Catalog, at center.InstanceID) ([]FoundProfile, int, error) {
		profiles, err := RoutingProfiles.all(ctx, c, at)
		if err != nil {
			return nil, 0, err
		}
		found, byID, queues := make([]FoundProfile, len(profiles)), map[string]*FoundProfile{}, 0
		for i := range profiles {
			found[i].RoutingProfile = profiles[i]
			byID[string(profiles[i].ID)] = &found[i]
		}
		// Rows are in the order of queues.
		add := func(of func(*FoundProfile) *[]center.QueueID, parent string, id center.QueueID) {
			p := byID[parent]
			if p == nil {
				return // made or deleted meanwhile
			}
			if all := of(p); !slices.Contains(*all, id) {
				*all = append(*all, id)
				queues++
			}
		}
		err = ProfileQueues.each(ctx, c, at, func(parent string, q *center.ProfileQueue) {
			add(func(p *FoundProfile) *[]center.QueueID { return &p.Routed }, parent, q.Queue)
		})
		if err == nil {
			err = ProfileManualQueues.each(ctx, c, at, func(parent string, q *center.QueueChannel) {
				add(func(p *FoundProfile) *[]center.QueueID { return &p.Manual }, parent, q.Queue)
			})
		}
		return found, len(found)*2*recordBytes + queues*queueIDBytes, err
	},
}

// queueIDBytes is what the id of a queue takes in memory.
const queueIDBytes = 64

func foundProfileKey(p *FoundProfile) (id, name string) { return p.Key() }

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

// ProfileFigures is how many queues and users a routing profile has. A queue counts once, whatever its channels (inferred).
type ProfileFigures struct{ Queues, ManualQueues, Users int }

// FiguresOfProfile counts what a routing profile has. The counts are kept until a routing profile's queues or a user change.
func (c *Catalog) FiguresOfProfile(ctx context.Context, at center.InstanceID, id center.RoutingProfileID) (ProfileFigures, error) {
	return kept(ctx, c, kindOf{at: at, rows: RoutingProfiles.rows, id: string(id)}, func() (n ProfileFigures, bytes int, err error) {
		routed, manual, err := c.QueuesOfProfile(ctx, at, id)
		if err != nil {
			return n, 0, err
		}
		n.Queues, n.ManualQueues = len(routed), len(manual)
		n.Users, err = c.NumberOfUsers(ctx, at, id)
		return n, recordBytes, err
	}, ProfileQueues.rows, ProfileManualQueues.rows, users)
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
