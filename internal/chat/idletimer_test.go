package chat_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/store/storetest"
)

// silent is a chat with a custom participant, whose customer is idle after some minutes of its ten.
func (w *world) silent(c *node, minutes int) (ana, max chat.Caller) {
	w.Helper()
	ana, started := w.start(c, nil)
	w.must(c.SetTimers(w.ctx, instance, started.Contact, []center.TimerSetting{{Role: center.RoleCustomer, Type: center.TimerIdle, Minutes: minutes}}))
	return ana, w.customParticipant(c, started.Contact)
}

// pass lets time pass, minute by minute, each a little longer: items of one moment are dated one after the other.
func (w *world) pass(c *node, minutes int) {
	w.Helper()
	for range minutes {
		w.clock.advance(time.Minute + 10*time.Millisecond)
		w.must(c.Settle(w.ctx))
	}
}

// idle is how long after the chat's beginning the customer was told of as idle, in minutes.
func (w *world) idle(id center.ChatID) (minutes []int) {
	w.Helper()
	items := w.items(id)
	for _, it := range items {
		if it.ContentType == center.EventIdle {
			minutes = append(minutes, int(it.Time.Sub(items[0].Time).Minutes()))
		}
	}
	return minutes
}

// The customer's last message is found however many others there are behind it, and before it.
func TestLastMessageAmongMany(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	ana, max := w.silent(c, 5)
	for range 200 {
		w.send(c, ana, "x")
	}
	w.pass(c, 2)
	w.send(c, ana, "the last")
	for range 300 {
		w.send(c, max, "y")
	}
	w.pass(c, 4)
	if got := w.idle(ana.Chat); got != nil {
		t.Errorf("idle after %v minutes", got)
	}
	w.pass(c, 2)
	if got := w.idle(ana.Chat); !slices.Equal(got, []int{7}) {
		t.Errorf("idle after %v minutes, want 7", got)
	}
}

// Where an item is missing, it could be the customer's: they are not told of as idle, until it is sure that they are.
func TestTimersOfDamagedChats(t *testing.T) {
	file := filepath.Join(t.TempDir(), "parley.db")
	w := newWorldOn(t, "sqlite:"+file)
	c := w.node(center.DefaultSettings(), &told{})
	ana, max := w.silent(c, 3)
	lost := w.send(c, max, "this is lost")
	w.send(c, max, "this is not")
	db, err := sql.Open("sqlite", file)
	w.must(err)
	stream, _ := center.UUID(string(ana.Chat))
	_, err = db.Exec("DELETE FROM item WHERE stream = $1 AND seq = $2", stream[:], lost.Seq)
	w.must(err)
	w.must(db.Close())
	w.pass(c, 5)
	seen := func() (n int) {
		items, err := w.store.ItemsAfter(w.ctx, center.StreamID(ana.Chat), lost.Seq, 100)
		w.must(err)
		for _, it := range items {
			if it.ContentType == center.EventIdle {
				n++
			}
		}
		return n
	}
	if n := seen(); n != 0 {
		t.Errorf("the customer was told of as idle %d times", n)
	}
	w.pass(c, 2)
	if n := seen(); n != 1 {
		t.Errorf("the customer was told of as idle %d times", n)
	}
}

// stays is a disconnect flow that says so, waits for the customer, and puts them into the queue again.
const stays = `{"Version": "2019-10-30", "StartAction": "Say", "Actions": [
  {"Identifier": "Say", "Type": "MessageParticipant", "Parameters": {"Text": "$.InitiationMethod"}, "Transitions": {"NextAction": "Wait"}},
  {"Identifier": "Wait", "Type": "Wait", "Parameters": {"TimeLimitSeconds": "3600", "Events": ["CustomerReturned"]},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}],
    "Conditions": [{"NextAction": "End", "Condition": {"Operator": "Equals", "Operands": ["WaitCompleted"]}}, {"NextAction": "Set", "Condition": {"Operator": "Equals", "Operands": ["CustomerReturned"]}}]}},
  {"Identifier": "Set", "Type": "UpdateContactTargetQueue", "Parameters": {"QueueId": "$.Attributes.queue"},
   "Transitions": {"NextAction": "Enter", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "Enter", "Type": "TransferContactToQueue", "Parameters": {},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "QueueAtCapacity", "NextAction": "End"}, {"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
]}`

// hooks is inQueue, with a disconnect flow.
const hooks = `{"Version": "2019-10-30", "StartAction": "Hook", "Actions": [
  {"Identifier": "Hook", "Type": "UpdateContactEventHooks", "Parameters": {"EventHooks": {"CustomerRemaining": "$.Attributes.remaining"}},
   "Transitions": {"NextAction": "Set", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "Set", "Type": "UpdateContactTargetQueue", "Parameters": {"QueueId": "$.Attributes.queue"},
   "Transitions": {"NextAction": "Enter", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "Enter", "Type": "TransferContactToQueue", "Parameters": {},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "QueueAtCapacity", "NextAction": "End"}, {"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
]}`

// desk is an agent's side of a chat.
type desk struct {
	*world
	c    *node
	jane center.UserID
	ada  chat.Caller // the customer
}

// atDesk is an available agent, and a customer in the basic queue. With remaining, a disconnect flow is set.
func (w *world) atDesk(c *node, remaining bool, onCustomerExit ...string) *desk {
	w.Helper()
	attributes := map[string]string{"queue": center.SeededID(instance, "queue", center.BasicQueueName)}
	flow := inQueue
	if remaining {
		flow, attributes["remaining"] = hooks, string(w.makeFlow(c, w.newID(), center.TypeContactFlow, stays))
	}
	jane := w.agent(c, "jane", center.StatusNameAvailable)
	started, err := c.Start(w.ctx, center.StartChat{
		Instance: instance, Flow: w.makeFlow(c, w.newID(), center.TypeContactFlow, flow), DisplayName: "Ada", Attributes: attributes, OnCustomerExit: onCustomerExit,
	})
	w.must(err)
	return &desk{w, c, jane, w.connect(c, started)}
}

// set sets timers in minutes, 0 for none.
func (d *desk) set(customerIdle, customerOut, agentIdle, agentOut int) {
	d.Helper()
	contact := d.current(d.c, d.ada.Chat)
	d.must(d.c.SetTimers(d.ctx, instance, contact.ID, []center.TimerSetting{
		{Role: center.RoleCustomer, Type: center.TimerIdle, Minutes: customerIdle}, {Role: center.RoleCustomer, Type: center.TimerDisconnect, Minutes: customerOut},
		{Role: center.RoleAgent, Type: center.TimerIdle, Minutes: agentIdle}, {Role: center.RoleAgent, Type: center.TimerDisconnect, Minutes: agentOut},
	}))
}

// answer lets an agent take the customer's contact, and returns the agent as a participant.
func (d *desk) answer(agent center.UserID) chat.Caller {
	d.Helper()
	contact := d.current(d.c, d.ada.Chat)
	d.must(d.c.Agents.Offer(d.ctx, instance, contact.ID, agent, 2))
	d.must(d.c.Agents.Accept(d.ctx, instance, agent, contact.ID))
	who, err := d.c.Agents.Caller(d.ctx, instance, agent, contact.ID)
	d.must(err)
	return who
}

// timed are the chat's events with the minute after the agent's joining in which they came, from then on.
func (d *desk) timed() (all []string) {
	d.Helper()
	var joined time.Time
	for _, it := range d.items(d.ada.Chat) {
		what := it.Content
		if it.Type == center.TypeEvent {
			what = it.ContentType[strings.LastIndexByte(it.ContentType, '.')+1:] + " " + string(it.Role)
		}
		switch {
		case it.Type == center.Marker:
			continue
		case it.Role == center.RoleAgent && it.ContentType == center.EventJoined && joined.IsZero():
			joined = it.Time
		case joined.IsZero():
			continue
		}
		all = append(all, fmt.Sprintf("%d %s", int(it.Time.Sub(joined).Round(time.Minute).Minutes()), strings.TrimSpace(what)))
	}
	return all
}

func (d *desk) shows(want ...string) {
	d.Helper()
	if got := d.timed(); !slices.Equal(got, want) {
		d.Errorf("the chat shows\n%q, want\n%q", got, want)
	}
}

// ended expects how a contact has ended, and what the agent does then.
func (d *desk) ended(id center.ContactID, reason, agent string) {
	d.Helper()
	_, contact, err := d.c.Contact(d.ctx, instance, id)
	d.must(err)
	if contact.DisconnectReason != reason {
		d.Errorf("the contact ended by %q, want %q", contact.DisconnectReason, reason)
	}
	d.isAt(d.c, d.jane, agent)
}

// Both roles have timers while an agent is there. They begin when the agent joins, and end when the agent leaves.
func TestTimersOfAgents(t *testing.T) {
	w := newWorld(t)
	d := w.atDesk(w.node(center.DefaultSettings(), &told{}), false)
	d.set(6, 0, 4, 0)
	d.pass(d.c, 30) // in the queue nobody is idle
	jane := d.answer(d.jane)
	d.pass(d.c, 4)
	d.send(d.c, d.ada, "hello?")
	d.pass(d.c, 1)
	d.send(d.c, jane, "I am back")
	d.pass(d.c, 7)
	d.must(d.c.Agents.Leave(d.ctx, instance, d.jane, d.ada.Contact))
	d.pass(d.c, 60)
	d.shows("0 joined AGENT", "4 idle AGENT", "4 hello?", "5 returned AGENT", "5 I am back", "9 idle AGENT", "10 idle CUSTOMER", "12 left AGENT", "12 ended")
	d.ended(d.ada.Contact, center.ReasonAgent, "Available ENDED")
}

// The silence of one side takes the agent out, and with them goes the chat.
func TestSilenceTakesTheAgentOut(t *testing.T) {
	for name, c := range map[string]struct {
		set  [4]int
		want []string
	}{
		"of the customer":       {[4]int{2, 3, 0, 0}, []string{"0 joined AGENT", "1 hi", "1 hello", "3 idle CUSTOMER", "6 left AGENT", "6 autodisconnection CUSTOMER", "6 ended"}},
		"of the agent":          {[4]int{0, 0, 2, 3}, []string{"0 joined AGENT", "1 hi", "1 hello", "3 idle AGENT", "6 left AGENT", "6 autodisconnection AGENT", "6 ended"}},
		"of the agent, at once": {[4]int{2, 0, 0, 4}, []string{"0 joined AGENT", "1 hi", "1 hello", "3 idle CUSTOMER", "5 left AGENT", "5 autodisconnection AGENT", "5 ended"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := w.atDesk(w.node(center.DefaultSettings(), &told{}), false)
			d.set(c.set[0], c.set[1], c.set[2], c.set[3])
			jane := d.answer(d.jane)
			d.pass(d.c, 1)
			d.send(d.c, jane, "hi")
			d.send(d.c, d.ada, "hello")
			d.pass(d.c, 20)
			d.shows(c.want...)
			d.ended(d.ada.Contact, center.ReasonIdle, "Available ENDED")
		})
	}
}

// With a disconnect flow the customer stays. What was set holds for the next agent, too; what was set since then begins with
// them.
func TestSilenceAndTheDisconnectFlow(t *testing.T) {
	w := newWorld(t)
	d := w.atDesk(w.node(center.DefaultSettings(), &told{}), true)
	d.set(0, 0, 0, 3)
	d.answer(d.jane)
	d.pass(d.c, 5)
	d.ended(d.ada.Contact, center.ReasonIdle, "Available ENDED")
	d.shows("0 joined AGENT", "3 left AGENT", "3 autodisconnection AGENT", "3 DISCONNECT")
	d.send(d.c, d.ada, "I am still here") // is put into the queue
	john := d.agent(d.c, "john", center.StatusNameAvailable)
	d.answer(john)
	d.set(0, 0, 0, 9)
	d.pass(d.c, 3)
	d.isAt(d.c, john, "Available ENDED")
	d.send(d.c, d.ada, "and here")
	d.answer(john)
	d.pass(d.c, 8)
	d.isAt(d.c, john, "Available ENDED CONNECTED")
	d.pass(d.c, 1)
	d.isAt(d.c, john, "Available ENDED ENDED")
}

// An agent who joins takes the custom participant's place; the timers begin anew, with what was set last.
func TestAgentTakesTheCustomParticipantsPlace(t *testing.T) {
	w := newWorld(t)
	d := w.atDesk(w.node(center.DefaultSettings(), &told{}), false)
	d.set(5, 0, 3, 0)
	max := d.customParticipant(d.c, d.ada.Contact)
	d.pass(d.c, 5)
	d.set(2, 0, 3, 0)
	d.answer(d.jane)
	if _, err := d.c.Send(d.ctx, max, center.Message{ContentType: center.TextPlain, Content: "x"}, ""); !center.Is(err, center.AccessDenied) {
		t.Errorf("the custom participant sends: %v", err)
	}
	d.pass(d.c, 3)
	d.sees(d.ada.Chat, "joined CUSTOMER", "joined CUSTOM_BOT", "idle CUSTOMER", "left CUSTOM_BOT", "joined AGENT", "idle CUSTOMER", "idle AGENT")
}

// A message and the timer of its sender meet at the same moment, on two nodes. Whichever comes first, the other knows of it:
// nobody is told of as idle, or taken out, behind their own message.
func TestTimersRaceWithMessages(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, database string) {
		w := newWorldOn(t, database)
		timers, doors := w.node(center.DefaultSettings(), &told{}), w.node(center.DefaultSettings(), &told{})
		d := w.atDesk(timers, false)
		f := w.makeFlow(timers, "in queue", center.TypeContactFlow, inQueue)
		seen := map[string]int{}
		for round := range 24 {
			d.ada = w.enter(timers, f, map[string]string{"queue": center.SeededID(instance, "queue", center.BasicQueueName)})
			speaker := d.ada
			if round%4 < 2 {
				d.set(0, 2*(round%2), 2, 2*(round%2)) // the agent's
				speaker = d.answer(d.jane)
			} else {
				d.set(2, 2*(round%2), 0, 0)
				d.answer(d.jane)
			}
			w.clock.advance(2 * time.Minute)
			if round%2 == 1 { // one is idle already; the race is with the second timer
				w.must(timers.Settle(w.ctx))
				w.clock.advance(2 * time.Minute)
			}
			var sent, fired error
			var both sync.WaitGroup
			both.Go(func() { fired = timers.Settle(w.ctx) })
			both.Go(func() {
				_, sent = doors.Send(w.ctx, speaker, center.Message{ContentType: center.TextPlain, Content: "wait"}, "")
			})
			both.Wait()
			w.must(fired)
			if sent != nil && !center.Refused(sent) {
				t.Fatal(sent)
			}
			var all []string
			for _, line := range d.timed() {
				_, what, _ := strings.Cut(line, " ")
				what, _, _ = strings.Cut(what, " ")
				all = append(all, what)
			}
			got := strings.Join(all, " ")
			seen[got]++
			allowed := []string{"joined wait", "joined idle returned wait"}
			if round%2 == 1 {
				allowed = []string{"joined idle returned wait", "joined idle left autodisconnection ended"}
			}
			if !slices.Contains(allowed, got) || (sent == nil) != strings.HasSuffix(got, "wait") {
				t.Errorf("round %d: the chat shows %q, and the message was answered %v", round, got, sent)
			}
			contact := d.current(timers, d.ada.Chat).ID
			if err := timers.Stop(w.ctx, instance, contact); err != nil && !center.Refused(err) {
				t.Fatal(err)
			}
			w.must(timers.Agents.Clear(w.ctx, instance, d.jane, contact))
		}
		t.Log(seen)
	})
}
