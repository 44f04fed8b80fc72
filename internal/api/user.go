package api

import (
	"slices"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

// listUsersPage is the documented default.
const listUsersPage = 100

var userOps = map[string]handler{
	"CreateUser": answers(createUser),
	"DescribeUser": describes[*connect.DescribeUserInput](catalog.Users, func(c call, m made, u *center.User) *connect.DescribeUserOutput {
		return &connect.DescribeUserOutput{User: userOut(c, m, u)}
	}),
	"SearchUsers": searches(catalog.Users,
		func(in *connect.SearchUsersInput) (*connect.UserSearchCriteria, catalog.Condition, error) {
			filter, err := userFilter(value(in.SearchFilter))
			return in.SearchCriteria, filter, err
		},
		func(n *connect.UserSearchCriteria) criteriaNode[connect.UserSearchCriteria] {
			of := textOnly(n.OrConditions, n.AndConditions, n.StringCondition)
			of.leaf.Group, of.leaf.List = groupCondition(n.HierarchyGroupCondition), listCondition(n.ListCondition)
			return of
		},
		func(c call, m made, u *center.User) (connect.UserSearchSummary, error) {
			return foundUser(c, m, u), nil
		},
		func(found []connect.UserSearchSummary, next *string, total *int64) *connect.SearchUsersOutput {
			return &connect.SearchUsersOutput{Users: found, NextToken: next, ApproximateTotalCount: total}
		}),
	"ListUsers": lists[*connect.ListUsersInput](catalog.Users, listUsersPage, nil,
		func(c call, m made, u *center.User) connect.UserSummary {
			return connect.UserSummary{Id: m.id, Arn: m.arn, Username: &u.Name, LastModifiedTime: &u.Modified, LastModifiedRegion: &c.Partition.Region}
		},
		func(all []connect.UserSummary, next *string) *connect.ListUsersOutput {
			return &connect.ListUsersOutput{UserSummaryList: all, NextToken: next}
		}),
	"DeleteUser": does[connect.DeleteUserOutput](func(c call, in *connect.DeleteUserInput) error {
		return c.Agents.DeleteUser(c.ctx(), c.at, userID(in.UserId))
	}),
	"DeleteAllEntitySessions": does[connect.DeleteAllEntitySessionsOutput](func(c call, in *connect.DeleteAllEntitySessionsInput) error {
		return c.Catalog.EndSessions(c.ctx(), c.at, catalog.Users.ParseID(*in.EntityId))
	}),
	"UpdateUserIdentityInfo": does[connect.UpdateUserIdentityInfoOutput](func(c call, in *connect.UpdateUserIdentityInfoInput) error {
		return c.Catalog.UpdateIdentity(c.ctx(), c.at, catalog.Users.ParseID(*in.UserId), identity(in.IdentityInfo))
	}),
	"UpdateUserPhoneConfig": updates[connect.UpdateUserPhoneConfigOutput](catalog.Users, func(_ call, in *connect.UpdateUserPhoneConfigInput, u *center.User) error {
		u.Channels.SetPhoneConfig(phoneConfig(in.PhoneConfig))
		return u.Channels.Check()
	}),
	"UpdateUserConfig": updates[connect.UpdateUserConfigOutput](catalog.Users, func(_ call, in *connect.UpdateUserConfigInput, u *center.User) error {
		setChannels(&u.Channels, in.AutoAcceptConfigs, in.AfterContactWorkConfigs, in.PhoneNumberConfigs, in.PersistentConnectionConfigs, in.VoiceEnhancementConfigs)
		return u.Channels.Check()
	}),
	"UpdateUserRoutingProfile": updates[connect.UpdateUserRoutingProfileOutput](catalog.Users, func(_ call, in *connect.UpdateUserRoutingProfileInput, u *center.User) error {
		u.RoutingProfile = center.RoutingProfileID(catalog.RoutingProfiles.ParseID(*in.RoutingProfileId))
		return nil
	}),
	"UpdateUserSecurityProfiles": updates[connect.UpdateUserSecurityProfilesOutput](catalog.Users, func(_ call, in *connect.UpdateUserSecurityProfilesInput, u *center.User) error {
		u.SecurityProfiles = securityProfileIDs(in.SecurityProfileIds)
		return nil
	}),
	"UpdateUserHierarchy": updates[connect.UpdateUserHierarchyOutput](catalog.Users, func(_ call, in *connect.UpdateUserHierarchyInput, u *center.User) error {
		u.HierarchyGroup = hierarchyGroupID(in.HierarchyGroupId)
		return nil
	}),
}

func userOut(c call, m made, u *center.User) *connect.User {
	out := &connect.User{
		Id: m.id, Arn: m.arn, Username: &u.Name, IdentityInfo: identityOut(&u.Identity), DirectoryUserId: text(u.DirectoryID),
		SecurityProfileIds: each(u.SecurityProfiles, func(id *center.SecurityProfileID) string { return string(*id) }),
		RoutingProfileId:   text(u.RoutingProfile), HierarchyGroupId: text(u.HierarchyGroup),
		Tags: u.Tags, LastModifiedTime: &u.Modified, LastModifiedRegion: &c.Partition.Region,
	}
	channelsOut(out, &u.Channels)
	return out
}

// foundUser is a user as SearchUsers shows it: without addresses, and with the AfterContactWorkTimeLimit of PhoneConfig in
// milliseconds (API reference, SearchUsers). That those of AfterContactWorkConfigs stay seconds is inferred.
func foundUser(c call, m made, u *center.User) connect.UserSearchSummary {
	all := userOut(c, m, u)
	*all.PhoneConfig.AfterContactWorkTimeLimit *= 1000
	out := connect.UserSearchSummary{
		Id: all.Id, Arn: all.Arn, Username: all.Username, DirectoryUserId: all.DirectoryUserId, SecurityProfileIds: all.SecurityProfileIds,
		RoutingProfileId: all.RoutingProfileId, HierarchyGroupId: all.HierarchyGroupId, Tags: all.Tags, PhoneConfig: all.PhoneConfig,
		AutoAcceptConfigs: all.AutoAcceptConfigs, AfterContactWorkConfigs: all.AfterContactWorkConfigs, PhoneNumberConfigs: all.PhoneNumberConfigs,
		PersistentConnectionConfigs: all.PersistentConnectionConfigs, VoiceEnhancementConfigs: all.VoiceEnhancementConfigs,
	}
	if i := &u.Identity; i.FirstName != "" || i.LastName != "" {
		out.IdentityInfo = &connect.UserIdentityInfoLite{FirstName: text(i.FirstName), LastName: text(i.LastName)}
	}
	return out
}

func createUser(c call, in *connect.CreateUserInput) (*connect.CreateUserOutput, error) {
	u := &center.User{
		Head: head[center.UserID](in.Username, nil, in.Tags), DirectoryID: value(in.DirectoryUserId), Identity: identity(in.IdentityInfo),
		SecurityProfiles: securityProfileIDs(in.SecurityProfileIds), RoutingProfile: center.RoutingProfileID(catalog.RoutingProfiles.ParseID(*in.RoutingProfileId)),
		HierarchyGroup: hierarchyGroupID(in.HierarchyGroupId),
	}
	if p := in.PhoneConfig; p != nil {
		for _, twin := range []struct {
			given         bool
			member, lists string
		}{
			{p.AutoAccept != nil && in.AutoAcceptConfigs != nil, "AutoAccept", "AutoAcceptConfigs"},
			{p.AfterContactWorkTimeLimit != nil && in.AfterContactWorkConfigs != nil, "AfterContactWorkTimeLimit", "AfterContactWorkConfigs"},
			{p.PhoneType != nil && in.PhoneNumberConfigs != nil, "PhoneType", "PhoneNumberConfigs"},
			{p.DeskPhoneNumber != nil && in.PhoneNumberConfigs != nil, "DeskPhoneNumber", "PhoneNumberConfigs"},
			{p.PersistentConnection != nil && in.PersistentConnectionConfigs != nil, "PersistentConnection", "PersistentConnectionConfigs"},
		} {
			if twin.given {
				return nil, center.Refuse(center.InvalidRequest, "PhoneConfig.%s must not be given with %s", twin.member, twin.lists)
			}
		}
		u.Channels.SetPhoneConfig(phoneConfig(p))
	}
	setChannels(&u.Channels, in.AutoAcceptConfigs, in.AfterContactWorkConfigs, in.PhoneNumberConfigs, in.PersistentConnectionConfigs, in.VoiceEnhancementConfigs)
	if err := c.Catalog.CreateUser(c.ctx(), c.at, u, in.Password); err != nil {
		return nil, err
	}
	m := madeOf(c, catalog.Users, u)
	return &connect.CreateUserOutput{UserId: m.id, UserArn: m.arn}, nil
}

// securityProfileIDs reads which security profiles a user gets, each once.
func securityProfileIDs(in []string) []center.SecurityProfileID {
	var ids []center.SecurityProfileID
	for _, s := range in {
		if id := center.SecurityProfileID(catalog.SecurityProfiles.ParseID(s)); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func identity(in *connect.UserIdentityInfo) center.Identity {
	if in == nil {
		return center.Identity{}
	}
	return center.Identity{
		FirstName: value(in.FirstName), LastName: value(in.LastName), Email: value(in.Email),
		SecondaryEmail: value(in.SecondaryEmail), Mobile: value(in.Mobile),
	}
}

func identityOut(i *center.Identity) *connect.UserIdentityInfo {
	if *i == (center.Identity{}) {
		return nil
	}
	return &connect.UserIdentityInfo{
		FirstName: text(i.FirstName), LastName: text(i.LastName), Email: text(i.Email), SecondaryEmail: text(i.SecondaryEmail), Mobile: text(i.Mobile),
	}
}

// phoneConfig reads the whole of a PhoneConfig: what is absent has its default.
func phoneConfig(in *connect.UserPhoneConfig) center.PhoneConfig {
	p := center.PhoneConfig{
		Type: center.SoftPhone, Number: value(in.DeskPhoneNumber), AutoAccept: value(in.AutoAccept),
		AfterContactWork: int(value(in.AfterContactWorkTimeLimit)), Persistent: in.PersistentConnection,
	}
	set(&p.Type, in.PhoneType)
	return p
}

// setChannels replaces the lists that a request names.
func setChannels(s *center.ChannelSettings, accept []connect.AutoAcceptConfig, work []connect.AfterContactWorkConfigPerChannel, phone []connect.PhoneNumberConfig, line []connect.PersistentConnectionConfig, voice []connect.VoiceEnhancementConfig) {
	replace(&s.AutoAccept, each(accept, func(a *connect.AutoAcceptConfig) center.AutoAccept {
		return center.AutoAccept{Channel: *a.Channel, On: *a.AutoAccept, FirstCallback: a.AgentFirstCallbackAutoAccept}
	}))
	replace(&s.AfterContactWork, each(work, func(w *connect.AfterContactWorkConfigPerChannel) center.AfterContactWork {
		out := center.AfterContactWork{Channel: *w.Channel, Limit: int(value(w.AfterContactWorkConfig.AfterContactWorkTimeLimit))}
		if first := w.AgentFirstCallbackAfterContactWorkConfig; first != nil {
			limit := int(value(first.AfterContactWorkTimeLimit))
			out.FirstCallback = &limit
		}
		return out
	}))
	replace(&s.Phone, each(phone, func(p *connect.PhoneNumberConfig) center.PhoneSetting {
		return center.PhoneSetting{Channel: *p.Channel, Type: *p.PhoneType, Number: value(p.PhoneNumber)}
	}))
	replace(&s.Persistent, each(line, func(l *connect.PersistentConnectionConfig) center.PersistentLine {
		return center.PersistentLine{Channel: *l.Channel, On: *l.PersistentConnection}
	}))
	replace(&s.Enhancement, each(voice, func(v *connect.VoiceEnhancementConfig) center.VoiceEnhancement {
		return center.VoiceEnhancement{Channel: *v.Channel, Mode: *v.VoiceEnhancementMode}
	}))
}

// channelsOut shows the settings of each channel, and PhoneConfig as the view of them that it is.
func channelsOut(out *connect.User, s *center.ChannelSettings) {
	p := s.PhoneConfig()
	limit := int64(p.AfterContactWork)
	out.PhoneConfig = &connect.UserPhoneConfig{
		PhoneType: &p.Type, AutoAccept: &p.AutoAccept, AfterContactWorkTimeLimit: &limit, DeskPhoneNumber: text(p.Number), PersistentConnection: p.Persistent,
	}
	out.AutoAcceptConfigs = each(s.AutoAccept, func(a *center.AutoAccept) connect.AutoAcceptConfig {
		return connect.AutoAcceptConfig{Channel: &a.Channel, AutoAccept: &a.On, AgentFirstCallbackAutoAccept: a.FirstCallback}
	})
	out.AfterContactWorkConfigs = each(s.AfterContactWork, func(w *center.AfterContactWork) connect.AfterContactWorkConfigPerChannel {
		each := connect.AfterContactWorkConfigPerChannel{Channel: &w.Channel, AfterContactWorkConfig: afterContactWorkOut(&w.Limit)}
		each.AgentFirstCallbackAfterContactWorkConfig = afterContactWorkOut(w.FirstCallback)
		return each
	})
	out.PhoneNumberConfigs = each(s.Phone, func(p *center.PhoneSetting) connect.PhoneNumberConfig {
		return connect.PhoneNumberConfig{Channel: &p.Channel, PhoneType: &p.Type, PhoneNumber: text(p.Number)}
	})
	out.PersistentConnectionConfigs = each(s.Persistent, func(l *center.PersistentLine) connect.PersistentConnectionConfig {
		return connect.PersistentConnectionConfig{Channel: &l.Channel, PersistentConnection: &l.On}
	})
	out.VoiceEnhancementConfigs = each(s.Enhancement, func(v *center.VoiceEnhancement) connect.VoiceEnhancementConfig {
		return connect.VoiceEnhancementConfig{Channel: &v.Channel, VoiceEnhancementMode: &v.Mode}
	})
}

func afterContactWorkOut(limit *int) *connect.AfterContactWorkConfig {
	if limit == nil {
		return nil
	}
	seconds := int64(*limit)
	return &connect.AfterContactWorkConfig{AfterContactWorkTimeLimit: &seconds}
}
