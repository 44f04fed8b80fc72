package api

import (
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var flowOps = map[string]handler{
	"CreateContactFlow":   answers(createContactFlow),
	"DeleteContactFlow":   does[connect.DeleteContactFlowOutput](deleteContactFlow),
	"DescribeContactFlow": answers(describeContactFlow),
	"ListContactFlows": lists(catalog.Flows, listContactFlowsPage,
		func(in *connect.ListContactFlowsInput) func(*center.ContactFlow) bool {
			return oneOf(in.ContactFlowTypes, func(f *center.ContactFlow) string { return f.Type })
		},
		func(_ call, m made, f *center.ContactFlow) connect.ContactFlowSummary {
			state, status := catalog.Activity(f.Archived), catalog.Publication(f.Published != "")
			return connect.ContactFlowSummary{
				Id: m.id, Arn: m.arn, Name: &f.Name, ContactFlowType: &f.Type, ContactFlowState: &state, ContactFlowStatus: &status,
			}
		},
		func(all []connect.ContactFlowSummary, next *string) *connect.ListContactFlowsOutput {
			return &connect.ListContactFlowsOutput{ContactFlowSummaryList: all, NextToken: next}
		}),
	"SearchContactFlows": searches(catalog.Flows,
		func(in *connect.SearchContactFlowsInput) (*connect.ContactFlowSearchCriteria, catalog.Condition, error) {
			f := value(in.SearchFilter)
			tags, err := tagFilter(f.TagFilter)
			if err != nil {
				return nil, tags, err
			}
			attributes, err := flowAttributeFilter(f.FlowAttributeFilter)
			return in.SearchCriteria, catalog.Condition{All: []catalog.Condition{tags, attributes}}, err
		},
		func(n *connect.ContactFlowSearchCriteria) criteriaNode[connect.ContactFlowSearchCriteria] {
			return textOnly(n.OrConditions, n.AndConditions, n.StringCondition).words(map[string]*string{
				"TypeCondition": n.TypeCondition, "StateCondition": n.StateCondition, "StatusCondition": n.StatusCondition,
			})
		},
		func(c call, _ made, f *center.ContactFlow) (connect.ContactFlow, error) {
			found, err := c.Catalog.FoundFlow(c.ctx(), c.at, f)
			return c.flow(found), err
		},
		func(found []connect.ContactFlow, next *string, total *int64) *connect.SearchContactFlowsOutput {
			return &connect.SearchContactFlowsOutput{ContactFlows: found, NextToken: next, ApproximateTotalCount: total}
		}),
	"UpdateContactFlowMetadata": does[connect.UpdateContactFlowMetadataOutput](func(c call, in *connect.UpdateContactFlowMetadataInput) error {
		return c.Catalog.UpdateFlow(c.ctx(), c.at, center.ParseFlow(*in.ContactFlowId), func(f *center.ContactFlow) error {
			set(&f.Name, in.Name)
			set(&f.Description, in.Description)
			set(&f.Archived, archived(in.ContactFlowState))
			return nil
		})
	}),
	"UpdateContactFlowName": does[connect.UpdateContactFlowNameOutput](func(c call, in *connect.UpdateContactFlowNameInput) error {
		return c.Catalog.UpdateFlow(c.ctx(), c.at, center.ParseFlow(*in.ContactFlowId), func(f *center.ContactFlow) error {
			set(&f.Name, in.Name)
			set(&f.Description, in.Description)
			return nil
		})
	}),
	"UpdateContactFlowContent": does[connect.UpdateContactFlowContentOutput](updateContactFlowContent),
}

func createContactFlow(c call, in *connect.CreateContactFlowInput) (*connect.CreateContactFlowOutput, error) {
	made, err := c.Catalog.CreateFlow(c.ctx(), c.at, center.ContactFlow{
		Name: *in.Name, Type: *in.Type, Description: value(in.Description), Tags: in.Tags,
	}, *in.Content, value(in.Status) != catalog.StatusSaved)
	if err != nil {
		return nil, err
	}
	arn := c.Partition.FlowARN(c.at, made.ID)
	return &connect.CreateContactFlowOutput{ContactFlowId: text(made.ID), ContactFlowArn: &arn, FlowContentSha256: &made.SHA256}, nil
}

func deleteContactFlow(c call, in *connect.DeleteContactFlowInput) error {
	return c.Catalog.DeleteFlow(c.ctx(), c.at, center.ParseFlow(*in.ContactFlowId))
}

func describeContactFlow(c call, in *connect.DescribeContactFlowInput) (*connect.DescribeContactFlowOutput, error) {
	f, err := c.Catalog.Flow(c.ctx(), c.at, center.ParseFlow(*in.ContactFlowId))
	if err != nil {
		return nil, err
	}
	out := c.flow(f)
	if v := f.Version; v != nil {
		*out.Arn = c.Partition.FlowVersionARN(c.at, f.ID, v.Number)
		out.Version, out.VersionDescription, out.LastModifiedTime = &v.Number, text(v.Description), &v.Modified
		if v.Region != "" {
			out.LastModifiedRegion = &v.Region
		}
	}
	return &connect.DescribeContactFlowOutput{ContactFlow: &out}, nil
}

// flow is a flow with its content, as the API shows it.
func (c call) flow(f *catalog.FlowWithContent) connect.ContactFlow {
	arn, state, status := c.Partition.FlowARN(c.at, f.ID), catalog.Activity(f.Archived), catalog.Publication(f.Published)
	return connect.ContactFlow{
		Arn: &arn, Id: text(f.ID), Name: &f.Name, Type: &f.Type, State: &state, Status: &status,
		Description: text(f.Description), Content: &f.Content, Tags: f.Tags, FlowContentSha256: &f.SHA256,
		LastModifiedTime: &f.Modified, LastModifiedRegion: &c.Partition.Region,
	}
}

// archived reads a state; nil is none.
func archived(state *string) *bool {
	if state == nil {
		return nil
	}
	is := *state == catalog.StateArchived
	return &is
}

func updateContactFlowContent(c call, in *connect.UpdateContactFlowContentInput) error {
	return c.Catalog.UpdateFlowContent(c.ctx(), c.at, center.ParseFlow(*in.ContactFlowId), *in.Content)
}
