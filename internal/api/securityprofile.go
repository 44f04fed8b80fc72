package api

import (
	"slices"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

// listSecurityProfilesPage is the documented default.
const listSecurityProfilesPage = 100

// customerManaged is the Type of all security profiles: those that an instance has from its beginning can be changed
// too (inferred).
var customerManaged = "CUSTOMER_MANAGED"

var securityProfileOps = map[string]handler{
	"CreateSecurityProfile": creates(catalog.SecurityProfiles, func(c call, in *connect.CreateSecurityProfileInput) (*center.SecurityProfile, error) {
		p := &center.SecurityProfile{
			Head:              head[center.SecurityProfileID](in.SecurityProfileName, in.Description, in.Tags),
			Permissions:       in.Permissions,
			AccessControlTags: in.AllowedAccessControlTags, TagRestricted: in.TagRestrictedResources, HierarchyRestricted: in.HierarchyRestrictedResources,
			HierarchyGroup: hierarchyGroupID(in.AllowedAccessControlHierarchyGroupId),
			Applications:   applications(in.Applications), FlowModules: allowedModules(in.AllowedFlowModules), AIAgents: aiAgents(in.AllowedAIAgents),
			DataTables: dataTables(in.GranularAccessControlConfiguration),
		}
		return p, c.Catalog.CheckSecurityProfile(c.ctx(), c.at, p)
	}, func(m made) *connect.CreateSecurityProfileOutput {
		return &connect.CreateSecurityProfileOutput{SecurityProfileId: m.id, SecurityProfileArn: m.arn}
	}),
	"DescribeSecurityProfile": describes[*connect.DescribeSecurityProfileInput](catalog.SecurityProfiles, func(c call, m made, p *center.SecurityProfile) *connect.DescribeSecurityProfileOutput {
		return &connect.DescribeSecurityProfileOutput{SecurityProfile: &connect.SecurityProfile{
			Id: m.id, Arn: m.arn, OrganizationResourceId: text(c.at), SecurityProfileName: &p.Name, Description: text(p.Description), Type: &customerManaged,
			AllowedAccessControlTags: p.AccessControlTags, TagRestrictedResources: p.TagRestricted, HierarchyRestrictedResources: p.HierarchyRestricted,
			AllowedAccessControlHierarchyGroupId: text(p.HierarchyGroup), GranularAccessControlConfiguration: dataTablesOut(p.DataTables),
			Tags: p.Tags, LastModifiedTime: &p.Modified, LastModifiedRegion: &c.Partition.Region,
		}}
	}),
	"ListSecurityProfiles": lists[*connect.ListSecurityProfilesInput](catalog.SecurityProfiles, listSecurityProfilesPage, nil,
		func(c call, m made, p *center.SecurityProfile) connect.SecurityProfileSummary {
			return connect.SecurityProfileSummary{
				Id: m.id, Arn: m.arn, Name: &p.Name, Type: &customerManaged, LastModifiedTime: &p.Modified, LastModifiedRegion: &c.Partition.Region,
			}
		},
		func(all []connect.SecurityProfileSummary, next *string) *connect.ListSecurityProfilesOutput {
			return &connect.ListSecurityProfilesOutput{SecurityProfileSummaryList: all, NextToken: next}
		}),
	"SearchSecurityProfiles": searches(catalog.SecurityProfiles,
		func(in *connect.SearchSecurityProfilesInput) (*connect.SecurityProfileSearchCriteria, catalog.Condition, error) {
			filter, err := tagFilter(value(in.SearchFilter).TagFilter)
			return in.SearchCriteria, filter, err
		},
		func(n *connect.SecurityProfileSearchCriteria) criteriaNode[connect.SecurityProfileSearchCriteria] {
			return textOnly(n.OrConditions, n.AndConditions, n.StringCondition)
		},
		func(c call, m made, p *center.SecurityProfile) (connect.SecurityProfileSearchSummary, error) {
			return connect.SecurityProfileSearchSummary{
				Id: m.id, Arn: m.arn, OrganizationResourceId: text(c.at), SecurityProfileName: &p.Name, Description: text(p.Description),
				Tags: p.Tags, Type: &customerManaged,
			}, nil
		},
		func(found []connect.SecurityProfileSearchSummary, next *string, total *int64) *connect.SearchSecurityProfilesOutput {
			return &connect.SearchSecurityProfilesOutput{SecurityProfiles: found, NextToken: next, ApproximateTotalCount: total}
		}),
	"UpdateSecurityProfile": does[connect.UpdateSecurityProfileOutput](updateSecurityProfile),
	"DeleteSecurityProfile": does[connect.DeleteSecurityProfileOutput](func(c call, in *connect.DeleteSecurityProfileInput) error {
		return c.Catalog.DeleteSecurityProfile(c.ctx(), c.at, catalog.SecurityProfiles.ParseID(*in.SecurityProfileId))
	}),
	"ListSecurityProfilePermissions": listsIn[*connect.ListSecurityProfilePermissionsInput](catalog.SecurityProfiles,
		func(p *center.SecurityProfile) []string {
			return slices.Compact(slices.Sorted(slices.Values(p.Permissions)))
		},
		func(permission *string) string { return *permission },
		func(c call, p *center.SecurityProfile, found []string, next *string) *connect.ListSecurityProfilePermissionsOutput {
			return &connect.ListSecurityProfilePermissionsOutput{
				Permissions: found, NextToken: next, LastModifiedTime: &p.Modified, LastModifiedRegion: &c.Partition.Region,
			}
		}),
	"ListSecurityProfileApplications": listsIn[*connect.ListSecurityProfileApplicationsInput](catalog.SecurityProfiles,
		func(p *center.SecurityProfile) []center.Application { return p.Applications },
		func(a *center.Application) string { return a.Namespace },
		func(c call, p *center.SecurityProfile, found []center.Application, next *string) *connect.ListSecurityProfileApplicationsOutput {
			return &connect.ListSecurityProfileApplicationsOutput{
				Applications: applicationsOut(found), NextToken: next, LastModifiedTime: &p.Modified, LastModifiedRegion: &c.Partition.Region,
			}
		}),
	"ListSecurityProfileFlowModules": listsIn[*connect.ListSecurityProfileFlowModulesInput](catalog.SecurityProfiles,
		func(p *center.SecurityProfile) []center.AllowedModule { return p.FlowModules },
		func(m *center.AllowedModule) string { return string(m.ID) },
		func(c call, p *center.SecurityProfile, found []center.AllowedModule, next *string) *connect.ListSecurityProfileFlowModulesOutput {
			return &connect.ListSecurityProfileFlowModulesOutput{
				AllowedFlowModules: allowedModulesOut(found), NextToken: next, LastModifiedTime: &p.Modified, LastModifiedRegion: &c.Partition.Region,
			}
		}),
}

// updateSecurityProfile replaces what a request names. A request that names nothing changes nothing, not even the time of
// the last change: Terraform sends it when only tags have changed.
func updateSecurityProfile(c call, in *connect.UpdateSecurityProfileInput) error {
	id := catalog.SecurityProfiles.ParseID(*in.SecurityProfileId)
	if in.Description == nil && in.Permissions == nil && in.AllowedAccessControlTags == nil && in.TagRestrictedResources == nil &&
		in.HierarchyRestrictedResources == nil && in.AllowedAccessControlHierarchyGroupId == nil && in.Applications == nil &&
		in.AllowedFlowModules == nil && in.AllowedAIAgents == nil && in.GranularAccessControlConfiguration == nil {
		_, err := catalog.SecurityProfiles.Get(c.ctx(), c.Catalog, c.at, id)
		return err
	}
	return catalog.SecurityProfiles.Update(c.ctx(), c.Catalog, c.at, id, 0, func(p *center.SecurityProfile) error {
		set(&p.Description, in.Description)
		replace(&p.Permissions, in.Permissions)
		replace(&p.TagRestricted, in.TagRestrictedResources)
		replace(&p.HierarchyRestricted, in.HierarchyRestrictedResources)
		replace(&p.Applications, applications(in.Applications))
		replace(&p.FlowModules, allowedModules(in.AllowedFlowModules))
		replace(&p.AIAgents, aiAgents(in.AllowedAIAgents))
		if in.AllowedAccessControlTags != nil {
			p.AccessControlTags = in.AllowedAccessControlTags
		}
		if in.AllowedAccessControlHierarchyGroupId != nil {
			p.HierarchyGroup = hierarchyGroupID(in.AllowedAccessControlHierarchyGroupId)
		}
		if in.GranularAccessControlConfiguration != nil {
			p.DataTables = dataTables(in.GranularAccessControlConfiguration)
		}
		return c.Catalog.CheckSecurityProfile(c.ctx(), c.at, p)
	})
}

// replace changes a list that a request names; nil names none.
func replace[T any](to *[]T, from []T) {
	if from != nil {
		*to = from
	}
}

// each is a list in other words; nil stays nil.
func each[A, B any](in []A, word func(*A) B) []B {
	if in == nil {
		return nil
	}
	out := make([]B, len(in))
	for i := range in {
		out[i] = word(&in[i])
	}
	return out
}

func hierarchyGroupID(id *string) center.HierarchyGroupID {
	return center.HierarchyGroupID(catalog.HierarchyGroups.ParseID(value(id)))
}

func applications(in []connect.Application) []center.Application {
	return each(in, func(a *connect.Application) center.Application {
		return center.Application{Namespace: value(a.Namespace), Permissions: a.ApplicationPermissions, Type: value(a.Type)}
	})
}

func applicationsOut(in []center.Application) []connect.Application {
	return each(in, func(a *center.Application) connect.Application {
		return connect.Application{Namespace: &a.Namespace, ApplicationPermissions: a.Permissions, Type: text(a.Type)}
	})
}

func allowedModules(in []connect.FlowModule) []center.AllowedModule {
	return each(in, func(m *connect.FlowModule) center.AllowedModule {
		return center.AllowedModule{Type: value(m.Type), ID: center.ParseModule(value(m.FlowModuleId)).ID}
	})
}

func allowedModulesOut(in []center.AllowedModule) []connect.FlowModule {
	return each(in, func(m *center.AllowedModule) connect.FlowModule {
		return connect.FlowModule{Type: text(m.Type), FlowModuleId: text(m.ID)}
	})
}

func aiAgents(in []connect.AIAgent) []center.AllowedAIAgent {
	return each(in, func(a *connect.AIAgent) center.AllowedAIAgent {
		return center.AllowedAIAgent{ARN: value(a.Arn), Type: value(a.Type)}
	})
}

// dataTables reads which attributes of data tables may be read. An empty configuration is one too, and is shown again.
func dataTables(in *connect.GranularAccessControlConfiguration) *center.DataTableAccess {
	if in == nil || in.DataTableAccessControlConfiguration == nil {
		return nil
	}
	item := in.DataTableAccessControlConfiguration.PrimaryAttributeAccessControlConfiguration
	if item == nil {
		return &center.DataTableAccess{}
	}
	return &center.DataTableAccess{Given: true, Values: each(item.PrimaryAttributeValues, func(v *connect.PrimaryAttributeValue) center.PrimaryAttribute {
		return center.PrimaryAttribute{AccessType: value(v.AccessType), Name: value(v.AttributeName), Values: v.Values}
	})}
}

func dataTablesOut(a *center.DataTableAccess) *connect.GranularAccessControlConfiguration {
	if a == nil {
		return nil
	}
	out := &connect.DataTableAccessControlConfiguration{}
	if a.Given {
		out.PrimaryAttributeAccessControlConfiguration = &connect.PrimaryAttributeAccessControlConfigurationItem{
			PrimaryAttributeValues: each(a.Values, func(v *center.PrimaryAttribute) connect.PrimaryAttributeValue {
				return connect.PrimaryAttributeValue{AccessType: text(v.AccessType), AttributeName: text(v.Name), Values: v.Values}
			}),
		}
	}
	return &connect.GranularAccessControlConfiguration{DataTableAccessControlConfiguration: out}
}
