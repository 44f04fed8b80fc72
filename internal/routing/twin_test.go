package routing_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/routing"
)

// match is the twin of [routing.Index.Match]: the rules written down as they are read, with no thought of speed. It looks at all
// pairs again after each offer.
func (w *world) match(now time.Time) (offers []routing.Offer) {
	sim := world{slices.Clone(w.contacts), slices.Clone(w.agents), w.profiles}
	for {
		o, found := sim.first(now)
		if !found {
			return offers
		}
		offers = append(offers, o)
		sim.apply([]routing.Offer{o}, now)
	}
}

// first is the offer that comes first.
func (w *world) first(now time.Time) (routing.Offer, bool) {
	type idler struct {
		*routing.Agent
		since time.Time
		free  int
	}
	var agents []idler
	for i := range w.agents {
		a := &w.agents[i]
		p := w.profile(a)
		if p == nil {
			continue
		}
		since := a.Activity
		if p.Timer == center.TimeSinceLastInbound {
			since = a.Inbound
		}
		free := 0
		for _, c := range p.Channels {
			if c.Name == "CHAT" {
				free = c.Limit
			}
		}
		for _, s := range a.Slots {
			if s.State == "CONNECTING" && s.Since.After(since) {
				since = s.Since
			}
			if s.Channel == "CHAT" {
				free--
			}
		}
		agents = append(agents, idler{a, since, free})
	}
	slices.SortFunc(agents, func(a, b idler) int {
		return cmp.Or(a.since.Compare(b.since), cmp.Compare(b.free, a.free), cmp.Compare(a.ID, b.ID))
	})
	for _, a := range agents {
		var mine []*routing.Contact
		for i := range w.contacts {
			if w.eligible(a.Agent, &w.contacts[i], now) {
				mine = append(mine, &w.contacts[i])
			}
		}
		slices.SortFunc(mine, func(c, d *routing.Contact) int {
			// A contact of its own queue, the priority of the row, the priority, the age, the sequence.
			own := func(c *routing.Contact) int {
				if c.AgentQueue {
					return 0
				}
				return w.row(a.Agent, c.Queue).Priority
			}
			age := func(c *routing.Contact) time.Duration { return now.Sub(c.Since) + c.Adjustment }
			return cmp.Or(cmp.Compare(own(c), own(d)), cmp.Compare(c.Priority, d.Priority), cmp.Compare(age(d), age(c)), c.Enqueued.Compare(d.Enqueued), cmp.Compare(c.ID, d.ID))
		})
		for _, c := range mine {
			other := func(b routing.Agent) bool { return b.ID != a.ID && w.eligible(&b, c, now) }
			if c.Rejecter == a.ID && slices.ContainsFunc(w.agents, other) {
				continue
			}
			return routing.Offer{Contact: c.ID, Agent: a.ID}, true
		}
	}
	return routing.Offer{}, false
}

func (w *world) profile(a *routing.Agent) *routing.Profile {
	for i := range w.profiles {
		if w.profiles[i].ID == a.Profile {
			return &w.profiles[i]
		}
	}
	return nil
}

func (w *world) row(a *routing.Agent, q center.QueueID) *routing.Row {
	p := w.profile(a)
	for i := range p.Queues {
		if p.Queues[i].Queue == q {
			return &p.Queues[i]
		}
	}
	return nil
}

// eligible says whether an agent may be offered a contact.
func (w *world) eligible(a *routing.Agent, c *routing.Contact, now time.Time) bool {
	p := w.profile(a)
	if c.Offered != "" || p == nil || a.Status != "ROUTABLE" || a.Next || !a.Access {
		return false
	}
	limits := map[string]routing.Channel{}
	for _, ch := range p.Channels {
		limits[ch.Name] = ch
	}
	chat, ok := limits["CHAT"]
	if !ok {
		return false
	}
	taken := 0
	for _, s := range a.Slots {
		if s.Chat != "" && s.Chat == c.Chat && (s.State == "CONNECTING" || s.State == "CONNECTED") {
			return false
		}
		if s.Channel == "CHAT" {
			taken++
		} else if s.State == "MISSED" || s.State == "REJECTED" || s.State == "ERROR" || !limits[s.Channel].Others {
			return false
		}
	}
	if taken >= chat.Limit {
		return false
	}
	if c.AgentQueue {
		return string(c.Queue) == string(a.ID)
	}
	row := w.row(a, c.Queue)
	if row == nil || row.Delay > 0 && now.Sub(c.Enqueued) < row.Delay {
		return false
	}
	if c.Criteria == nil || c.Criteria.Ending != "" {
		return true
	}
	step, states := c.Criteria.At(now)
	return step == len(states) || meets(a, &c.Criteria.Steps[step].Expression)
}

// meets says whether an agent has what an expression asks for.
func meets(a *routing.Agent, e *center.RoutingExpression) bool {
	one := func(c *center.RoutingAttribute) bool {
		if c.Operator == "Match" {
			return slices.ContainsFunc(c.Match.Agents.IDs, func(id string) bool {
				return id == string(a.ID) || strings.HasSuffix(strings.ToLower(id), "/agent/"+string(a.ID))
			})
		}
		for _, p := range a.Proficiencies {
			if p.Attribute != string(c.Name) || p.Value != string(c.Value) {
				continue
			}
			if c.Operator == "Range" && p.Level >= float64(c.Range.Min) && p.Level <= float64(c.Range.Max) || c.Operator == "NumberGreaterOrEqualTo" && p.Level >= float64(c.Level) {
				return true
			}
		}
		return false
	}
	met := 0
	for _, list := range [][]center.RoutingExpression{e.And, e.Or} {
		for i := range list {
			if meets(a, &list[i]) {
				met++
			}
		}
	}
	switch {
	case e.Attribute != nil:
		return one(e.Attribute)
	case e.Not != nil:
		return !one(e.Not)
	case e.And != nil:
		return met == len(e.And)
	}
	return met > 0
}

// Generators. Few names, so that much meets; times in whole seconds, so that much is equal.

var (
	queueNames   = []string{"q1", "q2", "q3"}
	agentNames   = []string{"a1", "a2", "a3", "a4", "a5"}
	profileNames = []string{"p1", "p2", "p3"}
)

func drawSeconds(t *rapid.T, low, high int) time.Time {
	return noon.Add(time.Duration(rapid.IntRange(low, high).Draw(t, "second")) * time.Second)
}

// rare is true now and then. (Numbers that rapid draws are small rather than large.)
func rare(t *rapid.T, what string) bool { return rapid.IntRange(0, 9).Draw(t, what) == 9 }

// drawName is mostly one of the usual names.
func drawName(t *rapid.T, what string, usual []string, odd ...string) string {
	if rare(t, what+"?") {
		usual = odd
	}
	return rapid.SampledFrom(usual).Draw(t, what)
}

func drawProfile(t *rapid.T, id string) routing.Profile {
	p := routing.Profile{ID: center.RoutingProfileID(id), Timer: rapid.SampledFrom([]string{center.TimeSinceLastActivity, center.TimeSinceLastInbound}).Draw(t, "timer")}
	if !rare(t, "no chats") {
		p.Channels = append(p.Channels, routing.Channel{Name: "CHAT", Limit: rapid.IntRange(1, 4).Draw(t, "chats")})
	}
	if rapid.Bool().Draw(t, "tasks?") {
		p.Channels = append(p.Channels, routing.Channel{Name: "TASK", Limit: 1, Others: rapid.Bool().Draw(t, "others")})
	}
	for _, q := range queueNames {
		switch rapid.IntRange(0, 9).Draw(t, "row") {
		case 9:
		case 8:
			p.Manual = append(p.Manual, center.QueueID(q))
		default:
			p.Queues = append(p.Queues, routing.Row{
				Queue: center.QueueID(q), Priority: rapid.IntRange(1, 2).Draw(t, "priority"),
				Delay: time.Duration(rapid.SampledFrom([]int{0, 0, 1, 5, 20}).Draw(t, "delay")) * time.Second,
			})
		}
	}
	return p
}

func drawChat(t *rapid.T) center.ChatID {
	return center.ChatID(rapid.SampledFrom([]string{"", "h1", "h2", "h3", "h4"}).Draw(t, "chat"))
}

func drawAgent(t *rapid.T, id string) routing.Agent {
	a := routing.Agent{
		ID: center.UserID(id), Profile: center.RoutingProfileID(drawName(t, "profile", profileNames, "gone")),
		Status: drawName(t, "status", []string{"ROUTABLE"}, "CUSTOM", "OFFLINE"),
		Next:   rare(t, "next"), Access: !rare(t, "no access"),
		Activity: drawSeconds(t, 0, 5), Inbound: drawSeconds(t, 0, 5),
	}
	for _, value := range []string{"fr", "db"} {
		if rapid.Bool().Draw(t, "skill?") {
			a.Proficiencies = append(a.Proficiencies, center.Proficiency{Attribute: "S", Value: value, Level: float64(rapid.IntRange(1, 5).Draw(t, "level"))})
		}
	}
	states := []string{"CONNECTING", "CONNECTED", "ENDED", "MISSED", "REJECTED", "ERROR"}
	for i := range rapid.SampledFrom([]int{0, 0, 0, 1, 1, 2, 3}).Draw(t, "slots") {
		s := routing.Slot{Contact: center.ContactID(fmt.Sprint("x", i)), Channel: "CHAT", State: rapid.SampledFrom(states).Draw(t, "state"), Since: drawSeconds(t, 0, 5), Chat: drawChat(t)}
		if rare(t, "task") {
			s.Channel = "TASK"
		}
		a.Slots = append(a.Slots, s)
	}
	return a
}

func drawExpression(t *rapid.T, depth int) string {
	value := rapid.SampledFrom([]string{"fr", "db", "xx"}).Draw(t, "value")
	var e string
	switch rapid.IntRange(0, 5-2*depth).Draw(t, "expression") {
	case 0:
		e = atLeast("S", value, float64(rapid.IntRange(1, 5).Draw(t, "level")))
	case 1:
		e = match(rapid.SliceOfNDistinct(rapid.SampledFrom(agentNames), 1, 2, rapid.ID).Draw(t, "agents")...)
	case 2:
		low := rapid.IntRange(1, 5).Draw(t, "low")
		e = between("S", value, float64(low), float64(rapid.IntRange(low, 5).Draw(t, "high")))
	case 3:
		return not(drawExpression(t, 2))
	default:
		parts := make([]string, rapid.IntRange(1, 3).Draw(t, "parts"))
		for i := range parts {
			parts[i] = drawExpression(t, depth+1)
		}
		if rapid.Bool().Draw(t, "and") {
			return and(parts...)
		}
		return or(parts...)
	}
	return e
}

func drawContact(t *rapid.T, id string) routing.Contact {
	c := routing.Contact{
		ID: center.ContactID(id), Chat: drawChat(t), Queue: center.QueueID(rapid.SampledFrom(queueNames).Draw(t, "queue")), Enqueued: drawSeconds(t, 0, 30),
		Priority: rapid.SampledFrom([]int{5, 5, 5, 1, 9}).Draw(t, "priority"),
	}
	c.Since = c.Enqueued
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		c.Queue, c.AgentQueue = center.QueueID(rapid.SampledFrom(agentNames).Draw(t, "agent")), true
	case 1:
		c.Since = drawSeconds(t, -10, 30)
	case 2:
		c.Adjustment = time.Duration(rapid.IntRange(-5, 5).Draw(t, "adjustment")) * time.Second
	}
	if rare(t, "offered") {
		c.Offered = "someone"
	}
	if rapid.Bool().Draw(t, "rejected?") {
		c.Rejecter = center.UserID(rapid.SampledFrom(agentNames).Draw(t, "rejecter"))
	}
	if rapid.Bool().Draw(t, "criteria?") {
		var all []any
		for range rapid.IntRange(1, 3).Draw(t, "steps") {
			all = append(all, rapid.IntRange(0, 15).Draw(t, "expiry"), drawExpression(t, 0))
		}
		c.Criteria = criteria(all...).Activate(c.Enqueued)
	}
	return c
}

func drawWorld(t *rapid.T) *world {
	w := &world{}
	for i := range rapid.IntRange(0, 12).Draw(t, "contacts") {
		w.put(drawContact(t, fmt.Sprintf("k%02d", i)))
	}
	for _, id := range profileNames {
		w.put(drawProfile(t, id))
	}
	for _, id := range agentNames {
		w.put(drawAgent(t, id))
	}
	return w
}

// TestMatchEqualsItsTwin goes through random worlds that change at random while time passes: what the index offers is what the
// twin offers, however the index came to be, and time alone changes nothing before it was said to.
func TestMatchEqualsItsTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		x := w.index()
		now := drawSeconds(t, 0, 30)
		for step := range rapid.IntRange(1, 8).Draw(t, "steps") {
			want := w.match(now)
			offers, _ := x.Match(now)
			if told(offers) != told(want) {
				t.Fatalf("step %d: offers %q, the twin %q", step, told(offers), told(want))
			}
			if fresh, _ := w.index().Match(now); told(fresh) != told(want) {
				t.Fatalf("step %d: a fresh index offers %q, the twin %q", step, told(fresh), told(want))
			}
			invariants(t, w, offers, now)
			explained(t, w, x, offers, now)
			if rapid.Bool().Draw(t, "the offers are committed") {
				w.apply(offers, now)
				for _, c := range w.contacts {
					x.PutContact(c)
				}
				for _, a := range w.agents {
					x.PutAgent(a)
				}
				_, next := x.Match(now)
				timeAlone(t, w, now, next)
			}
			now = w.change(t, x, now)
		}
	})
}

// invariants hold for the offers of a pass, whatever they are: no agent above its limit, no contact offered twice or already,
// and no contact left over that an agent could still have.
func invariants(t *rapid.T, w *world, offers []routing.Offer, now time.Time) {
	seen := map[center.ContactID]bool{}
	after := world{slices.Clone(w.contacts), slices.Clone(w.agents), w.profiles}
	for _, o := range offers {
		if seen[o.Contact] {
			t.Fatalf("%s is offered twice: %s", o.Contact, told(offers))
		}
		seen[o.Contact] = true
		c := after.contacts[slices.IndexFunc(after.contacts, func(c routing.Contact) bool { return c.ID == o.Contact })]
		a := after.agents[slices.IndexFunc(after.agents, func(a routing.Agent) bool { return a.ID == o.Agent })]
		if !after.eligible(&a, &c, now) { // its slots, those of this pass included, among the rest
			t.Fatalf("%s may not be offered %s: %s", o.Agent, o.Contact, told(offers))
		}
		after.apply([]routing.Offer{o}, now)
	}
	for i := range after.contacts {
		for j := range after.agents {
			if after.eligible(&after.agents[j], &after.contacts[i], now) {
				t.Fatalf("%s waits while %s is free: %s", after.contacts[i].ID, after.agents[j].ID, told(offers))
			}
		}
	}
}

// explained says whether explanations agree with the offers and with the twin.
func explained(t *rapid.T, w *world, x *routing.Index, offers []routing.Offer, now time.Time) {
	to := map[center.ContactID]center.UserID{}
	for _, o := range offers {
		to[o.Contact] = o.Agent
	}
	competing := []routing.Code{routing.Rejected, routing.OtherContact, routing.OtherAgent, routing.Chosen}
	for i := range w.contacts {
		c := &w.contacts[i]
		e, ok := x.Explain(c.ID, now)
		if !ok || len(e.Agents) != len(w.agents) {
			t.Fatalf("%s is not explained: %+v", c.ID, e)
		}
		if e.Now != (to[c.ID] != "") || e.Now && e.Offered != to[c.ID] || !e.Now && e.Offered != c.Offered {
			t.Fatalf("%s is explained as offered to %q (%t), and the pass offers it to %q", c.ID, e.Offered, e.Now, to[c.ID])
		}
		waits := *c
		waits.Offered = ""
		for j := range w.agents {
			a, r := &w.agents[j], e.Agents[slices.IndexFunc(e.Agents, func(r routing.Refusal) bool { return r.Agent == w.agents[j].ID })].Reason
			if chosen := r.Code == routing.Chosen; chosen != (e.Offered == a.ID) {
				t.Fatalf("%s, offered to %q, is explained to %s as %q", c.ID, e.Offered, a.ID, r)
			}
			if r.Code != routing.Chosen && w.eligible(a, &waits, now) != slices.Contains(competing, r.Code) {
				t.Fatalf("%s: for %s the reason is %q, and it is eligible: %t", c.ID, a.ID, r, w.eligible(a, &waits, now))
			}
			if r.String() == "" || strings.HasPrefix(r.String(), string(r.Code)) {
				t.Fatalf("the reason %q is not in words", r.Code)
			}
		}
	}
}

// timeAlone holds the time at which the answer changes next to the twin's.
func timeAlone(t *rapid.T, w *world, now, next time.Time) {
	if !next.IsZero() && !next.After(now) {
		t.Fatalf("next is %v, which is not after %v", next.Sub(noon), now.Sub(noon))
	}
	for later := now.Add(time.Second); later.Before(noon.Add(2 * time.Minute)); later = later.Add(time.Second) {
		if !next.IsZero() && !later.Before(next) {
			return
		}
		if offers := w.match(later); len(offers) > 0 {
			t.Fatalf("at %v there is %s, and next is %v", later.Sub(noon), told(offers), next.Sub(noon))
		}
	}
}

// change changes something in the world and in the index, and returns the time after that.
func (w *world) change(t *rapid.T, x *routing.Index, now time.Time) time.Time {
	switch rapid.SampledFrom([]int{2, 4, 2, 5, 4, 2, 0, 1, 3, 6}).Draw(t, "change") {
	case 0:
		p := drawProfile(t, rapid.SampledFrom(profileNames).Draw(t, "profile"))
		w.profiles = append(slices.DeleteFunc(w.profiles, func(q routing.Profile) bool { return q.ID == p.ID }), p)
		x.PutProfile(p)
	case 1:
		id := center.RoutingProfileID(rapid.SampledFrom(profileNames).Draw(t, "profile"))
		w.profiles = slices.DeleteFunc(w.profiles, func(q routing.Profile) bool { return q.ID == id })
		x.RemoveProfile(id)
	case 2:
		a := drawAgent(t, rapid.SampledFrom(agentNames).Draw(t, "agent"))
		w.agents = append(slices.DeleteFunc(w.agents, func(b routing.Agent) bool { return b.ID == a.ID }), a)
		x.PutAgent(a)
	case 3:
		id := center.UserID(rapid.SampledFrom(agentNames).Draw(t, "agent"))
		w.agents = slices.DeleteFunc(w.agents, func(b routing.Agent) bool { return b.ID == id })
		x.RemoveAgent(id)
	case 4:
		c := drawContact(t, fmt.Sprintf("k%02d", rapid.IntRange(0, 15).Draw(t, "contact")))
		w.contacts = append(slices.DeleteFunc(w.contacts, func(d routing.Contact) bool { return d.ID == c.ID }), c)
		x.PutContact(c)
	case 5:
		id := center.ContactID(fmt.Sprintf("k%02d", rapid.IntRange(0, 15).Draw(t, "contact")))
		w.contacts = slices.DeleteFunc(w.contacts, func(d routing.Contact) bool { return d.ID == id })
		x.RemoveContact(id)
	}
	return now.Add(time.Duration(rapid.IntRange(0, 10).Draw(t, "seconds")) * time.Second)
}
