// Package view is what an Amazon Connect view consists of: the template that
// a client draws, the schema of the data that it is drawn with, and the actions
// that come back. It holds the views that AWS manages, checks templates of
// others and derives their schemas, and checks data against a schema.
//
// It depends on nothing of ours. It draws nothing, stores nothing, and knows
// neither chats nor flows.
package view
