// Package catalog keeps what an instance is configured with: the instance itself, its flows, modules, versions and
// aliases, views, hours of operation, queues, and what its flows may call outside.
//
// It depends on the store for the rows, on flow and view to check contents before they are kept, and on stock for what
// a new instance has. It knows nothing of chats: chat asks it for the program of a flow, a queue or its hours, and never
// the other way. Every kind of resource goes through the one generic path of [kind].
package catalog
