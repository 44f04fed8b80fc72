package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// Resource is one thing that an operator or an API call made: an instance, a flow, a key. Body is its kind's own
// encoding.
type Resource struct {
	Instance center.InstanceID // "" when it belongs to the account
	Kind     string
	ID       string
	// Name is unique among the resources of its instance and kind, compared as it is; "" is not a name.
	Name     string
	Body     []byte
	Version  int64 // counts from 1; the store's own
	Created  time.Time
	Modified time.Time
}

// maxKey is how many bytes an id or a name may have: with the rest of its row's key it fits in an entry of PostgreSQL's
// indexes, which is 2,704 bytes. The API model has no bound for some names and ids.
const maxKey = 2048

const sqlResource = `SELECT instance, kind, id, name, body, version, created, modified FROM resource WHERE instance = $1 AND kind = $2 `

// Resource returns a resource by id, or ErrNotFound.
func (s *Store) Resource(ctx context.Context, instance center.InstanceID, kind, id string) (Resource, error) {
	return s.oneResource(ctx, sqlResource+`AND id = $3`, string(instance), kind, []byte(id))
}

// ResourceByName returns a resource by name, or ErrNotFound.
func (s *Store) ResourceByName(ctx context.Context, instance center.InstanceID, kind, name string) (Resource, error) {
	return s.oneResource(ctx, sqlResource+`AND name = $3`, string(instance), kind, text(name))
}

func (s *Store) oneResource(ctx context.Context, query string, args ...any) (Resource, error) {
	all, err := s.resources(ctx, query, args...)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Resource{}, err
	}
	return all[0], nil
}

// Resources returns up to limit resources of a kind by id, from the one after afterID ("": from the first).
func (s *Store) Resources(ctx context.Context, instance center.InstanceID, kind, afterID string, limit int) ([]Resource, error) {
	if afterID == "" {
		return s.resources(ctx, sqlResource+`ORDER BY id LIMIT $3`, string(instance), kind, limit)
	}
	return s.resources(ctx, sqlResource+`AND id > $3 ORDER BY id LIMIT $4`, string(instance), kind, []byte(afterID), limit)
}

func (s *Store) resources(ctx context.Context, query string, args ...any) ([]Resource, error) {
	var all []Resource
	err := s.rows(ctx, query, args, func(r *sql.Rows) error {
		var (
			res               Resource
			id, name          []byte
			created, modified int64
		)
		err := r.Scan(&res.Instance, &res.Kind, &id, &name, &res.Body, &res.Version, &created, &modified)
		res.ID, res.Name, res.Created, res.Modified = string(id), string(name), timeOf(created), timeOf(modified)
		all = append(all, res)
		return err
	})
	return all, err
}

// InsertResource adds a resource, or returns [*center.Error] with code Duplicate when its id or name is there.
func (s *Store) InsertResource(ctx context.Context, r Resource) error {
	return s.InsertResources(ctx, []Resource{r})
}

// InsertResources adds all of the resources or none. An id or name of more than 2,048 bytes is refused, as an
// InvalidParameter.
func (s *Store) InsertResources(ctx context.Context, all []Resource) error {
	for _, r := range all {
		if r.Kind == "" || r.ID == "" {
			return fault(errors.New("a resource without kind or id"))
		}
		if err := checkKeys(r); err != nil {
			return err
		}
	}
	return s.write(ctx, func(ses session) error {
		for _, r := range all {
			n, err := ses.exec(`INSERT INTO resource (instance, kind, id, name, body, version, created, modified)
				VALUES ($1, $2, $3, $4, $5, 1, $6, $7) ON CONFLICT DO NOTHING`,
				string(r.Instance), r.Kind, []byte(r.ID), text(r.Name), text(string(r.Body)), millis(r.Created), millis(r.Modified))
			if err != nil {
				return err
			}
			if n == 0 {
				return duplicate(r)
			}
		}
		return nil
	})
}

func checkKeys(r Resource) error {
	if len(r.ID) > maxKey || len(r.Name) > maxKey {
		return center.Refuse(center.InvalidParameter, "a name or identifier must have at most %d bytes", maxKey)
	}
	return nil
}

func duplicate(r Resource) error {
	return center.Refuse(center.Duplicate, "A %s with the name or id %q already exists.", r.Kind, r.Name+r.ID)
}

// UpdateResource replaces a resource by what change makes of it. change may be called again, with a newer one, when
// somebody else was faster; its error is returned as it is. Name, Body and Modified are taken from what it returns.
func (s *Store) UpdateResource(ctx context.Context, instance center.InstanceID, kind, id string, change func(old Resource) (Resource, error)) error {
	for {
		old, err := s.Resource(ctx, instance, kind, id)
		if err != nil {
			return err
		}
		r, err := change(old)
		if err == nil {
			err = checkKeys(r)
		}
		if err != nil {
			return err
		}
		r.Instance, r.Kind, r.ID, r.Version = old.Instance, old.Kind, old.ID, old.Version
		kept, err := s.replace(ctx, r)
		if err != nil || kept {
			return err
		}
	}
}

// replace reports whether r.Version was still the resource's.
func (s *Store) replace(ctx context.Context, r Resource) (kept bool, err error) {
	err = s.write(ctx, func(ses session) error {
		key := []any{string(r.Instance), r.Kind, []byte(r.ID)}
		n, err := ses.exec(`UPDATE resource SET version = version + 1, name = $4, body = $5, modified = $6
			WHERE instance = $1 AND kind = $2 AND id = $3 AND version = $7`,
			append(key, text(r.Name), text(string(r.Body)), millis(r.Modified), r.Version)...)
		kept = n == 1
		if errors.Is(err, errUnique) {
			return duplicate(r)
		}
		return err
	})
	return kept, err
}

// DeleteResource removes a resource, or returns ErrNotFound.
func (s *Store) DeleteResource(ctx context.Context, instance center.InstanceID, kind, id string) error {
	return s.write(ctx, func(ses session) error {
		n, err := ses.exec(`DELETE FROM resource WHERE instance = $1 AND kind = $2 AND id = $3`, string(instance), kind, []byte(id))
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		return err
	})
}

// deleteChats is how many chats one transaction removes; commits of others come between.
const deleteChats = 100

// DeleteInstance removes the chats of an instance with all that belongs to them, then its resources. What it could
// not finish, for lack of time or power, a second call does. Nobody may start chats there meanwhile.
func (s *Store) DeleteInstance(ctx context.Context, instance center.InstanceID) error {
	for more := true; more; {
		err := s.write(ctx, func(ses session) error {
			rows, err := ses.query(`SELECT id FROM chat WHERE instance = $1 LIMIT $2`, string(instance), int64(deleteChats))
			if err != nil {
				return err
			}
			more = len(rows) == deleteChats
			return s.deleteChats(ses, rows)
		})
		if err != nil {
			return err
		}
	}
	return s.write(ctx, func(ses session) error {
		_, err := ses.exec(`DELETE FROM resource WHERE instance = $1`, string(instance))
		return err
	})
}

func (s *Store) deleteChats(ses session, rows [][]driver.Value) error {
	if len(rows) == 0 {
		return nil
	}
	ids := make([][]byte, len(rows))
	for i, row := range rows {
		ids[i] = blob(row[0])
	}
	// The chat first: whoever is committing to it waits there, or is waited for.
	for _, from := range []string{"chat WHERE id", "item WHERE chat", "contact WHERE chat", "due WHERE chat", "claim WHERE chat", "receipt WHERE chat"} {
		if _, err := ses.exec(`DELETE FROM `+from+` IN (SELECT v.id FROM `+s.d.ids+`)`, s.d.idsArg(ids)); err != nil {
			return err
		}
	}
	return nil
}
