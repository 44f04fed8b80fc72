package chat

import (
	"context"

	"github.com/parley-chat/parley/internal/center"
)

// Decoded is how many decoded states of a chat were kept, 0 or 1; they are dropped.
func (c *Chats) Decoded(id center.ChatID) int {
	if s, err := c.engine.ForgetStream(context.Background(), center.StreamID(id)); err != nil || s == nil {
		return 0
	}
	return 1
}
