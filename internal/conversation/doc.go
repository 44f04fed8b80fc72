// Package conversation is a participant's end of a chat: a socket that is kept, replaced when it breaks or grows old, and
// asked whether it lives; and the items that it and the transcript show, each once and in order.
//
// It speaks WebSocket itself. The operations of the API it has others call for it, through [Service]: the public client
// by the AWS SDK, the command without it. Nothing else of parley does it know. It never leaves a goroutine behind once
// [Conversation.Done] is closed.
package conversation
