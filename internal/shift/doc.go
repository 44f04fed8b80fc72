// Package shift is an agent's session with a server, as programs have it: signed in, a socket kept open over which the agent's
// own events and those of all of the agent's chats come once and in order, and the operations that an agent has.
//
// It is for clients: of the server it knows the operations below /agent/v1 and those of the Participant Service. It depends on
// conversation for the items of chats. A [Shift] must be closed.
package shift
