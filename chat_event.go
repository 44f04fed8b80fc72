package parley

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/connectparticipant/types"

	"github.com/parley-chat/parley/internal/conversation"
)

// Content types of messages and events, as SendMessage, SendEvent and items name them.
const (
	TextPlain           = "text/plain"
	TextMarkdown        = "text/markdown"
	ApplicationJSON     = "application/json"
	Interactive         = "application/vnd.amazonaws.connect.message.interactive"
	InteractiveResponse = "application/vnd.amazonaws.connect.message.interactive.response"

	EventTyping    = conversation.EventTyping
	EventDelivered = conversation.EventPrefix + "message.delivered"
	EventRead      = conversation.EventPrefix + "message.read"
	EventJoined    = conversation.EventJoined
	EventLeft      = conversation.EventLeft
	EventEnded     = conversation.EventEnded
)

// Event is one thing that happened in a chat: a [Message], [Attachment], [Receipt], [Typing], [Joined], [Left], [Ended]
// or, for all that has no type of its own, a [Notice].
type Event interface {
	// EventHeader returns what every event has.
	EventHeader() Header
}

// Header is what every event has. Members that an event's kind does not have are empty.
type Header struct {
	ID          string
	Time        time.Time // the service's AbsoluteTime
	ContentType string
	// ContactID is the contact in which it happened: for items of past sessions in a persistent chat, the past one.
	ContactID string
	// Past says that it happened in a session that this chat continues. Only [Chat.Transcript] shows such events.
	Past bool

	ParticipantID   string
	DisplayName     string
	ParticipantRole types.ParticipantRole
}

// EventHeader returns the header itself.
func (h Header) EventHeader() Header { return h }

// Message is something said, by a participant or by the flow (role SYSTEM).
type Message struct {
	Header
	Content  string
	Receipts []Receipt // known when the message was read from the transcript

	// Partial messages are parts of an answer that a bot is still writing: Content is the next part, Chunk counts from
	// one. The message itself follows, whole and with the same ID.
	Partial bool
	Chunk   int
}

// Attachment is a message that is files. It happens again, with the same ID, when the status of a file has changed.
type Attachment struct {
	Header
	Files []types.AttachmentItem
}

// Receipt says that a message has reached a participant.
type Receipt struct {
	Header
	MessageID   string
	RecipientID string
	DeliveredAt time.Time // zero when not known
	ReadAt      time.Time // zero when it has not been read
}

// Typing says that a participant is writing.
type Typing struct{ Header }

// Joined says that a participant is there from now on.
type Joined struct{ Header }

// Left says that a participant has gone.
type Left struct{ Header }

// Ended says that the chat is over. It is the last event, and nobody's.
type Ended struct{ Header }

// Notice is any other event: transfer.succeeded, participant.idle, chat.rehydrated and so on.
type Notice struct {
	Header
	Content string
}

// Name is the content type without its common beginning: "participant.idle".
func (n Notice) Name() string { return strings.TrimPrefix(n.ContentType, conversation.EventPrefix) }

// event is what an item says.
func event(it *conversation.Item) Event {
	h := header(it)
	switch {
	case it.Type == conversation.TypeMetadata:
		return receipt(it, h)
	case it.Type == conversation.TypeAttachment || len(it.Attachments) > 0:
		return attachment(it, h)
	case it.Type == conversation.TypeMessage:
		return message(it, h)
	}
	switch it.ContentType {
	case EventTyping:
		return Typing{h}
	case EventJoined:
		return Joined{h}
	case EventLeft:
		return Left{h}
	case EventEnded:
		return Ended{h}
	}
	return Notice{h, it.Content}
}

func header(it *conversation.Item) Header {
	h := Header{
		ID: it.ID, Time: it.Time(), ContentType: it.ContentType, ContactID: it.ContactID,
		ParticipantID: it.ParticipantID, DisplayName: it.DisplayName, ParticipantRole: types.ParticipantRole(it.ParticipantRole),
	}
	if it.IsPast() {
		h.ContactID, h.Past = it.RelatedContactID, true
	}
	return h
}

func message(it *conversation.Item, h Header) Message {
	m := Message{Header: h, Content: it.Content}
	md := it.MessageMetadata
	if md == nil {
		return m
	}
	m.Partial = it.IsPartial()
	if m.Partial {
		m.Chunk = md.ChunkNumber
	}
	for i := range md.Receipts {
		m.Receipts = append(m.Receipts, receiptOf(it.ID, &md.Receipts[i]))
	}
	return m
}

func attachment(it *conversation.Item, h Header) Attachment {
	a := Attachment{Header: h}
	for i := range it.Attachments {
		f := &it.Attachments[i]
		a.Files = append(a.Files, types.AttachmentItem{
			AttachmentId: optional(f.AttachmentID), AttachmentName: optional(f.AttachmentName),
			ContentType: optional(f.ContentType), Status: types.ArtifactStatus(f.Status),
		})
	}
	return a
}

// receipt is an item of its own, of one receipt.
func receipt(it *conversation.Item, h Header) Event {
	md := it.MessageMetadata
	if md == nil || len(md.Receipts) == 0 {
		return Notice{h, it.Content}
	}
	r := receiptOf(md.MessageID, &md.Receipts[0])
	r.Header = h
	return r
}

func receiptOf(messageID string, r *conversation.Receipt) Receipt {
	return Receipt{
		MessageID: messageID, RecipientID: r.RecipientParticipantID,
		DeliveredAt: conversation.ParseTime(r.DeliveredTimestamp), ReadAt: conversation.ParseTime(r.ReadTimestamp),
	}
}
