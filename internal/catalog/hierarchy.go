package catalog

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// HierarchyLevels are the levels of an instance's user hierarchy, each a row. A level refers to the one before it, and
// groups refer to theirs: so a level in use cannot go.
var HierarchyLevels = &Kind[center.HierarchyLevel]{
	rows: "user-hierarchy-level", word: "USER_HIERARCHY_LEVEL", tail: "agent-group-level",
	key:   func(l *center.HierarchyLevel) (id, name string) { return l.ID(), "" },
	stamp: func(l *center.HierarchyLevel, _ func() string, now time.Time) { l.Modified = now },
	refs: func(l *center.HierarchyLevel) []store.Ref {
		if l.Level == 1 {
			return nil
		}
		return []store.Ref{levelRef(l.Level - 1)}
	},
}

func levelRef(level int) store.Ref {
	return store.Ref{Kind: "user-hierarchy-level", ID: center.LevelID(level)}
}

// HierarchyGroups are the groups of an instance's user hierarchy.
var HierarchyGroups = &Kind[center.HierarchyGroup]{
	rows: "user-hierarchy-group", word: "USER_HIERARCHY_GROUP", tail: "agent-group",
	key:   (*center.HierarchyGroup).Key,
	stamp: (*center.HierarchyGroup).Stamp,
	tags:  (*center.HierarchyGroup).TagSet,
	check: (*center.HierarchyGroup).Check,
	refs: func(g *center.HierarchyGroup) []store.Ref {
		refs := []store.Ref{levelRef(g.Level)}
		if g.Parent != "" {
			refs = append(refs, store.Ref{Kind: "user-hierarchy-group", ID: string(g.Parent)})
		}
		return refs
	},
	taken: "a user hierarchy group of that name already exists under the same parent",
	quota: 500, plural: "user hierarchy groups",
	fields: []field[center.HierarchyGroup]{
		{name: "name", how: byText, one: func(g *center.HierarchyGroup) string { return g.Name }},
		idField("parentId", parseID("agent-group"), func(g *center.HierarchyGroup) string { return string(g.Parent) }),
		idField("levelId", parseID("agent-group-level"), func(g *center.HierarchyGroup) string { return center.LevelID(g.Level) }),
		idField("resourceID", parseID("agent-group"), func(g *center.HierarchyGroup) string { return string(g.ID) }),
	},
}

// groupsBelow are a group and all groups below it.
func groupsBelow(ctx context.Context, c *Catalog, at center.InstanceID, group string) (map[string]bool, error) {
	all, err := HierarchyGroups.all(ctx, c, at)
	if err != nil {
		return nil, err
	}
	found := map[string]bool{group: true}
	for range center.HierarchyLevels - 1 {
		for i := range all {
			if found[string(all[i].Parent)] {
				found[string(all[i].ID)] = true
			}
		}
	}
	return found, nil
}

// HierarchyStructure finds the levels of an instance's user hierarchy, from the first.
func (c *Catalog) HierarchyStructure(ctx context.Context, at center.InstanceID) ([]center.HierarchyLevel, error) {
	return HierarchyLevels.List(ctx, c, at, "", center.HierarchyLevels, nil)
}

// UpdateHierarchyStructure gives the levels of an instance's user hierarchy their names. Levels without a name go; one
// that groups are at is in use.
func (c *Catalog) UpdateHierarchyStructure(ctx context.Context, at center.InstanceID, to center.HierarchyStructure) error {
	if err := to.Check(); err != nil {
		return err
	}
	if err := c.in(ctx, at); err != nil {
		return err
	}
	for {
		commit, err := c.restructure(ctx, at, to)
		if err != nil {
			return err
		}
		err = c.Store.CommitResources(ctx, commit)
		var used *store.InUse
		switch {
		case errors.Is(err, store.ErrStale), errors.Is(err, store.ErrNotFound), center.Is(err, center.Duplicate):
		case errors.As(err, &used) && used.By.Kind == HierarchyLevels.rows:
		default:
			return told(err)
		}
		// Another call was faster with the levels.
	}
}

// restructure is the commit that leads from the levels as they are to those that are wanted.
func (c *Catalog) restructure(ctx context.Context, at center.InstanceID, to center.HierarchyStructure) (store.ResourceCommit, error) {
	commit := store.ResourceCommit{Exist: ofInstance(at), Show: shown}
	rows, err := c.Store.Resources(ctx, at, HierarchyLevels.rows, "", center.HierarchyLevels)
	if err != nil {
		return commit, err
	}
	now := c.Now()
	for i, name := range to {
		level := center.HierarchyLevel{Level: i + 1, Name: name, Modified: now.UTC()}
		there := slices.IndexFunc(rows, func(r store.Resource) bool { return r.ID == level.ID() })
		switch {
		case there < 0 && name == "":
			continue
		case there < 0:
			row, err := HierarchyLevels.fresh(at, &level, now)
			if err != nil {
				return commit, err
			}
			commit.Insert = append(commit.Insert, row)
			continue
		case name == "":
			commit.Delete = append(commit.Delete, store.Deletion{InstanceRef: store.InstanceRef{Instance: at, Ref: levelRef(level.Level)}})
			continue
		}
		old, err := HierarchyLevels.decode(c, rows[there])
		if err != nil {
			return commit, err
		}
		if old.Name == name {
			continue
		}
		row, err := HierarchyLevels.put(at, &level)
		if err != nil {
			return commit, err
		}
		row.Version, row.Modified = rows[there].Version, now
		commit.Replace = append(commit.Replace, row)
	}
	return commit, nil
}

// CreateHierarchyGroup makes a group under a parent; "" makes it at the first level. The level must be there.
func (c *Catalog) CreateHierarchyGroup(ctx context.Context, at center.InstanceID, g *center.HierarchyGroup, parent string) error {
	if err := c.in(ctx, at); err != nil {
		return err
	}
	var above *center.HierarchyGroup
	if parent != "" {
		var err error
		if above, err = HierarchyGroups.find(ctx, c, at, parent); err != nil {
			return err
		}
	}
	if err := g.Below(above); err != nil {
		return err
	}
	_, err := HierarchyLevels.find(ctx, c, at, center.LevelID(g.Level))
	if center.Is(err, center.NotFound) {
		return center.Refuse(center.InvalidRequest, "the user hierarchy of the instance has no level %d; UpdateUserHierarchyStructure adds levels", g.Level)
	}
	if err != nil {
		return err
	}
	_, err = HierarchyGroups.Create(ctx, c, at, g, ClientToken{})
	return err
}

// HierarchyPath finds the groups from the first level down to a group, which is the last of them.
func (c *Catalog) HierarchyPath(ctx context.Context, at center.InstanceID, g *center.HierarchyGroup) ([]center.HierarchyGroup, error) {
	path := []center.HierarchyGroup{*g}
	for path[0].Parent != "" {
		parent, err := HierarchyGroups.find(ctx, c, at, string(path[0].Parent))
		if err != nil {
			return nil, err
		}
		path = slices.Insert(path, 0, *parent)
	}
	return path, nil
}
