package center

import "time"

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
	d.spoke(p)
	return d.Add(Item{
		Type: TypeMessage, ContentType: m.ContentType, Content: m.Content, InTranscript: true, Token: token,
		ParticipantID: p.ID, DisplayName: p.DisplayName, Role: p.Role,
	}), nil
}

// speaker finds a participant who may act in the chat now.
func (d *Draft) speaker(id ParticipantID, operation string) (*Participant, error) {
	p, err := d.Chat.Present(id)
	if err != nil {
		return nil, err
	}
	if p.Silent {
		return nil, Refuse(AccessDenied, "Access denied: a supervisor who monitors silently sends nothing")
	}
	if p.Joined.IsZero() && p.User != "" {
		return nil, Refuse(AccessDenied, "Access denied: the contact is not accepted")
	}
	if p.Joined.IsZero() {
		refused := Refuse(InvalidParameter, "%s needs a connected participant: call CreateParticipantConnection with Type WEBSOCKET, open the socket and subscribe to aws/chat, or call it with ConnectParticipant true", operation)
		refused.Cause = ErrNotConnected
		return nil, refused
	}
	return p, nil
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
