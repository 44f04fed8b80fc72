package chat

import (
	"context"

	"github.com/parley-chat/parley/internal/center"
)

// DeleteContactData deletes personal data of a contact that has ended. Everything that the API's fields name belongs to
// channels that this server does not have: a chat has no customer endpoint, and subject and recipients are an email's. So
// there is nothing to delete, and what was asked for holds. Source: API reference of DeleteContactData. That a field of
// another channel is no error is inferred.
func (c *Chats) DeleteContactData(ctx context.Context, at center.InstanceID, id center.ContactID, fields []string) error {
	if len(fields) == 0 {
		return center.Refuse(center.InvalidParameter, "ContactFields must have at least one field")
	}
	_, contact, err := c.Contact(ctx, at, id)
	if err == nil && contact.Disconnected.IsZero() {
		err = center.Refuse(center.NotTerminated, "the contact %s has not ended; stop it first", id)
	}
	return err
}
