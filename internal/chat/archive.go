package chat

import (
	"context"
	"errors"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// archive reads chats as they are stored. It waits for no turn.
type archive struct{ store *store.Store }

// chatOf finds the chat that a contact belongs to, within an instance, as it is stored.
func (a archive) chatOf(ctx context.Context, at center.InstanceID, id center.ContactID) (*state, error) {
	missing := noContact(id)
	if _, ok := center.UUID(string(id)); !ok {
		return nil, missing
	}
	chat, err := a.store.ChatOf(ctx, id)
	var row store.Stream
	if err == nil {
		row, err = a.store.Stream(ctx, chat)
	}
	if errors.Is(err, store.ErrNotFound) || err == nil && row.Instance != at {
		return nil, missing
	}
	if err != nil {
		return nil, err
	}
	return a.decode(row)
}

// past finds the sessions that a chat reads on into when it continues another. A past transcript of more than 5 MB,
// and what lies behind it, is left out. source is the chat that is continued.
func (a archive) past(ctx context.Context, at center.InstanceID, p center.Persistence) (source *center.Chat, past []center.PastSession, err error) {
	s, err := a.chatOf(ctx, at, p.Source)
	if err != nil {
		return nil, nil, err
	}
	past, err = center.Continue(&s.Chat, p.Source, p.Type)
	if err != nil {
		return nil, nil, err
	}
	for i, session := range past {
		n, err := a.store.TranscriptBytes(ctx, center.StreamID(session.Chat), session.LastSeq)
		if err != nil {
			return nil, nil, err
		}
		if n <= center.MaxPastBytes*int64(session.Contacts) {
			continue
		}
		if i == 0 {
			return nil, nil, center.Refuse(center.InvalidRequest, "the past transcript has %d bytes; at most %d can be continued", n, center.MaxPastBytes)
		}
		return &s.Chat, past[:i], nil
	}
	return &s.Chat, past, nil
}
