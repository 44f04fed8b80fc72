// Package chat decides about chats: it lets the pure rules of center and flow decide on a chat as it stands, looks up what
// they must know, and has the engine commit and announce what they decided in one Change.
//
// It depends on the engine for turns and commits, on the store for what is read, and on token for what participants carry.
// It never announces what is not durable, and never speaks HTTP or WebSocket.
// [New] needs a [Config]. The engine must run for timers to fire, and [Erasures.Run] for old chats to go. What is read and
// deleted of chats, [Transcripts], [Overview] and [Erasures], is made of [Chats].
package chat
