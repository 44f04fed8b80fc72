package chat

import (
	"context"
	"errors"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// Aliases of flows and of modules: names for versions.
var (
	flowAliases = aliases{
		kind[center.Alias]{"contact-flow-alias", "CONTACT_FLOW_ALIAS", aliasRow}, flowVersions, "flow",
	}
	moduleAliases = aliases{
		kind[center.Alias]{"flow-module-alias", "CONTACT_FLOW_MODULE_ALIAS", aliasRow}, moduleVersions, "module",
	}
)

// aliases are those of all flows, or of all modules.
type aliases struct {
	kind[center.Alias]
	versions versions
	of       string // what they are aliases of, in messages
}

func aliasRow(a *center.Alias) (id, name string) { return a.Key(), a.NameKey() }

func aliasKey(of, id string) string {
	a := center.Alias{Of: of, ID: id}
	return a.Key()
}

// named finds the alias of a flow or module with that name.
func (k aliases) named(ctx context.Context, c *Chats, at center.InstanceID, of, name string) (*center.Alias, error) {
	named := center.Alias{Of: of, Name: name}
	r, err := c.Store.ResourceByName(ctx, at, k.name, named.NameKey())
	if errors.Is(err, store.ErrNotFound) {
		return nil, center.Refuse(center.NotFound, "Resource not found of Type: %s (a name of %s %s)", k.word, k.of, of)
	}
	if err != nil {
		return nil, err
	}
	return k.decode(c, r)
}

// find finds the alias of a flow or module with that id.
func (k aliases) find(ctx context.Context, c *Chats, at center.InstanceID, of, id string) (*center.Alias, error) {
	a, err := k.get(ctx, c, at, aliasKey(of, id))
	return a, k.missing(err, id)
}

// missing names the alias that is not there by its own id.
func (k aliases) missing(err error, id string) error {
	if refusedAs(err, center.NotFound) {
		return k.notFound(id)
	}
	return err
}

// page lists the aliases of a flow or module in the order of their ids, those after the given one.
func (k aliases) page(ctx context.Context, c *Chats, at center.InstanceID, of, after string, limit int) ([]center.Alias, error) {
	return k.below(ctx, c, at, of+"/", aliasKey(of, after), limit)
}

func (k aliases) create(ctx context.Context, c *Chats, at center.InstanceID, a center.Alias) (*center.Alias, error) {
	if err := k.check(ctx, c, at, &a); err != nil {
		return nil, err
	}
	a.ID, a.Modified = c.NewID(), c.Clock.Now().UTC()
	if err := k.insert(ctx, c, at, &a); err != nil {
		return nil, k.duplicate(err)
	}
	return &a, nil
}

func (k aliases) check(ctx context.Context, c *Chats, at center.InstanceID, a *center.Alias) error {
	if err := a.Check(); err != nil {
		return err
	}
	_, err := k.versions.version(ctx, c, at, a.Of, a.Version)
	return err
}

func (k aliases) duplicate(err error) error {
	return taken(err, "an alias of that name already exists in the "+k.of)
}

// change changes an alias; nil members stay as they are.
func (k aliases) change(ctx context.Context, c *Chats, at center.InstanceID, of, id string, name, description *string, version *int64) error {
	if _, err := k.find(ctx, c, at, of, id); err != nil {
		return err
	}
	err := k.update(ctx, c, at, aliasKey(of, id), func(a *center.Alias) error {
		if name != nil {
			a.Name = *name
		}
		if description != nil {
			a.Description = *description
		}
		if version != nil {
			a.Version = *version
		}
		a.Modified = c.Clock.Now().UTC()
		return k.check(ctx, c, at, a)
	})
	return k.duplicate(err)
}

func (k aliases) remove(ctx context.Context, c *Chats, at center.InstanceID, of, id string) error {
	return k.missing(k.delete(ctx, c, at, aliasKey(of, id)), id)
}

// free refuses to let go of a version that an alias stands for (inferred).
func (k aliases) free(ctx context.Context, c *Chats, at center.InstanceID, of string, number int64) error {
	const page = 100
	for after := ""; ; {
		some, err := k.page(ctx, c, at, of, after, page)
		if err != nil {
			return err
		}
		for i := range some {
			if some[i].Version == number {
				return center.Refuse(center.InvalidRequest, "an alias stands for version %d of the %s; move or delete it first", number, k.of)
			}
		}
		if len(some) < page {
			return nil
		}
		after = some[page-1].ID
	}
}
