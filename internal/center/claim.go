package center

import "time"

// Claim is a unique right: a client token's first answer, a slot among the concurrent active chats.
type Claim struct {
	Kind    string // "start", "slot", …
	Key     string
	Value   string    // what the next one to ask is told
	Expires time.Time // zero: until released
}

// Kinds of claims.
const (
	ClaimStart             = "start" // by instance and ClientToken: the first answer to StartChatContact
	ClaimSlot              = "slot"  // by instance and number: one of the concurrent active chats
	ClaimAssoc             = "assoc" // by chat and ClientToken: CreatePersistentContactAssociation
	ClaimCustomParticipant = "bot"   // by chat and ClientToken: CreateParticipant
)

// Kinds of claims that contacts in a queue hold. All are by instance and queue, and then by what they are ordered by.
const (
	ClaimQueued     = "queued"      // by the time it came and contact: the contact waits there
	ClaimInLine     = "in-line"     // by priority, age and contact: in the order in which they will be served
	ClaimQueuePlace = "queue-place" // by number: one of the places of a queue with MaxContacts
)
