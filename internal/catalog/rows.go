package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// Rows is a paged list inside a parent resource: the quick connects of a queue, for example. P is the parent's record,
// V the record of a row.
type Rows[P, V any] struct {
	of   *Kind[P]
	rows string
	// key names a row among those of its parent.
	key func(*V) string
	// refs are the resources that a row refers to.
	refs func(*V) []store.Ref
	// limit is how many rows one call may name; the API model has most of them, but not all.
	limit int
	// quota is how many rows a parent may have, where quotas are kept; plural names them.
	quota  int
	plural string
}

func (r *Rows[P, V]) id(parent string, v *V) string { return parent + "/" + r.key(v) }

// Add adds rows to a parent, all or none. Rows that it has already stay as they are.
func (r *Rows[P, V]) Add(ctx context.Context, c *Catalog, at center.InstanceID, parent string, values []V) error {
	if _, err := c.Instance(ctx, at); err != nil {
		return err
	}
	if err := r.bounded(len(values)); err != nil {
		return err
	}
	// The parent's row is written too, so that a call which another one was faster than decides again.
	return r.of.change(ctx, c, at, parent, func(p *P, _ int64, commit *store.ResourceCommit) error {
		r.of.stamp(p, c.NewID, c.Now().UTC())
		return r.insert(ctx, c, at, parent, values, commit)
	})
}

func (r *Rows[P, V]) bounded(n int) error {
	if r.limit > 0 && n > r.limit {
		return center.Refuse(center.InvalidParameter, "one call may name at most %d %s, got %d", r.limit, r.plural, n)
	}
	return nil
}

// insert puts the rows that a parent does not have yet into a commit.
func (r *Rows[P, V]) insert(ctx context.Context, c *Catalog, at center.InstanceID, parent string, values []V, commit *store.ResourceCommit) error {
	there, err := r.all(ctx, c, at, parent)
	if err != nil {
		return err
	}
	has := map[string]bool{}
	for i := range there {
		has[r.key(&there[i])] = true
	}
	for i := range values {
		if has[r.key(&values[i])] {
			continue
		}
		has[r.key(&values[i])] = true
		row, err := r.row(c, at, parent, &values[i])
		if err != nil {
			return err
		}
		commit.Insert = append(commit.Insert, row)
	}
	if c.Quotas && r.quota > 0 && len(has) > r.quota {
		return center.Refuse(center.LimitExceeded, "at most %d %s, got %d", r.quota, r.plural, len(has))
	}
	return nil
}

func (r *Rows[P, V]) row(c *Catalog, at center.InstanceID, parent string, v *V) (store.Resource, error) {
	body, err := json.Marshal(v)
	now := c.Now()
	return store.Resource{Instance: at, Kind: r.rows, ID: r.id(parent, v), Body: body, Created: now, Modified: now, Refs: r.refs(v)}, err
}

// fresh are the rows of a parent that is made in the same commit.
func (r *Rows[P, V]) fresh(c *Catalog, at center.InstanceID, parent string, values []V) ([]store.Resource, error) {
	if err := r.bounded(len(values)); err != nil {
		return nil, err
	}
	var rows []store.Resource
	for i := range values {
		if slices.ContainsFunc(values[:i], func(v V) bool { return r.key(&v) == r.key(&values[i]) }) {
			continue
		}
		row, err := r.row(c, at, parent, &values[i])
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// Remove takes rows away from a parent, all or none. Rows that it does not have are left alone (inferred).
func (r *Rows[P, V]) Remove(ctx context.Context, c *Catalog, at center.InstanceID, parent string, values []V) error {
	if _, err := c.Instance(ctx, at); err != nil {
		return err
	}
	if err := r.bounded(len(values)); err != nil {
		return err
	}
	return r.of.change(ctx, c, at, parent, func(p *P, _ int64, commit *store.ResourceCommit) error {
		r.of.stamp(p, c.NewID, c.Now().UTC())
		there, err := r.all(ctx, c, at, parent)
		if err != nil {
			return err
		}
		for i := range there {
			if slices.ContainsFunc(values, func(v V) bool { return r.key(&v) == r.key(&there[i]) }) {
				commit.Delete = append(commit.Delete, store.Deletion{InstanceRef: store.InstanceRef{
					Instance: at, Ref: store.Ref{Kind: r.rows, ID: r.id(parent, &there[i])},
				}})
			}
		}
		return nil
	})
}

// List returns the parent, and up to limit of its rows after the one with the given key, in the order of keys.
func (r *Rows[P, V]) List(ctx context.Context, c *Catalog, at center.InstanceID, parent, after string, limit int) (*P, []V, error) {
	p, err := r.of.Get(ctx, c, at, parent)
	if err != nil {
		return nil, nil, err
	}
	rows, err := r.page(ctx, c, at, parent, after, limit)
	return p, rows, err
}

func (r *Rows[P, V]) page(ctx context.Context, c *Catalog, at center.InstanceID, parent, after string, limit int) ([]V, error) {
	prefix := parent + "/"
	rows, err := c.Store.Resources(ctx, at, r.rows, prefix+after, limit)
	if err != nil {
		return nil, err
	}
	var found []V
	for _, row := range rows {
		if !strings.HasPrefix(row.ID, prefix) {
			break
		}
		var v V
		if err := json.Unmarshal(row.Body, &v); err != nil {
			return nil, c.Store.Damaged("resource", fmt.Errorf("%s %s: %w", r.rows, row.ID, err))
		}
		found = append(found, v)
	}
	return found, nil
}

func (r *Rows[P, V]) all(ctx context.Context, c *Catalog, at center.InstanceID, parent string) (all []V, err error) {
	for after := ""; ; {
		some, err := r.page(ctx, c, at, parent, after, decodePage)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if len(some) < decodePage {
			return all, nil
		}
		after = r.key(&some[len(some)-1])
	}
}
