package center_test

import (
	"testing"

	"github.com/parley-chat/parley/internal/center"
)

// Which contacts of others a user may find follows from permissions and from the user's hierarchy groups.
func TestScopesOfContacts(t *testing.T) {
	ann, bob := center.UserID("ann"), center.UserID("bob")
	by := func(user center.UserID, groups ...center.HierarchyGroupID) *center.ContactAgent {
		return &center.ContactAgent{User: user, Hierarchy: groups}
	}
	contacts := map[string]*center.ContactAgent{
		"nobody's": nil, "own": by(ann, "west", "sales"), "own, elsewhere then": by(ann, "east"), "same group": by(bob, "west", "sales", "team"), "group above": by(bob, "west"), "other group": by(bob, "west", "support"),
	}
	in := []center.HierarchyGroupID{"west", "sales"}
	for name, c := range map[string]struct {
		permissions []string
		groups      []center.HierarchyGroupID
		sees        []string // nil: may find none
	}{
		"nothing":            {nil, in, nil},
		"all":                {[]string{center.PermitContacts}, in, []string{"nobody's", "own", "own, elsewhere then", "same group", "group above", "other group"}},
		"own":                {[]string{center.PermitOwnContacts}, in, []string{"own", "own, elsewhere then"}},
		"both":               {[]string{center.PermitContacts, center.PermitOwnContacts}, nil, []string{"nobody's", "own", "own, elsewhere then", "same group", "group above", "other group"}},
		"group":              {[]string{center.PermitContacts, center.PermitRestricted}, in, []string{"own", "same group"}},
		"own of the group":   {[]string{center.PermitOwnContacts, center.PermitRestricted}, in, []string{"own"}},
		"no group":           {[]string{center.PermitContacts, center.PermitRestricted}, nil, []string{"own", "own, elsewhere then"}},
		"restricted is none": {[]string{center.PermitRestricted}, in, nil},
	} {
		profile := center.SecurityProfile{Head: center.Head[center.SecurityProfileID]{ID: "p"}, Permissions: c.permissions}
		u := &center.User{Head: center.Head[center.UserID]{ID: ann, Name: "ann"}, SecurityProfiles: []center.SecurityProfileID{"p"}}
		who := center.NewPrincipal("i", u, []center.SecurityProfile{profile})
		scope, err := who.Contacts(c.groups)
		if c.sees == nil {
			if !center.Is(err, center.AccessDenied) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		want := map[string]bool{}
		for _, contact := range c.sees {
			want[contact] = true
		}
		for contact, agent := range contacts {
			if got := scope.Covers(agent); got != want[contact] {
				t.Errorf("%s: %s is seen: %v", name, contact, got)
			}
		}
	}
}
