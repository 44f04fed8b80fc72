package flow

import (
	"strings"
	"testing"
)

// broken is a document with one action that is wrong, and a farewell.
func broken(action string) string {
	return `{"Version":"2019-10-30","StartAction":"a","Actions":[` + action + `,{"Identifier":"bye","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]}`
}

func TestSuggestions(t *testing.T) {
	const failing = `"Errors":[{"ErrorType":"NoMatchingError","NextAction":"bye"}]`
	for _, c := range []struct{ name, action, want string }{
		{"a type from memory", `{"Identifier":"a","Type":"SetContactAttributes"}`, "did you mean UpdateContactAttributes?"},
		{"a slip in a type", `{"Identifier":"a","Type":"MesageParticipant"}`, "did you mean MessageParticipant?"},
		{"a type of flow logs", `{"Identifier":"a","Type":"CheckAttribute"}`, "did you mean Compare?"},
		{"a type that became two", `{"Identifier":"a","Type":"GetUserInput"}`, "did you mean ConnectParticipantWithLexBot or GetParticipantInput?"},
		{"a type that became another", `{"Identifier":"a","Type":"TransferToQueue"}`, "did you mean TransferContactToQueue?"},
		{"a type like nothing", `{"Identifier":"a","Type":"Qqq"}`, ""},
		{"a slip in a parameter", `{"Identifier":"a","Type":"MessageParticipant","Parameters":{"text":"Hi"},"Transitions":{"NextAction":"bye"}}`, "did you mean Text?"},
		{"a parameter like nothing", `{"Identifier":"a","Type":"Loop","Parameters":{"Zzz":"1"},"Transitions":{"NextAction":"bye"}}`, "its parameters are LoopCount"},
		{"a parameter of none", `{"Identifier":"a","Type":"EndFlowExecution","Parameters":{"Text":"x"}}`, "it takes no parameters"},
		{"a dangling branch", `{"Identifier":"a","Type":"MessageParticipant","Parameters":{"Text":"Hi"},"Transitions":{"NextAction":"byee"}}`, "did you mean bye?"},
		{"a dangling error", `{"Identifier":"a","Type":"TransferToFlow","Parameters":{"ContactFlowId":"f"},"Transitions":{"NextAction":"bye","Errors":[{"ErrorType":"NoMatchingError","NextAction":"nobody"}]}}`, `no action has the identifier "nobody"`},
		{"an unconnected error", `{"Identifier":"a","Type":"TransferToFlow","Parameters":{"ContactFlowId":"f"},"Transitions":{"NextAction":"bye","Errors":[{"ErrorType":"NoMatchingError","NextAction":""}]}}`, "connect it to an action"},
		{"no next action", `{"Identifier":"a","Type":"MessageParticipant","Parameters":{"Text":"Hi"},"Transitions":{}}`, "say which action follows"},
		{"no error branch", `{"Identifier":"a","Type":"TransferToFlow","Parameters":{"ContactFlowId":"f"},"Transitions":{"NextAction":"bye"}}`, `add {"ErrorType": "NoMatchingError"`},
		{"a slip in an error", `{"Identifier":"a","Type":"Compare","Parameters":{"ComparisonValue":"$.Channel"},"Transitions":{"NextAction":"bye","Errors":[{"ErrorType":"NoMatchingConditon","NextAction":"bye"}],"Conditions":[{"NextAction":"bye","Condition":{"Operator":"Equals","Operands":["CHAT"]}}]}}`, "did you mean NoMatchingCondition?"},
		{"an error that it has not", `{"Identifier":"a","Type":"TransferToFlow","Parameters":{"ContactFlowId":"f"},"Transitions":{"NextAction":"bye",` + strings.Replace(failing, `]`, `,{"ErrorType":"QueueAtCapacity","NextAction":"bye"}]`, 1) + `}}`, "its error branches are NoMatchingError"},
		{"a slip in an operator", `{"Identifier":"a","Type":"Compare","Parameters":{"ComparisonValue":"$.Channel"},"Transitions":{"NextAction":"bye","Errors":[{"ErrorType":"NoMatchingCondition","NextAction":"bye"}],"Conditions":[{"NextAction":"bye","Condition":{"Operator":"Equal","Operands":["CHAT"]}}]}}`, "did you mean Equals?"},
		{"an empty operand", `{"Identifier":"a","Type":"Compare","Parameters":{"ComparisonValue":"$.Channel"},"Transitions":{"NextAction":"bye","Errors":[{"ErrorType":"NoMatchingCondition","NextAction":"bye"}],"Conditions":[{"NextAction":"bye","Condition":{"Operator":"Equals","Operands":[""]}}]}}`, "compare with a value"},
		{"no condition", `{"Identifier":"a","Type":"Loop","Parameters":{"LoopCount":"1"},"Transitions":{"NextAction":"bye"}}`, "ContinueLooping and DoneLooping"},
		{"too many rounds", `{"Identifier":"a","Type":"Loop","Parameters":{"LoopCount":"101"},"Transitions":{"NextAction":"bye"}}`, "from 0 to 100"},
		{"a parameter under another name", `{"Identifier":"a","Type":"TransferToFlow","Parameters":{"FlowId":"f"},"Transitions":{"NextAction":"bye",` + failing + `}}`, "perhaps in place of FlowId"},
		{"an end that goes on", `{"Identifier":"a","Type":"EndFlowExecution","Parameters":{},"Transitions":{"NextAction":"bye"}}`, "take its NextAction away"},
		{"a queue at the transfer", `{"Identifier":"a","Type":"TransferContactToQueue","Parameters":{"QueueId":"q"},"Transitions":{"NextAction":"bye"}}`, "UpdateContactTargetQueue"},
		{"an empty string", `{"Identifier":"a","Type":"UpdateContactTargetQueue","Parameters":{"QueueId":""},"Transitions":{"NextAction":"bye",` + failing + `}}`, "an empty string counts as no value: give one to Parameters.QueueId, or take it away"},
		{"empty strings further in", `{"Identifier":"a","Type":"InvokeLambdaFunction","Parameters":{"LambdaFunctionARN":"f","LambdaInvocationAttributes":{"x":"y","a":"","b":"","c":"","d":""}},"Transitions":{"NextAction":"bye",` + failing + `}}`,
			"give one to Parameters.LambdaInvocationAttributes.a and Parameters.LambdaInvocationAttributes.b and Parameters.LambdaInvocationAttributes.c and others, or"},
		{"an identifier", `{"Identifier":"a","Type":"MessageParticipant","Parameters":{"Text":"x"},"Transitions":{"NextAction":"a/b"}},{"Identifier":"a/b","Type":"EndFlowExecution"}`, "at most 50 characters"},
		{"a slip in a hook", `{"Identifier":"a","Type":"UpdateContactEventHooks","Parameters":{"EventHooks":{"CustomerQueued":"f"}},"Transitions":{"NextAction":"bye",` + failing + `}}`, "did you mean CustomerQueue?"},
		{"an attribute's name", `{"Identifier":"a","Type":"UpdateContactAttributes","Parameters":{"Attributes":{"a.b":"1"}},"Transitions":{"NextAction":"bye",` + failing + `}}`, "neither $ nor a dot"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Parse([]byte(broken(c.action)))
			if err != nil {
				t.Fatal(err)
			}
			problems := Validate(p)
			if len(problems) == 0 {
				t.Fatal("there is no problem")
			}
			var all []string
			for _, problem := range problems {
				s := Suggest(p, problem)
				if strings.Contains(s, c.want) && (c.want != "" || s == "") {
					return
				}
				all = append(all, problem.Message+" → "+s)
			}
			t.Errorf("nothing suggests %q:\n%s", c.want, strings.Join(all, "\n"))
		})
	}
}

func TestSuggestWithoutAProgram(t *testing.T) {
	for _, p := range []Problem{{}, {Message: "Content is not valid JSON"}, {Message: "Invalid Action property value. Path: Actions[7]", Path: "Actions[7]"},
		{Message: "Invalid Action property name. Path: Actions[7].Parameters.X", Path: "Actions[7].Parameters.X"},
		{Message: "Invalid Action property value. Path: StartAction", Path: "StartAction"}} {
		_ = Suggest(nil, p) // it does not panic
		_ = Suggest(&Program{}, p)
	}
}
