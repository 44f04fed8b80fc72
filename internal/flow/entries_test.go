package flow

import (
	"slices"
	"strings"
	"testing"
)

// No type of action takes a parameter that is not in the table.
func TestEveryTypeKnowsItsParameters(t *testing.T) {
	for name, at := range actionTypes {
		if at.unlisted {
			continue // it is refused anyway
		}
		p := mustParse(t, document(`{"Identifier":"a","Type":"`+name+`","Parameters":{"Zzz":"x"}},`+end))
		if got := messages(ValidateAs(p, Module)); !slices.Contains(got, "Invalid Action property name. Path: Actions[0].Parameters.Zzz") {
			t.Errorf("%s takes any parameter: %q", name, got)
		}
		for _, required := range at.required {
			if !slices.Contains(at.params, required) {
				t.Errorf("%s requires %s, which it does not take", name, required)
			}
		}
		for _, e := range at.entries {
			if !slices.Contains(at.params, e.name) {
				t.Errorf("%s has no parameter %s", name, e.name)
			}
			if e.needed {
				t.Errorf("%s: parameters are required by name: %s", name, e.name)
			}
		}
		for _, unpublished := range at.unpublished {
			if !slices.Contains(at.params, unpublished) {
				t.Errorf("%s has no parameter %s", name, unpublished)
			}
		}
	}
}

func TestParametersOfSystems(t *testing.T) {
	value := func(path string) string { return "Invalid Action property value. Path: Actions[0].Parameters." + path }
	lacks := func(path string) string {
		return "Action is missing required property. Path: Actions[0].Parameters." + path
	}
	for _, tt := range []struct {
		typ, params string
		want        []string
	}{
		{"GetCustomerProfile", ``, []string{lacks("ProfileRequestData")}},
		{"GetCustomerProfile", `"ProfileRequestData":{"IdentifierName":"_phone","IdentifierValue":"$.CustomerEndpoint.Address"},"ProfileResponseData":["FirstName"]`, nil},
		{"GetCustomerProfile", `"ProfileRequestData":{"PhoneNumber":"1"},"ProfileResponseData":{"FirstName":"FirstName"}`, nil},
		{"GetCustomerProfile", `"ProfileRequestData":["x"],"ProfileResponseData":"FirstName"`, []string{value("ProfileRequestData"), value("ProfileResponseData")}},
		{"GetCustomerProfile", `"ProfileRequestData":{"SearchCriteria":[{"IdentifierName":"a"}],"LogicalOperator":"XOR"}`, []string{
			lacks("ProfileRequestData.SearchCriteria[0].IdentifierValue"), value("ProfileRequestData.LogicalOperator")}},
		{"GetCustomerProfileObject", `"ProfileRequestData":{"ProfileId":"$.Customer.ProfileId"}`, []string{lacks("ProfileRequestData.ObjectType")}},
		{"AssociateContactToCustomerProfile", ``, []string{lacks("ProfileRequestData")}},
		{"AssociateContactToCustomerProfile", `"ProfileId":"$.Customer.ProfileId","ContactId":"$.ContactId"`, nil},
		{"CreateCase", `"CaseRequestFields":{"title":"x"}`, []string{lacks("CaseTemplateId")}},
		{"CreateCase", `"CaseTemplateId":"t","LinkContactToCase":"perhaps","CaseRequestFields":"x"`, []string{value("LinkContactToCase"), value("CaseRequestFields")}},
		{"UpdateCase", `"CaseRequestFields":{"title":"x"}`, []string{lacks("CaseId")}},
		{"CreateTask", `"Description":"x"`, []string{lacks("ContactFlowId"), lacks("Name")}},
		{"CreateTask", `"TaskTemplateId":"t"`, nil},
		{"CreateTask", `"ContactFlowId":"f","Name":"n","DelaySeconds":5,"ScheduledTime":"1"`, []string{"Only one of these properties may be defined. Properties: [DelaySeconds, ScheduledTime]"}},
		{"CreateWisdomSession", ``, []string{lacks("WisdomAssistantArn")}},
		{"RenderMessageTemplate", `"Template":"x"`, []string{
			"Invalid Action property name. Path: Actions[0].Parameters.Template", lacks("WisdomKnowledgeBaseArn"), lacks("WisdomMessageTemplateArn")}},
		{"StartOutboundChatContact", `"SourceEndpoint":{"Type":"x"},"DestinationEndpoint":"x"`, []string{
			lacks("SourceEndpoint.Address"), value("DestinationEndpoint"), lacks("ContactFlowArn")}},
		{"EvaluateDataTableValues", `"DataTableId":"t","Queries":[{"QueryName":"q"},{"QueryName":"r","Attributes":["a"],"PrimaryValues":[{"AttributeName":"n","Value":"$.Attributes.v"}]}]`,
			[]string{lacks("Queries[0].Attributes")}},
		{"EvaluateDataTableValues", `"DataTableId":"t","Queries":[]`, []string{value("Queries")}},
		{"ListDataTableValues", `"DataTableId":"t"`, nil},
		{"UpsertDataTableValues", `"DataTableId":"t","DataTableUpsertAttributes":"$.External.rows"`, nil},
		{"UpsertDataTableValues", `"DataTableId":"t","DataTableUpsertAttributes":[{"PrimaryKeyGroupName":"g"}]`, []string{lacks("DataTableUpsertAttributes[0].Attributes")}},
		{"CheckVoiceId", ``, []string{lacks("CheckVoiceIdOption")}},
		{"LoadContactContent", ``, []string{lacks("ContentType")}},
		{"CompleteOutboundCall", `"CallerId":{},"ConnectionTimeLimitSeconds":"601"`, []string{lacks("CallerId.Number"), value("ConnectionTimeLimitSeconds")}},
		{"ResumeContact", `"ContactId":"x"`, []string{"Invalid Action property name. Path: Actions[0].Parameters.ContactId"}},
		{"ConnectParticipantWithAgenticCX", `"AgentConfiguration":{"WorkspaceId":"w","ApplicationId":"a"}`, []string{lacks("AgentConfiguration.Alias")}},
		{"ConnectParticipantWithAgenticCX", `"AgentConfiguration":{"WorkspaceId":"w","ApplicationId":"a","Alias":"l","ContextVariables":{"a":{}}}`, []string{value("AgentConfiguration.ContextVariables.a")}},
		{"ConnectParticipantWithAgenticCX", `"AgentConfiguration":{"WorkspaceId":"w","ApplicationId":"a","Alias":"l","ContextVariables":{` +
			strings.Repeat(`"v":"x",`, 10) + `"w":"x"}}`, []string{value("AgentConfiguration.ContextVariables")}},
	} {
		t.Run(tt.typ, func(t *testing.T) {
			at := actionTypes[tt.typ]
			branches := []string{}
			for _, e := range at.errors {
				branches = append(branches, `{"ErrorType":"`+e+`","NextAction":"z"}`)
			}
			p := mustParse(t, document(`{"Identifier":"a","Type":"`+tt.typ+`","Parameters":{`+tt.params+`},"Transitions":{"NextAction":"z","Errors":[`+strings.Join(branches, ",")+`]}},`+end))
			if got := messages(Validate(p)); !slices.Equal(got, tt.want) {
				t.Errorf("of %s: got\n%s\nwant\n%s", tt.params, strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}
