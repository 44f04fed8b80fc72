package catalog

import (
	"context"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/center"
)

// PredefinedAttributes are the predefined attributes of an instance. Their names are their ids.
var PredefinedAttributes = &Kind[center.PredefinedAttribute]{
	rows: "predefined-attribute", word: "PREDEFINED_ATTRIBUTE",
	parse: func(name string) string { return name },
	key:   (*center.PredefinedAttribute).Key,
	stamp: (*center.PredefinedAttribute).Stamp,
	check: (*center.PredefinedAttribute).Check,
	taken: "a predefined attribute of that name already exists in the instance; names that differ in case alone are the same",
	quota: 150, plural: "predefined attributes",
	fields: []field[center.PredefinedAttribute]{{name: "name", how: byText, one: func(a *center.PredefinedAttribute) string { return a.Name }}},
}

// CheckSegmentAttributes holds segment attributes that users define against the predefined attributes of an instance: the key
// must be one, and where values are validated, the value must be one of its values. Source: admin guide, "Use contact segment
// attributes"; which error it is is inferred.
func (c *Catalog) CheckSegmentAttributes(ctx context.Context, at center.InstanceID, set map[string]center.SegmentAttribute) error {
	for _, key := range slices.Sorted(maps.Keys(set)) {
		a, err := PredefinedAttributes.Get(ctx, c, at, key)
		if center.Is(err, center.NotFound) {
			return center.Refuse(center.InvalidRequest, "SegmentAttributes keys must be predefined attributes of the instance; one of %d characters is none", utf8.RuneCountInString(key))
		}
		if err != nil {
			return err
		}
		if value := set[key].ValueString; a.Validated && (value == nil || !slices.Contains(a.Values, *value)) {
			return center.Refuse(center.InvalidRequest, "SegmentAttributes must have a value of its predefined attribute under a key of %d characters, whose values are validated; it has another", utf8.RuneCountInString(key))
		}
	}
	return nil
}

// DeletePredefinedAttribute deletes a predefined attribute that no user has.
func (c *Catalog) DeletePredefinedAttribute(ctx context.Context, at center.InstanceID, name string) error {
	a, err := PredefinedAttributes.Get(ctx, c, at, name)
	if err != nil {
		return err
	}
	if a.System() {
		return center.Refuse(center.InvalidRequest, "%s is an attribute that Amazon Connect has set; it cannot be deleted", a.Name)
	}
	return PredefinedAttributes.Delete(ctx, c, at, name)
}
