package catalog

import (
	"context"
	"errors"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// Set is a set of values that an instance has, each of them named by itself: functions that flows may invoke, for
// example. V is the record that is kept.
type Set[V any] struct {
	kind Kind[V]
}

// newSet makes a set of values that are named by key. quota and plural are as for [Kind].
func newSet[V any](rows, word string, key func(*V) string, check func(*V) error, quota int, plural string) *Set[V] {
	return &Set[V]{Kind[V]{
		rows: rows, word: word, key: func(v *V) (string, string) { return key(v), "" }, check: check, quota: quota, plural: plural,
		taken: "it is associated with the instance already",
	}}
}

// Add puts a value into an instance's set. A value that is there already is refused, unless same says that it was put
// by the same request.
func (s *Set[V]) Add(ctx context.Context, c *Catalog, at center.InstanceID, v *V, same func(there *V) bool) error {
	if err := s.kind.check(v); err != nil {
		return err
	}
	if _, err := c.Instance(ctx, at); err != nil {
		return err
	}
	key, _ := s.kind.key(v)
	if there, err := s.kind.find(ctx, c, at, key); err == nil && same(there) {
		return nil
	}
	if err := s.kind.checkQuota(ctx, c, at); err != nil {
		return err
	}
	row, err := s.kind.fresh(at, v, c.Now())
	if err != nil {
		return err
	}
	return s.kind.commit(ctx, c, store.ResourceCommit{Insert: []store.Resource{row}, Exist: ofInstance(at)})
}

// Remove takes a value out of an instance's set.
func (s *Set[V]) Remove(ctx context.Context, c *Catalog, at center.InstanceID, key string) error {
	return s.kind.Delete(ctx, c, at, key)
}

// List returns up to limit values after the one with the given key, in the order of keys.
func (s *Set[V]) List(ctx context.Context, c *Catalog, at center.InstanceID, after string, limit int) ([]V, error) {
	return s.kind.List(ctx, c, at, after, limit, nil)
}

// Has says whether a value is in an instance's set.
func (s *Set[V]) Has(ctx context.Context, c *Catalog, at center.InstanceID, key string) (bool, error) {
	if key == "" {
		return false, nil
	}
	_, err := c.Store.Resource(ctx, at, s.kind.rows, key)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
