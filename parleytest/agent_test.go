package parleytest_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/parleytest"
)

func TestAPersonAnswers(t *testing.T) {
	bothTimes(t, func(t *testing.T) {
		s := parleytest.New(t)
		queue := s.CreateQueue("Support")
		jane := s.Agent("agent-1", queue)
		ada := s.Start(s.CreateQueueFlow(queue))
		contact := jane.Accepts()
		if contact != ada.ContactID() {
			t.Errorf("accepted %s, Ada is in %s", contact, ada.ContactID())
		}
		jane.Says("How can I help?")
		ada.Hears("How can I help?")
		ada.Say("I am locked out")
		jane.Hears("I am locked out")
		jane.Completes()
		ada.Ends()
		if left := jane.Snapshot().Contacts; len(left) > 0 {
			s.Settle()
			if left = jane.Snapshot().Contacts; len(left) > 0 {
				t.Errorf("the agent has %+v", left)
			}
		}
	})
}

// An offer that one agent misses or rejects goes to another, and the customer keeps the place in the queue.
func TestOffersGoOn(t *testing.T) {
	bothTimes(t, func(t *testing.T) {
		s := parleytest.New(t)
		queue := s.CreateQueue("Support")
		jane := s.Agent("agent-1", queue)
		ada := s.Start(s.CreateQueueFlow(queue))
		jane.Misses()
		first := jane.Offered()
		john := s.Agent("agent-2", queue)
		jane.Rejects()
		if second := john.Accepts(); second != first || second != ada.ContactID() {
			t.Errorf("offered %s, then %s", first, second)
		}
		john.Says("Here I am")
		ada.Hears("Here I am")
		ada.Leave()
		john.Ends()
		john.Completes()
	})
}

func TestTransfers(t *testing.T) {
	bothTimes(t, func(t *testing.T) {
		s := parleytest.New(t)
		support, billing := s.CreateQueue("Support"), s.CreateQueue("Billing")
		s.CreateQuickConnect("To billing", support, billing)
		jane, john := s.Agent("agent-1", support), s.Agent("John", billing)
		s.CreateQuickConnect("To Jane", billing, "agent-1")
		ada := s.Start(s.CreateQueueFlow(support))
		jane.Accepts()
		jane.TransfersTo("To billing")
		jane.Completes()
		john.Accepts()
		john.Says("Billing, hello")
		ada.Hears("You are being transferred to another team.")
		ada.Hears("Billing, hello")
		john.TransfersTo("To Jane")
		john.Completes()
		jane.Accepts()
		ada.Leave()
		jane.Ends()
		jane.Completes()
	})
}

// An agent has several contacts at once, and hears each by itself.
func TestTwoContactsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := parleytest.New(t)
		queue := s.CreateQueue("Support")
		flow := s.CreateQueueFlow(queue)
		jane := s.Agent("agent-1", queue)
		ada := s.Start(flow)
		first := jane.Accepts()
		ada.Say("I am Ada")
		bea := s.Start(flow)
		second := jane.Accepts()
		bea.Say("I am Bea")
		jane.In(first).Hears("I am Ada")
		jane.In(second).Hears("I am Bea")
		jane.In(first).Completes()
		ada.Ends()
		jane.In(second).Says("only you")
		bea.Hears("only you")
	})
}

// Users whom the code under test has made sign in with their own passwords.
func TestSignIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := parleytest.New(t)
		jane := s.SignIn("agent-2", "Parley-dev-1")
		if jane.Snapshot().State.Name != "Offline" || jane.UserID() == "" || jane.InstanceID() != s.InstanceID {
			t.Errorf("%s of %s began as %+v", jane.UserID(), jane.InstanceID(), jane.Snapshot())
		}
		s.Advance(time.Second)
		if is := jane.Snapshot().State; is.Name != "Available" || is.Type != "routable" {
			t.Errorf("is %+v", is)
		}
		if err := jane.SignOut(t.Context()); err != nil {
			t.Fatal(err)
		}
		again, err := s.Client().JoinAgent(t.Context(), "agent-2", "Parley-dev-1")
		if err != nil {
			t.Fatal(err)
		}
		defer again.Close()
		if is := again.Snapshot().State; is.Name != "Offline" {
			t.Errorf("after signing out the agent is %+v", is)
		}
	})
}

func TestAgentFailuresSayWhy(t *testing.T) {
	for want, test := range map[string]func(*parleytest.Server){
		"agent agent-1 never was offered a contact: nothing happened; the agent is Available": func(s *parleytest.Server) { s.Agent("agent-1").Accepts() },
		"agent agent-1: parley: JoinAgent: UnauthorizedException":                             func(s *parleytest.Server) { s.SignIn("agent-1", "wrong") },
		`agent agent-1 has no quick connect "Nowhere"`:                                        func(s *parleytest.Server) { s.Agent("agent-1").TransfersTo("Nowhere") },
		"agent agent-1 is Nowhere: parley: SetState: ResourceNotFoundException":               func(s *parleytest.Server) { s.Agent("agent-1").Is("Nowhere") },
		"agent agent-1 has no contact c":                                                      func(s *parleytest.Server) { s.Agent("agent-1").In("c") },
		`agent agent-1 heard "hello" from Customer, not "bye"`: func(s *parleytest.Server) {
			queue := s.CreateQueue("Support")
			jane, ada := s.Agent("agent-1", queue), s.Start(s.CreateQueueFlow(queue))
			jane.Accepts()
			ada.Say("hello")
			jane.Hears("bye")
		},
	} {
		t.Run(want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &failing{TB: t}
				if said := f.run(func() { test(parleytest.New(f)) }); !strings.Contains(said, want) {
					t.Errorf("said %q", said)
				}
			})
		})
	}
}

// The idle hours of an agent cost a test nothing: the session is begun anew after twelve.
func TestAnAgentStaysForDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := parleytest.New(t)
		queue := s.CreateQueue("Support")
		jane := s.Agent("agent-1", queue)
		s.Advance(30 * time.Hour)
		ada := s.Start(s.CreateQueueFlow(queue))
		jane.Accepts()
		jane.Says("still here")
		ada.Hears("still here")
		if err := jane.Err(); err != nil {
			t.Error(err)
		}
	})
}
