package catalog

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/center"
)

// Tag is a tag of resources.
type Tag struct{ Key, Value string }

// MaxTags is how many tags a search of tags may find (API reference, MaximumResultReturnedException).
const MaxTags = 1000

// taggedKinds hand the tags of each resource of a type to a function, by what SearchResourceTags calls the type.
var taggedKinds = map[string]func(ctx context.Context, c *Catalog, at center.InstanceID, each func(map[string]string)) error{
	"agent":                tagsOf(Users),
	"agent-state":          tagsOf(AgentStatuses),
	"security-profile":     tagsOf(SecurityProfiles),
	"standard-queue":       tagsOf(Queues),
	"operating-hours":      tagsOf(HoursOfOperation),
	"routing-profile":      tagsOf(RoutingProfiles),
	"prompt":               tagsOf(Prompts),
	"contact-flow":         tagsOf(Flows),
	"flow-module":          tagsOf(Modules),
	"transfer-destination": tagsOf(QuickConnects),
	"metric":               func(context.Context, *Catalog, center.InstanceID, func(map[string]string)) error { return nil }, // there are none
}

func tagsOf[R any](k *Kind[R]) func(context.Context, *Catalog, center.InstanceID, func(map[string]string)) error {
	return func(ctx context.Context, c *Catalog, at center.InstanceID, each func(map[string]string)) error {
		all, err := k.all(ctx, c, at)
		for i := range all {
			if k.hidden == nil || !k.hidden(&all[i]) {
				each(*k.tags(&all[i]))
			}
		}
		return err
	}
}

// TagSearch says which tags are looked for; a key or value that is nil is any. Letters are compared with their case, as
// everywhere with tags.
type TagSearch struct {
	Types                          []string // of resources; none: all
	Key, Value                     *string
	KeyComparison, ValueComparison string // StringComparisonTypes; "" is EXACT
}

// SearchTags finds the tags of an instance's resources, each once, by key and value: up to limit of those after one.
func (c *Catalog) SearchTags(ctx context.Context, at center.InstanceID, s TagSearch, after *Tag, limit int) ([]Tag, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	key, err := tagMatch(s.Key, s.KeyComparison)
	if err != nil {
		return nil, err
	}
	value, err := tagMatch(s.Value, s.ValueComparison)
	if err != nil {
		return nil, err
	}
	types := s.Types
	if len(types) == 0 {
		types = slices.Collect(maps.Keys(taggedKinds))
	}
	found := map[Tag]struct{}{}
	for i, name := range types {
		// The API reference lists "flow- module".
		each := taggedKinds[strings.Replace(name, "flow- module", "flow-module", 1)]
		if each == nil {
			return nil, center.Refuse(center.InvalidParameter, "ResourceTypes[%d] must be one of %s, got another of %d characters", i,
				strings.Join(slices.Sorted(maps.Keys(taggedKinds)), ", "), len([]rune(name)))
		}
		if err := each(ctx, c, at, func(tags map[string]string) {
			for k, v := range tags {
				if key(k) && value(v) {
					found[Tag{k, v}] = struct{}{}
				}
			}
		}); err != nil {
			return nil, err
		}
	}
	if len(found) > MaxTags {
		return nil, center.Refuse(center.TooManyResults, "at most %d tags can be found, these are %d; narrow the search by ResourceTypes or SearchCriteria", MaxTags, len(found))
	}
	sorted := slices.SortedFunc(maps.Keys(found), compareTags)
	if after != nil {
		i, there := slices.BinarySearchFunc(sorted, *after, compareTags)
		if there {
			i++
		}
		sorted = sorted[i:]
	}
	return sorted[:min(limit, len(sorted))], nil
}

func compareTags(a, b Tag) int {
	return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Value, b.Value))
}

func tagMatch(value *string, comparison string) (func(string) bool, error) {
	if value == nil {
		return func(string) bool { return true }, nil
	}
	return textMatch("SearchCriteria.TagSearchCondition", &TextCondition{Value: value, Comparison: comparison}, "", byID, nil)
}
