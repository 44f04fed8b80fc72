package center

import (
	"maps"
	"slices"
	"strings"
)

// Permissions of security profiles that the agent's side of a contact asks for.
// Source: admin guide, "List of security profile permissions".
const (
	// PermitAgent gives access to the Contact Control Panel: agents, and those who monitor live conversations.
	PermitAgent = "BasicAgentAccess"
	// PermitQuickConnects shows quick connects, and so allows to transfer to them, to invite and to start flows.
	PermitQuickConnects = "TransferDestinations.View"
	// PermitMonitor allows to monitor live conversations, PermitBarge to barge into them.
	PermitMonitor = "ManagerListenIn"
	PermitBarge   = "ManagerBargeIn"
	// PermitMetrics shows all metrics, PermitRealTimeMetrics those of the present.
	PermitMetrics         = "AccessMetrics"
	PermitRealTimeMetrics = "AccessMetrics.RealTimeMetrics.Access"
	// PermitStatuses shows the statuses of agents, and together with metrics allows to change them (admin guide, "Change
	// the Agent activity status in a metrics report").
	PermitStatuses = "AgentStates.View"
)

// Principal is a user of an instance who is signed in, with what the user's security profiles allow.
type Principal struct {
	Instance InstanceID
	User     UserID
	Name     string // the user name
	granted  map[string]bool
}

// NewPrincipal returns a user with the permissions of all of the user's security profiles. Profiles of other ids are
// left out.
func NewPrincipal(at InstanceID, u *User, profiles []SecurityProfile) Principal {
	p := Principal{Instance: at, User: u.ID, Name: u.Name, granted: map[string]bool{}}
	has := map[SecurityProfileID]bool{}
	for _, id := range u.SecurityProfiles {
		has[id] = true
	}
	for i := range profiles {
		if !has[profiles[i].ID] {
			continue
		}
		for _, permission := range profiles[i].Permissions {
			p.granted[permission] = true
		}
	}
	return p
}

// Permissions are all that the principal has, in the order of their names.
func (p *Principal) Permissions() []string { return slices.Sorted(maps.Keys(p.granted)) }

// Has reports whether the principal has at least one of the permissions.
func (p *Principal) Has(anyOf ...string) bool {
	for _, permission := range anyOf {
		if p.granted[permission] {
			return true
		}
	}
	return false
}

// May refuses a principal that has none of the permissions.
func (p *Principal) May(anyOf ...string) error {
	if p.Has(anyOf...) {
		return nil
	}
	return Refuse(AccessDenied, "No security profile of the user has the permission %s", strings.Join(anyOf, " or "))
}
