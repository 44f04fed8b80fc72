package api

import (
	"strconv"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var moduleOps = map[string]handler{
	"CreateContactFlowModule":        answers(createModule),
	"CreateContactFlowModuleVersion": answers(createModuleVersion),
	"DeleteContactFlowModule":        does[connect.DeleteContactFlowModuleOutput](deleteModule),
	"DeleteContactFlowModuleVersion": does[connect.DeleteContactFlowModuleVersionOutput](deleteModuleVersion),
	"DescribeContactFlowModule":      answers(describeModule),
	"ListContactFlowModules": lists(catalog.Modules, listModulesPage,
		func(in *connect.ListContactFlowModulesInput) func(*center.FlowModule) bool {
			state := archived(in.ContactFlowModuleState)
			return func(m *center.FlowModule) bool { return state == nil || m.Archived == *state }
		},
		func(_ call, shown made, m *center.FlowModule) connect.ContactFlowModuleSummary {
			state := catalog.Activity(m.Archived)
			return connect.ContactFlowModuleSummary{Id: shown.id, Arn: shown.arn, Name: &m.Name, State: &state}
		},
		func(all []connect.ContactFlowModuleSummary, next *string) *connect.ListContactFlowModulesOutput {
			return &connect.ListContactFlowModulesOutput{ContactFlowModulesSummaryList: all, NextToken: next}
		}),
	"ListContactFlowModuleVersions": versions[*connect.ListContactFlowModuleVersionsInput](catalog.ModuleVersions, catalog.Modules.ParseID,
		func(c call, v *center.Version) connect.ContactFlowModuleVersionSummary {
			arn := c.moduleVersionARN(v)
			return connect.ContactFlowModuleVersionSummary{Arn: &arn, VersionDescription: text(v.Description), Version: &v.Number}
		},
		func(all []connect.ContactFlowModuleVersionSummary, next *string) *connect.ListContactFlowModuleVersionsOutput {
			return &connect.ListContactFlowModuleVersionsOutput{ContactFlowModuleVersionSummaryList: all, NextToken: next}
		}),
	"SearchContactFlowModules": searches(catalog.Modules,
		func(in *connect.SearchContactFlowModulesInput) (*connect.ContactFlowModuleSearchCriteria, catalog.Condition, error) {
			filter, err := tagFilter(value(in.SearchFilter).TagFilter)
			return in.SearchCriteria, filter, err
		},
		func(n *connect.ContactFlowModuleSearchCriteria) criteriaNode[connect.ContactFlowModuleSearchCriteria] {
			return textOnly(n.OrConditions, n.AndConditions, n.StringCondition).words(map[string]*string{
				"StateCondition": n.StateCondition, "StatusCondition": n.StatusCondition,
			})
		},
		func(c call, _ made, m *center.FlowModule) (connect.ContactFlowModule, error) {
			found, err := c.Catalog.FoundModule(c.ctx(), c.at, m)
			return c.module(found), err
		},
		func(found []connect.ContactFlowModule, next *string, total *int64) *connect.SearchContactFlowModulesOutput {
			return &connect.SearchContactFlowModulesOutput{ContactFlowModules: found, NextToken: next, ApproximateTotalCount: total}
		}),
	"UpdateContactFlowModuleContent": does[connect.UpdateContactFlowModuleContentOutput](updateModuleContent),
	"UpdateContactFlowModuleMetadata": does[connect.UpdateContactFlowModuleMetadataOutput](func(c call, in *connect.UpdateContactFlowModuleMetadataInput) error {
		return c.Catalog.UpdateModule(c.ctx(), c.at, center.ParseModule(*in.ContactFlowModuleId), func(m *center.FlowModule) error {
			set(&m.Name, in.Name)
			set(&m.Description, in.Description)
			set(&m.Archived, archived(in.State))
			return nil
		})
	}),
}

// listModulesPage is the length of pages of modules when none is asked for: that of flows (inferred).
const listModulesPage = listContactFlowsPage

func createModule(c call, in *connect.CreateContactFlowModuleInput) (*connect.CreateContactFlowModuleOutput, error) {
	m := center.FlowModule{Name: *in.Name, Description: value(in.Description), Settings: value(in.Settings), Tags: in.Tags}
	if e := in.ExternalInvocationConfiguration; e != nil {
		m.External = e.Enabled
	}
	id, err := c.Catalog.CreateModule(c.ctx(), c.at, m, *in.Content, value(in.ClientToken))
	if err != nil {
		return nil, err
	}
	arn := c.Partition.ModuleARN(c.at, id, "")
	return &connect.CreateContactFlowModuleOutput{Id: text(id), Arn: &arn}, nil
}

func describeModule(c call, in *connect.DescribeContactFlowModuleInput) (*connect.DescribeContactFlowModuleOutput, error) {
	m, err := c.Catalog.Module(c.ctx(), c.at, center.ParseModule(*in.ContactFlowModuleId))
	if err != nil {
		return nil, err
	}
	out := c.module(m)
	return &connect.DescribeContactFlowModuleOutput{ContactFlowModule: &out}, nil
}

// module is a module with its content, as the API shows it.
func (c call) module(m *catalog.ModuleWithContent) connect.ContactFlowModule {
	qualifier, state, status := "", catalog.Activity(m.Archived), catalog.Publication(m.Published)
	out := connect.ContactFlowModule{
		Id: text(m.ID), Name: &m.Name, Content: &m.Content, Description: text(m.Description), State: &state, Status: &status,
		Tags: m.Tags, FlowModuleContentSha256: &m.SHA256, Settings: text(m.Settings),
	}
	if m.Version != nil {
		qualifier = strconv.FormatInt(m.Version.Number, 10)
		out.Version, out.VersionDescription = &m.Version.Number, text(m.Version.Description)
	}
	arn := c.Partition.ModuleARN(c.at, m.ID, qualifier)
	out.Arn = &arn
	if m.External != nil {
		out.ExternalInvocationConfiguration = &connect.ExternalInvocationConfiguration{Enabled: m.External}
	}
	return out
}

func updateModuleContent(c call, in *connect.UpdateContactFlowModuleContentInput) error {
	return c.Catalog.UpdateModuleContent(c.ctx(), c.at, center.ParseModule(*in.ContactFlowModuleId), in.Content, in.Settings)
}

func deleteModule(c call, in *connect.DeleteContactFlowModuleInput) error {
	return c.Catalog.DeleteModule(c.ctx(), c.at, center.ParseModule(*in.ContactFlowModuleId))
}

func createModuleVersion(c call, in *connect.CreateContactFlowModuleVersionInput) (*connect.CreateContactFlowModuleVersionOutput, error) {
	v, err := c.Catalog.CreateModuleVersion(c.ctx(), c.at, center.ParseModule(*in.ContactFlowModuleId), center.Version{
		Description: value(in.Description), Content: value(in.FlowModuleContentSha256),
	})
	if err != nil {
		return nil, err
	}
	arn := c.moduleVersionARN(v)
	return &connect.CreateContactFlowModuleVersionOutput{ContactFlowModuleArn: &arn, Version: &v.Number}, nil
}

func (c call) moduleVersionARN(v *center.Version) string {
	return c.Partition.ModuleARN(c.at, center.ModuleID(v.Of), strconv.FormatInt(v.Number, 10))
}

func deleteModuleVersion(c call, in *connect.DeleteContactFlowModuleVersionInput) error {
	return catalog.ModuleVersions.Delete(c.ctx(), c.Catalog, c.at, catalog.Modules.ParseID(*in.ContactFlowModuleId), *in.ContactFlowModuleVersion)
}
