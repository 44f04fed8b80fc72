package chat_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/storetest"
)

// serves greets, runs a module, sets an attribute, and hands over to the flow of its attribute.
const serves = `{"Version": "2019-10-30", "StartAction": "Greet", "Actions": [
  {"Identifier": "Greet", "Type": "MessageParticipant", "Parameters": {"Text": "Grüß Gott!"}, "Transitions": {"NextAction": "Module"}},
  {"Identifier": "Module", "Type": "InvokeFlowModule", "Parameters": {"FlowModuleId": "$.Attributes.module"},
   "Transitions": {"NextAction": "Set", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "Set"}]}},
  {"Identifier": "Set", "Type": "UpdateContactAttributes", "Parameters": {"Attributes": {"step": "served", "word": "$.Attributes.queue"}},
   "Transitions": {"NextAction": "Hand over", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "Hand over", "Type": "TransferToFlow", "Parameters": {"ContactFlowId": "$.Attributes.flow"},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
]}`

// asks is a module that says something and waits for the customer.
const asks = `{"Version": "2019-10-30", "StartAction": "Ask",
  "Settings": {"InputParameters": [], "OutputParameters": [], "Transitions": [{"DisplayName": "Success", "ReferenceName": "Success", "Description": ""}]}, "Actions": [
  {"Identifier": "Ask", "Type": "MessageParticipant", "Parameters": {"Text": "What is it about?"}, "Transitions": {"NextAction": "Wait"}},
  {"Identifier": "Wait", "Type": "Wait", "Parameters": {"TimeLimitSeconds": "60", "Events": ["CustomerReturned"]},
   "Transitions": {"NextAction": "Back", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "Back"}],
    "Conditions": [{"NextAction": "Back", "Condition": {"Operator": "Equals", "Operands": ["WaitCompleted"]}},
     {"NextAction": "Back", "Condition": {"Operator": "Equals", "Operands": ["CustomerReturned"]}}]}},
  {"Identifier": "Back", "Type": "EndFlowModuleExecution", "Parameters": {}, "Transitions": {}}
]}`

// chats are all of the instance, decoded.
func (w *world) chats() (all []center.Chat) {
	w.Helper()
	rows, err := w.store.Streams(w.ctx, center.KindChat, instance, "", false, 1000)
	w.must(err)
	for _, row := range rows {
		var c center.Chat
		w.must(json.Unmarshal(row.State, &c))
		all = append(all, c)
	}
	return all
}

// whole are the times of a record as they are stored.
func whole(r center.ContactRecord) center.ContactRecord {
	for _, t := range []*time.Time{&r.Initiated, &r.ConnectedToSystem, &r.Enqueued, &r.Dequeued, &r.Disconnected, &r.Transferred} {
		*t = t.Truncate(time.Millisecond)
	}
	return r
}

// recount compares every row for what is asked afterwards with what chats and items say, and returns how many contacts there
// are by the reason of their end.
func (w *world) recount() map[string]int {
	w.Helper()
	seen := map[string]int{}
	for _, c := range w.chats() {
		items := w.items(c.ID)
		runs := slices.Clone(c.FlowRuns)
		for i, contact := range c.Contacts {
			want := whole(c.Record(i))
			if !contact.Disconnected.IsZero() {
				var tally center.Tally
				for n := range items {
					if items[n].Contact == contact.ID {
						tally.Add(&items[n])
					}
				}
				want.Figures = tally.Figures(contact.Disconnected)
			}
			got, err := w.store.ContactRecord(w.ctx, contact.ID)
			w.must(err)
			if !reflect.DeepEqual(got, want) {
				w.Errorf("contact %s is recorded as\n%s, and is\n%s", contact.ID, dump(got), dump(want))
			}
			seen[contact.DisconnectReason]++
			rows, err := w.store.FlowRuns(w.ctx, contact.ID)
			w.must(err)
			for _, r := range rows {
				if r.Ended != 0 || !slices.ContainsFunc(runs, func(o center.FlowRun) bool { return o.Number == r.Number }) {
					runs = append(runs, r)
				}
				if !contact.Disconnected.IsZero() && (r.Ended == 0 || r.Outcome == "" || r.Ended > contact.Disconnected.UnixMilli()) {
					w.Errorf("the contact ended at %v, and its run is %+v", contact.Disconnected, r)
				}
			}
		}
		slices.SortFunc(runs, func(a, b center.FlowRun) int { return a.Number - b.Number })
		for i, r := range runs {
			if r.Number != i+1 {
				w.Errorf("runs of chat %s: %+v", c.ID, runs)
			}
		}
		if len(runs) != c.FlowRunsBegun {
			w.Errorf("chat %s has begun %d runs, and has %+v", c.ID, c.FlowRunsBegun, runs)
		}
		got, err := w.store.Attributes(w.ctx, center.StreamID(c.ID))
		w.must(err)
		if want := c.Searchable(); !slices.Equal(got, want) {
			w.Errorf("chat %s has the attributes %v, want %v", c.ID, got, want)
		}
	}
	return seen
}

func dump(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// outcomes are those of a contact's runs, as its rows say.
func (w *world) outcomes(id center.ContactID) (all []string) {
	w.Helper()
	runs, err := w.store.FlowRuns(w.ctx, id)
	w.must(err)
	for _, r := range runs {
		what := r.Type
		if r.Module != "" {
			what = "module"
		}
		all = append(all, what+" "+r.Outcome)
	}
	return all
}

// Stories that use everything, each step on a node that has just started: the rows are what a recount says.
func TestRowsAreWhatARecountSays(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, database string) {
		w := newWorldOn(t, database)
		set := center.DefaultSettings()
		node := func() *node { w.clock.advance(1234567 * time.Microsecond); return w.node(set, &told{}) }
		c := node()
		q := w.makeFlow(c, "queues", center.TypeContactFlow, queues)
		entry := w.makeFlow(c, "serves", center.TypeContactFlow, serves)
		hook := w.makeFlow(c, "moves", "CUSTOMER_QUEUE", moves)
		module, err := c.Catalog.CreateModule(w.ctx, instance, center.FlowModule{Name: "asks"}, asks, "")
		w.must(err)
		first, second := w.queue("first", -1, center.QueueEnabled), w.queue("second", 2, center.QueueEnabled)
		enter := func() chat.Caller {
			return w.enter(node(), entry, map[string]string{
				"queue": first, "next": second, "hook": string(hook), "flow": string(q), "module": string(module), "long": long(101),
			})
		}

		ana := enter()
		w.recount()
		w.send(node(), ana, "about Größe")
		max := w.customParticipant(node(), ana.Contact)
		w.send(node(), max, "I am a bot")
		w.send(node(), ana, "move me")
		if k := w.current(node(), ana.Chat); string(k.Queue) != second || k.ID == ana.Contact {
			t.Fatalf("the contact is %+v", k)
		}
		w.recount()
		w.must(node().SetAttributes(w.ctx, instance, ana.Contact, map[string]string{"step": "", "later": "x", "word": long(101)}))
		w.send(node(), ana, "bye")
		w.must(node().Leave(w.ctx, ana))
		want := []string{
			"CONTACT_FLOW TRANSFERED_TO_FLOW", "module RETURNED_TO_FLOW", "CONTACT_FLOW TRANSFERED_TO_QUEUE", "CUSTOMER_QUEUE TRANSFERED_TO_QUEUE",
		}
		if got := w.outcomes(ana.Contact); !slices.Equal(got, want) {
			t.Errorf("the first contact's runs are %q", got)
		}
		if got := w.outcomes(w.current(node(), ana.Chat).ID); !slices.Equal(got, []string{"CUSTOMER_QUEUE DROPPED"}) {
			t.Errorf("the second contact's runs are %q", got)
		}

		full := []chat.Caller{enter(), enter(), enter()} // the second queue takes two, and a fifth more of what moves
		for _, who := range full {
			w.send(node(), who, "about")
			w.send(node(), who, "move me")
		}
		w.must(node().Stop(w.ctx, instance, w.current(node(), full[0].Chat).ID))
		w.must(node().Stop(w.ctx, instance, w.current(node(), full[2].Chat).ID))
		waiting := enter() // in its module
		w.recount()

		w.start(node(), nil)
		_, err = node().Start(w.ctx, center.StartChat{Instance: instance, Flow: w.flow, DisplayName: "Nobody"})
		w.must(err)
		gone := w.makeFlow(c, "gone", center.TypeContactFlow, waits)
		late, err := node().Start(w.ctx, center.StartChat{Instance: instance, Flow: gone, DisplayName: "Late"})
		w.must(err)
		w.must(c.Catalog.DeleteFlow(w.ctx, instance, center.FlowRef{ID: gone}))
		w.connect(node(), late)
		w.clock.advance(11 * time.Minute)
		w.must(node().Settle(w.ctx))
		if got := w.outcomes(waiting.Contact)[1]; got != "module RETURNED_TO_FLOW" {
			t.Errorf("the module that waited is %q", got)
		}
		w.recount()
		w.clock.advance(26 * time.Hour)
		w.must(node().Settle(w.ctx))
		seen := w.recount()
		for _, reason := range []string{
			center.ReasonCustomer, center.ReasonNotConnected, center.ReasonExpired, center.ReasonFlow, center.ReasonAPI, center.ReasonSystemError,
		} {
			if seen[reason] == 0 {
				t.Errorf("no contact has ended with %s: %v", reason, seen)
			}
		}
		if seen[""] != 0 {
			t.Errorf("%d contacts have not ended", seen[""])
		}
	})
}

// A decision that is taken again counts again, what others have said meanwhile too.
func TestFiguresOfAContestedEnd(t *testing.T) {
	w := newWorld(t)
	one, other := w.node(center.DefaultSettings(), &told{}), w.node(center.DefaultSettings(), &told{})
	ana, started := w.start(one, nil)
	max := w.customParticipant(other, started.Contact)
	w.send(one, ana, "one knows this")
	w.send(other, max, "and nothing of this")
	w.must(one.Leave(w.ctx, ana))
	r, err := w.store.ContactRecord(w.ctx, ana.Contact)
	w.must(err)
	if r.Figures == nil || r.Figures.Contact.TotalMessages != 3 || r.Figures.Contact.ConversationTurnCount != 1 {
		t.Errorf("the figures are %s", dump(r.Figures))
	}
	for range 20 {
		who, s := w.start(one, nil)
		bot := w.customParticipant(other, s.Contact)
		var both sync.WaitGroup
		both.Go(func() {
			for i := range 10 {
				if _, err := other.Send(w.ctx, bot, center.Message{ContentType: center.TextPlain, Content: fmt.Sprint(i)}, ""); err != nil {
					return // the chat has ended
				}
			}
		})
		both.Go(func() { w.must(one.Leave(w.ctx, who)) })
		both.Wait()
	}
	w.recount()
}

// Messages cost these rows nothing, and a long chat ends in pages.
func TestALongChatEnds(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	ana, _ := w.start(c, nil)
	before, err := w.store.ContactRecord(w.ctx, ana.Contact)
	w.must(err)
	for range 1000 {
		w.send(c, ana, "again")
	}
	after, err := w.store.ContactRecord(w.ctx, ana.Contact)
	w.must(err)
	if !reflect.DeepEqual(before, after) {
		t.Errorf("messages have made the record %+v", after)
	}
	w.must(c.Leave(w.ctx, ana))
	w.recount()
	r, err := w.store.ContactRecord(w.ctx, ana.Contact)
	w.must(err)
	if n := r.Figures.Customer.MessagesSent; n != 1000 || r.Figures.Customer.MessageLengthInChars != 5000 {
		t.Errorf("%d messages", n)
	}
}

// older makes a chat one from before there were rows for what is asked afterwards.
func (w *world) older(id center.ChatID) {
	w.Helper()
	row, err := w.store.Stream(w.ctx, center.StreamID(id))
	w.must(err)
	var s map[string]json.RawMessage
	w.must(json.Unmarshal(row.State, &s))
	for _, member := range []string{"rows", "flowRuns", "flowRunsBegun", "sum"} {
		delete(s, member)
	}
	raw, err := json.Marshal(s)
	w.must(err)
	mark := center.Item{ID: center.ItemID(w.newID()), Time: row.LastTime.Add(time.Millisecond), Type: center.Marker, Contact: center.ContactID(id)}
	w.must(w.store.Commit(w.ctx, &center.Change{
		Stream: row.ID, After: row.LastSeq, Items: []center.Item{mark}, State: raw, Instance: row.Instance, Ended: row.Ended, EndedAt: row.EndedAt,
	}))
}

// A chat that waits in a queue when the program is replaced goes on, and has its rows at the next change.
func TestChatFromBeforeGoesOn(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	f := w.makeFlow(c, "queues", center.TypeContactFlow, queues)
	hook := w.makeFlow(c, "moves", "CUSTOMER_QUEUE", moves)
	from, to := w.queue("from", -1, center.QueueEnabled), w.queue("to", -1, center.QueueEnabled)
	ana := w.enter(c, f, map[string]string{"queue": from, "next": to, "hook": string(hook)})
	w.send(c, ana, "move me")
	w.older(ana.Chat)
	w.must(w.store.DeleteInstance(w.ctx, "of nothing", w.clock.Now())) // any other row stays
	_, err := w.store.EraseRecords(w.ctx, w.clock.Now().Add(time.Hour))
	w.must(err)
	old := w.current(c, ana.Chat).Previous
	if _, err := w.store.ContactRecord(w.ctx, old); err != store.ErrNotFound {
		t.Fatalf("the row of before: %v", err)
	}
	c = w.node(center.DefaultSettings(), &told{})
	w.send(c, ana, "one more")
	w.must(c.SetAttributes(w.ctx, instance, ana.Contact, map[string]string{"late": "x"}))
	r, err := w.store.ContactRecord(w.ctx, old)
	w.must(err)
	if r.DisconnectReason != center.ReasonFlow || r.Figures != nil { // nobody has counted when it ended
		t.Errorf("the record is %s", dump(r))
	}
	attributes, err := w.store.Attributes(w.ctx, center.StreamID(ana.Chat))
	w.must(err)
	if len(attributes) != 4 {
		t.Errorf("attributes %v", attributes)
	}
	w.must(c.Leave(w.ctx, ana))
	r, err = w.store.ContactRecord(w.ctx, r.Next) // in which one more was said
	w.must(err)
	if r.Figures == nil || r.Figures.Customer.MessagesSent != 1 || r.Previous != old {
		t.Errorf("the record is %s", dump(r))
	}
}

// What is known of contacts has an age of its own.
func TestContactsAreKeptForTheirTime(t *testing.T) {
	s := center.DefaultSettings()
	s.KeepChats, s.KeepContacts = 24*time.Hour, 72*time.Hour
	keeperWith(t, "sqlite::memory:", s, func(w *world, c *node) {
		who, started := w.start(c, nil)
		w.send(c, who, "hello")
		w.must(c.Leave(w.ctx, who))
		known := func() bool {
			_, err := w.store.ContactRecord(w.ctx, started.Contact)
			runs, failed := w.store.FlowRuns(w.ctx, started.Contact)
			w.must(failed)
			if (err == nil) != (len(runs) == 1) {
				t.Errorf("the record: %v, runs: %v", err, runs)
			}
			return err == nil
		}
		time.Sleep(25 * time.Hour)
		if w.there(started.Contact) || !known() {
			t.Error("a day later, the chat is still there, or nothing is known of it")
		}
		time.Sleep(46 * time.Hour)
		if !known() {
			t.Error("what is known of the contact is gone before its time")
		}
		time.Sleep(3 * time.Hour)
		if known() || c.Erasures.Stats().Records != 2 {
			t.Errorf("three days later: %+v", c.Erasures.Stats())
		}
	})
}

// Chats may be kept for longer than what is asked afterwards.
func TestContactsMayGoBeforeTheirChat(t *testing.T) {
	s := center.DefaultSettings()
	s.KeepContacts = time.Hour
	keeperWith(t, "sqlite::memory:", s, func(w *world, c *node) {
		who, started := w.start(c, nil)
		w.must(c.Leave(w.ctx, who))
		_, runs := w.start(c, nil)
		time.Sleep(3 * time.Hour)
		if _, err := w.store.ContactRecord(w.ctx, started.Contact); err != store.ErrNotFound || !w.there(started.Contact) {
			t.Errorf("the record: %v, the chat is there: %t", err, w.there(started.Contact))
		}
		if _, err := w.store.ContactRecord(w.ctx, runs.Contact); err != nil {
			t.Errorf("the record of one that goes on: %v", err)
		}
	})
}
