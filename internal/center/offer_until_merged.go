package center

// OfferAccepted is the outcome of an offer that the agent accepted.
const OfferAccepted = "ACCEPTED"
