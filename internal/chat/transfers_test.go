package chat_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/store/storetest"
	"github.com/parley-chat/parley/internal/token"
)

// handsOver is the flow of a quick connect: it speaks, and puts the contact into the queue that it leads to.
const handsOver = `{"Version": "2019-10-30", "StartAction": "Tell", "Actions": [
  {"Identifier": "Tell", "Type": "MessageParticipant", "Parameters": {"Text": "One moment."},
   "Transitions": {"NextAction": "Go", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "Go"}]}},
  {"Identifier": "Go", "Type": "TransferContactToQueue", "Parameters": {},
   "Transitions": {"NextAction": "Failed", "Errors": [{"ErrorType": "QueueAtCapacity", "NextAction": "Full"}, {"ErrorType": "NoMatchingError", "NextAction": "Failed"}]}},
  {"Identifier": "Full", "Type": "MessageParticipant", "Parameters": {"Text": "full"}, "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "Failed", "Type": "MessageParticipant", "Parameters": {"Text": "failed"}, "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
]}`

// inHours is handsOver while the queue is open.
var inHours = strings.NewReplacer(`"StartAction": "Tell"`, `"StartAction": "Hours"`, `"Actions": [`, `"Actions": [
  {"Identifier": "Hours", "Type": "CheckHoursOfOperation", "Parameters": {},
   "Transitions": {"NextAction": "Failed", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "Failed"}],
    "Conditions": [{"NextAction": "Tell", "Condition": {"Operator": "Equals", "Operands": ["True"]}}, {"NextAction": "Closed", "Condition": {"Operator": "Equals", "Operands": ["False"]}}]}},
  {"Identifier": "Closed", "Type": "MessageParticipant", "Parameters": {"Text": "closed"}, "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},`).Replace(handsOver)

// waitsFirst is handsOver after its module, which the office puts in the place of MODULE: a flow of this type has no Wait of its own.
const waitsFirst = `{"Version": "2019-10-30", "StartAction": "Hook", "Actions": [
  {"Identifier": "Hook", "Type": "UpdateContactEventHooks", "Parameters": {"EventHooks": {"CustomerQueue": "$.Attributes.hook"}},
   "Transitions": {"NextAction": "Wait", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "Wait"}]}},
  {"Identifier": "Wait", "Type": "InvokeFlowModule", "Parameters": {"FlowModuleId": "MODULE"},
   "Transitions": {"NextAction": "Go", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "Go", "Type": "TransferContactToQueue", "Parameters": {},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "QueueAtCapacity", "NextAction": "End"}, {"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
]}`

// waitsForWord is a module that returns when the customer has said something, and ends the flow after ten minutes.
const waitsForWord = `{"Version": "2019-10-30", "StartAction": "Wait",
  "Settings": {"InputParameters": [], "OutputParameters": [], "Transitions": [{"DisplayName": "Success", "ReferenceName": "Success", "Description": ""}]}, "Actions": [
  {"Identifier": "Wait", "Type": "Wait", "Parameters": {"TimeLimitSeconds": "600", "Events": ["CustomerReturned"]},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}],
    "Conditions": [{"NextAction": "End", "Condition": {"Operator": "Equals", "Operands": ["WaitCompleted"]}},
     {"NextAction": "Back", "Condition": {"Operator": "Equals", "Operands": ["CustomerReturned"]}}]}},
  {"Identifier": "Back", "Type": "EndFlowModuleExecution", "Parameters": {}, "Transitions": {}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
]}`

// waitsInQueue is a customer queue flow that speaks.
const waitsInQueue = `{"Version": "2019-10-30", "StartAction": "Tell", "Actions": [
  {"Identifier": "Tell", "Type": "MessageParticipant", "Parameters": {"Text": "You are in a queue."},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "End", "Type": "EndFlowExecution", "Parameters": {}, "Transitions": {}}
]}`

// office is a world where agents work: they answer chats of the basic queue, and quick connects lead elsewhere.
type office struct {
	*world
	c     *node
	basic string // the queue
	sales string // another queue
	entry center.FlowID
	hook  center.FlowID // waitsInQueue
	waits center.ModuleID
}

func newOffice(w *world) *office {
	o := &office{world: w, c: w.node(center.DefaultSettings(), &told{}), basic: center.SeededID(instance, "queue", center.BasicQueueName)}
	o.sales = w.queue("sales", -1, center.QueueEnabled)
	o.entry = w.makeFlow(o.c, "in queue", center.TypeContactFlow, inQueue)
	o.hook = w.makeFlow(o.c, "waits in queue", "CUSTOMER_QUEUE", waitsInQueue)
	module, err := o.c.Catalog.CreateModule(w.ctx, instance, center.FlowModule{Name: "waits for a word"}, waitsForWord, "")
	w.must(err)
	o.waits = module
	return o
}

// inOffices runs a test on each database.
func inOffices(t *testing.T, test func(*office)) {
	storetest.EachDatabase(t, func(t *testing.T, database string) { test(newOffice(newWorldOn(t, database))) })
}

func (o *office) on(features ...center.InstanceAttributeType) {
	o.Helper()
	for _, f := range features {
		o.must(o.c.Catalog.SetInstanceAttribute(o.ctx, instance, f, "true"))
	}
}

// connectTo makes a quick connect of the basic queue.
func (o *office) connectTo(q center.QuickConnect) string {
	o.Helper()
	_, err := catalog.QuickConnects.Create(o.ctx, o.c.Catalog, instance, &q, catalog.ClientToken{})
	o.must(err)
	o.must(catalog.QueueQuickConnects.Add(o.ctx, o.c.Catalog, instance, o.basic, []center.QuickConnectID{q.ID}))
	return string(q.ID)
}

// toQueue is a quick connect of a queue with a flow.
func (o *office) toQueue(name, queue, content string) string {
	o.Helper()
	f := o.makeFlow(o.c, "flow of "+name, "QUEUE_TRANSFER", strings.Replace(content, "MODULE", string(o.waits), 1))
	return o.connectTo(center.QuickConnect{Head: center.Head[center.QuickConnectID]{Name: name}, Type: center.QuickConnectQueue, Queue: center.QueueID(queue), Flow: string(f)})
}

// toUser is a quick connect of a user with a flow.
func (o *office) toUser(name string, user center.UserID, content string) string {
	o.Helper()
	f := o.makeFlow(o.c, "flow of "+name, "AGENT_TRANSFER", strings.Replace(content, "MODULE", string(o.waits), 1))
	return o.connectTo(center.QuickConnect{Head: center.Head[center.QuickConnectID]{Name: name}, Type: center.QuickConnectUser, User: string(user), Flow: string(f)})
}

// answered is a chat that an agent has answered.
func (o *office) answered(agent center.UserID) chat.Caller {
	o.Helper()
	ada := o.enter(o.c, o.entry, map[string]string{"queue": o.basic, "hook": string(o.hook)})
	o.join(ada.Contact, agent)
	return ada
}

// join offers a contact to an agent, who accepts it.
func (o *office) join(contact center.ContactID, agent center.UserID) {
	o.Helper()
	o.must(o.c.Agents.Offer(o.ctx, instance, contact, agent, 10))
	o.must(o.c.Agents.Accept(o.ctx, instance, agent, contact))
}

func (o *office) caller(user center.UserID, contact center.ContactID) chat.Caller {
	o.Helper()
	who, err := o.c.Agents.Caller(o.ctx, instance, user, contact)
	o.must(err)
	return who
}

func (o *office) contact(id center.ContactID) center.Contact {
	o.Helper()
	_, k, err := o.c.Contact(o.ctx, instance, id)
	o.must(err)
	return *k
}

func (o *office) refused(err error, code center.Code, about string) {
	o.Helper()
	if !center.Is(err, code) || !strings.Contains(err.Error(), about) {
		o.Errorf("got %v, want code %v about %q", err, code, about)
	}
}

func (o *office) is(contact center.ContactID, reason string, ended bool) {
	o.Helper()
	if k := o.contact(contact); k.DisconnectReason != reason || ended == k.Live() {
		o.Errorf("the contact has ended at %v for %q, want %v for %q", k.Disconnected, k.DisconnectReason, ended, reason)
	}
}

// shown are the events and messages of a chat that reach a participant, or a role with "".
func (o *office) shown(of chat.Caller) (all []string) {
	for _, it := range o.items(of.Chat) {
		if it.Type != center.Marker && it.Reaches(of.Participant, of.Role) {
			what := it.Content
			if it.Type == center.TypeEvent {
				what = strings.TrimSpace(it.ContentType[strings.LastIndexByte(it.ContentType, '.')+1:] + " " + string(it.Role))
			}
			all = append(all, what)
		}
	}
	return all
}

func TestTransferToAQueue(t *testing.T) {
	inOffices(t, func(o *office) {
		jane, john := o.agent(o.c, "jane", center.StatusNameAvailable), o.agent(o.c, "john", center.StatusNameAvailable)
		sales := o.toQueue("Sales", o.sales, handsOver)
		ada := o.enter(o.c, o.entry, map[string]string{"queue": o.basic, "hook": string(o.hook)})
		began := o.contact(ada.Contact).Enqueued
		two, older := 2, 30
		criteria, err := center.ParseRoutingCriteria(`{"Steps": [{"Expression": {"AttributeCondition": {"Name": "Language", "Value": "French", "ProficiencyLevel": 1, "ComparisonOperator": "NumberGreaterOrEqualTo"}}}]}`)
		o.must(err)
		o.must(o.c.SetRouting(o.ctx, instance, ada.Contact, center.RoutingData{Priority: &two, Criteria: criteria}))
		o.must(o.c.SetRouting(o.ctx, instance, ada.Contact, center.RoutingData{TimeAdjustment: &older}))
		o.clock.advance(time.Minute)
		o.join(ada.Contact, jane)
		as := o.caller(jane, ada.Contact)
		name, description, customer := "Order", "Of yesterday", "c-7"
		o.must(o.c.Update(o.ctx, instance, ada.Contact, center.ContactData{
			Name: &name, Description: &description, CustomerID: &customer, References: map[string]center.Reference{"order": {Value: "42", Type: "STRING"}},
		}))
		o.must(o.c.Tag(o.ctx, instance, ada.Contact, map[string]string{"tier": "gold"}, nil))
		o.clock.advance(time.Minute)

		next, err := o.c.Agents.Transfer(o.ctx, instance, jane, ada.Contact, sales)
		o.must(err)
		o.isAt(o.c, jane, "Available ENDED")
		all := []string{"joined CUSTOMER", "joined AGENT", "One moment.", "succeeded", "left AGENT"}
		o.sees(ada.Chat, all...)
		if got := o.shown(as); !slices.Equal(got, all) {
			o.Errorf("the agent was shown %q", got)
		}
		if got, want := o.shown(ada), slices.Delete(slices.Clone(all), 3, 4); !slices.Equal(got, want) {
			o.Errorf("the customer was shown %q, want %q", got, want)
		}
		for i, it := range slices.DeleteFunc(o.items(ada.Chat), func(it center.Item) bool { return it.Type == center.Marker }) {
			if it.Contact != ada.Contact || !it.InTranscript || it.ContentType == center.EventTransferred && it.ParticipantID != "" {
				o.Errorf("item %d is %+v", i, it)
			}
		}
		first, second := o.contact(ada.Contact), o.contact(next)
		o.is(ada.Contact, "", true)
		if first.Next != next || first.Transferred.IsZero() || len(first.NextContacts) != 1 || first.NextContacts[0].Contact != next ||
			first.NextContacts[0].Name != "Sales" || first.NextContacts[0].Type != center.QuickConnectQueue {
			o.Errorf("the first contact is %+v", first)
		}
		if !second.Queued() || second.Beside || second.Previous != ada.Contact || second.InitiationMethod != center.InitiatedByTransfer ||
			string(second.Queue) != o.sales || !second.WaitsSince.Equal(began) || !second.Enqueued.Equal(o.clock.Now()) || second.Agent != nil || second.Attempts != 0 ||
			second.References["order"].Value != "42" || second.Tags["tier"] != "gold" || second.Priority != 2 || second.TimeAdjustment != 30 || second.Routing != nil || first.Routing == nil ||
			second.Name != name || second.Description != description || second.LanguageCode != first.LanguageCode || len(second.SegmentAttributes) != len(first.SegmentAttributes) {
			o.Errorf("the second contact is %+v", second)
		}
		rows, err := o.store.Waiting(o.ctx, instance, center.QueueID(o.sales))
		o.must(err)
		if len(rows) != 1 || rows[0].Contact != next || !rows[0].Since.Equal(began) {
			o.Errorf("those who wait: %+v", rows)
		}
		r, err := o.store.ContactRecord(o.ctx, ada.Contact)
		o.must(err)
		if r.Next != next || !r.Transferred.Equal(o.clock.Now()) || r.DisconnectReason != "" || r.Agent == nil {
			o.Errorf("the first contact's row is %+v", r)
		}
		// Who has left reads the transcript until the work is over, and is not part of the chat.
		if _, err := o.c.Send(o.ctx, as, center.Message{ContentType: center.TextPlain, Content: "x"}, ""); !center.Is(err, center.AccessDenied) {
			o.Errorf("the first agent sends: %v", err)
		}
		o.join(next, john)
		o.send(o.c, o.caller(john, next), "Hello.")
		o.sees(ada.Chat, append(all, "joined AGENT", "Hello.")...)
		if items := o.items(ada.Chat); items[len(items)-1].Contact != next {
			o.Errorf("the message is of %s", items[len(items)-1].Contact)
		}
		// And back: the first agent is in after-contact work still.
		back := o.toUser("Jane", jane, handsOver)
		third, err := o.c.Agents.Transfer(o.ctx, instance, john, next, back)
		o.must(err)
		k := o.contact(third)
		if string(k.Queue) != string(jane) || !k.AgentQueue || k.TargetUser != jane || !k.WaitsSince.Equal(began) {
			o.Errorf("the third contact is %+v", k)
		}
		o.join(third, jane)
		o.isAt(o.c, jane, "Available ENDED CONNECTED")
		o.must(o.c.Agents.Leave(o.ctx, instance, jane, third))
		o.is(third, center.ReasonAgent, true)
	})
}

func TestTransfersThatFail(t *testing.T) {
	inOffices(t, func(o *office) {
		jane := o.agent(o.c, "jane", center.StatusNameAvailable)
		ada := o.answered(jane)
		as := o.caller(jane, ada.Contact)
		never, err := o.c.Catalog.CreateHours(o.ctx, instance, center.HoursOfOperation{Name: "never", TimeZone: "UTC"}, nil)
		o.must(err)
		closed := center.Queue{Head: center.Head[center.QueueID]{Name: "closed"}, Type: center.QueueStandard, Status: center.QueueEnabled, Hours: never.ID}
		_, err = catalog.Queues.Create(o.ctx, o.c.Catalog, instance, &closed, catalog.ClientToken{})
		o.must(err)
		for _, test := range []struct {
			name, queue, flow string
			says              []string
		}{
			{"Full", o.queue("full", 0, center.QueueEnabled), handsOver, []string{"One moment.", "full"}},
			{"Disabled", o.queue("disabled", -1, center.QueueDisabled), handsOver, []string{"One moment.", "failed"}},
			{"Closed", string(closed.ID), inHours, []string{"closed"}},
		} {
			before := len(o.items(ada.Chat))
			next, err := o.c.Agents.Transfer(o.ctx, instance, jane, ada.Contact, o.toQueue(test.name, test.queue, test.flow))
			o.must(err)
			o.is(next, center.ReasonFlow, true)
			o.is(ada.Contact, "", false)
			items := o.items(ada.Chat)[before:]
			last := items[len(items)-1]
			if got := o.events(ada.Chat); !slices.Equal(got[len(got)-len(test.says)-1:], append(test.says, "failed")) || last.ContentType != center.EventNotTransferred || last.ParticipantID != "" || last.To != center.Audience(as.Participant) || !last.InTranscript {
				o.Errorf("%s: %+v", test.name, items)
			}
		}
		o.isAt(o.c, jane, "Available CONNECTED")
		o.refused(catalog.Queues.Delete(o.ctx, o.c.Catalog, instance, string(closed.ID)), center.InUse, "in use by the quick connect")
		o.send(o.c, as, "Here I am.")
		if k := o.contact(ada.Contact); k.Next != "" || len(k.NextContacts) != 3 {
			o.Errorf("the contact is %+v", k)
		}
		chat, err := o.store.ContactRecord(o.ctx, ada.Contact)
		o.must(err)
		if chat.Next != "" || !chat.Transferred.IsZero() {
			o.Errorf("the row is %+v", chat)
		}
	})
}

// While the flow of a transfer waits, the conversation goes on, and what ends it ends the transfer.
func TestTransfersUnderWay(t *testing.T) {
	inOffices(t, func(o *office) {
		jane := o.agent(o.c, "jane", center.StatusNameAvailable)
		slow := o.toQueue("Slow", o.sales, waitsFirst)
		fast := o.toQueue("Fast", o.sales, handsOver)

		ada := o.answered(jane)
		next, err := o.c.Agents.Transfer(o.ctx, instance, jane, ada.Contact, slow)
		o.must(err)
		o.send(o.c, o.caller(jane, ada.Contact), "I am transferring you.")
		_, err = o.c.Agents.Transfer(o.ctx, instance, jane, ada.Contact, fast)
		o.refused(err, center.InvalidState, "being transferred already")
		o.send(o.c, ada, "Fine.")
		o.isAt(o.c, jane, "Available ENDED")
		// The flow has set the hook of its own contact.
		o.sees(ada.Chat, "joined CUSTOMER", "joined AGENT", "I am transferring you.", "Fine.", "succeeded", "left AGENT", "You are in a queue.")
		if items := o.items(ada.Chat); items[len(items)-1].Contact != next || o.contact(next).FirstSeq != items[len(items)-1].Seq {
			o.Errorf("the queue flow's message is %+v, the contact begins with %d", items[len(items)-1], o.contact(next).FirstSeq)
		}
		o.must(o.c.Agents.Clear(o.ctx, instance, jane, ada.Contact))

		// Its time passes: it fails, and what it set is gone.
		ada = o.answered(jane)
		next, err = o.c.Agents.Transfer(o.ctx, instance, jane, ada.Contact, slow)
		o.must(err)
		o.clock.advance(10 * time.Minute)
		o.must(o.c.Settle(o.ctx))
		o.is(next, center.ReasonFlow, true)
		o.isAt(o.c, jane, "Available CONNECTED")
		_, err = o.c.Agents.Transfer(o.ctx, instance, jane, ada.Contact, fast)
		o.must(err)
		o.sees(ada.Chat, "joined CUSTOMER", "joined AGENT", "failed", "One moment.", "succeeded", "left AGENT")
		o.must(o.c.Agents.Clear(o.ctx, instance, jane, ada.Contact))

		for _, end := range []struct {
			by     func(ada chat.Caller) error
			reason string
		}{
			{func(ada chat.Caller) error { return o.c.Agents.Leave(o.ctx, instance, jane, ada.Contact) }, center.ReasonAgent},
			{func(ada chat.Caller) error { return o.c.Leave(o.ctx, ada) }, center.ReasonCustomer},
			{func(ada chat.Caller) error { return o.c.Stop(o.ctx, instance, ada.Contact) }, center.ReasonAPI},
		} {
			ada := o.answered(jane)
			next, err := o.c.Agents.Transfer(o.ctx, instance, jane, ada.Contact, slow)
			o.must(err)
			o.must(end.by(ada))
			o.is(next, end.reason, true)
			o.isAt(o.c, jane, "Available ENDED")
			due, err := o.store.DueOf(o.ctx, center.StreamID(ada.Chat))
			o.must(err)
			if len(due) != 0 {
				o.Errorf("still due: %v", due)
			}
			if got := o.events(ada.Chat); slices.Contains(got, "failed") || slices.Contains(got, "succeeded") {
				o.Errorf("the chat shows %q", got)
			}
			o.must(o.c.Agents.Clear(o.ctx, instance, jane, ada.Contact))
		}
	})
}

func TestTransfersThatAreRefused(t *testing.T) {
	o := newOffice(newWorld(t))
	jane, john := o.agent(o.c, "jane", center.StatusNameAvailable), o.agent(o.c, "john", center.StatusNameOffline)
	fast := o.toQueue("Fast", o.sales, handsOver)
	ada := o.enter(o.c, o.entry, map[string]string{"queue": o.basic})
	transfer := func(connect string) error {
		_, err := o.c.Agents.Transfer(o.ctx, instance, jane, ada.Contact, connect)
		return err
	}
	o.refused(transfer(fast), center.NotFound, "the user has no contact")
	o.must(o.c.Agents.Offer(o.ctx, instance, ada.Contact, jane, 2))
	o.refused(transfer(fast), center.InvalidState, "not connected to the contact")
	o.must(o.c.Agents.Accept(o.ctx, instance, jane, ada.Contact))

	named := func(name string) center.Head[center.QuickConnectID] {
		return center.Head[center.QuickConnectID]{Name: name}
	}
	phone := o.connectTo(center.QuickConnect{Head: named("Phone"), Type: center.QuickConnectPhone, Phone: "+12065550100"})
	o.refused(transfer(phone), center.BadEndpoint, "of the type PHONE_NUMBER, to which no chat can go")
	o.refused(transfer(o.toUser("Jane", jane, handsOver)), center.BadEndpoint, "leads to the agent who uses it")
	o.refused(transfer(center.SeededID(instance, "quick-connect", "none")), center.NotFound, "QUICK_CONNECT")
	wrong := o.makeFlow(o.c, "wrong", "AGENT_TRANSFER", handsOver)
	o.refused(transfer(o.connectTo(center.QuickConnect{Head: named("Wrong"), Type: center.QuickConnectQueue, Queue: center.QueueID(o.sales), Flow: string(wrong)})),
		center.BadEndpoint, "of the type AGENT_TRANSFER; the type QUEUE needs QUEUE_TRANSFER")
	gone := o.toQueue("Gone", o.sales, handsOver)
	q, err := catalog.QuickConnects.Get(o.ctx, o.c.Catalog, instance, gone)
	o.must(err)
	o.must(o.c.Catalog.DeleteFlow(o.ctx, instance, center.FlowRef{ID: center.FlowID(q.Flow)}))
	o.refused(transfer(gone), center.BadEndpoint, "does not exist any more")
	elsewhere := &center.QuickConnect{Head: named("Elsewhere"), Type: center.QuickConnectQueue, Queue: center.QueueID(o.sales), Flow: string(wrong)}
	_, err = catalog.QuickConnects.Create(o.ctx, o.c.Catalog, instance, elsewhere, catalog.ClientToken{})
	o.must(err)
	o.must(catalog.QueueQuickConnects.Add(o.ctx, o.c.Catalog, instance, o.sales, []center.QuickConnectID{elsewhere.ID}))
	o.refused(transfer(string(elsewhere.ID)), center.BadEndpoint, "not of a queue of the user's routing profile")
	absent := o.toUser("Absent", o.agent(o.c, "absent", center.StatusNameOffline), handsOver)
	u, err := catalog.QuickConnects.Get(o.ctx, o.c.Catalog, instance, absent)
	o.must(err)
	o.must(o.c.Catalog.DeleteUser(o.ctx, instance, u.User))
	o.refused(transfer(absent), center.BadEndpoint, "a user who does not exist any more")
	flows := o.connectTo(center.QuickConnect{Head: named("Flow"), Type: center.QuickConnectFlow, Flow: string(o.entry)})
	o.refused(transfer(flows), center.BadEndpoint, "its flow runs beside the conversation")
	o.refused(chat.NotForChat("holdConnection"), center.InvalidContactType, "holdConnection is not for contacts of the type chat")

	// A user who is offline gets the contact when they are back; the agent is free at once.
	o.must(transfer(o.toUser("John", john, handsOver)))
	o.isAt(o.c, jane, "Available ENDED")
	k := o.current(o.c, ada.Chat)
	if !k.Queued() || !k.AgentQueue || string(k.Queue) != string(john) {
		t.Errorf("the contact is %+v", k)
	}
	o.refused(transfer(fast), center.InvalidState, "not connected to the contact")
}

// The twelfth contact of a chat is its last: one more transfer fails as of a queue that is full.
func TestTransfersHaveALimit(t *testing.T) {
	o := newOffice(newWorld(t))
	jane := o.agent(o.c, "jane", center.StatusNameAvailable)
	fast := o.toQueue("Fast", o.sales, handsOver)
	ada := o.answered(jane)
	at := ada.Contact
	for range 11 {
		next, err := o.c.Agents.Transfer(o.ctx, instance, jane, at, fast)
		o.must(err)
		o.must(o.c.Agents.Clear(o.ctx, instance, jane, at))
		o.join(next, jane)
		at = next
	}
	next, err := o.c.Agents.Transfer(o.ctx, instance, jane, at, fast)
	o.must(err)
	o.is(next, center.ReasonFlow, true)
	if got := o.events(ada.Chat); !slices.Equal(got[len(got)-3:], []string{"One moment.", "full", "failed"}) {
		t.Errorf("the chat shows %q", got)
	}
	for range 23 {
		_, err = o.c.Agents.Transfer(o.ctx, instance, jane, at, fast)
		o.must(err)
	}
	_, err = o.c.Agents.Transfer(o.ctx, instance, jane, at, fast)
	o.refused(err, center.QuotaExceeded, "24 contacts")
}

func TestManyParties(t *testing.T) {
	inOffices(t, func(o *office) {
		var agents []center.UserID
		for i := range 6 {
			agents = append(agents, o.agent(o.c, fmt.Sprintf("agent-%d", i), center.StatusNameAvailable))
		}
		sales, ada := o.toQueue("Sales", o.sales, handsOver), o.answered(agents[0])
		invite := func() (center.ContactID, error) {
			return o.c.Agents.Invite(o.ctx, instance, agents[0], ada.Contact, sales)
		}
		_, err := invite()
		o.refused(err, center.QuotaExceeded, "MULTI_PARTY_CHAT_CONFERENCE is off")
		o.on(center.MultiPartyChat)
		leg, err := invite()
		o.must(err)
		o.sees(ada.Chat, "joined CUSTOMER", "joined AGENT", "invited AGENT", "One moment.")
		k := o.contact(leg)
		rows, err := o.store.Waiting(o.ctx, instance, center.QueueID(o.sales))
		o.must(err)
		if !k.Queued() || !k.Beside || !k.Invited || k.Previous != ada.Contact || o.current(o.c, ada.Chat).ID != ada.Contact || len(rows) != 1 || rows[0].Contact != leg {
			o.Errorf("the leg is %+v, those who wait %+v", k, rows)
		}
		// It is not for one who is in the chat.
		o.refused(o.c.Agents.Offer(o.ctx, instance, leg, agents[0], 10), center.InvalidState, "takes part in the chat already")
		// Who does not answer in time leaves it where it is, who rejects ends it.
		o.must(o.c.Agents.Offer(o.ctx, instance, leg, agents[1], 10))
		o.clock.advance(center.OfferWithin)
		o.must(o.c.Settle(o.ctx))
		o.isAt(o.c, agents[1], "Available MISSED")
		o.must(o.c.Agents.Offer(o.ctx, instance, leg, agents[1], 10))
		o.must(o.c.Agents.Reject(o.ctx, instance, agents[1], leg))
		o.isAt(o.c, agents[1], "Available REJECTED")
		o.is(leg, center.ReasonAgent, true)
		o.must(o.c.Agents.Clear(o.ctx, instance, agents[1], leg))
		o.is(ada.Contact, "", false)

		// Receipts work between two alone.
		said := o.send(o.c, ada, "Who is there?")
		read := func(who chat.Caller) error {
			_, err := o.c.Event(o.ctx, who, center.EventRead, `{"messageId":"`+string(said.ID)+`"}`)
			return err
		}
		o.must(read(o.caller(agents[0], ada.Contact)))
		legs := []center.ContactID{ada.Contact}
		for i := 1; i < 5; i++ {
			leg, err := invite()
			o.must(err)
			o.join(leg, agents[i])
			legs = append(legs, leg)
		}
		o.refused(read(o.caller(agents[0], ada.Contact)), center.Conflict, "more than two active participants")
		_, err = invite()
		o.refused(err, center.QuotaExceeded, "6 participants")
		for i, a := range agents[:5] {
			o.send(o.c, o.caller(a, legs[i]), "Hello.")
		}
		if items := o.items(ada.Chat); items[len(items)-1].Contact != ada.Contact {
			o.Errorf("the message is of %s", items[len(items)-1].Contact)
		}

		// One removes another, the first leaves, and the rest go on.
		third := o.caller(agents[3], legs[3]).Participant
		o.must(o.c.Agents.Remove(o.ctx, instance, agents[4], legs[4], third))
		o.is(legs[3], center.ReasonThirdParty, true)
		o.isAt(o.c, agents[3], "Available ENDED")
		o.refused(o.c.Agents.Remove(o.ctx, instance, agents[4], legs[4], third), center.NotFound, "has no participant")
		o.must(o.c.Agents.Leave(o.ctx, instance, agents[0], ada.Contact))
		o.isAt(o.c, agents[0], "Available ENDED")
		o.is(ada.Contact, "", false)
		// An invitation is taken back by its contact.
		o.on(center.MultiPartyChat)
		waits, err := o.c.Agents.Invite(o.ctx, instance, agents[1], legs[1], sales)
		o.must(err)
		o.must(o.c.Agents.Remove(o.ctx, instance, agents[2], legs[2], center.ParticipantID(waits)))
		o.is(waits, center.ReasonThirdParty, true)
		waits, err = o.c.Agents.Invite(o.ctx, instance, agents[1], legs[1], sales)
		o.must(err)
		o.must(o.c.Agents.Offer(o.ctx, instance, waits, agents[5], 10))
		o.must(o.c.Agents.Leave(o.ctx, instance, agents[1], legs[1]))
		o.is(legs[1], center.ReasonAgent, true)
		o.must(o.c.Agents.Leave(o.ctx, instance, agents[2], legs[2]))
		o.must(read(o.caller(agents[4], legs[4])))
		// The last one ends it for all.
		o.must(o.c.Agents.Leave(o.ctx, instance, agents[4], legs[4]))
		o.is(ada.Contact, center.ReasonAgent, true)
		o.is(waits, center.ReasonAgent, true)
		o.isAt(o.c, agents[5], "Available ERROR")
		got := o.events(ada.Chat)
		if !slices.Equal(got[len(got)-2:], []string{"left AGENT", "ended"}) {
			o.Errorf("the chat shows %q", got)
		}
	})
}

// A transfer by any agent takes all of them out, those who are invited too, and the last of them is not asked.
func TestTransferOfManyParties(t *testing.T) {
	inOffices(t, func(o *office) {
		o.on(center.MultiPartyChat)
		jane, john := o.agent(o.c, "jane", center.StatusNameAvailable), o.agent(o.c, "john", center.StatusNameAvailable)
		june := o.agent(o.c, "june", center.StatusNameAvailable)
		sales, ada := o.toQueue("Sales", o.sales, handsOver), o.answered(jane)
		leg, err := o.c.Agents.Invite(o.ctx, instance, jane, ada.Contact, sales)
		o.must(err)
		o.join(leg, john)
		offered, err := o.c.Agents.Invite(o.ctx, instance, jane, ada.Contact, sales)
		o.must(err)
		o.must(o.c.Agents.Offer(o.ctx, instance, offered, june, 10))
		next, err := o.c.Agents.Transfer(o.ctx, instance, john, leg, sales)
		o.must(err)
		for user, want := range map[center.UserID]string{jane: "Available ENDED", john: "Available ENDED", june: "Available ERROR"} {
			o.isAt(o.c, user, want)
		}
		for _, id := range []center.ContactID{ada.Contact, leg, offered} {
			o.is(id, "", true)
		}
		got := o.events(ada.Chat)
		if !slices.Equal(got[len(got)-4:], []string{"One moment.", "succeeded", "left AGENT", "left AGENT"}) {
			o.Errorf("the chat shows %q", got)
		}
		if k := o.contact(next); k.Previous != leg || o.contact(leg).Next != next || o.contact(ada.Contact).Next != next || o.current(o.c, ada.Chat).ID != next {
			o.Errorf("the next contact is %+v", k)
		}
		for id, by := range map[center.ContactID]bool{ada.Contact: false, leg: true} {
			r, err := o.store.ContactRecord(o.ctx, id)
			o.must(err)
			if r.Transferred.IsZero() == by {
				o.Errorf("the row of %s was transferred at %v", id, r.Transferred)
			}
		}
	})
}

func TestAgentsRemoveTheCustomer(t *testing.T) {
	o := newOffice(newWorld(t))
	jane := o.agent(o.c, "jane", center.StatusNameAvailable)
	ada := o.answered(jane)
	o.must(o.c.Agents.Remove(o.ctx, instance, jane, ada.Contact, ada.Participant))
	o.is(ada.Contact, center.ReasonAgent, true)
	o.isAt(o.c, jane, "Available ENDED")
	o.sees(ada.Chat, "joined CUSTOMER", "joined AGENT", "left CUSTOMER", "ended")
	o.refused(o.c.Agents.Remove(o.ctx, instance, jane, ada.Contact, ada.Participant), center.InvalidState, "not connected")
}

// asksFirst is a flow that an agent starts beside the conversation: it tries what it must not, and waits for the customer.
const asksFirst = `{"Version": "2019-10-30", "StartAction": "Wisdom", "Actions": [
  {"Identifier": "Wisdom", "Type": "CreateWisdomSession", "Parameters": {"WisdomAssistantArn": "arn:aws:wisdom:us-east-1:123456789012:assistant/a"},
   "Transitions": {"NextAction": "Wrong", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "Persist"}]}},
  {"Identifier": "Persist", "Type": "CreatePersistentContactAssociation", "Parameters": {"RehydrationType": "FROM_SEGMENT", "SourceContactId": "$.ContactId"},
   "Transitions": {"NextAction": "Wrong", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "SignIn"}]}},
  {"Identifier": "SignIn", "Type": "AuthenticateParticipant",
   "Parameters": {"CognitoConfiguration": {"UserPoolArn": "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_Ab", "AppClientId": "app"}, "CustomerProfilesConfiguration": {"ObjectTypeName": "CTR"}, "TimeLimitMinutes": "3"},
   "Transitions": {"NextAction": "Wrong", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "Bot"}, {"ErrorType": "TimeLimitExceeded", "NextAction": "Wrong"}],
    "Conditions": [{"NextAction": "Wrong", "Condition": {"Operator": "Equals", "Operands": ["OptedOut"]}}]}},
  {"Identifier": "Bot", "Type": "ConnectParticipantWithLexBot",
   "Parameters": {"Text": "How can I help?", "LexV2Bot": {"AliasArn": "arn:aws:lex:us-east-1:123456789012:bot-alias/HOTEL12345/TSTALIASID"}},
   "Transitions": {"NextAction": "Wrong", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "Queue"}, {"ErrorType": "NoMatchingCondition", "NextAction": "Wrong"}]}},
  {"Identifier": "Queue", "Type": "TransferContactToQueue", "Parameters": {},
   "Transitions": {"NextAction": "Ask", "Errors": [{"ErrorType": "QueueAtCapacity", "NextAction": "Wrong"}, {"ErrorType": "NoMatchingError", "NextAction": "Ask"}]}},
  {"Identifier": "Ask", "Type": "MessageParticipant", "Parameters": {"Text": "What is your name?"},
   "Transitions": {"NextAction": "Wait", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "Wait"}]}},
  {"Identifier": "Wait", "Type": "Wait", "Parameters": {"TimeLimitSeconds": "600", "Events": ["CustomerReturned"]},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}],
    "Conditions": [{"NextAction": "End", "Condition": {"Operator": "Equals", "Operands": ["WaitCompleted"]}},
     {"NextAction": "Thank", "Condition": {"Operator": "Equals", "Operands": ["CustomerReturned"]}}]}},
  {"Identifier": "Thank", "Type": "MessageParticipant", "Parameters": {"Text": "Thank you."},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "Wrong", "Type": "MessageParticipant", "Parameters": {"Text": "wrong"}, "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
]}`

func TestFlowsOfAgents(t *testing.T) {
	inOffices(t, func(o *office) {
		o.on(center.MultiPartyChat)
		jane := o.agent(o.c, "jane", center.StatusNameAvailable)
		sales := o.toQueue("Sales", o.sales, handsOver)
		ask := o.connectTo(center.QuickConnect{
			Head: center.Head[center.QuickConnectID]{Name: "Ask"}, Type: center.QuickConnectFlow, Flow: string(o.makeFlow(o.c, "asks", center.TypeContactFlow, asksFirst)),
		})
		ada := o.answered(jane)
		as := o.caller(jane, ada.Contact)
		start := func() error { return o.c.Agents.StartFlow(o.ctx, instance, jane, ada.Contact, ask) }
		cancel := func() error { return o.c.Agents.CancelFlow(o.ctx, instance, jane, ada.Contact) }
		o.refused(o.c.Agents.StartFlow(o.ctx, instance, jane, ada.Contact, sales), center.BadEndpoint, "of the type QUEUE, not FLOW")
		o.refused(cancel(), center.InvalidState, "no flow that an agent has started")
		o.must(start())
		o.refused(start(), center.InvalidState, "a flow that an agent has started is under way")
		_, err := o.c.Agents.Transfer(o.ctx, instance, jane, ada.Contact, sales)
		o.refused(err, center.InvalidState, "a flow that an agent has started is under way")
		_, err = o.c.Agents.Invite(o.ctx, instance, jane, ada.Contact, sales)
		o.refused(err, center.InvalidState, "a flow that an agent has started is under way")
		o.send(o.c, as, "Please answer.")
		o.send(o.c, ada, "Ada")
		all := []string{"joined CUSTOMER", "joined AGENT", "What is your name?", "Please answer.", "Ada", "Thank you."}
		o.sees(ada.Chat, all...)
		o.isAt(o.c, jane, "Available CONNECTED")
		o.is(ada.Contact, "", false)

		o.must(start())
		o.must(cancel())
		o.sees(ada.Chat, append(all, "What is your name?", "cancelled AGENT")...)
		items := o.items(ada.Chat)
		if it := items[len(items)-1]; it.ContentType != "application/vnd.amazonaws.connect.event.workflow.cancelled" || it.ParticipantID != as.Participant || it.InTranscript {
			o.Errorf("the event is %+v", it)
		}
		o.send(o.c, ada, "Grace")
		if got := o.events(ada.Chat); got[len(got)-1] != "Grace" {
			o.Errorf("the chat shows %q", got)
		}
		due, err := o.store.DueOf(o.ctx, center.StreamID(ada.Chat))
		o.must(err)
		if slices.ContainsFunc(due, func(d center.Due) bool { return strings.HasPrefix(d.Key, "flow:") }) {
			o.Errorf("still due: %v", due)
		}
		for range 8 {
			o.must(start())
			o.must(cancel())
		}
		o.refused(start(), center.QuotaExceeded, "10 flows")
		_, err = o.c.Agents.Transfer(o.ctx, instance, jane, ada.Contact, sales)
		o.must(err)
		got := o.outcomes(ada.Contact) // a flow that is cancelled is dropped
		if n := len(slices.DeleteFunc(slices.Clone(got), func(s string) bool { return s != "CONTACT_FLOW DROPPED" })); n != 9 {
			o.Errorf("the flows' rows are %q", got)
		}
	})
}

func (o *office) supervisor(name string) center.UserID {
	o.Helper()
	id := o.agent(o.c, name, center.StatusNameAvailable)
	o.must(catalog.Users.Update(o.ctx, o.c.Catalog, instance, string(id), 0, func(u *center.User) error {
		u.SecurityProfiles = []center.SecurityProfileID{center.SecurityProfileID(center.SeededID(instance, "security-profile", center.SecurityManager))}
		return nil
	}))
	return id
}

func (o *office) monitor(user center.UserID, contact center.ContactID, capabilities ...string) (center.ContactID, error) {
	return o.c.Agents.Monitor(o.ctx, instance, chat.MonitorRequest{User: user, Contact: contact, Capabilities: capabilities})
}

func TestMonitorAndBarge(t *testing.T) {
	inOffices(t, func(o *office) {
		jane, eve := o.agent(o.c, "jane", center.StatusNameAvailable), o.supervisor("eve")
		waiting := o.enter(o.c, o.entry, map[string]string{"queue": o.basic})
		ada := o.answered(jane)
		_, err := o.monitor(eve, waiting.Contact)
		o.refused(err, center.InvalidRequest, "has no agent who is connected")
		_, err = o.monitor(jane, ada.Contact)
		o.refused(err, center.AccessDenied, "ManagerListenIn")
		_, err = o.monitor(eve, ada.Contact, center.MonitorBarge)
		o.refused(err, center.InvalidRequest, "ENHANCED_CHAT_MONITORING")
		o.on(center.EnhancedChatMonitoring)
		_, err = o.monitor(eve, ada.Contact)
		o.refused(err, center.InvalidRequest, "AllowedMonitorCapabilities is required")

		request := chat.MonitorRequest{User: eve, Contact: ada.Contact, Capabilities: []string{center.MonitorSilent, center.MonitorBarge}, ClientToken: "once"}
		m, err := o.c.Agents.Monitor(o.ctx, instance, request)
		o.must(err)
		if again, err := o.c.Agents.Monitor(o.ctx, instance, request); err != nil || again != m {
			o.Errorf("asked again: %s, %v", again, err)
		}
		request.Capabilities = request.Capabilities[:1]
		_, err = o.c.Agents.Monitor(o.ctx, instance, request)
		o.refused(err, center.Conflict, "ClientToken was used before")
		_, err = o.monitor(eve, ada.Contact, center.MonitorSilent)
		o.refused(err, center.InvalidRequest, "takes part in the chat already")

		// Silent: she reads, and nobody sees her.
		o.isAt(o.c, eve, "Available CONNECTED")
		o.sees(ada.Chat, "joined CUSTOMER", "joined AGENT")
		as := o.caller(eve, m)
		page, err := o.c.Transcripts.Page(o.ctx, as, chat.TranscriptQuery{})
		o.must(err)
		if as.Role != center.RoleSupervisor || len(page.Items) != 2 {
			o.Errorf("%+v reads %+v", as, page)
		}
		_, err = o.c.Send(o.ctx, as, center.Message{ContentType: center.TextPlain, Content: "x"}, "")
		o.refused(err, center.AccessDenied, "monitors silently")
		creds, err := o.c.Agents.Credentials(o.ctx, instance, eve, m)
		o.must(err)
		who, err := o.c.Authenticate(creds.Token, token.Participant)
		o.must(err)
		if _, err := o.c.Connection(o.ctx, who, true); err != nil {
			o.Errorf("she connects: %v", err)
		}
		o.refused(o.c.Agents.Remove(o.ctx, instance, eve, m, o.caller(jane, ada.Contact).Participant), center.InvalidState, "has not barged in")

		// She barges in, and falls silent again.
		o.refused(o.c.Agents.SetMonitorMode(o.ctx, instance, eve, m, "WHISPER"), center.InvalidState, "INVALID_TARGET_STATE")
		o.clock.advance(time.Minute)
		o.must(o.c.Agents.SetMonitorMode(o.ctx, instance, eve, m, center.MonitorBarge))
		o.must(o.c.Agents.SetMonitorMode(o.ctx, instance, eve, m, center.MonitorBarge))
		o.send(o.c, as, "I can help.")
		o.clock.advance(time.Minute)
		o.must(o.c.Agents.SetMonitorMode(o.ctx, instance, eve, m, center.MonitorSilent))
		all := []string{"joined CUSTOMER", "joined AGENT", "joined SUPERVISOR", "I can help.", "left SUPERVISOR"}
		o.sees(ada.Chat, all...)
		if got := o.shown(as); !slices.Equal(got, all[:4]) {
			o.Errorf("she was shown %q: her own session goes on", got)
		}
		_, err = o.c.Send(o.ctx, as, center.Message{ContentType: center.TextPlain, Content: "x"}, "")
		o.refused(err, center.AccessDenied, "monitors silently")

		// She ends it. Only her own sockets hear of that.
		o.clock.advance(time.Minute)
		o.must(o.c.Agents.Leave(o.ctx, instance, eve, m))
		o.isAt(o.c, eve, "Available ENDED")
		items := o.items(ada.Chat)
		if it := items[len(items)-1]; it.ContentType != center.EventLeft || it.To != center.Audience(as.Participant) || it.InTranscript {
			o.Errorf("the last item is %+v", it)
		}
		k := o.contact(m)
		var states []string
		for _, s := range k.Monitor.States {
			states = append(states, fmt.Sprint(s.State, " ", s.End.Sub(s.Start)))
		}
		if !slices.Equal(states, []string{"SILENT_MONITOR 1m0s", "BARGE 1m0s", "SILENT_MONITOR 1m0s"}) || k.InitiationMethod != center.InitiatedByMonitor || k.Previous != ada.Contact || !k.Beside {
			o.Errorf("the contact is %+v with %q", k, states)
		}
		o.refused(o.c.Agents.SetMonitorMode(o.ctx, instance, eve, m, center.MonitorBarge), center.InvalidState, "does not monitor")
		o.must(o.c.Agents.Clear(o.ctx, instance, eve, m))
		o.isAt(o.c, eve, "Available")
		o.isAt(o.c, jane, "Available CONNECTED")

		// It ends with the agent's conversation.
		m, err = o.monitor(eve, ada.Contact, center.MonitorBarge)
		o.must(err)
		o.must(o.c.Agents.SetMonitorMode(o.ctx, instance, eve, m, center.MonitorBarge))
		o.must(o.c.Agents.Leave(o.ctx, instance, jane, ada.Contact))
		o.isAt(o.c, eve, "Available ENDED")
		o.is(m, center.ReasonAgent, true)
		got := o.events(ada.Chat)
		if !slices.Equal(got[len(got)-4:], []string{"joined SUPERVISOR", "left AGENT", "left SUPERVISOR", "ended"}) {
			o.Errorf("the chat shows %q", got)
		}
	})
}

func TestSupervisorsTakeOver(t *testing.T) {
	o := newOffice(newWorld(t))
	o.on(center.EnhancedChatMonitoring)
	jane := o.agent(o.c, "jane", center.StatusNameAvailable)
	ada := o.answered(jane)
	var first center.ContactID
	for i := range 5 {
		m, err := o.monitor(o.supervisor(fmt.Sprintf("eve-%d", i)), ada.Contact, center.MonitorBarge)
		o.must(err)
		if i == 0 {
			first = m
		}
		err = o.c.Agents.SetMonitorMode(o.ctx, instance, o.contact(m).Agent.User, m, center.MonitorBarge)
		if i == 0 {
			o.must(err)
			continue
		}
		o.refused(err, center.QuotaExceeded, "another supervisor has barged in")
	}
	last := o.supervisor("mallory")
	_, err := o.monitor(last, ada.Contact, center.MonitorSilent)
	o.refused(err, center.QuotaExceeded, "5 supervisors")
	o.must(o.c.Agents.SetStatus(o.ctx, instance, last, center.SeededID(instance, "agent-status", center.StatusNameOffline), false))
	_, err = o.monitor(last, ada.Contact, center.MonitorSilent)
	o.refused(err, center.InvalidRequest, "not signed in")
	eve := o.contact(first).Agent.User
	o.refused(o.c.Agents.Remove(o.ctx, instance, eve, first, ada.Participant), center.AccessDenied, "cannot remove one of the role CUSTOMER")
	o.must(o.c.Agents.Remove(o.ctx, instance, eve, first, o.caller(jane, ada.Contact).Participant))
	o.is(ada.Contact, center.ReasonBarged, true)
	o.isAt(o.c, jane, "Available ENDED")
	o.isAt(o.c, eve, "Available ENDED")

	// As many as the routing profile allows.
	limit := 0
	p, err := catalog.RoutingProfiles.Get(o.ctx, o.c.Catalog, instance, string(center.BasicRoutingProfileID(instance)))
	o.must(err)
	for limit = range p.ChatLimit() {
		bob := o.agent(o.c, fmt.Sprintf("bob-%d", limit), center.StatusNameAvailable)
		ben := o.answered(bob)
		if limit == 0 {
			o.must(o.c.Agents.Clear(o.ctx, instance, eve, first))
		}
		_, err := o.monitor(eve, ben.Contact, center.MonitorSilent)
		o.must(err)
	}
	bea := o.answered(o.agent(o.c, "bea", center.StatusNameAvailable))
	_, err = o.monitor(eve, bea.Contact, center.MonitorSilent)
	o.refused(err, center.QuotaExceeded, "the routing profile allows")
}
