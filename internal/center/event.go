package center

// Content types of events.
const (
	eventPrefix            = "application/vnd.amazonaws.connect.event."
	EventTyping            = eventPrefix + "typing"
	EventJoined            = eventPrefix + "participant.joined"
	EventLeft              = eventPrefix + "participant.left"
	EventInvited           = eventPrefix + "participant.invited"
	EventTransferred       = eventPrefix + "transfer.succeeded"
	EventNotTransferred    = eventPrefix + "transfer.failed"
	EventIdle              = eventPrefix + "participant.idle"
	EventReturned          = eventPrefix + "participant.returned"
	EventAutoDisconnection = eventPrefix + "participant.autodisconnection"
	EventEnded             = eventPrefix + "chat.ended"
	EventRehydrated        = eventPrefix + "chat.rehydrated"
	EventDelivered         = eventPrefix + "message.delivered"
	EventRead              = eventPrefix + "message.read"
	EventMetadata          = eventPrefix + "message.metadata"
	EventFlowCancelled     = eventPrefix + "workflow.cancelled"
	EventConnectionAck     = eventPrefix + "connection.acknowledged"
)
