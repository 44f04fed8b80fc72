package flow

import "slices"

// Kind is what a document is for: a type of flow, as CreateContactFlow names
// them, or a module. The empty kind is not known.
type Kind string

const (
	contactFlow   Kind = "CONTACT_FLOW"
	customerQueue Kind = "CUSTOMER_QUEUE"
	agentTransfer Kind = "AGENT_TRANSFER"
	queueTransfer Kind = "QUEUE_TRANSFER"

	Module Kind = "MODULE" // what CreateContactFlowModule takes
)

// restricted are the actions that only some kinds of document may have
// (developer guide, the restrictions of each action). An action is free
// anywhere in a module, which cannot know what will call it. Restrictions that
// published flows break are left out.
var restricted = map[string][]Kind{
	"DequeueContactAndTransferToQueue": {customerQueue},
	"DisconnectParticipant":            {contactFlow, customerQueue, agentTransfer, queueTransfer},
	"EndFlowModuleExecution":           {},
	"TransferContactToQueue":           {contactFlow, agentTransfer, queueTransfer},
	"TransferToFlow":                   {contactFlow, agentTransfer, queueTransfer},
}

// mayHave says whether a document of the kind may have an action of the type.
func (k Kind) mayHave(actionType string) bool {
	kinds, isRestricted := restricted[actionType]
	return k == "" || k == Module || k == "CAMPAIGN" || !isRestricted || slices.Contains(kinds, k)
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
