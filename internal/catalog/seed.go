package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/stock"
	"github.com/parley-chat/parley/internal/store"
)

// seedings make the default resources of an instance, in the order in which versions of parley introduced them. A new instance
// gets all of them. An older instance gets those that later versions introduced, once: its row of the kind seedingRows says how
// many seedings it has had. A later version therefore appends another seeding, and never changes one that was released.
var seedings = []func(s *seeding, c *Catalog, at center.InstanceID, now time.Time){
	seedBasics,
	seedDefaults,
}

// seedBasics makes a queue, its hours of operation, and flows with their contents. Instances that have no row about
// seedings had these from their beginning.
func seedBasics(s *seeding, c *Catalog, at center.InstanceID, now time.Time) {
	queue := center.BasicQueue(at, now)
	basic := center.BasicHours(queue.Hours, now)
	s.add(Queues.fresh(at, &queue, now))
	s.add(HoursOfOperation.fresh(at, &basic, now))
	kept := map[string]bool{} // two flows may have one text
	for _, f := range stock.Flows(c.Partition, at) {
		f.Modified = now
		s.add(Flows.fresh(at, &f.ContactFlow, now))
		if !kept[f.Published] {
			kept[f.Published] = true
			s.add(contents.kind.fresh(at, &flowContent{SHA256: f.Published, Text: f.Content}, now))
		}
	}
}

// seedDefaults makes the default resources of the kinds that came with the operations on an instance's configuration.
func seedDefaults(s *seeding, c *Catalog, at center.InstanceID, now time.Time) {
	authentication := center.DefaultAuthenticationProfile(at, now)
	s.add(AuthenticationProfiles.fresh(at, &authentication, now))
	profile, routed := center.BasicRoutingProfile(at, center.BasicQueue(at, now).ID, now)
	s.add(RoutingProfiles.fresh(at, &profile, now))
	for i := range routed {
		s.add(ProfileQueues.row(c, at, string(profile.ID), &routed[i]))
	}
	for _, a := range center.SystemAttributes(now) {
		s.add(PredefinedAttributes.fresh(at, &a, now))
	}
	for _, p := range center.DefaultPrompts(at, now) {
		s.add(Prompts.fresh(at, &p, now))
	}
	for _, p := range center.DefaultSecurityProfiles(at, now) {
		s.add(SecurityProfiles.fresh(at, &p, now))
	}
	for _, status := range center.DefaultAgentStatuses(at, now) {
		s.add(AgentStatuses.fresh(at, &status, now))
	}
}

// seeding gathers rows until one could not be made.
type seeding struct {
	rows []store.Resource
	err  error
}

func (s *seeding) add(r store.Resource, err error) {
	s.rows = append(s.rows, r)
	s.err = errors.Join(s.err, err)
}

// seedingRows is the kind of the one row of an instance that says which seedings it has had.
const seedingRows = "seeding"

// seeded is that row's content.
type seeded struct {
	Had int `json:"had"`
}

// firstSeedings are those of instances without such a row.
const firstSeedings = 1

// seeds are the rows of the seedings of an instance after the first so many, and the row that says that it has had them.
func (c *Catalog) seeds(at center.InstanceID, now time.Time, had int) ([]store.Resource, error) {
	var s seeding
	for _, seed := range seedings[had:] {
		seed(&s, c, at, now)
	}
	body, err := json.Marshal(seeded{len(seedings)})
	s.add(store.Resource{Instance: at, Kind: seedingRows, ID: seedingRows, Body: body, Created: now, Modified: now}, err)
	return s.rows, s.err
}

// SeedOlder gives every instance the seedings that it has not had, and returns how many instances got any. Several nodes
// may do so at the same moment, and while a version that knows fewer seedings still runs. An instance with a damaged row gets
// nothing; the other instances are seeded all the same.
func (c *Catalog) SeedOlder(ctx context.Context) (seeded int, err error) {
	var damaged error
	for after, more := "", true; more; {
		page, err := c.Store.ResourceIDs(ctx, "", instances.rows, after, decodePage)
		if err != nil {
			return seeded, err
		}
		for _, id := range page {
			got, err := c.seedOlder(ctx, center.InstanceID(id))
			if err != nil {
				err = fmt.Errorf("give the instance %s the defaults of this version: %w", id, err)
			}
			if errors.Is(err, center.ErrDamaged) {
				damaged, err = errors.Join(damaged, err), nil
			}
			if err != nil {
				return seeded, err
			}
			if got {
				seeded++
			}
			after = id
		}
		more = len(page) == decodePage
	}
	return seeded, damaged
}

// seedOlder gives an instance what it has not had, all or nothing, and says whether there was any.
func (c *Catalog) seedOlder(ctx context.Context, at center.InstanceID) (got bool, err error) {
	if _, err := instances.find(ctx, c, "", string(at)); err != nil {
		if center.Is(err, center.NotFound) {
			return false, nil // it has been deleted meanwhile
		}
		return false, err
	}
	for {
		old, had, err := c.hadSeedings(ctx, at)
		if err != nil || had >= len(seedings) {
			return false, err
		}
		rows, err := c.seeds(at, c.Now().UTC(), had)
		if err != nil {
			return false, err
		}
		mark := rows[len(rows)-1]
		commit := store.ResourceCommit{Exist: ofInstance(at)}
		if commit.Insert, err = c.lacking(ctx, at, rows[:len(rows)-1]); err != nil {
			return false, err
		}
		if old.Version == 0 {
			commit.Insert = append(commit.Insert, mark)
		} else {
			mark.Version = old.Version
			commit.Replace = append(commit.Replace, mark)
		}
		err = c.Store.CommitResources(ctx, commit)
		var missing *store.Missing
		gone := errors.As(err, &missing)
		if gone && missing.Ref.Kind == instances.rows {
			return false, nil // it is being deleted
		}
		if !gone && !center.Is(err, center.Duplicate) && !errors.Is(err, store.ErrStale) {
			return err == nil, err
		}
		// Another node was faster, or somebody has made or deleted a resource meanwhile.
	}
}

// hadSeedings reads how many seedings an instance has had, and the row that says so: none has the version 0.
func (c *Catalog) hadSeedings(ctx context.Context, at center.InstanceID) (row store.Resource, had int, err error) {
	row, err = c.Store.Resource(ctx, at, seedingRows, seedingRows)
	if errors.Is(err, store.ErrNotFound) {
		return store.Resource{}, firstSeedings, nil
	}
	var s seeded
	if err == nil {
		if err = json.Unmarshal(row.Body, &s); err == nil && s.Had < 0 {
			err = fmt.Errorf("it says %d", s.Had)
		}
		if err != nil {
			err = c.Store.Damaged("resource", fmt.Errorf("how many seedings the instance %s has had: %w", at, err))
		}
	}
	return row, s.Had, err
}

// lacking returns those of some rows that an instance lacks and can get: neither their id nor their name is taken, and the
// resources that they refer to or belong to exist or are among the rows.
func (c *Catalog) lacking(ctx context.Context, at center.InstanceID, rows []store.Resource) (lack []store.Resource, err error) {
	there := func(kind, id string) (bool, error) { return exists(c.Store.Resource(ctx, at, kind, id)) }
	seeded, added := map[string]bool{}, map[store.Ref]bool{}
	for _, row := range rows {
		seeded[row.ID] = true
		taken, err := there(row.Kind, row.ID)
		if err == nil && !taken && row.Name != "" {
			taken, err = exists(c.Store.ResourceByName(ctx, at, row.Kind, row.Name))
		}
		if err != nil {
			return nil, err
		}
		if !taken {
			lack = append(lack, row)
			added[store.Ref{Kind: row.Kind, ID: row.ID}] = true
		}
	}
	can := func(row *store.Resource) (bool, error) {
		// A row inside another has the id of that one before a slash.
		if parent, _, below := strings.Cut(row.ID, "/"); below && seeded[parent] && !slices.ContainsFunc(lack, func(r store.Resource) bool { return r.ID == parent }) {
			return false, nil
		}
		for _, to := range row.Refs {
			if added[to] {
				continue
			}
			if is, err := there(to.Kind, to.ID); !is || err != nil {
				return false, err
			}
		}
		return true, nil
	}
	for again := true; again; { // without a row that cannot be added, those that need it cannot be added either
		again = false
		var kept []store.Resource
		for i := range lack {
			ok, err := can(&lack[i])
			if err != nil {
				return nil, err
			}
			if ok {
				kept = append(kept, lack[i])
				continue
			}
			delete(added, store.Ref{Kind: lack[i].Kind, ID: lack[i].ID})
			again = true
		}
		lack = kept
	}
	return lack, nil
}

// exists tells a row that is not there from one that could not be read.
func exists(_ store.Resource, err error) (bool, error) {
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
