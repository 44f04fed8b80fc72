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
	// PermitUsers allows to change users, their passwords among it; PermitPermissions to change what they may do.
	PermitUsers       = "Users.Edit"
	PermitPermissions = "Users.EditPermission"
	// PermitSecurity shows the security profiles, PermitEditSecurity changes them: here also what signing in asks for.
	PermitSecurity     = "SecurityProfiles.View"
	PermitEditSecurity = "SecurityProfiles.Edit"
	// PermitContacts lets a user find contacts, PermitOwnContacts those that the user has handled. PermitRestricted takes all away
	// that no agent of the user's hierarchy group has handled.
	PermitContacts    = "ContactSearch.View"
	PermitOwnContacts = "MyContacts.View"
	PermitRestricted  = "RestrictContactAccessByHierarchy.View"
	// PermitTranscripts shows the transcripts of contacts that are over; PermitRecordings, its older name, shows recordings and
	// transcripts.
	PermitTranscripts = "ContactTranscripts.Unredacted.Access"
	PermitRecordings  = "ListenCallRecordings"
	// PermitAttributes shows contact attributes, and allows to search by them.
	PermitAttributes = "ContactAttributes.View"
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

// MayActFor refuses a principal that would gain permissions if it could sign in as another user: it has less than that one, and
// may not give itself more either.
func (p *Principal) MayActFor(other *Principal) error {
	if p.Has(PermitPermissions) {
		return nil
	}
	for permission := range other.granted {
		if !p.granted[permission] {
			return Refuse(AccessDenied, "The user may do more than the caller: that needs the permission %s", PermitPermissions)
		}
	}
	return nil
}

// ContactScope is which contacts of an instance a user may find. The zero value is all.
type ContactScope struct {
	// Handler is whose contacts they are, "" for anybody's.
	Handler UserID
	// Group is the hierarchy group that the agent who handled them was in, at the level with this number (0 is the first), "" for
	// any.
	Group HierarchyGroupID
	Level int
}

// Covers says whether a contact is in the scope that an agent has handled, nil for none.
func (s *ContactScope) Covers(by *ContactAgent) bool {
	switch {
	case s.Handler == "" && s.Group == "":
		return true
	case by == nil || s.Handler != "" && by.User != s.Handler:
		return false
	}
	return s.Group == "" || s.Level < len(by.Hierarchy) && by.Hierarchy[s.Level] == s.Group
}

// Restricted is the scope that is left of all contacts to a user with these hierarchy groups, from the first level on: a user
// who is restricted and in no group has only the contacts that the user has handled (inferred).
// Source: admin guide, "Manage who can search for contacts and access detailed information".
func (p *Principal) Restricted(groups []HierarchyGroupID) (s ContactScope) {
	switch n := len(groups); {
	case !p.Has(PermitRestricted):
	case n == 0:
		s.Handler = p.User
	default:
		s.Group, s.Level = groups[n-1], n-1
	}
	return s
}

// Contacts is the scope of the contacts that a user may find, or refuses one who may find none.
func (p *Principal) Contacts(groups []HierarchyGroupID) (s ContactScope, err error) {
	s = p.Restricted(groups)
	if !p.Has(PermitContacts) {
		s.Handler = p.User
	}
	return s, p.May(PermitContacts, PermitOwnContacts)
}
