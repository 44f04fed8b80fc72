package catalog

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// Kind is a kind of resource that has an id of its own, as a definition. All that its operations do (make, read, list,
// change, delete) follows from it. R is the record that is kept.
type Kind[R any] struct {
	rows string // what its rows in the store are called
	word string // what Amazon Connect calls it in "Resource not found of Type: WORD id"
	tail string // what stands before the id in an ARN: "queue"; empty: the kind has no ARNs
	// path is what stands for tail and id in a record's ARN; nil: tail, a slash and the id.
	path func(*R) string
	// parse takes the id out of what a request says; nil: a bare id or an ARN.
	parse func(string) string
	key   func(*R) (id, name string)
	// stamp gives a record its id, if it has none, and the time of its last change.
	stamp func(r *R, newID func() string, now time.Time)
	// tags is where a record's tags are; nil: the kind has none.
	tags func(*R) *map[string]string
	// check applies the rules that a record must keep by itself; nil when there are none.
	check func(*R) error
	// refs are the resources that a record refers to: they must exist, and they are in use while it does. nil: none.
	refs func(*R) []store.Ref
	// taken tells the caller that the name exists.
	taken string
	// quota is Amazon Connect's default quota of an instance; 0: none that is kept. plural names the kind in its message.
	quota  int
	plural string
	// counts says whether a record counts towards the quota; nil: all do.
	counts func(*R) bool
	// limit is how many an instance may have, whether quotas are kept or not; 0: any number.
	limit int
	// below are the rows whose ids begin with the record's id and a slash: they go with it.
	below []string
	// with are the rows that refer to the record and go with it.
	with []string
	// fields are what searches can compare, first the name, which they sort by; nil: the kind is not searched.
	fields []field[R]
	// hidden are records that no search finds; nil: none.
	hidden func(*R) bool
	// gather reads what a search goes through, where that is more than the kind's rows, and how many bytes of memory it
	// takes. It must follow from the rows, and from others only if each change of them changes the rows too. nil: the rows.
	gather func(ctx context.Context, c *Catalog, at center.InstanceID) (all []R, bytes int, err error)
}

// ParseID takes the id out of a bare id or an ARN.
func (k *Kind[R]) ParseID(s string) string {
	if k.parse != nil {
		return k.parse(s)
	}
	return center.ResourceID(s, k.tail)
}

// ID is a record's id.
func (k *Kind[R]) ID(r *R) string {
	id, _ := k.key(r)
	return id
}

// ARN is a record's ARN.
func (k *Kind[R]) ARN(p center.Partition, at center.InstanceID, r *R) string {
	if at == "" {
		return p.AccountARN(k.tail, k.ID(r))
	}
	if k.path != nil {
		return p.InstanceARN(at) + "/" + k.path(r)
	}
	return p.InstanceARN(at) + "/" + k.tail + "/" + k.ID(r)
}

// put is a record as a row.
func (k *Kind[R]) put(at center.InstanceID, r *R) (store.Resource, error) {
	id, name := k.key(r)
	body, err := json.Marshal(r)
	if err != nil {
		return store.Resource{}, fmt.Errorf("encode %s: %w", k.rows, err)
	}
	row := store.Resource{Instance: at, Kind: k.rows, ID: id, Name: name, Body: body}
	if k.refs != nil {
		row.Refs = k.refs(r)
	}
	return row, nil
}

// fresh is a new record as a row.
func (k *Kind[R]) fresh(at center.InstanceID, r *R, now time.Time) (store.Resource, error) {
	row, err := k.put(at, r)
	row.Created, row.Modified = now, now
	return row, err
}

func (k *Kind[R]) decode(c *Catalog, row store.Resource) (*R, error) {
	r := new(R)
	if err := json.Unmarshal(row.Body, r); err != nil {
		return nil, c.Store.Damaged("resource", fmt.Errorf("%s %s: %w", k.rows, row.ID, err))
	}
	return r, nil
}

// notFound is Amazon Connect's answer, and says which resource it is, which Amazon Connect leaves out.
func (k *Kind[R]) notFound(id string) error { return notFound(k.word, id) }

// NotFound is the answer for a record that does not exist.
func (k *Kind[R]) NotFound(id string) error { return k.notFound(id) }

func notFound(word, id string) error {
	return center.Refuse(center.NotFound, "Resource not found of Type: %s %s", word, center.Printable(id))
}

// Create makes a resource of an instance and returns its id. r gets its id and times here. A ClientToken that came
// before is answered with the resource that it made.
func (k *Kind[R]) Create(ctx context.Context, c *Catalog, at center.InstanceID, r *R, once ClientToken, with ...store.Resource) (id string, err error) {
	if err := c.in(ctx, at); err != nil {
		return "", err
	}
	if id, known, err := c.made(ctx, at, k.rows, once); known || err != nil {
		return id, err
	}
	if err := k.checkQuota(ctx, c, at); err != nil {
		return "", err
	}
	now := c.Now()
	k.stamp(r, c.NewID, now.UTC())
	if k.check != nil {
		if err := k.check(r); err != nil {
			return "", err
		}
	}
	row, err := k.fresh(at, r, now)
	if err != nil {
		return "", err
	}
	commit := store.ResourceCommit{Insert: append([]store.Resource{row}, with...), Exist: ofInstance(at)}
	if commit.Insert, err = once.remember(commit.Insert, at, k.rows, row.ID, now); err != nil {
		return "", err
	}
	if err := k.commit(ctx, c, commit); err != nil {
		// The same request may have been answered meanwhile.
		if id, known, again := c.made(ctx, at, k.rows, once); known || again != nil {
			return id, again
		}
		return "", err
	}
	return row.ID, nil
}

// in refuses an instance that does not exist. The account always does: "" is where things are that belong to no instance.
func (c *Catalog) in(ctx context.Context, at center.InstanceID) error {
	if at == "" {
		return nil
	}
	_, err := c.Instance(ctx, at)
	return err
}

// ofInstance names the row of an instance, which everything that is made in it needs: one that is being deleted gets nothing new.
func ofInstance(at center.InstanceID) []store.InstanceRef {
	if at == "" {
		return nil
	}
	return []store.InstanceRef{{Ref: store.Ref{Kind: instances.rows, ID: string(at)}}}
}

// checkQuota refuses one more record than the limit, or than the quota where quotas are kept. Requests at the same moment may
// pass together.
func (k *Kind[R]) checkQuota(ctx context.Context, c *Catalog, at center.InstanceID) error {
	most := k.limit
	if most == 0 && c.Quotas {
		most = k.quota
	}
	if most == 0 {
		return nil
	}
	n, err := k.count(ctx, c, at, most)
	if err == nil && n >= most {
		err = center.Refuse(center.QuotaExceeded, "the instance has its quota of %d %s", most, k.plural)
	}
	return err
}

// count is how many records of an instance count towards its quota. It stops at most.
func (k *Kind[R]) count(ctx context.Context, c *Catalog, at center.InstanceID, most int) (n int, err error) {
	if k.counts == nil {
		ids, err := c.Store.ResourceIDs(ctx, at, k.rows, "", most)
		return len(ids), err
	}
	all, err := k.all(ctx, c, at)
	for i := range all {
		if n < most && k.counts(&all[i]) {
			n++
		}
	}
	return n, err
}

// commit keeps rows of the kind and what belongs to them, and puts refusals into the caller's words.
func (k *Kind[R]) commit(ctx context.Context, c *Catalog, commit store.ResourceCommit) error {
	commit.Show = shown
	err := c.Store.CommitResources(ctx, commit)
	if k.taken != "" && center.Is(err, center.Duplicate) {
		return center.Refuse(center.Duplicate, "%s", k.taken)
	}
	return told(err)
}

// told puts refusals of references into the caller's words.
func told(err error) error {
	var missing *store.Missing
	var used *store.InUse
	switch {
	case errors.As(err, &missing):
		return notFound(wordOf(missing.Ref.Kind), missing.Ref.ID)
	case errors.As(err, &used):
		by := used.By
		if parent, ok := parents[by.Kind]; ok {
			by.Kind = parent
			by.ID, _, _ = strings.Cut(by.ID, "/")
		}
		return center.Refuse(center.InUse, "it is in use by the %s %s", noun(by.Kind), by.ID[strings.LastIndexByte(by.ID, '/')+1:])
	}
	return err
}

// noun is a kind in a message: "quick connect".
func noun(rows string) string { return strings.ReplaceAll(rows, "-", " ") }

// Get finds a record by its id.
func (k *Kind[R]) Get(ctx context.Context, c *Catalog, at center.InstanceID, id string) (*R, error) {
	if err := c.in(ctx, at); err != nil {
		return nil, err
	}
	return k.find(ctx, c, at, id)
}

// find is Get for callers who know that the instance exists.
func (k *Kind[R]) find(ctx context.Context, c *Catalog, at center.InstanceID, id string) (*R, error) {
	r, _, err := k.read(ctx, c, at, id)
	return r, err
}

// read finds a record and its row, whose version tells whether it has changed since.
func (k *Kind[R]) read(ctx context.Context, c *Catalog, at center.InstanceID, id string) (*R, store.Resource, error) {
	row, err := c.Store.Resource(ctx, at, k.rows, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, row, k.notFound(id)
	}
	if err != nil {
		return nil, row, err
	}
	r, err := k.decode(c, row)
	return r, row, err
}

// List returns up to limit records to keep (nil: all) after the one with the given id, in the order of ids. They are for
// reading only.
func (k *Kind[R]) List(ctx context.Context, c *Catalog, at center.InstanceID, after string, limit int, keep func(*R) bool) ([]R, error) {
	if err := c.in(ctx, at); err != nil {
		return nil, err
	}
	all, err := k.all(ctx, c, at)
	if err != nil {
		return nil, err
	}
	from := k.behind(all, after)
	var found []R
	for i := from; i < len(all) && len(found) < limit; i++ {
		if keep == nil || keep(&all[i]) {
			found = append(found, all[i])
		}
	}
	return found, nil
}

// behind is the index of the first of some records, in the order of ids, after the one with the given id.
func (k *Kind[R]) behind(all []R, after string) int {
	i, _ := slices.BinarySearchFunc(all, after, func(r R, after string) int {
		id, _ := k.key(&r)
		return cmp.Or(cmp.Compare(id, after), -1)
	})
	return i
}

// Update changes a record as it stands. edit is called again when another caller was faster; its error is returned as
// it is. expected is the version of the row that the caller has seen, 0 for any.
func (k *Kind[R]) Update(ctx context.Context, c *Catalog, at center.InstanceID, id string, expected int64, edit func(*R) error) error {
	if err := c.in(ctx, at); err != nil {
		return err
	}
	return k.change(ctx, c, at, id, func(r *R, version int64, _ *store.ResourceCommit) error {
		if expected != 0 && version != expected {
			return center.Refuse(center.Conflict, "the %s has been changed since; read it again", k.word)
		}
		if err := edit(r); err != nil {
			return err
		}
		k.stamp(r, c.NewID, c.Now().UTC())
		return nil
	})
}

// change is Update for what changes more than the record: edit adds other rows to the commit. The time of the last change
// is edit's to note.
func (k *Kind[R]) change(ctx context.Context, c *Catalog, at center.InstanceID, id string, edit func(*R, int64, *store.ResourceCommit) error) error {
	for {
		r, old, err := k.read(ctx, c, at, id)
		if err != nil {
			return err
		}
		now := c.Now()
		var commit store.ResourceCommit
		if err := edit(r, old.Version, &commit); err != nil {
			return err
		}
		if k.check != nil {
			if err := k.check(r); err != nil {
				return err
			}
		}
		row, err := k.put(at, r)
		if err != nil {
			return err
		}
		row.Version, row.Modified = old.Version, now
		commit.Replace = append(commit.Replace, row)
		err = k.commit(ctx, c, commit)
		if !errors.Is(err, store.ErrStale) && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		// Another call was faster: with the record, or with a row that the commit deletes.
	}
}

// upsert makes a record whose id follows from what it says, or changes the one that is there. edit may be called again.
func (k *Kind[R]) upsert(ctx context.Context, c *Catalog, at center.InstanceID, first *R, edit func(*R)) error {
	for {
		_, err := k.Create(ctx, c, at, first, ClientToken{})
		if !center.Is(err, center.Duplicate) {
			return err
		}
		err = k.Update(ctx, c, at, k.ID(first), 0, func(r *R) error {
			edit(r)
			return nil
		})
		if !center.Is(err, center.NotFound) {
			return err
		}
		// Another call has deleted it between the two.
	}
}

// Delete deletes a resource, and with it what belongs to it alone. One that others refer to is in use.
func (k *Kind[R]) Delete(ctx context.Context, c *Catalog, at center.InstanceID, id string) error {
	if err := c.in(ctx, at); err != nil {
		return err
	}
	return k.remove(ctx, c, at, id)
}

func (k *Kind[R]) remove(ctx context.Context, c *Catalog, at center.InstanceID, id string) error {
	err := k.commit(ctx, c, store.ResourceCommit{Delete: []store.Deletion{k.deletion(at, id)}})
	if errors.Is(err, store.ErrNotFound) {
		return k.notFound(id)
	}
	return err
}

// deletion deletes a row with what belongs to it alone.
func (k *Kind[R]) deletion(at center.InstanceID, id string) store.Deletion {
	return store.Deletion{InstanceRef: store.InstanceRef{Instance: at, Ref: store.Ref{Kind: k.rows, ID: id}}, Below: k.below, With: k.with}
}
