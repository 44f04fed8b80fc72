package hub_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/bus/bustest"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/hub"
)

// TestEveryItemOnceAndInOrder publishes on one node and listens on another, over a bus that does its worst.
func TestEveryItemOnceAndInOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		faults := bustest.Faults{
			Drop:     rapid.Float64Range(0, 1).Draw(rt, "drop"),
			Double:   rapid.Float64Range(0, 1).Draw(rt, "double"),
			Delay:    rapid.Float64Range(0, 1).Draw(rt, "delay"),
			MaxDelay: time.Duration(rapid.IntRange(1, 5000).Draw(rt, "max delay")) * time.Millisecond,
		}
		seed := rapid.Uint64().Draw(rt, "seed")
		fail := rapid.IntRange(0, 5).Draw(rt, "store failures")
		before := rapid.IntRange(0, 5).Draw(rt, "items before")
		pauses := rapid.SliceOfN(rapid.IntRange(0, 3000), 1, 40).Draw(rt, "pauses")
		batch := rapid.IntRange(1, 3).Draw(rt, "batch")

		var got, want []string
		synctest.Test(t, func(t *testing.T) {
			network := bustest.New(seed, faults)
			there, here := network.Node(), network.Node()
			s := newStage(t, hub.Options{Bus: here, Remote: true})
			for i := range before {
				s.source.commit(message(agent, fmt.Sprint("before ", i)))
			}
			ana := s.join(customer)
			s.source.behave(func(src *source) { src.fail = fail })
			n := 0
			for _, pause := range pauses {
				var items []center.Item
				for range batch {
					text := fmt.Sprint(n)
					n++
					items = append(items, s.source.commit(message(agent, text)))
					want = append(want, text)
				}
				there.Publish(chat, items)
				time.Sleep(time.Duration(pause) * time.Millisecond)
			}
			time.Sleep(20 * time.Second) // the last may be lost, and the store may still fail for some comparisons
			got = ana.news()
			network.Close()
			s.close()
		})
		if !slices.Equal(got, want) {
			rt.Fatalf("heard %q, want %q", got, want)
		}
	})
}

func TestALostLastItemIsFoundByComparing(t *testing.T) {
	story(t, hub.Options{Remote: true}, func(s *stage) {
		ana := s.join(customer)
		s.source.commit(message(agent, "lost"))
		time.Sleep(1999 * time.Millisecond)
		ana.hears()
		time.Sleep(time.Millisecond)
		ana.hears("lost")

		s.source.commit(message(agent, "lost while the bus was away"))
		s.hub.Resync() // it is back
		ana.hears("lost while the bus was away")
		if st := s.hub.Stats(); st.Repaired != 2 {
			t.Errorf("stats %+v", st)
		}

		s.source.behave(func(src *source) { src.fail = 1 }) // one comparison fails, the next does not
		s.source.commit(message(agent, "late"))
		time.Sleep(4 * time.Second)
		ana.hears("late")
	})
}

func TestSocketsOfAnErasedChatAreSentAway(t *testing.T) {
	story(t, hub.Options{Remote: true}, func(s *stage) {
		ana, bob := s.join(customer), s.join(agent)
		s.say(customer, "hi")
		s.source.behave(func(src *source) { src.erased = []center.StreamID{chat} })
		time.Sleep(2 * time.Second)
		ana.hears("hi")
		bob.hears("hi")
		ana.leaves(websocket.StatusGoingAway)
		bob.leaves(websocket.StatusGoingAway)
	})
}

func TestNobodyAsksTheStoreWithoutListeners(t *testing.T) {
	for _, remote := range []bool{true, false} {
		story(t, hub.Options{Remote: remote}, func(s *stage) {
			ana := s.join(customer)
			for range 6 {
				time.Sleep(10 * time.Second)
				ana.send(`{"topic":"aws/heartbeat"}`)
			}
			time.Sleep(time.Second)
			synctest.Wait()
			s.source.mu.Lock()
			asked := s.source.asked
			s.source.asked = 0
			s.source.mu.Unlock()
			if want := map[bool]int{true: 31, false: 1}[remote]; asked != want {
				t.Errorf("remote %v: asked %d times in a minute, want %d", remote, asked, want)
			}
			ana.conn.Close(1000, "")
			time.Sleep(time.Hour)
			s.source.mu.Lock()
			defer s.source.mu.Unlock()
			if s.source.asked != 0 {
				t.Errorf("remote %v: asked %d times for nobody", remote, s.source.asked)
			}
		})
	}
}

// What the store has lost is not skipped on a socket: it shows nothing behind the hole.
func TestAHoleInTheStoreIsNotSkipped(t *testing.T) {
	for _, missing := range []int{0, 1} { // at the beginning of what is read, and within
		story(t, hub.Options{}, func(s *stage) {
			ana := s.join(customer)
			for _, text := range []string{"one", "two", "three"} {
				s.source.commit(message(agent, text))
			}
			var all []center.Item
			s.source.behave(func(src *source) {
				all = slices.Clone(src.items[chat])
				src.items[chat] = slices.Delete(src.items[chat], missing, missing+1)
			})
			s.bus.Publish(chat, all[2:])
			time.Sleep(2 * time.Minute)
			ana.hears([]string{"one"}[:missing]...)
			s.source.behave(func(src *source) { src.items[chat] = all })
			time.Sleep(3 * time.Second)
			ana.hears([]string{"one", "two", "three"}[missing:]...)
		})
	}
}

func TestALongGapIsReadInPages(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		ana := s.join(customer)
		var want []string
		for i := range 250 {
			want = append(want, fmt.Sprint(i))
			s.source.commit(message(agent, fmt.Sprint(i)))
		}
		s.say(agent, "news")
		ana.hears(append(want, "news")...)
	})
}

func TestAGoneSourceEndsWithTheHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, hub.Options{Remote: true})
		ana := s.join(customer)
		s.source.behave(func(src *source) { src.slow = time.Hour })
		s.source.commit(message(agent, "lost"))
		s.say(agent, "next")
		synctest.Wait()
		start := time.Now()
		if err := s.hub.Close(context.Background(), 0); err != nil || time.Since(start) > time.Second {
			t.Errorf("close: %v after %v", err, time.Since(start))
		}
		ana.leaves(1001)
		s.server.Close()
	})
}
