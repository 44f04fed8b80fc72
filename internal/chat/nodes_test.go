package chat_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/token"
)

// dense fails unless the items are numbered without a gap and their times rise.
func dense(t *testing.T, items []center.Item) {
	t.Helper()
	for i, it := range items {
		if it.Seq != int64(i+1) {
			t.Fatalf("item %d is numbered %d", i+1, it.Seq)
		}
		if i > 0 && !it.Time.After(items[i-1].Time) {
			t.Fatalf("item %d is dated %v after %v", it.Seq, it.Time, items[i-1].Time)
		}
	}
}

// Each node decides on what it knows; where another has gone on meanwhile, it decides again.
func TestNodesTakeTurns(t *testing.T) {
	w := newWorld(t)
	one, other := w.node(center.DefaultSettings(), &told{}), w.node(center.DefaultSettings(), &told{})
	ana, started := w.start(one, nil)
	max := w.customParticipant(other, started.Contact)
	for i := range 20 { // each finds the other's message in its place
		w.send(one, ana, fmt.Sprint("ana ", i))
		w.send(other, max, fmt.Sprint("max ", i))
	}
	items := w.items(ana.Chat)
	dense(t, items)
	said := 0
	for _, it := range items {
		if it.Type == center.TypeMessage && it.Role != center.RoleSystem {
			who := []string{"ana", "max"}[said%2]
			if want := fmt.Sprint(who, " ", said/2); it.Content != want {
				t.Fatalf("message %d is %q, not %q", said, it.Content, want)
			}
			said++
		}
	}
	if said != 40 {
		t.Errorf("%d messages", said)
	}
}

// However hard two nodes press, what was answered is there once, and what is there was answered or refused as our
// fault, so that clients try again.
func TestNodesPressForTheSameChat(t *testing.T) {
	w := newWorld(t)
	one, other := w.node(center.DefaultSettings(), &told{}), w.node(center.DefaultSettings(), &told{})
	ana, started := w.start(one, nil)
	max := w.customParticipant(other, started.Contact)
	before := len(w.items(ana.Chat))
	var mu sync.Mutex
	answered := map[center.ItemID]bool{}
	var pressing sync.WaitGroup
	for _, p := range []struct {
		c   *node
		who chat.Caller
	}{{one, ana}, {other, max}, {one, max}, {other, ana}} {
		pressing.Go(func() {
			for i := range 25 {
				it, err := p.c.Send(w.ctx, p.who, center.Message{ContentType: center.TextPlain, Content: fmt.Sprint(i)}, "")
				var refused *center.Error
				switch {
				case err == nil:
					mu.Lock()
					answered[it.ID] = true
					mu.Unlock()
				case !errors.As(err, &refused) || refused.Code != center.Internal:
					t.Errorf("send: %v", err)
				}
			}
		})
	}
	pressing.Wait()
	items := w.items(ana.Chat)
	dense(t, items)
	for _, it := range items[before:] {
		if !answered[it.ID] {
			t.Errorf("item %d was never answered", it.Seq)
		}
		delete(answered, it.ID)
	}
	if len(answered) != 0 {
		t.Errorf("%d answered messages are not there", len(answered))
	}
	if len(items) < before+50 {
		t.Errorf("only %d of 100 went through", len(items)-before)
	}
}

// behind is a node that has moved on between the other's decision and its commit, as often as it is told to.
type behind struct {
	w     *world
	other *node
	who   chat.Caller
	often int
}

// newID gives the decision its ids. That is after the chat was read and before it is committed.
func (b *behind) newID() string {
	if b.often > 0 {
		b.often--
		b.w.send(b.other, b.who, "first")
	}
	return b.w.newID()
}

// A decision is taken twenty times before it is given up, and each time anew.
func TestADecisionIsTakenAgain(t *testing.T) {
	for _, c := range []struct {
		often int
		want  bool
	}{{0, true}, {1, true}, {19, true}, {20, false}} {
		w := newWorld(t)
		other := w.node(center.DefaultSettings(), &told{})
		ana, started := w.start(other, nil)
		max := w.customParticipant(other, started.Contact)
		b := &behind{w: w, other: other, who: max}
		news := &told{}
		slow := w.node(center.DefaultSettings(), news)
		slow.newID = b.newID
		w.send(slow, ana, "known")
		b.often = c.often
		before := news.count.Load()
		_, err := slow.Send(w.ctx, ana, center.Message{ContentType: center.TextPlain, Content: "second"}, "")
		var refused *center.Error
		switch {
		case c.want && err != nil:
			t.Errorf("after losing %d times: %v", c.often, err)
		case !c.want && (!errors.As(err, &refused) || refused.Code != center.Internal):
			t.Errorf("after losing %d times: %v", c.often, err)
		}
		if got, want := news.count.Load() == before+1, c.want; got != want {
			t.Errorf("after losing %d times it was announced: %v", c.often, got)
		}
		items := w.items(ana.Chat)
		dense(t, items)
		if last := items[len(items)-1]; (last.Content == "second") != c.want {
			t.Errorf("after losing %d times the last item is %q", c.often, last.Content)
		}
	}
}

// What a node remembers of a chat may be old; no refusal and no silence may come of that.
func TestWhatANodeRemembersMayBeOld(t *testing.T) {
	w := newWorld(t)
	one, other := w.node(center.DefaultSettings(), &told{}), w.node(center.DefaultSettings(), &told{})
	ana, started := w.start(one, nil)
	w.send(other, ana, "the other node knows the chat from here on")

	// Somebody who came meanwhile is known.
	max := w.customParticipant(one, started.Contact)
	w.send(other, max, "hello")

	// Somebody who left meanwhile is not let in, not even to type.
	w.must(one.Leave(w.ctx, max))
	var refused *center.Error
	if _, err := other.Event(w.ctx, max, center.EventTyping, ""); !errors.As(err, &refused) || refused.Code != center.AccessDenied {
		t.Errorf("typing after leaving: %v", err)
	}

	// A chat that ended meanwhile is over.
	w.must(one.Stop(w.ctx, instance, started.Contact))
	if _, err := other.Transcripts.Page(w.ctx, ana, chat.TranscriptQuery{}); !errors.As(err, &refused) || refused.Code != center.AccessDenied {
		t.Errorf("reading after the end: %v", err)
	}
	if err := other.Stop(w.ctx, instance, started.Contact); !errors.As(err, &refused) || refused.Code != center.ContactNotFound {
		t.Errorf("stopping after the end: %v", err)
	}
}

// A flow that began to wait for the customer on one node hears of their return to the other. They return by a message:
// to reconnect is not enough.
func TestTheCustomerReturnsToAnotherNode(t *testing.T) {
	w := newWorld(t)
	one, other := w.node(center.DefaultSettings(), &told{}), w.node(center.DefaultSettings(), &told{})
	f, err := one.Catalog.CreateFlow(w.ctx, instance, center.ContactFlow{Name: "returns", Type: center.TypeContactFlow}, returns, true)
	w.must(err)
	w.flow = f.ID
	ana, _ := w.start(one, nil)
	w.send(other, ana, "the other node knows that the flow waits for nobody")
	w.clock.advance(time.Minute)
	w.must(one.Settle(w.ctx)) // now it waits for the customer
	before := len(w.items(ana.Chat))
	w.must(other.Connected(w.ctx, ana))
	if after := w.items(ana.Chat); len(after) != before {
		t.Errorf("a reconnect wrote %d items", len(after)-before)
	}
	w.send(other, ana, "here I am")
	items := w.items(ana.Chat)
	dense(t, items)
	if last := items[len(items)-1]; last.Content != "welcome back" {
		t.Errorf("the last item is %q", last.Content)
	}
}

const returns = `{"Version": "2019-10-30", "StartAction": "Rest", "Actions": [
  {"Identifier": "Rest", "Type": "Wait", "Parameters": {"TimeLimitSeconds": "60"},
   "Transitions": {"NextAction": "Wait", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}],
    "Conditions": [{"NextAction": "Wait", "Condition": {"Operator": "Equals", "Operands": ["WaitCompleted"]}}]}},
  {"Identifier": "Wait", "Type": "Wait", "Parameters": {"TimeLimitSeconds": "600", "Events": ["CustomerReturned"]},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}],
    "Conditions": [{"NextAction": "End", "Condition": {"Operator": "Equals", "Operands": ["WaitCompleted"]}},
     {"NextAction": "Back", "Condition": {"Operator": "Equals", "Operands": ["CustomerReturned"]}}]}},
  {"Identifier": "Back", "Type": "MessageParticipant", "Parameters": {"Text": "welcome back"}, "Transitions": {"NextAction": "Rest"}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
]}`

// Due rows are answered once, however many nodes look for them.
func TestNodesAnswerATimerOnce(t *testing.T) {
	w := newWorld(t)
	var nodes []*node
	for range 3 {
		nodes = append(nodes, w.node(center.DefaultSettings(), &told{}))
	}
	var chats []chat.Caller
	for range 20 {
		ana, _ := w.start(nodes[0], nil)
		chats = append(chats, ana)
	}
	w.clock.advance(10 * time.Minute)
	var settling sync.WaitGroup
	for _, n := range nodes {
		settling.Go(func() {
			if err := n.Settle(w.ctx); err != nil {
				t.Error(err)
			}
		})
	}
	settling.Wait()
	for _, ana := range chats {
		items := w.items(ana.Chat)
		dense(t, items)
		ends := 0
		for _, it := range items {
			if it.ContentType == center.EventEnded {
				ends++
			}
		}
		if ends != 1 {
			t.Errorf("a chat ended %d times", ends)
		}
	}
	if left, err := w.store.AllDue(w.ctx, 100); err != nil || len(left) != 0 {
		t.Errorf("left to do: %v, %v", left, err)
	}
}

// Whoever has several windows may connect first on two nodes at the same time: the flow begins once.
func TestTwoFirstConnections(t *testing.T) {
	w := newWorld(t)
	nodes := []*node{w.node(center.DefaultSettings(), &told{}), w.node(center.DefaultSettings(), &told{})}
	for range 20 {
		started, err := nodes[0].Start(w.ctx, center.StartChat{Instance: instance, Flow: w.flow, DisplayName: "Ana"})
		w.must(err)
		ana, err := nodes[0].Authenticate(started.Token, token.Participant)
		w.must(err)
		var connecting sync.WaitGroup
		for _, n := range append(nodes, nodes...) {
			connecting.Go(func() {
				if err := n.Connected(w.ctx, ana); err != nil {
					t.Error(err)
				}
			})
		}
		connecting.Wait()
		said := ""
		for _, it := range shown(w.items(ana.Chat)) {
			said += it.ContentType + it.Content + " "
		}
		if want := center.EventJoined + " " + center.TextPlain + "Welcome! "; said != want {
			t.Fatalf("got %s", said)
		}
	}
}

// A StartChatContact that is repeated to several nodes at once starts one chat.
func TestOneStartOnManyNodes(t *testing.T) {
	w := newWorld(t)
	nodes := []*node{w.node(center.DefaultSettings(), &told{}), w.node(center.DefaultSettings(), &told{})}
	for i := range 20 {
		var mu sync.Mutex
		found := map[center.ContactID]bool{}
		var starting sync.WaitGroup
		for _, n := range append(nodes, nodes...) {
			starting.Go(func() {
				started, err := n.Start(w.ctx, center.StartChat{Instance: instance, Flow: w.flow, DisplayName: "Ana", ClientToken: fmt.Sprint(i)})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				found[started.Contact] = true
			})
		}
		starting.Wait()
		if len(found) != 1 {
			t.Fatalf("%d chats", len(found))
		}
	}
	if n, err := w.store.ActiveStreams(w.ctx, center.KindChat, instance); err != nil || n != 20 {
		t.Errorf("%d chats, %v", n, err)
	}
}

// However many start at once, no more become active than may.
func TestQuotaOnManyNodes(t *testing.T) {
	w := newWorld(t)
	set := center.DefaultSettings()
	set.ActiveChats = 7
	nodes := []*node{w.node(set, &told{}), w.node(set, &told{})}
	var mu sync.Mutex
	var active []center.ContactID
	refusals := 0
	var starting sync.WaitGroup
	for i := range 20 {
		starting.Go(func() {
			started, err := nodes[i%2].Start(w.ctx, center.StartChat{Instance: instance, Flow: w.flow, DisplayName: "Ana"})
			var refused *center.Error
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				active = append(active, started.Contact)
			case errors.As(err, &refused) && refused.Code == center.LimitExceeded:
				refusals++
			default:
				t.Error(err)
			}
		})
	}
	starting.Wait()
	if len(active) != 7 || refusals != 13 {
		t.Fatalf("%d started, %d were refused", len(active), refusals)
	}
	for _, id := range active {
		w.must(nodes[1].Stop(w.ctx, instance, id))
	}
	if held, err := w.store.Claims(w.ctx, center.ClaimSlot, ""); err != nil || len(held) != 0 {
		t.Errorf("still held: %v, %v", held, err)
	}
}

// Whoever gives up waiting for their turn has done nothing, and is in nobody's way.
func TestGivingUpTheTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.node(center.DefaultSettings(), &told{})
		ana, _ := w.start(c, nil)
		busy, free := make(chan struct{}), make(chan struct{})
		var once sync.Once
		c.newID = func() string {
			once.Do(func() { close(busy); <-free })
			return w.newID()
		}
		var waiting sync.WaitGroup
		waiting.Go(func() { w.send(c, ana, "first") })
		<-busy
		ctx, giveUp := context.WithCancel(w.ctx)
		waiting.Go(func() {
			if _, err := c.Send(ctx, ana, center.Message{ContentType: center.TextPlain, Content: "second"}, ""); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
		waiting.Go(func() { w.send(c, ana, "third") })
		synctest.Wait()
		giveUp()
		synctest.Wait()
		close(free)
		waiting.Wait()
		var said []string
		for _, it := range w.items(ana.Chat) {
			if it.Role == center.RoleCustomer && it.Type == center.TypeMessage {
				said = append(said, it.Content)
			}
		}
		if fmt.Sprint(said) != "[first third]" {
			t.Errorf("said %v", said)
		}
	})
}
