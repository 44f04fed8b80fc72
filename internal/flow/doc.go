// Package flow is the Amazon Connect Flow language, version 2019-10-30, for
// the chat channel: it reads flow documents, says what is wrong with them, and
// decides what a flow does next.
//
// A document is read once, by [Parse], into an immutable [Program] that any
// number of goroutines may share. [Validate] lists what keeps it from being
// published. [Program.Step] takes the [State] of one contact's flow and one
// [Event], and returns the new State with the [Effect] values to carry out, in
// order. State is plain JSON, so a flow that waits survives the process.
//
// Some effects ask: a transfer to another flow may be refused. The flow then
// stands still until the caller answers, in the same turn, with [Granted] or
// [Refused]. A [Call] asks somebody outside, and [Answered] may come much later.
// A module is a program of its own, that runs in the state of its caller's flow:
// [InvokeModule], [State.Call], and at its end [Return] and [Returned].
//
// The package depends on the standard library alone. It never does I/O, reads a
// clock, rolls dice, takes a lock or starts a goroutine, and Step always
// returns: a flow that runs in circles without waiting ends in a [Fault].
//
// Where a comment says "inferred", the public documentation is silent and the
// behaviour is a choice, kept in one place.
package flow
