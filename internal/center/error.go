package center

import (
	"errors"
	"fmt"
)

// A Code says which kind of refusal an [Error] is. The API turns it into the exception its operation declares.
type Code int

const (
	Internal           Code = iota // our fault
	InvalidParameter               // one member is wrong by itself
	InvalidRequest                 // members are wrong together, or the state forbids it
	InvalidState                   // what an agent's contact or status forbids
	NotFound                       // no such resource
	ContactNotFound                // StopContact's own word for an unknown or ended contact
	AccessDenied                   // a token that is wrong, dead, or not for this; what is not allowed to anyone
	LimitExceeded                  // the quota of concurrent active chats
	QuotaExceeded                  // any other quota
	Conflict                       // another is already there
	Duplicate                      // the name is taken
	InUse                          // another resource refers to it
	InvalidFlow                    // a flow document with problems
	FlowNotPublished               // only a saved draft exists
	NotTerminated                  // the contact has not ended
	InvalidProperty                // one property of a resource is wrong, or missing
	TooManyResults                 // there is more than the operation can answer
	BadEndpoint                    // a quick connect that an agent cannot use
	InvalidContactType             // what a chat does not have, as hold
	Unavailable                    // nothing can be committed now (disk full, overload); try again
)

// ErrDamaged is in the chain of every error that says that the database does not hold what was stored there. Its finder has
// logged it.
var ErrDamaged = errors.New("the database is damaged")

// Error is a refusal. Message is shown to callers and never holds a secret or a message's text;
// Cause is for logs only.
type Error struct {
	Code     Code
	Message  string
	Problems []string // of InvalidFlow
	Property Property // of InvalidProperty
	Cause    error
}

// Property is a property that is refused, by its path, and why, in a word of the API.
type Property struct{ Path, Reason, Message string }

func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Message + ": " + e.Cause.Error()
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Cause }

// Refuse makes an [Error] with a formatted message.
func Refuse(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// RefuseProperty makes an [Error] about one property.
func RefuseProperty(path, reason, message string) *Error {
	return &Error{Code: InvalidProperty, Message: path + " is not valid: " + message, Property: Property{path, reason, message}}
}

// Is reports whether err is a refusal with that code.
func Is(err error, code Code) bool {
	var refused *Error
	return errors.As(err, &refused) && refused.Code == code
}

// Refused reports whether err is an answer to the caller, rather than a failure to find one.
func Refused(err error) bool {
	var refused *Error
	return errors.As(err, &refused) && refused.Code != Internal && refused.Code != Unavailable
}
