package api

import (
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

// listHierarchyGroupsPage is the documented default.
const listHierarchyGroupsPage = 100

var hierarchyOps = map[string]handler{
	"DescribeUserHierarchyStructure": answers(func(c call, _ *connect.DescribeUserHierarchyStructureInput) (*connect.DescribeUserHierarchyStructureOutput, error) {
		levels, err := c.Catalog.HierarchyStructure(c.ctx(), c.at)
		if err != nil {
			return nil, err
		}
		out := &connect.HierarchyStructure{}
		places := []**connect.HierarchyLevel{&out.LevelOne, &out.LevelTwo, &out.LevelThree, &out.LevelFour, &out.LevelFive}
		for i := range levels {
			l := &levels[i]
			m := madeOf(c, catalog.HierarchyLevels, l)
			*places[l.Level-1] = &connect.HierarchyLevel{
				Id: m.id, Arn: m.arn, Name: &l.Name, LastModifiedTime: &l.Modified, LastModifiedRegion: &c.Partition.Region,
			}
		}
		return &connect.DescribeUserHierarchyStructureOutput{HierarchyStructure: out}, nil
	}),
	"UpdateUserHierarchyStructure": does[connect.UpdateUserHierarchyStructureOutput](func(c call, in *connect.UpdateUserHierarchyStructureInput) error {
		var to center.HierarchyStructure
		levels := in.HierarchyStructure
		for i, l := range []*connect.HierarchyLevelUpdate{levels.LevelOne, levels.LevelTwo, levels.LevelThree, levels.LevelFour, levels.LevelFive} {
			if l == nil {
				continue
			}
			if to[i] = *l.Name; to[i] == "" {
				return center.Refuse(center.InvalidParameter, "the name of level %d must not be empty", i+1)
			}
		}
		return c.Catalog.UpdateHierarchyStructure(c.ctx(), c.at, to)
	}),
	"CreateUserHierarchyGroup": answers(func(c call, in *connect.CreateUserHierarchyGroupInput) (*connect.CreateUserHierarchyGroupOutput, error) {
		g := &center.HierarchyGroup{Head: head[center.HierarchyGroupID](in.Name, nil, in.Tags)}
		if err := c.Catalog.CreateHierarchyGroup(c.ctx(), c.at, g, catalog.HierarchyGroups.ParseID(value(in.ParentGroupId))); err != nil {
			return nil, err
		}
		m := madeOf(c, catalog.HierarchyGroups, g)
		return &connect.CreateUserHierarchyGroupOutput{HierarchyGroupId: m.id, HierarchyGroupArn: m.arn}, nil
	}),
	"DescribeUserHierarchyGroup": answers(describeHierarchyGroup),
	"ListUserHierarchyGroups": lists[*connect.ListUserHierarchyGroupsInput](catalog.HierarchyGroups, listHierarchyGroupsPage, nil, hierarchyGroupSummary,
		func(all []connect.HierarchyGroupSummary, next *string) *connect.ListUserHierarchyGroupsOutput {
			return &connect.ListUserHierarchyGroupsOutput{UserHierarchyGroupSummaryList: all, NextToken: next}
		}),
	"SearchUserHierarchyGroups": searches(catalog.HierarchyGroups,
		func(in *connect.SearchUserHierarchyGroupsInput) (*connect.UserHierarchyGroupSearchCriteria, catalog.Condition, error) {
			filter, err := attributeFilter(value(in.SearchFilter).AttributeFilter)
			return in.SearchCriteria, filter, err
		},
		func(n *connect.UserHierarchyGroupSearchCriteria) criteriaNode[connect.UserHierarchyGroupSearchCriteria] {
			return textOnly(n.OrConditions, n.AndConditions, n.StringCondition)
		},
		hierarchyGroupOut,
		func(found []connect.HierarchyGroup, next *string, total *int64) *connect.SearchUserHierarchyGroupsOutput {
			return &connect.SearchUserHierarchyGroupsOutput{UserHierarchyGroups: found, NextToken: next, ApproximateTotalCount: total}
		}),
	"UpdateUserHierarchyGroupName": updates[connect.UpdateUserHierarchyGroupNameOutput](catalog.HierarchyGroups, func(_ call, in *connect.UpdateUserHierarchyGroupNameInput, g *center.HierarchyGroup) error {
		g.Name = *in.Name
		return nil
	}),
	"DeleteUserHierarchyGroup": deletes[connect.DeleteUserHierarchyGroupOutput, *connect.DeleteUserHierarchyGroupOutput, *connect.DeleteUserHierarchyGroupInput](catalog.HierarchyGroups),
}

// describeHierarchyGroup shows a group with the path to it, whose last level it is itself.
func describeHierarchyGroup(c call, in *connect.DescribeUserHierarchyGroupInput) (*connect.DescribeUserHierarchyGroupOutput, error) {
	g, err := catalog.HierarchyGroups.Get(c.ctx(), c.Catalog, c.at, catalog.HierarchyGroups.ParseID(*in.HierarchyGroupId))
	if err != nil {
		return nil, err
	}
	out, err := hierarchyGroupOut(c, madeOf(c, catalog.HierarchyGroups, g), g)
	return &connect.DescribeUserHierarchyGroupOutput{HierarchyGroup: &out}, err
}

func hierarchyGroupOut(c call, m made, g *center.HierarchyGroup) (connect.HierarchyGroup, error) {
	path, err := c.Catalog.HierarchyPath(c.ctx(), c.at, g)
	if err != nil {
		return connect.HierarchyGroup{}, err
	}
	level := center.LevelID(g.Level)
	return connect.HierarchyGroup{
		Id: m.id, Arn: m.arn, Name: &g.Name, LevelId: &level, HierarchyPath: hierarchyPath(c, path),
		Tags: g.Tags, LastModifiedTime: &g.Modified, LastModifiedRegion: &c.Partition.Region,
	}, nil
}

func hierarchyPath(c call, path []center.HierarchyGroup) *connect.HierarchyPath {
	out := &connect.HierarchyPath{}
	places := []**connect.HierarchyGroupSummary{&out.LevelOne, &out.LevelTwo, &out.LevelThree, &out.LevelFour, &out.LevelFive}
	for i := range path {
		summary := hierarchyGroupSummary(c, madeOf(c, catalog.HierarchyGroups, &path[i]), &path[i])
		*places[i] = &summary
	}
	return out
}

func hierarchyGroupSummary(c call, m made, g *center.HierarchyGroup) connect.HierarchyGroupSummary {
	return connect.HierarchyGroupSummary{Id: m.id, Arn: m.arn, Name: &g.Name, LastModifiedTime: &g.Modified, LastModifiedRegion: &c.Partition.Region}
}
