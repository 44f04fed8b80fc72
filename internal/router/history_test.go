package router_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/bus"
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/routing"
)

// TestRandomHistories lets customers and agents do what they like, through the real decisions about chats. After each step, once
// nothing moves any more: no agent was offered a contact above its limit, no contact has two agents, rows and streams agree, and
// no contact waits that an agent could have.
func TestRandomHistories(t *testing.T) {
	done := map[string]int{}
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given { // make soak-routing tries more
		for name, value := range map[string]string{"rapid.checks": "30", "rapid.seed": "1"} { // the same histories each time
			if err := flag.Set(name, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		var gone any // what ends a history early, which belongs to rapid
		synctest.Test(t, func(*testing.T) {
			defer func() { gone = recover() }()
			history := &history{world: newWorld(r, "sqlite::memory:"), T: r, done: done}
			defer history.close()
			history.run()
		})
		if gone != nil {
			panic(gone)
		}
	})
	t.Logf("%v", done)
	for _, what := range []string{"come", "go", "accept", "reject", "clear", "routing", "offer"} {
		if done[what] == 0 {
			t.Errorf("no history had: %s", what)
		}
	}
}

func (h *history) run() {
	h.furnish(h.node(bus.NewLocal(), false))
	h.must(h.at.Catalog.SetInstanceAttribute(h.ctx, instance, center.MultiPartyChat, "true"))
	connect := func(q center.QuickConnect) {
		_, err := catalog.QuickConnects.Create(h.ctx, h.at.Catalog, instance, &q, catalog.ClientToken{})
		h.must(err)
		h.connects = append(h.connects, string(q.ID))
		for _, queue := range h.queues {
			h.must(catalog.QueueQuickConnects.Add(h.ctx, h.at.Catalog, instance, string(queue), []center.QuickConnectID{q.ID}))
		}
	}
	for i := range rapid.IntRange(1, 3).Draw(h.T, "agents") {
		h.agents = append(h.agents, h.agent(fmt.Sprint("agent", i), center.StatusNameAvailable))
		connect(center.QuickConnect{Head: center.Head[center.QuickConnectID]{Name: fmt.Sprint("to agent ", i)}, Type: center.QuickConnectUser, User: string(h.agents[i])})
	}
	for i, queue := range h.queues {
		connect(center.QuickConnect{Head: center.Head[center.QuickConnectID]{Name: fmt.Sprint("to queue ", i)}, Type: center.QuickConnectQueue, Queue: queue})
	}
	for range rapid.IntRange(10, 30).Draw(h.T, "steps") {
		h.step()
		synctest.Wait()
		h.check()
	}
	stats := h.at.Router.Stats()
	h.done["offer"] += int(stats.Offers)
	h.done["refused offer"] += int(stats.Refused)
	h.done["pass"] += int(stats.Passes)
}

type history struct {
	*world
	*rapid.T
	agents    []center.UserID
	customers []chat.Caller
	connects  []string       // quick connects, to each agent and to each queue
	done      map[string]int // how often what was done
	coming    sync.Mutex
	// limit is the highest that applied since the last step. most is how many slots of each agent were taken then; limits may fall
	// below it.
	limit int
	most  map[center.UserID]int
}

func (h *history) Helper()                           { h.T.Helper() }
func (h *history) Fatalf(format string, args ...any) { h.T.Fatalf(format, args...) }
func (h *history) Errorf(format string, args ...any) { h.T.Errorf(format, args...) }

// deed is something that is done, with its name.
type deed struct {
	what string
	do   func() error
	err  error
}

// step does a few things at once. What may not be done right now is refused.
func (h *history) step() {
	deeds := make([]deed, rapid.SampledFrom([]int{1, 1, 1, 2, 3}).Draw(h.T, "at once"))
	for i := range deeds {
		deeds[i] = h.deed()
	}
	var all sync.WaitGroup
	for i := range deeds {
		all.Go(func() { deeds[i].err = deeds[i].do() })
	}
	all.Wait()
	for _, d := range deeds {
		switch {
		case d.err == nil:
			h.done[d.what]++
		case !center.Refused(d.err):
			h.Fatalf("%s: %v", d.what, d.err)
		}
	}
}

// deed draws something that can be done as of now, or could be if it were not for a limit.
func (h *history) deed() deed {
	type pair struct {
		agent   center.UserID
		contact center.ContactID
	}
	pairs := map[string][]pair{}
	for _, id := range h.agents {
		for _, c := range h.slots(id) {
			for _, what := range map[string][]string{
				center.SlotConnecting: {"accept", "accept", "accept", "reject"}, center.SlotConnected: {"leave", "transfer", "transfer", "invite", "invite"}, center.SlotEnded: {"clear"},
				center.SlotMissed: {"clear"}, center.SlotRejected: {"clear"}, center.SlotError: {"clear"},
			}[c.State] {
				pairs[what] = append(pairs[what], pair{id, c.Contact})
			}
		}
	}
	may := append([]string{"come", "status", "wait", "profile", "queues", "routing"}, slices.Sorted(maps.Keys(pairs))...)
	if len(h.customers) > 0 {
		may = append(may, "go")
	}
	what := rapid.SampledFrom(may).Draw(h.T, "what")
	var of pair
	if len(pairs[what]) > 0 {
		of = rapid.SampledFrom(pairs[what]).Draw(h.T, "of")
	}
	return deed{what: what, do: h.drawn(what, of.agent, of.contact)}
}

func (h *history) drawn(what string, agent center.UserID, id center.ContactID) func() error {
	agents := h.at.Agents
	basic := string(center.BasicRoutingProfileID(instance))
	ours := func(do func(context.Context, center.InstanceID, center.UserID, center.ContactID) error) func() error {
		return func() error { return do(h.ctx, instance, agent, id) }
	}
	switch what {
	case "come":
		queue, priority := rapid.SampledFrom(h.queues).Draw(h.T, "queue"), rapid.IntRange(1, 5).Draw(h.T, "priority")
		return func() error {
			who, err := h.enter(queue, priority)
			h.coming.Lock()
			defer h.coming.Unlock()
			h.customers = append(h.customers, who)
			return err
		}
	case "go":
		i := rapid.IntRange(0, len(h.customers)-1).Draw(h.T, "customer")
		who := h.customers[i]
		h.customers = slices.Delete(h.customers, i, i+1)
		return func() error { return h.at.Leave(h.ctx, who) }
	case "accept":
		return ours(agents.Accept)
	case "reject":
		return ours(agents.Reject)
	case "leave":
		return ours(agents.Leave)
	case "clear":
		return ours(agents.Clear)
	case "transfer", "invite":
		by := agents.Transfer
		if what == "invite" {
			by = agents.Invite
		}
		connect := rapid.SampledFrom(h.connects).Draw(h.T, "quick connect")
		return func() error {
			_, err := by(h.ctx, instance, agent, id, connect)
			return err
		}
	case "routing":
		waiting, err := h.store.Waiting(h.ctx, instance, "")
		h.must(err)
		id := center.ContactID(newID())
		if len(waiting) > 0 {
			id = rapid.SampledFrom(waiting).Draw(h.T, "contact").Contact
		}
		data := center.RoutingData{Criteria: h.criteria()}
		if rapid.Bool().Draw(h.T, "priority?") {
			data.Priority = new(rapid.IntRange(1, 5).Draw(h.T, "priority"))
		}
		return func() error { return h.at.SetRouting(h.ctx, instance, id, data) }
	case "status":
		agent := rapid.SampledFrom(h.agents).Draw(h.T, "agent")
		status := center.SeededID(instance, "agent-status", rapid.SampledFrom([]string{center.StatusNameAvailable, center.StatusNameOffline}).Draw(h.T, "status"))
		return func() error { return agents.SetStatus(h.ctx, instance, agent, status, false) }
	case "profile":
		n := rapid.Int64Range(1, 4).Draw(h.T, "concurrency")
		h.limit = max(h.limit, int(n))
		return func() error {
			return catalog.RoutingProfiles.Update(h.ctx, h.at.Catalog, instance, basic, 0, func(p *center.RoutingProfile) error {
				p.Concurrencies = []center.MediaConcurrency{{Channel: center.ChannelChat, Concurrency: &n}}
				return nil
			})
		}
	case "queues":
		row := center.ProfileQueue{QueueChannel: center.QueueChannel{Queue: h.queues[1], Channel: center.ChannelChat}, Priority: rapid.Int64Range(1, 2).Draw(h.T, "priority"), Delay: rapid.SampledFrom([]int64{0, 15}).Draw(h.T, "delay")}
		return func() error {
			return h.at.Catalog.AssociateProfileQueues(h.ctx, instance, basic, []center.ProfileQueue{row}, nil)
		}
	}
	lasts := rapid.SampledFrom([]time.Duration{time.Second, 10 * time.Second, 20 * time.Second, time.Minute}).Draw(h.T, "how long")
	return func() error {
		time.Sleep(lasts)
		return nil
	}
}

// criteria ask for one agent for a while.
func (h *history) criteria() *center.RoutingCriteria {
	r, err := center.ParseRoutingCriteria(fmt.Sprintf(`{"Steps":[{"Expression":{"AttributeCondition":{"ComparisonOperator":"Match","MatchCriteria":{"AgentsCriteria":{"AgentIds":[%q]}}}},
		"Expiry":{"DurationInSeconds":%d}}]}`, rapid.SampledFrom(h.agents).Draw(h.T, "preferred"), rapid.SampledFrom([]int{5, 60}).Draw(h.T, "expiry")))
	h.must(err)
	return r
}

func (h *history) slots(id center.UserID) []center.AgentContact {
	a, ok, err := h.store.AgentOf(h.ctx, instance, id)
	h.must(err)
	if !ok {
		h.Fatalf("the agent %s has no row", id)
	}
	return a.Slots
}

func (h *history) check() {
	limit := 0
	conf, err := h.at.Catalog.Routing(h.ctx, instance)
	h.must(err)
	x := &routing.Index{}
	for i := range conf.Profiles {
		p := routing.NewProfile(&conf.Profiles[i].RoutingProfile, conf.Profiles[i].Queues, conf.Profiles[i].Manual)
		x.PutProfile(p)
		for _, c := range p.Channels {
			if c.Name == center.ChannelChat {
				limit = c.Limit
			}
		}
	}
	holders := map[center.ContactID]center.UserID{}
	taken := map[center.UserID]int{}
	agents, err := h.store.Agents(h.ctx, instance)
	h.must(err)
	for _, a := range agents {
		u := conf.Users[a.Agent]
		w := routing.Agent{ID: a.Agent, Profile: u.Profile, Status: a.Status.Type, Next: a.Next != nil, Access: u.Access, Activity: a.Idle, Inbound: a.Idle}
		for _, c := range a.Slots {
			w.Slots = append(w.Slots, routing.Slot{Contact: c.Contact, Chat: c.Chat, Channel: c.Channel, State: c.State, Since: c.Since})
			if c.Live() {
				if other := holders[c.Contact]; other != "" {
					h.Fatalf("%s is %s's and %s's", c.Contact, other, a.Agent)
				}
				holders[c.Contact] = a.Agent
			}
		}
		if taken[a.Agent] = len(a.Slots); len(a.Slots) > max(limit, h.limit, h.most[a.Agent]) {
			h.Fatalf("%s has %d contacts, and the limit is %d", a.Agent, len(a.Slots), limit)
		}
		state, _, err := h.at.Staff.Agent(h.ctx, instance, a.Agent)
		h.must(err)
		if !slices.Equal(byContact(state.Contacts), byContact(a.Slots)) {
			h.Fatalf("%s has the contacts %+v, and rows for %+v", a.Agent, state.Contacts, a.Slots)
		}
		x.PutAgent(w)
	}
	h.most, h.limit = taken, limit
	waiting, err := h.store.Waiting(h.ctx, instance, "")
	h.must(err)
	for _, r := range waiting {
		if r.OfferedTo != holders[r.Contact] {
			h.Fatalf("%s is offered to %q, and takes a slot of %q", r.Contact, r.OfferedTo, holders[r.Contact])
		}
		x.PutContact(routing.Contact{
			ID: r.Contact, Chat: r.Chat, Queue: r.Queue, AgentQueue: r.AgentQueue, Enqueued: r.Enqueued, Since: r.Since, Priority: r.Priority,
			Adjustment: time.Duration(r.Adjustment) * time.Second, Criteria: r.Routing, Offered: r.OfferedTo, Rejecter: r.Rejecter,
		})
	}
	if offers, _ := x.Match(time.Now()); len(offers) > 0 {
		h.Fatalf("nothing moves, and there could be offers: %+v", offers)
	}
}

func byContact(all []center.AgentContact) []center.AgentContact {
	return slices.SortedFunc(slices.Values(all), func(a, b center.AgentContact) int { return strings.Compare(string(a.Contact), string(b.Contact)) })
}
