package center

// OfferAccepted is the outcome of an offer that the agent accepted.
const OfferAccepted = "ACCEPTED"

// ReasonAgent is the reason of a contact that its agent has left.
const ReasonAgent = "AGENT_DISCONNECT"
