// Package chat is where decisions become facts: it loads a chat, lets the pure rules of center and flow decide,
// commits what they decided in one Change, and only then announces it.
//
// It depends on the store for the facts, on the bus for the news, and on token for what participants carry. It
// never decides a rule itself, never announces what is not durable, and never speaks HTTP or WebSocket.
// [New] needs a [Config]; [Chats.Run] must run for timers to fire.
package chat
