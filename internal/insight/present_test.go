package insight

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/storetest"
)

// directory is a staffing as the catalog would read it.
type directory struct{ staff *center.Staffing }

func (d directory) Staffing(context.Context, center.InstanceID) (*center.Staffing, error) {
	return d.staff, nil
}

// atWork is an instance at work: what is in the rows, as the test has made it.
type atWork struct {
	staff   *center.Staffing
	agents  []store.AgentAtWork
	waiting []center.WaitingRecord
}

func uuid(kind, n int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", kind, n) }

// randomWork makes agents in all states and contacts that wait.
func randomWork(r *rand.Rand, agents, waiting int) *atWork {
	w := &atWork{staff: &center.Staffing{Profiles: map[center.RoutingProfileID]*center.StaffedProfile{}, Users: map[center.UserID]center.StaffedUser{}}}
	for i := range 3 {
		p := &center.StaffedProfile{Slots: map[string]int64{"CHAT": int64(1 + r.IntN(4))}}
		if r.IntN(2) == 0 {
			p.Slots["VOICE"] = 1
		}
		for q := range 4 {
			for _, channel := range []string{"CHAT", "VOICE"} {
				if r.IntN(2) == 0 {
					p.Queues = append(p.Queues, center.QueueChannel{Queue: center.QueueID(uuid(2, q)), Channel: channel})
				}
			}
		}
		w.staff.Profiles[center.RoutingProfileID(uuid(4, i))] = p
	}
	kinds := []string{center.StatusRoutable, center.StatusRoutable, center.StatusCustom, center.StatusOffline}
	states := []string{center.SlotConnecting, center.SlotConnected, center.SlotConnected, center.SlotEnded, center.SlotMissed, center.SlotRejected, center.SlotError}
	for i := range agents {
		id := center.UserID(uuid(3, i))
		user := center.StaffedUser{Profile: center.RoutingProfileID(uuid(4, r.IntN(4)))} // one is gone
		if r.IntN(2) == 0 {
			user.Groups = []center.HierarchyGroupID{center.HierarchyGroupID(uuid(5, r.IntN(2)))}
		}
		if r.IntN(10) > 0 { // else the user is gone
			w.staff.Users[id] = user
		}
		kind := r.IntN(len(kinds))
		a := store.AgentAtWork{AgentRecord: center.AgentRecord{
			Agent: id, Instance: instance, Status: center.WorkStatus{ID: center.AgentStatusID(uuid(6, kind)), Name: kinds[kind], Type: kinds[kind]},
			Since: noon.Add(-time.Duration(r.IntN(30)) * time.Minute).UTC(), Profile: user.Profile,
		}}
		for j := range r.IntN(4) {
			a.Slots = append(a.Slots, center.AgentContact{
				Contact: center.ContactID(uuid(1, i*10+j)), Chat: center.ChatID(uuid(1, i*10+j)), Participant: center.ParticipantID(uuid(7, i*10+j)), Channel: "CHAT",
				InitiationMethod: "API", State: states[r.IntN(len(states))], Since: noon, Offered: noon, Queue: center.QueueID(uuid(2, r.IntN(4))),
			})
		}
		w.agents = append(w.agents, a)
	}
	for i := range waiting {
		c := center.WaitingRecord{
			Contact: center.ContactID(uuid(8, i)), Chat: center.ChatID(uuid(8, i)), Instance: instance, Queue: center.QueueID(uuid(2, r.IntN(4))), Channel: "CHAT",
			Enqueued: noon.Add(-time.Duration(r.IntN(1000)) * time.Second), Priority: 1 + r.IntN(3),
		}
		c.Since = c.Enqueued
		if r.IntN(4) == 0 {
			c.OfferedTo = center.UserID(uuid(3, r.IntN(agents)))
		}
		if r.IntN(3) == 0 {
			c.Routing, _ = center.ParseRoutingCriteria(fmt.Sprintf(`{"Steps":[{"Expression":{"AttributeCondition":{"Name":"L","Value":"%d","ProficiencyLevel":"3","ComparisonOperator":"NumberGreaterOrEqualTo"}},"Expiry":{"DurationInSeconds":"600"}}]}`, r.IntN(2)))
			c.Routing.Activated = c.Enqueued
		}
		w.waiting = append(w.waiting, c)
	}
	return w
}

// put commits the rows as decisions do.
func (w *atWork) put(t testing.TB, s *store.Store) {
	t.Helper()
	commit := func(c *center.Change) {
		c.Instance, c.State = instance, []byte(`{}`)
		id := string(c.Stream)
		c.Items = []center.Item{{Stream: c.Stream, Seq: 1, ID: center.ItemID(id), Time: noon, Type: center.Marker, Contact: center.ContactID(id)}}
		if err := s.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	for i := range w.agents {
		a := &w.agents[i]
		commit(&center.Change{Stream: center.StreamID(a.Agent), Kind: center.KindAgent, Agent: &a.AgentRecord, Slots: a.Slots})
	}
	for i := range w.waiting {
		commit(&center.Change{Stream: center.StreamID(w.waiting[i].Chat), Kind: center.KindChat, Waiting: w.waiting[i : i+1]})
	}
}

// recount counts the figures of a queue for a channel, "" for all, one rule after the other.
func (w *atWork) recount(queue center.QueueID, channel string) (n map[string]float64, known bool) {
	n = map[string]float64{}
	for _, a := range w.agents {
		user, exists := w.staff.Users[a.Agent]
		p := w.staff.Profiles[user.Profile]
		if !exists || p == nil || !slices.ContainsFunc(p.Queues, func(q center.QueueChannel) bool { return q.Queue == queue && (channel == "" || q.Channel == channel) }) {
			continue
		}
		states := map[string]float64{}
		for _, c := range a.Slots {
			states[c.State]++
		}
		bad := states["MISSED"] + states["REJECTED"] + states["ERROR"]
		known = known || a.Status.Type != "OFFLINE" || len(a.Slots) > 0
		chats := channel == "" || channel == "CHAT"
		free := map[string]float64{}
		for c, most := range p.Slots {
			taken := 0.0
			if c == "CHAT" {
				taken = float64(len(a.Slots))
			}
			if channel == "" || channel == c {
				free[c] = max(0, float64(most)-taken)
			}
		}
		switch a.Status.Type {
		case "ROUTABLE":
			n["AGENTS_ONLINE"]++
			n["AGENTS_STAFFED"]++
			some := 0.0
			for _, f := range free {
				n["SLOTS_AVAILABLE"] += f
				some += f
			}
			if bad == 0 && some > 0 {
				n["AGENTS_AVAILABLE"]++
			}
		case "CUSTOM":
			n["AGENTS_ONLINE"]++
			n["AGENTS_NON_PRODUCTIVE"]++
		}
		if states["CONNECTED"]+states["ENDED"] > 0 {
			n["AGENTS_ON_CONTACT"]++
		}
		if bad > 0 {
			n["AGENTS_ERROR"]++
		}
		if chats {
			n["AGENTS_AFTER_CONTACT_WORK"] += states["ENDED"]
			n["SLOTS_ACTIVE"] += states["CONNECTED"] + states["ENDED"]
		}
	}
	n["AGENTS_ON_CALL"] = n["AGENTS_ON_CONTACT"]
	for _, c := range w.waiting {
		if c.Queue != queue || channel != "" && channel != "CHAT" {
			continue
		}
		known = true
		if c.OfferedTo == "" {
			n["CONTACTS_IN_QUEUE"]++
			n["OLDEST_CONTACT_AGE"] = max(n["OLDEST_CONTACT_AGE"], noon.Sub(c.Enqueued).Seconds())
		}
	}
	return n, known
}

// Figures of the present equal a recount, on both engines; pages that are asked of another node, after all has changed, are of
// the moment of the first.
func TestPresentEqualsARecount(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, at string) {
		s, err := store.Open(t.Context(), at, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		r := rand.New(rand.NewPCG(5, 6))
		w := randomWork(r, 40, 60)
		w.put(t, s)
		ids, now := 0, noon
		node := func() *Present {
			return NewPresent(s, directory{w.staff}, func() time.Time { return now }, func() time.Time { return now }, func() string { ids++; return uuid(9, ids) })
		}
		q := &CurrentRequest{Instance: instance, Groupings: []string{"QUEUE", "CHANNEL"}, Metrics: slices.Sorted(maps.Keys(currentMetrics)), SortBy: "CONTACTS_IN_QUEUE"}
		for i := range 4 {
			q.Queues = append(q.Queues, uuid(2, i))
		}
		var rows []CurrentRow
		for token, first := "", node(); ; {
			page, err := first.Current(t.Context(), q, 2, token)
			if err != nil {
				t.Fatal(err)
			}
			if !page.At.Equal(noon) {
				t.Errorf("a page is of %v", page.At)
			}
			rows = append(rows, page.Rows...)
			if token = page.Next; token == "" {
				break
			}
			if len(rows) == 2 { // now nobody waits any more, and time goes on
				for _, c := range w.waiting {
					if err := s.Commit(t.Context(), &center.Change{Stream: center.StreamID(c.Chat), Kind: center.KindChat, Instance: instance, State: []byte(`{}`), After: 1, Left: []center.ContactID{c.Contact},
						Items: []center.Item{{Stream: center.StreamID(c.Chat), Seq: 2, ID: center.ItemID(uuid(10, ids)), Time: noon, Type: center.Marker, Contact: c.Contact}}}); err != nil {
						t.Fatal(err)
					}
					ids++
				}
				now, first = noon.Add(4*time.Minute), node()
			}
		}
		want := 0
		for _, queue := range q.Queues {
			for _, channel := range []string{"CHAT", "VOICE"} {
				if _, known := w.recount(center.QueueID(queue), channel); known {
					want++
				}
			}
		}
		if len(rows) != want || want < 5 {
			t.Errorf("%d rows, want %d", len(rows), want)
		}
		last := 1e9
		for _, row := range rows {
			counted, _ := w.recount(row.Queue, row.Channel)
			for i, name := range q.Metrics {
				if *row.Values[i] != counted[name] {
					t.Errorf("%s of %s, %s: %v, recounted %v", name, row.Queue, row.Channel, *row.Values[i], counted[name])
				}
			}
			if counted["CONTACTS_IN_QUEUE"] > last {
				t.Errorf("not sorted: %v after %v", counted["CONTACTS_IN_QUEUE"], last)
			}
			last = counted["CONTACTS_IN_QUEUE"]
		}

		// A token is good for five minutes, and for its request.
		p := node()
		page, err := p.Current(t.Context(), q, 1, "")
		if err != nil {
			t.Fatal(err)
		}
		other := *q
		other.Ascending = true
		if _, err := p.Current(t.Context(), &other, 1, page.Next); !center.Is(err, center.InvalidParameter) {
			t.Errorf("a token of another request: %v", err)
		}
		// One that says it is for the other request, of the same answer.
		var forged currentToken
		if err := unsealed(page.Next, &forged, func() []byte { return forged.Request }, q); err != nil {
			t.Fatal(err)
		}
		forged.Request = digestOf(&other)
		if _, err := p.Current(t.Context(), &other, 1, sealed(forged)); !center.Is(err, center.InvalidParameter) {
			t.Errorf("a forged token: %v", err)
		}
		now = now.Add(tokenLasts)
		if _, err := p.Current(t.Context(), q, 1, page.Next); !center.Is(err, center.InvalidParameter) {
			t.Errorf("a token that has expired: %v", err)
		}
	})
}

// Flows see the figures of a queue, but for the contacts of their own chat; places in queues count those of one step.
func TestQueueFiguresAndPlaces(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, at string) {
		s, err := store.Open(t.Context(), at, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		w := randomWork(rand.New(rand.NewPCG(7, 8)), 20, 40)
		w.put(t, s)
		clock := func() time.Time { return noon }
		p := NewPresent(s, directory{w.staff}, clock, clock, func() string { return uuid(9, 1) })
		for i := range 4 {
			queue := center.QueueID(uuid(2, i))
			f, err := p.OfQueue(t.Context(), instance, queue, "", "")
			if err != nil {
				t.Fatal(err)
			}
			counted, _ := w.recount(queue, "")
			for name, got := range map[string]float64{
				"AGENTS_ONLINE": float64(f.Online), "AGENTS_STAFFED": float64(f.Staffed), "AGENTS_AVAILABLE": float64(f.Available), "AGENTS_NON_PRODUCTIVE": float64(f.NonProductive),
				"AGENTS_ON_CONTACT": float64(f.OnContact), "AGENTS_AFTER_CONTACT_WORK": float64(f.AfterContactWork), "CONTACTS_IN_QUEUE": float64(f.Contacts),
				"OLDEST_CONTACT_AGE": f.Age(noon).Seconds(),
			} {
				if got != counted[name] {
					t.Errorf("%s of queue %d: %v, recounted %v", name, i, got, counted[name])
				}
			}
		}
		for i := range w.waiting {
			c := &w.waiting[i]
			others, err := p.OfQueue(t.Context(), instance, c.Queue, "CHAT", c.Chat)
			if err != nil {
				t.Fatal(err)
			}
			counted, _ := w.recount(c.Queue, "")
			own := 1.0
			if c.OfferedTo != "" {
				own = 0
			}
			if float64(others.Contacts) != counted["CONTACTS_IN_QUEUE"]-own {
				t.Errorf("without its own chat a flow sees %d contacts of %v", others.Contacts, counted["CONTACTS_IN_QUEUE"])
			}
			place, err := p.Place(t.Context(), instance, c.Contact)
			if err != nil {
				t.Fatal(err)
			}
			want := 1
			for j := range w.waiting {
				if o := &w.waiting[j]; c.OfferedTo == "" && o.Queue == c.Queue && before(o, c) && (activeStep(c.Routing, noon) == "" || activeStep(o.Routing, noon) == activeStep(c.Routing, noon)) {
					want++
				}
			}
			if place.Position != want {
				t.Errorf("contact %d is at %d, want %d", i, place.Position, want)
			}
		}
		if _, err := p.Place(t.Context(), instance, center.ContactID(uuid(1, 1))); !center.Is(err, center.InvalidRequest) {
			t.Errorf("a contact that does not wait: %v", err)
		}
	})
}

// before is the order in which contacts of a queue are served.
func before(a, b *center.WaitingRecord) bool {
	switch {
	case a.Priority != b.Priority:
		return a.Priority < b.Priority
	case a.Aged() != b.Aged():
		return a.Aged() < b.Aged()
	}
	return a.Contact < b.Contact
}

// Rows of steps have the contacts whose step is under way. Expressions are compared whatever the order of their members.
func TestPresentBySteps(t *testing.T) {
	s, err := store.Open(t.Context(), "sqlite::memory:", store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w := randomWork(rand.New(rand.NewPCG(9, 9)), 5, 300)
	w.put(t, s)
	clock := func() time.Time { return noon }
	p := NewPresent(s, directory{w.staff}, clock, clock, func() string { return uuid(9, 1) })
	step := `{"AttributeCondition": {"ComparisonOperator": "NumberGreaterOrEqualTo", "ProficiencyLevel": 3, "Value": "1", "Name": "L"}}`
	page, err := p.Current(t.Context(), &CurrentRequest{
		Instance: instance, Queues: []string{uuid(2, 0)}, Channels: []string{"CHAT"}, Steps: []string{step}, Groupings: []string{"ROUTING_STEP_EXPRESSION"}, Metrics: []string{"CONTACTS_IN_QUEUE"},
	}, 100, "")
	if err != nil || len(page.Rows) != 1 || page.Rows[0].Step != step {
		t.Fatalf("%+v, %v", page, err)
	}
	want := 0.0
	for i := range w.waiting {
		c := &w.waiting[i]
		if c.Queue != center.QueueID(uuid(2, 0)) || c.OfferedTo != "" || c.Routing == nil || noon.Sub(c.Enqueued) >= 10*time.Minute {
			continue
		}
		if raw, _ := json.Marshal(c.Routing.Steps[0].Expression.Attribute.Value); string(raw) == `"1"` {
			want++
		}
	}
	if got := *page.Rows[0].Values[0]; got != want || want == 0 {
		t.Errorf("%v contacts, want %v", got, want)
	}
}

// Users are listed while they are at work, and ten minutes longer; those who are asked for by their ids always.
func TestUsersWhoAreListed(t *testing.T) {
	s, err := store.Open(t.Context(), "sqlite::memory:", store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w := randomWork(rand.New(rand.NewPCG(3, 3)), 60, 1)
	w.put(t, s)
	clock := func() time.Time { return noon }
	p := NewPresent(s, directory{w.staff}, clock, clock, func() string { return uuid(9, 1) })
	list := func(r UsersRequest) (ids []string) {
		t.Helper()
		r.Instance = instance
		for after := ""; ; {
			found, total, err := p.Users(t.Context(), &r, after, 7)
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range found {
				ids = append(ids, string(u.ID))
				if len(r.States) > 0 && slices.ContainsFunc(u.Contacts, func(c center.AgentContact) bool { return !slices.Contains(r.States, c.State) }) {
					t.Errorf("a contact in another state than %v", r.States)
				}
			}
			if len(found) < 7 {
				if total != len(ids) {
					t.Errorf("%d users, and a total of %d", len(ids), total)
				}
				return ids
			}
			after = ids[len(ids)-1]
		}
	}
	expect := func(what string, got []string, holds func(a *store.AgentAtWork, u center.StaffedUser) bool) {
		t.Helper()
		var want []string
		for i := range w.agents {
			a := &w.agents[i]
			if u, ok := w.staff.Users[a.Agent]; ok && holds(a, u) {
				want = append(want, string(a.Agent))
			}
		}
		if !slices.Equal(got, want) || len(want) == 0 {
			t.Errorf("%s: %d users, want %d", what, len(got), len(want))
		}
	}
	atWork := func(a *store.AgentAtWork) bool {
		return a.Status.Type != "OFFLINE" || len(a.Slots) > 0 || noon.Sub(a.Since) < goesOffline
	}
	var all []string
	for i := range 60 {
		all = append(all, uuid(3, i))
	}
	expect("by ids", list(UsersRequest{Agents: all}), func(*store.AgentAtWork, center.StaffedUser) bool { return true })
	expect("by profile", list(UsersRequest{Profiles: []string{uuid(4, 0)}}), func(a *store.AgentAtWork, u center.StaffedUser) bool {
		return u.Profile == center.RoutingProfileID(uuid(4, 0)) && atWork(a)
	})
	expect("by group", list(UsersRequest{Groups: []string{uuid(5, 1)}}), func(a *store.AgentAtWork, u center.StaffedUser) bool {
		return slices.Contains(u.Groups, center.HierarchyGroupID(uuid(5, 1))) && atWork(a)
	})
	expect("by queue and state", list(UsersRequest{Queues: []string{uuid(2, 2)}, States: []string{"ENDED", "MISSED"}}), func(a *store.AgentAtWork, u center.StaffedUser) bool {
		serves := w.staff.Profiles[u.Profile].Serves(center.QueueID(uuid(2, 2)), "") || slices.ContainsFunc(a.Slots, func(c center.AgentContact) bool { return c.Queue == center.QueueID(uuid(2, 2)) })
		return serves && slices.ContainsFunc(a.Slots, func(c center.AgentContact) bool { return c.State == "ENDED" || c.State == "MISSED" })
	})
}
