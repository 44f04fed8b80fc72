package flow

import (
	"encoding/json"
	"time"
)

// authentications let the customer prove who they are.
var authentications = []actionType{
	works(actionType{
		name:       "AuthenticateParticipant",
		note:       "the customer signs in at the page that the operator has given the user pool; nothing is stored in Customer Profiles",
		params:     []string{"CognitoConfiguration", "CustomerProfilesConfiguration", "TimeLimitMinutes"},
		errors:     []string{noMatchingError, timeLimitExceeded},
		conditions: mayConditions,
		check:      (*checker).authentication,
	}, newAuthenticateParticipant),
}

// SignIn is what came of a customer's sign-in.
type SignIn string

const (
	SignedIn     SignIn = "SignedIn"
	SignInFailed SignIn = "Failed"
	OptedOut     SignIn = "OptedOut" // also the operand of the branch's condition
	SignInLate   SignIn = "TimedOut"
)

// The limits of TimeLimitMinutes; the least is the default (admin guide,
// "Authenticate Customer").
const (
	minAuthentication = 3
	maxAuthentication = 15
)

// authenticateParticipant lets the customer sign in, and waits for what comes of
// it (admin guide, "Authenticate Customer"). What is known of the customer then
// is written while the action still waits, so that the actions after it find
// it: the end of the sign-in is asked for like its beginning.
type authenticateParticipant struct {
	pool, client, limit dynamic
}

func newAuthenticateParticipant(p params) step {
	cognito := params{p.get("CognitoConfiguration")}
	return authenticateParticipant{
		pool: cognito.dynamic("UserPoolArn"), client: cognito.dynamic("AppClientId"), limit: p.dynamic("TimeLimitMinutes"),
	}
}

func (a authenticateParticipant) run(r *run) outcome {
	pool, ok := a.pool.resolve(&r.s)
	if !ok {
		return fail("the user pool is empty")
	}
	client, ok := a.client.resolve(&r.s)
	if !ok {
		return fail("the app client is empty")
	}
	if _, ok := a.minutes(&r.s); !ok {
		return fail("the time limit is not a number from 3 to 15")
	}
	return r.ask(BeginSignIn{UserPoolARN: pool, ClientID: client})
}

func (a authenticateParticipant) minutes(s *State) (int, bool) {
	if !a.limit.present() {
		return minAuthentication, true
	}
	return integer(a.limit, s, minAuthentication, maxAuthentication)
}

// signInEnd is what the action keeps while the end of the sign-in is written.
type signInEnd struct {
	Came SignIn `json:"came"`
	Why  string `json:"why,omitempty"`
}

func (a authenticateParticipant) resume(r *run, e Event) (outcome, bool) {
	w := r.s.Waiting
	switch e := e.(type) {
	case Granted:
		if w.Kept != nil {
			return r.signedIn(w.Kept), true
		}
		if w.Timer == "" {
			// The limit was read before the sign-in began, in the same turn.
			minutes, _ := a.minutes(&r.s)
			return r.listen(time.Duration(minutes) * time.Minute), false
		}
	case Refused:
		return answered(e)
	case TimerFired:
		if e.ID != "" && e.ID == w.Timer {
			return r.endSignIn(signInEnd{SignInLate, "the customer did not sign in in time"}), false
		}
	case SignInEnded:
		if w.Timer != "" {
			r.unlisten()
			return r.endSignIn(signInEnd(e)), false
		}
	}
	return outcome{}, false
}

func (r *run) endSignIn(end signInEnd) outcome {
	o := r.ask(EndSignIn{Came: end.Came})
	r.s.Waiting.Kept = encoded(end)
	return o
}

// signedIn is how the action ends. Somebody who opted out is never taken for
// somebody who signed in: without a branch of their own that is an error.
func (r *run) signedIn(kept json.RawMessage) outcome {
	var end signInEnd
	if err := json.Unmarshal(kept, &end); err != nil {
		return outcome{ending: faulted, why: "what came of a sign-in cannot be read"}
	}
	switch end.Came {
	case SignedIn:
		return success
	case SignInLate:
		return outcome{ending: failed, name: timeLimitExceeded, why: end.Why}
	case OptedOut:
		if r.current.expects(string(OptedOut)) {
			return result(string(OptedOut))
		}
		return fail("the customer chose not to sign in")
	}
	return fail(end.Why)
}

func (c *checker) authentication() {
	c.equalsOnly()
	c.integer("TimeLimitMinutes", minAuthentication, maxAuthentication)
}
