package catalog

import (
	"context"

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
