package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
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
	Name    string
	Body    []byte
	Version int64 // counts from 1; the store's own
	// Refs are the resources of the same instance that this one refers to: they must exist, and cannot be deleted
	// while it does. Reading leaves them out.
	Refs     []Ref
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

// sqlTwoAndClaim has a claim in the columns of a resource, sqlAndFirst the first resource of a kind from an id on.
const sqlTwoAndClaim = sqlResource + `AND id = $3 UNION ALL
	SELECT instance, kind, id, name, body, version, created, modified FROM resource WHERE instance = $4 AND kind = $5 AND id = $6 UNION ALL
	SELECT '', kind, key, NULL, value, 0, 0, expires FROM claim WHERE kind = $7 AND key = $8`

const sqlAndFirst = ` UNION ALL SELECT * FROM (
	SELECT instance, kind, id, name, body, version, created, modified FROM resource WHERE instance = $9 AND kind = $10 AND id >= $11 ORDER BY id LIMIT 1) AS f`

// Sight is what [Store.TwoAndClaim] has read: nil for a resource that does not exist.
type Sight struct {
	A, B, First *Resource
	Claim       center.Claim
	Held        bool
}

// TwoAndClaim is Resource for two resources of different kinds, and [Store.Claim] for a claim of a third kind, in one read. With
// from, that read also finds the first resource of a fourth kind from an id on, which is not empty; nil asks for none.
func (s *Store) TwoAndClaim(ctx context.Context, a, b InstanceRef, kind, key string, from *InstanceRef, now time.Time) (sight Sight, err error) {
	query := sqlTwoAndClaim
	args := []any{string(a.Instance), a.Kind, []byte(a.ID), string(b.Instance), b.Kind, []byte(b.ID), kind, []byte(key)}
	if from != nil {
		query, args = sqlTwoAndClaim+sqlAndFirst, append(args, string(from.Instance), from.Kind, []byte(from.ID))
	}
	all, err := s.resources(ctx, query, args...)
	for i := range all {
		switch r := &all[i]; r.Kind {
		case a.Kind:
			sight.A = r
		case b.Kind:
			sight.B = r
		case kind:
			if expires := r.Modified; expires.IsZero() || expires.UnixMilli() > millis(now) {
				sight.Claim, sight.Held = center.Claim{Kind: kind, Key: key, Value: string(r.Body), Expires: expires}, true
			}
		default:
			sight.First = r
		}
	}
	return sight, err
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

// ResourceIDs returns up to limit ids of resources of a kind, from the one after afterID ("": from the first).
func (s *Store) ResourceIDs(ctx context.Context, instance center.InstanceID, kind, afterID string, limit int) ([]string, error) {
	text, args := `SELECT id FROM resource WHERE instance = $1 AND kind = $2 ORDER BY id LIMIT $3`, []any{string(instance), kind, limit}
	if afterID != "" {
		text = `SELECT id FROM resource WHERE instance = $1 AND kind = $2 AND id > $4 ORDER BY id LIMIT $3`
		args = append(args, []byte(afterID))
	}
	var all []string
	err := s.rows(ctx, text, args, func(r *sql.Rows) error {
		var id []byte
		err := r.Scan(&id)
		all = append(all, string(id))
		return err
	})
	return all, err
}

// CountReferrers counts the resources of a kind that refer to one.
func (s *Store) CountReferrers(ctx context.Context, instance center.InstanceID, to Ref, from string) (n int, err error) {
	err = s.row(ctx, `SELECT COUNT(*) FROM reference WHERE instance = $1 AND to_kind = $2 AND to_id = $3 AND from_kind = $4`,
		[]any{string(instance), to.Kind, []byte(to.ID), from}, &n)
	return n, err
}

// Ref names a resource among those of its instance.
type Ref struct{ Kind, ID string }

// ResourceCommit is a change of resources that is kept as a whole or not at all.
type ResourceCommit struct {
	// Insert are new rows: neither their id nor their name may exist.
	Insert []Resource
	// Replace are rows in the place of those with the same id, which must still have the given Version. Name, Body,
	// Modified and Refs are taken from them.
	Replace []Resource
	// Delete are rows that must exist and that no row may refer to, unless that one is deleted in the same commit.
	Delete []Deletion
	// Exist must exist, beside what the rows of Insert and Replace refer to.
	Exist []InstanceRef
	// Credential makes the commit one of a user's password; nil: it is none.
	Credential *NewCredential
	// Show makes the commit one for the audit log, if its context has an [Author]; nil leaves no entry.
	Show Show
}

// Deletion is a row to delete, and what goes with it.
type Deletion struct {
	InstanceRef
	// Below are kinds: their rows go whose ids begin with this one's id and a slash.
	Below []string
	// With are kinds: their rows go that refer to this one.
	With []string
}

// InstanceRef names a resource of an instance.
type InstanceRef struct {
	Instance center.InstanceID
	Ref
}

func (r *Resource) ref() InstanceRef { return InstanceRef{r.Instance, Ref{r.Kind, r.ID}} }

// Missing refuses a commit because a resource that must exist does not.
type Missing struct{ Ref Ref }

func (e *Missing) Error() string { return fmt.Sprintf("no %s %q", e.Ref.Kind, e.Ref.ID) }

// InUse refuses a commit because it deletes what another resource refers to.
type InUse struct{ Ref, By Ref }

func (e *InUse) Error() string {
	return fmt.Sprintf("the %s %q is in use by the %s %q", e.Ref.Kind, e.Ref.ID, e.By.Kind, e.By.ID)
}

// ErrStale says that a row to replace has another version by now.
var ErrStale = errors.New("store: the resource has changed")

// CommitResources keeps all of c and returns nil, or keeps nothing and returns
//
//   - [*center.Error] with code Duplicate: an id or a name to insert exists
//   - [*center.Error] with code InvalidParameter: an id or name has more than 2,048 bytes
//   - [ErrStale]: a row to replace has changed, or is gone
//   - [ErrNotFound]: a row to delete does not exist
//   - [*Missing], [*InUse]: a reference would lead nowhere
//   - [ErrUsed]: the link of Credential cannot be used
func (s *Store) CommitResources(ctx context.Context, c ResourceCommit) error {
	for _, rows := range [][]Resource{c.Insert, c.Replace} {
		for i := range rows {
			if err := rows[i].check(); err != nil {
				return err
			}
		}
	}
	kinds := c.kinds()
	if len(kinds) == 0 {
		return nil
	}
	err := s.do(ctx, &job{on: locksOf(kinds), alone: true, work: func(ses session) error {
		for _, k := range kinds {
			if err := s.d.lockKind(ses, k); err != nil {
				return err
			}
		}
		log := c.audit(ctx, ses)
		// What tells a stale decision comes before what it would delete and insert.
		for i := range c.Replace {
			if err := replaceResource(ses, log, &c.Replace[i]); err != nil {
				return err
			}
		}
		for _, ref := range c.Delete {
			if err := deleteResource(ses, log, ref); err != nil {
				return err
			}
		}
		for i := range c.Insert {
			if err := insertResource(ses, log, &c.Insert[i]); err != nil {
				return err
			}
		}
		if c.Credential != nil {
			if err := c.Credential.write(ctx, ses); err != nil {
				return err
			}
		}
		return c.settle(ses)
	}})
	if err == nil && s.onResources != nil {
		s.onResources()
	}
	return err
}

// OnResources has f called after each commit of resources on this node. It must be set before the store is used.
func (s *Store) OnResources(f func()) { s.onResources = f }

// touchedKind is a kind of an instance that a commit changes, or only refers to.
type touchedKind struct {
	instance, kind string
	changed        bool
}

// kinds are all that c touches, in the order in which all commits touch them.
func (c *ResourceCommit) kinds() []touchedKind {
	changed := map[touchedKind]bool{}
	touch := func(at center.InstanceID, kind string, change bool) {
		k := touchedKind{instance: string(at), kind: kind}
		changed[k] = changed[k] || change
	}
	for _, rows := range [][]Resource{c.Insert, c.Replace} {
		for i := range rows {
			touch(rows[i].Instance, rows[i].Kind, true)
			for _, r := range rows[i].Refs {
				touch(rows[i].Instance, r.Kind, false)
			}
		}
	}
	for _, d := range c.Delete {
		for _, kind := range slices.Concat([]string{d.Kind}, d.Below, d.With) {
			touch(d.Instance, kind, true)
		}
	}
	for _, r := range c.Exist {
		touch(r.Instance, r.Kind, false)
	}
	all := make([]touchedKind, 0, len(changed))
	for k, change := range changed {
		k.changed = change
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b touchedKind) int {
		return cmp.Or(cmp.Compare(a.instance, b.instance), cmp.Compare(a.kind, b.kind))
	})
	return all
}

// locksOf names what a commit may have to wait for.
func locksOf(kinds []touchedKind) []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = lockName("kind", k.instance, k.kind)
	}
	return names
}

// lockKind raises the version of a kind that is changed. One that is only referred to is kept as it is until the commit:
// so a row cannot go while another comes that refers to it.
func (d *dialect) lockKind(ses session, k touchedKind) error {
	var err error
	if k.changed {
		_, err = ses.exec(`INSERT INTO resource_version (instance, kind, version) VALUES ($1, $2, 1)
			ON CONFLICT (instance, kind) DO UPDATE SET version = resource_version.version + 1`, k.instance, k.kind)
	} else if d.share != "" {
		// A kind without a row has nothing to lock.
		if _, err := ses.exec(`INSERT INTO resource_version (instance, kind, version) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING`, k.instance, k.kind); err != nil {
			return err
		}
		_, err = ses.query(`SELECT version FROM resource_version WHERE instance = $1 AND kind = $2`+d.share, k.instance, k.kind)
	}
	return err
}

// settle checks what holds when everything is written: that all references lead somewhere.
func (c *ResourceCommit) settle(ses session) error {
	for _, ref := range c.Delete {
		rows, err := ses.query(`SELECT from_kind, from_id FROM reference WHERE instance = $1 AND to_kind = $2 AND to_id = $3 ORDER BY from_kind, from_id LIMIT 1`,
			string(ref.Instance), ref.Kind, []byte(ref.ID))
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			return &InUse{ref.Ref, Ref{rows[0][0].(string), string(rows[0][1].([]byte))}}
		}
	}
	exist := c.Exist
	for _, rows := range [][]Resource{c.Insert, c.Replace} {
		for i := range rows {
			for _, r := range rows[i].Refs {
				exist = append(exist[:len(exist):len(exist)], InstanceRef{rows[i].Instance, r})
			}
		}
	}
	for _, ref := range exist {
		rows, err := ses.query(`SELECT 1 FROM resource WHERE instance = $1 AND kind = $2 AND id = $3`, string(ref.Instance), ref.Kind, []byte(ref.ID))
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return &Missing{ref.Ref}
		}
	}
	return nil
}

func insertResource(ses session, log *auditor, r *Resource) error {
	n, err := ses.exec(`INSERT INTO resource (instance, kind, id, name, body, version, created, modified)
		VALUES ($1, $2, $3, $4, $5, 1, $6, $7) ON CONFLICT DO NOTHING`,
		string(r.Instance), r.Kind, []byte(r.ID), text(r.Name), text(string(r.Body)), millis(r.Created), millis(r.Modified))
	if err != nil {
		return err
	}
	if n == 0 {
		return duplicate(r)
	}
	if err := log.write(Created, r.ref(), r.Name, nil, r.Body); err != nil {
		return err
	}
	return r.refer(ses)
}

func replaceResource(ses session, log *auditor, r *Resource) error {
	_, before, err := log.before(r.ref())
	if err != nil {
		return err
	}
	n, err := ses.exec(`UPDATE resource SET version = version + 1, name = $4, body = $5, modified = $6
		WHERE instance = $1 AND kind = $2 AND id = $3 AND version = $7`,
		string(r.Instance), r.Kind, []byte(r.ID), text(r.Name), text(string(r.Body)), millis(r.Modified), r.Version)
	switch {
	case errors.Is(err, errUnique):
		return duplicate(r)
	case err != nil:
		return err
	case n == 0:
		return ErrStale
	}
	if err := log.write(Updated, r.ref(), r.Name, before, r.Body); err != nil {
		return err
	}
	if err := unrefer(ses, r.ref()); err != nil {
		return err
	}
	return r.refer(ses)
}

func deleteResource(ses session, log *auditor, d Deletion) error {
	r := d.InstanceRef
	name, before, err := log.before(r)
	if err != nil {
		return err
	}
	n, err := ses.exec(`DELETE FROM resource WHERE instance = $1 AND kind = $2 AND id = $3`, string(r.Instance), r.Kind, []byte(r.ID))
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return err
	}
	if err := log.write(Deleted, r, name, before, nil); err != nil {
		return err
	}
	for _, kind := range d.Below {
		// "0" is the character behind "/".
		from, to := []byte(d.ID+"/"), []byte(d.ID+"0")
		if err := log.deleted(d.Instance, kind, "id > $3 AND id < $4", from, to); err != nil {
			return err
		}
		if _, err := ses.exec(`DELETE FROM resource WHERE instance = $1 AND kind = $2 AND id > $3 AND id < $4`, string(d.Instance), kind, from, to); err != nil {
			return err
		}
		if _, err := ses.exec(`DELETE FROM reference WHERE instance = $1 AND from_kind = $2 AND from_id > $3 AND from_id < $4`, string(d.Instance), kind, from, to); err != nil {
			return err
		}
	}
	for _, kind := range d.With {
		const referrers = `SELECT from_id FROM reference WHERE instance = $1 AND from_kind = $2 AND to_kind = $3 AND to_id = $4`
		args := []any{string(d.Instance), kind, d.Kind, []byte(d.ID)}
		if err := log.deleted(d.Instance, kind, "id IN ("+referrers+")", args[2:]...); err != nil {
			return err
		}
		if _, err := ses.exec(`DELETE FROM resource WHERE instance = $1 AND kind = $2 AND id IN (`+referrers+`)`, args...); err != nil {
			return err
		}
		if _, err := ses.exec(`DELETE FROM reference WHERE instance = $1 AND from_kind = $2 AND from_id IN (`+referrers+`)`, args...); err != nil {
			return err
		}
	}
	return unrefer(ses, r)
}

// refer writes down what a row refers to.
func (r *Resource) refer(ses session) error {
	for _, to := range r.Refs {
		_, err := ses.exec(`INSERT INTO reference (instance, to_kind, to_id, from_kind, from_id) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
			string(r.Instance), to.Kind, []byte(to.ID), r.Kind, []byte(r.ID))
		if err != nil {
			return err
		}
	}
	return nil
}

func unrefer(ses session, r InstanceRef) error {
	_, err := ses.exec(`DELETE FROM reference WHERE instance = $1 AND from_kind = $2 AND from_id = $3`, string(r.Instance), r.Kind, []byte(r.ID))
	return err
}

// LastBelow returns the resource with the highest id of those that begin with an id and a slash, or ErrNotFound.
func (s *Store) LastBelow(ctx context.Context, instance center.InstanceID, kind, id string) (Resource, error) {
	// "0" is the character behind "/".
	return s.oneResource(ctx, sqlResource+`AND id > $3 AND id < $4 ORDER BY id DESC LIMIT 1`, string(instance), kind, []byte(id+"/"), []byte(id+"0"))
}

// KindVersion returns a number that every commit of a resource of the kind raises, 0 when there was none. Of several kinds it is
// the sum, which stays the same only while no number changes, since none ever falls.
func (s *Store) KindVersion(ctx context.Context, instance center.InstanceID, kinds ...string) (version int64, err error) {
	args, places := []any{string(instance)}, make([]string, len(kinds))
	for i, kind := range kinds {
		args = append(args, kind)
		places[i] = "$" + strconv.Itoa(len(args))
	}
	text := `SELECT CAST(COALESCE(SUM(version), 0) AS BIGINT) FROM resource_version WHERE instance = $1 AND kind IN (` + strings.Join(places, ", ") + `)`
	err = s.row(ctx, text, args, &version)
	return version, err
}

// InsertResource adds a resource, or returns [*center.Error] with code Duplicate when its id or name exists.
func (s *Store) InsertResource(ctx context.Context, r Resource) error {
	return s.CommitResources(ctx, ResourceCommit{Insert: []Resource{r}})
}

// DeleteResource removes a resource, or returns ErrNotFound, or [*InUse].
func (s *Store) DeleteResource(ctx context.Context, instance center.InstanceID, kind, id string) error {
	return s.CommitResources(ctx, ResourceCommit{Delete: []Deletion{{InstanceRef: InstanceRef{instance, Ref{kind, id}}}}})
}

func (r *Resource) check() error {
	if r.Kind == "" || r.ID == "" {
		return fault(errors.New("a resource without kind or id"))
	}
	if len(r.ID) > maxKey || len(r.Name) > maxKey {
		return center.Refuse(center.InvalidParameter, "a name or identifier must have at most %d bytes", maxKey)
	}
	return nil
}

func duplicate(r *Resource) error {
	return center.Refuse(center.Duplicate, "A %s with the name or id %q already exists.", r.Kind, r.Name+r.ID)
}

// DeleteUnmodified removes a resource that was not modified after a time, and says whether it did.
func (s *Store) DeleteUnmodified(ctx context.Context, instance center.InstanceID, kind, id string, after time.Time) (gone bool, err error) {
	touched := []touchedKind{{string(instance), kind, true}}
	err = s.do(ctx, &job{on: locksOf(touched), alone: true, work: func(ses session) error {
		if err := s.d.lockKind(ses, touched[0]); err != nil {
			return err
		}
		n, err := ses.exec(`DELETE FROM resource WHERE instance = $1 AND kind = $2 AND id = $3 AND modified <= $4`,
			string(instance), kind, []byte(id), millis(after))
		gone = n == 1
		return err
	}})
	return gone, err
}

// instanceChats is how many chats one transaction of DeleteInstance begins to erase; commits of others come between.
const instanceChats = 100

// DeleteInstance erases the chats of an instance, then its resources and what is known of its contacts. What it could not finish, for lack of time or
// power, a second call does. Nobody may start chats there meanwhile. now is real time.
func (s *Store) DeleteInstance(ctx context.Context, instance center.InstanceID, now time.Time) error {
	for {
		gone, err := s.eraseInstance(ctx, instance, now, instanceChats)
		if err != nil {
			return err
		}
		for more := true; more; {
			if _, more, err = s.Sweep(ctx, now); err != nil {
				return err
			}
		}
		if gone.Chats == 0 {
			break
		}
	}
	if err := s.eraseInstanceRecords(ctx, instance); err != nil {
		return err
	}
	return s.do(ctx, &job{alone: true, work: func(ses session) error {
		// First, as every commit does: what comes later finds the instance gone. Versions go on, so that a node that has
		// rows of the instance in memory notices that they are gone.
		if _, err := ses.exec(`UPDATE resource_version SET version = version + 1 WHERE instance = $1`, string(instance)); err != nil {
			return err
		}
		// What came since the steps. Contacts by the index that has all of an instance's which outlive their chats.
		for _, table := range []string{"resource WHERE", "reference WHERE", "contact WHERE shown IS NOT NULL AND", "contact_attribute WHERE", "contact_term WHERE", "flow_run WHERE", "offer WHERE", "agent WHERE", "agent_interval WHERE", "session WHERE", "link WHERE", "attempt WHERE", "presence WHERE"} {
			if _, err := ses.exec("DELETE FROM "+table+" instance = $1", string(instance)); err != nil {
				return err
			}
		}
		return nil
	}})
}
