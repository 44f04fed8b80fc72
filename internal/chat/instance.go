package chat

import (
	"context"

	"github.com/parley-chat/parley/internal/center"
)

// DeleteInstance ends the instance's chats and deletes all that belongs to it. Once it has begun it goes on without its
// caller; what a crash left behind, another call takes away.
func (c *Chats) DeleteInstance(ctx context.Context, id center.InstanceID) error {
	// The row goes first: no new chat begins from here on.
	gone := c.catalog.CloseInstance(ctx, id)
	if _, ok := center.UUID(string(id)); !ok || gone != nil && !center.Is(gone, center.NotFound) {
		return gone
	}
	ctx = context.WithoutCancel(ctx)
	for {
		active, err := c.store.Streams(ctx, center.KindChat, id, "", true, 100)
		if err != nil {
			return err
		}
		if len(active) == 0 {
			break
		}
		for _, row := range active {
			err := c.change(ctx, center.ChatID(row.ID), func(t *turn) error {
				t.end(center.ReasonAPI)
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	if err := c.store.DeleteInstance(ctx, id, c.wall()); err != nil {
		return err
	}
	c.erasures.dirty.Store(true)
	c.nudgeErasing()
	c.engine.Forget()
	return gone
}
