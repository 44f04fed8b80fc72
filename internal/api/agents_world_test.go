package api_test

import (
	"context"

	"github.com/parley-chat/parley/internal/center"
)

// prepareAgent brings an agent into a state that a line of a golden's opening asks for. The agent is the named one, or jane, who is
// at the second level of a hierarchy; the contact is the one that was queued last.
func (w *world) prepareAgent(ctx context.Context, verb, rest string) error {
	name := rest
	if name == "" || verb == "agent-says" {
		name = "jane"
	}
	agents, jane := w.agents, center.UserID(w.names[name])
	switch verb {
	case "agent":
		if rest != "" {
			return w.hire(ctx, center.User{Head: center.Head[center.UserID]{Name: rest}, Identity: center.Identity{FirstName: rest, LastName: "Lee"}})
		}
		return w.hireJane(ctx)
	case "offer":
		return agents.Offer(ctx, instanceID, w.contact, jane, 0)
	case "reject":
		return agents.Reject(ctx, instanceID, jane, w.contact)
	case "accept":
		return agents.Accept(ctx, instanceID, jane, w.contact)
	case "agent-says":
		who, err := agents.Caller(ctx, instanceID, jane, w.contact)
		if err != nil {
			return err
		}
		_, err = w.chats.Send(ctx, who, center.Message{ContentType: center.TextPlain, Content: rest}, "")
		return err
	case "agent-leaves":
		return agents.Leave(ctx, instanceID, jane, w.contact)
	case "customer-leaves":
		who, err := w.caller("customer")
		if err != nil {
			return err
		}
		return w.chats.Leave(ctx, who)
	case "clear":
		return agents.Clear(ctx, instanceID, jane, w.contact)
	}
	w.t.Fatalf("setup: unknown line %q", verb)
	return nil
}

// hireJane makes the agent who is in a hierarchy, available.
func (w *world) hireJane(ctx context.Context) error {
	var levels center.HierarchyStructure
	levels[0], levels[1] = "Region", "Site"
	if err := w.catalog.UpdateHierarchyStructure(ctx, instanceID, levels); err != nil {
		return err
	}
	region := &center.HierarchyGroup{Head: center.Head[center.HierarchyGroupID]{Name: "Europe"}}
	if err := w.catalog.CreateHierarchyGroup(ctx, instanceID, region, ""); err != nil {
		return err
	}
	site := &center.HierarchyGroup{Head: center.Head[center.HierarchyGroupID]{Name: "Paris"}}
	if err := w.catalog.CreateHierarchyGroup(ctx, instanceID, site, string(region.ID)); err != nil {
		return err
	}
	return w.hire(ctx, center.User{
		Head: center.Head[center.UserID]{Name: "jane"}, Identity: center.Identity{FirstName: "Jane", LastName: "Roe"}, HierarchyGroup: site.ID,
	})
}

// hire makes a user an agent of the basic routing profile, who is available.
func (w *world) hire(ctx context.Context, u center.User) error {
	u.RoutingProfile = center.BasicRoutingProfileID(instanceID)
	u.SecurityProfiles = []center.SecurityProfileID{center.SecurityProfileID(w.names["agent"])}
	password := "Secret-123"
	if err := w.catalog.CreateUser(ctx, instanceID, &u, &password); err != nil {
		return err
	}
	w.names[u.Name] = string(u.ID)
	return w.agents.SetStatus(ctx, instanceID, u.ID, center.SeededID(instanceID, "agent-status", center.StatusNameAvailable), false)
}
