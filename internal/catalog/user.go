package catalog

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/text/unicode/norm"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// Users are the users of an instance. Each has a queue of its own, which comes and goes with it.
var Users = &Kind[center.User]{
	rows: users, word: "USER", tail: "agent",
	key:   (*center.User).Key,
	stamp: (*center.User).Stamp,
	tags:  (*center.User).TagSet,
	refs:  userRefs,
	taken: "a user of that name already exists in the instance",
	quota: 500, plural: "users",
	with: []string{"user-password", "user-totp"},
	fields: []field[center.User]{
		{name: "Username", how: byName, one: func(u *center.User) string { return u.Name }},
		{name: "FirstName", how: byName, one: func(u *center.User) string { return u.Identity.FirstName }},
		{name: "LastName", how: byName, one: func(u *center.User) string { return u.Identity.LastName }},
		idField("RoutingProfileId", parseID("routing-profile"), func(u *center.User) string { return string(u.RoutingProfile) }),
		{name: "SecurityProfileId", how: byID, parse: parseID("security-profile"), some: func(u *center.User, match func(string) bool) bool {
			return slices.ContainsFunc(u.SecurityProfiles, func(id center.SecurityProfileID) bool { return match(string(id)) })
		}},
		idField("resourceId", parseID("agent"), func(u *center.User) string { return string(u.ID) }),
		{name: "HierarchyGroupCondition", how: byGroup, parse: parseID("agent-group"), below: groupsBelow, one: func(u *center.User) string { return string(u.HierarchyGroup) }},
		{name: "PROFICIENCIES", how: byItems, items: proficiencyItems},
	},
}

// proficiencyItems hands out the proficiencies of a user until one is wanted, and says whether one was.
func proficiencyItems(u *center.User, wanted func(item) bool) bool {
	return slices.ContainsFunc(u.Proficiencies, func(p center.Proficiency) bool { return wanted(item{p.Attribute, p.Value, p.Level}) })
}

func userRefs(u *center.User) []store.Ref {
	refs := []store.Ref{{Kind: RoutingProfiles.rows, ID: string(u.RoutingProfile)}}
	for _, id := range u.SecurityProfiles {
		refs = append(refs, store.Ref{Kind: SecurityProfiles.rows, ID: string(id)})
	}
	if u.HierarchyGroup != "" {
		refs = append(refs, store.Ref{Kind: HierarchyGroups.rows, ID: string(u.HierarchyGroup)})
	}
	for _, p := range u.Proficiencies {
		ref := store.Ref{Kind: PredefinedAttributes.rows, ID: p.Attribute}
		if !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	return refs
}

// CreateUser makes a user with its queue and, where the instance keeps passwords, its password.
func (c *Catalog) CreateUser(ctx context.Context, at center.InstanceID, u *center.User, password *string) error {
	i, err := c.Instance(ctx, at)
	if err != nil {
		return err
	}
	managed := i.IdentityManagementType
	for _, err := range []error{
		center.CheckUsername(u.Name, managed),
		center.CheckPasswordGiven(password != nil, managed),
		center.CheckDirectoryUser(u.DirectoryID, managed),
		u.Identity.Check(managed),
		normal(&u.Identity),
		u.Channels.Check(),
	} {
		if err != nil {
			return err
		}
	}
	// Before a password is hashed, and after, when callers of the same moment have waited for each other. What is left, the
	// commit refuses.
	if err := c.nameFree(ctx, at, u.Name); err != nil {
		return err
	}
	now := c.Now()
	u.ID = center.UserID(c.NewID())
	if u.DirectoryID == "" && managed != center.IdentitySAML {
		u.DirectoryID = c.NewID()
	}
	queue := center.AgentQueue(u, now)
	row, err := Queues.fresh(at, &queue, now)
	if err != nil {
		return err
	}
	rows := []store.Resource{row}
	if password != nil {
		if row, err = c.passwordRow(ctx, at, u.ID, *password); err != nil {
			return err
		}
		rows = append(rows, row)
		if err := c.nameFree(ctx, at, u.Name); err != nil {
			return err
		}
	}
	_, err = Users.Create(ctx, c, at, u, ClientToken{}, rows...)
	return err
}

// UserNamed finds a user by its name.
func (c *Catalog) UserNamed(ctx context.Context, at center.InstanceID, name string) (*center.User, error) {
	row, err := c.Store.ResourceByName(ctx, at, Users.rows, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, center.Refuse(center.NotFound, "no user has this name (%d characters)", len([]rune(name)))
	}
	if err != nil {
		return nil, err
	}
	return Users.decode(c, row)
}

// nameFree refuses the name of a user that is there.
func (c *Catalog) nameFree(ctx context.Context, at center.InstanceID, name string) error {
	_, err := c.Store.ResourceByName(ctx, at, Users.rows, name)
	switch {
	case err == nil:
		return center.Refuse(center.Duplicate, "%s", Users.taken)
	case errors.Is(err, store.ErrNotFound):
		return nil
	}
	return err
}

// normal refuses names in another form than Unicode's form C. Source: the API model's text of UserIdentityInfo.
func normal(i *center.Identity) error {
	for _, name := range []struct{ member, value string }{{"FirstName", i.FirstName}, {"LastName", i.LastName}} {
		if !norm.NFC.IsNormalString(name.value) {
			return center.Refuse(center.InvalidParameter, "IdentityInfo.%s must be in Unicode Normalization Form C (%d characters)", name.member, len([]rune(name.value)))
		}
	}
	return nil
}

// UpdateIdentity replaces what is known of who a user is.
func (c *Catalog) UpdateIdentity(ctx context.Context, at center.InstanceID, id string, to center.Identity) error {
	i, err := c.Instance(ctx, at)
	if err != nil {
		return err
	}
	if err := normal(&to); err != nil {
		return err
	}
	return Users.Update(ctx, c, at, id, 0, func(u *center.User) error {
		if err := to.CheckChange(&u.Identity, i.IdentityManagementType); err != nil {
			return err
		}
		u.Identity = to
		return nil
	})
}

// AssociateProficiencies gives a user proficiencies. Their predefined attributes must exist.
func (c *Catalog) AssociateProficiencies(ctx context.Context, at center.InstanceID, id string, add []center.Proficiency) error {
	quota := 0
	if c.Quotas {
		quota = center.MaxProficiencies
	}
	if err := c.in(ctx, at); err != nil {
		return err
	}
	for i := range add {
		if err := c.checkPredefined(ctx, at, &add[i]); err != nil {
			return err
		}
	}
	return Users.Update(ctx, c, at, id, 0, func(u *center.User) error { return u.AddProficiencies(add, quota) })
}

// checkPredefined refuses a proficiency whose predefined attribute does not exist, or does not have its value. An
// attribute may lose a value later that users have.
func (c *Catalog) checkPredefined(ctx context.Context, at center.InstanceID, p *center.Proficiency) error {
	attribute, err := PredefinedAttributes.find(ctx, c, at, p.Attribute)
	if err != nil {
		return err
	}
	if !slices.Contains(attribute.Values, p.Value) {
		return center.Refuse(center.InvalidParameter, "AttributeValue must be one of the values of the predefined attribute, got %d characters", len([]rune(p.Value)))
	}
	return nil
}

// DeleteUser deletes a user, its queue and its password. Quick connects that lead to it stay, and lead nowhere: see
// CheckQuickConnect. A contact that waits in its queue does so until its flow or its time ends that.
func (c *Catalog) DeleteUser(ctx context.Context, at center.InstanceID, id string) error {
	if err := c.in(ctx, at); err != nil {
		return err
	}
	user := store.InstanceRef{Instance: at, Ref: store.Ref{Kind: Users.rows, ID: id}}
	queue := store.InstanceRef{Instance: at, Ref: store.Ref{Kind: Queues.rows, ID: id}}
	err := Users.commit(ctx, c, store.ResourceCommit{Delete: []store.Deletion{{InstanceRef: user, With: Users.with}, {InstanceRef: queue}}})
	if errors.Is(err, store.ErrNotFound) {
		return Users.notFound(id)
	}
	return err
}
