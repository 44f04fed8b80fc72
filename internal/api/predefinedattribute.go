package api

import (
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

// listAttributesPage is the API model's maximum; Amazon Connect documents no default.
const listAttributesPage = 100

var predefinedAttributeOps = map[string]handler{
	"CreatePredefinedAttribute": creates(catalog.PredefinedAttributes, func(_ call, in *connect.CreatePredefinedAttributeInput) (*center.PredefinedAttribute, error) {
		a := &center.PredefinedAttribute{Name: *in.Name}
		if a.System() {
			return nil, center.Refuse(center.InvalidParameter, "Name must not begin with connect:, which is for attributes that Amazon Connect sets")
		}
		return a, predefine(a, in.Values, in.Purposes, in.AttributeConfiguration)
	}, func(made) *connect.CreatePredefinedAttributeOutput { return &connect.CreatePredefinedAttributeOutput{} }),
	"DescribePredefinedAttribute": describes[*connect.DescribePredefinedAttributeInput](catalog.PredefinedAttributes, func(c call, _ made, a *center.PredefinedAttribute) *connect.DescribePredefinedAttributeOutput {
		out := c.predefinedAttribute(a)
		return &connect.DescribePredefinedAttributeOutput{PredefinedAttribute: &out}
	}),
	"SearchPredefinedAttributes": searches(catalog.PredefinedAttributes,
		func(in *connect.SearchPredefinedAttributesInput) (*connect.PredefinedAttributeSearchCriteria, catalog.Condition, error) {
			return in.SearchCriteria, catalog.Condition{}, nil
		},
		func(n *connect.PredefinedAttributeSearchCriteria) criteriaNode[connect.PredefinedAttributeSearchCriteria] {
			return textOnly(n.OrConditions, n.AndConditions, n.StringCondition)
		},
		func(c call, _ made, a *center.PredefinedAttribute) (connect.PredefinedAttribute, error) {
			return c.predefinedAttribute(a), nil
		},
		func(found []connect.PredefinedAttribute, next *string, total *int64) *connect.SearchPredefinedAttributesOutput {
			return &connect.SearchPredefinedAttributesOutput{PredefinedAttributes: found, NextToken: next, ApproximateTotalCount: total}
		}),
	"ListPredefinedAttributes": listsBy[*connect.ListPredefinedAttributesInput](catalog.PredefinedAttributes, listAttributesPage, func(name string) bool { return name != "" }, nil,
		func(c call, _ made, a *center.PredefinedAttribute) connect.PredefinedAttributeSummary {
			return connect.PredefinedAttributeSummary{Name: &a.Name, LastModifiedTime: &a.Modified, LastModifiedRegion: &c.Partition.Region}
		},
		func(all []connect.PredefinedAttributeSummary, next *string) *connect.ListPredefinedAttributesOutput {
			return &connect.ListPredefinedAttributesOutput{PredefinedAttributeSummaryList: all, NextToken: next}
		}),
	"UpdatePredefinedAttribute": updates[connect.UpdatePredefinedAttributeOutput](catalog.PredefinedAttributes, func(_ call, in *connect.UpdatePredefinedAttributeInput, a *center.PredefinedAttribute) error {
		if a.ReadOnly() {
			return center.Refuse(center.InvalidRequest, "%s is an attribute that Amazon Connect has set; it cannot be changed", a.Name)
		}
		return predefine(a, in.Values, in.Purposes, in.AttributeConfiguration)
	}),
	"DeletePredefinedAttribute": does[connect.DeletePredefinedAttributeOutput](func(c call, in *connect.DeletePredefinedAttributeInput) error {
		return c.Catalog.DeletePredefinedAttribute(c.ctx(), c.at, *in.Name)
	}),
}

func (c call) predefinedAttribute(a *center.PredefinedAttribute) connect.PredefinedAttribute {
	readOnly := a.ReadOnly()
	return connect.PredefinedAttribute{
		Name: &a.Name, Values: &connect.PredefinedAttributeValues{StringList: a.Values}, Purposes: a.Purposes,
		AttributeConfiguration: &connect.PredefinedAttributeConfiguration{EnableValueValidationOnAssociation: &a.Validated, IsReadOnly: &readOnly},
		LastModifiedTime:       &a.Modified, LastModifiedRegion: &c.Partition.Region,
	}
}

// predefine changes what a request names of a predefined attribute.
func predefine(a *center.PredefinedAttribute, values *connect.PredefinedAttributeValues, purposes []string, config *connect.InputPredefinedAttributeConfiguration) error {
	if values != nil {
		if values.StringList == nil {
			return center.Refuse(center.InvalidParameter, "Values.StringList is required in Values")
		}
		a.Values = values.StringList
	}
	if a.Values == nil {
		a.Values = []string{}
	}
	if purposes != nil {
		a.Purposes = purposes
	}
	if config != nil {
		set(&a.Validated, config.EnableValueValidationOnAssociation)
	}
	return nil
}
