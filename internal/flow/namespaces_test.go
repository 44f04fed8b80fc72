package flow

import "testing"

// documented is a reference into each namespace that the administrator guide documents ("List of available contact attributes",
// "Flow block: Agentic CX").
var documented = []string{
	"$.AwsRegion", "$['AwsRegion']", "$.CustomerEndpoint.Address", "$.CustomerEndpoint.DisplayName", "$.CustomerId", "$.SystemEndpoint.Address",
	"$.AdditionalEmailRecipients.CcList", "$.StoredCustomerInput", "$.Queue.Name", "$.Queue.OutboundCallerId.Address", "$.TextToSpeechVoiceId",
	"$.ContactId", "$.InitialContactId", "$.Task.ContactId", "$.PreviousContactId", "$.Channel", "$.InstanceARN", "$.InitiationMethod",
	"$.Name", "$.Description", "$.References.ticket.Value", "$.LanguageCode", "$.Tags.team",
	"$.SegmentAttributes['connect:Subtype']", "$.Views.Action", "$.Views.ViewResultData.name", "$.Capabilities.Agent.Video", "$.Agent.UserName",
	"$.Metrics.Queue.Size", "$.Metrics.Agents.Online.Count", "$.Metrics.Contact.PositionInQueue", "$.Media.Sip.Headers.From", "$.Media.InitialMessage",
	"$.Email.EmailMessage.plain", "$.MediaStreams.Customer.Audio.StreamARN", "$.Lex.IntentName", "$.Lex.SessionAttributes.Tool", "$.Case.title",
	"$.External.name", "$.LambdaInvocation.InvocationId", "$.LambdaInvocation.ResultData.name", "$.Attributes.name", "$.FlowAttributes.name",
	"$.Loop.l.Index", "$.Modules.Input.name", "$.Modules.ResultData.name", "$.DataTables.query.attribute",
	"$.DataTableList.Result.primaryKeyGroups.group[0].attributes[0].attributeValue", "$.Attributes.AppleBusinessChatIntent", "$.Customer.FirstName",
	"$.Wisdom.SessionArn", "$.AgenticCX.ContextVariables.orderId",
}

// A documented reference may be compared, and where nothing is known it is empty: it never reaches a customer as it is written.
func TestDocumentedNamespaces(t *testing.T) {
	s := New("f", "", 0)
	for _, ref := range documented {
		p := mustParse(t, document(`{"Identifier":"a","Type":"Compare","Parameters":{"ComparisonValue":`+string(quoted(ref))+`},"Transitions":{"NextAction":"z",
			"Errors":[{"ErrorType":"NoMatchingCondition","NextAction":"z"}],"Conditions":[{"NextAction":"z","Condition":{"Operator":"Equals","Operands":["1"]}}]}},`+end))
		for _, problem := range Validate(p) {
			t.Errorf("%s: %s", ref, problem.Message)
		}
		if got := newText("<" + ref + ">").resolve(&s); got != "<>" && ref != "$.Channel" {
			t.Errorf("%s is said as %s", ref, got)
		}
	}
}
