package catalog

import (
	"bytes"
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

// Add adds rows to a parent, all or none. A row that it has already becomes as it is given.
func (r *Rows[P, V]) Add(ctx context.Context, c *Catalog, at center.InstanceID, parent string, values []V) error {
	return r.of.changeRows(ctx, c, at, parent, r.adding(values))
}

// Replace changes rows of a parent, all or none. Rows that it does not have are refused.
func (r *Rows[P, V]) Replace(ctx context.Context, c *Catalog, at center.InstanceID, parent string, values []V) error {
	return r.of.changeRows(ctx, c, at, parent, func(ctx context.Context, c *Catalog, at center.InstanceID, parent string, commit *store.ResourceCommit) error {
		before := len(commit.Insert)
		if err := r.adding(values)(ctx, c, at, parent, commit); err != nil {
			return err
		}
		if len(commit.Insert) > before {
			return center.Refuse(center.InvalidRequest, "%s is none of its %s; it must be associated first", strings.TrimPrefix(commit.Insert[before].ID, parent+"/"), r.plural)
		}
		return nil
	})
}

// Remove takes rows away from a parent, all or none. Rows that it does not have are left alone (inferred).
func (r *Rows[P, V]) Remove(ctx context.Context, c *Catalog, at center.InstanceID, parent string, values []V) error {
	return r.of.changeRows(ctx, c, at, parent, r.removing(values))
}

// A rowsEdit puts a change of the rows of a parent into a commit.
type rowsEdit func(ctx context.Context, c *Catalog, at center.InstanceID, parent string, commit *store.ResourceCommit) error

// changeRows changes rows of a record, of one list or of several, all or none. The record's row is written too, so that a
// call which another one was faster than decides again.
func (k *Kind[R]) changeRows(ctx context.Context, c *Catalog, at center.InstanceID, id string, edits ...rowsEdit) error {
	if _, err := c.Instance(ctx, at); err != nil {
		return err
	}
	return k.change(ctx, c, at, id, func(record *R, _ int64, commit *store.ResourceCommit) error {
		k.stamp(record, c.NewID, c.Now().UTC())
		for _, edit := range edits {
			if err := edit(ctx, c, at, id, commit); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *Rows[P, V]) bounded(n int) error {
	if r.limit > 0 && n > r.limit {
		return center.Refuse(center.InvalidParameter, "one call may name at most %d %s, got %d", r.limit, r.plural, n)
	}
	return nil
}

func (r *Rows[P, V]) adding(values []V) rowsEdit {
	return func(ctx context.Context, c *Catalog, at center.InstanceID, parent string, commit *store.ResourceCommit) error {
		there, err := r.there(ctx, c, at, parent, len(values))
		if err != nil {
			return err
		}
		has := map[string]*store.Resource{}
		for i := range there {
			has[there[i].ID] = &there[i]
		}
		rows, err := r.fresh(c, at, parent, values)
		if err != nil {
			return err
		}
		n := len(has)
		for _, row := range rows {
			switch old := has[row.ID]; {
			case old == nil:
				commit.Insert = append(commit.Insert, row)
				n++
			case !bytes.Equal(old.Body, row.Body):
				row.Version = old.Version
				commit.Replace = append(commit.Replace, row)
			}
		}
		if c.Quotas && r.quota > 0 && n > r.quota && n > len(has) {
			return center.Refuse(center.LimitExceeded, "at most %d %s, got %d", r.quota, r.plural, n)
		}
		return nil
	}
}

func (r *Rows[P, V]) removing(values []V) rowsEdit {
	return func(ctx context.Context, c *Catalog, at center.InstanceID, parent string, commit *store.ResourceCommit) error {
		there, err := r.there(ctx, c, at, parent, len(values))
		if err != nil {
			return err
		}
		for i := range there {
			if slices.ContainsFunc(values, func(v V) bool { return r.id(parent, &v) == there[i].ID }) {
				commit.Delete = append(commit.Delete, store.Deletion{InstanceRef: store.InstanceRef{
					Instance: at, Ref: store.Ref{Kind: r.rows, ID: there[i].ID},
				}})
			}
		}
		return nil
	}
}

// there are all rows of a parent, for a call that names n of them.
func (r *Rows[P, V]) there(ctx context.Context, c *Catalog, at center.InstanceID, parent string, n int) (all []store.Resource, err error) {
	if err := r.bounded(n); err != nil {
		return nil, err
	}
	for after := ""; ; {
		some, err := r.page(ctx, c, at, parent, after, decodePage)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if len(some) < decodePage {
			return all, nil
		}
		after = strings.TrimPrefix(some[len(some)-1].ID, parent+"/")
	}
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

// List returns the parent, and up to limit of its rows after the one with the given key, in the order of keys.
func (r *Rows[P, V]) List(ctx context.Context, c *Catalog, at center.InstanceID, parent, after string, limit int) (*P, []V, error) {
	p, err := r.of.Get(ctx, c, at, parent)
	if err != nil {
		return nil, nil, err
	}
	rows, err := r.page(ctx, c, at, parent, after, limit)
	if err != nil {
		return nil, nil, err
	}
	found, err := r.decode(c, rows)
	return p, found, err
}

// each hands all rows of an instance to do, with the parent that each is of.
func (r *Rows[P, V]) each(ctx context.Context, c *Catalog, at center.InstanceID, do func(parent string, v *V)) error {
	for after := ""; ; {
		rows, err := c.Store.Resources(ctx, at, r.rows, after, decodePage)
		if err != nil {
			return err
		}
		values, err := r.decode(c, rows)
		if err != nil {
			return err
		}
		for i := range values {
			parent, _, _ := strings.Cut(rows[i].ID, "/")
			do(parent, &values[i])
			after = rows[i].ID
		}
		if len(rows) < decodePage {
			return nil
		}
	}
}

// All are the rows of a parent, in the order of keys; of one that does not exist there are none.
func (r *Rows[P, V]) All(ctx context.Context, c *Catalog, at center.InstanceID, parent string) ([]V, error) {
	rows, err := r.there(ctx, c, at, parent, 0)
	if err != nil {
		return nil, err
	}
	return r.decode(c, rows)
}

func (r *Rows[P, V]) page(ctx context.Context, c *Catalog, at center.InstanceID, parent, after string, limit int) ([]store.Resource, error) {
	prefix := parent + "/"
	rows, err := c.Store.Resources(ctx, at, r.rows, prefix+after, limit)
	if err != nil {
		return nil, err
	}
	others := slices.IndexFunc(rows, func(row store.Resource) bool { return !strings.HasPrefix(row.ID, prefix) })
	if others >= 0 {
		rows = rows[:others]
	}
	return rows, nil
}

func (r *Rows[P, V]) decode(c *Catalog, rows []store.Resource) ([]V, error) {
	var found []V
	for _, row := range rows {
		var v V
		if err := json.Unmarshal(row.Body, &v); err != nil {
			return nil, c.Store.Damaged("resource", fmt.Errorf("%s %s: %w", r.rows, row.ID, err))
		}
		found = append(found, v)
	}
	return found, nil
}
