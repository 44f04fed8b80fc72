package catalog

import (
	"context"
	"slices"

	"github.com/parley-chat/parley/internal/center"
)

// Routing is what the configuration of an instance says about who is routed which contacts.
type Routing struct {
	Profiles []RoutedProfile
	Users    map[center.UserID]RoutedUser
}

// RoutedProfile is a routing profile with its queues.
type RoutedProfile struct {
	center.RoutingProfile
	Queues []center.ProfileQueue
	Manual []center.QueueChannel
}

// RoutedUser is a user as routing needs to know them. Access says that they may use the Contact Control Panel.
type RoutedUser struct {
	Profile       center.RoutingProfileID
	Proficiencies []center.Proficiency
	Access        bool
}

// routedBytes is what a user, a routing profile or one of its queues takes of memory in a Routing.
const routedBytes = 256

// Routing is what routing needs to know of an instance. It is shared, for reading only, and the same until something in it
// changes.
func (c *Catalog) Routing(ctx context.Context, at center.InstanceID) (*Routing, error) {
	return kept(ctx, c, kindOf{at: at, rows: "routing", gathered: true}, func() (*Routing, int, error) {
		r, n, err := c.readRouting(ctx, at)
		return r, n * routedBytes, err
	}, RoutingProfiles.rows, ProfileQueues.rows, ProfileManualQueues.rows, users, SecurityProfiles.rows)
}

func (c *Catalog) readRouting(ctx context.Context, at center.InstanceID) (r *Routing, n int, err error) {
	profiles, err := RoutingProfiles.all(ctx, c, at)
	if err != nil {
		return nil, 0, err
	}
	r = &Routing{Users: map[center.UserID]RoutedUser{}}
	byID := map[string]int{}
	for i := range profiles {
		byID[string(profiles[i].ID)] = i
		r.Profiles = append(r.Profiles, RoutedProfile{RoutingProfile: profiles[i]})
	}
	err = ProfileQueues.each(ctx, c, at, func(parent string, q *center.ProfileQueue) {
		if i, ok := byID[parent]; ok {
			n++
			r.Profiles[i].Queues = append(r.Profiles[i].Queues, *q)
		}
	})
	if err != nil {
		return nil, 0, err
	}
	err = ProfileManualQueues.each(ctx, c, at, func(parent string, q *center.QueueChannel) {
		if i, ok := byID[parent]; ok {
			n++
			r.Profiles[i].Manual = append(r.Profiles[i].Manual, *q)
		}
	})
	if err != nil {
		return nil, 0, err
	}
	securityProfiles, err := SecurityProfiles.all(ctx, c, at)
	if err != nil {
		return nil, 0, err
	}
	access := map[center.SecurityProfileID]bool{}
	for i := range securityProfiles {
		access[securityProfiles[i].ID] = slices.Contains(securityProfiles[i].Permissions, center.PermissionAgent)
	}
	all, err := Users.all(ctx, c, at)
	if err != nil {
		return nil, 0, err
	}
	for i := range all {
		u := &all[i]
		r.Users[u.ID] = RoutedUser{u.RoutingProfile, u.Proficiencies, slices.ContainsFunc(u.SecurityProfiles, func(id center.SecurityProfileID) bool { return access[id] })}
	}
	return r, n + len(all) + len(profiles), nil
}
