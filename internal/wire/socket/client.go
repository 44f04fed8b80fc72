// Package socket is the language of the chat WebSocket: what clients send, read leniently, and what the server
// sends, written byte for byte as Amazon Connect does.
//
// The service documents no schema for these frames; what is written here is what amazon-connect-chatjs 5.0.0 and
// the Amazon Connect chat SDKs for iOS and Android send and accept, and the item samples of the Amazon Connect
// administrator guide (message streaming). The package knows JSON texts only: framing, sockets and the meaning of
// an item belong to its callers. It depends on the standard library alone and never keeps what it is given.
package socket

import (
	"bytes"
	"encoding/json"
	"slices"
)

// TopicChat is the one topic that carries anything.
const TopicChat = "aws/chat"

// Kind says what a client asks.
type Kind int

const (
	Unknown   Kind = iota // not for us, or not understood: to be ignored
	Subscribe             // aws/subscribe
	Ping                  // aws/ping, the clients' deep heartbeat
	Heartbeat             // aws/heartbeat
)

// Request is one client frame.
type Request struct {
	Kind   Kind
	Topics []string // of Subscribe
}

// Chat reports whether the request subscribes to the chat.
func (r Request) Chat() bool { return slices.Contains(r.Topics, TopicChat) }

var chatOnly = []string{TopicChat}

// usual holds the very bytes that today's clients send (the web client, then the mobile SDKs, of which iOS closes
// its subscription with a stray parenthesis), so that the beats of thousands of sockets need no JSON decoder.
var usual = map[string]Request{
	`{"topic":"aws/heartbeat"}`: {Kind: Heartbeat},
	`{"topic":"aws/ping"}`:      {Kind: Ping},
	`{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}`: {Kind: Subscribe, Topics: chatOnly},

	`{"topic": "aws/heartbeat"}`: {Kind: Heartbeat},
	`{"topic": "aws/ping"}`:      {Kind: Ping},
	`{"topic": "aws/subscribe", "content": {"topics": ["aws/chat"]}}`:  {Kind: Subscribe, Topics: chatOnly},
	`{"topic": "aws/subscribe", "content": {"topics": ["aws/chat"]}})`: {Kind: Subscribe, Topics: chatOnly},
}

// Parse reads a client frame: its first JSON value, whatever trails. What it does not understand is Unknown, never
// an error: the service ignores it too.
func Parse(frame []byte) Request {
	if r, ok := usual[string(frame)]; ok {
		return r
	}
	return decode(frame)
}

func decode(frame []byte) Request {
	var envelope struct {
		Topic   string          `json:"topic"`
		Content json.RawMessage `json:"content"`
	}
	if err := json.NewDecoder(bytes.NewReader(frame)).Decode(&envelope); err != nil {
		return Request{}
	}
	switch envelope.Topic {
	case "aws/heartbeat":
		return Request{Kind: Heartbeat}
	case "aws/ping":
		return Request{Kind: Ping}
	case "aws/subscribe":
		var content struct {
			Topics []string `json:"topics"`
		}
		if json.Unmarshal(envelope.Content, &content) != nil {
			return Request{}
		}
		return Request{Kind: Subscribe, Topics: content.Topics}
	}
	return Request{}
}
