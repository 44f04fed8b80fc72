package flow

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// kindsSaid are the types of flows as the console writes them into the metadata of its exports.
var kindsSaid = map[string]Kind{
	"contactFlow": contactFlow, "customerQueue": customerQueue, "customerHold": customerHold, "customerWhisper": customerWhisper,
	"agentHold": agentHold, "agentWhisper": agentWhisper, "outboundWhisper": outboundWhisper, "agentTransfer": agentTransfer,
	"queueTransfer": queueTransfer,
}

// The table of allowed types of flows names actions and kinds that there are, and none twice.
func TestKindsAreKnown(t *testing.T) {
	for name, kinds := range restricted {
		if actionTypes[name] == nil {
			t.Errorf("there is no action %s", name)
		}
		for _, k := range unoffered[name] {
			if !slices.Contains(kinds, k) {
				t.Errorf("%s is refused in %s, and a warning besides", name, k)
			}
		}
	}
	for name := range unoffered {
		name, hook, hooked := strings.Cut(name, " ")
		if _, known := hooks[hook]; actionTypes[name] == nil || hooked && !known {
			t.Errorf("there is no action %s or hook %q", name, hook)
		}
	}
}

// Loop prompts are refused outside of queue and hold flows, waiting, signing in and views outside of inbound and queue flows.
// Where only the guide's list leaves a block out, that is a warning.
func TestKindsOfFlows(t *testing.T) {
	all := []Kind{contactFlow, customerQueue, customerHold, customerWhisper, agentHold, agentWhisper, outboundWhisper, agentTransfer, queueTransfer}
	for name, want := range map[string][]Kind{
		"MessageParticipantIteratively": {customerQueue, customerHold, agentHold},
		"Wait":                          {contactFlow, customerQueue},
		"AuthenticateParticipant":       {contactFlow, customerQueue},
		"ShowView":                      {contactFlow, customerQueue},
		"CheckMetricData":               all,
		"InvokeLambdaFunction":          all,
		"MessageParticipant":            all,
	} {
		p := mustParse(t, document(`{"Identifier":"a","Type":"`+name+`"},`+end))
		refusal := Problem{"Invalid Action type. Type: " + name, "Actions[0].Type"}
		for _, k := range all {
			if got := !slices.Contains(ValidateAs(p, k), refusal); got != slices.Contains(want, k) {
				t.Errorf("%s in %s: allowed %v", name, k, got)
			}
		}
		for _, free := range []Kind{"", Module, campaign} {
			if slices.Contains(ValidateAs(p, free), refusal) {
				t.Errorf("%s in %q is refused", name, free)
			}
		}
	}
	hooked := mustParse(t, document(`{"Identifier":"a","Type":"UpdateContactEventHooks","Parameters":{"EventHooks":{"AgentWhisper":"f"}}},`+end))
	for _, tt := range []struct {
		p    *Program
		kind Kind
		want []Problem
	}{
		{mustParse(t, document(`{"Identifier":"a","Type":"CheckMetricData"},`+end)), agentWhisper,
			[]Problem{{"The administrator guide does not offer the action in flows of type AGENT_WHISPER", "Actions[0].Type"}}},
		{mustParse(t, document(`{"Identifier":"a","Type":"CheckMetricData"},`+end)), queueTransfer, nil},
		{mustParse(t, document(`{"Identifier":"a","Type":"CheckMetricData"},`+end)), "", nil},
		{mustParse(t, document(`{"Identifier":"a","Type":"Wait"},`+end)), agentWhisper, nil}, // a problem already
		{hooked, customerHold, []Problem{{"The administrator guide does not offer the action for AgentWhisper in flows of type CUSTOMER_HOLD", "Actions[0].Parameters.EventHooks.AgentWhisper"}}},
		{hooked, customerQueue, nil},
		{mustParse(t, document(`{"Identifier":"a","Type":"Loop","Parameters":{"LoopArray":"$.External.list","LoopName":"l"}},`+end)), contactFlow, []Problem{
			{"Amazon Connect publishes nowhere how documents have the parameter LoopName", "Actions[0].Parameters.LoopName"},
			{"Amazon Connect publishes nowhere how documents have the parameter LoopArray", "Actions[0].Parameters.LoopArray"}}},
	} {
		if got := Warnings(tt.p, tt.kind); !slices.Equal(got, tt.want) {
			t.Errorf("%s in %q: %v, want %v", tt.p.actions[0].name, tt.kind, got, tt.want)
		}
	}
}

// Real flows keep to the types of flows that they say of themselves. The log has those that the guide would not offer.
func TestCorpusKeepsToKinds(t *testing.T) {
	for _, folder := range []string{"chat", "general", "guides", "modules"} {
		t.Run(folder, func(t *testing.T) {
			eachDocument(t, folder, func(t *testing.T, src []byte) {
				var doc struct{ Metadata struct{ Type string } }
				_ = json.Unmarshal(src, &doc) // metadata may be anything
				p := mustParse(t, string(src))
				kind := kindsSaid[doc.Metadata.Type]
				for _, problem := range ValidateAs(p, kind) {
					if strings.HasSuffix(problem.Path, ".Type") {
						t.Errorf("%s: %s", kind, problem.Message)
					}
				}
				for _, warning := range Warnings(p, kind) {
					t.Logf("%s: %s", warning.Path, warning.Message)
				}
			})
		})
	}
}
