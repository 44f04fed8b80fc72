package chat

import (
	"context"

	"github.com/parley-chat/parley/internal/center"
)

// RegisterPush adds a device to the chat of a contact and returns the registration's id.
func (c *Chats) RegisterPush(ctx context.Context, at center.InstanceID, contact center.ContactID, r center.PushRegistration) (id string, err error) {
	chat, _, err := c.Contact(ctx, at, contact)
	if err != nil {
		return "", err
	}
	err = c.change(ctx, chat.ID, func(t *turn) (err error) {
		id, err = t.Draft.RegisterPush(r)
		return err
	})
	return id, err
}

// UnregisterPush takes a device away from the chat of a contact.
func (c *Chats) UnregisterPush(ctx context.Context, at center.InstanceID, contact center.ContactID, id string) error {
	chat, _, err := c.Contact(ctx, at, contact)
	if err != nil {
		return err
	}
	return c.change(ctx, chat.ID, func(t *turn) error { return t.Draft.UnregisterPush(id) })
}
