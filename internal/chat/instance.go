package chat

import (
	"context"

	"github.com/parley-chat/parley/internal/center"
)

// DeleteInstance ends the instance's chats and deletes all that belongs to it. Once it has begun it goes on without its
// caller; what a crash left behind, another call takes away.
func (e *Erasures) DeleteInstance(ctx context.Context, id center.InstanceID) error {
	// The row goes first: no new chat begins from here on.
	gone := e.catalog.CloseInstance(ctx, id)
	if _, ok := center.UUID(string(id)); !ok || gone != nil && !center.Is(gone, center.NotFound) {
		return gone
	}
	ctx = context.WithoutCancel(ctx)
	for {
		active, err := e.store.Streams(ctx, center.KindChat, id, "", true, 100)
		if err != nil {
			return err
		}
		if len(active) == 0 {
			break
		}
		for _, row := range active {
			if err := e.end(ctx, center.ChatID(row.ID)); err != nil {
				return err
			}
		}
	}
	if err := e.store.DeleteInstance(ctx, id, e.wall()); err != nil {
		return err
	}
	e.dirty.Store(true)
	e.nudge()
	e.engine.Forget()
	return gone
}
