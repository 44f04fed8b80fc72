package parleytest_test

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/parley-chat/parley"
	"github.com/parley-chat/parley/parleytest"
)

const greeting = "Hello! You are talking to parley. Say something; a second participant can join and answer."

// bothTimes runs a test in real time and in a bubble.
func bothTimes(t *testing.T, test func(*testing.T)) {
	t.Run("in real time", test)
	t.Run("in a bubble", func(t *testing.T) { synctest.Test(t, test) })
}

func TestAChatWithABot(t *testing.T) {
	bothTimes(t, func(t *testing.T) {
		s := parleytest.New(t)
		ada := s.Start("", func(b *parley.StartChatContactBuilder) {
			b.ParticipantDetails(types.ParticipantDetails{DisplayName: aws.String("Ada")}).Attribute("tier", "gold")
		})
		ada.Hears(greeting)
		s.Invite(ada.ContactID(), "Echo", func(m parley.Message) string { return strings.ToUpper(m.Content) })
		ada.Say("hello")
		ada.Hears("HELLO")
		s.Advance(59 * time.Minute)
		if ada.Err() != nil {
			t.Fatal(ada.Err())
		}
		s.Advance(2 * time.Minute)
		ada.Hears("It has been quiet for an hour, so this chat ends here. Goodbye!")
		ada.Ends()
	})
}

// After Settle everything has happened: also what bots answer to bots' answers.
func TestSettle(t *testing.T) {
	bothTimes(t, func(t *testing.T) {
		s := parleytest.New(t)
		ada := s.Start("")
		left := 20
		s.Invite(ada.ContactID(), "Countdown", func(m parley.Message) string {
			if left--; left < 0 {
				return ""
			}
			return fmt.Sprint(left)
		})
		for range 3 {
			ada.Say("next")
		}
		s.Settle()
		if left != 17 {
			t.Errorf("the bot has answered %d of 3", 20-left)
		}
		if n := ada.Happened(); n != 9 { // joined, greeting, bot joined, and six messages
			t.Errorf("%d events", n)
		}
	})
}

func TestTwoParticipants(t *testing.T) {
	bothTimes(t, func(t *testing.T) {
		s := parleytest.New(t)
		ada := s.Start("")
		bob := s.Invite(ada.ContactID(), "Bob", nil)
		bob.Hears(greeting) // who speaks for themselves sees what was before
		ada.Hears(greeting)
		bob.Say("May I help?")
		ada.Hears("May I help?")
		bob.Leave()
		bob.Ends()
		ada.Leave()
		ada.Ends()
	})
}

func TestOptions(t *testing.T) {
	bothTimes(t, func(t *testing.T) {
		s := parleytest.New(t, func(o *parleytest.Options) { o.ActiveChats = 1 })
		s.Start("")
		_, err := s.Client().StartChatContact().InstanceID(s.InstanceID).ContactFlowID(s.ContactFlowID).
			ParticipantDetails(types.ParticipantDetails{DisplayName: aws.String("Ada")}).Customize().Override(parley.WithMaxAttempts(1)).Send(t.Context())
		if !parley.IsActiveChatQuota(err) {
			t.Errorf("a second chat: %v", err)
		}
	})
}

// Code under test uses the AWS SDK as it does, and needs another configuration only.
func TestConfigIsForTheSDK(t *testing.T) {
	bothTimes(t, func(t *testing.T) {
		s := parleytest.New(t)
		client := connect.NewFromConfig(s.Config())
		started, err := client.StartChatContact(t.Context(), &connect.StartChatContactInput{
			InstanceId: &s.InstanceID, ContactFlowId: &s.ContactFlowID,
			ParticipantDetails: &types.ParticipantDetails{DisplayName: aws.String("Ada")},
		})
		if err != nil {
			t.Fatal(err)
		}
		s.Join("Ada", started).Hears(greeting)
	})
}

func TestURLIsForOtherPrograms(t *testing.T) {
	t.Parallel()
	var url string
	t.Run("while the test runs", func(t *testing.T) {
		s := parleytest.New(t)
		url = s.URL()
		if again := s.URL(); again != url {
			t.Errorf("%s and %s", url, again)
		}
		cfg := s.Config()
		cfg.HTTPClient, cfg.BaseEndpoint = http.DefaultClient, &url
		client := parley.New(cfg)
		out, err := client.StartChatContact().InstanceID(s.InstanceID).ContactFlowID(s.ContactFlowID).
			ParticipantDetails(types.ParticipantDetails{DisplayName: aws.String("Ada")}).Send(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		chat, err := client.Join(t.Context(), out)
		if err != nil {
			t.Fatal(err)
		}
		defer chat.Close()
		for e := range chat.Events() {
			if m, ok := e.(parley.Message); ok {
				if m.Content != greeting {
					t.Errorf("heard %q", m.Content)
				}
				break
			}
		}
		http.DefaultClient.CloseIdleConnections()
	})
	if answer, err := http.Get(url); err == nil {
		answer.Body.Close() //nolint:errcheck // it should not be there
		t.Error("the port is open after the test")
	}
}

// 200 servers in one process: no two share anything, and nothing of them stays.
func TestMany(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("at once", func(t *testing.T) {
		var all sync.Map // flow id → server
		for i := range 200 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				s := parleytest.New(t)
				flow := s.CreateFlow("own", strings.ReplaceAll(hello, "NAME", fmt.Sprint(i)))
				if other, taken := all.LoadOrStore(flow, i); taken {
					t.Errorf("has the flow of %v", other)
				}
				ada := s.Start(flow)
				ada.Hears(fmt.Sprintf("Hello from %d", i))
				flows, err := s.Client().ListContactFlows().InstanceID(s.InstanceID).Send(t.Context())
				if err != nil || len(flows.ContactFlowSummaryList) != 22 { // its own, the seeded one and the 20 of every instance
					t.Errorf("sees %d flows, %v", len(flows.ContactFlowSummaryList), err)
				}
			})
		}
	})
	for begin := time.Now(); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Since(begin) > 5*time.Second {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), buf[:runtime.Stack(buf, true)])
		}
	}
}

const hello = `{"Version": "2019-10-30", "StartAction": "Greet", "Actions": [
  {"Identifier": "Greet", "Type": "MessageParticipant", "Parameters": {"Text": "Hello from NAME"},
   "Transitions": {"NextAction": "Wait", "Errors": [{"NextAction": "Wait", "ErrorType": "NoMatchingError"}]}},
  {"Identifier": "Wait", "Type": "Wait", "Parameters": {"TimeLimitSeconds": "600000"},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}],
    "Conditions": [{"NextAction": "End", "Condition": {"Operator": "Equals", "Operands": ["WaitCompleted"]}}]}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}]}`

// failing is a test whose failures are the test's own.
type failing struct {
	testing.TB
	said  []string
	after []func()
}

func (f *failing) Cleanup(done func()) { f.after = append(f.after, done) }
func (f *failing) Logf(format string, args ...any) {
	f.said = append(f.said, fmt.Sprintf(format, args...))
}
func (f *failing) Fatal(args ...any)                 { f.said = append(f.said, fmt.Sprint(args...)); runtime.Goexit() }
func (f *failing) Fatalf(format string, args ...any) { f.Logf(format, args...); runtime.Goexit() }

func (f *failing) run(test func()) string {
	over := make(chan struct{})
	go func() {
		defer close(over)
		defer func() {
			for i := range f.after {
				f.after[len(f.after)-1-i]()
			}
		}()
		test()
	}()
	<-over
	return strings.Join(f.said, "\n")
}

// What does not happen ends the test with the reason.
func TestFailuresSayWhy(t *testing.T) {
	for want, test := range map[string]func(*parleytest.Server){
		`Customer heard "` + greeting + `" from SYSTEM_MESSAGE, not "Hi"`: func(s *parleytest.Server) { s.Start("").Hears("Hi") },
		"Customer heard no further message: nothing happened": func(s *parleytest.Server) {
			ada := s.Start("")
			ada.Hears(greeting)
			ada.Hear()
		},
		"Customer heard no further message: EOF": func(s *parleytest.Server) {
			ada := s.Start("")
			ada.Leave()
			ada.Hears(greeting)
			ada.Hear()
		},
		`the chat of Customer has not ended; SYSTEM_MESSAGE said "Hello!`: func(s *parleytest.Server) { s.Start("").Ends() },
		`Customer says "": parley: SendMessage: not sent`:                 func(s *parleytest.Server) { s.Start("").Say("") },
		`flow "bad"`:                             func(s *parleytest.Server) { s.CreateFlow("bad", `{"Version":"2019-10-30"}`) },
		"start a chat: parley: StartChatContact": func(s *parleytest.Server) { s.Start("no-such-flow") },
		"invite Bob: parley: CreateParticipant":  func(s *parleytest.Server) { s.Invite("no-such-contact", "Bob", nil) },
		"advance by -1s":                         func(s *parleytest.Server) { s.Advance(-time.Second) },
	} {
		t.Run(want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &failing{TB: t}
				said := f.run(func() { test(parleytest.New(f)) })
				if !strings.Contains(said, want) {
					t.Errorf("said %q", said)
				}
			})
		})
	}
}

func TestURLIsNotForBubbles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &failing{TB: t}
		if said := f.run(func() { parleytest.New(f).URL() }); !strings.Contains(said, "would hold the bubble's time") {
			t.Errorf("said %q", said)
		}
	})
}

func TestServerTellsTheTime(t *testing.T) {
	bothTimes(t, func(t *testing.T) {
		s := parleytest.New(t)
		before := s.Now()
		s.Advance(90 * time.Minute)
		if passed := s.Now().Sub(before); passed != 90*time.Minute {
			t.Errorf("%v passed", passed)
		}
		answer, err := s.HTTPClient().Get(s.Endpoint() + "/health/ready")
		if err = errors.Join(err, answer.Body.Close()); err != nil || answer.StatusCode != http.StatusOK {
			t.Errorf("%v, %v", answer.Status, err)
		}
	})
}
