package center

import (
	"strconv"
	"time"
)

// HierarchyGroupID names a group of the user hierarchy.
type HierarchyGroupID string

// HierarchyLevels is how many levels a user hierarchy may have.
const HierarchyLevels = 5

// The API model's texts have the bounds of names, its shapes do not.
const (
	maxLevelName = 50
	maxGroupName = 100
)

// HierarchyLevel is a level of an instance's user hierarchy.
type HierarchyLevel struct {
	Level    int       `json:"level"` // from 1
	Name     string    `json:"name"`
	Modified time.Time `json:"modified"`
}

// ID is the level's identifier, the same through all its names.
func (l *HierarchyLevel) ID() string { return LevelID(l.Level) }

// LevelID is a level's identifier. The examples of the API reference have it as the LevelId of groups, and at the end of
// the ARN of a level.
func LevelID(level int) string { return strconv.Itoa(level) }

// HierarchyStructure are the names of the levels from the first; "" is a level that is not there.
type HierarchyStructure [HierarchyLevels]string

// Check refuses a structure that cannot be. given says which levels have a name.
func (s *HierarchyStructure) Check() error {
	for i, name := range s {
		if n := len([]rune(name)); n > maxLevelName {
			return Refuse(InvalidParameter, "the name of level %d must have at most %d characters, got %d", i+1, maxLevelName, n)
		}
		if i > 0 && name != "" && s[i-1] == "" {
			return Refuse(InvalidRequest, "level %d of the hierarchy needs level %d", i+1, i)
		}
	}
	return nil
}

// HierarchyGroup is a group of the user hierarchy. Its Description is never set.
type HierarchyGroup struct {
	Head[HierarchyGroupID]
	Parent HierarchyGroupID `json:"parent,omitempty"` // "": the group is at the first level
	Level  int              `json:"level"`
}

// Key is what a group is found by. No other under its parent has its name (inferred).
func (g *HierarchyGroup) Key() (id, name string) {
	return string(g.ID), string(g.Parent) + "/" + g.Name
}

// Check refuses a group that cannot be.
func (g *HierarchyGroup) Check() error {
	switch n := len([]rune(g.Name)); {
	case n == 0:
		return Refuse(InvalidParameter, "Name must not be empty")
	case n > maxGroupName:
		return Refuse(InvalidParameter, "Name must have at most %d characters, got %d", maxGroupName, n)
	}
	return nil
}

// Below puts a new group under its parent; nil is none.
func (g *HierarchyGroup) Below(parent *HierarchyGroup) error {
	g.Level = 1
	if parent == nil {
		return nil
	}
	g.Parent, g.Level = parent.ID, parent.Level+1
	if g.Level > HierarchyLevels {
		return Refuse(InvalidRequest, "the parent group is at level %d, which is the last", parent.Level)
	}
	return nil
}
