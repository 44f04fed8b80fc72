// Package wire is the runtime beneath the generated request and answer types of Amazon Connect's APIs: the operation
// table's row type, a strict JSON reader, append-style JSON encoders, and the checks of the API model's constraints.
//
// It depends on the standard library alone. The types themselves live in wire/connect and wire/participant, which
// wire/gen writes from the API models; a row's NewInput makes an empty input, and its Decode fills and checks it.
//
// It never does I/O, never decides what a contact centre allows (only what the API model allows), and never puts a
// value that a caller sent into an error or a log line: names, rules and lengths only.
package wire

import (
	"net/http"
	"net/url"
)

// Auth says how an operation's caller proves who it is.
type Auth uint8

const (
	// SigV4 operations are signed with an access key.
	SigV4 Auth = iota
	// Bearer operations carry a participant or connection token in the X-Amz-Bearer header.
	Bearer
)

// Op is one served operation: a row of the generated tables connect.Ops and participant.Ops.
type Op struct {
	Service string // "connect" or "participant"
	Name    string // "StartChatContact"
	Method  string
	// Path is the route's template, "/contacts/{InstanceId}/{ContactId}". Arguments arrive percent-encoded and may
	// contain "/", so a router splits the escaped path.
	Path      string
	Status    int // of a success
	Auth      Auth
	Errors    []ErrorShape // the errors that the API model declares for it, in the model's order
	Paginated bool
	NewInput  func() Input
}

// Route is an operation of the API model that is known by name only.
type Route struct {
	Service string
	Name    string
	Method  string
	Path    string
}

// Input is the request of one operation.
type Input interface {
	// Decode fills an empty input from q and checks it against the API model. It fails with a *SyntaxError when the
	// body is not JSON of the right shape, or with a *FieldError naming the first field in the model's order that
	// breaks a constraint; the input is not to be used then. Two findings come before the others because they leave
	// nothing to check: a null among a list's or map's elements, and a path, query or header value that is not UTF-8
	// or not a number.
	Decode(q *Request) error
	// AppendJSON appends the request's body, as a client sends it: the members that have a place in the body and are
	// set.
	AppendJSON(dst []byte) []byte
}

// Output is the answer of one operation.
type Output interface {
	// AppendJSON appends the answer's body, a JSON object without the members that are nil.
	AppendJSON(dst []byte) []byte
}

// Request is what an input is decoded from.
type Request struct {
	Path   []string // the path's arguments, unescaped, in the order of the route's template
	Query  url.Values
	Header http.Header
	Body   []byte // empty means {}; it is not kept and may be reused after Decode
}

// ErrorShape is a kind of error as it appears on the wire.
type ErrorShape struct {
	Code   string // the value of x-amzn-errortype
	Status int
}

// Errors of AWS's front door, those of signatures aside, which sigv4 names. No operation's model declares them and any
// operation may answer them. The statuses of SerializationException and UnknownOperationException are inferred from
// other AWS services; TooManyRequestsException is what Amazon Connect's API gateway answers to a caller over its rate.
var (
	AccessDeniedException          = ErrorShape{"AccessDeniedException", http.StatusForbidden}
	NotImplementedException        = ErrorShape{"NotImplementedException", http.StatusNotImplemented}
	RequestEntityTooLargeException = ErrorShape{"RequestEntityTooLargeException", http.StatusRequestEntityTooLarge}
	SerializationException         = ErrorShape{"SerializationException", http.StatusBadRequest}
	TooManyRequestsException       = ErrorShape{"TooManyRequestsException", http.StatusTooManyRequests}
	UnknownOperationException      = ErrorShape{"UnknownOperationException", http.StatusNotFound}
)
