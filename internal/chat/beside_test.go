package chat_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/insight"
)

// StopContact on a contact beside the customer's ends that alone.
func TestContactsBesideAreStoppedAlone(t *testing.T) {
	inOffices(t, func(o *office) {
		o.on(center.MultiPartyChat, center.EnhancedChatMonitoring)
		jane, john, eve := o.agent(o.c, "jane", center.StatusNameAvailable), o.agent(o.c, "john", center.StatusNameAvailable), o.supervisor("eve")
		sales, ada := o.toQueue("Sales", o.sales, handsOver), o.answered(jane)
		stop := func(id center.ContactID) {
			o.Helper()
			o.must(o.c.Stop(o.ctx, instance, id))
			o.is(id, center.ReasonAPI, true)
			o.refused(o.c.Stop(o.ctx, instance, id), center.ContactNotFound, "has ended")
			o.agree(ada.Chat)
		}
		leg, err := o.c.Agents.Invite(o.ctx, instance, jane, ada.Contact, sales)
		o.must(err)
		o.must(o.c.Agents.Offer(o.ctx, instance, leg, john, 10))
		stop(leg)
		o.isAt(o.c, john, "Available ERROR")
		leg, err = o.c.Agents.Invite(o.ctx, instance, jane, ada.Contact, sales)
		o.must(err)
		o.must(o.c.Agents.Clear(o.ctx, instance, john, o.contact(ada.Contact).NextContacts[0].Contact))
		o.join(leg, john)
		m, err := o.monitor(eve, leg, center.MonitorBarge)
		o.must(err)
		o.must(o.c.Agents.SetMonitorMode(o.ctx, instance, eve, m, center.MonitorBarge))
		stop(m)
		o.isAt(o.c, eve, "Available ENDED")
		stop(leg)
		o.isAt(o.c, john, "Available ENDED")
		o.isAt(o.c, jane, "Available CONNECTED")
		o.is(ada.Contact, "", false)
		o.sees(ada.Chat, "joined CUSTOMER", "joined AGENT", "invited AGENT", "One moment.", "failed", "invited AGENT", "One moment.", "joined AGENT",
			"joined SUPERVISOR", "left SUPERVISOR", "left AGENT")
		o.must(o.c.Stop(o.ctx, instance, ada.Contact))
		o.is(ada.Contact, center.ReasonAPI, true)
	})
}

// A supervisor who vanishes or is deleted is not seen by those whom they monitored silently, and takes no conversation along.
func TestSupervisorsVanish(t *testing.T) {
	inOffices(t, func(o *office) {
		o.on(center.EnhancedChatMonitoring)
		jane, eve, mallory := o.agent(o.c, "jane", center.StatusNameAvailable), o.supervisor("eve"), o.supervisor("mallory")
		ada := o.answered(jane)
		lost, err := o.monitor(eve, ada.Contact, center.MonitorSilent)
		o.must(err)
		o.must(o.c.Agents.Reclaim(o.ctx, instance, eve, lost))
		o.is(lost, center.ReasonAgentNetwork, true)
		o.isAt(o.c, eve, "Available ENDED")
		k := o.contact(lost)
		if s := k.Monitor.States; len(s) != 1 || s[0].End.IsZero() {
			o.Errorf("the modes are %+v", s)
		}
		gone, err := o.monitor(mallory, ada.Contact, center.MonitorSilent, center.MonitorBarge)
		o.must(err)
		o.must(o.c.Agents.DeleteUser(o.ctx, instance, mallory))
		o.is(gone, center.ReasonAgent, true)
		o.isAt(o.c, mallory, "Offline")
		o.is(ada.Contact, "", false)
		o.isAt(o.c, jane, "Available CONNECTED")
		if got := o.shown(ada); !slices.Equal(got, []string{"joined CUSTOMER", "joined AGENT"}) {
			o.Errorf("the customer was shown %q", got)
		}
		o.agree(ada.Chat)

		// Who transfers ends what monitors the contact, and so does a flow of the customer's that expires.
		o.must(o.c.Agents.Clear(o.ctx, instance, eve, lost))
		m, err := o.monitor(eve, ada.Contact, center.MonitorBarge)
		o.must(err)
		o.must(o.c.Agents.SetMonitorMode(o.ctx, instance, eve, m, center.MonitorBarge))
		_, err = o.c.Agents.Transfer(o.ctx, instance, jane, ada.Contact, o.toQueue("Sales", o.sales, handsOver))
		o.must(err)
		o.is(m, "", true)
		o.isAt(o.c, eve, "Available ENDED")
		o.sees(ada.Chat, "joined CUSTOMER", "joined AGENT", "left SUPERVISOR", "left SUPERVISOR", "joined SUPERVISOR", "One moment.", "succeeded", "left AGENT", "left SUPERVISOR")
		o.agree(ada.Chat)
	})
}

// Whom an invitation leads to may be there already, asked already, or be deleted before they answer.
func TestInvitationsOfUsers(t *testing.T) {
	o := newOffice(newWorld(t))
	o.on(center.MultiPartyChat)
	jane, john := o.agent(o.c, "jane", center.StatusNameAvailable), o.agent(o.c, "john", center.StatusNameAvailable)
	toJohn, toJane := o.toUser("John", john, handsOver), o.toUser("Jane", jane, handsOver)
	ada := o.answered(jane)
	leg, err := o.c.Agents.Invite(o.ctx, instance, jane, ada.Contact, toJohn)
	o.must(err)
	invite := func(agent center.UserID, on center.ContactID, connect string) error {
		_, err := o.c.Agents.Invite(o.ctx, instance, agent, on, connect)
		return err
	}
	o.refused(invite(jane, ada.Contact, toJohn), center.InvalidState, "is invited already, by the contact "+string(leg))
	o.join(leg, john)
	o.refused(invite(jane, ada.Contact, toJohn), center.InvalidState, "takes part in the chat already")
	o.refused(invite(john, leg, toJane), center.InvalidState, "takes part in the chat already")
	o.must(o.c.Agents.Leave(o.ctx, instance, john, leg))
	leg, err = o.c.Agents.Invite(o.ctx, instance, jane, ada.Contact, toJohn)
	o.must(err)
	o.must(o.c.Agents.Offer(o.ctx, instance, leg, john, 10))
	o.must(o.c.Agents.DeleteUser(o.ctx, instance, john))
	if k := o.contact(leg); !k.Queued() || k.Offer != nil {
		t.Errorf("the leg is %+v", k)
	}
	o.must(o.c.Agents.Remove(o.ctx, instance, jane, ada.Contact, center.ParticipantID(leg)))
	o.is(leg, center.ReasonThirdParty, true)
	o.agree(ada.Chat)
	// The one who invited may leave before the answer: the invitation stands while another agent is there.
	joe, june := o.agent(o.c, "joe", center.StatusNameAvailable), o.agent(o.c, "june", center.StatusNameAvailable)
	toJoe, toJune := o.toUser("Joe", joe, handsOver), o.toUser("June", june, handsOver)
	first, err := o.c.Agents.Invite(o.ctx, instance, jane, ada.Contact, toJoe)
	o.must(err)
	o.join(first, joe)
	second, err := o.c.Agents.Invite(o.ctx, instance, jane, ada.Contact, toJune)
	o.must(err)
	o.must(o.c.Agents.Leave(o.ctx, instance, jane, ada.Contact))
	o.join(second, june)
	o.agree(ada.Chat)
	o.must(o.c.Leave(o.ctx, ada))
	for _, id := range []center.ContactID{ada.Contact, first, second} {
		o.is(id, center.ReasonCustomer, true)
	}
	o.isAt(o.c, june, "Available ENDED")
	o.agree(ada.Chat)
}

// What a transfer leads to may change while its flow waits.
func TestWhatChangesUnderATransfer(t *testing.T) {
	for name, change := range map[string]struct {
		do        func(o *office, connect string, john center.UserID)
		succeeds  bool
		toAnAgent bool
	}{
		"the quick connect is renamed": {succeeds: true, do: func(o *office, connect string, _ center.UserID) {
			o.must(catalog.QuickConnects.Update(o.ctx, o.c.Catalog, instance, connect, 0, func(q *center.QuickConnect) error { q.Name = "Other"; return nil }))
		}},
		"the quick connect is deleted": {succeeds: true, do: func(o *office, connect string, _ center.UserID) {
			o.must(catalog.QueueQuickConnects.Remove(o.ctx, o.c.Catalog, instance, o.basic, []center.QuickConnectID{center.QuickConnectID(connect)}))
			o.must(catalog.QuickConnects.Delete(o.ctx, o.c.Catalog, instance, connect))
		}},
		"the flow is deleted": {succeeds: true, do: func(o *office, connect string, _ center.UserID) {
			q, err := catalog.QuickConnects.Get(o.ctx, o.c.Catalog, instance, connect)
			o.must(err)
			o.must(o.c.Catalog.DeleteFlow(o.ctx, instance, center.FlowRef{ID: center.FlowID(q.Flow)}))
		}},
		"the queue is disabled": {do: func(o *office, _ string, _ center.UserID) { o.disable(o.sales) }},
		"the user is offline": {succeeds: true, toAnAgent: true, do: func(o *office, _ string, john center.UserID) {
			o.must(o.c.Agents.SetStatus(o.ctx, instance, john, center.SeededID(instance, "agent-status", center.StatusNameOffline), false))
		}},
		"the user is deleted": {toAnAgent: true, do: func(o *office, _ string, john center.UserID) { o.must(o.c.Agents.DeleteUser(o.ctx, instance, john)) }},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(newWorld(t))
			jane, john := o.agent(o.c, "jane", center.StatusNameAvailable), o.agent(o.c, "john", center.StatusNameAvailable)
			connect := o.toQueue("Slow", o.sales, waitsFirst)
			if change.toAnAgent {
				connect = o.toUser("John", john, waitsFirst)
			}
			ada := o.answered(jane)
			next, err := o.c.Agents.Transfer(o.ctx, instance, jane, ada.Contact, connect)
			o.must(err)
			change.do(o, connect, john)
			o.send(o.c, ada, "Go on.")
			got, k := o.events(ada.Chat), o.contact(next)
			if change.succeeds {
				o.isAt(o.c, jane, "Available ENDED")
				if !k.Queued() || k.Beside || o.contact(ada.Contact).NextContacts[0].Name == "Other" || !slices.Contains(got, "succeeded") {
					t.Errorf("the contact is %+v, the chat shows %q", k, got)
				}
			} else {
				o.isAt(o.c, jane, "Available CONNECTED")
				o.is(next, center.ReasonFlow, true)
				if got[len(got)-1] != "failed" {
					t.Errorf("the chat shows %q", got)
				}
			}
			o.agree(ada.Chat)
		})
	}
}

// disable lets a queue take no more contacts, as an administrator does.
func (o *office) disable(queue string) {
	o.Helper()
	o.must(catalog.Queues.Update(o.ctx, o.c.Catalog, instance, queue, 0, func(q *center.Queue) error {
		q.Status, q.Hours = center.QueueDisabled, center.HoursID(center.SeededID(instance, "hours-of-operation", center.BasicHoursName))
		return nil
	}))
}

// What is asked of contacts afterwards, and of agents now, knows how contacts of transfers came to be and to end.
func TestTransfersAreFound(t *testing.T) {
	inOffices(t, func(o *office) {
		o.on(center.MultiPartyChat)
		jane, john, eve := o.agent(o.c, "jane", center.StatusNameAvailable), o.agent(o.c, "john", center.StatusNameAvailable), o.supervisor("eve")
		sales, ada := o.toQueue("Sales", o.sales, handsOver), o.answered(jane)
		m, err := o.monitor(eve, ada.Contact)
		o.must(err)
		o.clock.advance(time.Second)
		leg, err := o.c.Agents.Invite(o.ctx, instance, jane, ada.Contact, sales)
		o.must(err)
		o.join(leg, john)
		o.must(o.c.Agents.Remove(o.ctx, instance, jane, ada.Contact, o.caller(john, leg).Participant))
		o.clock.advance(time.Second)
		next, err := o.c.Agents.Transfer(o.ctx, instance, jane, ada.Contact, sales)
		o.must(err)
		o.must(o.c.Agents.Clear(o.ctx, instance, john, leg))
		o.join(next, john)

		found := map[center.ContactID]string{}
		page, err := insight.NewContacts(o.store, o.clock.Now).Search(o.ctx, &insight.Search{
			Instance: instance, Range: insight.TimeRange{Type: "INITIATION_TIMESTAMP", From: o.clock.Now().Add(-time.Hour), To: o.clock.Now()},
		}, 100, "")
		o.must(err)
		for _, k := range page.Contacts {
			found[k.ID] = k.InitiationMethod + " of " + string(k.Previous)
		}
		listed, err := insight.NewContacts(o.store, o.clock.Now).Associated(o.ctx, instance, ada.Contact, 0, "", 100)
		o.must(err)
		for _, k := range listed {
			if is := k.InitiationMethod + " of " + string(k.Previous); found[k.ID] != is || k.Chat != ada.Chat {
				o.Errorf("%s is listed as %q and found as %q", k.ID, is, found[k.ID])
			}
		}
		for id, want := range map[center.ContactID]string{
			ada.Contact: "API of ", m: "MONITOR of " + string(ada.Contact), leg: "TRANSFER of " + string(ada.Contact), next: "TRANSFER of " + string(ada.Contact),
		} {
			if found[id] != want {
				o.Errorf("%s is found as %q, want %q", id, found[id], want)
			}
		}
		if len(listed) != 4 || len(found) != 4 {
			o.Errorf("listed %d, found %d", len(listed), len(found))
		}

		present := insight.NewPresent(o.store, o.c.Catalog, o.clock.Now, o.clock.Now, o.newID)
		users, _, err := present.Users(o.ctx, &insight.UsersRequest{Instance: instance, Agents: []string{string(jane), string(john), string(eve)}}, "", 10)
		o.must(err)
		has := map[center.UserID]string{}
		for _, u := range users {
			for _, k := range u.Contacts {
				has[u.ID] += k.State + " " + k.InitiationMethod + " " + string(k.Queue)
			}
		}
		for user, want := range map[center.UserID]string{jane: "ENDED API " + o.basic, john: "CONNECTED TRANSFER " + o.sales, eve: "ENDED MONITOR "} {
			if has[user] != want {
				o.Errorf("the user has %q, want %q", has[user], want)
			}
		}
	})
}

// One agent uses quick connects in several windows at once, on two nodes: one of them is first, and the others are told.
func TestManyWindowsTransfer(t *testing.T) {
	inOffices(t, func(o *office) {
		o.on(center.MultiPartyChat)
		jane, other := o.agent(o.c, "jane", center.StatusNameAvailable), o.node(center.DefaultSettings(), &told{})
		fast, slow := o.toQueue("Fast", o.sales, handsOver), o.toQueue("Slow", o.sales, waitsFirst)
		for _, connect := range []string{fast, slow} {
			ada := o.answered(jane)
			var all sync.WaitGroup
			errs := make([]error, 6)
			for i := range errs {
				n := []*node{o.c, other}[i%2]
				all.Go(func() { _, errs[i] = n.Agents.Transfer(o.ctx, instance, jane, ada.Contact, connect) })
			}
			all.Wait()
			succeeded := 0
			for _, err := range errs {
				if err == nil {
					succeeded++
				} else if !center.Is(err, center.InvalidState) {
					o.Error(err)
				}
			}
			if k := o.contact(ada.Contact); succeeded != 1 || len(k.NextContacts) != 1 {
				o.Errorf("%d transfers began: %+v", succeeded, k.NextContacts)
			}
			o.agree(ada.Chat)
			o.must(o.c.Leave(o.ctx, ada))
			o.must(o.c.Agents.Clear(o.ctx, instance, jane, ada.Contact))
		}
	})
}
