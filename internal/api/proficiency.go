package api

import (
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var proficiencyOps = map[string]handler{
	"AssociateUserProficiencies": does[connect.AssociateUserProficienciesOutput](func(c call, in *connect.AssociateUserProficienciesInput) error {
		return c.Catalog.AssociateProficiencies(c.ctx(), c.at, catalog.Users.ParseID(*in.UserId), proficiencies(in.UserProficiencies))
	}),
	"UpdateUserProficiencies": updates[connect.UpdateUserProficienciesOutput](catalog.Users, func(_ call, in *connect.UpdateUserProficienciesInput, u *center.User) error {
		return u.UpdateProficiencies(proficiencies(in.UserProficiencies))
	}),
	"DisassociateUserProficiencies": updates[connect.DisassociateUserProficienciesOutput](catalog.Users, func(_ call, in *connect.DisassociateUserProficienciesInput, u *center.User) error {
		return u.RemoveProficiencies(each(in.UserProficiencies, func(p *connect.UserProficiencyDisassociate) center.Proficiency {
			return center.Proficiency{Attribute: *p.AttributeName, Value: *p.AttributeValue}
		}))
	}),
	"ListUserProficiencies": listsIn[*connect.ListUserProficienciesInput](catalog.Users,
		func(u *center.User) []center.Proficiency { return u.Proficiencies }, (*center.Proficiency).Key,
		func(c call, u *center.User, found []center.Proficiency, next *string) *connect.ListUserProficienciesOutput {
			return &connect.ListUserProficienciesOutput{
				UserProficiencyList: each(found, func(p *center.Proficiency) connect.UserProficiency {
					return connect.UserProficiency{AttributeName: &p.Attribute, AttributeValue: &p.Value, Level: &p.Level}
				}),
				NextToken: next, LastModifiedTime: &u.Modified, LastModifiedRegion: &c.Partition.Region,
			}
		}),
}

func proficiencies(in []connect.UserProficiency) []center.Proficiency {
	return each(in, func(p *connect.UserProficiency) center.Proficiency {
		return center.Proficiency{Attribute: *p.AttributeName, Value: *p.AttributeValue, Level: *p.Level}
	})
}
