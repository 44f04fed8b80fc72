package chat_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// whispering is a flow that sets a whisper, named by the attribute, and a queue flow, and puts the contact into a queue.
func whispering(event string) string {
	return `{"Version": "2019-10-30", "StartAction": "Hook", "Actions": [
  {"Identifier": "Hook", "Type": "UpdateContactEventHooks", "Parameters": {"EventHooks": {"` + event + `": "$.Attributes.whisper"}},
   "Transitions": {"NextAction": "Wait", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "Wait", "Type": "UpdateContactEventHooks", "Parameters": {"EventHooks": {"CustomerQueue": "$.Attributes.hook"}},
   "Transitions": {"NextAction": "Set", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  ` + strings.SplitN(inQueue, `"Actions": [`, 2)[1]
}

// whispersLate is a whisper that asks a function before it speaks.
const whispersLate = `{"Version": "2019-10-30", "StartAction": "Ask", "Actions": [
  {"Identifier": "Ask", "Type": "InvokeLambdaFunction", "Parameters": {"LambdaFunctionARN": "arn:aws:lambda:us-east-1:123456789012:function:f", "InvocationTimeLimitSeconds": "8", "ResponseValidation": {"ResponseType": "STRING_MAP"}},
   "Transitions": {"NextAction": "Tell", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "Tell"}]}},
  {"Identifier": "Tell", "Type": "MessageParticipant", "Parameters": {"Text": "whispered"},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "End", "Type": "EndFlowExecution", "Parameters": {}, "Transitions": {}}
]}`

// A contact that is reclaimed from an agent to whom, or for whom, a flow whispers waits as before: the whisper is over, and the
// flow of those who wait goes on.
func TestReclaimDuringAWhisper(t *testing.T) {
	inOffices(t, func(o *office) {
		for event, shown := range map[string][]string{
			"AgentWhisper":    {"joined CUSTOMER", "You are in a queue."},
			"CustomerWhisper": {"joined CUSTOMER", "You are in a queue.", "You are in a queue."},
		} {
			jane := o.agent(o.c, strings.ToLower(event), center.StatusNameAvailable)
			whisper := o.makeFlow(o.c, "of "+event, map[string]string{"AgentWhisper": "AGENT_WHISPER", "CustomerWhisper": "CUSTOMER_WHISPER"}[event], whispersLate)
			entry := o.makeFlow(o.c, "with "+event, center.TypeContactFlow, whispering(event))
			ada := o.enter(o.c, entry, map[string]string{"queue": o.basic, "whisper": string(whisper), "hook": string(o.hook)})
			o.join(ada.Contact, jane)
			if k := o.contact(ada.Contact); k.Offer == nil || k.Offer.Whisper == "" {
				t.Fatalf("%s: the contact is %+v", event, k)
			}
			o.must(o.c.Agents.Reclaim(o.ctx, instance, jane, ada.Contact))
			o.must(o.c.Settle(o.ctx))
			o.clock.advance(time.Minute)
			o.must(o.c.Settle(o.ctx))
			o.send(o.c, ada, "Hello?")
			o.sees(ada.Chat, append(shown, "Hello?")...)
			if k := o.contact(ada.Contact); !k.Queued() || k.Offer != nil {
				t.Errorf("%s: the contact is %+v", event, k)
			}
			due, err := o.store.DueOf(o.ctx, center.StreamID(ada.Chat))
			o.must(err)
			if slices.ContainsFunc(due, func(d center.Due) bool { return d.Key != center.DueDuration }) {
				t.Errorf("%s: still due: %v", event, due)
			}
		}
	})
}

// A chat has as many contacts in a row as any, however often its agent is gone.
func TestReclaimEndsWithTheLastContactOfAChat(t *testing.T) {
	o := newOffice(newWorld(t))
	jane := o.agent(o.c, "jane", center.StatusNameAvailable)
	ada := o.enter(o.c, o.entry, map[string]string{"queue": o.basic, "hook": string(o.hook)})
	of := ada.Contact
	for n := 1; ; n++ {
		o.join(of, jane)
		o.must(o.c.Agents.Reclaim(o.ctx, instance, jane, of))
		chat, k, err := o.c.Contact(o.ctx, instance, of)
		o.must(err)
		if !chat.Ended.IsZero() {
			if n != 12 || k.DisconnectReason != center.ReasonAgentNetwork {
				t.Errorf("the chat has ended with contact %d, for %s", n, k.DisconnectReason)
			}
			return
		}
		if n == 12 {
			t.Fatal("a contact follows the twelfth")
		}
		o.must(o.c.Agents.Clear(o.ctx, instance, jane, of))
		of = chat.Current().ID
	}
}
