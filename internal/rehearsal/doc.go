// Package rehearsal plays flows without a contact centre: no server, no store, no network. A [Play] is one contact that
// runs through a flow, into other flows, modules and queues, while a [World] of whoever rehearses answers what the flows
// ask. [Explore] plays a flow again and again until it has taken every branch that can be taken.
//
// It depends on package flow, which makes all decisions; what is here is what surrounds them. It never does I/O, reads a
// clock or rolls dice: time passes when [Play.Advance] says so. A Play is for one goroutine.
package rehearsal
