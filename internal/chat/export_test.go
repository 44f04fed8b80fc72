package chat

import "github.com/parley-chat/parley/internal/center"

// Decoded is how many decoded states of a chat are kept, 0 or 1.
func (c *Chats) Decoded(id center.ChatID) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.entries[id]; e != nil && e.snap != nil {
		return 1
	}
	return 0
}
