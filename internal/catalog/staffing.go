package catalog

import (
	"context"

	"github.com/parley-chat/parley/internal/center"
)

// Staffing is who may work for what in an instance. It is made of records that are kept decoded.
func (c *Catalog) Staffing(ctx context.Context, at center.InstanceID) (*center.Staffing, error) {
	profiles, err := FoundProfiles.sorted(ctx, c, at)
	if err != nil {
		return nil, err
	}
	s := &center.Staffing{Profiles: make(map[center.RoutingProfileID]*center.StaffedProfile, len(profiles)), Users: map[center.UserID]center.StaffedUser{}}
	for _, p := range profiles {
		staffed := &center.StaffedProfile{Slots: map[string]int64{}, Queues: p.Channels}
		for _, m := range p.Concurrencies {
			staffed.Slots[m.Channel] = int64(m.Slots())
		}
		s.Profiles[p.ID] = staffed
	}
	groups, err := HierarchyGroups.all(ctx, c, at)
	if err != nil {
		return nil, err
	}
	byID := make(map[center.HierarchyGroupID]*center.HierarchyGroup, len(groups))
	for i := range groups {
		byID[groups[i].ID] = &groups[i]
	}
	all, err := Users.all(ctx, c, at)
	if err != nil {
		return nil, err
	}
	for i := range all {
		u := center.StaffedUser{Profile: all[i].RoutingProfile}
		for g := byID[all[i].HierarchyGroup]; g != nil; g = byID[g.Parent] {
			u.Groups = append([]center.HierarchyGroupID{g.ID}, u.Groups...)
		}
		s.Users[all[i].ID] = u
	}
	return s, nil
}
