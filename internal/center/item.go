package center

import (
	"encoding/json"
	"strconv"
	"time"
)

// Role of a participant, as the API spells it.
type Role string

const (
	RoleAgent             Role = "AGENT"
	RoleCustomer          Role = "CUSTOMER"
	RoleSystem            Role = "SYSTEM"
	RoleCustomParticipant Role = "CUSTOM_BOT"
	RoleSupervisor        Role = "SUPERVISOR"
)

// ItemType is the Type of an item. A [Marker] is never shown: it gives a Change with nothing to show its place
// in the sequence, so that every change of a chat is numbered.
type ItemType string

const (
	TypeMessage    ItemType = "MESSAGE"
	TypeEvent      ItemType = "EVENT"
	TypeAttachment ItemType = "ATTACHMENT"
	TypeMetadata   ItemType = "MESSAGEMETADATA"
	Marker         ItemType = ""
)

// Content types of messages and events.
const (
	TextPlain           = "text/plain"
	TextMarkdown        = "text/markdown"
	ApplicationJSON     = "application/json"
	Interactive         = "application/vnd.amazonaws.connect.message.interactive"
	InteractiveResponse = "application/vnd.amazonaws.connect.message.interactive.response"

	eventPrefix            = "application/vnd.amazonaws.connect.event."
	EventTyping            = eventPrefix + "typing"
	EventJoined            = eventPrefix + "participant.joined"
	EventLeft              = eventPrefix + "participant.left"
	EventEnded             = eventPrefix + "chat.ended"
	EventRehydrated        = eventPrefix + "chat.rehydrated"
	EventDelivered         = eventPrefix + "message.delivered"
	EventRead              = eventPrefix + "message.read"
	EventMetadata          = eventPrefix + "message.metadata"
	EventConnectionAck     = eventPrefix + "connection.acknowledged"
	SystemDisplayName      = "SYSTEM_MESSAGE"
	BotDisplayName         = "BOT" // of what an Amazon Lex bot says, in the system's role
	timeLayout             = "2006-01-02T15:04:05.000Z"
	maxContentBytes        = 16384
	maxPlainContentChars   = 1024
	maxJSONContentChars    = 12000
	maxInteractiveResponse = 12288
)

// FormatTime writes t as every AbsoluteTime and Expiry is written: UTC, three fraction digits, Z. Clients compare
// these as strings.
func FormatTime(t time.Time) string { return t.UTC().Format(timeLayout) }

// Item is one durable fact of a chat: what a socket shows, a transcript holds, and recovery counts.
// Items are never changed once committed.
type Item struct {
	Stream StreamID
	// Seq is dense per chat, from 1: the order of transcript, sockets and recovery. Zero is an ephemeral item
	// (typing): not stored, not numbered, may be lost.
	Seq  int64
	ID   ItemID
	Time time.Time // UTC, whole milliseconds, strictly rising with Seq within a chat
	Type ItemType
	// Contact is the segment it belongs to.
	Contact       ContactID
	ContentType   string
	Content       string
	ParticipantID ParticipantID
	DisplayName   string
	Role          Role
	// InTranscript says that GetTranscript shows it. Sockets show every item but a Marker.
	InTranscript bool
	// Receipt is set on MESSAGEMETADATA items alone.
	Receipt *Receipt
	// Token makes a repeated send find the first one: unique within the chat when not zero. It never leaves the store.
	Token [16]byte
}

// Receipt says when a participant got and read a message. A zero time is "not yet".
type Receipt struct {
	Message   ItemID        `json:"m"`
	Recipient ParticipantID `json:"p"`
	Delivered time.Time     `json:"d,omitzero"`
	Read      time.Time     `json:"r,omitzero"`
}

// body is the stored and carried form of what columns and envelopes do not say.
type body struct {
	ID          ItemID        `json:"i"`
	Type        ItemType      `json:"t,omitempty"`
	Contact     ContactID     `json:"c"`
	ContentType string        `json:"ct,omitempty"`
	Content     string        `json:"b,omitempty"`
	Participant ParticipantID `json:"p,omitempty"`
	Name        string        `json:"n,omitempty"`
	Role        Role          `json:"r,omitempty"`
	Transcript  bool          `json:"x,omitempty"`
	Receipt     *Receipt      `json:"rc,omitempty"`
}

// AppendBody appends the stored form of the item: JSON without Chat, Seq, Time and Token, which the store keeps
// in columns of their own.
func (it *Item) AppendBody(dst []byte) []byte {
	dst = append(dst, `{"i":"`...)
	dst = append(dst, it.ID...)
	dst = append(dst, `","c":"`...)
	dst = append(dst, it.Contact...)
	dst = append(dst, '"')
	dst = appendMember(dst, "t", string(it.Type))
	dst = appendMember(dst, "ct", it.ContentType)
	dst = appendMember(dst, "b", it.Content)
	dst = appendMember(dst, "p", string(it.ParticipantID))
	dst = appendMember(dst, "n", it.DisplayName)
	dst = appendMember(dst, "r", string(it.Role))
	if it.InTranscript {
		dst = append(dst, `,"x":true`...)
	}
	if it.Receipt != nil {
		raw, err := json.Marshal(it.Receipt)
		if err != nil {
			panic(err) // a struct of strings and times in range
		}
		dst = append(append(dst, `,"rc":`...), raw...)
	}
	return append(dst, '}')
}

// SetBody reads what AppendBody wrote.
func (it *Item) SetBody(src []byte) error {
	var b body
	if err := json.Unmarshal(src, &b); err != nil {
		return err
	}
	it.ID, it.Type, it.Contact = b.ID, b.Type, b.Contact
	it.ContentType, it.Content = b.ContentType, b.Content
	it.ParticipantID, it.DisplayName, it.Role = b.Participant, b.Name, b.Role
	it.InTranscript, it.Receipt = b.Transcript, b.Receipt
	return nil
}

func appendMember(dst []byte, key, value string) []byte {
	if value == "" {
		return dst
	}
	dst = append(dst, ',', '"')
	dst = append(dst, key...)
	dst = append(dst, '"', ':')
	return AppendString(dst, value)
}

// AppendString appends s as a JSON string. Text is valid UTF-8 by the time it reaches an item; what is not
// becomes U+FFFD, as encoding/json does.
func AppendString(dst []byte, s string) []byte {
	plain := true
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= 0x80 || c == '"' || c == '\\' {
			plain = false
			break
		}
	}
	if plain {
		dst = append(dst, '"')
		dst = append(dst, s...)
		return append(dst, '"')
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return strconv.AppendQuote(dst, s) // not reached: a string always marshals
	}
	return append(dst, raw...)
}
