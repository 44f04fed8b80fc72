package flow

import (
	"encoding/json"
	"slices"
	"time"
)

// State is where one contact's flow stands. It is plain JSON: store it, load it
// in another process, and go on. A State is a value: Step returns a new one and
// never changes the one it was given, its maps included.
type State struct {
	Flow    string `json:"f"`            // the running flow or module, as the caller names it
	Content string `json:"c,omitempty"`  // the text that it runs in, as the caller names it
	At      string `json:"at,omitempty"` // identifier of the current action, "" before the start
	Done    bool   `json:"d,omitempty"`  // the flow has ended

	Waiting *Waiting `json:"w,omitempty"` // what the flow is suspended on, nil while it is not
	Behind  *Behind  `json:"b,omitempty"` // a Wait that goes on while other actions run

	FlowAttributes map[string]string `json:"fa,omitempty"` // of this run of the flow
	Data           Data              `json:"da,omitempty"` // what this run of the flow was told: $.External, $.Lex, $.Views, …
	Callers        []Caller          `json:"ca,omitempty"` // flows that wait for the module under way, outermost first
	Loops          map[string]int    `json:"lp,omitempty"` // rounds done, by flow and Loop action; kept for the contact
	Logging        bool              `json:"lg,omitempty"`
	Seed           uint64            `json:"s,omitempty"`  // moves on with each throw of DistributeByPercentage
	Waits          int               `json:"n,omitempty"`  // waits begun so far, for the ids of timers
	Steps          int               `json:"gs,omitempty"` // actions since the last wait, for the guard; large ones count for more
	Messages       int               `json:"gm,omitempty"` // messages since the last wait, for the guard

	Contact Contact `json:"-"` // facts that the caller fills in before each Step
}

// Caller is a flow that waits for a module it has invoked.
type Caller struct {
	Flow           string            `json:"f"`
	Content        string            `json:"c,omitempty"`
	At             string            `json:"at"`
	FlowAttributes map[string]string `json:"fa,omitempty"`
	Data           Data              `json:"da,omitempty"`
}

// Data holds JSON values by the roots of the references that lead to them.
type Data map[string]json.RawMessage

// Waiting says what a suspended flow waits for. When neither Timer nor Call is
// set that is an answer to its asking effect, or a customer who may take any
// time to speak to a bot.
type Waiting struct {
	For   string          `json:"for"`         // type of the suspended action
	Timer string          `json:"t,omitempty"` // id of the timer that is under way
	Until time.Time       `json:"u,omitzero"`  // when that timer is due
	Call  string          `json:"c,omitempty"` // id of the Call that is under way
	Kept  json.RawMessage `json:"k,omitempty"` // what the suspended action keeps for itself
}

// Behind is a Wait that goes on behind the actions that its Continue branch leads
// to.
type Behind struct {
	At      string  `json:"at"` // identifier of the Wait
	Waiting Waiting `json:"w"`
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
	References        map[string]Reference
	Queue             Queue
	Agent             Agent // of flows that are about one

	FlowType          string // type of the running flow, "" as CONTACT_FLOW
	Trace             bool   // every action is told by a Log, whether logging is switched on or not
	CustomParticipant bool   // a custom participant (CUSTOM_BOT) is in the chat
	Beside            bool   // an agent has started the flow: it runs beside their conversation with the customer
}

// Reference is something that a contact refers to.
type Reference struct {
	Value string `json:"value"`
	Type  string `json:"type"` // such as URL or STRING
}

// Queue is the contact's working queue.
type Queue struct {
	Name             string
	ARN              string
	OutboundCallerID string
}

// Agent is the agent whom the flow is about: who gets the contact, or who has
// left it.
type Agent struct {
	UserName  string
	FirstName string
	LastName  string
	ARN       string
}

// New is the state of a flow that has not started. The seed decides every
// throw of DistributeByPercentage.
func New(flowID, content string, seed uint64) State {
	return State{Flow: flowID, Content: content, Seed: seed}
}

// Enter is the state in which the target of a TransferToFlow starts. What
// belongs to the contact goes along: loop counters, logging, the seed, and the
// guard, so that two flows that transfer to each other without waiting are
// found out. So does what the last function returned, for published flows that
// are entered by a transfer read $.External (inferred from them). What the flow
// was told otherwise, and its attributes, end with it, and so do the flows that
// wait for it when it is a module.
func (s State) Enter(flowID, content string) State {
	external := s.Data["External"]
	s.Flow, s.Content, s.At, s.Done = flowID, content, "", false
	s.Waiting, s.Behind, s.FlowAttributes, s.Data, s.Callers = nil, nil, nil, nil, nil
	if external != nil {
		s.Data = Data{"External": external}
	}
	return s
}

// Call is the state in which a module starts that this one's InvokeFlowModule
// has asked for.
func (s State) Call(moduleID, content, input string) State {
	s.Callers = append(slices.Clone(s.Callers), Caller{
		Flow: s.Flow, Content: s.Content, At: s.At, FlowAttributes: s.FlowAttributes, Data: s.Data,
	})
	s.Flow, s.Content, s.At = moduleID, content, ""
	s.Waiting, s.FlowAttributes = nil, nil
	s.Data = Data{"Modules": json.RawMessage(`{"Input":` + input + `}`)}
	return s
}

// whispers says whether the flow is a whisper.
func (c *Contact) whispers() bool {
	return c.FlowType == "AGENT_WHISPER" || c.FlowType == "CUSTOMER_WHISPER"
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
