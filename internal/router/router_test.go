package router_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/bus"
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/router"
	"github.com/parley-chat/parley/internal/routing"
	"github.com/parley-chat/parley/internal/store/storetest"
)

// inBubble runs a story in fake time, on one node that shares its store with no other.
func inBubble(t *testing.T, story func(t *testing.T, w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "sqlite::memory:")
		defer w.close()
		w.furnish(w.node(bus.NewLocal(), false))
		synctest.Wait()
		story(t, w)
	})
}

func TestAContactIsOfferedAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		jane := w.agent("jane", center.StatusNameAvailable)
		began := time.Now()
		ana := w.customer(w.queues[0], 5)
		synctest.Wait()
		if to := w.offeredTo(ana.Contact); to != jane || time.Since(began) > 0 {
			t.Errorf("after %v it is offered to %q", time.Since(began), to)
		}
		if s := w.at.Router.Stats(); !s.Leads || s.Offers != 1 || s.Waiting != 1 || s.Agents != 1 || s.Renewals != 0 {
			t.Errorf("the figures are %+v", s)
		}
	})
}

func TestAContactIsOfferedWhenAnAgentComes(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		jane := w.agent("jane", center.StatusNameOffline)
		ana := w.customer(w.queues[0], 5)
		synctest.Wait()
		if to := w.offeredTo(ana.Contact); to != "" {
			t.Errorf("it is offered to %s, who is offline", to)
		}
		w.becomes(jane, center.StatusNameAvailable)
		synctest.Wait()
		if to := w.offeredTo(ana.Contact); to != jane {
			t.Errorf("it is offered to %q", to)
		}
	})
}

// A missed contact is offered to the next agent, keeps its place, and goes round.
func TestAMissedContactGoesOn(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		a := w.agent("a", center.StatusNameAvailable)
		time.Sleep(time.Second)
		b := w.agent("b", center.StatusNameAvailable)
		ana := w.customer(w.queues[0], 5)
		synctest.Wait()
		enqueued := w.waiting(ana.Contact).Enqueued
		for i, want := range []center.UserID{a, b} {
			if to := w.offeredTo(ana.Contact); to != want {
				t.Fatalf("offer %d is to %q, want %q", i, to, want)
			}
			time.Sleep(center.OfferWithin)
			synctest.Wait()
		}
		// Each has one of two slots taken by what it missed; the same contact takes the same slot again.
		if r := w.waiting(ana.Contact); r.OfferedTo != a || !r.Enqueued.Equal(enqueued) {
			t.Errorf("then it is offered to %q, enqueued %v", r.OfferedTo, r.Enqueued)
		}
	})
}

func TestARejectedContactGoesToAnother(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		a := w.agent("a", center.StatusNameAvailable)
		ana := w.customer(w.queues[0], 5)
		synctest.Wait()
		w.must(w.at.Agents.Reject(w.ctx, instance, a, ana.Contact))
		synctest.Wait()
		if to := w.offeredTo(ana.Contact); to != a {
			t.Errorf("with no other agent it is offered to %q", to)
		}
		w.must(w.at.Agents.Reject(w.ctx, instance, a, ana.Contact))
		b := w.agent("b", center.StatusNameOffline)
		synctest.Wait()
		w.must(w.at.Agents.Reject(w.ctx, instance, a, ana.Contact))
		w.becomes(b, center.StatusNameAvailable)
		synctest.Wait()
		w.must(w.at.Agents.Reject(w.ctx, instance, w.offeredTo(ana.Contact), ana.Contact))
		synctest.Wait()
		if to := w.offeredTo(ana.Contact); to != b && to != a {
			t.Errorf("it is offered to %q", to)
		}
	})
}

// A contact that every agent's offer is refused for, and an agent to whom every contact's is, hold nobody else up, and are not
// tried without end.
func TestRefusedOffersHoldNothingUp(t *testing.T) {
	for name, of := range map[string]struct {
		contact bool // it is the contact whose offers are refused, else the agent's
	}{"a contact": {true}, "an agent": {false}} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				var first center.ContactID
				var mu sync.Mutex
				broken := true
				a := w.agent("a", center.StatusNameAvailable)
				w.at.refuses = func(k center.ContactID, to center.UserID) error {
					mu.Lock()
					defer mu.Unlock()
					if broken && (of.contact && k == first || !of.contact && to == a) {
						return errors.New("it cannot be decoded")
					}
					return nil
				}
				time.Sleep(time.Second) // a is idle longest
				b := w.agent("b", center.StatusNameAvailable)
				w.becomes(b, center.StatusNameOffline)
				mu.Lock()
				first = w.customer(w.queues[0], 1).Contact
				mu.Unlock()
				second := w.customer(w.queues[0], 5).Contact
				synctest.Wait()
				w.becomes(b, center.StatusNameAvailable)
				time.Sleep(time.Second)
				synctest.Wait()
				want := map[center.ContactID]center.UserID{first: b, second: b}
				if of.contact {
					want = map[center.ContactID]center.UserID{first: "", second: a}
				}
				for k, to := range want {
					if got := w.offeredTo(k); got != to {
						t.Errorf("%s is offered to %q, want %q", k, got, to)
					}
				}
				tried := w.at.Router.Stats()
				if tried.Refused > 6 {
					t.Errorf("after a second: %+v", tried)
				}
				time.Sleep(10 * time.Second)
				synctest.Wait()
				if s := w.at.Router.Stats(); s.Refused == tried.Refused && of.contact || s.Refused-tried.Refused > 12 || s.Passes-tried.Passes > 60 {
					t.Errorf("10 s later: %+v", s)
				}
				mu.Lock()
				broken = false
				mu.Unlock()
				if of.contact {
					time.Sleep(8 * time.Second)
					synctest.Wait()
					if to := w.offeredTo(first); to == "" {
						t.Errorf("once it can be offered, it is not: %+v", w.at.Router.Stats())
					}
					return
				}
				// What changes the agent's row ends the wait.
				w.becomes(a, center.StatusNameOffline)
				w.becomes(a, center.StatusNameAvailable)
				third := w.customer(w.queues[0], 5).Contact
				synctest.Wait()
				if to := w.offeredTo(third); to != a {
					t.Errorf("the third contact is offered to %q", to)
				}
			})
		})
	}
}

// A delay of the routing profile is waited for, and a change of the configuration is noticed at once.
func TestDelayAndConfiguration(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		basic := string(center.BasicRoutingProfileID(instance))
		row := center.ProfileQueue{QueueChannel: center.QueueChannel{Queue: w.queues[1], Channel: center.ChannelChat}, Priority: 1, Delay: 90}
		jane := w.agent("jane", center.StatusNameAvailable)
		ana := w.customer(w.queues[1], 5)
		ben := w.customer(w.queues[1], 5)
		synctest.Wait()
		if to := w.offeredTo(ana.Contact); to != "" {
			t.Fatalf("it is offered to %q, whose profile does not have the queue", to)
		}
		e, err := w.at.Router.Explain(w.ctx, instance, ana.Contact)
		w.must(err)
		if len(e.Agents) != 1 || e.Agents[0].Reason.Code != routing.NotServed {
			t.Errorf("explained as %+v", e)
		}
		w.must(w.at.Catalog.AssociateProfileQueues(w.ctx, instance, basic, []center.ProfileQueue{row}, nil))
		synctest.Wait()
		if next := w.at.Router.Next(); !next.Equal(w.waiting(ana.Contact).Enqueued.Add(90 * time.Second)) {
			t.Errorf("the next pass is at %v", next)
		}
		time.Sleep(89 * time.Second)
		synctest.Wait()
		if to := w.offeredTo(ana.Contact); to != "" {
			t.Fatalf("before the delay it is offered to %q", to)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if to := w.offeredTo(ana.Contact); to != jane {
			t.Errorf("after the delay it is offered to %q", to)
		}
		if to := w.offeredTo(ben.Contact); to != jane {
			t.Errorf("the second one is offered to %q", to)
		}
		if _, err := w.at.Router.Explain(w.ctx, instance, center.ContactID(newID())); err != router.ErrNotWaiting {
			t.Errorf("a contact that is not there is explained: %v", err)
		}
	})
}

// Proficiencies, security profiles and the concurrency are the configuration's too.
func TestAUserChanges(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		jane := w.agent("jane", center.StatusNameAvailable)
		analyst := center.SecurityProfileID(center.SeededID(instance, "security-profile", center.SecurityAnalyst))
		agent := center.SecurityProfileID(center.SeededID(instance, "security-profile", center.SecurityAgent))
		become := func(p center.SecurityProfileID) {
			w.must(catalog.Users.Update(w.ctx, w.at.Catalog, instance, string(jane), 0, func(u *center.User) error {
				u.SecurityProfiles = []center.SecurityProfileID{p}
				return nil
			}))
		}
		become(analyst)
		ana := w.customer(w.queues[0], 5)
		synctest.Wait()
		if to := w.offeredTo(ana.Contact); to != "" {
			t.Fatalf("it is offered to %q, who may not use the CCP", to)
		}
		become(agent)
		synctest.Wait()
		if to := w.offeredTo(ana.Contact); to != jane {
			t.Errorf("it is offered to %q", to)
		}
	})
}

// A node that routes and stands still is replaced within five seconds; one that stops in order, within two.
func TestAnotherNodeTakesOver(t *testing.T) {
	for name, stops := range map[string]bool{"stands still": false, "stops": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, "sqlite::memory:")
				defer w.close()
				takesOver(t, w, stops, true, synctest.Wait)
			})
		})
	}
}

func TestAnotherNodeTakesOverOnPostgreSQL(t *testing.T) {
	w := newWorld(t, storetest.Postgres(t))
	defer w.close()
	takesOver(t, w, false, false, func() { time.Sleep(50 * time.Millisecond) })
}

// takesOver kills or stops the node that routes. That time is exact says that it is a bubble's: in real time a node that stands still
// for a moment may lose the lease, as it should.
func takesOver(t *testing.T, w *world, stops, exact bool, settle func()) {
	// Each node hears only its own news: the other half of what happens is lost.
	first := w.node(bus.NewLocal(), true)
	w.furnish(first)
	for settle(); !first.Router.Stats().Leads; settle() {
		time.Sleep(100 * time.Millisecond)
	}
	second := w.node(bus.NewLocal(), true)
	jane := w.agent("jane", center.StatusNameAvailable)
	ana := w.customer(w.queues[0], 5)
	for settle(); w.offeredTo(ana.Contact) == ""; settle() {
		time.Sleep(100 * time.Millisecond)
	}
	time.Sleep(2500 * time.Millisecond) // the second node asks for the lease meanwhile
	if s := second.Router.Stats(); exact && (s.Leads || s.Offers != 0) {
		t.Fatalf("two nodes route: %+v", s)
	}
	w.at = second
	within := 2 * time.Second
	if stops {
		first.stop()
		<-first.stopped
	} else {
		within = 5 * time.Second
		first.hangs.Store(true)
	}
	if !exact {
		within = time.Minute
	}
	ben := w.customer(w.queues[0], 5)
	if !stops {
		select {
		case <-first.hung:
		case <-time.After(10 * time.Second): // the other node leads already
		}
	}
	began := time.Now()
	for settle(); w.offeredTo(ben.Contact) == ""; settle() {
		if time.Since(began) > within {
			t.Fatalf("the next contact is not offered after %v", time.Since(began))
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Logf("offered after %v", time.Since(began))
	if to := w.offeredTo(ben.Contact); to != jane || exact && second.Router.Stats().Offers != 1 {
		t.Errorf("offered to %q: %+v", to, second.Router.Stats())
	}
}

// Where news is lost, the router finds what has changed by itself.
func TestLostNewsIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "sqlite::memory:")
		defer w.close()
		routes := w.node(bus.NewLocal(), true)
		w.furnish(routes)
		synctest.Wait()
		time.Sleep(time.Second)
		synctest.Wait()
		w.at = w.node(bus.NewLocal(), true) // it does not route, and nothing is heard of it
		jane := w.agent("jane", center.StatusNameAvailable)
		ana := w.customer(w.queues[0], 5)
		time.Sleep(3100 * time.Millisecond)
		synctest.Wait()
		if to := w.offeredTo(ana.Contact); to != jane {
			t.Errorf("it is offered to %q", to)
		}
	})
}
