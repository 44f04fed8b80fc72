// Package chat is where decisions become facts: it loads a chat, lets the pure rules of center and flow decide,
// commits what they decided in one Change, and only then announces it.
//
// It depends on the engine for turns and commits, on the store for the facts, and on token for what participants carry. It
// never decides a rule itself, never announces what is not durable, and never speaks HTTP or WebSocket.
// [New] needs a [Config]. The engine must run for timers to fire, and [Erasures.Run] for old chats to go. What is read and
// deleted of chats, [Transcripts], [Overview] and [Erasures], is made of [Chats].
package chat
