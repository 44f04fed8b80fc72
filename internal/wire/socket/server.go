package socket

import (
	"sync"
	"unicode/utf8"
)

// The answers that never vary.
const (
	HeartbeatAnswer = `{"topic":"aws/heartbeat"}`
	// PingAnswer: statusCode must be the number 200, and the mobile SDKs look for "OK".
	PingAnswer = `{"topic":"aws/ping","statusCode":200,"statusContent":"OK"}`
	// Subscribed answers a subscription to the chat. Its content is an object, while that of an item is a string.
	Subscribed = `{"topic":"aws/subscribe","content":{"status":"success","topics":["aws/chat"]}}`
)

// AppendRefusal appends the answer to a subscription to topics that do not exist.
func AppendRefusal(dst []byte, topics []string) []byte {
	dst = append(dst, `{"topic":"aws/subscribe","content":{"status":"failure","topics":[`...)
	for i, topic := range topics {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, topic)
	}
	return append(dst, `]}}`...)
}

// Item is what the socket shows of an item. Members are in the order of the wire; empty ones are left out.
type Item struct {
	AbsoluteTime     string
	Content          string
	ContentType      string
	ID               string // Id
	Type             string
	ParticipantID    string // ParticipantId; when set, DisplayName is written even if empty: the Android SDK throws without it
	DisplayName      string
	ParticipantRole  string
	InitialContactID string           // InitialContactId
	ContactID        string           // ContactId
	Metadata         *MessageMetadata // MessageMetadata
}

// MessageMetadata belongs to an item of type MESSAGEMETADATA, which has neither participant nor contact members.
type MessageMetadata struct {
	MessageID string // MessageId
	Receipts  []Receipt
}

// Receipt is one reader's receipt; an empty time is left out.
type Receipt struct {
	DeliveredTimestamp     string
	ReadTimestamp          string
	RecipientParticipantID string // RecipientParticipantId
}

var scratch = sync.Pool{New: func() any { return new([]byte) }}

// scratchLimit keeps the odd huge item from staying in the pool.
const scratchLimit = 32 << 10

// AppendItem appends the aws/chat frame of an item: its content is the item's JSON as a string.
func AppendItem(dst []byte, it *Item) []byte {
	buf := scratch.Get().(*[]byte)
	raw := appendItemJSON((*buf)[:0], it)

	dst = append(dst, `{"content":"`...)
	dst = appendEscaped(dst, raw)
	dst = append(dst, `","contentType":"application/json","topic":"aws/chat"}`...)

	if cap(raw) <= scratchLimit {
		*buf = raw
		scratch.Put(buf)
	}
	return dst
}

func appendItemJSON(dst []byte, it *Item) []byte {
	dst = append(dst, `{"AbsoluteTime":`...)
	dst = appendString(dst, it.AbsoluteTime)
	dst = appendMember(dst, `,"Content":`, it.Content)
	dst = appendMember(dst, `,"ContentType":`, it.ContentType)
	dst = appendMember(dst, `,"Id":`, it.ID)
	dst = appendMember(dst, `,"Type":`, it.Type)
	if it.ParticipantID != "" {
		dst = appendMember(dst, `,"ParticipantId":`, it.ParticipantID)
		dst = append(dst, `,"DisplayName":`...)
		dst = appendString(dst, it.DisplayName)
		dst = appendMember(dst, `,"ParticipantRole":`, it.ParticipantRole)
	}
	dst = appendMember(dst, `,"InitialContactId":`, it.InitialContactID)
	dst = appendMember(dst, `,"ContactId":`, it.ContactID)
	if it.Metadata != nil {
		dst = appendMetadata(dst, it.Metadata)
	}
	return append(dst, '}')
}

func appendMetadata(dst []byte, m *MessageMetadata) []byte {
	dst = append(dst, `,"MessageMetadata":{"MessageId":`...)
	dst = appendString(dst, m.MessageID)
	dst = append(dst, `,"Receipts":[`...)
	for i, r := range m.Receipts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '{')
		if r.DeliveredTimestamp != "" {
			dst = append(dst, `"DeliveredTimestamp":`...)
			dst = append(appendString(dst, r.DeliveredTimestamp), ',')
		}
		if r.ReadTimestamp != "" {
			dst = append(dst, `"ReadTimestamp":`...)
			dst = append(appendString(dst, r.ReadTimestamp), ',')
		}
		dst = append(dst, `"RecipientParticipantId":`...)
		dst = append(appendString(dst, r.RecipientParticipantID), '}')
	}
	return append(dst, `]}`...)
}

func appendMember(dst []byte, key, value string) []byte {
	if value == "" {
		return dst
	}
	return appendString(append(dst, key...), value)
}

// appendString appends s as a JSON string. Text frames must be UTF-8 (RFC 6455, 8.1: anything else makes clients
// close), so what is not becomes U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, c)
			i++
			start = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			dst = append(dst, s[start:i]...)
			dst = append(dst, "\ufffd"...)
			start = i + n
		}
		i += n
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// appendEscaped appends JSON text as the inside of a JSON string. Such text is valid UTF-8 with no control
// characters, so quotes and backslashes are all there is to escape.
func appendEscaped(dst, text []byte) []byte {
	start := 0
	for i, c := range text {
		if c == '"' || c == '\\' {
			dst = append(dst, text[start:i]...)
			dst = append(dst, '\\', c)
			start = i + 1
		}
	}
	return append(dst, text[start:]...)
}
