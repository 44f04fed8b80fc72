package parley

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/connectparticipant/types"
)

// Content types of messages and events, as SendMessage, SendEvent and items name them.
const (
	TextPlain           = "text/plain"
	TextMarkdown        = "text/markdown"
	ApplicationJSON     = "application/json"
	Interactive         = "application/vnd.amazonaws.connect.message.interactive"
	InteractiveResponse = "application/vnd.amazonaws.connect.message.interactive.response"

	eventPrefix    = "application/vnd.amazonaws.connect.event."
	EventTyping    = eventPrefix + "typing"
	EventDelivered = eventPrefix + "message.delivered"
	EventRead      = eventPrefix + "message.read"
	EventJoined    = eventPrefix + "participant.joined"
	EventLeft      = eventPrefix + "participant.left"
	EventEnded     = eventPrefix + "chat.ended"
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
func (n Notice) Name() string { return strings.TrimPrefix(n.ContentType, eventPrefix) }

// item is what sockets and transcripts show, as JSON has it. Frames hold it as a string inside JSON.
// Source: the shape Item of the Participant Service's model, and the frames that chatjs reads.
type item struct {
	AbsoluteTime     string
	Content          string
	ContentType      string
	ID               string `json:"Id"`
	Type             string
	ParticipantID    string `json:"ParticipantId"`
	DisplayName      string
	ParticipantRole  string
	ContactID        string `json:"ContactId"`
	RelatedContactID string `json:"RelatedContactId"`
	Attachments      []struct {
		AttachmentID   string `json:"AttachmentId"`
		AttachmentName string
		ContentType    string
		Status         string
	}
	MessageMetadata *struct {
		MessageID        string `json:"MessageId"`
		MessageCompleted *bool
		ChunkNumber      int
		Receipts         []struct {
			DeliveredTimestamp     string
			ReadTimestamp          string
			RecipientParticipantID string `json:"RecipientParticipantId"`
		}
	}
}

// itemOf reads an item of the SDK's as one of a frame: their members have the same names.
func itemOf(known *types.Item) (it item, err error) {
	raw, err := json.Marshal(known)
	if err == nil {
		err = json.Unmarshal(raw, &it)
	}
	return it, err
}

// events are what an item says. A message read from the transcript is followed by its receipts.
func (it *item) events() []Event {
	h := it.header()
	switch {
	case it.Type == "MESSAGEMETADATA":
		return it.receiptEvents()
	case it.Type == "ATTACHMENT" || len(it.Attachments) > 0:
		return append([]Event{it.attachment(h)}, it.receiptEvents()...)
	case it.Type == "MESSAGE":
		return append([]Event{it.message(h)}, it.receiptEvents()...)
	}
	switch it.ContentType {
	case EventTyping:
		return []Event{Typing{h}}
	case EventJoined:
		return []Event{Joined{h}}
	case EventLeft:
		return []Event{Left{h}}
	case EventEnded:
		return []Event{Ended{h}}
	}
	return []Event{Notice{h, it.Content}}
}

func (it *item) header() Header {
	h := Header{
		ID: it.ID, Time: parseTime(it.AbsoluteTime), ContentType: it.ContentType, ContactID: it.ContactID,
		ParticipantID: it.ParticipantID, DisplayName: it.DisplayName, ParticipantRole: types.ParticipantRole(it.ParticipantRole),
	}
	if it.ContactID == "" && it.RelatedContactID != "" {
		h.ContactID, h.Past = it.RelatedContactID, true
	}
	return h
}

func (it *item) message(h Header) Message {
	m := Message{Header: h, Content: it.Content, Receipts: it.receipts()}
	if md := it.MessageMetadata; md != nil && md.MessageCompleted != nil && !*md.MessageCompleted {
		m.Partial, m.Chunk = true, md.ChunkNumber
	}
	return m
}

func (it *item) attachment(h Header) Attachment {
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

func (it *item) receiptEvents() []Event {
	var all []Event
	for _, r := range it.receipts() {
		all = append(all, r)
	}
	return all
}

func (it *item) receipts() []Receipt {
	md := it.MessageMetadata
	if md == nil {
		return nil
	}
	var all []Receipt
	for _, r := range md.Receipts {
		receipt := Receipt{
			MessageID: md.MessageID, RecipientID: r.RecipientParticipantID,
			DeliveredAt: parseTime(r.DeliveredTimestamp), ReadAt: parseTime(r.ReadTimestamp),
		}
		receipt.Time = receipt.DeliveredAt
		if !receipt.ReadAt.IsZero() {
			receipt.Time = receipt.ReadAt
		}
		if it.Type == "MESSAGEMETADATA" {
			receipt.ID, receipt.ContentType = it.ID, it.ContentType
			receipt.Time = parseTime(it.AbsoluteTime)
		}
		if receipt.MessageID == "" {
			receipt.MessageID = it.ID
		}
		all = append(all, receipt)
	}
	return all
}

// parseTime reads the service's timestamps, which are ISO 8601; what is none is the zero time.
func parseTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// identity is the same for two events if they say the same. "" is said by nothing else.
func identity(e Event) string {
	switch e := e.(type) {
	case Receipt:
		state := "delivered"
		if !e.ReadAt.IsZero() {
			state = "read"
		}
		return fmt.Sprintf("%s/%s/%s", e.MessageID, e.RecipientID, state)
	case Message:
		if e.Partial {
			return fmt.Sprintf("%s/%d", e.ID, e.Chunk)
		}
	case Attachment:
		// Scanned files come again with their result.
		id := e.ID
		for _, f := range e.Files {
			id += "/" + string(f.Status)
		}
		return id
	}
	return e.EventHeader().ID
}

// inOrder sorts events by time and leaves those of the same time as they are.
func inOrder(events []Event) {
	slices.SortStableFunc(events, func(a, b Event) int {
		return a.EventHeader().Time.Compare(b.EventHeader().Time)
	})
}
