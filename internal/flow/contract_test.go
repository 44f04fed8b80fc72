package flow

import (
	"slices"
	"strings"
	"testing"
)

const declared = `{
	"input": {"schema": {"$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "properties": {
		"name": {"type": "string"}, "age": {"type": "integer"}, "vip": {"type": ["boolean", "null"]}, "any": {},
		"address": {"type": "object", "properties": {"zip": {"type": "string"}}, "required": ["zip"]},
		"tags": {"type": "array", "items": {"type": "string"}}}, "required": ["name"]}},
	"resultData": {"schema": {"type": "object", "properties": {"score": {"type": "number"}, "text": {"type": "string"}}}},
	"transitions": {"results": [{"name": "gold", "description": ""}, {"name": "silver"}]}}`

func TestACallKeepsToTheContractOfItsModule(t *testing.T) {
	for _, tt := range []struct {
		name, params, conditions string
		want                     []string
	}{
		{"all of it", `"Input":{"name":"Ana","age":40,"vip":null,"any":[1],"address":{"zip":"1"},"tags":["a"]}`, `"gold","silver"`, nil},
		{"references are strings", `"Input":{"name":"$.Attributes.name","address":{"zip":"$.External.zip"},"tags":["$.External.tag"]}`, ``, nil},
		{"no input", ``, ``, []string{"Action is missing required property. Path: Actions[0].Parameters.Input.name"}},
		{"undeclared", `"Input":{"name":"a","size":1}`, ``, []string{"Invalid Action property name. Path: Actions[0].Parameters.Input.size"}},
		{"undeclared within", `"Input":{"name":"a","address":{"zip":"1","street":"2"}}`, ``, []string{"Invalid Action property name. Path: Actions[0].Parameters.Input.address.street"}},
		{"wrong types", `"Input":{"name":1,"age":1.5,"vip":"yes","address":{},"tags":["a",1]}`, ``, []string{
			"Invalid Action property value. Path: Actions[0].Parameters.Input.name",
			"Invalid Action property value. Path: Actions[0].Parameters.Input.age",
			"Invalid Action property value. Path: Actions[0].Parameters.Input.vip",
			"Action is missing required property. Path: Actions[0].Parameters.Input.address.zip",
			"Invalid Action property value. Path: Actions[0].Parameters.Input.tags[1]"}},
		{"a reference where no string is declared", `"Input":{"name":"a","age":"$.External.age"}`, ``, []string{"Invalid Action property value. Path: Actions[0].Parameters.Input.age"}},
		{"a branch that is never taken", `"Input":{"name":"a"}`, `"gold","bronze"`, []string{"Invalid Action property value. Path: Actions[0].Transitions.Conditions[1].Condition.Operands[0]"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var conditions []string
			for operand := range strings.SplitSeq(tt.conditions, ",") {
				if operand != "" {
					conditions = append(conditions, `{"NextAction":"z","Condition":{"Operator":"Equals","Operands":[`+operand+`]}}`)
				}
			}
			params := `"FlowModuleId":"m"`
			if tt.params != "" {
				params += "," + tt.params
			}
			p := mustParse(t, document(`{"Identifier":"a","Type":"InvokeFlowModule","Parameters":{`+params+`},"Transitions":{"NextAction":"z","Errors":[{"ErrorType":"NoMatchingError","NextAction":"z"}],
				"Conditions":[`+strings.Join(conditions, ",")+`]}},`+end))
			got := CheckCalls(p, func(id string) *Contract {
				if id != "m" {
					t.Errorf("asked for %q", id)
				}
				return mustRead(t, declared)
			})
			if !slices.Equal(messages(got), tt.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(messages(got), "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

func mustRead(t *testing.T, settings string) *Contract {
	t.Helper()
	c, err := ReadContract(settings)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAModuleKeepsToItsOwnContract(t *testing.T) {
	for _, tt := range []struct{ params, want string }{
		{`"Result":"gold","ResultData":{"score":1.5,"text":"$.External.text"}`, ""},
		{`"Result":"$.Attributes.branch"`, ""},
		{``, ""},
		{`"Result":"bronze"`, "Invalid Action property value. Path: Actions[0].Parameters.Result"},
		{`"ResultData":{"score":"$.External.score"}`, "Invalid Action property value. Path: Actions[0].Parameters.ResultData.score"},
		{`"ResultData":{"more":1}`, "Invalid Action property name. Path: Actions[0].Parameters.ResultData.more"},
	} {
		p := mustParse(t, document(`{"Identifier":"a","Type":"EndFlowModuleExecution","Parameters":{`+tt.params+`},"Transitions":{}}`))
		if got := strings.Join(messages(mustRead(t, declared).Check(p)), "; "); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.params, got, tt.want)
		}
		if got := mustRead(t, "").Check(p); len(got) > 0 {
			t.Errorf("%s: without a contract: %v", tt.params, got)
		}
		if problems := Validate(p); len(problems) > 0 {
			t.Errorf("%s: %v", tt.params, problems)
		}
	}
}

// What declares nothing allows nothing, unless it says so.
func TestAContractOfNothing(t *testing.T) {
	p := mustParse(t, document(`{"Identifier":"a","Type":"EndFlowModuleExecution","Parameters":{"Result":"x","ResultData":{"k":1}},"Transitions":{}}`))
	for settings, problems := range map[string]int{
		`{}`: 2, `{"transitions":{"results":[{"name":"x"}]}}`: 1,
		`{"resultData":{"schema":{"additionalProperties":true}},"transitions":{"results":[{"name":"x"}]}}`: 0,
		`{"resultData":{"schema":{"properties":{"k":null}}},"transitions":{"results":[{"name":"x"}]}}`:     0,
	} {
		if got := mustRead(t, settings).Check(p); len(got) != problems {
			t.Errorf("%s: %v", settings, got)
		}
	}
}

func TestContractsThatCannotBe(t *testing.T) {
	nine := strings.TrimSuffix(strings.Repeat(`{"name":"N"},`, 9), ",")
	for i := range 9 {
		nine = strings.Replace(nine, "N", string(rune('a'+i)), 1)
	}
	for _, settings := range []string{
		`[]`, `text`, `null`, `{"input":{"schema":[]}}`, `{"input":{"schema":{"type":5}}}`,
		`{"transitions":{"results":[{"name":""}]}}`, `{"transitions":{"results":[{"name":"a"},{"name":"a"}]}}`,
		`{"transitions":{"results":[` + nine + `]}}`,
	} {
		if c, err := ReadContract(settings); err == nil || c != nil {
			t.Errorf("%s: read as %+v", settings, c)
		}
	}
}

func TestKindsOfDocumentsHaveTheirActions(t *testing.T) {
	for actionType, kinds := range map[string][]Kind{
		"EndFlowModuleExecution": {"", Module},
		"TransferToFlow":         {"", "CONTACT_FLOW", "AGENT_TRANSFER", "QUEUE_TRANSFER", Module},
		"EndFlowExecution":       {"", "CONTACT_FLOW", "CUSTOMER_QUEUE", "CUSTOMER_HOLD", "CUSTOMER_WHISPER", "AGENT_HOLD", "AGENT_WHISPER", "OUTBOUND_WHISPER", "AGENT_TRANSFER", "QUEUE_TRANSFER", Module},
		"DisconnectParticipant":  {"", "CONTACT_FLOW", "CUSTOMER_QUEUE", "AGENT_TRANSFER", "QUEUE_TRANSFER", Module},
	} {
		for _, kind := range []Kind{"", "CONTACT_FLOW", "CUSTOMER_QUEUE", "CUSTOMER_HOLD", "CUSTOMER_WHISPER", "AGENT_HOLD", "AGENT_WHISPER", "OUTBOUND_WHISPER", "AGENT_TRANSFER", "QUEUE_TRANSFER", Module} {
			p := mustParse(t, document(`{"Identifier":"a","Type":"`+actionType+`","Transitions":{}}`))
			refused := slices.Contains(messages(ValidateAs(p, kind)), "Invalid Action type. Type: "+actionType)
			if refused == slices.Contains(kinds, kind) {
				t.Errorf("%s in %q: refused %v", actionType, kind, refused)
			}
		}
	}
}
