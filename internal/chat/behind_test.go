package chat_test

import (
	"slices"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// meanwhile is a flow that talks to a bot while a Wait of ten minutes goes on, and then waits for five more.
const meanwhile = `{"Version": "2019-10-30", "StartAction": "Wait", "Actions": [
  {"Identifier": "Wait", "Type": "Wait", "Parameters": {"TimeLimitSeconds": "600", "ContinueExecution": "True", "MinimumWaitTimeSeconds": "1"},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}],
    "Conditions": [{"NextAction": "Over", "Condition": {"Operator": "Equals", "Operands": ["WaitCompleted"]}},
     {"NextAction": "Bot", "Condition": {"Operator": "Equals", "Operands": ["Continue"]}}]}},
  {"Identifier": "Bot", "Type": "ConnectParticipantWithLexBot", "Parameters": {"Text": "hello", "LexV2Bot": {"AliasArn": "a"}, "LexTimeoutSeconds": {"Text": "60"}},
   "Transitions": {"NextAction": "No bot", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "No bot"}, {"ErrorType": "NoMatchingCondition", "NextAction": "No bot"},
    {"ErrorType": "InputTimeLimitExceeded", "NextAction": "Late"}]}},
  {"Identifier": "Late", "Type": "MessageParticipant", "Parameters": {"Text": "still there?"}, "Transitions": {"NextAction": "Bot"}},
  {"Identifier": "No bot", "Type": "TransferToFlow", "Parameters": {"ContactFlowId": "$.Attributes.next"},
   "Transitions": {"NextAction": "Bot", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "Bot"}]}},
  {"Identifier": "Over", "Type": "MessageParticipant", "Parameters": {"Text": "over"}, "Transitions": {"NextAction": "End"}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
]}`

// A Wait that goes on behind a flow has a timer beside the flow's own. Both outlive the process, and neither the flow
// that is transferred to.
func TestTimersOfAWaitThatGoesOnBehind(t *testing.T) {
	for _, test := range []struct {
		name string
		next bool // the flow transfers to another, which waits for ten minutes of its own
		want []string
	}{
		{"the flow comes back", false, []string{"hello", "still there?", "hello", "hello", "still there?", "hello", "still there?", "hello", "over"}},
		{"the flow goes elsewhere", true, []string{"hello", "still there?", "hello", "Welcome!"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			node := func() { t.Helper(); w.must(w.node(center.DefaultSettings(), &told{}).Settle(w.ctx)) }
			c := w.node(center.DefaultSettings(), &told{})
			attributes := map[string]string{}
			if test.next {
				attributes["next"] = string(w.flow)
			}
			who := w.enter(c, w.makeFlow(c, "meanwhile", center.TypeContactFlow, meanwhile), attributes)
			w.clock.advance(60 * time.Second)
			node()
			w.clock.advance(30 * time.Second)
			w.send(w.node(center.DefaultSettings(), &told{}), who, "hi") // nobody is there to ask a bot
			node()
			w.clock.advance(60 * time.Second)
			node()
			w.clock.advance(450 * time.Second)
			node()
			if got := w.said(who.Chat); !slices.Equal(got, test.want) {
				t.Errorf("after ten minutes: %q, want %q", got, test.want)
			}
			w.clock.advance(90 * time.Second)
			node()
			chat, _, err := c.Contact(w.ctx, instance, center.ContactID(who.Chat))
			if w.must(err); chat.Ended.IsZero() {
				t.Error("the chat goes on")
			}
		})
	}
}
