package chat_test

import (
	"context"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/storetest"
)

// ending is the bus of a node that ends while it announces a commit: what it was about to do or to answer after that, it does
// not.
type ending struct{ at, said int } // 0: never

func (b *ending) Publish(center.StreamID, []center.Item) {
	if b.said++; b.said == b.at {
		runtime.Goexit()
	}
}

// reopen closes the store and opens the same database again.
func (w *world) reopen(database string) {
	w.Helper()
	w.must(w.store.Close())
	var err error
	w.store, err = store.Open(context.Background(), database, store.Options{Log: slog.New(slog.DiscardHandler), Fatal: func(err error) { w.Error(err) }})
	w.must(err)
}

// agree fails unless chats, agents and rows say the same: who has which contact, and who waits where.
func (o *office) agree(chats ...center.ChatID) {
	o.Helper()
	rows, err := o.store.Agents(o.ctx, instance)
	o.must(err)
	slots := map[center.ContactID]string{}
	for _, r := range rows {
		a, _, err := o.c.Staff.Agent(o.ctx, instance, r.Agent)
		o.must(err)
		if len(a.Contacts) != len(r.Slots) {
			o.Errorf("the agent has the contacts %+v, and rows of %+v", a.Contacts, r.Slots)
		}
		for _, s := range r.Slots {
			if c, ok := a.Contact(s.Contact); !ok || c.State != s.State {
				o.Errorf("the row of the slot is %+v, the agent's contact %+v", s, c)
			}
			if s.State == center.SlotConnecting || s.State == center.SlotConnected {
				slots[s.Contact] = s.State + " " + string(r.Agent)
			}
		}
	}
	waits := map[center.ContactID]bool{}
	waiting, err := o.store.Waiting(o.ctx, instance, "")
	o.must(err)
	for i := range waiting {
		waits[waiting[i].Contact] = true
	}
	for _, id := range chats {
		of, _, err := o.c.Contact(o.ctx, instance, center.ContactID(id))
		o.must(err)
		customers := 0
		for i := range of.Contacts {
			k, has := &of.Contacts[i], ""
			switch {
			case k.Offer != nil:
				has = center.SlotConnecting + " " + string(k.Offer.User)
			case k.Agent != nil && k.Agent.Left.IsZero():
				has = center.SlotConnected + " " + string(k.Agent.User)
			}
			if slots[k.ID] != has {
				o.Errorf("the contact %s says %q, the slots %q", k.ID, has, slots[k.ID])
			}
			if waits[k.ID] != k.Queued() {
				o.Errorf("the contact %s is in a queue: %v, there is a row: %v", k.ID, k.Queued(), waits[k.ID])
			}
			if !k.Beside && k.Live() {
				customers++
			}
			r, err := o.store.ContactRecord(o.ctx, k.ID)
			o.must(err)
			if r.Next != k.Next || r.DisconnectReason != k.DisconnectReason || !r.Disconnected.Equal(k.Disconnected) {
				o.Errorf("the row of %+v is %+v", k, r)
			}
		}
		if live := of.Ended.IsZero(); live && customers != 1 || !live && customers != 0 {
			o.Errorf("the customer has %d live contacts, and the chat has ended at %v", customers, of.Ended)
		}
	}
}

// A chat is answered, an agent is invited, talks and is removed, the chat is transferred by a flow that waits, and by one that
// does not. A node ends behind each of the commits; the next one finds all of it done or nothing, and agents go on with what
// they see.
func TestTransfersGoOnAfterAnEnd(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, database string) {
		o := newOffice(newWorldOn(t, database))
		o.on(center.MultiPartyChat)
		jane, john := o.agent(o.c, "jane", center.StatusNameAvailable), o.agent(o.c, "john", center.StatusNameAvailable)
		fast, slow, back := o.toQueue("Fast", o.sales, handsOver), o.toQueue("Slow", o.sales, waitsFirst), o.toUser("Jane", jane, handsOver)
		ends, step := 0, 2                           // nearly all commits announce two things or more
		if strings.HasPrefix(database, "postgres") { // opening takes longer
			step = 17
		}
		for at := 1; ; at += step {
			bus := &ending{}
			o.c = o.node(center.DefaultSettings(), bus)
			ada := o.enter(o.c, o.entry, map[string]string{"queue": o.basic, "hook": string(o.hook)})
			*bus = ending{at: at}
			for !o.progress(ada, jane, john, fast, slow, back) {
				o.reopen(database)
				o.c = o.node(center.DefaultSettings(), &told{})
				ends++
				o.agree(ada.Chat)
			}
			o.agree(ada.Chat)
			o.sees(ada.Chat,
				"joined CUSTOMER", "joined AGENT", "invited AGENT", "One moment.", "joined AGENT", "left AGENT",
				"Go on.", "succeeded", "left AGENT", "You are in a queue.", "joined AGENT", "One moment.", "succeeded", "left AGENT",
				"You are in a queue.", "joined AGENT", "left AGENT", "ended")
			o.isAt(o.c, jane, "Available")
			o.isAt(o.c, john, "Available")
			if due, err := o.store.DueOf(o.ctx, center.StreamID(ada.Chat)); err != nil || len(due) > 0 {
				t.Errorf("still due: %v, %v", due, err)
			}
			if bus.said < at {
				break
			}
		}
		t.Logf("nodes have ended %d times", ends)
		if ends < 3 {
			t.Errorf("nodes have ended %d times only", ends)
		}
	})
}

// progress does what is left to do of the chat. It says whether the node lived to the end.
func (o *office) progress(ada chat.Caller, jane, john center.UserID, fast, slow, back string) (alive bool) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			do := o.next(ada, jane, john, fast, slow, back)
			if do == nil {
				alive = true
				return
			}
			if err := do(); err != nil {
				o.Errorf("what is left to do was refused: %v", err)
				alive = true
				return
			}
		}
	}()
	<-done
	return alive
}

// next is what is to be done with the chat as it is, nil for nothing.
func (o *office) next(ada chat.Caller, jane, john center.UserID, fast, slow, back string) func() error {
	of, _, err := o.c.Contact(o.ctx, instance, ada.Contact)
	if err != nil {
		return func() error { return err }
	}
	at := of.Current()
	joins := func(k *center.Contact, agent center.UserID) func() error {
		if k.Offer == nil {
			return func() error { return o.c.Agents.Offer(o.ctx, instance, k.ID, agent, 10) }
		}
		return func() error { return o.c.Agents.Accept(o.ctx, instance, agent, k.ID) }
	}
	transfers := func(agent center.UserID, connect string) func() error {
		return func() error {
			_, err := o.c.Agents.Transfer(o.ctx, instance, agent, at.ID, connect)
			return err
		}
	}
	for _, agent := range []center.UserID{jane, john} {
		a, _, err := o.c.Staff.Agent(o.ctx, instance, agent)
		if err != nil {
			return func() error { return err }
		}
		if i := slices.IndexFunc(a.Contacts, func(c center.AgentContact) bool { return c.State == center.SlotEnded }); i >= 0 {
			return func() error { return o.c.Agents.Clear(o.ctx, instance, agent, a.Contacts[i].Contact) }
		}
	}
	segment := 0
	for i := range of.Contacts {
		if k := &of.Contacts[i]; !k.Beside && k.ID != at.ID {
			segment++
		}
	}
	switch {
	case !of.Ended.IsZero():
		return nil
	case at.Queued() || at.Offer != nil:
		return joins(at, []center.UserID{jane, john, jane}[segment])
	case segment == 1:
		return transfers(john, back)
	case segment == 2:
		return func() error { return o.c.Agents.Leave(o.ctx, instance, jane, at.ID) }
	}
	if _, ok := of.Transferring(); ok {
		return func() error {
			_, err := o.c.Send(o.ctx, ada, center.Message{ContentType: center.TextPlain, Content: "Go on."}, "once")
			return err
		}
	}
	i := slices.IndexFunc(of.Contacts, func(k center.Contact) bool { return k.Invited })
	switch {
	case i < 0:
		return func() error { _, err := o.c.Agents.Invite(o.ctx, instance, jane, at.ID, fast); return err }
	case !of.Contacts[i].Live():
		return transfers(jane, slow)
	case of.Contacts[i].Agent == nil:
		return joins(&of.Contacts[i], john)
	}
	return func() error {
		return o.c.Agents.Remove(o.ctx, instance, jane, at.ID, of.Contacts[i].Agent.Participant)
	}
}
