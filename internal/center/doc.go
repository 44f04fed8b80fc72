// Package center holds the nouns of a contact centre as Amazon Connect names them (Instance, Contact,
// Participant, ContactFlow, …), their identifiers and the rules they obey.
//
// Everything here is a value or a pure function of values: no I/O, no clock, no lock, no randomness. Time and
// new identifiers come in as arguments. What a rule decides leaves as a [Change], which the store commits and
// the bus announces; nothing in this package makes a decision visible.
package center
