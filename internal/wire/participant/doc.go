// Package participant holds the requests, answers, errors and operation table of the Amazon Connect Participant Service, generated
// from its API model.
//
// It depends on package wire alone. Start at Ops: a row's NewInput makes an empty request, which Decode fills and
// checks; an answer is a structure of this package, encoded by AppendJSON. Members that are nil are absent.
//
// It never checks more than the API model states, and its structures never print their values.
package participant

//go:generate go run ../gen -wire .. participant
