package chat_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/stock"
	"github.com/parley-chat/parley/internal/store"
)

// queues is a flow that puts the contact into the queue of its attribute, and says which branch it took if it did not.
const queues = `{"Version": "2019-10-30", "StartAction": "Queue", "Actions": [
  {"Identifier": "Queue", "Type": "UpdateContactTargetQueue", "Parameters": {"QueueId": "$.Attributes.queue"},
   "Transitions": {"NextAction": "Hook", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "No queue"}]}},
  {"Identifier": "Hook", "Type": "UpdateContactEventHooks", "Parameters": {"EventHooks": {"CustomerQueue": "$.Attributes.hook"}},
   "Transitions": {"NextAction": "Go", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "Go"}]}},
  {"Identifier": "Go", "Type": "TransferContactToQueue", "Parameters": {},
   "Transitions": {"NextAction": "Failed", "Errors": [{"ErrorType": "QueueAtCapacity", "NextAction": "Full"}, {"ErrorType": "NoMatchingError", "NextAction": "Failed"}]}},
  {"Identifier": "No queue", "Type": "MessageParticipant", "Parameters": {"Text": "no queue"}, "Transitions": {"NextAction": "End"}},
  {"Identifier": "Full", "Type": "MessageParticipant", "Parameters": {"Text": "full"}, "Transitions": {"NextAction": "End"}},
  {"Identifier": "Failed", "Type": "MessageParticipant", "Parameters": {"Text": "failed"}, "Transitions": {"NextAction": "End"}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
]}`

// moves is a queue flow that takes the contact to the queue of its attribute as soon as a message comes.
const moves = `{"Version": "2019-10-30", "StartAction": "Wait", "Actions": [
  {"Identifier": "Wait", "Type": "Wait", "Parameters": {"TimeLimitSeconds": "6000", "Events": ["CustomerReturned"]},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}],
    "Conditions": [{"NextAction": "End", "Condition": {"Operator": "Equals", "Operands": ["WaitCompleted"]}},
     {"NextAction": "Go", "Condition": {"Operator": "Equals", "Operands": ["CustomerReturned"]}}]}},
  {"Identifier": "Go", "Type": "DequeueContactAndTransferToQueue", "Parameters": {"QueueId": "$.Attributes.next"},
   "Transitions": {"NextAction": "Failed", "Errors": [{"ErrorType": "QueueAtCapacity", "NextAction": "Full"}, {"ErrorType": "NoMatchingError", "NextAction": "Failed"}]}},
  {"Identifier": "Full", "Type": "MessageParticipant", "Parameters": {"Text": "full"}, "Transitions": {"NextAction": "Wait"}},
  {"Identifier": "Failed", "Type": "MessageParticipant", "Parameters": {"Text": "failed"}, "Transitions": {"NextAction": "Wait"}},
  {"Identifier": "End", "Type": "EndFlowExecution", "Parameters": {}, "Transitions": {}}
]}`

// queue stores a queue with so many places, -1 for no limit.
func (w *world) queue(name string, places int, status string) string {
	w.Helper()
	q := center.Queue{Head: center.Head[center.QueueID]{ID: center.QueueID(w.newID()), Name: name}, Type: center.QueueStandard, Status: status}
	if places >= 0 {
		q.MaxContacts = &places
	}
	body, err := json.Marshal(q)
	w.must(err)
	w.must(w.store.InsertResource(w.ctx, store.Resource{Instance: instance, Kind: "queue", ID: string(q.ID), Name: name, Body: body, Created: w.clock.Now(), Modified: w.clock.Now()}))
	return string(q.ID)
}

func (w *world) makeFlow(c *node, name, kind, content string) center.FlowID {
	w.Helper()
	f, err := c.Catalog.CreateFlow(w.ctx, instance, center.ContactFlow{Name: name, Type: kind}, content, true)
	w.must(err)
	return f.ID
}

// enter starts a chat in a flow, with attributes, and connects its customer.
func (w *world) enter(c *node, f center.FlowID, attributes map[string]string) chat.Caller {
	w.Helper()
	started, err := c.Start(w.ctx, center.StartChat{Instance: instance, Flow: f, DisplayName: "Ana", Attributes: attributes})
	w.must(err)
	return w.connect(c, started)
}

// said are the messages of a chat's flows.
func (w *world) said(id center.ChatID) (all []string) {
	w.Helper()
	for _, it := range w.items(id) {
		if it.Type == center.TypeMessage && it.Role == center.RoleSystem {
			all = append(all, it.Content)
		}
	}
	return all
}

// current is the contact that a chat is in.
func (w *world) current(c *node, id center.ChatID) center.Contact {
	w.Helper()
	chat, _, err := c.Contact(w.ctx, instance, center.ContactID(id))
	w.must(err)
	return *chat.Current()
}

func (w *world) claims(kind, queue string) int {
	w.Helper()
	held, err := w.store.Claims(w.ctx, kind, center.QueuePrefix(instance, center.QueueID(queue)))
	w.must(err)
	return len(held)
}

// waiting counts the contacts in a queue.
func (w *world) waiting(queue string) int {
	w.Helper()
	line, err := w.store.LineOf(w.ctx, instance, center.QueueID(queue), "")
	w.must(err)
	return line.Contacts
}

func TestAQueueHasItsCapacity(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	f := w.makeFlow(c, "queues", center.TypeContactFlow, queues)
	two, none, off := w.queue("two", 2, center.QueueEnabled), w.queue("none", 0, center.QueueEnabled), w.queue("off", -1, center.QueueDisabled)

	first := w.enter(c, f, map[string]string{"queue": two})
	second := w.enter(c, f, map[string]string{"queue": two})
	third := w.enter(c, f, map[string]string{"queue": two})
	if !slices.Equal(w.said(third.Chat), []string{"full"}) || len(w.said(first.Chat))+len(w.said(second.Chat)) != 0 {
		t.Errorf("said %q, %q, %q", w.said(first.Chat), w.said(second.Chat), w.said(third.Chat))
	}
	if n := w.waiting(two); n != 2 {
		t.Errorf("%d contacts in the queue", n)
	}

	// Who leaves makes room.
	w.must(c.Leave(w.ctx, first))
	if n, m := w.waiting(two), w.claims(center.ClaimQueuePlace, two); n != 1 || m != 1 {
		t.Errorf("%d contacts in the queue, with %d places", n, m)
	}
	fourth := w.enter(c, f, map[string]string{"queue": two})
	if k := w.current(c, fourth.Chat); !k.Queued() || len(w.said(fourth.Chat)) != 0 {
		t.Errorf("there is room, and the flow said %q", w.said(fourth.Chat))
	}

	for queue, want := range map[string]string{none: "full", off: "no queue"} {
		if got := w.said(w.enter(c, f, map[string]string{"queue": queue}).Chat); !slices.Equal(got, []string{want}) {
			t.Errorf("said %q, want %q", got, want)
		}
	}
}

// Many nodes never put more contacts into a queue than it takes, and none less.
func TestCapacityOnManyNodes(t *testing.T) {
	w := newWorld(t)
	const nodes, places = 6, 3
	f := w.makeFlow(w.node(center.DefaultSettings(), &told{}), "queues", center.TypeContactFlow, queues)
	q := w.queue("few", places, center.QueueEnabled)
	var all sync.WaitGroup
	full := make(chan bool, nodes)
	for range nodes {
		c := w.node(center.DefaultSettings(), &told{})
		all.Go(func() {
			who := w.enter(c, f, map[string]string{"queue": q})
			full <- slices.Equal(w.said(who.Chat), []string{"full"})
		})
	}
	all.Wait()
	refused := 0
	for range nodes {
		if <-full {
			refused++
		}
	}
	if n := w.waiting(q); n != places || refused != nodes-places {
		t.Errorf("%d contacts are in the queue, %d were refused", n, refused)
	}
}

// A queue takes a fifth more of contacts that come from another queue; one that takes no more leaves them where they are.
func TestFromQueueToQueue(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	f := w.makeFlow(c, "queues", center.TypeContactFlow, queues)
	hook := w.makeFlow(c, "moves", "CUSTOMER_QUEUE", moves)
	five, off := w.queue("five", 5, center.QueueEnabled), w.queue("off", -1, center.QueueDisabled)
	from := w.queue("from", -1, center.QueueEnabled)
	for range 5 {
		w.enter(c, f, map[string]string{"queue": five})
	}
	waiting := func(next string) chat.Caller {
		return w.enter(c, f, map[string]string{"queue": from, "next": next, "hook": string(hook)})
	}

	ana := waiting(five)
	w.send(c, ana, "move me")
	if k := w.current(c, ana.Chat); string(k.Queue) != five || k.InitiationMethod != center.InitiatedByQueueTransfer || string(k.Previous) != string(ana.Chat) {
		t.Errorf("the contact is %+v, said %q", k, w.said(ana.Chat))
	}
	if n, m := w.waiting(from), w.waiting(five); n != 0 || m != 6 {
		t.Errorf("%d in the queue that was left, %d in the other", n, m)
	}

	for next, want := range map[string]string{five: "full", off: "failed", "": "failed", w.newID(): "failed"} {
		who := waiting(next)
		w.send(c, who, "move me")
		if k := w.current(c, who.Chat); !slices.Equal(w.said(who.Chat), []string{want}) || string(k.Queue) != from || !k.Queued() {
			t.Errorf("the contact is %+v, said %q, want %q", k, w.said(who.Chat), want)
		}
		w.send(c, who, "again") // the flow goes on
		if n := len(w.said(who.Chat)); n != 2 {
			t.Errorf("the flow said %d times what became of it", n)
		}
	}
}

// Where there is no flow to run for those who wait, they wait.
func TestAQueueWithoutAFlow(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	f := w.makeFlow(c, "queues", center.TypeContactFlow, queues)
	hook := w.makeFlow(c, "moves", "CUSTOMER_QUEUE", moves)
	q := w.queue("q", -1, center.QueueEnabled)
	w.must(c.Catalog.DeleteFlow(w.ctx, instance, center.FlowRef{ID: stock.FlowID(instance, stock.CustomerQueue)}))
	who := w.enter(c, f, map[string]string{"queue": q})
	w.send(c, who, "hello")
	w.clock.advance(time.Hour)
	w.must(c.Settle(w.ctx))
	if k := w.current(c, who.Chat); !k.Queued() || len(w.said(who.Chat)) != 0 {
		t.Errorf("the contact is %+v", k)
	}

	// A contact goes on in the version of the flow that it began with; when that moves it to another queue, the flow
	// that was set is gone, and none takes its place.
	gone := w.enter(c, f, map[string]string{"queue": q, "hook": string(hook), "next": q})
	w.must(c.Catalog.DeleteFlow(w.ctx, instance, center.FlowRef{ID: hook}))
	w.send(c, gone, "move me")
	w.send(c, gone, "and again")
	k := w.current(c, gone.Chat)
	if !k.Queued() || string(k.Previous) != string(gone.Chat) || len(w.said(gone.Chat)) != 0 {
		t.Errorf("the contact is %+v, said %q", k, w.said(gone.Chat))
	}
}

// A queue that is deleted while contacts wait in it keeps them.
func TestAQueueThatIsDeleted(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	f := w.makeFlow(c, "queues", center.TypeContactFlow, queues)
	hook := w.makeFlow(c, "moves", "CUSTOMER_QUEUE", moves)
	q := w.queue("q", 1, center.QueueEnabled)
	who := w.enter(c, f, map[string]string{"queue": q, "hook": string(hook)})
	w.must(w.store.DeleteResource(w.ctx, instance, "queue", q))
	w.send(c, who, "move me")
	if k := w.current(c, who.Chat); !k.Queued() || !slices.Equal(w.said(who.Chat), []string{"failed"}) {
		t.Errorf("the contact is %+v, said %q", k, w.said(who.Chat))
	}
	w.must(c.Leave(w.ctx, who))
	if n := w.waiting(q) + w.claims(center.ClaimQueuePlace, q); n != 0 {
		t.Errorf("%d claims are left", n)
	}
}

// A new instance has what flows count on, and another of its own.
func TestWhatAnInstanceBeginsWith(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	other, err := c.Catalog.CreateInstance(w.ctx, center.Instance{Alias: "other", IdentityManagementType: center.IdentityManaged}, "")
	w.must(err)
	for _, at := range []center.InstanceID{instance, other.ID} {
		for _, f := range stock.Flows(center.Partition{Account: "123456789012", Region: "us-east-1"}, at) {
			have, err := c.Catalog.Flow(w.ctx, at, center.FlowRef{ID: f.ID})
			if err != nil || have.Content != f.Content || have.Name != f.Name || have.Type != f.Type || have.Modified.IsZero() {
				t.Errorf("%s: %v", f.Name, err)
			}
		}
		row, err := w.store.ResourceByName(w.ctx, at, "queue", center.BasicQueueName)
		w.must(err)
		var q center.Queue
		w.must(json.Unmarshal(row.Body, &q))
		hours, err := c.Catalog.Hours(w.ctx, at, q.Hours)
		if err != nil || hours.Hours.Name != center.BasicHoursName {
			t.Errorf("hours of operation: %+v, %v", hours, err)
		}
	}
	// One whose alias is taken leaves nothing behind.
	_, err = c.Catalog.CreateInstance(w.ctx, center.Instance{ID: "33333333-3333-4333-8333-333333333333", Alias: "other", IdentityManagementType: center.IdentityManaged}, "")
	var refused *center.Error
	if !errors.As(err, &refused) || refused.Code != center.InvalidRequest {
		t.Errorf("a taken alias: %v", err)
	}
	if rows, err := w.store.Resources(w.ctx, "33333333-3333-4333-8333-333333333333", "contact-flow", "", 1); err != nil || len(rows) != 0 {
		t.Errorf("left behind: %v, %v", rows, err)
	}
}

func TestTagsOfAnotherContact(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	_, ana := w.start(c, nil)
	_, bea := w.start(c, nil)
	w.must(c.Tag(w.ctx, instance, ana.Contact, map[string]string{"Team": "Blue"}, nil))
	_, a, err := c.Contact(w.ctx, instance, ana.Contact)
	w.must(err)
	_, b, err := c.Contact(w.ctx, instance, bea.Contact)
	w.must(err)
	if a.Tags["Team"] != "Blue" || len(b.Tags) != 0 {
		t.Errorf("%v and %v", a.Tags, b.Tags)
	}
	if err := c.Tag(w.ctx, instance, center.ContactID(w.newID()), map[string]string{"Team": "Blue"}, nil); err == nil {
		t.Error("nobody was tagged")
	}
}

func BenchmarkCreateInstance(b *testing.B) {
	w := newWorld(b)
	c := w.node(center.DefaultSettings(), &told{})
	for i := 0; b.Loop(); i++ {
		_, err := c.Catalog.CreateInstance(w.ctx, center.Instance{Alias: fmt.Sprintf("team-%d", i), IdentityManagementType: center.IdentityManaged}, "")
		w.must(err)
	}
}
