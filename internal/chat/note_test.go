package chat_test

import (
	"slices"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/insight"
)

func (o *office) note(agent center.UserID, contact center.ContactID, text string) center.Item {
	o.Helper()
	it, err := o.c.Agents.Note(o.ctx, instance, agent, contact, text, "")
	o.must(err)
	return it
}

// pastOf are the texts of the transcript of a contact that is over, page by page, those of notes in brackets.
func (o *office) pastOf(contact center.ContactID, size int) (all []string) {
	o.Helper()
	forward := true
	for q := (chat.TranscriptQuery{Max: size, Forward: &forward, Ascending: true}); ; {
		page, err := o.c.Transcripts.Over(o.ctx, instance, contact, q)
		o.must(err)
		for _, it := range page.Items {
			switch it.Type {
			case center.TypeNote:
				all = append(all, "["+it.Content+"]")
			case center.TypeMessage:
				all = append(all, it.Content)
			}
		}
		if q.NextToken = page.Next; page.Next == "" {
			return all
		}
	}
}

// No rule takes a note for a message: not the figures, not the timers, not receipts, not what the customer reads, here or in a
// chat that continues this one.
func TestNotesAreNoMessages(t *testing.T) {
	inOffices(t, func(o *office) {
		jane := o.agent(o.c, "jane", center.StatusNameAvailable)
		ada := o.enter(o.c, o.entry, map[string]string{"queue": o.basic, "hook": string(o.hook)})
		o.must(o.c.SetTimers(o.ctx, instance, ada.Contact, []center.TimerSetting{{Role: center.RoleAgent, Type: center.TimerIdle, Minutes: 2}}))
		o.join(ada.Contact, jane)
		o.send(o.c, ada, "hello")
		o.send(o.c, o.caller(jane, ada.Contact), "hi")
		o.clock.advance(time.Minute)
		it := o.note(jane, ada.Contact, "secret")
		o.clock.advance(time.Minute + time.Second)
		o.must(o.c.Settle(o.ctx))
		if got := o.shown(ada); !slices.Contains(got, "idle AGENT") {
			t.Errorf("a note resets the agent's timer: %q", got)
		}
		if got := o.shown(ada); slices.Contains(got, "secret") {
			t.Errorf("the customer hears %q", got)
		}
		forward := true
		for _, q := range []chat.TranscriptQuery{{Max: 100}, {Max: 1, Forward: &forward, Start: &chat.StartPosition{ID: it.ID}}} {
			if got := o.reads(ada, q); slices.Contains(got, "secret") {
				t.Errorf("the customer reads %q", got)
			}
		}
		_, err := o.c.Event(o.ctx, ada, center.EventRead, `{"messageId":"`+string(it.ID)+`"}`)
		o.refused(err, center.InvalidParameter, "messageId")
		bytes := func() int64 {
			n, err := o.store.TranscriptBytes(o.ctx, center.StreamID(ada.Chat), 0)
			o.must(err)
			return n
		}
		before := bytes()
		o.note(jane, ada.Contact, long(4096))
		if n := bytes(); n != before {
			t.Errorf("notes are %d bytes of the transcript", n-before)
		}
		o.must(o.c.Agents.End(o.ctx, instance, jane, ada.Contact))
		o.note(jane, ada.Contact, "wrapped up")
		f, err := o.c.Figures(o.ctx, ada.Contact)
		o.must(err)
		if f.Agent.MessagesSent != 1 || f.Contact.TotalMessages != 2 {
			t.Errorf("the figures are %+v", f)
		}
		want := []string{"hello", "hi", "[secret]", "[" + long(4096) + "]", "[wrapped up]"}
		for _, size := range []int{1, 2, 100} {
			if got := o.pastOf(ada.Contact, size); !slices.Equal(got, want) {
				t.Errorf("in pages of %d the transcript is %q", size, got)
			}
		}

		// The customer comes back.
		again, _ := o.start(o.c, &center.Persistence{Source: ada.Contact, Type: "ENTIRE_PAST_SESSION"})
		if got := o.reads(again, chat.TranscriptQuery{Max: 3}); slices.Contains(got, "secret") || !slices.Contains(got, "hello") {
			t.Errorf("the customer who came back reads %q", got)
		}
		o.must(o.c.Agents.Clear(o.ctx, instance, jane, ada.Contact))
		_, err = o.c.Agents.Note(o.ctx, instance, jane, ada.Contact, "too late", "")
		o.refused(err, center.InvalidState, "done")

		// Erased is erased.
		o.must(o.c.Leave(o.ctx, again))
		_, err = o.c.Erasures.Erase(o.ctx, ada.Contact, false)
		o.must(err)
		o.clock.advance(time.Hour)
		for more := true; more; {
			_, more, err = o.store.Sweep(o.ctx, o.clock.Now())
			o.must(err)
		}
		if n, err := o.store.Rows(o.ctx, center.StreamID(ada.Chat)); err != nil || n.Items != 0 || n.Chats != 0 {
			t.Errorf("after the erasure there are %+v, %v", n, err)
		}
		_, err = o.c.Transcripts.Over(o.ctx, instance, ada.Contact, chat.TranscriptQuery{})
		o.refused(err, center.NotFound, "CONTACT")
	})
}

// The transcript of a contact that is over is that of its segment, with what its own agent has noted later; what an invited agent
// worked on ends when that agent leaves.
func TestTranscriptsOfContactsThatAreOver(t *testing.T) {
	inOffices(t, func(o *office) {
		o.on(center.MultiPartyChat)
		jane, john := o.agent(o.c, "jane", center.StatusNameAvailable), o.agent(o.c, "john", center.StatusNameAvailable)
		sales := o.toQueue("Sales", o.sales, handsOver)
		ada := o.answered(jane)
		o.send(o.c, ada, "one")
		_, err := o.c.Transcripts.Over(o.ctx, instance, ada.Contact, chat.TranscriptQuery{})
		o.refused(err, center.InvalidState, "not ended")
		leg, err := o.c.Agents.Invite(o.ctx, instance, jane, ada.Contact, sales)
		o.must(err)
		o.join(leg, john)
		o.send(o.c, ada, "two")
		o.must(o.c.Agents.Leave(o.ctx, instance, john, leg))
		o.send(o.c, ada, "three")
		o.note(john, leg, "john was here")
		o.must(o.c.Agents.Clear(o.ctx, instance, john, leg))
		next, err := o.c.Agents.Transfer(o.ctx, instance, jane, ada.Contact, sales)
		o.must(err)
		o.join(next, john)
		o.send(o.c, ada, "four")
		o.note(jane, ada.Contact, "jane wraps up")
		o.must(o.c.Agents.End(o.ctx, instance, john, next))
		for contact, want := range map[center.ContactID][]string{
			ada.Contact: {"one", "two", "three", "[john was here]", "[jane wraps up]"}, next: {"four", "[jane wraps up]"},
		} {
			got := slices.DeleteFunc(o.pastOf(contact, 2), func(s string) bool { return s == "One moment." })
			if !slices.Equal(got, want) {
				t.Errorf("the transcript of %s is %q, want %q", contact, got, want)
			}
		}
		if got := o.pastOf(leg, 100); slices.Contains(got, "three") || !slices.Contains(got, "two") || !slices.Contains(got, "[john was here]") {
			t.Errorf("the transcript of the leg is %q", got)
		}
		_, err = o.c.Transcripts.Over(o.ctx, otherInstance, ada.Contact, chat.TranscriptQuery{})
		o.refused(err, center.NotFound, "CONTACT")
	})
}

// A note that is written twice with a client token is one, and a chat that was changed meanwhile takes it all the same.
func TestNotesAreWrittenOnce(t *testing.T) {
	inOffices(t, func(o *office) {
		jane := o.agent(o.c, "jane", center.StatusNameAvailable)
		ada := o.answered(jane)
		first, err := o.c.Agents.Note(o.ctx, instance, jane, ada.Contact, "a", "once")
		o.must(err)
		other := o.world.node(center.DefaultSettings(), &told{})
		o.send(other, ada, "meanwhile")
		second, err := o.c.Agents.Note(o.ctx, instance, jane, ada.Contact, "b", "once")
		o.must(err)
		if second.ID != first.ID || second.Content != "a" {
			t.Errorf("the second note is %+v, the first %+v", second, first)
		}
		n := 0
		for _, it := range o.items(ada.Chat) {
			if it.Type == center.TypeNote {
				n++
			}
		}
		if n != 1 {
			t.Errorf("there are %d notes", n)
		}
	})
}

// The contacts of a customer follow the CustomerId of their chats, whoever sets it, and stay apart by instance.
func TestContactsOfACustomer(t *testing.T) {
	inOffices(t, func(o *office) {
		found := insight.NewContacts(o.store, o.clock.Now)
		begin := func(customer string) center.ContactID {
			o.clock.advance(time.Second)
			started, err := o.c.Start(o.ctx, center.StartChat{Instance: instance, Flow: o.flow, DisplayName: "Ada", CustomerID: customer})
			o.must(err)
			o.connect(o.c, started)
			return started.Contact
		}
		of := func(customer string) (all []center.ContactID) {
			for next := ""; ; {
				p, err := found.OfCustomer(o.ctx, instance, customer, "", center.ContactScope{}, 2, next)
				o.must(err)
				for _, f := range p.Contacts {
					all = append(all, f.ID)
				}
				if next = p.Next; next == "" {
					return all
				}
			}
		}
		var all []center.ContactID
		for range 5 {
			all = append(all, begin("ada"))
		}
		begin("bea")
		begin("")
		slices.Reverse(all)
		if got := of("ada"); !slices.Equal(got, all) {
			t.Errorf("the contacts are %v, want %v", got, all)
		}
		bea := "bea"
		o.must(o.c.Update(o.ctx, instance, all[0], center.ContactData{CustomerID: &bea}))
		if got := of("ada"); !slices.Equal(got, all[1:]) || len(of("bea")) != 2 || len(of("")) != 0 {
			t.Errorf("the contacts are %v and %v, want %v and one", got, of("bea"), all[1:])
		}
		for scope, want := range map[center.ContactScope]int{{}: 4, {Handler: "33333333-1111-4111-8111-111111111111"}: 0, {Group: "g"}: 0} {
			p, err := found.OfCustomer(o.ctx, instance, "ada", "", scope, 10, "")
			o.must(err)
			if len(p.Contacts) != want {
				t.Errorf("in the scope %+v there are %d, want %d", scope, len(p.Contacts), want)
			}
		}
		if p, err := found.OfCustomer(o.ctx, otherInstance, "ada", "", center.ContactScope{}, 10, ""); err != nil || len(p.Contacts) != 0 {
			t.Errorf("another instance has %+v, %v", p, err)
		}
		if p, err := found.OfCustomer(o.ctx, instance, "ada", center.ChatID(all[2]), center.ContactScope{}, 10, ""); err != nil || len(p.Contacts) != 3 {
			t.Errorf("beside one there are %+v, %v", p, err)
		}
		_, err := found.OfCustomer(o.ctx, instance, "ada", "", center.ContactScope{}, 10, "made-up")
		o.refused(err, center.InvalidParameter, "NextToken")
	})
}
