package chat_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/insight"
)

// histories is an office where random things happen over some days. What its figures must be is learned from the streams of
// agents and chats alone.
type histories struct {
	*office
	r        *rand.Rand
	agents   []center.UserID // the last one is a supervisor
	lunch    string
	connects []string
	people   []chat.Caller
	happened map[string]int
	deleted  center.UserID
}

var errNothing = errors.New("there is nobody to do it")

func newHistories(o *office, r *rand.Rand) *histories {
	h := &histories{office: o, r: r, happened: map[string]int{}}
	o.on(center.MultiPartyChat)
	lunch := &center.AgentStatus{Head: center.Head[center.AgentStatusID]{Name: "Lunch"}, Type: center.StatusCustom, State: center.StatusEnabled}
	_, err := catalog.AgentStatuses.Create(o.ctx, o.c.Catalog, instance, lunch, catalog.ClientToken{})
	o.must(err)
	h.lunch = string(lunch.ID)
	for i := range 4 {
		h.agents = append(h.agents, o.agent(o.c, fmt.Sprintf("agent-%d", i), center.StatusNameAvailable))
	}
	h.agents = append(h.agents, o.supervisor("eve"))
	h.connects = []string{o.toQueue("Sales", o.sales, handsOver), o.toQueue("Later", o.sales, waitsFirst), o.toUser("First", h.agents[0], handsOver)}
	return h
}

func pickOne[V any](h *histories, all []V) (v V, err error) {
	if len(all) == 0 {
		return v, errNothing
	}
	return all[h.r.IntN(len(all))], nil
}

// slot is a contact of an agent's in one of some states.
func (h *histories) slot(states ...string) (id center.UserID, c center.AgentContact, err error) {
	type one struct {
		id center.UserID
		c  center.AgentContact
	}
	var all []one
	working, err := h.store.Agents(h.ctx, instance)
	h.must(err)
	for _, a := range working {
		for _, c := range a.Slots {
			if slices.Contains(states, c.State) {
				all = append(all, one{a.Agent, c})
			}
		}
	}
	o, err := pickOne(h, all)
	return o.id, o.c, err
}

// steps are what may happen, the likely ones more than once.
func (h *histories) steps() map[string]func() error {
	agents := h.c.Agents
	onSlot := func(do func(center.UserID, center.AgentContact) error, states ...string) func() error {
		return func() error {
			id, c, err := h.slot(states...)
			if err != nil {
				return err
			}
			return do(id, c)
		}
	}
	live := func(do func(center.UserID, center.AgentContact) error) func() error {
		return onSlot(do, center.SlotConnected)
	}
	enter := func() error {
		queue := []string{h.basic, h.basic, h.sales}[h.r.IntN(3)]
		h.people = append(h.people, h.enter(h.c, h.entry, map[string]string{"queue": queue, "hook": string(h.hook)}))
		return nil
	}
	offer := func() error {
		waiting, err := h.store.Waiting(h.ctx, instance, "")
		h.must(err)
		w, err := pickOne(h, slices.DeleteFunc(waiting, func(w center.WaitingRecord) bool { return w.OfferedTo != "" }))
		if err != nil {
			return err
		}
		return agents.Offer(h.ctx, instance, w.Contact, h.agents[h.r.IntN(len(h.agents))], 3)
	}
	accept := onSlot(func(id center.UserID, c center.AgentContact) error {
		return agents.Accept(h.ctx, instance, id, c.Contact)
	}, center.SlotConnecting)
	clear := onSlot(func(id center.UserID, c center.AgentContact) error {
		return agents.Clear(h.ctx, instance, id, c.Contact)
	},
		center.SlotEnded, center.SlotMissed, center.SlotRejected, center.SlotError)
	customer := func(do func(chat.Caller) error) func() error {
		return func() error {
			who, err := pickOne(h, h.people)
			if err != nil {
				return err
			}
			return do(who)
		}
	}
	return map[string]func() error{
		"enter": enter, "enter too": enter, "offer": offer, "offer more": offer, "offer on": offer, "accept": accept, "accept more": accept, "accept on": accept,
		"clear": clear, "clear more": clear,
		"reject": onSlot(func(id center.UserID, c center.AgentContact) error {
			return agents.Reject(h.ctx, instance, id, c.Contact)
		}, center.SlotConnecting),
		"miss": onSlot(func(center.UserID, center.AgentContact) error { h.clock.advance(center.OfferWithin); return nil }, center.SlotConnecting),
		"leave": live(func(id center.UserID, c center.AgentContact) error {
			return agents.Leave(h.ctx, instance, id, c.Contact)
		}),
		"say": live(func(id center.UserID, c center.AgentContact) error {
			who, err := agents.Caller(h.ctx, instance, id, c.Contact)
			if err == nil {
				_, err = h.c.Send(h.ctx, who, center.Message{ContentType: center.TextPlain, Content: "Hello."}, "")
			}
			return err
		}),
		"answer": customer(func(who chat.Caller) error {
			_, err := h.c.Send(h.ctx, who, center.Message{ContentType: center.TextPlain, Content: "Well."}, "")
			return err
		}),
		"transfer": live(func(id center.UserID, c center.AgentContact) error {
			_, err := agents.Transfer(h.ctx, instance, id, c.Contact, h.connects[h.r.IntN(3)])
			return err
		}),
		"invite": live(func(id center.UserID, c center.AgentContact) error {
			_, err := agents.Invite(h.ctx, instance, id, c.Contact, h.connects[0])
			return err
		}),
		"remove": live(func(id center.UserID, c center.AgentContact) error {
			of, _, err := h.c.Contact(h.ctx, instance, c.Contact)
			if err != nil {
				return err
			}
			return agents.Remove(h.ctx, instance, id, c.Contact, of.Participants[h.r.IntN(len(of.Participants))].ID)
		}),
		"monitor": live(func(_ center.UserID, c center.AgentContact) error {
			_, err := h.monitor(h.agents[4], c.Contact)
			return err
		}),
		"customer leaves": customer(func(who chat.Caller) error { return h.c.Leave(h.ctx, who) }),
		"stop": customer(func(who chat.Caller) error {
			return h.c.Stop(h.ctx, instance, h.current(h.c, who.Chat).ID)
		}),
		"status": func() error {
			to := []string{center.SeededID(instance, "agent-status", center.StatusNameAvailable), center.SeededID(instance, "agent-status", center.StatusNameAvailable),
				h.lunch, center.SeededID(instance, "agent-status", center.StatusNameOffline)}[h.r.IntN(4)]
			return agents.SetStatus(h.ctx, instance, h.agents[h.r.IntN(5)], to, false)
		},
		"hours pass": func() error { h.clock.advance(time.Duration(1+h.r.IntN(4*3600)) * time.Second); return nil },
		"time passes": func() error {
			h.clock.advance(time.Duration(1+h.r.IntN(600)) * time.Second)
			return nil
		},
	}
}

func (h *histories) happens(n int) {
	steps := h.steps()
	names := slices.Sorted(maps.Keys(steps))
	for range n {
		name := names[h.r.IntN(len(names))]
		err := steps[name]()
		var refused *center.Error
		switch {
		case err == nil:
			h.happened[strings.Fields(name)[0]]++
		case err != errNothing && (!errors.As(err, &refused) || refused.Code == center.Internal || refused.Code == center.Unavailable):
			h.Fatalf("%s: %v", name, err)
		}
		h.clock.advance(time.Second)
		h.must(h.c.Settle(h.ctx))
	}
}

// What the streams say. Times are milliseconds, 0 for none.
type (
	been struct {
		agent        center.UserID
		kind         string
		began, ended int64
	}
	rang struct {
		agent                   center.UserID
		contact                 center.ContactID
		queue                   center.QueueID
		outcome                 string
		started, ended, cleared int64
	}
	worked struct {
		agent                 center.UserID
		contact               center.ContactID
		monitors              bool
		connected, left, done int64
	}
	learned struct {
		now      int64
		beens    []*been
		rangs    []*rang
		workeds  []*worked
		chats    []center.Chat
		contacts []*center.Contact
		last     map[center.UserID]center.Agent
	}
)

func lastOf[V any](all []*V, is func(*V) bool) *V {
	for _, v := range slices.Backward(all) {
		if is(v) {
			return v
		}
	}
	return nil
}

func (h *histories) learn() *learned {
	h.Helper()
	l := &learned{now: h.clock.Now().UnixMilli(), chats: h.chats(), last: map[center.UserID]center.Agent{}}
	for i := range l.chats {
		for j := range l.chats[i].Contacts {
			l.contacts = append(l.contacts, &l.chats[i].Contacts[j])
		}
	}
	for _, id := range h.agents {
		var spent *been
		for _, it := range h.items(center.ChatID(id)) {
			said, ok, err := it.Transition()
			h.must(err)
			if !ok {
				continue
			}
			at := it.Time.Truncate(time.Second).UnixMilli() // items of one decision are a millisecond apart
			ring := lastOf(l.rangs, func(r *rang) bool { return r.agent == id && r.contact == said.Contact })
			work := lastOf(l.workeds, func(w *worked) bool { return w.agent == id && w.contact == said.Contact })
			switch said.What {
			case center.AgentOffered:
				c, _ := said.Agent.Contact(said.Contact)
				if ring != nil && ring.cleared == 0 { // the slot is used again
					ring.cleared = at
				}
				l.rangs = append(l.rangs, &rang{agent: id, contact: said.Contact, queue: c.Queue, started: at})
			case center.AgentConnected:
				ring.outcome, ring.ended = center.OfferAccepted, at
				l.workeds = append(l.workeds, &worked{agent: id, contact: said.Contact, connected: at})
			case center.AgentFailed:
				c, _ := said.Agent.Contact(said.Contact)
				ring.outcome, ring.ended = c.State, at
			case center.AgentMonitors:
				if work == nil {
					l.workeds = append(l.workeds, &worked{agent: id, contact: said.Contact, connected: at, monitors: true})
				}
			case center.AgentEnded:
				work.left = at
			case center.AgentCleared:
				if work != nil && work.done == 0 && work.left != 0 {
					work.done = at
				} else {
					ring.cleared = at
				}
			}
			if before := l.last[id]; spent == nil || before.Status.ID != said.Agent.Status.ID || !before.Since.Equal(said.Agent.Since) {
				if spent != nil {
					spent.ended = at
				}
				spent = &been{agent: id, kind: said.Agent.Status.Type, began: at}
				l.beens = append(l.beens, spent)
			}
			l.last[id] = said.Agent
		}
	}
	return l
}

// until is an end, or now.
func (l *learned) until(end int64) int64 { return cmp.Or(end, l.now) }

// work is what an agent has done on a contact, nil for none and for a supervisor.
func (l *learned) work(c *center.Contact) *worked {
	return lastOf(l.workeds, func(w *worked) bool { return w.contact == c.ID && !w.monitors })
}

// wentOn says that the customer's next contact followed this one; by a transfer or in any way.
func (l *learned) wentOn(c *center.Contact, transferred bool) bool {
	return slices.ContainsFunc(l.contacts, func(n *center.Contact) bool {
		moved := n.InitiationMethod == center.InitiatedByTransfer || n.InitiationMethod == center.InitiatedByQueueTransfer
		return n.Previous == c.ID && !n.Beside && (moved || !transferred && n.InitiationMethod != center.InitiatedByMonitor)
	})
}

// recounted are the figures of one value of a grouping in a span of time: of an agent, or of a queue.
func (l *learned) recounted(agent center.UserID, queue center.QueueID, from, to int64) map[string]float64 {
	f := map[string]float64{}
	in := func(at int64) bool { return from <= at && at < to }
	ms := func(c *center.Contact) (enqueued, disconnected int64) {
		if !c.Enqueued.IsZero() {
			enqueued = c.Enqueued.UnixMilli()
		}
		if !c.Disconnected.IsZero() {
			disconnected = c.Disconnected.UnixMilli()
		}
		return enqueued, disconnected
	}
	add := func(name string, yes bool, n int64) {
		if yes {
			f[name] += float64(n)
		}
	}
	seconds := func(name string, yes bool, ms int64) {
		if yes {
			f[name] += float64(ms) / 1000
		}
	}
	for _, c := range l.contacts {
		who := lastOf(l.workeds, func(w *worked) bool { return w.contact == c.ID })
		if agent != "" && (who == nil || who.agent != agent) || queue != "" && c.Queue != queue {
			continue
		}
		enqueued, disconnected := ms(c)
		w := l.work(c)
		handled := w != nil
		add("CONTACTS_QUEUED_BY_ENQUEUE", in(enqueued), 1)
		add("CONTACTS_HANDLED_BY_CONNECTED_TO_AGENT", handled && in(w.connected), 1)
		if !in(disconnected) || who != nil && who.left != 0 && who.done == 0 {
			continue
		}
		queued := enqueued != 0
		add("CONTACTS_CREATED", true, 1)
		add("CONTACTS_QUEUED", queued, 1)
		add("CONTACTS_HANDLED", handled, 1)
		add("CONTACTS_TRANSFERRED_OUT", l.wentOn(c, true), 1)
		add("CONTACTS_TRANSFERRED_OUT_BY_AGENT", l.wentOn(c, true) && handled, 1)
		add("SUM_CONTACTS_DISCONNECTED", queued && !handled, 1)
		abandoned := queued && !handled && !l.wentOn(c, false)
		add("CONTACTS_ABANDONED", abandoned, 1)
		if queued {
			left := disconnected
			if handled {
				left = w.connected
			}
			f["MAX_QUEUED_TIME"] = max(f["MAX_QUEUED_TIME"], float64(left-enqueued)/1000)
			add("SERVICE_LEVEL", left-enqueued <= 60_000, 1)
		}
		if handled {
			seconds("SUM_INTERACTION_TIME", true, w.left-w.connected)
			seconds("SUM_AFTER_CONTACT_WORK_TIME", true, w.done-w.left)
			seconds("SUM_HANDLE_TIME", true, w.done-w.connected)
		}
	}
	if f["CONTACTS_QUEUED"] > 0 {
		f["SERVICE_LEVEL"] *= 100 / f["CONTACTS_QUEUED"]
	}
	offers, answered := 0.0, 0.0
	for _, r := range l.rangs {
		if agent != "" && r.agent != agent || queue != "" && r.queue != queue || !in(r.started) {
			continue
		}
		offers++
		add("AGENT_NON_RESPONSE", r.ended != 0 && r.outcome != center.OfferAccepted, 1)
		seconds("SUM_CONNECTING_TIME_AGENT", r.ended != 0, r.ended-r.started)
		if r.outcome == center.OfferAccepted {
			answered++
		}
	}
	if offers > 0 {
		f["AGENT_ANSWER_RATE"] = answered / offers * 100
	}
	if agent != "" {
		l.spent(f, agent, from, to)
	}
	return f
}

// spent walks through the moments at which anything changes for an agent.
func (l *learned) spent(f map[string]float64, agent center.UserID, from, to int64) {
	moments := []int64{from, to}
	for _, b := range l.beens {
		moments = append(moments, b.began, l.until(b.ended))
	}
	for _, w := range l.workeds {
		moments = append(moments, w.connected, l.until(w.done))
	}
	for _, r := range l.rangs {
		moments = append(moments, r.ended, l.until(r.cleared))
	}
	slices.Sort(moments)
	all, wall := 0.0, 0.0
	for i, b := range moments[1:] {
		a := moments[i]
		if a < from || b > to || a == b {
			continue
		}
		took := float64(b-a) / 1000
		kind := ""
		for _, s := range l.beens {
			if s.agent == agent && s.began <= a && b <= l.until(s.ended) {
				kind = s.kind
			}
		}
		with, failed := 0.0, false
		for _, w := range l.workeds {
			if w.agent == agent && !w.monitors && w.connected <= a && b <= l.until(w.done) {
				with++
			}
		}
		for _, r := range l.rangs {
			failed = failed || r.agent == agent && r.ended != 0 && r.outcome != center.OfferAccepted && r.ended <= a && b <= l.until(r.cleared)
		}
		if all += with * took; with > 0 {
			wall += took
		}
		switch {
		case kind == center.StatusCustom:
			f["SUM_NON_PRODUCTIVE_TIME_AGENT"] += took
			f["SUM_ONLINE_TIME_AGENT"] += took
		case kind == center.StatusRoutable:
			f["SUM_ONLINE_TIME_AGENT"] += took
			if with > 0 {
				f["SUM_CONTACT_TIME_AGENT"] += took
				continue
			}
			if f["SUM_IDLE_TIME_AGENT"] += took; failed {
				f["SUM_ERROR_STATUS_TIME_AGENT"] += took
			}
		}
	}
	if wall > 0 {
		f["AVG_AGENT_CONCURRENCY"] = all / wall
	}
	if here := f["SUM_CONTACT_TIME_AGENT"] + f["SUM_IDLE_TIME_AGENT"]; here > 0 {
		f["AGENT_OCCUPANCY"] = f["SUM_CONTACT_TIME_AGENT"] / here
	}
}

var (
	figuresOfBoth = []string{
		"CONTACTS_QUEUED", "CONTACTS_QUEUED_BY_ENQUEUE", "CONTACTS_HANDLED", "CONTACTS_HANDLED_BY_CONNECTED_TO_AGENT", "CONTACTS_TRANSFERRED_OUT", "CONTACTS_TRANSFERRED_OUT_BY_AGENT",
		"SUM_INTERACTION_TIME", "SUM_AFTER_CONTACT_WORK_TIME", "SUM_HANDLE_TIME", "AGENT_NON_RESPONSE", "AGENT_ANSWER_RATE", "SUM_CONNECTING_TIME_AGENT",
	}
	figuresOfQueues = append(slices.Clone(figuresOfBoth), "CONTACTS_CREATED", "CONTACTS_ABANDONED", "SUM_CONTACTS_DISCONNECTED", "MAX_QUEUED_TIME", "SERVICE_LEVEL")
	figuresOfAgents = append(slices.Clone(figuresOfBoth), "SUM_ONLINE_TIME_AGENT", "SUM_NON_PRODUCTIVE_TIME_AGENT", "SUM_CONTACT_TIME_AGENT", "SUM_IDLE_TIME_AGENT",
		"SUM_ERROR_STATUS_TIME_AGENT", "AGENT_OCCUPANCY", "AVG_AGENT_CONCURRENCY")
)

// checkPast compares the figures of each day with the recount, and returns what they sum up to.
func (h *histories) checkPast(l *learned, key string, values, names []string, recounted func(value string, from, to int64) map[string]float64) map[string]float64 {
	h.Helper()
	figures, sums := insight.NewFigures(h.store, h.clock.Now), map[string]float64{}
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, name := range names { // one group of metrics may not hide the rows of another
		q := &insight.FiguresRequest{Instance: instance, From: from, To: h.clock.Now(), Period: "DAY", Groupings: []string{key}, Filters: []insight.FigureFilter{{Key: key, Values: values}}}
		m := insight.AskedMetric{Name: name}
		if name == "SERVICE_LEVEL" {
			m.Thresholds = []insight.AskedThreshold{{Comparison: "LTE", Value: 60}}
		}
		q.Metrics = []insight.AskedMetric{m}
		page, err := figures.Ask(h.ctx, q, 1000, "")
		h.must(err)
		got := map[string]float64{}
		for _, row := range page.Rows {
			if v := row.Values[0]; v != nil {
				got[fmt.Sprint(row.From.UnixMilli(), row.Groups[0])] = *v
			}
		}
		for day := from; day.Before(h.clock.Now()); day = day.AddDate(0, 0, 1) {
			to := min(day.AddDate(0, 0, 1).UnixMilli(), l.now)
			for _, value := range values {
				want, id := recounted(value, day.UnixMilli(), to)[name], fmt.Sprint(day.UnixMilli(), value)
				if math.Abs(got[id]-want) > 1e-6 {
					h.Errorf("%s of %s %s on %s is %v, recounted %v", name, key, value, day.Format(time.DateOnly), got[id], want)
				}
				sums[name] += want
			}
		}
	}
	return sums
}

// checkPresent compares the figures of the present of a queue.
func (h *histories) checkPresent(l *learned, queue string) {
	h.Helper()
	f := map[string]float64{}
	if queue == h.basic { // the agents' routing profile has no other
		for id, a := range l.last {
			if id == h.deleted {
				continue
			}
			on, failed, ended, free := 0.0, 0.0, 0.0, 2.0
			monitors := 0.0
			for _, c := range a.Contacts {
				free--
				switch {
				case c.Failed():
					failed++
				case c.State == center.SlotEnded:
					on, ended = on+1, ended+1
				case c.State == center.SlotConnected:
					on++
				}
				if c.Monitor != "" {
					monitors++
				}
			}
			count := func(name string, yes bool) {
				if yes {
					f[name]++
				}
			}
			routable := a.Status.Type == center.StatusRoutable
			count("AGENTS_ONLINE", a.Status.Type != center.StatusOffline)
			count("AGENTS_STAFFED", routable)
			count("AGENTS_NON_PRODUCTIVE", a.Status.Type == center.StatusCustom)
			count("AGENTS_AVAILABLE", routable && failed == 0 && free > 0)
			count("AGENTS_ON_CONTACT", on > monitors)
			count("AGENTS_ERROR", failed > 0)
			f["AGENTS_AFTER_CONTACT_WORK"] += ended
			f["SLOTS_ACTIVE"] += on
			if routable {
				f["SLOTS_AVAILABLE"] += max(0, free)
			}
		}
	}
	for _, c := range l.contacts {
		if c.Queue == center.QueueID(queue) && c.Queued() && c.Offer == nil {
			f["CONTACTS_IN_QUEUE"]++
			f["OLDEST_CONTACT_AGE"] = max(f["OLDEST_CONTACT_AGE"], h.clock.Now().Sub(c.Enqueued).Seconds())
		}
	}
	p := insight.NewPresent(h.store, h.catalog(h.clock.Now), h.clock.Now, h.clock.Now, h.newID)
	q := &insight.CurrentRequest{Instance: instance, Queues: []string{queue}, Channels: []string{"CHAT"}, Groupings: []string{"QUEUE", "CHANNEL"}, Metrics: []string{
		"AGENTS_ONLINE", "AGENTS_STAFFED", "AGENTS_NON_PRODUCTIVE", "AGENTS_AVAILABLE", "AGENTS_ON_CONTACT", "AGENTS_ERROR", "AGENTS_AFTER_CONTACT_WORK", "SLOTS_ACTIVE", "SLOTS_AVAILABLE",
		"CONTACTS_IN_QUEUE", "OLDEST_CONTACT_AGE",
	}}
	page, err := p.Current(h.ctx, q, 10, "")
	h.must(err)
	for i, name := range q.Metrics {
		got := 0.0
		if len(page.Rows) > 0 {
			got = *page.Rows[0].Values[i]
		}
		if got != f[name] {
			h.Errorf("%s of %s is %v, recounted %v", name, queue, got, f[name])
		}
	}
}

// Figures of the past and of the present equal a recount of what the streams say: with transfers, invitations, supervisors,
// offers that fail, statuses that wait for the last contact, an agent who is deleted, and days that end meanwhile.
func TestFiguresOfRandomHistories(t *testing.T) {
	inOffices(t, func(o *office) {
		h := newHistories(o, rand.New(rand.NewPCG(7, 11)))
		sums := map[string]float64{}
		queues := []string{o.basic, o.sales, string(h.agents[0])}
		for i := range 5 {
			if i == 3 {
				h.deleted = h.agents[1]
				h.must(h.c.Agents.DeleteUser(h.ctx, instance, h.deleted))
			}
			h.happens(100)
			l := h.learn()
			h.checkPresent(l, o.basic)
			h.checkPresent(l, o.sales)
			maps.Copy(sums, h.checkPast(l, "QUEUE", queues, figuresOfQueues, func(q string, from, to int64) map[string]float64 {
				return l.recounted("", center.QueueID(q), from, to)
			}))
			var all []string
			for _, id := range h.agents {
				all = append(all, string(id))
			}
			maps.Copy(sums, h.checkPast(l, "AGENT", all, figuresOfAgents, func(a string, from, to int64) map[string]float64 {
				return l.recounted(center.UserID(a), "", from, to)
			}))
			if t.Failed() {
				break
			}
		}
		for what := range h.steps() {
			if what = strings.Fields(what)[0]; h.happened[what] == 0 {
				t.Errorf("%s has never happened", what)
			}
		}
		for name, sum := range sums {
			if sum == 0 {
				t.Errorf("%s is 0 throughout", name)
			}
		}
	})
}
