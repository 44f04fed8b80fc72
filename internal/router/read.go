package router

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/routing"
	"github.com/parley-chat/parley/internal/store"
)

const instancePage = 1000

// heardAtOnce is of how many rows of an instance that have changed each is read by itself. With more of them it is quicker to read
// all rows.
const heardAtOnce = 256

// read brings the index up to date: with what was heard of, or with the whole store when it is time to look at it.
func (r *Router) read(ctx context.Context) error {
	r.mu.Lock()
	heard, stale := r.heard, r.stale
	r.heard, r.stale = map[about]bool{}, false
	r.mu.Unlock()
	every := lookAlone
	if r.Shared {
		every = lookEvery
	}
	var err error
	if now := r.Now(); r.looked.IsZero() || now.Sub(r.looked) >= every {
		if err = r.look(ctx); err == nil {
			r.looked = now
		}
	} else {
		err = r.readHeard(ctx, heard, stale)
	}
	if err != nil { // nothing that was heard is forgotten
		r.mu.Lock()
		for a := range heard {
			r.heard[a] = true
		}
		r.stale = r.stale || stale
		r.mu.Unlock()
		return err
	}
	r.count()
	return nil
}

// look reads all that waits and works, of all instances.
func (r *Router) look(ctx context.Context) error {
	r.figures.looks.Add(1)
	found := map[center.InstanceID]bool{}
	for after := ""; ; {
		page, err := r.Catalog.Instances(ctx, after, instancePage)
		if err != nil {
			return err
		}
		for i := range page {
			after = string(page[i].ID)
			found[page[i].ID] = true
			switch err := r.lookAt(ctx, page[i].ID); {
			case errors.Is(err, center.ErrDamaged): // the store has logged it; other instances are routed
				delete(found, page[i].ID)
			case err != nil:
				return err
			}
		}
		if len(page) < instancePage {
			break
		}
	}
	for at := range r.sites {
		if !found[at] {
			delete(r.sites, at)
		}
	}
	return nil
}

// lookAt reads all that waits and works of an instance. What is as it was stays in the index.
func (r *Router) lookAt(ctx context.Context, at center.InstanceID) error {
	waiting, err := r.Store.Waiting(ctx, at, "")
	if err != nil {
		return err
	}
	agents, err := r.Store.Agents(ctx, at)
	if err != nil {
		return err
	}
	s := r.sites[at]
	if s == nil && len(waiting) == 0 && len(agents) == 0 {
		return nil
	}
	s = r.site(at)
	if err := r.configure(ctx, at, s); err != nil {
		return err
	}
	there := map[center.ContactID]bool{}
	chats := map[center.ChatID][]center.ContactID{}
	for i := range waiting {
		w := &waiting[i]
		there[w.Contact] = true
		chats[w.Chat] = append(chats[w.Chat], w.Contact)
		s.putContact(w)
	}
	for _, contacts := range s.chats {
		for _, id := range contacts {
			if !there[id] {
				s.removeContact(id)
			}
		}
	}
	s.chats = chats
	before := s.agents
	s.agents = make(map[center.UserID]store.AgentAtWork, len(agents))
	for i := range agents {
		s.putAgent(&agents[i])
	}
	for id := range before {
		if _, ok := s.agents[id]; !ok {
			s.removeAgent(id)
		}
	}
	return nil
}

func (r *Router) site(at center.InstanceID) *site {
	s := r.sites[at]
	if s == nil {
		s = &site{
			index: &routing.Index{}, chats: map[center.ChatID][]center.ContactID{}, agents: map[center.UserID]store.AgentAtWork{},
			back: setbacks{map[center.ContactID]*contactSetback{}, map[center.UserID]*agentSetback{}},
		}
		r.sites[at] = s
	}
	return s
}

// configure puts what the configuration says into the index, if it has changed.
func (r *Router) configure(ctx context.Context, at center.InstanceID, s *site) error {
	now, err := r.Catalog.Routing(ctx, at)
	if err != nil || now == s.routing {
		return err
	}
	if s.routing != nil {
		for i := range s.routing.Profiles {
			s.index.RemoveProfile(s.routing.Profiles[i].ID)
		}
	}
	s.routing = now
	for i := range now.Profiles {
		p := &now.Profiles[i]
		s.index.PutProfile(routing.NewProfile(&p.RoutingProfile, p.Queues, p.Manual))
	}
	for id := range s.agents {
		a := s.agents[id]
		s.putAgent(&a)
	}
	return nil
}

// readHeard reads what the news was about.
func (r *Router) readHeard(ctx context.Context, heard map[about]bool, stale bool) error {
	if stale {
		for at, s := range r.sites {
			if err := r.configure(ctx, at, s); err != nil {
				return err
			}
		}
	}
	of := map[center.InstanceID]int{}
	for a := range heard {
		of[a.instance]++
	}
	for at, n := range of {
		if n > heardAtOnce {
			if err := r.lookAt(ctx, at); err != nil {
				return err
			}
		}
	}
	for a := range heard {
		if of[a.instance] > heardAtOnce {
			continue
		}
		s := r.site(a.instance)
		if s.routing == nil {
			if err := r.configure(ctx, a.instance, s); err != nil {
				return err
			}
		}
		var err error
		switch a.kind {
		case center.NewsOfWaiting:
			err = r.readChat(ctx, a.instance, s, center.ChatID(a.stream))
		case center.NewsOfAgent:
			err = r.readAgent(ctx, a.instance, s, center.UserID(a.stream))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Router) readChat(ctx context.Context, at center.InstanceID, s *site, chat center.ChatID) error {
	rows, err := r.Store.WaitingOf(ctx, at, chat)
	if err != nil {
		return err
	}
	var now []center.ContactID
	for i := range rows {
		now = append(now, rows[i].Contact)
		s.putContact(&rows[i])
	}
	for _, id := range s.chats[chat] {
		if !slices.Contains(now, id) {
			s.removeContact(id)
		}
	}
	if s.chats[chat] = now; len(now) == 0 {
		delete(s.chats, chat)
	}
	return nil
}

func (r *Router) readAgent(ctx context.Context, at center.InstanceID, s *site, id center.UserID) error {
	a, ok, err := r.Store.AgentOf(ctx, at, id)
	if err != nil {
		return err
	}
	if !ok {
		delete(s.agents, id)
		s.removeAgent(id)
		return nil
	}
	if _, known := s.routing.Users[id]; !known { // the user may be newer than what is known of the configuration
		if err := r.configure(ctx, at, s); err != nil {
			return err
		}
	}
	s.putAgent(&a)
	return nil
}

func (s *site) putContact(w *center.WaitingRecord) {
	if w.Channel != center.ChannelChat {
		return
	}
	c := routing.Contact{
		ID: w.Contact, Chat: w.Chat, Queue: w.Queue, AgentQueue: w.AgentQueue, Enqueued: w.Enqueued, Since: w.Since, Adjustment: time.Duration(w.Adjustment) * time.Second,
		Priority: w.Priority, Criteria: w.Routing, Offered: w.OfferedTo, Rejecter: w.Rejecter,
	}
	if there, ok := s.index.Contact(c.ID); s.setBackContact(&c) || ok && same(&there, &c) {
		return
	}
	s.index.PutContact(c)
}

// same says that a contact is as it was. Criteria are the same as long as none replaces them or ends them.
func same(a, b *routing.Contact) bool {
	x, y := *a, *b
	x.Criteria, y.Criteria = nil, nil
	if x != y || (a.Criteria == nil) != (b.Criteria == nil) {
		return false
	}
	r, s := a.Criteria, b.Criteria
	return r == nil || r.Index == s.Index && r.Ending == s.Ending && r.Activated.Equal(s.Activated) && !r.Activated.IsZero()
}

// putAgent notes an agent, and puts it into the index.
func (s *site) putAgent(a *store.AgentAtWork) {
	s.agents[a.Agent] = *a
	if !s.setBackAgent(a) {
		s.indexAgent(a)
	}
}

// indexAgent puts an agent into the index, as the configuration knows the user. One who is deleted gets nothing.
func (s *site) indexAgent(a *store.AgentAtWork) {
	u, ok := s.routing.Users[a.Agent]
	if !ok {
		s.index.RemoveAgent(a.Agent)
		return
	}
	w := routing.Agent{
		ID: a.Agent, Profile: u.Profile, Status: a.Status.Type, Next: a.Next != nil, Access: u.Access, Proficiencies: u.Proficiencies,
		Activity: a.Idle, Inbound: a.Idle, // chats are inbound
	}
	for i := range a.Slots {
		c := &a.Slots[i]
		w.Slots = append(w.Slots, routing.Slot{Contact: c.Contact, Chat: c.Chat, Channel: c.Channel, State: c.State, Since: c.Since})
	}
	s.index.PutAgent(w)
}

func (r *Router) count() {
	waiting, agents := 0, 0
	for _, s := range r.sites {
		c, a := s.index.Len()
		waiting, agents = waiting+c, agents+a
	}
	r.figures.waiting.Store(int64(waiting))
	r.figures.agents.Store(int64(agents))
}

// ErrNotWaiting says that a contact waits in no queue.
var ErrNotWaiting = errors.New("the contact does not wait in a queue")

// Explain says why a contact waits, and why each agent does not get it, from rows as they are now: every node can. Users who have
// never worked are agents who are offline.
func (r *Router) Explain(ctx context.Context, at center.InstanceID, contact center.ContactID) (*routing.Explanation, error) {
	fresh := &Router{Config: r.Config, sites: map[center.InstanceID]*site{}}
	if err := fresh.lookAt(ctx, at); err != nil {
		return nil, err
	}
	s := fresh.sites[at]
	if s == nil {
		return nil, ErrNotWaiting
	}
	for id := range s.routing.Users {
		if _, ok := s.agents[id]; !ok {
			s.putAgent(&store.AgentAtWork{AgentRecord: center.AgentRecord{Agent: id, Instance: at, Status: center.WorkStatus{Type: center.StatusOffline}}})
		}
	}
	e, ok := s.index.Explain(contact, r.Clock.Now())
	if !ok {
		return nil, ErrNotWaiting
	}
	return e, nil
}
