package flow

// Event is something that happened to a contact whose flow may care. The set
// is closed.
type Event interface{ event() }

type (
	// Start begins the flow. It is ignored once the flow is under way.
	Start struct{}

	// CustomerMessage is a message by the customer. It ends a Wait for
	// CustomerReturned: "the customer returns and sends a message" (admin guide,
	// "Flow block: Wait"). A customer who only reconnects is no event.
	CustomerMessage struct {
		ContentType string
		Content     string
	}

	// TimerFired is a timer's coming due. A timer that the flow no longer waits
	// for is ignored.
	TimerFired struct{ ID string }

	// CustomParticipantLeft says that the custom participant has left.
	CustomParticipantLeft struct{}

	// Granted answers an asking effect: it was done.
	Granted struct {
		Result string // of effects that ask for one
		Data   string // JSON, of effects that ask for facts
	}

	// Refused answers an asking effect: it cannot be done.
	Refused struct {
		Error  string // error type, "" for NoMatchingError
		Reason string // for the log
	}

	// Returned answers Return, and is for the program of the module's caller.
	Returned struct{}

	// SignInEnded is what came of the customer's sign-in: SignedIn, SignInFailed
	// or OptedOut. That it took too long is for the timer to say.
	SignInEnded struct {
		Came SignIn
		Why  string // for the log
	}

	// Answered is the answer to a Call, or why there is none. An answer that the
	// flow no longer waits for is ignored.
	Answered struct {
		ID    string
		Body  string
		Error string // error type when there is no answer: NoMatchingError
		Why   string // for the log
		// Invocation is the id of an invocation that goes on by itself.
		Invocation string
	}
)

func (Start) event()                 {}
func (CustomerMessage) event()       {}
func (TimerFired) event()            {}
func (CustomParticipantLeft) event() {}
func (Granted) event()               {}
func (Refused) event()               {}
func (Returned) event()              {}
func (SignInEnded) event()           {}
func (Answered) event()              {}
