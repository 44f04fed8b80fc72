package flow

import "time"

// Effect is something a flow wants done. Effects are to be carried out in
// order. The set is closed.
type Effect interface{ effect() }

// Asking is an effect that the flow needs answered: it is always the last of a
// Step, and the caller answers it in the same turn with [Granted] or [Refused].
type Asking interface {
	Effect
	asking()
}

type (
	// Say is a message by the system to the participants.
	Say struct {
		ContentType string // ContentTypePlain or ContentTypeInteractive
		Content     string
	}

	// SetAttributes writes contact attributes. They are already merged in the
	// returned State.Contact.Attributes, and fit the limit.
	SetAttributes struct{ Set map[string]string }

	// SetRelatedAttributes writes attributes of the contact that this one is
	// related to. It asks, for only the caller knows that contact and whether
	// its attributes still fit.
	SetRelatedAttributes struct{ Set map[string]string }

	// StartTimer wants TimerFired at the given time.
	StartTimer struct {
		ID string // unique among the waits of one contact
		At time.Time
	}

	// CancelTimer says that a timer is no longer waited for.
	CancelTimer struct{ ID string }

	// SetEventHook sets the flow that runs at a point in the contact's life,
	// such as CustomerQueue or CustomerRemaining. An empty FlowID takes the hook
	// away.
	SetEventHook struct{ Hook, FlowID string }

	// TransferToFlow ends this flow and starts another. When that can be done,
	// the caller goes on with State.Enter and the other program, and need not
	// answer Granted; answering it first yields the log line of the transfer.
	TransferToFlow struct{ FlowID string }

	// PersistChat continues an earlier chat in this one
	// (CreatePersistentContactAssociation).
	PersistChat struct{ SourceContactID, RehydrationType string }

	// Disconnect ends the contact: by DisconnectParticipant, or because a flow
	// of a type that carries the contact has no branch to take.
	Disconnect struct{}

	// End ends the flow. What becomes of the contact depends on the type of the
	// flow, and is the caller's to decide.
	End struct{}

	// SetLogging says whether the contact's flow is logged from now on.
	SetLogging struct{ Enabled bool }

	// Log is one executed action, for the flow log. It carries names and
	// identifiers only, never the value of a parameter or an attribute.
	Log struct {
		ModuleType string   // the action's name in flow logs, such as PlayPrompt
		ActionType string   // its name in the flow language
		Identifier string   // of the action
		Parameters []string // names
		Result     string   // where it is no value of the contact's
		Error      string   // error type, "" on success
		Why        string
	}

	// Fault says that the flow was ended because it cannot or must not go on.
	// The caller ends the contact.
	Fault struct{ Reason string }
)

// Content types of Say.
const (
	ContentTypePlain       = "text/plain"
	ContentTypeInteractive = "application/vnd.amazonaws.connect.message.interactive"
)

func (Say) effect()                  {}
func (SetAttributes) effect()        {}
func (SetRelatedAttributes) effect() {}
func (StartTimer) effect()           {}
func (CancelTimer) effect()          {}
func (SetEventHook) effect()         {}
func (TransferToFlow) effect()       {}
func (PersistChat) effect()          {}
func (Disconnect) effect()           {}
func (End) effect()                  {}
func (SetLogging) effect()           {}
func (Log) effect()                  {}
func (Fault) effect()                {}

func (SetRelatedAttributes) asking() {}
func (SetEventHook) asking()         {}
func (TransferToFlow) asking()       {}
func (PersistChat) asking()          {}
