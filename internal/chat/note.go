package chat

import (
	"context"
	"crypto/sha256"
	"errors"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// Note writes a note of an agent's on one of their contacts, and returns the committed item. A client token that the agent used
// before for a note of this contact is answered with the first item.
func (a *Agents) Note(ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID, text, clientToken string) (noted center.Item, err error) {
	chat, err := a.chatOf(ctx, at, contact)
	if err != nil {
		return noted, err
	}
	var once [16]byte
	if clientToken != "" {
		h := sha256.Sum256([]byte("note " + string(agent) + " " + string(contact) + " " + clientToken))
		copy(once[:], h[:])
	}
	err = a.change(ctx, chat, func(t *turn) error {
		it, err := t.Draft.Note(contact, agent, text, once)
		if err == nil {
			noted = *it
		}
		return err
	})
	if again, ok := errors.AsType[*store.TokenTaken](err); ok {
		return again.Item, nil
	}
	return noted, err
}
