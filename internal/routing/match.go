package routing

import (
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// Offer is a contact that an agent is to be offered.
type Offer struct {
	Contact center.ContactID
	Agent   center.UserID
	Limit   int // how many chats the agent's routing profile allows
}

// Match returns the offers that are due at a time, in the order in which they were decided, and when time alone changes the
// answer: a contact has waited its delay, or a step expires, and there is a free agent for it then. next is zero if it never
// does. It may be too early, and is never too late, once the offers have been put.
//
// The agent who is idle longest chooses first, and takes the first of the contacts that it may have. Then it is the one who is
// idle shortest. A contact that the agent has just rejected it takes only if there is no other agent for it.
func (x *Index) Match(now time.Time) (offers []Offer, next time.Time) {
	p := x.match(now)
	return p.offers, p.next
}

// pass is one run over all agents and contacts.
type pass struct {
	*Index
	now time.Time
	// line is the agents who may still be offered something, in the order in which they choose. held are those before them who
	// would take nothing but contacts that they have rejected, and that others may have.
	line, held []*worker
	// serving are all agents with a free slot whose queues have contacts.
	serving []*worker
	offers  []Offer
	next    time.Time
}

func (x *Index) match(now time.Time) *pass {
	x.pass++
	p := &pass{Index: x, now: x.advance(now)}
	if len(x.queues) == 0 && len(x.own) == 0 {
		return p
	}
	for _, a := range x.agents {
		if p.open(a) {
			p.line = append(p.line, a)
		}
	}
	slices.SortFunc(p.line, func(a, b *worker) int { return a.standing.compare(&b.standing) })
	p.serving = slices.Clone(p.line)
	for len(p.line) > 0 {
		a := p.line[0]
		p.line = p.line[1:]
		w, held := p.choose(a)
		switch {
		case w != nil:
			p.offer(a, w)
			p.reconsider()
		case held:
			p.held = append(p.held, a)
		}
	}
	p.expiries()
	return p
}

// open says whether an agent takes part in the pass, and prepares it for that.
func (p *pass) open(a *worker) bool {
	a.profile = p.profiles[a.Profile]
	var own *Profile
	if a.profile != nil {
		p.prepare(a.profile)
		if own = &a.profile.Profile; len(a.profile.rows) == 0 && p.own[a.ID] == nil {
			return false
		}
	}
	if a.closed(own).Code != "" {
		return false
	}
	chat, _ := own.channel(center.ChannelChat)
	a.standing, a.chats = standing{a.idle(own), a.free(own), chat.Limit, a.ID}, a.chats[:0]
	return true
}

// prepare finds the rows of a profile whose queues have contacts.
func (p *pass) prepare(of *profile) {
	if of.pass == p.pass {
		return
	}
	of.pass, of.rows = p.pass, of.rows[:0]
	for i := range of.Queues {
		if q := p.queues[of.Queues[i].Queue]; q != nil {
			of.rows = append(of.rows, openRow{&of.Queues[i], q})
		}
	}
}

// offer offers a contact to an agent, who then has one slot less and goes to the end of the line.
func (p *pass) offer(a *worker, w *waiting) {
	w.taken = p.pass
	p.offers = append(p.offers, Offer{w.ID, a.ID, a.standing.limit})
	a.standing.free--
	if w.Chat != "" {
		a.chats = append(a.chats, w.Chat)
	}
	if p.now.After(a.standing.idle) {
		a.standing.idle = p.now
	}
	if a.standing.free > 0 {
		at, _ := slices.BinarySearchFunc(p.line, a, func(b, a *worker) int { return b.standing.compare(&a.standing) })
		p.line = slices.Insert(p.line, at, a)
	}
}

// reconsider lets agents who held back choose again, after an offer has changed who else there is.
func (p *pass) reconsider() {
	for i := 0; i < len(p.held); i++ {
		a := p.held[i]
		if w, _ := p.choose(a); w != nil {
			p.held = slices.Delete(p.held, i, i+1)
			p.offer(a, w)
			i = -1 // from the first
		}
	}
}

// choose is the first of the contacts that the agent may have: of its own queue, and then of the rows of its profile by
// priority, and within one priority in the order of contacts. held says that there is one that it left to others.
func (p *pass) choose(a *worker) (best *waiting, held bool) {
	if g := p.own[a.ID]; g != nil {
		if best, held = p.head(a, g, 0); best != nil {
			return best, held
		}
	}
	priority := 0
	for _, row := range a.profile.rows {
		if best != nil && row.Priority > priority {
			break
		}
		look := func(g *group) {
			w, left := p.head(a, g, row.Delay)
			held = held || left
			if w != nil && (best == nil || w.compare(&best.Contact) < 0) {
				best, priority = w, row.Priority
			}
		}
		for _, g := range row.queue.open {
			if a.meets(g) {
				look(g.group)
			}
		}
		for _, g := range row.queue.named[a.ID] {
			if holds(g.need.expression, &a.Agent) {
				look(g)
			}
		}
	}
	return best, held
}

// cursor is the place in a group of the first contact that has waited a delay and was not offered yet in the pass.
type cursor struct {
	delay time.Duration
	at    int
	// soonest is when the first of those that were passed over will have waited.
	soonest time.Time
}

// head is the first contact of a group that the agent may have. held says that it left one to others.
func (p *pass) head(a *worker, g *group, delay time.Duration) (w *waiting, held bool) {
	c := p.cursor(g, delay)
	for i := c.at; i < len(g.contacts); i++ {
		switch w := g.contacts[i]; {
		case w.taken == p.pass:
		case !w.waited(delay, p.now):
			c.soonest = earlier(c.soonest, w.Enqueued.Add(delay))
		case w.Rejecter == a.ID && p.other(a, w):
			held = true
			continue // others do not pass it over
		case a.in(w.Chat) || a.given(w.Chat):
			continue
		default:
			return w, held
		}
		if i == c.at {
			c.at++
		}
	}
	p.next = earlier(p.next, c.soonest)
	return nil, held
}

func (p *pass) cursor(g *group, delay time.Duration) *cursor {
	if g.pass != p.pass {
		g.pass, g.cursors = p.pass, g.cursors[:0]
	}
	for i := range g.cursors {
		if g.cursors[i].delay == delay {
			return &g.cursors[i]
		}
	}
	g.cursors = append(g.cursors, cursor{delay: delay})
	return &g.cursors[len(g.cursors)-1]
}

// other says whether there is an agent other than a who may be offered the contact now.
func (p *pass) other(a *worker, w *waiting) bool {
	return slices.ContainsFunc(p.serving, func(b *worker) bool {
		return b != a && b.standing.free > 0 && !b.given(w.Chat) && p.refusal(b, w).Code == ""
	})
}

// refusal is why an agent who has a free slot may not be offered the contact; it has no code if the agent may be.
func (p *pass) refusal(a *worker, w *waiting) Reason {
	switch own := center.UserID(w.Queue) == a.ID; {
	case w.AgentQueue && !own:
		return Reason{Code: OtherAgentQueue}
	case w.AgentQueue && a.in(w.Chat):
		return Reason{Code: InChat}
	case w.AgentQueue:
		return Reason{}
	}
	row, ok := a.profile.row(w.Queue)
	switch {
	case !ok && slices.Contains(a.profile.Manual, w.Queue):
		return Reason{Code: ManualOnly}
	case !ok:
		return Reason{Code: NotServed}
	case a.in(w.Chat):
		return Reason{Code: InChat}
	case !w.waited(row.Delay, p.now):
		return Reason{Code: Delayed, Until: w.Enqueued.Add(row.Delay)}
	}
	if step, number, expires := w.step(p.now); step != nil && !holds(&step.Expression, &a.Agent) {
		return Reason{Code: StepNotMet, Step: number + 1, Until: expires}
	}
	return Reason{}
}

// expiries notes when the first step expires of a contact for which there is an agent with a free slot.
func (p *pass) expiries() {
	for _, a := range p.serving {
		if a.standing.free <= 0 || a.profile.seen == p.pass {
			continue
		}
		a.profile.seen = p.pass
		for _, row := range a.profile.rows {
			if w := row.queue.expiries.first(); w != nil {
				p.next = earlier(p.next, w.expires)
			}
		}
	}
}

// earlier is the earlier of two times, of which zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
