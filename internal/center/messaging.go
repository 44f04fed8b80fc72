package center

import (
	"errors"
	"slices"
	"time"
	"unicode/utf8"
)

// Settings are the rules that an operator may choose; the zero value is refused nowhere but means AWS's figures
// only through [DefaultSettings].
type Settings struct {
	ConnectWithin    time.Duration // the customer's first connection; Amazon Connect: 5 minutes
	JoinWithin       time.Duration // a custom participant's first connection; Amazon Connect: 15 s
	ClientTokenLife  time.Duration // how long a repeated StartChatContact finds the first one: 7 days
	RehydrationDelay time.Duration // how long after its end a session can be read on into; Amazon Connect: 30–60 s
	ActiveChats      int           // concurrent active chats of an instance; 0: no limit. Amazon Connect: 500
	ResourceQuotas   bool          // Amazon Connect's default quotas of flows, modules, functions and bots
	KeepChats        time.Duration // how long after its end a chat is erased; 0: never
	KeepContacts     time.Duration // how long after its end what is known of a contact is deleted; 0: never
	LegacySizes      bool          // the older limits by content type: 1,024 characters of text, 12,000 of JSON
}

// DefaultSettings returns AWS's documented times, no quota and no delay.
func DefaultSettings() Settings {
	return Settings{
		ConnectWithin: 5 * time.Minute, JoinWithin: 15 * time.Second, ClientTokenLife: 7 * 24 * time.Hour,
		KeepContacts: 730 * 24 * time.Hour, // 24 months (admin guide, "Data model for contact records")
	}
}

// Send says something into the chat in a participant's name.
// Source of the limits: Amazon Connect feature limits (16,384 bytes, every content type) and, for LegacySizes, the
// API reference of StartChatContact's InitialMessage.
func (d *Draft) Send(from ParticipantID, m Message, token [16]byte, s Settings) (*Item, error) {
	p, err := d.speaker(from, "SendMessage")
	if err != nil {
		return nil, err
	}
	if err := d.Chat.allows(m, s); err != nil {
		return nil, err
	}
	return d.Add(Item{
		Type: TypeMessage, ContentType: m.ContentType, Content: m.Content, InTranscript: true, Token: token,
		ParticipantID: p.ID, DisplayName: p.DisplayName, Role: p.Role,
	}), nil
}

// speaker finds somebody who may act in the chat now.
func (d *Draft) speaker(id ParticipantID, operation string) (*Participant, error) {
	p, err := d.Chat.Present(id)
	if err != nil {
		return nil, err
	}
	if p.Joined.IsZero() {
		refused := Refuse(InvalidParameter, "%s needs a connected participant: call CreateParticipantConnection with Type WEBSOCKET, open the socket and subscribe to aws/chat, or call it with ConnectParticipant true", operation)
		refused.Cause = ErrNotConnected
		return nil, refused
	}
	return p, nil
}

// ErrNotConnected is the cause of refusing somebody who has not connected yet, and may be about to.
var ErrNotConnected = errors.New("not connected")

// Present finds a participant whose token is alive: the chat has not ended and they have not left. Everyone else
// gets the one answer that the service gives to dead tokens.
func (c *Chat) Present(id ParticipantID) (*Participant, error) {
	p, ok := c.Participant(id)
	if !ok || !c.Ended.IsZero() || !p.Left.IsZero() {
		return nil, Refuse(AccessDenied, "Access denied")
	}
	return p, nil
}

// sendable are the content types that a participant may send at all.
var sendable = []string{TextPlain, TextMarkdown, ApplicationJSON, InteractiveResponse}

// allows checks a message's content type and size against the chat's.
func (c *Chat) allows(m Message, s Settings) error {
	if !slices.Contains(sendable, m.ContentType) {
		return Refuse(InvalidParameter, "ContentType must be one of text/plain, text/markdown, application/json, %s", InteractiveResponse)
	}
	if !slices.Contains(c.ContentTypes, m.ContentType) {
		return Refuse(InvalidParameter, "ContentType %s is not among this chat's SupportedMessagingContentTypes", m.ContentType)
	}
	return checkSize("Content", m, s)
}

func checkSize(field string, m Message, s Settings) error {
	if n := len(m.Content); n > maxContentBytes {
		return Refuse(InvalidParameter, "%s must be at most %d bytes of UTF-8, got %d", field, maxContentBytes, n)
	}
	if !s.LegacySizes {
		return nil
	}
	limit := maxPlainContentChars
	switch m.ContentType {
	case ApplicationJSON:
		limit = maxJSONContentChars
	case InteractiveResponse:
		limit = maxInteractiveResponse
	}
	if n := utf8.RuneCountInString(m.Content); n > limit {
		return Refuse(InvalidParameter, "%s must be at most %d characters for %s, got %d", field, limit, m.ContentType, n)
	}
	return nil
}

// Prompt adds what a flow says.
func (d *Draft) Prompt(m Message) *Item {
	return d.Add(Item{
		Type: TypeMessage, ContentType: m.ContentType, Content: m.Content, InTranscript: true,
		ParticipantID: d.Chat.System, DisplayName: SystemDisplayName, Role: RoleSystem,
	})
}

// Typing makes the ephemeral item of a typing event: shown to the others, never stored.
func (d *Draft) Typing(from ParticipantID) (Item, error) {
	p, err := d.speaker(from, "SendEvent")
	if err != nil {
		return Item{}, err
	}
	return Item{
		Stream: StreamID(d.Chat.ID), ID: ItemID(d.NewID()), Time: d.Now.Truncate(time.Millisecond), Type: TypeEvent,
		ContentType: EventTyping, Contact: d.Chat.Current().ID,
		ParticipantID: p.ID, DisplayName: p.DisplayName, Role: p.Role,
	}, nil
}

// Acknowledge writes down that a participant got or read a message. seen is the message and known what was
// written about it for this participant before; the time first told stays.
// "More than two active participants" is the API reference's reason for a ConflictException.
func (d *Draft) Acknowledge(from ParticipantID, seen *Item, known Receipt, read bool) (*Item, error) {
	p, err := d.speaker(from, "SendEvent")
	if err != nil {
		return nil, err
	}
	active := 0
	for _, other := range d.Chat.Participants {
		if other.Active() {
			active++
		}
	}
	if active > 2 {
		return nil, Refuse(Conflict, "message receipts are not available with more than two active participants, there are %d", active)
	}
	if seen.ParticipantID == p.ID || (seen.Type != TypeMessage && seen.Type != TypeAttachment) {
		return nil, Refuse(InvalidParameter, "messageId must name a message of another participant")
	}
	now := d.Now.Truncate(time.Millisecond)
	r := Receipt{Message: seen.ID, Recipient: p.ID, Delivered: known.Delivered, Read: known.Read}
	if r.Delivered.IsZero() {
		r.Delivered = now
	}
	if read && r.Read.IsZero() {
		r.Read = now
	}
	d.change.Receipts = append(d.change.Receipts, r)
	return d.Add(Item{Type: TypeMetadata, ContentType: EventMetadata, Receipt: &r}), nil
}
