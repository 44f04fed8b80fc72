package center

import (
	"encoding/json"
	"strconv"
	"time"
)

// ItemType is the Type of an item. A [Marker] is never shown: it gives a Change with nothing to show its place
// in the sequence, so that every change of a chat is numbered.
type ItemType string

const (
	TypeMessage    ItemType = "MESSAGE"
	TypeEvent      ItemType = "EVENT"
	TypeAttachment ItemType = "ATTACHMENT"
	TypeMetadata   ItemType = "MESSAGEMETADATA"
	// TypeNote is what agents write for agents. It is none of Amazon Connect's: the Participant Service never shows one, to agents
	// neither, since their clients would take it for a message. It is not in the transcript; readers of notes ask for them.
	TypeNote ItemType = "NOTE"
	Marker   ItemType = ""
)

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
	// InTranscript says that GetTranscript shows it. Sockets show every item but a Marker, if it is meant for them.
	InTranscript bool
	To           Audience
	// Receipt is set on MESSAGEMETADATA items alone.
	Receipt *Receipt
	// Token makes a repeated send find the first one: unique within the chat when not zero. It never leaves the store.
	Token [16]byte
}

// Audience says whose sockets an item reaches: everybody's, those of a role, those of all others, or one participant's, whose id
// it is.
type Audience string

// Audiences. ToAgents are agents and supervisors.
const (
	ToEverybody Audience = ""
	ToAgents    Audience = "agents"
	ToOthers    Audience = "others" // than the participant whom the item is about
	ToCustomer  Audience = "customer"
)

// Reaches says whether a participant's socket shows the item.
func (it *Item) Reaches(id ParticipantID, role Role) bool {
	switch it.To {
	case ToEverybody:
		return true
	case ToAgents:
		return role == RoleAgent || role == RoleSupervisor
	case ToCustomer:
		return role == RoleCustomer
	case ToOthers:
		return it.ParticipantID != id
	}
	return string(it.To) == string(id)
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
	To          Audience      `json:"to,omitempty"`
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
	dst = appendMember(dst, "to", string(it.To))
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
	it.InTranscript, it.To, it.Receipt = b.Transcript, b.To, b.Receipt
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
