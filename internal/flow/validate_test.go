package flow

import (
	"slices"
	"strings"
	"testing"
)

// Each row is a first action that leads to an end, and all that is wrong with it.
func TestValidate(t *testing.T) {
	const (
		next    = `"NextAction":"z"`
		failing = `"Errors":[{"ErrorType":"NoMatchingError","NextAction":"z"}]`
		unequal = `"Errors":[{"ErrorType":"NoMatchingCondition","NextAction":"z"}]`
		is1     = `"Conditions":[{"NextAction":"z","Condition":{"Operator":"Equals","Operands":["1"]}}]`
		looping = `"Conditions":[{"NextAction":"z","Condition":{"Operator":"Equals","Operands":["ContinueLooping"]}},{"NextAction":"z","Condition":{"Operator":"Equals","Operands":["DoneLooping"]}}]`
		waited  = `"Conditions":[{"NextAction":"z","Condition":{"Operator":"Equals","Operands":["WaitCompleted"]}}]`
	)
	value := func(path string) string { return "Invalid Action property value. Path: " + path }
	lacks := func(path string) string { return "Action is missing required property. Path: Actions[0]" + path }
	needs := func(e string) string {
		return "Action is missing required error. Error: " + e + ", Path: Actions[0]"
	}
	for _, tt := range []struct {
		name, typ, params string
		transitions       []string
		want              []string
	}{
		// The texts.
		{"unknown type", "PlayPrompt", ``, []string{next}, []string{"Invalid Action type. Type: PlayPrompt"}},
		{"type the service does not take", "RouteContactToAgent", ``, []string{next}, []string{"Invalid Action type. Type: RouteContactToAgent"}},
		{"unknown parameter", "Wait", `"TimeoutSeconds":"5","TimeLimitSeconds":"5"`, []string{next, failing, waited}, []string{"Invalid Action property name. Path: Actions[0].Parameters.TimeoutSeconds"}},
		{"dangling NextAction", "MessageParticipant", `"Text":"a"`, []string{`"NextAction":"y"`}, []string{value("Actions[0].Transitions.NextAction")}},
		{"dangling error branch", "MessageParticipant", `"Text":"a"`, []string{next, `"Errors":[{"ErrorType":"NoMatchingError","NextAction":""}]`}, []string{value("Actions[0].Transitions.Errors[0].NextAction")}},
		{"dangling condition", "Compare", `"ComparisonValue":"$.Channel"`, []string{next, unequal, strings.Replace(is1, `"z"`, `"y"`, 1)}, []string{value("Actions[0].Transitions.Conditions[0].NextAction")}},
		{"limit of a function", "InvokeLambdaFunction", `"LambdaFunctionARN":"f","InvocationTimeLimitSeconds":"9"`, []string{next, failing}, []string{value("Actions[0].Parameters.InvocationTimeLimitSeconds")}},
		{"limit of an asynchronous function", "InvokeLambdaFunction", `"LambdaFunctionARN":"f","InvocationTimeLimitSeconds":"60","InvocationType":"ASYNCHRONOUS"`, []string{next, failing}, nil},
		{"what a function is", "InvokeLambdaFunction", `"LambdaFunctionARN":{},"InvocationTimeLimitSeconds":"8","InvocationType":"NEVER","LambdaInvocationAttributes":"k","ResponseValidation":{"ResponseType":"XML"}`, []string{next, failing}, []string{
			value("Actions[0].Parameters.LambdaFunctionARN"), value("Actions[0].Parameters.InvocationType"), value("Actions[0].Parameters.LambdaInvocationAttributes"), value("Actions[0].Parameters.ResponseValidation.ResponseType")}},
		{"metric", "CheckMetricData", `"MetricType":"Mood","QueueId":"q","AgentId":"a"`, []string{next, `"Errors":[{"ErrorType":"NoMatchingError","NextAction":"z"},{"ErrorType":"NoMatchingCondition","NextAction":"z"}]`, is1}, []string{
			value("Actions[0].Parameters.MetricType"), "Only one of these properties may be defined. Properties: [QueueId, AgentId]"}},
		{"agents are only counted above 0", "CheckMetricData", `"MetricType":"NumberOfAgentsStaffed"`, []string{next, `"Errors":[{"ErrorType":"NoMatchingError","NextAction":"z"},{"ErrorType":"NoMatchingCondition","NextAction":"z"}]`, is1}, []string{
			value("Actions[0].Transitions.Conditions[0].Condition")}},
		{"hours", "CheckHoursOfOperation", ``, []string{next, failing, is1}, []string{value("Actions[0].Transitions.Conditions[0].Condition"), lacks(".Transitions.Conditions")}},
		{"a wait that keeps running", "Wait", `"TimeLimitSeconds":"5","ContinueExecution":"True"`, []string{next, failing, waited}, []string{lacks(".Parameters.MinimumWaitTimeSeconds"), lacks(".Transitions.Conditions")}},
		{"a module's call", "InvokeFlowModule", `"FlowModuleId":[],"Input":"x"`, []string{next, failing, strings.Replace(is1, "Equals", "TextContains", 1)}, []string{
			value("Actions[0].Parameters.FlowModuleId"), value("Actions[0].Parameters.Input"), value("Actions[0].Transitions.Conditions[0].Condition.Operator")}},
		{"a module's end", "EndFlowModuleExecution", `"Result":{"a":"b"},"ResultData":["x"]`, nil, []string{value("Actions[0].Parameters.Result"), value("Actions[0].Parameters.ResultData")}},
		{"no NextAction", "MessageParticipant", `"Text":"a"`, nil, []string{lacks(".Transitions.NextAction")}},
		{"empty NextAction", "MessageParticipant", `"Text":"a"`, []string{`"NextAction":""`}, []string{lacks(".Transitions.NextAction")}},
		{"no parameter", "TransferToFlow", ``, []string{next, failing}, []string{lacks(".Parameters.ContactFlowId")}},
		{"no conditions", "Compare", `"ComparisonValue":"$.Channel"`, []string{next, unequal}, []string{lacks(".Transitions.Conditions")}},
		{"no error branch", "Compare", `"ComparisonValue":"$.Channel"`, []string{next, is1}, []string{needs("NoMatchingCondition")}},
		{"error branch of another type", "Compare", `"ComparisonValue":"$.Channel"`, []string{next, is1, `"Errors":[{"ErrorType":"NoMatchingError","NextAction":"z"},{"ErrorType":"NoMatchingCondition","NextAction":"z"}]`},
			[]string{"Invalid Action error. Error: NoMatchingError, Path: Actions[0]"}},
		{"transition from a terminal action", "DisconnectParticipant", ``, []string{next}, []string{"Action does not support transitions. Path: Actions[0]"}},
		{"conditions", "MessageParticipant", `"Text":"a"`, []string{next, is1}, []string{"Action does not support conditions"}},
		{"two prompts", "MessageParticipant", `"Text":"a","SSML":"b"`, []string{next}, []string{"Only one of these properties may be defined. Properties: [Text, SSML]"}},
		{"two beginnings for Lex", "ConnectParticipantWithLexBot", `"Text":"a","LexInitializationData":{"InitialMessage":"$.Media.InitialMessage"},"LexV2Bot":{"AliasArn":"x"}`,
			[]string{next, `"Errors":[{"ErrorType":"NoMatchingError","NextAction":"z"},{"ErrorType":"NoMatchingCondition","NextAction":"z"}]`},
			[]string{"Only one of these properties may be defined. Properties: [Text, LexInitializationData]"}},
		{"empty attribute", "UpdateContactAttributes", `"Attributes":{"k":""}`, []string{next, failing}, []string{"Empty value in Parameters.Attributes"}},
		{"empty parameter", "TransferToFlow", `"ContactFlowId":""`, []string{next, failing}, []string{value("0.Parameter")}},
		{"empty parameter deep inside", "ShowView", `"ViewResource":{"Id":"form"},"InvocationTimeLimitSeconds":"5","ViewData":{"a":[{"b":""}]}`,
			[]string{next, `"Errors":[{"ErrorType":"NoMatchingError","NextAction":"z"},{"ErrorType":"NoMatchingCondition","NextAction":"z"},{"ErrorType":"TimeLimitExceeded","NextAction":"z"}]`},
			[]string{value("0.Parameter")}},
		{"empty operand", "Compare", `"ComparisonValue":"$.Channel"`, []string{next, unequal, strings.Replace(is1, `"1"`, `""`, 1)}, []string{"Invalid branch. Path: 0.Evaluate"}},
		{"seven tags", "TagContact", `"Tags":{"1":"a","2":"a","3":"a","4":"a","5":"a","6":"a","7":"a"}`, []string{next, failing}, []string{"More than 6 tags in Parameters.Tags"}},

		// Single types.
		{"loop count", "Loop", `"LoopCount":"101"`, []string{next, looping}, []string{value("Actions[0].Parameters.LoopCount")}},
		{"loop count a reference", "Loop", `"LoopCount":"$.Attributes.n"`, []string{next, looping}, nil},
		{"loop count a number", "Loop", `"LoopCount":100`, []string{next, looping}, nil},
		{"loop with another condition", "Loop", `"LoopCount":1`, []string{next, is1},
			[]string{value("Actions[0].Transitions.Conditions[0].Condition"), lacks(".Transitions.Conditions")}},
		{"wait too long", "Wait", `"TimeLimitSeconds":"604801"`, []string{next, failing, waited}, []string{value("Actions[0].Parameters.TimeLimitSeconds")}},
		{"wait without a branch for its event", "Wait", `"TimeLimitSeconds":"5","Events":["CustomerReturned"]`, []string{next, failing, waited}, []string{lacks(".Transitions.Conditions")}},
		{"wait for a bot", "Wait", `"TimeLimitSeconds":"5","Events":["BotParticipantDisconnected"]`, []string{next, failing, waited}, []string{needs("ParticipantNotFound"), lacks(".Transitions.Conditions")}},
		{"wait for something else", "Wait", `"TimeLimitSeconds":"5","Events":["Christmas"]`, []string{next, failing, waited}, []string{value("Actions[0].Parameters.Events[0]")}},
		{"compare a literal", "Compare", `"ComparisonValue":"CHAT"`, []string{next, unequal, is1}, []string{value("Actions[0].Parameters.ComparisonValue")}},
		{"compare a map", "Compare", `"ComparisonValue":"$.Attributes"`, []string{next, unequal, is1}, []string{value("Actions[0].Parameters.ComparisonValue")}},
		{"keys of a map", "Compare", `"ComparisonValue":"$.Attributes"`, []string{next, unequal, strings.Replace(is1, "Equals", "KeyExists", 1)}, nil},
		{"compare an unknown root", "Compare", `"ComparisonValue":"$.Nobody.name"`, []string{next, unequal, is1}, []string{value("Actions[0].Parameters.ComparisonValue")}},
		{"unknown operator", "Compare", `"ComparisonValue":"$.Channel"`, []string{next, unequal, strings.Replace(is1, "Equals", "Or", 1)}, []string{value("Actions[0].Transitions.Conditions[0].Condition.Operator")}},
		{"two operands", "Compare", `"ComparisonValue":"$.Channel"`, []string{next, unequal, strings.Replace(is1, `"1"`, `"1","2"`, 1)}, []string{value("Actions[0].Transitions.Conditions[0].Condition.Operands")}},
		{"an operand that is no scalar", "Compare", `"ComparisonValue":"$.Channel"`, []string{next, unequal, strings.Replace(is1, `"1"`, `{}`, 1)}, []string{value("Actions[0].Transitions.Conditions[0].Condition.Operands[0]")}},
		{"logging", "UpdateFlowLoggingBehavior", `"FlowLoggingBehavior":"On"`, []string{next}, []string{value("Actions[0].Parameters.FlowLoggingBehavior")}},
		{"transfer by a broken reference", "TransferToFlow", `"ContactFlowId":"$.Attributes.a b"`, []string{next, failing}, []string{value("Actions[0].Parameters.ContactFlowId")}},
		{"transfer by an object", "TransferToFlow", `"ContactFlowId":{"a":"b"}`, []string{next, failing}, []string{value("Actions[0].Parameters.ContactFlowId")}},
		{"target contact", "UpdateContactAttributes", `"TargetContact":"Other","Attributes":{"k":"v"}`, []string{next, failing}, []string{value("Actions[0].Parameters.TargetContact")}},
		{"attributes a list", "UpdateContactAttributes", `"Attributes":["k"]`, []string{next, failing}, []string{value("Actions[0].Parameters.Attributes")}},
		{"attribute an object", "UpdateContactAttributes", `"Attributes":{"k":{}}`, []string{next, failing}, []string{value("Actions[0].Parameters.Attributes.k")}},
		{"attribute with a dot", "UpdateContactAttributes", `"Attributes":{"a.b":"v"}`, []string{next, failing}, []string{"Invalid Action property name. Path: Actions[0].Parameters.Attributes.a.b"}},
		{"dynamic attribute", "UpdateContactAttributes", `"Attributes":{"k_$.External.key":"v"}`, []string{next, failing}, nil},
		{"flat flow attribute", "UpdateFlowAttributes", `"FlowAttributes":{"k":"v"}`, []string{next, failing}, []string{value("Actions[0].Parameters.FlowAttributes.k")}},
		{"flow attribute of another type", "UpdateFlowAttributes", `"FlowAttributes":{"k":{"Value":"v","Type":"Number"}}`, []string{next, failing}, []string{value("Actions[0].Parameters.FlowAttributes.k.Type")}},
		{"no flow attributes", "UpdateFlowAttributes", `"FlowAttributes":{}`, []string{next, failing}, []string{value("Actions[0].Parameters.FlowAttributes")}},
		{"unknown hook", "UpdateContactEventHooks", `"EventHooks":{"Lunch":"f"}`, []string{next, failing}, []string{"Invalid Action property name. Path: Actions[0].Parameters.EventHooks.Lunch"}},
		{"two hooks", "UpdateContactEventHooks", `"EventHooks":{"CustomerQueue":"f","AgentWhisper":"g"}`, []string{next, failing}, []string{value("Actions[0].Parameters.EventHooks")}},
		{"no hook", "UpdateContactEventHooks", ``, []string{next, failing}, []string{lacks(".Parameters.EventHooks")}},
		{"hooks a null", "UpdateContactEventHooks", `"EventHooks":null`, []string{next, failing}, []string{lacks(".Parameters.EventHooks")}},
		{"hook switched off", "UpdateContactEventHooks", `"EventHooksConfiguration":{"CustomerWhisper":{"DisableExecution":"true"}}`, []string{next, failing}, nil},
		{"hook switched on without a flow", "UpdateContactEventHooks", `"EventHooksConfiguration":{"CustomerWhisper":{"DisableExecution":"false"}}`, []string{next, failing}, []string{lacks(".Parameters.EventHooks")}},
		{"unknown hook switched off", "UpdateContactEventHooks", `"EventHooksConfiguration":{"Lunch":{"DisableExecution":"true"}}`, []string{next, failing}, []string{"Invalid Action property name. Path: Actions[0].Parameters.EventHooksConfiguration.Lunch"}},
		{"rehydration", "CreatePersistentContactAssociation", `"RehydrationType":"ALL","SourceContactId":"c"`, []string{next, failing}, []string{value("Actions[0].Parameters.RehydrationType")}},
		{"queue and agent", "UpdateContactTargetQueue", `"QueueId":"q","AgentId":"a"`, []string{next, failing}, []string{"Only one of these properties may be defined. Properties: [QueueId, AgentId]"}},
		{"neither queue nor agent", "UpdateContactTargetQueue", ``, []string{next, failing}, []string{lacks(".Parameters.QueueId")}},
		{"prompt missing", "MessageParticipant", ``, []string{next}, []string{lacks(".Parameters.Text")}},
		{"prompt an object", "MessageParticipant", `"Text":{"a":"b"}`, []string{next}, []string{value("Actions[0].Parameters.Text")}},
		{"loop prompts end anywhere", "MessageParticipantIteratively", `"Messages":[{"Text":"a"}]`, nil, nil},
		{"input on branches", "GetParticipantInput", `"InputTimeLimitSeconds":"5","Text":"a","StoreInput":"False","InputValidation":{}`, []string{next, failing, is1},
			[]string{needs("NoMatchingCondition"), needs("InputTimeLimitExceeded"), value("Actions[0].Parameters")}},
		{"stored input", "GetParticipantInput", `"InputTimeLimitSeconds":"5","Text":"a","StoreInput":"True","InputValidation":{"PhoneNumberValidation":{"NumberFormat":"E164"}}`, []string{next, unequal, is1},
			[]string{needs("NoMatchingError"), "Action does not support conditions", "Invalid Action error. Error: NoMatchingCondition, Path: Actions[0]", needs("InvalidPhoneNumber")}},
		{"stored input without validation", "GetParticipantInput", `"InputTimeLimitSeconds":"5","Text":"a","StoreInput":"True"`, []string{next, failing}, []string{lacks(".Parameters.InputValidation")}},
		{"input without a prompt", "GetParticipantInput", `"InputTimeLimitSeconds":"5","StoreInput":"True","InputValidation":{"CustomValidation":{"MaximumLength":"4"}}`, []string{next, failing}, nil},
		{"input with two prompts", "GetParticipantInput", `"InputTimeLimitSeconds":"5","Text":"a","SSML":"b","StoreInput":"True","InputValidation":{"CustomValidation":{"MaximumLength":"4"}}`, []string{next, failing}, []string{"Only one of these properties may be defined. Properties: [Text, SSML]"}},
		{"outbound call without an error branch", "CompleteOutboundCall", `"CallerId":{"Number":"$.External.caller"}`, []string{next}, nil},
		{"who is called back first", "CreateCallbackContact", `"InitialCallDelaySeconds":"5","MaximumConnectionAttempts":"1","RetryDelaySeconds":"600","CallbackMode":"AgentFirst"`, []string{next, failing}, nil},
		{"Lex branch for a time-out without one", "ConnectParticipantWithLexBot", `"Text":"a","LexV2Bot":{"AliasArn":"x"}`,
			[]string{next, `"Errors":[{"ErrorType":"NoMatchingError","NextAction":"z"},{"ErrorType":"NoMatchingCondition","NextAction":"z"},{"ErrorType":"InputTimeLimitExceeded","NextAction":"z"}]`},
			nil},
		{"input without a time limit", "GetParticipantInput", `"Text":"a","StoreInput":"True","InputValidation":{"CustomValidation":{"MaximumLength":"4"}}`, []string{next, failing}, []string{lacks(".Parameters.InputTimeLimitSeconds")}},
		{"keys pressed ahead", "GetParticipantInput", `"EnableDTMFBuffer":"true"`, []string{next, failing}, nil},
		{"keys pressed ahead of a prompt", "GetParticipantInput", `"EnableDTMFBuffer":"true","Text":"a"`, []string{next, failing}, []string{lacks(".Parameters.InputTimeLimitSeconds"), needs("NoMatchingCondition"), needs("InputTimeLimitExceeded")}},
		{"callback number", "UpdateContactCallbackNumber", `"CallbackNumber":"$.Attributes.n"`, []string{next}, []string{needs("InvalidCallbackNumber"), needs("CallbackNumberNotDialable")}},
		{"queue", "TransferContactToQueue", ``, []string{next, failing}, []string{needs("QueueAtCapacity")}},
		{"hours", "CheckHoursOfOperation", ``, []string{next, failing, strings.Replace(is1, `"1"`, `"True"`, 1)}, []string{lacks(".Transitions.Conditions")}},
		{"recording", "UpdateContactRecordingAndAnalyticsBehavior", `"ChatBehavior":{"a":"b"}`, []string{next, failing}, []string{needs("ChannelMismatch"), needs("InFlightRedactionConfigurationFailed")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			first := `{"Identifier":"a","Type":"` + tt.typ + `","Parameters":{` + tt.params + `},"Transitions":{` + strings.Join(tt.transitions, ",") + `}}`
			p, err := Parse([]byte(document(first + "," + end)))
			if err != nil {
				t.Fatal(err)
			}
			if got := messages(Validate(p)); !slices.Equal(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

func TestValidateIdentifiersAndStart(t *testing.T) {
	for id, ok := range map[string]bool{
		"Set recording timestamp": true, strings.Repeat("ü", 50): true, strings.Repeat("x", 51): false,
		"a:b": false, "a[0]": false, "50%": false, "toString": false, "__proto__": false,
	} {
		src := `{"Version":"2019-10-30","StartAction":"` + id + `","Actions":[{"Identifier":"` + id + `","Type":"DisconnectParticipant"}]}`
		p, err := Parse([]byte(src))
		if err != nil {
			t.Fatal(err)
		}
		if got := len(Validate(p)) == 0; got != ok {
			t.Errorf("%q: valid %v, want %v", id, got, ok)
		}
	}
	p, err := Parse([]byte(document(end)))
	if err != nil {
		t.Fatal(err)
	}
	if got := messages(Validate(p)); !slices.Equal(got, []string{"Invalid Action property value. Path: StartAction"}) {
		t.Errorf("start nowhere: %q", got)
	}
}

func TestActionsAreSortedAndDescribed(t *testing.T) {
	infos := Actions()
	if !slices.IsSortedFunc(infos, func(a, b ActionInfo) int { return strings.Compare(a.Type, b.Type) }) {
		t.Error("not sorted")
	}
	for _, info := range infos {
		if info.Support == "" || info.Support != Works && info.Note == "" {
			t.Errorf("%+v", info)
		}
	}
}
