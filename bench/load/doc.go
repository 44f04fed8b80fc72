// Package load is the lean client that figures and crash tests drive a parley with: it starts the binary as a child
// process, makes what a contact centre needs, opens chats and talks in them over raw TCP, with HTTP/1.1 and WebSocket
// frames written and read by hand.
//
// It is lean so that two cores can measure the server and not the client: a net/http client with a WebSocket library
// takes a third of what this one leaves to the server. It depends on nothing of parley's and sees what any client
// sees. [Start] comes first; everything else is given the [Server] it returns.
//
// It speaks only as much HTTP and WebSocket as the answers of such a server need, only to loopback addresses, and
// never in the clear to anybody else.
package load
