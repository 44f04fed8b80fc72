package flow

import "time"

// State is where one contact's flow stands. It is plain JSON: store it, load it
// in another process, and go on. A State is a value: Step returns a new one and
// never changes the one it was given, its maps included.
type State struct {
	Flow string `json:"f"`            // the running flow, as the caller names it
	At   string `json:"at,omitempty"` // identifier of the current action, "" before the start
	Done bool   `json:"d,omitempty"`  // the flow has ended

	Waiting *Waiting `json:"w,omitempty"` // what the flow is suspended on, nil while it is not

	FlowAttributes map[string]string `json:"fa,omitempty"` // of this run of the flow
	Loops          map[string]int    `json:"lp,omitempty"` // rounds done, by flow and Loop action; kept for the contact
	Logging        bool              `json:"lg,omitempty"`
	Seed           uint64            `json:"s,omitempty"`  // moves on with each throw of DistributeByPercentage
	Waits          int               `json:"n,omitempty"`  // waits begun so far, for the ids of timers
	Steps          int               `json:"gs,omitempty"` // actions since the last wait, for the guard; ten attributes written count as one
	Messages       int               `json:"gm,omitempty"` // messages since the last wait, for the guard

	Contact Contact `json:"-"` // facts that the caller fills in before each Step
}

// Waiting says what a suspended flow waits for.
type Waiting struct {
	For   string    `json:"for"`         // type of the suspended action
	Timer string    `json:"t,omitempty"` // id of the timer of a Wait, "" while an asking effect is open
	Until time.Time `json:"u,omitzero"`  // when that timer is due
}

// Contact is what references and actions may know about the contact. Facts
// that are empty are missing.
type Contact struct {
	ContactID         string
	InitialContactID  string
	PreviousContactID string // the contact's own id on a first contact
	InstanceARN       string
	InitiationMethod  string
	Channel           string // "" as CHAT
	AwsRegion         string
	LanguageCode      string
	Name              string
	Description       string
	CustomerID        string
	InitialMessage    string
	Attributes        map[string]string // shared by all contacts of the chat
	SegmentAttributes map[string]string
	Tags              map[string]string
	Queue             Queue

	FlowType string // type of the running flow, "" as CONTACT_FLOW
	Bot      bool   // a custom participant (CUSTOM_BOT) is in the chat
}

// Queue is the contact's working queue.
type Queue struct {
	Name             string
	ARN              string
	OutboundCallerID string
}

// New is the state of a flow that has not started. The seed decides every
// throw of DistributeByPercentage.
func New(flowID string, seed uint64) State {
	return State{Flow: flowID, Seed: seed}
}

// Enter is the state in which the target of a TransferToFlow starts. What
// belongs to the contact goes along: loop counters, logging, the seed, and the
// guard, so that two flows that transfer to each other without waiting are
// found out. Flow attributes end with their flow.
func (s State) Enter(flowID string) State {
	s.Flow, s.At, s.Done = flowID, "", false
	s.Waiting, s.FlowAttributes = nil, nil
	return s
}

// endsWithContact says whether a flow of this type, when it has no branch to
// take, ends the contact. Flows that accompany a queued or a talking contact
// only end themselves (inferred).
func (c *Contact) endsWithContact() bool {
	switch c.FlowType {
	case "CUSTOMER_QUEUE", "CUSTOMER_HOLD", "CUSTOMER_WHISPER", "AGENT_HOLD", "AGENT_WHISPER", "OUTBOUND_WHISPER":
		return false
	}
	return true
}
