package flow

import "testing"

// A Wait that lets the flow go on has not made it wait.
func TestAWaitThatGoesOnBehindDoesNotResetTheGuard(t *testing.T) {
	const wait = `{"Identifier":"a","Type":"Wait","Parameters":{"TimeLimitSeconds":60,"ContinueExecution":"True","MinimumWaitTimeSeconds":0},
		"Transitions":{"NextAction":"z","Conditions":[{"NextAction":"on","Condition":{"Operator":"Equals","Operands":["Continue"]}}]}},` + end
	t.Run("transfers", func(t *testing.T) {
		p := mustParse(t, document(wait+`,{"Identifier":"on","Type":"TransferToFlow","Parameters":{"ContactFlowId":"f"},"Transitions":{"NextAction":"z"}}`))
		s := New("f", "", 0)
		for range maxSteps {
			var effects []Effect
			s, effects = p.Step(s, Start{}, noon)
			if _, faulted := last(effects).(Fault); faulted {
				return
			}
			s = s.Enter("f", "")
		}
		t.Error("no fault")
	})
	t.Run("modules", func(t *testing.T) {
		module := mustParse(t, document(wait+`,{"Identifier":"on","Type":"EndFlowModuleExecution","Transitions":{}}`))
		caller := mustParse(t, document(`{"Identifier":"a","Type":"InvokeFlowModule","Parameters":{"FlowModuleId":"m"},"Transitions":{"NextAction":"a"}}`))
		s, _ := caller.Step(New("f", "", 0), Start{}, noon)
		for range maxSteps {
			var inModule, after []Effect
			s, inModule = module.Step(s.Call("m", "", "{}"), Start{}, noon)
			s, after = caller.Step(s, Returned{}, noon)
			if _, faulted := last(append(inModule, after...)).(Fault); faulted {
				return
			}
		}
		t.Error("no fault")
	})
}

// A customer who writes faster than a bot answers is no flow that runs in circles.
func TestWhatTheBotHearsNextResetsTheGuard(t *testing.T) {
	p := mustParse(t, document(`{"Identifier":"a","Type":"ConnectParticipantWithLexBot","Parameters":{"Text":"Hello","LexV2Bot":{"AliasArn":"a"}},"Transitions":{"NextAction":"z"}},`+end))
	s, _ := p.Step(New("f", "", 0), Start{}, noon)
	s, _ = p.Step(s, CustomerMessage{Content: "one"}, noon)
	for i := range maxMessages + 1 {
		s, _ = p.Step(s, CustomerMessage{Content: "more"}, noon)
		var effects []Effect
		s, effects = p.Step(s, Answered{ID: s.Waiting.Call, Body: `{"messages":[{"contentType":"PlainText","content":"?"}],"sessionState":{"dialogAction":{"type":"ElicitIntent"}}}`}, noon)
		if _, asks := last(effects).(Call); !asks {
			t.Fatalf("turn %d: %+v", i, effects)
		}
	}
}
