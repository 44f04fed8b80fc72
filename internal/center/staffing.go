package center

import "slices"

// Staffing is who may work for what in an instance, as its configuration says it now.
type Staffing struct {
	Profiles map[RoutingProfileID]*StaffedProfile
	Users    map[UserID]StaffedUser
}

// StaffedProfile is a routing profile as work needs to know it.
type StaffedProfile struct {
	Slots  map[string]int64 // by channel: how many contacts an agent has at once
	Queues []QueueChannel   // those whose contacts are routed to its agents
}

// StaffedUser is a user as work needs to know them.
type StaffedUser struct {
	Profile RoutingProfileID
	Groups  []HierarchyGroupID // of the user hierarchy, from the first level on
}

// Serves says whether the contacts of a queue are routed to agents of the profile: those of a channel, or of any for "".
func (p *StaffedProfile) Serves(queue QueueID, channel string) bool {
	return p != nil && slices.ContainsFunc(p.Queues, func(q QueueChannel) bool { return q.Queue == queue && (channel == "" || q.Channel == channel) })
}

// Serving are the routing profiles that serve a queue.
func (s *Staffing) Serving(queue QueueID) (all []RoutingProfileID) {
	for id, p := range s.Profiles {
		if p.Serves(queue, "") {
			all = append(all, id)
		}
	}
	slices.Sort(all)
	return all
}
