package chat_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
)

// inQueue is a flow that puts the contact into the queue that its attribute names.
const inQueue = `{"Version": "2019-10-30", "StartAction": "Set", "Actions": [
  {"Identifier": "Set", "Type": "UpdateContactTargetQueue", "Parameters": {"QueueId": "$.Attributes.queue"},
   "Transitions": {"NextAction": "Enter", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "Enter", "Type": "TransferContactToQueue", "Parameters": {},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "QueueAtCapacity", "NextAction": "End"}, {"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
]}`

// agent makes a user who is an agent of the basic routing profile, with a status.
func (w *world) agent(c *node, name, status string) center.UserID {
	w.Helper()
	u := &center.User{
		Head: center.Head[center.UserID]{Name: name}, Identity: center.Identity{FirstName: strings.ToUpper(name[:1]) + name[1:]},
		SecurityProfiles: []center.SecurityProfileID{center.SecurityProfileID(center.SeededID(instance, "security-profile", center.SecurityAgent))},
		RoutingProfile:   center.BasicRoutingProfileID(instance),
	}
	password := "Secret-123"
	w.must(c.Catalog.CreateUser(w.ctx, instance, u, &password))
	w.must(c.Agents.SetStatus(w.ctx, instance, u.ID, center.SeededID(instance, "agent-status", status), false))
	return u.ID
}

// work is the agent as it stands: the status, the next one, and the contacts with their states.
func (w *world) work(c *node, id center.UserID) string {
	w.Helper()
	a, _, err := c.Staff.Agent(w.ctx, instance, id)
	w.must(err)
	all := []string{a.Status.Name}
	if a.Next != nil {
		all = append(all, "then "+a.Next.Name)
	}
	for _, k := range a.Contacts {
		all = append(all, k.State)
	}
	return strings.Join(all, " ")
}

// events are what was shown in a chat: names and roles of events, and texts.
func (w *world) events(id center.ChatID) (all []string) {
	for _, it := range w.items(id) {
		switch it.Type {
		case center.TypeEvent:
			what := it.ContentType[strings.LastIndexByte(it.ContentType, '.')+1:]
			all = append(all, strings.TrimSpace(what+" "+string(it.Role)))
		case center.TypeMessage:
			all = append(all, it.Content)
		}
	}
	return all
}

func (w *world) sees(id center.ChatID, want ...string) {
	w.Helper()
	if got := w.events(id); !slices.Equal(got, want) {
		w.Errorf("the chat shows\n%q, want\n%q", got, want)
	}
}

func (w *world) isAt(c *node, id center.UserID, want string) {
	w.Helper()
	if got := w.work(c, id); got != want {
		w.Errorf("the agent is %q, want %q", got, want)
	}
}

func TestAnAgentAnswers(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	f := w.makeFlow(c, "in queue", center.TypeContactFlow, inQueue)
	jane := w.agent(c, "jane", center.StatusNameAvailable)
	ada := w.enter(c, f, map[string]string{"queue": center.SeededID(instance, "queue", center.BasicQueueName)})
	id := ada.Contact

	w.must(c.Agents.Offer(w.ctx, instance, id, jane, 2))
	w.isAt(c, jane, "Available CONNECTING")
	w.must(c.Agents.Accept(w.ctx, instance, jane, id))
	w.isAt(c, jane, "Available CONNECTED")
	who, err := c.Agents.Caller(w.ctx, instance, jane, id)
	w.must(err)
	w.send(c, who, "How can I help?")
	w.send(c, ada, "All is well.")
	k := w.current(c, ada.Chat)
	if k.Queued() || k.Agent == nil || k.Agent.User != jane || k.Attempts != 1 {
		t.Errorf("the contact is %+v", k)
	}
	w.clock.advance(time.Minute)
	w.must(c.Agents.Leave(w.ctx, instance, jane, id))
	w.isAt(c, jane, "Available ENDED")
	w.sees(ada.Chat, "joined CUSTOMER", "joined AGENT", "How can I help?", "All is well.", "left AGENT", "ended")
	w.must(c.Agents.Clear(w.ctx, instance, jane, id))
	w.isAt(c, jane, "Available")

	r, err := w.store.ContactRecord(w.ctx, id)
	w.must(err)
	if r.Agent == nil || r.Agent.User != jane || r.Agent.Done.IsZero() || r.DisconnectReason != center.ReasonAgent {
		t.Errorf("the record is %+v", r)
	}
	all, err := w.store.Agents(w.ctx, instance)
	w.must(err)
	if len(all) != 1 || all[0].Agent != jane || len(all[0].Slots) != 0 || all[0].Profile != center.BasicRoutingProfileID(instance) {
		t.Errorf("the rows of agents are %+v", all)
	}
}

func TestAnOfferThatIsMissed(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	f := w.makeFlow(c, "in queue", center.TypeContactFlow, inQueue)
	jane := w.agent(c, "jane", center.StatusNameAvailable)
	queue := center.SeededID(instance, "queue", center.BasicQueueName)
	ada := w.enter(c, f, map[string]string{"queue": queue})
	since := w.current(c, ada.Chat).Enqueued
	offered := map[center.ParticipantID]bool{}
	remember := func(user center.UserID) {
		who, err := c.Agents.Caller(w.ctx, instance, user, ada.Contact)
		w.must(err)
		offered[who.Participant] = true
	}
	w.must(c.Agents.Offer(w.ctx, instance, ada.Contact, jane, 2))
	remember(jane)
	w.clock.advance(center.OfferWithin)
	w.must(c.Settle(w.ctx))
	w.isAt(c, jane, "Available MISSED")
	if k := w.current(c, ada.Chat); !k.Queued() || k.Offer != nil || !k.Enqueued.Equal(since) || w.waiting(queue) != 1 {
		t.Errorf("the contact is %+v", k)
	}
	if err := c.Agents.Accept(w.ctx, instance, jane, ada.Contact); !center.Is(err, center.InvalidState) {
		t.Errorf("accepting it too late: %v", err)
	}
	// Rejected by another, who has it offered then.
	john := w.agent(c, "john", center.StatusNameAvailable)
	w.must(c.Agents.Offer(w.ctx, instance, ada.Contact, john, 2))
	remember(john)
	w.must(c.Agents.Reject(w.ctx, instance, john, ada.Contact))
	w.isAt(c, john, "Available REJECTED")
	w.must(c.Agents.Offer(w.ctx, instance, ada.Contact, john, 2))
	w.isAt(c, john, "Available CONNECTING")
	// Each offer was to a participant of its own; the chat keeps the last one alone.
	of, k, err := c.Contact(w.ctx, instance, ada.Contact)
	w.must(err)
	for _, p := range of.Participants {
		if p.Role == center.RoleAgent && (p.ID != k.Offer.Participant || offered[p.ID] || !p.Joined.IsZero()) {
			t.Errorf("a participant of an offer is %+v", p)
		}
	}
	if len(offered) != 2 || k.Attempts != 3 {
		t.Errorf("%d offers, earlier ones to %d participants", k.Attempts, len(offered))
	}
	w.must(c.Leave(w.ctx, ada))
	w.isAt(c, john, "Available REJECTED")
	w.sees(ada.Chat, "joined CUSTOMER", "left CUSTOMER", "ended")
	w.must(c.Agents.SetStatus(w.ctx, instance, john, center.SeededID(instance, "agent-status", center.StatusNameOffline), false))
	w.isAt(c, john, "Offline")
}

func TestStatusWhileContactsAreLive(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	f := w.makeFlow(c, "in queue", center.TypeContactFlow, inQueue)
	jane := w.agent(c, "jane", center.StatusNameAvailable)
	lunch := &center.AgentStatus{Head: center.Head[center.AgentStatusID]{Name: "Lunch"}, Type: center.StatusCustom, State: center.StatusEnabled}
	_, err := catalog.AgentStatuses.Create(w.ctx, c.Catalog, instance, lunch, catalog.ClientToken{})
	w.must(err)
	queue := center.SeededID(instance, "queue", center.BasicQueueName)
	var chats []chat.Caller
	for range 2 {
		ada := w.enter(c, f, map[string]string{"queue": queue})
		w.must(c.Agents.Offer(w.ctx, instance, ada.Contact, jane, 2))
		w.must(c.Agents.Accept(w.ctx, instance, jane, ada.Contact))
		chats = append(chats, ada)
	}
	w.must(c.Leave(w.ctx, chats[0]))
	w.isAt(c, jane, "Available ENDED CONNECTED")
	if err := c.Agents.SetStatus(w.ctx, instance, jane, string(lunch.ID), true); !center.Is(err, center.InvalidState) {
		t.Errorf("a status at once: %v", err)
	}
	w.must(c.Agents.SetStatus(w.ctx, instance, jane, string(lunch.ID), false))
	w.isAt(c, jane, "Available then Lunch CONNECTED")
	third := w.enter(c, f, map[string]string{"queue": queue})
	if err := c.Agents.Offer(w.ctx, instance, third.Contact, jane, 2); !center.Is(err, center.InvalidState) {
		t.Errorf("an offer to one who is about to leave: %v", err)
	}
	w.must(c.Agents.Leave(w.ctx, instance, jane, chats[1].Contact))
	w.must(c.Agents.Clear(w.ctx, instance, jane, chats[1].Contact))
	w.isAt(c, jane, "Lunch")
	w.must(c.Agents.Offer(w.ctx, instance, third.Contact, jane, 0)) // assigned
	w.isAt(c, jane, "Lunch CONNECTING")
}

func TestAfterContactWorkHasALimit(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	f := w.makeFlow(c, "in queue", center.TypeContactFlow, inQueue)
	jane := w.agent(c, "jane", center.StatusNameAvailable)
	w.must(catalog.Users.Update(w.ctx, c.Catalog, instance, string(jane), 0, func(u *center.User) error {
		u.Channels.AfterContactWork = []center.AfterContactWork{{Channel: center.ChannelChat, Limit: 90}}
		return nil
	}))
	ada := w.enter(c, f, map[string]string{"queue": center.SeededID(instance, "queue", center.BasicQueueName)})
	w.must(c.Agents.Offer(w.ctx, instance, ada.Contact, jane, 2))
	w.must(c.Agents.Accept(w.ctx, instance, jane, ada.Contact))
	w.must(c.Leave(w.ctx, ada))
	w.clock.advance(89 * time.Second)
	w.must(c.Settle(w.ctx))
	w.isAt(c, jane, "Available ENDED")
	w.clock.advance(time.Second)
	w.must(c.Settle(w.ctx))
	w.isAt(c, jane, "Available")
	k := w.current(c, ada.Chat)
	if took := k.Agent.Done.Sub(k.Agent.Left); took != 90*time.Second {
		t.Errorf("after-contact work took %v", fmt.Sprint(took))
	}
}

// More contacts are assigned to an agent at once than the agent may have. Each request is answered clearly, and no contact is lost:
// what is refused waits, and what is missed waits again.
func TestManyAreAssignedToOneAgent(t *testing.T) {
	w := newWorldOn(t, "sqlite:"+filepath.Join(t.TempDir(), "parley.db"))
	c, other := w.node(center.DefaultSettings(), &told{}), w.node(center.DefaultSettings(), &told{})
	f := w.makeFlow(c, "in queue", center.TypeContactFlow, inQueue)
	jane := w.agent(c, "jane", center.StatusNameAvailable)
	basic := center.SeededID(instance, "queue", center.BasicQueueName)
	all := make([]chat.Caller, center.MaxAssigned+20)
	for i := range all {
		all[i] = w.enter(c, f, map[string]string{"queue": basic})
	}
	var mu sync.Mutex
	var refused []center.ContactID
	assign := func(of []chat.Caller, by *node) {
		for _, who := range of {
			err := by.Agents.Offer(w.ctx, instance, who.Contact, jane, 0)
			for center.Is(err, center.Internal) { // the other node was faster again and again: clients try again
				err = by.Agents.Offer(w.ctx, instance, who.Contact, jane, 0)
			}
			switch {
			case center.Is(err, center.QuotaExceeded):
				mu.Lock()
				refused = append(refused, who.Contact)
				mu.Unlock()
			case err != nil:
				t.Error(err)
			}
		}
	}
	var both sync.WaitGroup
	both.Go(func() { assign(all[:len(all)/2], c) })
	both.Go(func() { assign(all[len(all)/2:], other) })
	both.Wait()
	if len(refused) != 20 {
		t.Errorf("%d were refused, want 20", len(refused))
	}
	if n := w.waiting(basic); n != len(all) {
		t.Errorf("%d wait, want %d: contacts that are offered wait too", n, len(all))
	}
	w.clock.advance(center.OfferWithin)
	w.must(c.Settle(w.ctx))
	if want := center.StatusNameAvailable + strings.Repeat(" MISSED", center.MaxAssigned); w.work(c, jane) != want {
		t.Errorf("the agent is %q", w.work(c, jane))
	}
	// One that was missed takes the slot that it has.
	i := slices.IndexFunc(all, func(who chat.Caller) bool { return !slices.Contains(refused, who.Contact) })
	w.must(c.Agents.Offer(w.ctx, instance, all[i].Contact, jane, 0))
	w.must(c.Agents.Reject(w.ctx, instance, jane, all[i].Contact))
	w.must(c.Agents.SetStatus(w.ctx, instance, jane, center.SeededID(instance, "agent-status", center.StatusNameOffline), false))
	w.isAt(c, jane, center.StatusNameOffline)
	w.must(c.Agents.Offer(w.ctx, instance, refused[0], jane, 0))
	if n := w.waiting(basic); n != len(all) {
		t.Errorf("%d wait in the end, want %d", n, len(all))
	}
}

// A contact may wait for days, and be offered every few seconds.
func TestOffersThatFailLeaveNothingInTheChat(t *testing.T) {
	o := newOffice(newWorld(t))
	jane := o.agent(o.c, "jane", center.StatusNameAvailable)
	ada := o.enter(o.c, o.entry, map[string]string{"queue": o.basic, "hook": string(o.hook)})
	fail := func() {
		o.must(o.c.Agents.Offer(o.ctx, instance, ada.Contact, jane, 2))
		who := o.caller(jane, ada.Contact)
		o.clock.advance(center.OfferWithin)
		o.must(o.c.Settle(o.ctx))
		if _, err := o.c.Connection(o.ctx, who, false); !center.Is(err, center.AccessDenied) {
			t.Errorf("a connection for an offer that is over: %v", err)
		}
		o.must(o.c.Agents.Offer(o.ctx, instance, ada.Contact, jane, 2))
		o.must(o.c.Agents.Reject(o.ctx, instance, jane, ada.Contact))
	}
	fail()
	before := len(o.c.State(o.ctx, ada.Chat))
	for range 4 {
		fail()
	}
	if after := len(o.c.State(o.ctx, ada.Chat)); after > before+1 { // the number of attempts has one digit more
		t.Errorf("the state has grown from %d to %d bytes", before, after)
	}
	o.join(ada.Contact, jane)
	if k := o.contact(ada.Contact); k.Attempts != 11 || k.Agent == nil {
		t.Errorf("the contact is %+v", k)
	}
}

// lunch is a status that contacts are not routed to.
func (o *office) lunch() string {
	o.Helper()
	s := &center.AgentStatus{Head: center.Head[center.AgentStatusID]{Name: "Lunch"}, Type: center.StatusCustom, State: center.StatusEnabled}
	_, err := catalog.AgentStatuses.Create(o.ctx, o.c.Catalog, instance, s, catalog.ClientToken{})
	o.must(err)
	return string(s.ID)
}

// over is a chat that an agent has answered and left.
func (o *office) over(agent center.UserID) center.ContactID {
	o.Helper()
	id := o.answered(agent).Contact
	o.must(o.c.Agents.Leave(o.ctx, instance, agent, id))
	return id
}

// Choosing a status clears what is over, whatever becomes of the caller and of the process.
func TestAStatusIsChosenForGood(t *testing.T) {
	inOffices(t, func(o *office) {
		jane, lunch := o.agent(o.c, "jane", center.StatusNameAvailable), o.lunch()
		available := center.SeededID(instance, "agent-status", center.StatusNameAvailable)
		for range 3 {
			o.over(jane)
		}
		// The caller hangs up.
		ctx, hangUp := context.WithCancel(o.ctx)
		left := 2
		ids := o.c.newID
		o.c.newID = func() string {
			if left--; left == 0 {
				hangUp()
			}
			return ids()
		}
		o.must(o.c.Agents.SetStatus(ctx, instance, jane, lunch, false))
		o.c.newID = ids
		if ctx.Err() == nil {
			t.Fatal("the caller has not hung up")
		}
		o.isAt(o.c, jane, "Lunch")

		// The process ends.
		o.must(o.c.Agents.SetStatus(o.ctx, instance, jane, available, false))
		for range 3 {
			o.over(jane)
		}
		live := o.answered(jane).Contact
		o.clock.advance(time.Second)
		crashing := o.node(center.DefaultSettings(), &told{})
		left = 4
		crashing.newID = func() string {
			if left--; left == 0 {
				panic("crash")
			}
			return ids()
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the process has not ended")
				}
			}()
			_ = crashing.Agents.SetStatus(o.ctx, instance, jane, lunch, false)
		}()
		o.isAt(o.c, jane, "Available then Lunch ENDED ENDED CONNECTED")
		o.clock.advance(time.Second)
		o.must(o.c.Agents.Leave(o.ctx, instance, jane, live)) // this one has its after-contact work
		o.clock.advance(time.Minute)
		o.must(o.c.Settle(o.ctx))
		o.isAt(o.c, jane, "Available then Lunch ENDED")
		o.must(o.c.Agents.Clear(o.ctx, instance, jane, live))
		o.isAt(o.c, jane, "Lunch")
		due, err := o.store.DueOf(o.ctx, center.StreamID(jane))
		o.must(err)
		if len(due) != 0 {
			t.Errorf("still due: %v", due)
		}
	})
}

// A routable status that is asked for while contacts are live takes the next status away, and nothing else.
func TestAStatusThatIsNotTakenClearsNothing(t *testing.T) {
	o := newOffice(newWorld(t))
	jane, lunch := o.agent(o.c, "jane", center.StatusNameAvailable), o.lunch()
	o.must(o.c.Agents.SetStatus(o.ctx, instance, jane, lunch, false))
	assigned := func() chat.Caller {
		ada := o.enter(o.c, o.entry, map[string]string{"queue": o.basic, "hook": string(o.hook)})
		o.must(o.c.Agents.Offer(o.ctx, instance, ada.Contact, jane, 0))
		o.must(o.c.Agents.Accept(o.ctx, instance, jane, ada.Contact))
		return ada
	}
	o.must(o.c.Leave(o.ctx, assigned()))
	assigned()
	o.isAt(o.c, jane, "Lunch ENDED CONNECTED")
	o.must(o.c.Agents.SetStatus(o.ctx, instance, jane, center.SeededID(instance, "agent-status", center.StatusNameAvailable), false))
	o.isAt(o.c, jane, "Lunch ENDED CONNECTED")
	o.must(o.c.Agents.SetStatus(o.ctx, instance, jane, center.SeededID(instance, "agent-status", center.StatusNameOffline), false))
	o.isAt(o.c, jane, "Lunch then Offline CONNECTED")
}
