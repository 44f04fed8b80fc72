package catalog

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// Versions are the numbered contents of the resources of a kind: of flows, modules and views. They never change.
type Versions[R any] struct {
	of   *Kind[R]
	kind Kind[center.Version]
	// next is the rule by which a record numbers its published content. highest is the version with the highest number
	// that exists, nil for none; a version with a number that exists already is that one again.
	next func(r *R, highest, v *center.Version) error
}

func versionsOf[R any](of *Kind[R], rows, word string, next func(r *R, highest, v *center.Version) error) *Versions[R] {
	return &Versions[R]{of: of, next: next, kind: Kind[center.Version]{
		rows: rows, word: word, key: func(v *center.Version) (string, string) { return v.Key(), "" },
		stamp: func(*center.Version, func() string, time.Time) {},
	}}
}

// Create gives the published content of a resource a number, in one commit with the version itself.
func (s *Versions[R]) Create(ctx context.Context, c *Catalog, at center.InstanceID, id string, given center.Version) (*center.Version, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	var v center.Version
	err := s.of.change(ctx, c, at, id, func(r *R, _ int64, commit *store.ResourceCommit) error {
		highest, err := s.highest(ctx, c, at, id)
		if err != nil {
			return err
		}
		v = given
		if err := s.next(r, highest, &v); err != nil {
			return err
		}
		if highest != nil && v.Number == highest.Number {
			v = *highest
			return nil
		}
		v.Of = id
		row, err := s.kind.fresh(at, &v, c.Now())
		commit.Insert = append(commit.Insert, row)
		return err
	})
	return &v, err
}

// highest is the version with the highest number, nil for none.
func (s *Versions[R]) highest(ctx context.Context, c *Catalog, at center.InstanceID, id string) (*center.Version, error) {
	row, err := c.Store.LastBelow(ctx, at, s.kind.rows, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return s.kind.decode(c, row)
}

// find finds a version by its number.
func (s *Versions[R]) find(ctx context.Context, c *Catalog, at center.InstanceID, id string, number int64) (*center.Version, error) {
	v, err := s.kind.find(ctx, c, at, center.VersionKey(id, number))
	return v, s.none(err, id, number)
}

// none is Amazon Connect's answer for a version that does not exist, and says which one.
func (s *Versions[R]) none(err error, of string, number int64) error {
	if center.Is(err, center.NotFound) {
		return center.Refuse(center.NotFound, "Resource not found of Type: %s %s:%d", s.kind.word, of, number)
	}
	return err
}

// below are up to limit records whose ids begin with the id of the resource that they belong to, after one of them.
func below[R any](ctx context.Context, c *Catalog, k *Kind[R], at center.InstanceID, id, after string, limit int) (all []R, err error) {
	rows, err := c.Store.Resources(ctx, at, k.rows, max(after, id+"/"), limit)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if !strings.HasPrefix(row.ID, id+"/") {
			break
		}
		r, err := k.decode(c, row)
		if err != nil {
			return nil, err
		}
		all = append(all, *r)
	}
	return all, nil
}

// all are the versions of a resource, from the first.
func (s *Versions[R]) all(ctx context.Context, c *Catalog, at center.InstanceID, id string) (all []center.Version, err error) {
	for after, more := "", true; more; {
		some, err := below(ctx, c, &s.kind, at, id, after, decodePage)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if more = len(some) == decodePage; more {
			after = some[decodePage-1].Key()
		}
	}
	return all, nil
}

// List lists up to limit versions of a resource from the first, those after the given number.
func (s *Versions[R]) List(ctx context.Context, c *Catalog, at center.InstanceID, id string, after int64, limit int) ([]center.Version, error) {
	if _, err := s.of.Get(ctx, c, at, id); err != nil {
		return nil, err
	}
	return below(ctx, c, &s.kind, at, id, center.VersionKey(id, after), limit)
}

// Delete deletes a version that no alias stands for; no other gets its number. The resource's row is written too: a
// version that is made at the same moment is decided on what is left.
func (s *Versions[R]) Delete(ctx context.Context, c *Catalog, at center.InstanceID, id string, number int64) error {
	if _, err := s.of.Get(ctx, c, at, id); err != nil {
		return err
	}
	return s.of.change(ctx, c, at, id, func(_ *R, _ int64, commit *store.ResourceCommit) error {
		v, err := s.find(ctx, c, at, id, number)
		if err == nil {
			ref := store.InstanceRef{Instance: at, Ref: store.Ref{Kind: s.kind.rows, ID: v.Key()}}
			commit.Delete = append(commit.Delete, store.Deletion{InstanceRef: ref})
		}
		return err
	})
}

// toChange finds the record that an operation is to change, by the reference of its caller. A version never changes, nor
// is it reached by an alias.
func (k *Kind[R]) toChange(ctx context.Context, c *Catalog, at center.InstanceID, id, qualifier string) (*R, error) {
	r, err := k.Get(ctx, c, at, id)
	if err == nil {
		err = changeable(qualifier)
	}
	return r, err
}

// changeable refuses references to what never changes.
func changeable(qualifier string) error {
	switch qualifier {
	case "", center.LatestQualifier, center.SavedQualifier:
		return nil
	}
	return center.Refuse(center.InvalidRequest, "a version does not change; leave out what follows the id, or write %s for the saved content", center.SavedQualifier)
}
