package desk

import (
	"context"
	"errors"

	"github.com/parley-chat/parley/internal/center"
)

// GoOffline gives an agent the status Offline, or that as the next one while contacts are live.
func (d *Desk) GoOffline(ctx context.Context, at center.InstanceID, id center.UserID) error {
	offline, err := d.Catalog.StatusOfType(ctx, at, center.StatusOffline)
	if err != nil {
		return err
	}
	return d.Agents.SetStatus(ctx, at, id, string(offline.ID), false)
}

// Lost gives an agent whose clients are gone the status Offline. With reclaim its live contacts go to others. Offline comes first,
// as the next status, so that none of them is offered to the same agent again; and once more behind, since what is over then is
// cleared. What cannot be taken away, as in a chat that is damaged, stays.
func (d *Desk) Lost(ctx context.Context, at center.InstanceID, id center.UserID, reclaim bool) error {
	if err := d.GoOffline(ctx, at, id); err != nil || !reclaim {
		return err
	}
	a, _, err := d.Staff.Agent(ctx, at, id)
	if err != nil {
		return err
	}
	for _, slot := range a.Contacts {
		if !slot.Live() || slot.Monitor != "" {
			continue
		}
		err := d.Agents.Reclaim(ctx, at, id, slot.Contact)
		if err != nil && !center.Refused(err) && !errors.Is(err, center.ErrDamaged) { // else it is over already
			return err
		}
	}
	return d.GoOffline(ctx, at, id)
}
