package catalog

import (
	"context"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// SecurityProfiles are the security profiles of an instance.
var SecurityProfiles = &Kind[center.SecurityProfile]{
	rows: "security-profile", word: "SECURITY_PROFILE", tail: "security-profile",
	key:   (*center.SecurityProfile).Key,
	stamp: (*center.SecurityProfile).Stamp,
	tags:  (*center.SecurityProfile).TagSet,
	check: (*center.SecurityProfile).Check,
	refs: func(p *center.SecurityProfile) []store.Ref {
		if p.HierarchyGroup == "" {
			return nil
		}
		return []store.Ref{{Kind: HierarchyGroups.rows, ID: string(p.HierarchyGroup)}}
	},
	taken: "a security profile of that name already exists in the instance",
	quota: 100, plural: "security profiles",
	fields: []field[center.SecurityProfile]{nameField(byName, (*center.SecurityProfile).Key)},
}

// CheckSecurityProfile refuses a security profile that allows a flow module which does not exist. Modules may be deleted
// later, as everywhere.
func (c *Catalog) CheckSecurityProfile(ctx context.Context, at center.InstanceID, p *center.SecurityProfile) error {
	for _, m := range p.FlowModules {
		if _, err := Modules.find(ctx, c, at, string(m.ID)); err != nil {
			return err
		}
	}
	return nil
}

// DeleteSecurityProfile deletes a security profile that no user has and that is none of the defaults.
func (c *Catalog) DeleteSecurityProfile(ctx context.Context, at center.InstanceID, id string) error {
	p, err := SecurityProfiles.Get(ctx, c, at, id)
	if err == nil {
		err = p.MayDelete()
	}
	if err != nil {
		return err
	}
	return SecurityProfiles.Delete(ctx, c, at, id)
}
