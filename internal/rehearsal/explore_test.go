package rehearsal

import (
	"fmt"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/stock"
)

// untaken are the branches that no play took, each with why.
func untaken(c *Coverage) (all []string) {
	for _, a := range c.Actions {
		for _, b := range a.Branches {
			if !b.Taken {
				all = append(all, strings.TrimSuffix(a.Identifier+" "+b.Branch+": "+b.Why, ": "))
			}
		}
	}
	return all
}

// In each of these a value decides that comes a long way.
func TestEveryBranchIsTaken(t *testing.T) {
	compare := func(reference string, branches ...string) string {
		return act("compare", "Compare", encode(map[string]string{"ComparisonValue": reference}), append(branches, "NextAction=end", "NoMatchingCondition=end")...)
	}
	lambda := func(next string) string {
		return act("lambda", "InvokeLambdaFunction", `{"LambdaFunctionARN":"f","InvocationTimeLimitSeconds":"3"}`, "NextAction="+next, "NoMatchingError=end")
	}
	for name, actions := range map[string][]string{
		"an attribute of the contact": {compare("$.Attributes.tier", "Equals gold=vip"), say("vip", "Hello", "end"), end("end")},
		"how the contact began":       {compare("$.InitiationMethod", "Equals API=end", "Equals TRANSFER=vip"), say("vip", "Hello", "end"), end("end")},
		"numbers":                     {compare("$.Attributes.n", "NumberLessThan 3=end", "NumberGreaterThan 100=end", "NumberGreaterOrEqualTo 50=end", "TextStartsWith x=end"), end("end")},
		"what a function returned, through attributes": {
			lambda("keep"),
			act("keep", "UpdateContactAttributes", `{"Attributes":{"kept":"$.External.status"}}`, "NextAction=again", "NoMatchingError=end"),
			act("again", "UpdateFlowAttributes", `{"FlowAttributes":{"again":{"Value":"$.Attributes.kept"}}}`, "NextAction=compare"),
			compare("$.FlowAttributes.again", "Equals open=end", "Equals closed=end"), end("end"),
		},
		"what an earlier flow was told": {compare("$.External.rule", "Equals transfer=end"), end("end")},
		"two values of one answer": {
			lambda("first"),
			act("first", "Compare", `{"ComparisonValue":"$.External.a"}`, "NextAction=end", "Equals 1=compare", "NoMatchingCondition=end"),
			compare("$.External.b", "Equals 2=last"), say("last", "Both.", "end"), end("end"),
		},
		"what a module returned or wrote": {
			act("module", "InvokeFlowModule", `{"FlowModuleId":"m"}`, "NextAction=compare", "Equals done=end", "NoMatchingError=end"),
			compare("$.Modules.ResultData.x", "Equals y=written"),
			act("written", "Compare", `{"ComparisonValue":"$.Attributes.x"}`, "NextAction=end", "Equals z=end", "NoMatchingCondition=end"), end("end"),
		},
		"a bot's slots": {
			act("bot", "ConnectParticipantWithLexBot", `{"Text":"Hi","LexV2Bot":{"AliasArn":"a"},"LexTimeoutSeconds":{"Text":"60"}}`,
				"NextAction=end", "Equals Book=compare", "Equals Help=end", "NoMatchingCondition=end", "NoMatchingError=end", "InputTimeLimitExceeded=end"),
			compare("$.Lex.Slots.city", "Equals Rome=end"), end("end"),
		},
		"an intent that is compared later": {
			act("bot", "ConnectParticipantWithLexBot", `{"Text":"Hi","LexV2Bot":{"AliasArn":"a"}}`, "NextAction=compare", "NoMatchingCondition=compare", "NoMatchingError=failed"),
			compare("$.Lex.IntentName", "Equals Book=end", "Equals Help=end"),
			act("failed", "Compare", `{"ComparisonValue":"$.Lex.DialogState"}`, "NextAction=end", "Equals Failed=end", "NoMatchingCondition=end"), end("end"),
		},
		"what only a function that stays the same leads to": {
			lambda("state"),
			act("state", "Compare", `{"ComparisonValue":"$.External.State"}`, "NextAction=loop", "Equals Done=end", "NoMatchingCondition=loop"),
			act("loop", "Loop", `{"LoopCount":"3"}`, "NextAction=end", "Equals ContinueLooping=lambda", "Equals DoneLooping=end"), end("end"),
		},
		"the agent": {compare("$.Agent.UserName", "Equals jane=end"), end("end")},
		"a sign-in": {
			act("signIn", "AuthenticateParticipant", `{"CognitoConfiguration":{"UserPoolArn":"p","AppClientId":"c"},"TimeLimitMinutes":"3"}`,
				"NextAction=in", "Equals OptedOut=end", "NoMatchingError=end", "TimeLimitExceeded=end"),
			say("in", "Welcome", "end"), end("end"),
		},
		"a view": {
			act("view", "ShowView", `{"ViewResource":{"Id":"form"},"InvocationTimeLimitSeconds":"60","ViewData":{}}`,
				"NextAction=end", "Equals Next=compare", "Equals Back=end", "NoMatchingCondition=end", "NoMatchingError=end", "TimeLimitExceeded=end"),
			compare("$.Views.ViewResultData.FormData.ok", "Equals yes=end"), end("end"),
		},
		"queues and hours": {
			act("queue", "UpdateContactTargetQueue", `{"QueueId":"$.Attributes.queue"}`, "NextAction=hours", "NoMatchingError=end"),
			act("hours", "CheckHoursOfOperation", `{}`, "NextAction=end", "Equals True=metric", "Equals False=end", "NoMatchingError=end"),
			act("metric", "CheckMetricData", `{"MetricType":"OldestContactInQueueAgeSeconds"}`, "NextAction=end", "NumberLessThan 300000=transfer", "NoMatchingCondition=end", "NoMatchingError=end"),
			act("transfer", "TransferContactToQueue", `{}`, "NextAction=end", "QueueAtCapacity=end", "NoMatchingError=end"), end("end"),
		},
		"chance": {
			act("dice", "DistributeByPercentage", `{}`, "NextAction=end", "NumberLessOrEqualTo 3=end", "NumberLessOrEqualTo 50=end", "NoMatchingCondition=end"), end("end"),
		},
		"a loop, and a bot that leaves": {
			act("loop", "Loop", `{"LoopCount":"3"}`, "NextAction=end", "Equals ContinueLooping=wait", "Equals DoneLooping=end"),
			act("wait", "Wait", `{"TimeLimitSeconds":"60","Events":["BotParticipantDisconnected","CustomerReturned"]}`,
				"NextAction=end", "Equals WaitCompleted=loop", "Equals BotParticipantDisconnected=end", "Equals CustomerReturned=loop", "ParticipantNotFound=loop"), end("end"),
		},
		"room for attributes": {
			act("first", "UpdateContactAttributes", `{"Attributes":{"a":"one"}}`, "NextAction=second", "NoMatchingError=end"),
			act("second", "UpdateContactAttributes", `{"Attributes":{"b":"two"}}`, "NextAction=end", "NoMatchingError=third"),
			act("third", "UpdateContactAttributes", `{"Attributes":{"b":"2"}}`, "NextAction=end", "NoMatchingError=end"), end("end"),
		},
		"length": {say("say", "$.Attributes.text", "end"), end("end")},
		"another system": {
			act("profile", "GetCustomerProfile", `{}`, "NextAction=compare", "MultipleFoundError=end", "NoneFoundError=end", "NoMatchingError=end"),
			compare("$.Customer.FirstName", "Equals Ana=end"), end("end"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := Explore(script(t, "flow", "CONTACT_FLOW", actions...))
			if left := untaken(c); len(left)+len(c.Faults)+len(c.Stranded)+c.Unended > 0 {
				t.Errorf("not taken %q, faults %q, stranded %q, unended %d", left, c.Faults, c.Stranded, c.Unended)
			}
		})
	}
}

func TestWhyBranchesAreNotTaken(t *testing.T) {
	c := Explore(script(t, "flow", "CONTACT_FLOW",
		act("write", "UpdateContactAttributes", `{"Attributes":{"tier":"gold"}}`, "NextAction=compare"),
		act("compare", "Compare", `{"ComparisonValue":"$.Attributes.tier"}`, "NextAction=end", "Equals gold=say", "Equals silver=silver", "NoMatchingCondition=say"),
		act("say", "MessageParticipant", `{"Text":"Hello"}`, "NextAction=audio", "NoMatchingError=end"),
		act("audio", "MessageParticipant", `{"PromptId":"p"}`, "NextAction=digits", "NoMatchingError=digits"),
		act("digits", "GetParticipantInput", `{"Text":"1 or 2","StoreInput":"False","InputTimeLimitSeconds":"5"}`, "NextAction=end", "Equals 1=end", "NoMatchingError=queue"),
		act("queue", "UpdateContactTargetQueue", `{"QueueId":""}`, "NextAction=end", "NoMatchingError=loop"),
		act("loop", "Loop", `{"LoopCount":"2"}`, "NextAction=end", "Equals ContinueLooping=end", "Equals DoneLooping=end"),
		say("silver", "Hello", "end"), say("nowhere", "?", "end"), end("end")))
	want := []string{
		"compare Equals silver: the flow itself decides what is compared",
		"compare NoMatchingCondition: the flow itself decides what is compared",
		"say NoMatchingError: the flow itself decides what becomes of it",
		"audio NextAction: a chat shows text alone",
		"digits Equals 1: in a chat: takes the branch NoMatchingError",
		"queue NextAction: a parameter is empty",
		"loop Equals DoneLooping: no branch that was taken leads round",
		"silver NextAction: only branches that were not taken lead here",
		"nowhere NextAction: nothing leads here",
	}
	if got := untaken(c); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

func TestFlowsThatDoNotEndAreFound(t *testing.T) {
	c := Explore(script(t, "flow", "CONTACT_FLOW", act("a", "UpdateFlowLoggingBehavior", `{"FlowLoggingBehavior":"Disabled"}`, "NextAction=a")))
	if fmt.Sprint(c.Faults) != "["+guard+"]" {
		t.Errorf("faults %q", c.Faults)
	}
	wait := act("wait", "Wait", `{"TimeLimitSeconds":"60"}`, "NextAction=wait", "Equals WaitCompleted=wait", "NoMatchingError=wait")
	if c := Explore(script(t, "flow", "CONTACT_FLOW", wait)); c.Unended != c.Plays {
		t.Errorf("%d of %d plays do not end", c.Unended, c.Plays)
	}
	if c := Explore(script(t, "flow", "CUSTOMER_QUEUE", wait)); c.Unended != 0 {
		t.Errorf("an agent takes a contact at last, yet %d plays do not end", c.Unended)
	}
}

// stockFlows are the flows of a new instance, by their ids.
func stockFlows(t testing.TB) (byName, byID map[string]*Script) {
	t.Helper()
	byName, byID = make(map[string]*Script), make(map[string]*Script)
	for _, f := range stock.Flows(center.Partition{Region: "us-east-1", Account: "123456789012"}, "11111111-1111-4111-8111-111111111111") {
		p, err := flow.Parse([]byte(f.Content))
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		s := &Script{ID: string(f.ID), Kind: flow.Kind(f.Type), Program: p}
		byName[f.Name], byID[s.ID] = s, s
	}
	return byName, byID
}

// Nothing in the flows of every instance is out of reach but what only callers have.
func TestStockFlows(t *testing.T) {
	byName, _ := stockFlows(t)
	for name, s := range byName {
		t.Run(name, func(t *testing.T) {
			c := Explore(s)
			for _, a := range c.Actions {
				for _, b := range a.Branches {
					if !b.Taken && b.Why == "" {
						t.Errorf("%q %s is not taken", a.Identifier, b.Branch)
					}
				}
			}
			if len(c.Faults)+len(c.Stranded)+c.Unended > 0 {
				t.Errorf("faults %q, stranded %q, unended %d", c.Faults, c.Stranded, c.Unended)
			}
		})
	}
}

// BenchmarkStockInbound is a chat that comes through the stock inbound flow into the queue, with the queue's flow.
func BenchmarkStockInbound(b *testing.B) {
	byName, byID := stockFlows(b)
	first := byName["Sample inbound flow (first contact experience)"]
	chats := 0
	for b.Loop() {
		s := &Staged{Scripts: byID, Note: func(string) {}}
		p := New(s, first, flow.Contact{}, epoch, 1)
		s.Queued = func() string { return p.State.Contact.Queue.ARN }
		if p.Begin(); p.Stage != InQueue {
			b.Fatalf("the contact is %s", p.Stage)
		}
		chats++
	}
	b.ReportMetric(float64(chats)/b.Elapsed().Seconds(), "chats/s")
}

func BenchmarkExploreStockInbound(b *testing.B) {
	byName, _ := stockFlows(b)
	for b.Loop() {
		Explore(byName["Sample inbound flow (first contact experience)"])
	}
}
