package flow

import "slices"

// Kind is what a document is for: a type of flow, as CreateContactFlow names
// them, or a module. The empty kind is not known.
type Kind string

const (
	contactFlow     Kind = "CONTACT_FLOW"
	customerQueue   Kind = "CUSTOMER_QUEUE"
	customerHold    Kind = "CUSTOMER_HOLD"
	customerWhisper Kind = "CUSTOMER_WHISPER"
	agentHold       Kind = "AGENT_HOLD"
	agentWhisper    Kind = "AGENT_WHISPER"
	outboundWhisper Kind = "OUTBOUND_WHISPER"
	agentTransfer   Kind = "AGENT_TRANSFER"
	queueTransfer   Kind = "QUEUE_TRANSFER"
	campaign        Kind = "CAMPAIGN"

	Module Kind = "MODULE" // what CreateContactFlowModule takes
)

// restricted are the actions that only some kinds of document may have
// (developer guide, the restrictions of each action; for Wait, ShowView and
// AuthenticateParticipant the administrator guide; Loop prompts were reported to
// be refused elsewhere). An action is free anywhere in a module, which cannot
// know what will call it. Restrictions that published flows break are left out.
var restricted = map[string][]Kind{
	"AuthenticateParticipant":          {contactFlow, customerQueue},
	"DequeueContactAndTransferToQueue": {customerQueue},
	"DisconnectParticipant":            {contactFlow, customerQueue, agentTransfer, queueTransfer},
	"EndFlowModuleExecution":           {},
	"MessageParticipantIteratively":    {customerQueue, customerHold, agentHold},
	"ShowView":                         {contactFlow, customerQueue},
	"TransferContactToQueue":           {contactFlow, agentTransfer, queueTransfer},
	"TransferToFlow":                   {contactFlow, agentTransfer, queueTransfer},
	"Wait":                             {contactFlow, customerQueue},
}

// The kinds by what they have in common.
var (
	holds    = []Kind{customerHold, agentHold}
	private  = []Kind{customerHold, agentHold, customerWhisper, agentWhisper} // one side alone hears it
	whispers = append([]Kind{outboundWhisper}, private...)                    // and holds
	queueing = append([]Kind{customerQueue}, whispers...)
)

// unoffered are the kinds in which the administrator guide's page of a block
// does not list it. That the service refuses it there is not known, so such a
// flow is published, and [Warnings] says so. A hook is named behind its action.
var unoffered = map[string][]Kind{
	"AuthenticateParticipant":                 {customerQueue},
	"CheckHoursOfOperation":                   whispers,
	"CheckMetricData":                         whispers,
	"ConnectParticipantWithAgenticCX":         {agentHold, agentWhisper},
	"ConnectParticipantWithLexBot":            private,
	"CreateWisdomSession":                     private,
	"DistributeByPercentage":                  private,
	"GetParticipantInput":                     private,
	"InvokeLambdaFunction":                    {outboundWhisper},
	"MessageParticipant":                      holds,
	"ShowView":                                {customerQueue},
	"TransferContactToAgent":                  append([]Kind{contactFlow}, queueing...),
	"UpdateContactEventHooks AgentHold":       private,
	"UpdateContactEventHooks AgentWhisper":    whispers,
	"UpdateContactEventHooks CustomerHold":    private,
	"UpdateContactEventHooks CustomerQueue":   queueing,
	"UpdateContactEventHooks CustomerWhisper": whispers,
	"UpdateContactMediaStreamingBehavior":     holds,
	"UpdateContactRoutingBehavior":            whispers,
	"UpdateContactRoutingCriteria":            whispers,
	"UpdateContactTargetQueue":                queueing,
	"UpdatePreviousContactParticipantState":   append([]Kind{customerQueue}, private...),
}

// mayHave says whether a document of the kind may have an action of the type.
func (k Kind) mayHave(actionType string) bool {
	kinds, isRestricted := restricted[actionType]
	return k == "" || k == Module || k == campaign || !isRestricted || slices.Contains(kinds, k)
}

// notWhispered are the actions that a whisper of a chat does not support: they
// take their error branch (admin guide, "Set whisper flow", and the flow types
// of each block).
var notWhispered = []string{
	"AuthenticateParticipant", "CheckHoursOfOperation", "CheckMetricData", "ConnectParticipantWithAgenticCX",
	"ConnectParticipantWithLexBot", "CreateWisdomSession", "DequeueContactAndTransferToQueue", "DisconnectParticipant",
	"ShowView", "TransferContactToAgent", "TransferContactToQueue", "TransferToFlow", "UpdateContactRoutingBehavior",
	"UpdateContactRoutingCriteria", "UpdateContactTargetQueue", "Wait",
}
