package center

import "time"

// StreamKind says what a stream is the stream of.
type StreamKind string

// KindChat is the kind of the streams of chats.
const KindChat StreamKind = "chat"

// Change is one decision about one stream, taken on a snapshot of it: what the store commits as a whole or not at
// all. The comparison is After: if the stream has moved on since, nothing of the Change is kept and it is decided
// again. Changes of several streams that are one decision are committed together.
type Change struct {
	Stream StreamID
	// After is the sequence of the last item the decision saw; 0 makes the stream. Items are numbered After+1, After+2, …
	After int64
	// Items are never empty: a Change with nothing to show carries one Marker.
	Items []Item
	// State is the stream's new state in the encoding of whoever decides, nil when it did not change (a message between
	// two people touches no other row).
	State []byte
	// Kind, Instance, Ended and EndedAt index the state; they are read only when State is set. A stream that has ended stays so.
	Kind     StreamKind
	Instance InstanceID
	Ended    bool
	EndedAt  time.Time
	// Contacts, Connected, Terms, Attributes, Unset and FlowRuns are rows for what is asked afterwards. They are put, over
	// those that are there, and follow from the state: [Draft.Finish] finds them. Unset are names of attributes taken away.
	Contacts   []ContactRecord
	Connected  []Connected
	Terms      []ContactTerms
	Attributes []Attribute
	Unset      []string
	FlowRuns   []FlowRun
	// Waiting are contacts that wait in a queue, put over those that are there, and Left those that do not any more.
	Waiting []WaitingRecord
	Left    []ContactID
	// Agent, Slots, Free, Offers and Intervals are rows of an agent: its own, those of contacts that take slots, the contacts
	// whose slots are free, and what is asked of it afterwards.
	Agent     *AgentRecord
	Slots     []AgentContact
	Free      []ContactID
	Offers    []OfferRecord
	Intervals []AgentInterval
	Due       []Due    // put: a row with the same stream and key is replaced
	Cancel    []string // keys of due rows taken away
	Take      []Claim  // fails the whole Change when a live claim is there
	Release   []Claim  // by kind and key; taking away what is not there is no error
	Receipts  []Receipt
	// Done is the due row whose event this Change is the answer to; it is taken away with it, if it is still the
	// row that was claimed.
	Done *Due
	// Audit is the entry that the audit log gets, nil for none.
	Audit *AuditNote
}
