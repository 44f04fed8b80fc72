package catalog

import (
	"context"
	"errors"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// Aliases are names for versions of the resources of a kind, which can be moved to another version. A version that an
// alias stands for is in use.
type Aliases[R any] struct {
	of       *Kind[R]
	versions *Versions[R]
	kind     Kind[center.Alias]
	noun     string // what a version is of, in messages
}

func aliasesOf[R any](versions *Versions[R], rows, word, noun string) *Aliases[R] {
	return &Aliases[R]{of: versions.of, versions: versions, noun: noun, kind: Kind[center.Alias]{
		rows: rows, word: word, taken: "an alias of that name already exists in the " + noun,
		key:   func(a *center.Alias) (string, string) { return a.Key(), a.NameKey() },
		stamp: (*center.Alias).Stamp,
		check: (*center.Alias).Check,
		refs: func(a *center.Alias) []store.Ref {
			return []store.Ref{{Kind: versions.kind.rows, ID: center.VersionKey(a.Of, a.Version)}}
		},
	}}
}

// Create names a version of a resource.
func (s *Aliases[R]) Create(ctx context.Context, c *Catalog, at center.InstanceID, a *center.Alias) error {
	if _, err := s.of.Get(ctx, c, at, a.Of); err != nil {
		return err
	}
	_, err := s.kind.Create(ctx, c, at, a, ClientToken{})
	return s.orVersion(err, a)
}

// orVersion names the version that does not exist by its number.
func (s *Aliases[R]) orVersion(err error, a *center.Alias) error {
	if center.Is(err, center.NotFound) {
		return s.versions.none(err, a.Of, a.Version)
	}
	return err
}

// Get finds an alias of a resource by its id.
func (s *Aliases[R]) Get(ctx context.Context, c *Catalog, at center.InstanceID, of, id string) (*center.Alias, error) {
	if _, err := s.of.Get(ctx, c, at, of); err != nil {
		return nil, err
	}
	a, err := s.kind.find(ctx, c, at, aliasKey(of, id))
	return a, s.none(err, id)
}

func aliasKey(of, id string) string {
	a := center.Alias{Of: of, ID: id}
	return a.Key()
}

// none names the alias that does not exist by its own id.
func (s *Aliases[R]) none(err error, id string) error {
	if center.Is(err, center.NotFound) {
		return s.kind.notFound(id)
	}
	return err
}

// named finds an alias by its name.
func (s *Aliases[R]) named(ctx context.Context, c *Catalog, at center.InstanceID, of, name string) (*center.Alias, error) {
	named := center.Alias{Of: of, Name: name}
	row, err := c.Store.ResourceByName(ctx, at, s.kind.rows, named.NameKey())
	if errors.Is(err, store.ErrNotFound) {
		return nil, center.Refuse(center.NotFound, "Resource not found of Type: %s (a name of %s %s)", s.kind.word, s.noun, of)
	}
	if err != nil {
		return nil, err
	}
	return s.kind.decode(c, row)
}

// List lists up to limit aliases of a resource in the order of their ids, those after the given one.
func (s *Aliases[R]) List(ctx context.Context, c *Catalog, at center.InstanceID, of, after string, limit int) ([]center.Alias, error) {
	if _, err := s.of.Get(ctx, c, at, of); err != nil {
		return nil, err
	}
	return below(ctx, c, &s.kind, at, of, aliasKey(of, after), limit)
}

// Update changes an alias. edit may be called again.
func (s *Aliases[R]) Update(ctx context.Context, c *Catalog, at center.InstanceID, of, id string, edit func(*center.Alias) error) error {
	if _, err := s.Get(ctx, c, at, of, id); err != nil {
		return err
	}
	var now center.Alias
	err := s.kind.Update(ctx, c, at, aliasKey(of, id), 0, func(a *center.Alias) error {
		err := edit(a)
		now = *a
		return err
	})
	if now.Of == "" {
		return s.none(err, id) // it was deleted meanwhile
	}
	return s.orVersion(err, &now)
}

// Delete deletes an alias; what refers to it finds nothing any more.
func (s *Aliases[R]) Delete(ctx context.Context, c *Catalog, at center.InstanceID, of, id string) error {
	if _, err := s.of.Get(ctx, c, at, of); err != nil {
		return err
	}
	return s.none(s.kind.remove(ctx, c, at, aliasKey(of, id)), id)
}
