package catalog

import (
	"context"
	"errors"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// Worker is a user as their work needs to know them.
type Worker struct {
	center.User
	Groups []center.HierarchyGroupID // of the user hierarchy, from the first level on
}

// Worker finds a user with the groups of the hierarchy that they are in.
func (c *Catalog) Worker(ctx context.Context, at center.InstanceID, id center.UserID) (*Worker, error) {
	u, err := Users.find(ctx, c, at, string(id))
	if err != nil {
		return nil, err
	}
	w := &Worker{User: *u}
	for group := u.HierarchyGroup; group != ""; {
		g, err := HierarchyGroups.find(ctx, c, at, string(group))
		if center.Is(err, center.NotFound) {
			break // deleted since
		}
		if err != nil {
			return nil, err
		}
		w.Groups = append([]center.HierarchyGroupID{g.ID}, w.Groups...)
		group = g.Parent
	}
	return w, nil
}

// StatusOfType finds the status of a type that is not CUSTOM: an instance has one of each.
func (c *Catalog) StatusOfType(ctx context.Context, at center.InstanceID, kind string) (*center.AgentStatus, error) {
	all, err := AgentStatuses.all(ctx, c, at)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Type == kind {
			return &all[i], nil
		}
	}
	return nil, center.Refuse(center.NotFound, "Resource not found of Type: AGENT_STATUS of the type %s", kind)
}

// AgentQueue finds the queue of an agent: by the user's id, ARN or name.
func (c *Catalog) AgentQueue(ctx context.Context, at center.InstanceID, agent string) (*center.Queue, error) {
	id := Users.ParseID(agent)
	if _, ok := center.UUID(id); !ok {
		row, err := c.Store.ResourceByName(ctx, at, Users.rows, agent)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return nil, Users.notFound(agent)
		case err != nil:
			return nil, err
		}
		id = row.ID
	}
	q, err := c.Queue(ctx, at, center.QueueID(id))
	if err == nil && q.Type != center.QueueAgent {
		return nil, Users.notFound(id)
	}
	return q, err
}
