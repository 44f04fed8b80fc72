package flow

import (
	"strings"
	"testing"
)

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

// Neither what an action consists of, nor what it writes, is free.
func TestALargeActionCountsForMore(t *testing.T) {
	literal := strings.Repeat("x", 10_000)
	condition := `{"NextAction":"z","Condition":{"Operator":"Equals","Operands":["$.Attributes.none"]}}`
	for name, action := range map[string]string{
		"literal":    `"UpdateContactAttributes","Parameters":{"Attributes":{"k":"` + literal + `"}},"Transitions":{"NextAction":"a"}`,
		"written":    `"UpdateContactAttributes","Parameters":{"Attributes":{"k":"-$.Attributes.big"}},"Transitions":{"NextAction":"a"}`,
		"conditions": `"Compare","Parameters":{"ComparisonValue":"$.Channel"},"Transitions":{"NextAction":"a","Conditions":[` + strings.Repeat(condition+",", 2_000) + condition + `]}`,
		"told": `"Loop","Parameters":{"LoopArray":"$.External.list","LoopName":"l"},"Transitions":{"NextAction":"a","Conditions":[
			{"NextAction":"a","Condition":{"Operator":"Equals","Operands":["ContinueLooping"]}},{"NextAction":"a","Condition":{"Operator":"Equals","Operands":["DoneLooping"]}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			p := mustParse(t, document(`{"Identifier":"a","Type":`+action+`},`+end))
			s := New("f", "", 0)
			s.Contact.Attributes = map[string]string{"big": literal}
			s.Data = Data{"External": encoded(map[string]any{"list": []string{literal + literal}})}
			s.Contact.Trace = true
			_, effects := p.Step(s, Start{}, noon)
			actions := 0
			for _, e := range effects {
				if _, ok := e.(Log); ok {
					actions++
				}
			}
			if _, faulted := last(effects).(Fault); !faulted || actions > maxSteps/9 {
				t.Errorf("%d actions, last %T", actions, last(effects))
			}
		})
	}
}

// What is logged waits in memory until the step is over.
func TestTheLogOfAStepHasALimit(t *testing.T) {
	p := mustParse(t, document(`{"Identifier":"a","Type":"UpdateContactTextToSpeechVoice","Parameters":{"TextToSpeechVoice":"$.Attributes.big"},"Transitions":{"NextAction":"a"}}`))
	s := New("f", "", 0)
	s.Logging = true
	s.Contact.Attributes = map[string]string{"big": strings.Repeat("x", 30_000)}
	_, effects := p.Step(s, Start{}, noon)
	size := 0
	for _, e := range effects {
		if l, ok := e.(Log); ok {
			size += len(l.Parameters)
		}
	}
	if size > maxLoggedInAll+maxLogged {
		t.Errorf("%d bytes in %d lines", size, len(effects))
	}
}
