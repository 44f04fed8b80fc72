package api

import (
	"fmt"
	"strings"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire"
	"github.com/parley-chat/parley/internal/wire/connect"
)

// Searches of resources. The API model has types of its own for the criteria of each operation, all of one shape: each
// operation says how a node of its criteria reads, and what it shows of a record.

// searchPage is the length of a page of a search when none is asked for; it is documented nowhere (inferred).
const searchPage = 100

// node is a node of search criteria: N is its type.
type criteriaNode[N any] struct {
	or, and []N
	leaf    catalog.Condition // what it asks by itself
}

// searches adapts the operation that searches the resources of a kind: asked reads the criteria and the filter of a
// request, read a node of the criteria, and shown is a record as the answer has it.
func searches[I paged, N, R, S any, O wire.Output](
	of *catalog.Kind[R],
	asked func(in I) (criteria *N, filter catalog.Condition, err error),
	read func(*N) criteriaNode[N],
	shown func(c call, m made, r *R) (S, error),
	answer func(found []S, next *string, total *int64) O,
) handler {
	return answers(func(c call, in I) (out O, err error) {
		token, most := in.Page()
		after, limit, err := pageAfter(token, most, searchPage, of.IsPlace)
		if err != nil {
			return out, err
		}
		criteria, filter, err := asked(in)
		if err != nil {
			return out, err
		}
		where := []catalog.Condition{filter}
		if criteria != nil {
			where = append(where, conditionOf("SearchCriteria", criteria, read))
		}
		found, total, err := of.Search(c.ctx(), c.Catalog, c.at, after, limit+1, where...)
		if err != nil {
			return out, err
		}
		found, next := cut(found, limit, of.Place)
		all := make([]S, len(found))
		for i, r := range found {
			if all[i], err = shown(c, madeOf(c, of, r), r); err != nil {
				return out, err
			}
		}
		count := int64(total)
		return answer(all, next, &count), nil
	})
}

// conditionOf reads a node of search criteria and all below it.
func conditionOf[N any](at string, n *N, read func(*N) criteriaNode[N]) catalog.Condition {
	parts := read(n)
	c := parts.leaf
	c.At = at
	c.Any = conditionsOf(at+".OrConditions", parts.or, read)
	c.All = conditionsOf(at+".AndConditions", parts.and, read)
	return c
}

func conditionsOf[N any](at string, some []N, read func(*N) criteriaNode[N]) []catalog.Condition {
	all := make([]catalog.Condition, len(some))
	for i := range some {
		all[i] = conditionOf(fmt.Sprintf("%s[%d]", at, i), &some[i], read)
	}
	return all
}

// textOnly is a node whose leaf compares a text.
func textOnly[N any](or, and []N, text *connect.StringCondition) criteriaNode[N] {
	return criteriaNode[N]{or, and, catalog.Condition{Text: textCondition(text)}}
}

// words adds what a node asks for word for word, by the members that ask for it.
func (n criteriaNode[N]) words(members map[string]*string) criteriaNode[N] {
	n.leaf.Words = words(members)
	return n
}

func textCondition(in *connect.StringCondition) *catalog.TextCondition {
	if in == nil {
		return nil
	}
	return &catalog.TextCondition{Field: in.FieldName, Value: in.Value, Comparison: value(in.ComparisonType)}
}

func dateCondition(in *connect.DateCondition) *catalog.DateCondition {
	if in == nil {
		return nil
	}
	return &catalog.DateCondition{Field: in.FieldName, Value: in.Value, Comparison: value(in.ComparisonType)}
}

// words are the members of a request that are given, of those that ask for a word.
func words(members map[string]*string) map[string]string {
	given := map[string]string{}
	for member, word := range members {
		if word != nil {
			given[member] = *word
		}
	}
	return given
}

// Filters are an OR of ANDs, in one of several members: B is the type of what is ANDed.

func tagFilter(in *connect.ControlPlaneTagFilter) (catalog.Condition, error) {
	if in == nil {
		return catalog.Condition{}, nil
	}
	var and *[]connect.TagCondition
	if len(in.AndConditions) > 0 {
		and = &in.AndConditions
	}
	return filter("SearchFilter.TagFilter", in.OrConditions, and, "AndConditions", in.TagCondition,
		func(at string, tags *[]connect.TagCondition) catalog.Condition { return tagConditions(at, *tags) })
}

func attributeFilter(in *connect.ControlPlaneAttributeFilter) (catalog.Condition, error) {
	if in == nil {
		return catalog.Condition{}, nil
	}
	return filter("SearchFilter.AttributeFilter", in.OrConditions, in.AndCondition, "AndCondition", in.TagCondition,
		func(at string, b *connect.CommonAttributeAndCondition) catalog.Condition {
			return tagConditions(at+".TagConditions", b.TagConditions)
		})
}

// How many conditions a UserAttributeFilter may have (API reference, ControlPlaneUserAttributeFilter).
const (
	maxFilterTags   = 25
	maxFilterGroups = 20
)

// userFilter reads the filter of a search of users, which is by tags or by attributes.
func userFilter(in connect.UserSearchFilter) (catalog.Condition, error) {
	by := in.UserAttributeFilter
	if by == nil {
		return tagFilter(in.TagFilter)
	}
	if in.TagFilter != nil {
		return catalog.Condition{}, center.Refuse(center.AccessDenied, "SearchFilter must have TagFilter or UserAttributeFilter, not both")
	}
	const at = "SearchFilter.UserAttributeFilter"
	var leaves []filterMember
	if g := by.HierarchyGroupCondition; g != nil {
		leaves = append(leaves, filterMember{"HierarchyGroupCondition", catalog.Condition{At: at, Group: groupCondition(g)}})
	}
	tags, groups := 0, 0
	asks, err := filter(at, by.OrConditions, by.AndCondition, "AndCondition", by.TagCondition,
		func(at string, b *connect.AttributeAndCondition) catalog.Condition {
			if tags += len(b.TagConditions); b.HierarchyGroupCondition != nil {
				groups++
			}
			return catalog.Condition{
				At: at, All: []catalog.Condition{tagConditions(at+".TagConditions", b.TagConditions)}, Group: groupCondition(b.HierarchyGroupCondition),
			}
		}, leaves...)
	switch {
	case err != nil:
	case tags > maxFilterTags:
		err = center.Refuse(center.InvalidParameter, "%s must have at most %d tag conditions, got %d", at, maxFilterTags, tags)
	case groups > maxFilterGroups:
		err = center.Refuse(center.InvalidParameter, "%s must have at most %d hierarchy group conditions, got %d", at, maxFilterGroups, groups)
	}
	return asks, err
}

func groupCondition(in *connect.HierarchyGroupCondition) *catalog.GroupCondition {
	if in == nil {
		return nil
	}
	return &catalog.GroupCondition{Group: in.Value, Children: value(in.HierarchyGroupMatchType) == "WITH_CHILD_GROUPS"}
}

func listCondition(in *connect.ListCondition) *catalog.ListCondition {
	if in == nil {
		return nil
	}
	out := &catalog.ListCondition{List: in.TargetListType, Of: make([]catalog.ElementCondition, len(in.Conditions))}
	for i := range in.Conditions {
		c := &in.Conditions[i]
		out.Of[i].Text = textCondition(c.StringCondition)
		if n := c.NumberCondition; n != nil {
			out.Of[i].Number = &catalog.NumberCondition{Field: n.FieldName, Min: n.MinValue, Max: n.MaxValue, Comparison: value(n.ComparisonType)}
		}
	}
	return out
}

func flowAttributeFilter(in *connect.ContactFlowAttributeFilter) (catalog.Condition, error) {
	if in == nil {
		return catalog.Condition{}, nil
	}
	typed := func(c catalog.Condition, is *connect.ContactFlowTypeCondition) catalog.Condition {
		if is != nil {
			c.Words = words(map[string]*string{"TypeCondition": is.ContactFlowType})
		}
		return c
	}
	var leaves []filterMember
	if in.ContactFlowTypeCondition != nil {
		leaves = append(leaves, filterMember{"ContactFlowTypeCondition", typed(catalog.Condition{}, in.ContactFlowTypeCondition)})
	}
	return filter("SearchFilter.FlowAttributeFilter", in.OrConditions, in.AndCondition, "AndCondition", in.TagCondition,
		func(at string, b *connect.ContactFlowAttributeAndCondition) catalog.Condition {
			return typed(tagConditions(at+".TagConditions", b.TagConditions), b.ContactFlowTypeCondition)
		}, leaves...)
}

// filterMember is a member of a filter that is given.
type filterMember struct {
	name string
	asks catalog.Condition
}

// filter reads a filter, of whose members one may be given ("Only one field can be populated", the API reference says of
// that of users; inferred for the others).
func filter[B any](at string, or []B, and *B, andName string, tag *connect.TagCondition, block func(at string, b *B) catalog.Condition, more ...filterMember) (catalog.Condition, error) {
	given := more
	if len(or) > 0 {
		some := make([]catalog.Condition, len(or))
		for i := range or {
			some[i] = block(fmt.Sprintf("%s.OrConditions[%d]", at, i), &or[i])
		}
		given = append(given, filterMember{"OrConditions", catalog.Condition{Any: some}})
	}
	if and != nil {
		given = append(given, filterMember{andName, block(at+"."+andName, and)})
	}
	if tag != nil {
		given = append(given, filterMember{"TagCondition", tagCondition(at+".TagCondition", tag)})
	}
	switch len(given) {
	case 0:
		return catalog.Condition{}, nil
	case 1:
		return given[0].asks, nil
	}
	return catalog.Condition{}, center.Refuse(center.InvalidRequest, "%s must have one member, got %d: %s and %s", at, len(given), given[0].name, given[1].name)
}

func tagConditions(at string, tags []connect.TagCondition) catalog.Condition {
	c := catalog.Condition{At: at}
	for i := range tags {
		c.All = append(c.All, tagCondition(fmt.Sprintf("%s[%d]", at, i), &tags[i]))
	}
	return c
}

func tagCondition(at string, in *connect.TagCondition) catalog.Condition {
	return catalog.Condition{At: at, Tag: &catalog.TagCondition{Key: in.TagKey, Value: in.TagValue}}
}

var searchOps = map[string]handler{"SearchResourceTags": answers(searchResourceTags)}

// searchResourceTags pages through tags: a token holds the key and value of the last one.
func searchResourceTags(c call, in *connect.SearchResourceTagsInput) (*connect.SearchResourceTagsOutput, error) {
	place, limit, err := pageAfter(in.NextToken, in.MaxResults, searchPage, func(s string) bool { return strings.Contains(s, "\x00") })
	if err != nil {
		return nil, err
	}
	var after *catalog.Tag
	if key, value, ok := strings.Cut(place, "\x00"); ok {
		after = &catalog.Tag{Key: key, Value: value}
	}
	asked := catalog.TagSearch{Types: in.ResourceTypes}
	if t := value(in.SearchCriteria).TagSearchCondition; t != nil {
		asked.Key, asked.Value = t.TagKey, t.TagValue
		asked.KeyComparison, asked.ValueComparison = value(t.TagKeyComparisonType), value(t.TagValueComparisonType)
	}
	found, err := c.Catalog.SearchTags(c.ctx(), c.at, asked, after, limit+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, func(t *catalog.Tag) string { return t.Key + "\x00" + t.Value })
	out := &connect.SearchResourceTagsOutput{Tags: make([]connect.TagSet, len(found)), NextToken: next}
	for i := range found {
		out.Tags[i] = connect.TagSet{Key: &found[i].Key, Value: &found[i].Value}
	}
	return out, nil
}
