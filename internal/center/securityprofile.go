package center

import (
	"slices"
	"strings"
	"time"
)

// SecurityProfileID names a security profile.
type SecurityProfileID string

// SecurityProfile says what the users who have it may do. All of it is kept as it was given.
type SecurityProfile struct {
	Head[SecurityProfileID]
	Permissions []string `json:"permissions,omitempty"`
	// AccessControlTags, TagRestricted, HierarchyRestricted and HierarchyGroup restrict which resources a user sees.
	AccessControlTags   map[string]string `json:"accessControlTags,omitempty"`
	TagRestricted       []string          `json:"tagRestricted,omitempty"`
	HierarchyRestricted []string          `json:"hierarchyRestricted,omitempty"`
	HierarchyGroup      HierarchyGroupID  `json:"hierarchyGroup,omitempty"`
	Applications        []Application     `json:"applications,omitempty"`
	FlowModules         []AllowedModule   `json:"flowModules,omitempty"`
	AIAgents            []AllowedAIAgent  `json:"aiAgents,omitempty"`
	// DataTables are the primary attributes of data tables that users may read. nil: no configuration was given.
	DataTables *DataTableAccess `json:"dataTables,omitempty"`
	// Default says that the instance has had it from its beginning: it cannot be deleted.
	Default bool `json:"default,omitempty"`
}

// Application is a third-party application or an MCP server that a security profile gives access to.
type Application struct {
	Namespace   string   `json:"namespace"`
	Permissions []string `json:"permissions,omitempty"`
	Type        string   `json:"type,omitempty"`
}

// AllowedModule is a flow module that an AI agent may invoke as a tool.
type AllowedModule struct {
	Type string   `json:"type,omitempty"`
	ID   ModuleID `json:"id"`
}

// AllowedAIAgent is an AI agent that a security profile gives access to.
type AllowedAIAgent struct {
	ARN  string `json:"arn"`
	Type string `json:"type,omitempty"`
}

// DataTableAccess is a DataTableAccessControlConfiguration. Values is nil when it had no primary attributes.
type DataTableAccess struct {
	Given  bool               `json:"given,omitempty"` // whether it had a PrimaryAttributeAccessControlConfiguration
	Values []PrimaryAttribute `json:"values,omitempty"`
}

// PrimaryAttribute is the values of a primary attribute that may be read.
type PrimaryAttribute struct {
	AccessType string   `json:"accessType,omitempty"`
	Name       string   `json:"name,omitempty"`
	Values     []string `json:"values,omitempty"`
}

// thirdParty is the type of an application that is no MCP server, and its one permission.
const (
	thirdParty       = "THIRD_PARTY_APPLICATION"
	thirdPartyAccess = "ACCESS"
)

// Check refuses a security profile that cannot be. Source: the API model's text of CreateSecurityProfile.
func (p *SecurityProfile) Check() error {
	for _, name := range p.HierarchyRestricted {
		if name != "User" {
			return Refuse(InvalidParameter, "HierarchyRestrictedResources may name User alone, got a name of %d characters", len([]rune(name)))
		}
	}
	for i, a := range p.Applications {
		if a.Namespace == "" {
			return Refuse(InvalidParameter, "Applications[%d].Namespace is required", i)
		}
		if slices.ContainsFunc(p.Applications[:i], func(b Application) bool { return a.Namespace == b.Namespace }) {
			return Refuse(InvalidParameter, "Applications[%d].Namespace must not be one that is there already", i)
		}
		if a.Type == thirdParty && slices.ContainsFunc(a.Permissions, func(s string) bool { return s != thirdPartyAccess }) {
			return Refuse(InvalidParameter, "Applications[%d].ApplicationPermissions may have %s alone for the type %s", i, thirdPartyAccess, thirdParty)
		}
	}
	for i, m := range p.FlowModules {
		if m.ID == "" {
			return Refuse(InvalidParameter, "AllowedFlowModules[%d].FlowModuleId is required", i)
		}
		if slices.ContainsFunc(p.FlowModules[:i], func(n AllowedModule) bool { return m.ID == n.ID }) {
			return Refuse(InvalidParameter, "AllowedFlowModules[%d].FlowModuleId must not be one that is there already", i)
		}
	}
	return nil
}

// MayDelete refuses to delete a default security profile (inferred: DeleteSecurityProfile declares the error, and its
// text does not say when it comes).
func (p *SecurityProfile) MayDelete() error {
	if p.Default {
		return Refuse(AccessDenied, "the security profile %s is one of the defaults of the instance, which cannot be deleted", p.Name)
	}
	return nil
}

// PermissionAgent lets a user use the Contact Control Panel. Without it, no contacts are routed to the user.
const PermissionAgent = "BasicAgentAccess"

// Names of the security profiles that every new instance has (admin guide, "Default security profiles").
const (
	SecurityAdmin   = "Admin"
	SecurityAgent   = "Agent"
	SecurityManager = "CallCenterManager"
	SecurityAnalyst = "QualityAnalyst"
)

// DefaultSecurityProfiles are the security profiles that every new instance has. Descriptions and permissions are those
// of instances of 2022.
func DefaultSecurityProfiles(at InstanceID, now time.Time) []SecurityProfile {
	profile := func(name, description string, permissions []string) SecurityProfile {
		return SecurityProfile{
			Head: Head[SecurityProfileID]{
				ID: SecurityProfileID(SeededID(at, "security-profile", name)), Name: name, Description: description, Modified: now.UTC(),
			},
			Permissions: permissions, Default: true,
		}
	}
	return []SecurityProfile{
		profile(SecurityAdmin, "An administrator can perform all actions available.", granted(
			"AccessMetrics", "AgentGrouping.Create Edit EnableAndDisable View", "AgentStates.Create Edit EnableAndDisable View", "AgentTimeCard.View",
			"BasicAgentAccess", "Campaigns.Create Delete Edit Manage View", "ContactAttributes.View", "ContactFlows.Create Delete Edit Publish View",
			"ContactSearch.View", "DeleteCallRecordings", "DownloadCallRecordings", "HistoricalChanges.View",
			"HoursOfOperation.Create Delete Edit View", "ListenCallRecordings", "ManagerListenIn",
			"MetricsReports.Create Delete Edit Publish Schedule View", "OutboundCallAccess", "PhoneNumbers.Claim Edit Release View",
			"Prompts.Create Delete Edit View", "Queues.Create Edit EnableAndDisable View", "ReportSchedules.Create Delete Edit View",
			"RoutingPolicies.Create Edit View", "SecurityProfiles.Create Delete Edit View", "TransferDestinations.Create Delete Edit View",
			"Users.Create Delete Edit EditPermission EnableAndDisable View",
		)),
		profile(SecurityAgent, "An agent is a user of the system that is focused on customer care and/or sales. Their role is unlikely to be technical.",
			granted("BasicAgentAccess", "OutboundCallAccess")),
		profile(SecurityManager, "A call center manager (or call center admin) manages the day-to-day aspects of the call center.", granted(
			"AccessMetrics", "AgentGrouping.View", "AgentStates.View", "AgentTimeCard.View", "ContactAttributes.View", "ContactFlows.View",
			"ContactSearch.View", "DeleteCallRecordings", "DownloadCallRecordings", "HoursOfOperation.Create Edit View", "ListenCallRecordings",
			"ManagerListenIn", "MetricsReports.Create Delete Edit Publish Schedule View", "PhoneNumbers.Claim Edit View", "Prompts.View",
			"Queues.Edit View", "ReportSchedules.Create Delete Edit View", "RoutingPolicies.View", "SecurityProfiles.View",
			"TransferDestinations.View", "Users.Create Edit EnableAndDisable View",
		)),
		profile(SecurityAnalyst, "A quality analyst works to improve the customer experience and keeps track of live service metrics.",
			granted("AccessMetrics", "AgentTimeCard.View", "ContactAttributes.View", "ContactSearch.View")),
	}
}

// granted writes permissions out: "Queues.Edit View" is Queues.Edit and Queues.View.
func granted(families ...string) (all []string) {
	for _, f := range families {
		family, actions, ok := strings.Cut(f, ".")
		if !ok {
			all = append(all, family)
			continue
		}
		for action := range strings.FieldsSeq(actions) {
			all = append(all, family+"."+action)
		}
	}
	return all
}
