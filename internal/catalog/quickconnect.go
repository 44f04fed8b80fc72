package catalog

import (
	"context"
	"errors"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// QuickConnectOf finds a quick connect that a user sees: it is one of a queue of the user's routing profile.
// Source: admin guide, "Create quick connects".
func (c *Catalog) QuickConnectOf(ctx context.Context, at center.InstanceID, u *center.User, id string) (*center.QuickConnect, error) {
	q, err := QuickConnects.find(ctx, c, at, QuickConnects.ParseID(id))
	if err != nil {
		return nil, err
	}
	routed, manual, err := c.QueuesOfProfile(ctx, at, u.RoutingProfile)
	if err != nil {
		return nil, err
	}
	for _, queue := range append(routed, manual...) {
		_, err := c.Store.Resource(ctx, at, QueueQuickConnects.rows, string(queue)+"/"+string(q.ID))
		if err == nil {
			return q, nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	return nil, center.Refuse(center.BadEndpoint, "the quick connect %s is not of a queue of the user's routing profile", q.Name)
}
