package api_test

import (
	"context"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
)

// prepareAgent brings an agent into a state that a line of a golden's opening asks for. The agent is jane, of the basic routing
// profile and at the second level of a hierarchy; the contact is the one that was queued last.
func (w *world) prepareAgent(ctx context.Context, verb, rest string) error {
	agents, jane := chat.NewAgents(w.chats), center.UserID(w.names["jane"])
	switch verb {
	case "agent":
		return w.hire(ctx)
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

// hire makes the agent, available.
func (w *world) hire(ctx context.Context) error {
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
	password := "Secret-123"
	u := &center.User{
		Head: center.Head[center.UserID]{Name: "jane"}, Identity: center.Identity{FirstName: "Jane", LastName: "Roe"},
		SecurityProfiles: []center.SecurityProfileID{center.SecurityProfileID(w.names["agent"])},
		RoutingProfile:   center.BasicRoutingProfileID(instanceID), HierarchyGroup: site.ID,
	}
	if err := w.catalog.CreateUser(ctx, instanceID, u, &password); err != nil {
		return err
	}
	w.names["jane"] = string(u.ID)
	return chat.NewAgents(w.chats).SetStatus(ctx, instanceID, u.ID, w.names["available"], false)
}
