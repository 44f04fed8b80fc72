package api

import (
	"slices"
	"strconv"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var instanceAttributeOps = map[string]handler{
	"DescribeInstanceAttribute": answers(func(c call, in *connect.DescribeInstanceAttributeInput) (*connect.DescribeInstanceAttributeOutput, error) {
		i, err := c.Catalog.Instance(c.ctx(), c.at)
		if err != nil {
			return nil, err
		}
		t := center.InstanceAttributeType(*in.AttributeType)
		attribute := instanceAttribute(center.InstanceAttribute{Type: t, On: i.Has(t)})
		return &connect.DescribeInstanceAttributeOutput{Attribute: &attribute}, nil
	}),
	"ListInstanceAttributes": listing[*connect.ListInstanceAttributesInput, center.InstanceAttribute, *connect.ListInstanceAttributesOutput]{
		standard: listInstanceAttributesPage,
		valid: func(t string) bool {
			var none center.Instance
			return slices.ContainsFunc(none.AllAttributes(), func(a center.InstanceAttribute) bool { return string(a.Type) == t })
		},
		key: func(a *center.InstanceAttribute) string { return string(a.Type) },
		find: func(c call, _ *connect.ListInstanceAttributesInput, after string, limit int) ([]center.InstanceAttribute, error) {
			i, err := c.Catalog.Instance(c.ctx(), c.at)
			if err != nil {
				return nil, err
			}
			all := i.AllAttributes()
			rest := all[1+slices.IndexFunc(all, func(a center.InstanceAttribute) bool { return string(a.Type) == after }):]
			return rest[:min(limit, len(rest))], nil
		},
		answer: func(_ call, found []center.InstanceAttribute, next *string) *connect.ListInstanceAttributesOutput {
			out := &connect.ListInstanceAttributesOutput{Attributes: make([]connect.Attribute, len(found)), NextToken: next}
			for i, a := range found {
				out.Attributes[i] = instanceAttribute(a)
			}
			return out
		},
	}.handler(),
	"UpdateInstanceAttribute": does[connect.UpdateInstanceAttributeOutput](func(c call, in *connect.UpdateInstanceAttributeInput) error {
		return c.Catalog.SetInstanceAttribute(c.ctx(), c.at, center.InstanceAttributeType(*in.AttributeType), *in.Value)
	}),
}

// listInstanceAttributesPage is the length of a page of attributes: the API model's maximum.
const listInstanceAttributesPage = 7

func instanceAttribute(a center.InstanceAttribute) connect.Attribute {
	value := strconv.FormatBool(a.On)
	return connect.Attribute{AttributeType: text(a.Type), Value: &value}
}
