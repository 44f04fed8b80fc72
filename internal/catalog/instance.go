package catalog

import (
	"context"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// instances are rows of the account, which has the empty instance id.
var instances = &Kind[center.Instance]{
	rows: "instance", word: "INSTANCE", tail: "instance",
	key:   func(i *center.Instance) (string, string) { return string(i.ID), i.Alias },
	stamp: func(*center.Instance, func() string, time.Time) {},
	tags:  func(i *center.Instance) *map[string]string { return &i.Tags },
}

// CreateInstance makes an instance; it is ACTIVE at once. An alias is unique over the whole server, as it is over
// all of AWS. A ClientToken seen before is answered with the instance it made.
func (c *Catalog) CreateInstance(ctx context.Context, i center.Instance, clientToken string) (*center.Instance, error) {
	if err := i.Check(); err != nil {
		return nil, err
	}
	if i.ID == "" {
		i.ID = center.InstanceID(c.NewID())
	}
	i.Created = c.Now().UTC()
	var once []store.Resource
	key := center.Digest(clientToken)
	if clientToken != "" {
		once = []store.Resource{{Kind: instanceToken, ID: key, Body: []byte(i.ID), Created: i.Created, Modified: i.Created}}
	}
	seeded, err := c.seeds(i.ID, i.Created, 0)
	if err != nil {
		return nil, err
	}
	row, err := instances.fresh("", &i, i.Created)
	if err != nil {
		return nil, err
	}
	err = c.Store.CommitResources(ctx, store.ResourceCommit{Insert: append(append(once, row), seeded...), Show: onlyInstance})
	if !center.Is(err, center.Duplicate) {
		return &i, err
	}
	if first, err := c.Store.Resource(ctx, "", instanceToken, key); err == nil {
		return c.Instance(ctx, center.InstanceID(first.Body))
	}
	return nil, center.Refuse(center.InvalidRequest, "Invalid Input. Instance alias is already used.")
}

// onlyInstance leaves out of the audit log what a new instance has from its beginning.
func onlyInstance(kind string, body []byte) ([]byte, bool) {
	if kind != instances.rows {
		return nil, false
	}
	return shown(kind, body)
}

// instanceToken is the kind of the rows that remember which instance a ClientToken made.
const instanceToken = "instance-token"

// Instance finds an instance by id.
func (c *Catalog) Instance(ctx context.Context, id center.InstanceID) (*center.Instance, error) {
	return instances.find(ctx, c, "", string(id))
}

// Instances lists instances in the order of their ids.
func (c *Catalog) Instances(ctx context.Context, after string, limit int) ([]center.Instance, error) {
	all, err := instances.all(ctx, c, "")
	if err != nil {
		return nil, err
	}
	all = all[instances.behind(all, after):]
	return slices.Clone(all[:min(limit, len(all))]), nil
}

// SetInstanceAttribute gives an instance a feature, or takes it away.
func (c *Catalog) SetInstanceAttribute(ctx context.Context, id center.InstanceID, t center.InstanceAttributeType, value string) error {
	return instances.Update(ctx, c, "", string(id), 0, func(i *center.Instance) error { return i.SetAttribute(t, value) })
}

// CloseInstance deletes the row that names an instance: from here on it is not found, and nothing new begins in it.
// What belongs to it is still there, but that its phone numbers can be claimed by others.
func (c *Catalog) CloseInstance(ctx context.Context, id center.InstanceID) error {
	if _, ok := center.UUID(string(id)); !ok {
		return instances.notFound(string(id)) // rows of the account have the empty id
	}
	err := instances.remove(ctx, c, "", string(id))
	if err == nil || center.Is(err, center.NotFound) {
		if err := c.forgetNumbers(ctx, id); err != nil {
			return err
		}
	}
	return err
}
