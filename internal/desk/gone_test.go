package desk_test

import (
	"context"
	"slices"
	"testing"

	"github.com/parley-chat/parley/internal/center"
)

// What an agent who is gone loses is never free for the same agent: the next status is set before anything is taken away. A
// chat that is damaged does not keep the agent available.
func TestLostAgents(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	ann := w.program("ann")
	ann.wants(200, "", "PUT", "/agent/v1/state", `{"name":"Available"}`)
	ann.accepted("ann")
	w.customer().offerTo("ann")
	id := w.named("ann")
	before, err := w.store.LastSeqs(ctx, []center.StreamID{center.StreamID(id)})
	w.must(err)
	w.must(w.desk.Lost(ctx, instance, id, true))
	a, _, err := w.desk.Staff.Agent(ctx, instance, id)
	w.must(err)
	if a.Status.Type != center.StatusOffline || len(a.Contacts) != 0 {
		t.Errorf("the agent is %s with %v", a.Status.Name, a.Contacts)
	}
	items, err := w.store.ItemsAfter(ctx, center.StreamID(id), before[center.StreamID(id)], 100)
	w.must(err)
	var kinds []string
	for _, it := range items {
		was, ok, err := it.Transition()
		w.must(err)
		if ok {
			kinds = append(kinds, was.What)
		}
	}
	if len(kinds) < 4 || kinds[0] != center.AgentNext || slices.Contains(kinds[1:], center.AgentOffered) {
		t.Errorf("what happened to the agent: %v", kinds)
	}

	ann.wants(200, "", "PUT", "/agent/v1/state", `{"name":"Available"}`)
	damaged, _ := ann.accepted("ann")
	w.damage(damaged.contact)
	ada := w.customer()
	ada.offerTo("ann")
	// The agent still sees both, the damaged one as its slot has it.
	seen := contactsOf(ann.wants(200, "", "GET", "/agent/v1/snapshot", "").json["snapshot"].(map[string]any))
	if len(seen) != 2 || len(seen[0]["connections"].([]any)) != 1 || len(seen[1]["connections"].([]any)) != 2 {
		t.Errorf("the agent sees %v", seen)
	}
	socket := ann.connect()
	socket.shows("both", func(s map[string]any) bool { return len(contactsOf(s)) == 2 })
	w.must(w.desk.Lost(ctx, instance, id, true))
	a, _, err = w.desk.Staff.Agent(ctx, instance, id)
	w.must(err)
	if _, has := a.Contact(ada.contact); has || a.Next == nil || a.Next.Type != center.StatusOffline {
		t.Errorf("the agent is %s, next %v, with %v", a.Status.Name, a.Next, a.Contacts)
	}
}
