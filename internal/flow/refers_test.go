package flow

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What a document names in so many words is a need, each with its place; references are none, nor is what is not there.
func TestNeeds(t *testing.T) {
	p := mustParse(t, document(`
		{"Identifier":"a","Type":"UpdateContactTargetQueue","Parameters":{"QueueId":"support"},"Transitions":{"NextAction":"b"}},
		{"Identifier":"b","Type":"UpdateContactTargetQueue","Parameters":{"QueueId":"$.Attributes.queue"},"Transitions":{"NextAction":"c"}},
		{"Identifier":"c","Type":"InvokeLambdaFunction","Parameters":{"LambdaFunctionARN":"arn:aws:lambda:$.AwsRegion:1:function:f"},"Transitions":{"NextAction":"d"}},
		{"Identifier":"d","Type":"InvokeLambdaFunction","Parameters":{"LambdaFunctionARN":"arn:aws:lambda:us-east-1:1:function:f"},"Transitions":{"NextAction":"e"}},
		{"Identifier":"e","Type":"UpdateContactEventHooks","Parameters":{"EventHooks":{"CustomerQueue":"waiting"}},"Transitions":{"NextAction":"f"}},
		{"Identifier":"f","Type":"MessageParticipantIteratively","Parameters":{"Messages":[{"Text":"x"},{"PromptId":"beep"}]},"Transitions":{"NextAction":"g"}},
		{"Identifier":"g","Type":"ShowView","Parameters":{"ViewResource":{"Id":"v","Version":"3"}},"Transitions":{"NextAction":"h"}},
		{"Identifier":"h","Type":"ConnectParticipantWithLexBot","Parameters":{"Text":"x","LexV2Bot":{"AliasArn":"alias"}},"Transitions":{"NextAction":"i"}},
		{"Identifier":"i","Type":"CheckHoursOfOperation","Parameters":{},"Transitions":{"NextAction":"j"}},
		{"Identifier":"j","Type":"CheckHoursOfOperation","Parameters":{"HoursOfOperationId":"holidays"},"Transitions":{"NextAction":"k"}},
		{"Identifier":"k","Type":"InvokeFlowModule","Parameters":{"FlowModuleId":"m:live"},"Transitions":{"NextAction":"l"}},
		{"Identifier":"l","Type":"NoSuchType","Parameters":{"QueueId":"x"},"Transitions":{"NextAction":"m"}},
		{"Identifier":"m","Type":"TransferToFlow","Parameters":{"ContactFlowId":""},"Transitions":{"NextAction":"z"}},`+end))
	want := []Need{
		{ResourceQueue, "support", "", "Actions[0].Parameters.QueueId"},
		{ResourceFunction, "arn:aws:lambda:us-east-1:1:function:f", "", "Actions[3].Parameters.LambdaFunctionARN"},
		{ResourceFlow, "waiting", "", "Actions[4].Parameters.EventHooks.CustomerQueue"},
		{ResourcePrompt, "beep", "", "Actions[5].Parameters.Messages[1].PromptId"},
		{ResourceView, "v", "3", "Actions[6].Parameters.ViewResource.Id"},
		{ResourceBot, "alias", "", "Actions[7].Parameters.LexV2Bot.AliasArn"},
		{ResourceHours, "holidays", "", "Actions[9].Parameters.HoursOfOperationId"},
		{ResourceModule, "m:live", "", "Actions[10].Parameters.FlowModuleId"},
	}
	if got := Needs(p); !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	absent := Absent(want[:2])
	if absent[0].Message != "Invalid Action property value. Path: Actions[0].Parameters.QueueId (the instance has no queue support)" || absent[0].Path != want[0].Path {
		t.Errorf("told as %+v", absent[0])
	}
}

// Parameters that name resources are parameters of their types.
func TestWhatIsReferredToIsAParameter(t *testing.T) {
	for name, at := range actionTypes {
		for _, r := range at.refers {
			parameter, _, _ := strings.Cut(strings.ReplaceAll(r.at, "[]", ""), ".")
			if !slices.Contains(at.params, parameter) {
				t.Errorf("%s has no parameter %s", name, r.at)
			}
		}
	}
}

func TestNeedsOfEveryInstance(t *testing.T) {
	for id, want := range map[string]bool{
		"form": true, "form:1": true, "arn:aws:connect:us-east-1:aws:view/cards:1": true, "arn:aws:connect:us-east-1:aws:view/other:1": false,
		"arn:aws:connect:us-east-1:1:instance/i/view/form": false, "33333333-3333-4333-8333-333333333333": false,
	} {
		if got := (&Need{Kind: ResourceView, ID: id}).Everywhere(); got != want {
			t.Errorf("%s: %v", id, got)
		}
	}
	if (&Need{Kind: ResourceQueue, ID: "form"}).Everywhere() {
		t.Error("a queue")
	}
}

// faults are documents that showed faults. They are not part of the project; where they are absent the tests say so.
const faults = "../../../shared/cases"

// readCase reads one of them.
func readCase(t *testing.T, name string) []byte {
	t.Helper()
	src, err := os.ReadFile(filepath.Join(faults, name))
	if err != nil {
		t.Skipf("left out: %v", err)
	}
	return src
}

func TestCases(t *testing.T) {
	published := []string{"flows/acx.json", "flows/acx-ref.json", "flows/acx-text.json", "flows/dtmf.json", "flows/dtmf2.json", "flows/lexsug.json",
		"flows/lexcmp.json", "flows/loop.json", "flows/const3.json", "flows/unreach.json", "flows/channel.json", "flows/hotloop.json"}
	for _, name := range published {
		t.Run(name, func(t *testing.T) {
			for _, problem := range ValidateAs(mustParse(t, string(readCase(t, name))), contactFlow) {
				t.Error(problem.Message)
			}
		})
	}
	for name, want := range map[string][]string{
		"08-loop-prompts-inbound.json": {"Invalid Action type. Type: MessageParticipantIteratively"},
		"flows/acx-missing-errors.json": {
			"Action is missing required error. Error: NoMatchingCondition, Path: Actions[1]", "Action is missing required error. Error: InputTimeLimitExceeded, Path: Actions[1]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := messages(ValidateAs(mustParse(t, string(readCase(t, name))), contactFlow)); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	t.Run("06-flow-references.json", func(t *testing.T) {
		var paths []string
		for _, n := range Needs(mustParse(t, string(readCase(t, "06-flow-references.json")))) {
			paths = append(paths, n.Path)
		}
		if want := []string{"Actions[0].Parameters.FlowModuleId", "Actions[1].Parameters.QueueId", "Actions[2].Parameters.ContactFlowId"}; !slices.Equal(paths, want) {
			t.Errorf("it needs %q, want %q", paths, want)
		}
	})
}
