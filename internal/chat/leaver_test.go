package chat_test

import (
	"context"
	"testing"

	"github.com/parley-chat/parley/internal/center"
)

// retired checks that nothing is left of the work of a user who was deleted.
func (o *office) retired(user center.UserID) {
	o.Helper()
	due, err := o.store.DueOf(o.ctx, center.StreamID(user))
	o.must(err)
	if len(due) != 0 {
		o.Errorf("still due: %v", due)
	}
	rows, err := o.store.Agents(o.ctx, instance)
	o.must(err)
	for _, r := range rows {
		if r.Agent == user && (len(r.Slots) != 0 || r.Status.Type != center.StatusOffline) {
			o.Errorf("the row of the agent is %+v", r)
		}
	}
	o.isAt(o.c, user, center.StatusNameOffline)
}

// A user may have more contacts to clear than one decision has room for.
func TestDeletingAUserWithManyContacts(t *testing.T) {
	inOffices(t, func(o *office) {
		jane := o.agent(o.c, "jane", center.StatusNameAvailable)
		var last center.ContactID
		for range 17 {
			last = o.enter(o.c, o.entry, map[string]string{"queue": o.basic, "hook": string(o.hook)}).Contact
			o.must(o.c.Agents.Offer(o.ctx, instance, last, jane, 0))
			o.must(o.c.Agents.Accept(o.ctx, instance, jane, last))
			o.must(o.c.Agents.Leave(o.ctx, instance, jane, last))
		}
		live := o.enter(o.c, o.entry, map[string]string{"queue": o.basic, "hook": string(o.hook)})
		o.must(o.c.Agents.Offer(o.ctx, instance, live.Contact, jane, 0))
		o.must(o.c.Agents.Accept(o.ctx, instance, jane, live.Contact))
		o.must(o.c.Agents.DeleteUser(o.ctx, instance, jane))
		o.retired(jane)
		o.is(live.Contact, center.ReasonAgent, true)
		if k := o.contact(last); k.Agent.Done.IsZero() {
			t.Errorf("the contact is %+v", k)
		}
	})
}

// Agents are told of a change of their routing profile whatever becomes of the caller.
func TestAgentsAreToldOfTheirProfile(t *testing.T) {
	o := newOffice(newWorld(t))
	jane := o.agent(o.c, "jane", center.StatusNameAvailable)
	_, before, err := o.c.Staff.Agent(o.ctx, instance, jane)
	o.must(err)
	ctx, hangUp := context.WithCancel(o.ctx)
	hangUp()
	o.must(o.c.Agents.ProfileReconfigured(ctx, instance, center.BasicRoutingProfileID(instance)))
	if _, after, err := o.c.Staff.Agent(o.ctx, instance, jane); err != nil || after != before+1 {
		t.Errorf("%v, the agent was told %d things", err, after-before)
	}
}
