package conversation

import (
	"fmt"
	"slices"
	"time"
)

// Item is what sockets and transcripts show, as JSON has it.
// Source: the shape Item of the Participant Service's model, and the frames that amazon-connect-chatjs reads.
type Item struct {
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
	Attachments      []Attachment
	MessageMetadata  *Metadata
}

// Attachment is one file of an item.
type Attachment struct {
	AttachmentID   string `json:"AttachmentId"`
	AttachmentName string
	ContentType    string
	Status         string
}

// Metadata is what is known about a message.
type Metadata struct {
	MessageID string `json:"MessageId"`
	// MessageCompleted is false for a part of a message that is still being written, the ChunkNumber-th.
	MessageCompleted *bool
	ChunkNumber      int
	Receipts         []Receipt
}

// Receipt says how far a message has come to one participant.
type Receipt struct {
	DeliveredTimestamp     string
	ReadTimestamp          string
	RecipientParticipantID string `json:"RecipientParticipantId"`
}

// Types and content types of items that mean something here.
const (
	TypeMessage    = "MESSAGE"
	TypeAttachment = "ATTACHMENT"
	TypeMetadata   = "MESSAGEMETADATA"

	EventPrefix = "application/vnd.amazonaws.connect.event."
	EventTyping = EventPrefix + "typing"
	EventJoined = EventPrefix + "participant.joined"
	EventLeft   = EventPrefix + "participant.left"
	EventEnded  = EventPrefix + "chat.ended"
)

// IsPast says that an item is of a session before this one.
func (it *Item) IsPast() bool { return it.ContactID == "" && it.RelatedContactID != "" }

// IsPartial says that a message is a part of one that is still being written.
func (it *Item) IsPartial() bool {
	md := it.MessageMetadata
	return md != nil && md.MessageCompleted != nil && !*md.MessageCompleted
}

// Time is AbsoluteTime; zero if that is no time.
func (it *Item) Time() time.Time { return ParseTime(it.AbsoluteTime) }

// ParseTime reads the service's timestamps, which are ISO 8601; what is none is the zero time.
func ParseTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// apart returns an item and, as items of their own, the receipts that a transcript shows with it.
func (it *Item) apart() []Item {
	md := it.MessageMetadata
	if md == nil || len(md.Receipts) == 0 || it.Type == TypeMetadata && len(md.Receipts) == 1 {
		return []Item{*it}
	}
	all := []Item{*it}
	if it.Type == TypeMetadata {
		all = nil
	}
	for _, r := range md.Receipts {
		one := Item{
			Type: TypeMetadata, ContentType: EventPrefix + "message.metadata", AbsoluteTime: r.DeliveredTimestamp,
			MessageMetadata: &Metadata{MessageID: md.MessageID, Receipts: []Receipt{r}},
		}
		if r.ReadTimestamp != "" {
			one.AbsoluteTime = r.ReadTimestamp
		}
		if one.MessageMetadata.MessageID == "" {
			one.MessageMetadata.MessageID = it.ID
		}
		all = append(all, one)
	}
	return all
}

// identity is the same for two items if they say the same. "" is said by nothing else.
func (it *Item) identity() string {
	md := it.MessageMetadata
	switch {
	case it.Type == TypeMetadata && md != nil && len(md.Receipts) == 1:
		state := "delivered"
		if md.Receipts[0].ReadTimestamp != "" {
			state = "read"
		}
		return fmt.Sprintf("%s/%s/%s", md.MessageID, md.Receipts[0].RecipientParticipantID, state)
	case it.IsPartial():
		return fmt.Sprintf("%s/%d", it.ID, md.ChunkNumber)
	}
	id := it.ID
	for _, a := range it.Attachments {
		id += "/" + a.Status // scanned files come again with their result
	}
	return id
}

// inOrder sorts items by time and leaves those of the same time as they are.
func inOrder(items []Item) {
	slices.SortStableFunc(items, func(a, b Item) int { return a.Time().Compare(b.Time()) })
}
