package catalog

import (
	"context"

	"github.com/parley-chat/parley/internal/center"
)

// Storages are where an instance stores things: one for each sort of things. Amazon Connect documents one bucket for each
// of those that go to a bucket; that there is one stream for each of the others is inferred.
var Storages = &Kind[center.Storage]{
	rows: "storage", word: "INSTANCE_STORAGE_CONFIG",
	key:   (*center.Storage).Key,
	stamp: (*center.Storage).Stamp,
	check: (*center.Storage).Check,
	taken: "the resource type has a storage configuration in the instance already; update or disassociate that one",
}

// Storage finds a storage by its id and the sort of things that is stored there.
func (c *Catalog) Storage(ctx context.Context, at center.InstanceID, id, resource string) (*center.Storage, error) {
	s, err := Storages.Get(ctx, c, at, id)
	if err == nil {
		err = ofResource(s, resource)
	}
	return s, err
}

func ofResource(s *center.Storage, resource string) error {
	if s.Resource != resource {
		return Storages.notFound(string(s.ID))
	}
	return nil
}

// UpdateStorage puts another configuration in the place of one.
func (c *Catalog) UpdateStorage(ctx context.Context, at center.InstanceID, id string, to center.Storage) error {
	return Storages.Update(ctx, c, at, id, 0, func(s *center.Storage) error {
		if err := ofResource(s, to.Resource); err != nil {
			return err
		}
		to.ID = s.ID
		*s = to
		return nil
	})
}

// RemoveStorage takes a storage away. Nothing that is stored there goes with it.
func (c *Catalog) RemoveStorage(ctx context.Context, at center.InstanceID, id, resource string) error {
	if _, err := c.Storage(ctx, at, id, resource); err != nil {
		return err
	}
	return Storages.Delete(ctx, c, at, id)
}
