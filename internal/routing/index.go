package routing

import (
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// Index is the contacts, agents and routing profiles of an instance, kept so that [Index.Match] is quick. The zero value is empty.
type Index struct {
	contacts map[center.ContactID]*waiting
	agents   map[center.UserID]*worker
	profiles map[center.RoutingProfileID]*profile
	queues   map[center.QueueID]*queue
	own      map[center.UserID]*group // agents' queues
	needs    map[string]*need
	numbers  []int // of needs, that are free again

	now  time.Time // the latest time that a pass was for
	pass uint64    // numbers the passes
}

// waiting is a contact of the index. group is where it stands; nil while it is offered to an agent.
type waiting struct {
	Contact
	group *group
	// expires is when the contact's step expires, and place its place among the expiries of its queue.
	expires time.Time
	place   int
	taken   uint64 // the pass in which it was offered
}

// queue is a standard queue: its contacts by what they need.
type queue struct {
	groups map[*need]*group
	// open are the groups whose need names no agents; named are the others, by agent.
	open     []openGroup
	named    map[center.UserID][]*group
	expiries expiries
}

// group is the contacts of a queue that share a need, as they are served. need is nil when they take any agent of the queue.
type group struct {
	queue    *queue // nil for an agent's queue
	need     *need
	contacts []*waiting
	place    int    // among the open groups of the queue
	pass     uint64 // that cursors are of
	cursors  []cursor
}

// openGroup is a group with what tells whether an agent may have its contacts, so that most groups need not be looked at.
type openGroup struct {
	number int // of its need, or anyAgent
	*group
}

const anyAgent = -1

// worker is an agent of the index.
type worker struct {
	Agent
	fits fits
	// The others are the agent's in a pass.
	profile  *profile
	standing standing
	chats    []center.ChatID // of the contacts that the pass offers it
}

// given says whether the pass offers the agent another contact of the chat.
func (a *worker) given(chat center.ChatID) bool { return chat != "" && slices.Contains(a.chats, chat) }

// profile is a routing profile of the index, with its rows in the order in which they are served.
type profile struct {
	Profile
	pass, seen uint64 // that rows are of; whose expiries were looked at
	rows       []openRow
}

// openRow is a row of a profile whose queue has contacts.
type openRow struct {
	*Row
	queue *queue
}

// Len is how many contacts and agents there are.
func (x *Index) Len() (contacts, agents int) { return len(x.contacts), len(x.agents) }

// PutContact adds a contact, or replaces what is known of it.
func (x *Index) PutContact(c Contact) {
	x.RemoveContact(c.ID)
	if x.contacts == nil {
		x.contacts, x.queues, x.own, x.needs = map[center.ContactID]*waiting{}, map[center.QueueID]*queue{}, map[center.UserID]*group{}, map[string]*need{}
	}
	w := &waiting{Contact: c}
	x.contacts[c.ID] = w
	if c.Offered == "" {
		x.enter(w)
	}
}

// RemoveContact removes a contact, if it is there.
func (x *Index) RemoveContact(id center.ContactID) {
	if w := x.contacts[id]; w != nil {
		x.leave(w)
		delete(x.contacts, id)
	}
}

// Contact is a contact as it was put.
func (x *Index) Contact(id center.ContactID) (Contact, bool) {
	w := x.contacts[id]
	if w == nil {
		return Contact{}, false
	}
	return w.Contact, true
}

// Agent is an agent as it was put.
func (x *Index) Agent(id center.UserID) (Agent, bool) {
	a := x.agents[id]
	if a == nil {
		return Agent{}, false
	}
	return a.Agent, true
}

// Contacts visits the contacts in no order.
func (x *Index) Contacts(visit func(*Contact)) {
	for _, w := range x.contacts {
		visit(&w.Contact)
	}
}

// Agents visits the agents in no order.
func (x *Index) Agents(visit func(*Agent)) {
	for _, a := range x.agents {
		visit(&a.Agent)
	}
}

// PutAgent adds an agent, or replaces what is known of it.
func (x *Index) PutAgent(a Agent) {
	if x.agents == nil {
		x.agents = map[center.UserID]*worker{}
	}
	w := x.agents[a.ID]
	if w == nil || !slices.Equal(w.Proficiencies, a.Proficiencies) {
		w = &worker{}
		x.agents[a.ID] = w
	}
	w.Agent = a
}

// RemoveAgent removes an agent, if it is there.
func (x *Index) RemoveAgent(id center.UserID) { delete(x.agents, id) }

// PutProfile adds a routing profile, or replaces what is known of it.
func (x *Index) PutProfile(p Profile) {
	if x.profiles == nil {
		x.profiles = map[center.RoutingProfileID]*profile{}
	}
	p.Queues = slices.Clone(p.Queues)
	slices.SortStableFunc(p.Queues, func(r, s Row) int { return r.Priority - s.Priority })
	x.profiles[p.ID] = &profile{Profile: p}
}

// RemoveProfile removes a routing profile, if it is there.
func (x *Index) RemoveProfile(id center.RoutingProfileID) { delete(x.profiles, id) }

// enter puts a contact where it stands as of the latest pass.
func (x *Index) enter(w *waiting) {
	if w.AgentQueue {
		g := x.own[center.UserID(w.Queue)]
		if g == nil {
			g = &group{}
			x.own[center.UserID(w.Queue)] = g
		}
		g.enter(w)
		return
	}
	q := x.queues[w.Queue]
	if q == nil {
		q = &queue{groups: map[*need]*group{}, named: map[center.UserID][]*group{}}
		x.queues[w.Queue] = q
	}
	step, _, expires := w.step(x.now)
	var n *need
	if step != nil {
		n = x.need(&step.Expression)
		n.used++
	}
	q.group(n).enter(w)
	if w.expires = expires; !expires.IsZero() {
		q.expiries.push(w)
	}
}

// need is the one need that equal expressions share.
func (x *Index) need(e *center.RoutingExpression) *need {
	key := appendKey(nil, e)
	n := x.needs[string(key)]
	if n == nil {
		number := len(x.needs) + len(x.numbers)
		if last := len(x.numbers) - 1; last >= 0 {
			number, x.numbers = x.numbers[last], x.numbers[:last]
		}
		n = newNeed(string(key), number, e)
		x.needs[n.key] = n
	}
	return n
}

// release drops a need that no contact has.
func (x *Index) release(n *need) {
	delete(x.needs, n.key)
	x.numbers = append(x.numbers, n.number)
	for _, a := range x.agents {
		a.fits.forget(n.number)
	}
}

// leave takes a contact from where it stands.
func (x *Index) leave(w *waiting) {
	g := w.group
	if g == nil {
		return
	}
	g.leave(w)
	if w.AgentQueue {
		if len(g.contacts) == 0 {
			delete(x.own, center.UserID(w.Queue))
		}
		return
	}
	if !w.expires.IsZero() {
		g.queue.expiries.remove(w)
	}
	if g.need != nil {
		if g.need.used--; g.need.used == 0 {
			x.release(g.need)
		}
	}
	if len(g.contacts) == 0 {
		g.queue.drop(g)
	}
	if len(g.queue.groups) == 0 {
		delete(x.queues, w.Queue)
	}
}

// advance moves the contacts whose steps have expired on to what they need then. Time never goes back: an earlier time counts as
// the latest one.
func (x *Index) advance(now time.Time) time.Time {
	if now.Before(x.now) {
		return x.now
	}
	x.now = now
	for _, q := range x.queues {
		for w := q.expiries.first(); w != nil && !w.expires.After(now); w = q.expiries.first() {
			x.leave(w)
			x.enter(w) // a queue that was empty in between is another one, which has nothing to do
		}
	}
	return now
}

// group is the group of the queue's contacts with a need.
func (q *queue) group(n *need) *group {
	g := q.groups[n]
	switch {
	case g != nil:
		return g
	case n == nil || n.open:
		g = &group{queue: q, need: n, place: len(q.open)}
		number := anyAgent
		if n != nil {
			number = n.number
		}
		q.open = append(q.open, openGroup{number, g})
	default:
		g = &group{queue: q, need: n}
		for _, id := range n.only {
			q.named[id] = append(q.named[id], g)
		}
	}
	q.groups[n] = g
	return g
}

// drop removes a group without contacts.
func (q *queue) drop(g *group) {
	delete(q.groups, g.need)
	if g.need == nil || g.need.open {
		last := len(q.open) - 1
		q.open[g.place] = q.open[last]
		q.open[g.place].place = g.place
		q.open[last] = openGroup{}
		q.open = q.open[:last]
		return
	}
	for _, id := range g.need.only {
		rest := slices.DeleteFunc(q.named[id], func(other *group) bool { return other == g })
		if q.named[id] = rest; len(rest) == 0 {
			delete(q.named, id)
		}
	}
}

func (g *group) enter(w *waiting) {
	at, _ := g.find(w)
	g.contacts = slices.Insert(g.contacts, at, w)
	w.group = g
}

func (g *group) leave(w *waiting) {
	at, _ := g.find(w)
	g.contacts = slices.Delete(g.contacts, at, at+1)
	w.group = nil
}

func (g *group) find(w *waiting) (at int, there bool) {
	return slices.BinarySearchFunc(g.contacts, w, func(a, b *waiting) int { return a.compare(&b.Contact) })
}

// expiries is a heap of contacts by when their steps expire.
type expiries []*waiting

func (h expiries) first() *waiting {
	if len(h) == 0 {
		return nil
	}
	return h[0]
}

func (h *expiries) push(w *waiting) {
	w.place = len(*h)
	*h = append(*h, w)
	h.up(w.place)
}

func (h *expiries) remove(w *waiting) {
	i, last := w.place, len(*h)-1
	h.swap(i, last)
	(*h)[last] = nil
	*h = (*h)[:last]
	if i < last {
		h.down(i)
		h.up(i)
	}
}

func (h expiries) swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

func (h expiries) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h[i].expires.Before(h[parent].expires) {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

func (h expiries) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h); child++ {
			if h[child].expires.Before(h[least].expires) {
				least = child
			}
		}
		if least == i {
			return
		}
		h.swap(i, least)
		i = least
	}
}
