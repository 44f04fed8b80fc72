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
		Bot         bool // said by the bot that the flow has connected
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

	// SetTargetQueue chooses the contact's working queue: a queue's id or ARN, or
	// the queue of an agent.
	SetTargetQueue struct{ QueueID, AgentID string }

	// Enqueue puts the contact into its working queue. When that can be done the
	// flow is over; answering Granted yields the log line of the transfer.
	// Refused.Error is QueueAtCapacity or NoMatchingError.
	Enqueue struct{}

	// Requeue takes a queued contact out of its queue and puts it into another.
	// It is answered like Enqueue.
	Requeue struct{ QueueID, AgentID string }

	// TransferToAgent gives the contact to the agent that the flow was started
	// for. It ends the flow, whatever becomes of it.
	TransferToAgent struct{}

	// CheckHours asks whether it is within hours of operation: those named, or
	// those of the working queue. Granted.Result is True or False.
	CheckHours struct{ HoursID string }

	// CheckMetric asks for one figure of a queue, or of the working queue.
	// Granted.Result is the number; ages are in seconds, as the metric's name
	// says, with decimals where they are known.
	CheckMetric struct{ Metric, QueueID, AgentID string }

	// GetMetrics asks for the figures of a queue, or of the working queue.
	// Granted.Data is what $.Metrics leads to.
	GetMetrics struct{ QueueID, AgentID, Channel string }

	// InvokeModule runs a module: an id or ARN, with a version or an alias behind
	// a colon. When that can be done, the caller goes on with State.Call and the
	// module's program, and does not answer Granted.
	InvokeModule struct {
		ModuleID string
		Input    string // JSON object
	}

	// Return ends a module: State is its caller's again. The answer, for the
	// caller's program, is Returned.
	Return struct{}

	// ShowView shows a view to the participant. Granted means that it was shown;
	// the flow goes on waiting, for the response or for its timer.
	ShowView struct {
		ViewID  string // id or ARN, as the flow has it
		Version string // "" as Latest
		Data    string // JSON object, references resolved
		// HideResponse keeps the response out of the transcript.
		HideResponse bool
	}

	// BeginSignIn lets the customer sign in at a page of an Amazon Cognito user
	// pool. Granted means that they were asked to; the flow goes on waiting, for
	// SignInEnded or for its timer. A sign-in lasts as long as the flow waits for
	// it.
	BeginSignIn struct {
		UserPoolARN string
		ClientID    string // of the pool's app client
	}

	// EndSignIn ends the sign-in: what is known of the customer by it is to be
	// written, and they are to be told, before it is granted.
	EndSignIn struct{ Came SignIn }

	// SetContactData changes what is known of the contact, or of the one that it
	// is related to; nil members stay as they are.
	SetContactData struct {
		Name, Description, LanguageCode, CustomerID, WisdomSessionARN *string
		References                                                    map[string]Reference
		Related                                                       bool
	}

	// SetTags writes and takes away tags of the contact.
	SetTags struct {
		Set    map[string]string
		Remove []string
	}

	// SetRouting changes the contact's place in its queue; nil members stay.
	SetRouting struct{ Priority, TimeAdjustmentSeconds *int }

	// SetRoutingCriteria says which agents the contact asks for, as the action's
	// parameter RoutingCriteria has it, references resolved.
	SetRoutingCriteria struct{ Criteria string }

	// Call wants something asked outside: of a function, a bot, another system.
	// The flow waits, in later turns too, for Answered with the same ID. The
	// answer may be looked for more than once; it counts once.
	Call struct {
		ID  string // unique among the waits of one contact
		Ask Question
	}

	// Disconnect ends the contact: by DisconnectParticipant, or because a flow
	// of a type that carries the contact has no branch to take.
	Disconnect struct{}

	// End ends the flow. What becomes of the contact depends on the type of the
	// flow, and is the caller's to decide.
	End struct{}

	// Log is one executed action.
	Log struct {
		Flow       string // the flow or module that it belongs to, as the caller names it
		ModuleType string // the action's name in flow logs, such as PlayPrompt
		ActionType string // its name in the flow language
		Identifier string // of the action
		// Parameters are the action's, as a JSON object, references resolved. They
		// may hold what customers said: they are for the flow log of whoever
		// switched it on, and for nothing else.
		Parameters string
		Result     string // where it is no value of the contact's
		Error      string // error type, "" on success
		Why        string
		Branch     string // taken: NextAction, an error type, or a condition's operator and operand; "" for none
		Next       string // identifier of the action that follows, "" for none
		// Logged says that the flow's logging is switched on. Otherwise the line is
		// there because the caller traces, or because of what this server cannot do.
		Logged bool
	}

	// Fault says that the flow was ended because it cannot or must not go on.
	// The caller ends the contact.
	Fault struct{ Reason string }
)

// Question is what a Call asks. The set is closed.
type Question interface{ question() }

type (
	// InvokeFunction invokes an AWS Lambda function. Answered.Body is its
	// response.
	InvokeFunction struct {
		Function   string // ARN, as the flow has it
		Async      bool   // Answered as soon as it was accepted
		Limit      time.Duration
		Parameters []Parameter // in the flow's order
	}

	// RecognizeText is one turn with an Amazon Lex bot. Answered.Body is the
	// response of RecognizeText.
	RecognizeText struct {
		Alias   string // ARN of a bot's alias
		Locale  string // "" as the contact's language
		Text    string
		Session string // the request's sessionState as JSON, "" for none
	}

	// AskSystem asks a system that stands beside the contact centre: customer
	// profiles, cases, tasks, data tables. Answered.Body is an object with any of
	// Result, Error (an error type of the action) and Data.
	AskSystem struct {
		System     string // such as CustomerProfiles
		Action     string // the action's type
		Parameters string // JSON object, references resolved
	}
)

// Parameter is one named value; Null where a reference led to nothing.
type Parameter struct {
	Name  string
	Value string
	Null  bool
}

func (InvokeFunction) question() {}
func (RecognizeText) question()  {}
func (AskSystem) question()      {}

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
func (Log) effect()                  {}
func (Fault) effect()                {}

func (SetRelatedAttributes) asking() {}
func (SetEventHook) asking()         {}
func (TransferToFlow) asking()       {}
func (PersistChat) asking()          {}
func (SetTargetQueue) effect()       {}
func (Enqueue) effect()              {}
func (Requeue) effect()              {}
func (TransferToAgent) effect()      {}
func (CheckHours) effect()           {}
func (CheckMetric) effect()          {}
func (GetMetrics) effect()           {}
func (InvokeModule) effect()         {}
func (Return) effect()               {}
func (ShowView) effect()             {}
func (BeginSignIn) effect()          {}
func (EndSignIn) effect()            {}
func (SetContactData) effect()       {}
func (SetTags) effect()              {}
func (SetRouting) effect()           {}
func (SetRoutingCriteria) effect()   {}
func (Call) effect()                 {}

func (SetTargetQueue) asking() {}
func (Enqueue) asking()        {}
func (Requeue) asking()        {}
func (CheckHours) asking()     {}
func (CheckMetric) asking()    {}
func (GetMetrics) asking()     {}
func (InvokeModule) asking()   {}
func (Return) asking()         {}
func (ShowView) asking()       {}
func (BeginSignIn) asking()    {}
func (EndSignIn) asking()      {}
func (SetContactData) asking() {}
func (SetTags) asking()        {}
