package chat_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
)

// beside asks a function, waits for a minute or for the customer, and ends.
const beside = `{"Version": "2019-10-30", "StartAction": "Ask", "Actions": [
  {"Identifier": "Ask", "Type": "InvokeLambdaFunction", "Parameters": {"LambdaFunctionARN": "` + functionARN + `slow", "InvocationTimeLimitSeconds": "8"},
   "Transitions": {"NextAction": "Say", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "Fail"}]}},
  {"Identifier": "Say", "Type": "MessageParticipant", "Parameters": {"Text": "beside: $.External.word"}, "Transitions": {"NextAction": "Wait"}},
  {"Identifier": "Fail", "Type": "MessageParticipant", "Parameters": {"Text": "beside: no answer"}, "Transitions": {"NextAction": "End"}},
  {"Identifier": "Wait", "Type": "Wait", "Parameters": {"TimeLimitSeconds": "60"},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}],
    "Conditions": [{"NextAction": "Over", "Condition": {"Operator": "Equals", "Operands": ["WaitCompleted"]}}]}},
  {"Identifier": "Over", "Type": "MessageParticipant", "Parameters": {"Text": "beside: over"}, "Transitions": {"NextAction": "End"}},
  {"Identifier": "End", "Type": "EndFlowExecution", "Parameters": {}, "Transitions": {}}
]}`

// Two flows of one chat ask, wait and end each by itself; what one is told the other does not hear.
func TestAChatHasSeveralRuns(t *testing.T) {
	inBubble(t, func(t *testing.T, o *outside) {
		o.functions["slow"] = takes(6 * time.Second)
		c, _ := o.node()
		o.makeFlow(c, "beside", center.TypeContactFlow, beside)
		ref := o.makeFlow(c, "beside too", center.TypeContactFlow, beside)
		who, _ := o.start(c, nil) // it waits for ten minutes, and then ends the chat
		o.must(c.RunBeside(o.ctx, who.Chat, string(ref)))
		o.must(c.RunBeside(o.ctx, who.Chat, string(ref)))
		synctest.Wait()
		if o.count("slow") != 2 {
			t.Errorf("the function was asked %d times", o.count("slow"))
		}
		runs := func(want ...string) {
			t.Helper()
			synctest.Wait()
			if got := c.Runs(o.ctx, who.Chat); !slices.Equal(got, want) {
				t.Errorf("the runs are %q, want %q", got, want)
			}
		}
		due := func(want ...string) {
			t.Helper()
			all, err := o.store.DueOf(o.ctx, center.StreamID(who.Chat))
			o.must(err)
			var got []string
			for _, d := range all {
				key := d.Key
				if strings.HasPrefix(key, "call:") { // the last number is the item's
					key = key[:strings.LastIndexByte(key, ':')]
				}
				got = append(got, key)
			}
			if !slices.Equal(got, want) {
				t.Errorf("due are %q, want %q", got, want)
			}
		}
		runs("1 contact Wait", "2 beside Ask", "3 beside Ask")
		due("call:2", "call:3", "duration", "flow:1")
		time.Sleep(6 * time.Second)
		runs("1 contact Wait", "2 beside Wait", "3 beside Wait")
		due("duration", "flow:1", "flow:2", "flow:3")
		if path := os.Getenv("PARLEY_WRITE_STATE"); path != "" { // for testdata/states
			o.must(os.WriteFile(path, c.State(o.ctx, who.Chat), 0o644))
		}
		time.Sleep(time.Minute)
		runs("1 contact Wait")
		due("duration", "flow:1")
		o.expect(who.Chat, "Welcome!", "beside: late", "beside: late", "beside: over", "beside: over")
		time.Sleep(10 * time.Minute)
		runs()
		due()
		if row, err := o.store.Stream(o.ctx, center.StreamID(who.Chat)); err != nil || !row.Ended {
			t.Errorf("the chat has not ended: %v", err)
		}
	})
}

// An answer for a flow that has ended meanwhile is dropped with its row, and so is its timer.
func TestAnswersOfEndedRunsAreDropped(t *testing.T) {
	inBubble(t, func(t *testing.T, o *outside) {
		o.functions["slow"] = func(ctx context.Context) (string, error) {
			time.Sleep(2 * time.Second)
			return `{"word":"late"}`, nil
		}
		c, _ := o.node()
		ref := o.makeFlow(c, "beside", center.TypeContactFlow, beside)
		who, _ := o.start(c, nil)
		o.must(c.RunBeside(o.ctx, who.Chat, string(ref)))
		synctest.Wait()
		o.must(c.EndRun(o.ctx, who.Chat, 2))
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if o.count("slow") != 1 {
			t.Errorf("the function was asked %d times", o.count("slow"))
		}
		o.expect(who.Chat, "Welcome!")
		all, err := o.store.DueOf(o.ctx, center.StreamID(who.Chat))
		o.must(err)
		for _, d := range all {
			if d.Key != "duration" && d.Key != "flow:1" {
				t.Errorf("%s is left", d.Key)
			}
		}
		if got := c.Runs(o.ctx, who.Chat); !slices.Equal(got, []string{"1 contact Wait"}) {
			t.Errorf("the runs are %q", got)
		}
	})
}

// goesOnBehind goes on behind a Wait of ten minutes: to NEXT.
const goesOnBehind = `{"Version": "2019-10-30", "StartAction": "Wait", "Actions": [
  {"Identifier": "Wait", "Type": "Wait", "Parameters": {"TimeLimitSeconds": "600", "ContinueExecution": "True", "MinimumWaitTimeSeconds": "1"},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}],
    "Conditions": [{"NextAction": "End", "Condition": {"Operator": "Equals", "Operands": ["WaitCompleted"]}},
     {"NextAction": "NEXT", "Condition": {"Operator": "Equals", "Operands": ["Continue"]}}]}},
  {"Identifier": "Bot", "Type": "ConnectParticipantWithLexBot", "Parameters": {"Text": "hello", "LexV2Bot": {"AliasArn": "a"}, "LexTimeoutSeconds": {"Text": "60"}},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}, {"ErrorType": "NoMatchingCondition", "NextAction": "End"},
    {"ErrorType": "InputTimeLimitExceeded", "NextAction": "End"}]}},
  {"Identifier": "Queue", "Type": "UpdateContactTargetQueue", "Parameters": {"QueueId": "$.Attributes.queue"},
   "Transitions": {"NextAction": "Go", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "Go", "Type": "TransferContactToQueue", "Parameters": {},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "QueueAtCapacity", "NextAction": "End"}, {"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
]}`

// The timers of a flow end with it, also those of a Wait that goes on behind: when the flow ends the chat, and when another
// flow takes its place.
func TestTimersEndWithTheirRun(t *testing.T) {
	for next, end := range map[string]func(*world, *node, chat.Caller){
		"Bot":   func(w *world, c *node, who chat.Caller) { w.send(c, who, "hi") }, // no bot is there, so the flow ends
		"Queue": func(w *world, c *node, who chat.Caller) { w.must(c.Leave(w.ctx, who)) },
	} {
		w := newWorld(t)
		c := w.node(center.DefaultSettings(), &told{})
		text := strings.Replace(goesOnBehind, "NEXT", next, 1)
		who := w.enter(c, w.makeFlow(c, next, center.TypeContactFlow, text), map[string]string{"queue": w.queue("Q", -1, center.QueueEnabled)})
		w.must(c.Settle(w.ctx))
		w.clock.advance(2 * time.Second)
		w.must(c.Settle(w.ctx))
		due, err := w.store.DueOf(w.ctx, center.StreamID(who.Chat))
		w.must(err)
		if next == "Queue" && slices.ContainsFunc(due, func(d center.Due) bool { return d.Key == "flow:1" }) {
			t.Errorf("the contact is in a queue, and due is %v", due)
		}
		if next == "Bot" && len(due) < 2 {
			t.Errorf("due is %v: the flow does not wait", due)
		}
		end(w, c, who)
		w.must(c.Settle(w.ctx))
		if due, err = w.store.DueOf(w.ctx, center.StreamID(who.Chat)); err != nil || len(due) > 0 {
			t.Errorf("%s: the chat has ended, and due is %v, %v", next, due, err)
		}
	}
}
