package parleytest_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/parleytest"
)

func hasty(o *parleytest.Options) { o.Patience = 50 * time.Millisecond }

// What waits while contact time stands still would wait for ever: it says what to do, and does not take a minute for it.
func TestWaitingForATimerSaysSo(t *testing.T) {
	for want, test := range map[string]func(*parleytest.Server){
		"Customer heard no further message: nothing happened; contact time stands still, and the next timer is in 1h: call Advance": func(s *parleytest.Server) {
			ada := s.Start("")
			ada.Hears(greeting)
			ada.Hear()
		},
		"the chat of Customer has not ended: nothing happened; contact time stands still, and the next timer is in 59m30s: call Advance": func(s *parleytest.Server) {
			ada := s.Start("")
			ada.Hears(greeting)
			s.Advance(30 * time.Second)
			ada.Ends()
		},
		"agent jane never was offered a contact: nothing happened": func(s *parleytest.Server) {
			s.Start("").Hears(greeting)
			s.Agent("jane", s.CreateQueue("Support")).Accepts()
		},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			f := &failing{TB: t}
			began := time.Now()
			said := f.run(func() { test(parleytest.New(f, hasty)) })
			if !strings.Contains(said, want) || !strings.HasSuffix(said, ": call Advance") && !strings.Contains(said, ": call Advance;") {
				t.Errorf("said %q", said)
			}
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// A message that the code under test has someone say a little later is waited for all the same.
func TestWaitingForTheCodeUnderTest(t *testing.T) {
	t.Parallel()
	s := parleytest.New(t)
	ada := s.Start("")
	bob := s.Invite(ada.ContactID(), "Bob", nil)
	ada.Hears(greeting)
	go func() {
		time.Sleep(300 * time.Millisecond)
		_, _ = bob.Send(context.Background(), "Here I am") // Ada says whether it came
	}()
	ada.Hears("Here I am")
}

// In a bubble time passes by itself, and there is nothing to call.
func TestWaitingInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &failing{TB: t}
		said := f.run(func() {
			ada := parleytest.New(f).Start("")
			ada.Hears(greeting)
			ada.Hear()
		})
		if want := "nothing happened; the next timer is in 59m"; !strings.Contains(said, want) || strings.Contains(said, "Advance") {
			t.Errorf("said %q", said)
		}
	})
}

// A failure says which error branches the flow has taken, and why; or why it was not published.
func TestFailuresSayWhichErrorBranchesWereTaken(t *testing.T) {
	failed := func(o *parleytest.Options) {
		o.Functions = map[string]parleytest.Function{"order-status": func(context.Context, json.RawMessage) (any, error) {
			return nil, errors.New("no such order: 4711")
		}}
	}
	for name, test := range map[string]struct {
		options []func(*parleytest.Options)
		flow    string
		want    []string
	}{
		"a function that fails": {[]func(*parleytest.Options){hasty, failed}, statusFlow, []string{
			`Customer heard "We cannot say right now." from SYSTEM_MESSAGE, not "Your order is on its way."`,
			"\n  the flow took NoMatchingError at \"Ask\" (InvokeLambdaFunction): ",
		}},
		"no function": {[]func(*parleytest.Options){hasty}, statusFlow, []string{"order-status is not associated with the instance"}}, // it is not published
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &failing{TB: t}
			said := f.run(func() {
				s := parleytest.New(f, test.options...)
				s.Start(s.CreateFlow("flow", test.flow)).Hears("Your order is on its way.")
			})
			for _, want := range test.want {
				if !strings.Contains(said, want) {
					t.Errorf("it does not say %q:\n%s", want, said)
				}
			}
			if strings.Contains(said, "4711") {
				t.Errorf("it tells what the function said:\n%s", said)
			}
		})
	}
}
