package insight

import (
	"context"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// UsersRequest is what GetCurrentUserData asks for, its members already within the model's own constraints.
type UsersRequest struct {
	Instance                         center.InstanceID
	Queues, Profiles, Agents, Groups []string // one of them
	States                           []string // of contacts
}

// UserNow is a user at work.
type UserNow struct {
	ID                      center.UserID
	Profile                 center.RoutingProfileID
	Groups                  []center.HierarchyGroupID // from the first level on
	Status                  center.WorkStatus
	Since                   time.Time
	Next                    string           // "" for none
	Most, Active, Available map[string]int64 // slots by channel
	Contacts                []center.AgentContact
}

// goesOffline is how long an agent who went offline is still listed: "disappear … in 5-10 minutes".
const goesOffline = 10 * time.Minute

// check refuses more filters than one, and none.
func (r *UsersRequest) check() error {
	given := 0
	for _, filter := range [][]string{r.Queues, r.Profiles, r.Agents, r.Groups} {
		if len(filter) > 0 {
			given++
		}
	}
	if given != 1 {
		return center.Refuse(center.InvalidRequest, "Filters must have exactly one of Queues, RoutingProfiles, Agents and UserHierarchyGroups, got %d", given)
	}
	return nil
}

// Users returns up to limit users at work with an id after the given one, in the order of their ids, and how many there are in
// all. Users are at work who are not offline, or have contacts, or went offline a moment ago; one whose id is asked for is
// listed in any case, once they have worked.
func (p *Present) Users(ctx context.Context, r *UsersRequest, after string, limit int) (found []UserNow, total int, err error) {
	if err := r.check(); err != nil {
		return nil, 0, err
	}
	m, err := p.working(ctx, r.Instance)
	if err != nil {
		return nil, 0, err
	}
	queues, profiles := idsOf[center.QueueID](r.Queues, "queue"), idsOf[center.RoutingProfileID](r.Profiles, "routing-profile")
	named, groups := idsOf[center.UserID](r.Agents, "agent"), idsOf[center.HierarchyGroupID](r.Groups, "agent-group")
	for i := range m.agents {
		a := &m.agents[i]
		contacts := a.Slots
		if len(r.States) > 0 {
			contacts = slices.DeleteFunc(slices.Clone(contacts), func(c center.AgentContact) bool { return !slices.Contains(r.States, c.State) })
			if len(contacts) == 0 {
				continue
			}
		}
		asked := slices.Contains(named, a.Agent)
		switch {
		case named != nil && !asked,
			profiles != nil && !slices.Contains(profiles, a.user.Profile),
			groups != nil && !slices.ContainsFunc(a.user.Groups, func(id center.HierarchyGroupID) bool { return slices.Contains(groups, id) }),
			queues != nil && !a.worksFor(queues),
			!asked && !a.online() && len(a.Slots) == 0 && m.at.Sub(a.Since) >= goesOffline:
			continue
		}
		if total++; string(a.Agent) <= after || len(found) == limit {
			continue
		}
		found = append(found, a.now(contacts))
	}
	return found, total, nil
}

// worksFor says that an agent serves one of the queues, or has a contact of one.
func (a *agentNow) worksFor(queues []center.QueueID) bool {
	return slices.ContainsFunc(queues, func(q center.QueueID) bool {
		return a.profile.Serves(q, "") || slices.ContainsFunc(a.Slots, func(c center.AgentContact) bool { return c.Queue == q })
	})
}

func (a *agentNow) now(contacts []center.AgentContact) UserNow {
	u := UserNow{
		ID: a.Agent, Profile: a.user.Profile, Groups: a.user.Groups, Status: a.Status, Since: a.Since, Contacts: contacts,
		Most: map[string]int64{}, Active: map[string]int64{}, Available: map[string]int64{},
	}
	if a.Next != nil {
		u.Next = a.Next.Name
	}
	if a.profile != nil {
		for channel, most := range a.profile.Slots {
			u.Most[channel], u.Active[channel], u.Available[channel] = most, a.slots(channel, handling), a.free(channel)
		}
	}
	return u
}
