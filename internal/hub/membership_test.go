package hub_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/bus/bustest"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/hub"
)

const (
	work  = center.StreamID("e0000000-0000-4000-8000-000000000000") // of an agent
	other = center.StreamID("f0000000-0000-4000-8000-000000000000") // a second chat
)

var names = map[center.StreamID]string{work: "work", chat: "chat", other: "other"}

// socket is a socket without a chat of its own, which joins what it is told to.
type socket struct {
	*client
	hub.Memberships

	mu    sync.Mutex
	ended []string
}

func (s *stage) socket(principal string) *socket {
	s.Helper()
	c := s.dialAs("socket=" + principal)
	return &socket{client: c, Memberships: <-s.sockets}
}

// joins a stream whose items are shown with its name in front, and whose last is the one that says "end".
func (c *socket) joins(id center.StreamID, after int64) *hub.Membership {
	m := c.Join(hub.Stream{ID: id, After: after, Show: shown(id), Ended: func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.ended = append(c.ended, names[id])
	}})
	synctest.Wait()
	return m
}

func shown(id center.StreamID) func(*center.Item) ([]byte, bool) {
	return func(it *center.Item) ([]byte, bool) {
		if it.Content == "unseen" {
			return nil, false
		}
		text, err := json.Marshal(map[string]string{"topic": names[id] + " " + it.Content + it.ContentType[len(it.ContentType)-5:]})
		if err != nil {
			panic(err)
		}
		return text, it.Content == "end"
	}
}

// those is what a socket hears of several items of a stream.
func those(id center.StreamID, texts ...string) []string {
	var want []string
	for _, text := range texts {
		want = append(want, names[id]+" "+text+"plain")
	}
	return want
}

func (c *socket) sees(want ...[]string) {
	c.s.Helper()
	c.hears(slices.Concat(want...)...)
}

func (c *socket) hasEnded(want ...string) {
	c.s.Helper()
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Equal(c.ended, want) {
		c.s.Errorf("ended %q, want %q", c.ended, want)
	}
}

func (s *stage) streams(want int) {
	s.Helper()
	synctest.Wait()
	if got := s.hub.Stats().Streams; got != want {
		s.Errorf("%d streams, want %d", got, want)
	}
}

func TestASocketOfSeveralStreams(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		ana, bob := s.join(customer), s.socket("bob")
		bob.joins(work, 0)
		bob.joins(chat, 0)
		s.sayIn(work, agent, "accepted")
		s.say(customer, "hi")
		s.sayIn(work, agent, "busy")
		s.say(agent, "hello")
		s.say(agent, "unseen")
		s.bus.Publish(chat, []center.Item{event(customer, center.EventTyping)})
		bob.sees(those(work, "accepted"), those(chat, "hi"), those(work, "busy"), those(chat, "hello"), []string{"chat yping"})
		ana.hears("hi", "hello", "unseen")
		if st := s.hub.Stats(); st.Sockets != 2 || st.Streams != 2 || st.Delivered != 8 {
			t.Errorf("stats %+v", st)
		}
		bob.conn.CloseNow()
		s.streams(1)
		bob.hasEnded()
	})
}

func TestOneMembershipEndsAndTheOthersGoOn(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		ana, bob := s.join(customer), s.socket("bob")
		for _, id := range []center.StreamID{work, chat, other} {
			bob.joins(id, 0)
		}
		s.sayIn(other, customer, "one")
		items := []center.Item{s.source.commitTo(other, message(customer, "end")), s.source.commitTo(other, message(customer, "behind"))}
		s.bus.Publish(other, items)
		s.sayIn(other, customer, "and later")
		s.sayIn(work, agent, "ended")
		bob.sees(those(other, "one", "end"), those(work, "ended"))
		if n := s.hub.Stats().Delivered; n != 3 {
			t.Errorf("%d delivered", n)
		}
		bob.hasEnded("other")
		s.streams(2)

		// The end of a chat ends the customer's socket, and no other.
		s.happens("", center.EventEnded)
		s.say("", "end")
		ana.leaves(websocket.StatusNormalClosure)
		bob.sees([]string{"chat ended"}, those(chat, "end"))
		bob.hasEnded("other", "chat")
		s.sayIn(work, agent, "cleared")
		bob.sees(those(work, "cleared"))
		s.streams(1)
		if !bob.isOpen() {
			t.Error("closed")
		}
	})
}

func TestAMembershipGetsAllAfterItsCursor(t *testing.T) {
	for name, before := range map[string]func(*stage){
		"a stream that nothing listens to": func(*stage) {},
		"a chat with a participant":        func(s *stage) { s.join(customer) },
	} {
		t.Run(name, func(t *testing.T) {
			story(t, hub.Options{}, func(s *stage) {
				var want []string
				for i := range 350 {
					switch {
					case i == 120 || i == 349:
						s.source.commit(center.Item{Type: center.Marker})
					case i >= 100:
						want = append(want, fmt.Sprint(i))
						fallthrough
					default:
						s.source.commit(message(customer, fmt.Sprint(i)))
					}
				}
				before(s)
				bob := s.socket("bob")
				bob.joins(work, 0)
				s.source.behave(func(src *source) { src.slow = 100 * time.Millisecond })
				bob.joins(chat, 100)
				for i := range 5 { // while it reads, and after it
					time.Sleep(90 * time.Millisecond)
					text := fmt.Sprint("news ", i)
					s.say(customer, text)
					want = append(want, text)
					s.sayIn(work, agent, "all the while")
				}
				time.Sleep(time.Second)
				var chats, works []string
				for _, line := range bob.news() {
					if strings.HasPrefix(line, "chat ") {
						chats = append(chats, line)
					} else {
						works = append(works, line)
					}
				}
				if want := those(chat, want...); !slices.Equal(chats, want) {
					t.Errorf("heard %q, want %q", chats, want)
				}
				if len(works) != 5 {
					t.Errorf("beside it heard %q", works)
				}
				s.say(customer, "last")
				bob.sees(those(chat, "last"))
			})
		})
	}
}

// A client may come from a node that has heard more than this one.
func TestACursorAheadOfTheRoom(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		ana, bob := s.join(customer), s.socket("bob")
		for _, text := range []string{"one", "two", "three"} {
			s.source.commit(message(agent, text)) // lost by the bus
		}
		bob.joins(chat, 2)
		ana.hears("one", "two", "three")
		bob.sees(those(chat, "three"))
		s.say(agent, "four")
		bob.sees(those(chat, "four"))
		bob.hasEnded()
	})
}

// A client's cursor may be older than a restore from a backup, or made up.
func TestACursorThatCannotBe(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		bob := s.socket("bob")
		s.say(customer, "one")
		bob.joins(chat, 2)
		bob.hasEnded("chat")
		s.streams(0)

		bob.joins(chat, 1)
		s.source.behave(func(src *source) { src.fail = 3 })
		bob.joins(chat, 1<<62)
		s.say(customer, "two")
		bob.sees(those(chat, "two"))
		bob.hasEnded("chat")
		time.Sleep(time.Second) // the store is asked until it answers
		bob.hasEnded("chat", "chat")
		s.say(customer, "three")
		bob.sees(those(chat, "three"))
		s.streams(1)

		bob.joins(work, -7)
		s.sayIn(work, agent, "free")
		bob.joins(work, -1)
		bob.sees(those(work, "free", "free"))
	})
}

func TestAMembershipIsReadFromAStoreThatFails(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		s.join(customer)
		s.say(customer, "one")
		s.say(customer, "two")
		bob := s.socket("bob")
		s.source.behave(func(src *source) { src.fail = 3 })
		bob.joins(chat, 0)
		bob.sees()
		time.Sleep(time.Second)
		bob.sees(those(chat, "one", "two"))

		// Nothing is shown behind a hole, at the beginning of what is read or within.
		s.say(customer, "three")
		texts := []string{"one", "two", "three"}
		for missing := range 2 {
			cyd := s.socket("cyd")
			var all []center.Item
			s.source.behave(func(src *source) {
				all = slices.Clone(src.items[chat])
				src.items[chat] = slices.Delete(src.items[chat], missing, missing+1)
			})
			cyd.joins(chat, 0)
			time.Sleep(time.Minute)
			cyd.sees(those(chat, texts[:missing]...))
			s.source.behave(func(src *source) { src.items[chat] = all })
			time.Sleep(3 * time.Second)
			cyd.sees(those(chat, texts[missing:]...))
		}
	})
}

func TestLimitsArePerPrincipal(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		s.limit = 2
		ana, again := s.join(customer), s.join(customer)
		bob, cyd := s.socket("bob"), s.socket("cyd")
		second := s.socket("bob")
		for _, c := range []*socket{bob, cyd, second} {
			c.joins(work, 0)
		}
		s.streams(2)
		third := s.socket("bob")
		bob.leaves(websocket.StatusGoingAway)
		third.joins(work, 0)
		s.sayIn(work, agent, "hi")
		for _, c := range []*socket{cyd, second, third} {
			c.sees(those(work, "hi"))
		}
		if !ana.isOpen() || !again.isOpen() || s.hub.Stats().Sockets != 5 {
			t.Errorf("stats %+v", s.hub.Stats())
		}
	})
}

func TestWhatTheBusLosesIsRepairedForEachMembership(t *testing.T) {
	story(t, hub.Options{Remote: true}, func(s *stage) {
		bob := s.socket("bob")
		bob.joins(work, 0)
		bob.joins(chat, 0)
		s.source.commitTo(work, message(agent, "lost"))
		s.source.commit(message(customer, "lost"))
		s.say(customer, "next") // shows the gap
		bob.sees(those(chat, "lost", "next"))
		time.Sleep(2 * time.Second) // the comparison
		bob.sees(those(work, "lost"))
	})
}

func TestLeaving(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		ana, bob := s.join(customer), s.socket("bob")
		ofWork, ofChat := bob.joins(work, 0), bob.joins(chat, 0)
		s.streams(2)
		ofChat.Leave()
		s.say(customer, "hi")
		s.sayIn(work, agent, "free")
		bob.sees(those(work, "free"))
		ana.hears("hi")
		s.streams(2)
		ofWork.Leave()
		ofWork.Leave()
		s.streams(1)
		s.sayIn(work, agent, "busy")
		bob.sees()

		// It may come back where it was.
		bob.joins(chat, 0)
		bob.joins(work, 1)
		bob.sees(those(chat, "hi"), those(work, "busy"))
		bob.hasEnded()
	})
}

func TestLeavingWhileTheStoreIsSlow(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		s.join(customer)
		s.say(customer, "hi")
		bob := s.socket("bob")
		s.source.behave(func(src *source) { src.slow = time.Second })
		opening, behind := bob.joins(work, 0), bob.joins(chat, 0)
		s.streams(2)
		opening.Leave()
		behind.Leave()
		s.streams(1)
		time.Sleep(time.Minute)
		catchingUp(t, 0)
		s.say(customer, "still there?")
		bob.sees()
		bob.joins(chat, 1)
		bob.joins(work, 0)
		time.Sleep(time.Minute)
		s.sayIn(work, agent, "free")
		bob.sees(those(chat, "still there?"), those(work, "free"))
	})
}

// Streams are joined and left because of what other streams show, so Show may do it.
func TestJoiningAndLeavingFromWithinShow(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		bob := s.socket("bob")
		s.say(customer, "hi")
		var ofChat, ofWork *hub.Membership
		ofWork = bob.Join(hub.Stream{ID: work, Show: func(it *center.Item) ([]byte, bool) {
			switch it.Content {
			case "accepted":
				ofChat = bob.Join(hub.Stream{ID: chat, Show: shown(chat)})
			case "cleared":
				ofChat.Leave()
			case "signed out":
				ofWork.Leave()
			}
			return shown(work)(it)
		}})
		synctest.Wait()
		s.sayIn(work, agent, "accepted")
		s.say(customer, "well?")
		bob.sees(those(work, "accepted"), those(chat, "hi", "well?"))
		s.sayIn(work, agent, "cleared")
		s.say(customer, "unheard")
		bob.sees(those(work, "cleared"))
		s.streams(1)
		s.sayIn(work, agent, "signed out")
		s.sayIn(work, agent, "unheard")
		bob.sees() // whoever leaves is not shown why
		s.streams(0)
	})
}

func TestJoiningAfterTheSocketHasEnded(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		bob := s.socket("bob")
		before := bob.joins(work, 0)
		bob.conn.CloseNow()
		s.streams(0)
		before.Leave()
		bob.joins(chat, 0).Leave()
		s.streams(0)
		bob.hasEnded()
	})
}

func TestASocketWithoutAChatHasNoneToSubscribeTo(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		bob := s.socket("bob")
		bob.send(subscribe)
		bob.send(`{"topic":"aws/heartbeat"}`)
		bob.hears("failure[aws/chat]", "heartbeat")
		s.streams(0)
		if those := s.source.those(); len(those) != 0 {
			t.Errorf("connected: %v", those)
		}
	})
}

func TestAnErasedStreamEndsItsMembershipsAlone(t *testing.T) {
	story(t, hub.Options{Remote: true}, func(s *stage) {
		s.say(customer, "hi")
		ana, bob := s.join(customer), s.socket("bob")
		bob.joins(work, 0)
		bob.joins(chat, 1)
		s.source.behave(func(src *source) { src.erased = []center.StreamID{chat} })
		time.Sleep(2 * time.Second)
		ana.leaves(websocket.StatusGoingAway)
		bob.hasEnded("chat")
		s.streams(1)
		s.sayIn(work, agent, "free")
		bob.sees(those(work, "free"))
	})
}

func TestAnErasedStreamIsSeenByAMembershipThatCatchesUp(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		s.say(customer, "hi")
		ana, bob := s.join(customer), s.socket("bob")
		bob.joins(work, 0)
		bob.joins(chat, 1)
		s.source.behave(func(src *source) { src.items[chat] = nil }) // lost, but the stream is there
		bob.joins(chat, 0)
		time.Sleep(time.Minute)
		bob.hasEnded()
		catchingUp(t, 1)
		s.source.behave(func(src *source) { src.erased = []center.StreamID{chat} })
		time.Sleep(2 * time.Second)
		bob.hasEnded("chat", "chat")
		catchingUp(t, 0)
		ana.leaves(websocket.StatusGoingAway)
		s.streams(1)
		s.sayIn(work, agent, "free")
		bob.sees(those(work, "free"))
	})
}

// What a participant's socket catches up on waits with its other items for the answer to the subscription.
func TestCatchingUpWaitsForTheSubscription(t *testing.T) {
	for name, size := range map[string]int{"many": 1, "long": 100} {
		t.Run(name, func(t *testing.T) {
			story(t, hub.Options{Queue: 16 * size, QueueBytes: 16000}, func(s *stage) {
				var want []string
				for i := range 30 {
					want = append(want, fmt.Sprintf("%0*d", 10*size, i))
					s.source.commitTo(work, message(agent, want[i]))
				}
				s.source.behave(func(src *source) { src.refuse = errors.New("the disk is full") })
				ana := &socket{client: s.dialAs("joins&p=" + string(customer)), Memberships: <-s.sockets}
				ana.send(subscribe)
				synctest.Wait()
				ana.joins(work, 0)
				time.Sleep(time.Second)
				ana.hears()
				s.source.behave(func(src *source) { src.refuse = nil })
				time.Sleep(3 * time.Second)
				ana.sees([]string{"subscribed"}, those(work, want...))
				if !ana.isOpen() {
					t.Error("closed")
				}
			})
		})
	}
}

func TestASlowReaderOfSeveralStreamsLeaves(t *testing.T) {
	story(t, hub.Options{Queue: 256}, func(s *stage) {
		s.rudeAs("socket=bob")
		bob := &socket{Memberships: <-s.sockets}
		bob.joins(work, 0)
		bob.joins(chat, 0)
		s.streams(2)
		text := strings.Repeat("x", 8000)
		for range 200 { // neither is too much alone
			s.sayIn(work, agent, text)
			s.say(customer, text)
		}
		if st := s.hub.Stats(); st.SlowClosed != 1 || st.Queued > 2 {
			t.Errorf("stats %+v", st)
		}
		time.Sleep(10 * time.Second) // the write's timeout
		s.streams(0)
		if n := s.hub.Stats().Sockets; n != 0 {
			t.Errorf("%d sockets", n)
		}
	})
}

// Who catches up is not slow: the store is read no faster than the client reads.
func TestCatchingUpWaitsForTheClient(t *testing.T) {
	story(t, hub.Options{Queue: 16}, func(s *stage) {
		var want []string
		for i := range 500 {
			want = append(want, fmt.Sprint(i))
			s.source.commit(message(customer, fmt.Sprint(i)))
			s.source.commitTo(work, message(agent, fmt.Sprint(i)))
		}
		bob := s.socket("bob")
		bob.Join(hub.Stream{ID: work, Show: shown(work)})
		bob.joins(chat, 0)
		heard := bob.news()
		for _, id := range []center.StreamID{work, chat} {
			of := slices.DeleteFunc(slices.Clone(heard), func(line string) bool { return !strings.HasPrefix(line, names[id]) })
			if !slices.Equal(of, those(id, want...)) {
				t.Errorf("heard of %s: %q", names[id], of)
			}
		}

		rude := s.rudeAs("socket=cyd") // never reads
		cyd := &socket{Memberships: <-s.sockets}
		long := strings.Repeat("x", 8000)
		for range 100 {
			s.say(customer, long)
			bob.news()
		}
		cyd.joins(chat, 0)
		if st := s.hub.Stats(); st.SlowClosed != 0 || st.Queued > 9 || st.Sockets != 2 {
			t.Errorf("stats %+v", st)
		}
		catchingUp(t, 1)
		time.Sleep(10 * time.Second) // the write's timeout
		synctest.Wait()
		if n := s.hub.Stats().Sockets; n != 1 {
			t.Errorf("%d sockets", n)
		}
		catchingUp(t, 0)
		rude.c.Close()
	})
}

// catchingUp counts the goroutines that read the store for a membership.
func catchingUp(t *testing.T, want int) {
	t.Helper()
	all := make([]byte, 1<<20)
	n := runtime.Stack(all, true)
	if n == len(all) {
		t.Fatal("more stacks than fit")
	}
	all = all[:n]
	if got := strings.Count(string(all), "hub.(*room).catchUp("); got != want {
		t.Errorf("%d memberships are catching up, want %d", got, want)
	}
}

func TestNothingIsReadForASocketThatCloses(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		for range 1000 {
			s.source.commit(message(customer, "hi"))
		}
		s.join(customer)
		r := s.rudeAs("socket=bob")
		bob := &socket{Memberships: <-s.sockets}
		s.source.behave(func(src *source) { src.slow = 100 * time.Millisecond })
		bob.joins(chat, 0)
		time.Sleep(150 * time.Millisecond)
		s.hub.SendAway(context.Background(), 0) // its client does not answer
		time.Sleep(time.Second)
		s.source.behave(func(src *source) {
			if src.pages != 2 {
				t.Errorf("%d pages read", src.pages)
			}
		})
		r.c.Close()
	})
}

func TestTheHubClosesWhileMembershipsCatchUp(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		s.join(customer)
		s.say(customer, "hi")
		bob := s.socket("bob")
		s.source.behave(func(src *source) { src.slow = time.Hour })
		bob.joins(chat, 0)
		bob.joins(work, 0)
		start := time.Now()
		if err := s.hub.Close(context.Background(), 0); err != nil || time.Since(start) > time.Second {
			t.Errorf("close: %v after %v", err, time.Since(start))
		}
		bob.leaves(websocket.StatusGoingAway)
	})
}

// TestEveryStreamOnceAndInOrder lets a socket join and leave streams, each time with the cursor that its client has come
// to, while another node publishes over a bus that does its worst.
func TestEveryStreamOnceAndInOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		faults := bustest.Faults{
			Drop:     rapid.Float64Range(0, 1).Draw(rt, "drop"),
			Double:   rapid.Float64Range(0, 1).Draw(rt, "double"),
			Delay:    rapid.Float64Range(0, 1).Draw(rt, "delay"),
			MaxDelay: time.Duration(rapid.IntRange(1, 5000).Draw(rt, "max delay")) * time.Millisecond,
		}
		seed := rapid.Uint64().Draw(rt, "seed")
		fail := rapid.IntRange(0, 5).Draw(rt, "store failures")
		slow := rapid.IntRange(0, 300).Draw(rt, "the store's time")
		type step struct{ Stream, Items, Pause, Move int }
		steps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
			return step{rapid.IntRange(0, 2).Draw(t, "stream"), rapid.IntRange(0, 120).Draw(t, "items"),
				rapid.IntRange(0, 3000).Draw(t, "pause"), rapid.IntRange(0, 2).Draw(t, "move")}
		}), 1, 30).Draw(rt, "steps")

		synctest.Test(t, func(t *testing.T) {
			network := bustest.New(seed, faults)
			there, here := network.Node(), network.Node()
			s := newStage(t, hub.Options{Bus: here, Remote: true})
			bob := s.socket("bob")
			s.source.behave(func(src *source) { src.fail, src.slow = fail, time.Duration(slow)*time.Millisecond })
			all := []center.StreamID{work, chat, other}
			said, heard := make(map[center.StreamID][]string), make(map[center.StreamID][]string)
			joined := make(map[center.StreamID]*hub.Membership)
			hear := func() {
				for _, line := range bob.news() {
					for _, id := range all {
						if strings.HasPrefix(line, names[id]+" ") {
							heard[id] = append(heard[id], line)
						}
					}
				}
			}
			move := func(id center.StreamID) {
				if m := joined[id]; m != nil {
					m.Leave()
					delete(joined, id)
					return
				}
				hear()
				joined[id] = bob.joins(id, int64(len(heard[id])))
			}
			for _, step := range steps {
				id := all[step.Stream]
				if step.Move == 0 {
					move(id)
				}
				var items []center.Item
				for range step.Items {
					text := fmt.Sprint(len(said[id]))
					said[id] = append(said[id], those(id, text)...)
					items = append(items, s.source.commitTo(id, message(agent, text)))
				}
				there.Publish(id, items)
				if step.Move == 1 {
					move(id)
				}
				time.Sleep(time.Duration(step.Pause) * time.Millisecond)
			}
			for _, id := range all {
				if joined[id] == nil {
					move(id)
				}
			}
			time.Sleep(30 * time.Second)
			hear()
			for _, id := range all {
				if !slices.Equal(heard[id], said[id]) {
					rt.Errorf("heard of %s %q, want %q", names[id], heard[id], said[id])
				}
			}
			network.Close()
			s.close()
		})
	})
}

// A participant's socket shows no notes, whoever the participant is and whomever a note is for, also not to one that catches up; a
// socket that joins the chat may.
func TestNotesReachNoParticipant(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		ana, bob := s.join(customer), s.socket("bob")
		bob.joins(chat, 0)
		for _, to := range []center.Audience{center.ToEverybody, center.ToAgents, center.ToCustomer, center.Audience(customer)} {
			note := message(agent, "note for "+string(to))
			note.Type, note.To, note.InTranscript = center.TypeNote, to, false
			s.bus.Publish(chat, []center.Item{s.source.commitTo(chat, note)})
		}
		s.say(customer, "hi")
		ana.hears("hi")
		bob.sees(those(chat, "note for ", "note for agents", "note for customer", "note for "+string(customer), "hi"))
		late := s.join(agent)
		s.say(customer, "again")
		late.hears("again")
	})
}
