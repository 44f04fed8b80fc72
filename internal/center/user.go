package center

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// UserID names a user.
type UserID string

// User is a person who works in an instance: an agent, a supervisor, an administrator. Name is the user name.
type User struct {
	Head[UserID]
	Identity         Identity            `json:"identity"`
	DirectoryID      string              `json:"directoryId,omitempty"`
	SecurityProfiles []SecurityProfileID `json:"securityProfiles"`
	RoutingProfile   RoutingProfileID    `json:"routingProfile"`
	HierarchyGroup   HierarchyGroupID    `json:"hierarchyGroup,omitempty"`
	Channels         ChannelSettings     `json:"channels"`
	// Proficiencies are in the order of their keys.
	Proficiencies []Proficiency `json:"proficiencies,omitempty"`
}

// Identity is who a user is. What was not given is "".
type Identity struct {
	FirstName      string `json:"firstName,omitempty"`
	LastName       string `json:"lastName,omitempty"`
	Email          string `json:"email,omitempty"`
	SecondaryEmail string `json:"secondaryEmail,omitempty"`
	Mobile         string `json:"mobile,omitempty"`
}

// The API model's texts have these bounds, its shapes do not: up to 20 characters for a user name, 64 with SAML; names
// of people with passwords of Amazon Connect's are shorter than the shapes allow.
const (
	maxUsername     = 20
	maxSAMLUsername = 64
	maxFirstName    = 255
	maxLastName     = 256
	maxEmail        = 265
)

var (
	samlUsername = regexp.MustCompile(`^[a-zA-Z0-9_.\\@-]+$`)
	email        = regexp.MustCompile(`^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,63}$`)
)

// CheckUsername refuses a user name that an instance of the type of identity management cannot have.
// Source: the API model's text of CreateUser. User names are case sensitive (admin guide, "Configure SAML with IAM").
func CheckUsername(name, identityManagement string) error {
	most, n := maxUsername, len([]rune(name))
	if identityManagement == IdentitySAML {
		most = maxSAMLUsername
	}
	switch {
	case n == 0:
		return Refuse(InvalidParameter, "Username must not be empty")
	case n > most:
		return Refuse(InvalidParameter, "Username must have at most %d characters with the identity management %s, got %d", most, identityManagement, n)
	case identityManagement == IdentitySAML && !samlUsername.MatchString(name):
		return Refuse(InvalidParameter, `Username must have only letters, digits and the characters _ - . \ @ with the identity management %s (%d characters)`, identityManagement, n)
	case strings.Contains(name, "@") && !email.MatchString(name):
		return Refuse(InvalidParameter, "Username may have an @ only in the form of an email address (%d characters)", n)
	}
	return nil
}

// CheckDirectoryUser refuses the DirectoryUserId that an instance which federates by SAML cannot have.
func CheckDirectoryUser(id, identityManagement string) error {
	if id != "" && identityManagement == IdentitySAML {
		return Refuse(InvalidRequest, "DirectoryUserId must not be given with the identity management %s", identityManagement)
	}
	return nil
}

// Check refuses an identity that a user of the type of identity management cannot have.
// Source: the API model's text of UserIdentityInfo, whose pattern of secondary addresses is taken for both (inferred). It
// also says that names are required but for existing directories; its shape does not, and users without are accepted.
func (i *Identity) Check(identityManagement string) error {
	if n := len([]rune(i.FirstName)); n > maxFirstName {
		return Refuse(InvalidParameter, "IdentityInfo.FirstName must have at most %d characters, got %d", maxFirstName, n)
	}
	if n := len([]rune(i.LastName)); n > maxLastName && identityManagement == IdentityManaged {
		return Refuse(InvalidParameter, "IdentityInfo.LastName must have at most %d characters with the identity management %s, got %d", maxLastName, identityManagement, n)
	}
	if i.Email != "" && identityManagement == IdentitySAML {
		return Refuse(InvalidRequest, "IdentityInfo.Email must not be given with the identity management %s", identityManagement)
	}
	for _, address := range []struct{ member, value string }{{"Email", i.Email}, {"SecondaryEmail", i.SecondaryEmail}} {
		if n := len([]rune(address.value)); n > maxEmail || n > 0 && !email.MatchString(address.value) {
			return Refuse(InvalidParameter, "IdentityInfo.%s must be an email address of at most %d characters, got %d characters", address.member, maxEmail, n)
		}
	}
	return nil
}

// CheckChange refuses a change of what an existing directory has, whose users are changed there.
// Source: the API model's text of UserIdentityInfo.
func (i *Identity) CheckChange(old *Identity, identityManagement string) error {
	if identityManagement == IdentityExisting && (i.FirstName != old.FirstName || i.LastName != old.LastName || i.Email != old.Email) {
		return Refuse(InvalidRequest, "FirstName, LastName and Email are the directory's with the identity management %s and cannot be changed here", identityManagement)
	}
	return i.Check(identityManagement)
}

// MaxProficiencies is how many proficiencies a user may have where quotas are kept.
const MaxProficiencies = 10

// Proficiency is what a user is good at: a value of a predefined attribute, and how good.
type Proficiency struct {
	Attribute string  `json:"attribute"`
	Value     string  `json:"value"`
	Level     float64 `json:"level,omitempty"`
}

// Key names a proficiency among those of a user.
func (p *Proficiency) Key() string { return strconv.Quote(p.Attribute) + strconv.Quote(p.Value) }

func (u *User) proficiency(p *Proficiency) (at int, has bool) {
	return slices.BinarySearchFunc(u.Proficiencies, p.Key(), func(q Proficiency, key string) int { return cmp.Compare(q.Key(), key) })
}

// AddProficiencies associates proficiencies with a user. One that the user has already stays as it is; its level is
// changed by UpdateProficiencies alone (inferred). quota is how many the user may have, 0 for any number.
func (u *User) AddProficiencies(add []Proficiency, quota int) error {
	for i := range add {
		p := &add[i]
		at, has := u.proficiency(p)
		switch {
		case !has:
			u.Proficiencies = slices.Insert(u.Proficiencies, at, *p)
		case u.Proficiencies[at].Level != p.Level:
			return Refuse(InvalidRequest, "UserProficiencies[%d]: the user has the proficiency already, with another level; UpdateUserProficiencies changes it", i)
		}
	}
	if n := len(u.Proficiencies); quota > 0 && n > quota {
		return Refuse(QuotaExceeded, "a user may have at most %d proficiencies, got %d", quota, n)
	}
	return nil
}

// UpdateProficiencies changes the levels of proficiencies that the user has.
func (u *User) UpdateProficiencies(changed []Proficiency) error {
	for i := range changed {
		p := &changed[i]
		at, has := u.proficiency(p)
		if !has {
			return noProficiency(i)
		}
		u.Proficiencies[at].Level = p.Level
	}
	return nil
}

// RemoveProficiencies takes proficiencies away from a user. One that the user does not have is not found (inferred).
func (u *User) RemoveProficiencies(gone []Proficiency) error {
	for i := range gone {
		at, has := u.proficiency(&gone[i])
		if !has {
			return noProficiency(i)
		}
		u.Proficiencies = slices.Delete(u.Proficiencies, at, at+1)
	}
	return nil
}

func noProficiency(i int) error {
	return Refuse(NotFound, "UserProficiencies[%d]: the user does not have the proficiency", i)
}

// agentQueuePlaces is how many contacts may wait in an agent's queue (admin guide, "Amazon Connect service quotas").
const agentQueuePlaces = 10

// AgentQueue is the queue of the contacts that wait for one agent. It comes and goes with its user, and has no name and
// no hours of operation.
func AgentQueue(u *User, now time.Time) Queue {
	most := agentQueuePlaces
	return Queue{Head: Head[QueueID]{ID: QueueID(u.ID), Modified: now.UTC()}, Type: QueueAgent, Status: QueueEnabled, MaxContacts: &most}
}
