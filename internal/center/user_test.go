package center_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

func TestUsernames(t *testing.T) {
	for _, c := range []struct {
		name, identity string
		ok             bool
	}{
		{"ann", center.IdentityManaged, true},
		{"ann lee", center.IdentityManaged, true},
		{"", center.IdentityManaged, false},
		{strings.Repeat("é", 20), center.IdentityManaged, true},
		{strings.Repeat("é", 21), center.IdentityManaged, false},
		{strings.Repeat("a", 21), center.IdentityExisting, false},
		{strings.Repeat("a", 64), center.IdentitySAML, true},
		{strings.Repeat("a", 65), center.IdentitySAML, false},
		{`corp\ann.lee_1-x`, center.IdentitySAML, true},
		{"ann lee", center.IdentitySAML, false},
		{"é", center.IdentitySAML, false},
		{"ann@example.com", center.IdentityManaged, true},
		{"ann@example", center.IdentityManaged, false},
		{"ann@example.com", center.IdentitySAML, true},
		{"a@b@example.com", center.IdentitySAML, false},
	} {
		if err := center.CheckUsername(c.name, c.identity); (err == nil) != c.ok || err != nil && !center.Is(err, center.InvalidParameter) {
			t.Errorf("%q with %s: %v", c.name, c.identity, err)
		}
	}
}

func TestPasswords(t *testing.T) {
	for password, ok := range map[string]bool{
		"Secret12": true, "Secret1": false, "secret12": false, "SECRET12": false, "Secretly": false, "Secret 12": false, "Secret12\n": false,
		"Secret12\u00a0": false, "Sécrét12": true, "Secret1\u0662": true, "ÀÉsecret12": false,
		strings.Repeat("é", 61) + "Aa1": true, strings.Repeat("é", 62) + "Aa1": false, "": false,
	} {
		err := center.CheckPassword(password)
		if (err == nil) != ok {
			t.Errorf("%q: %v", password, err)
		}
		if err != nil && (!center.Is(err, center.InvalidParameter) || password != "" && strings.Contains(err.Error(), password)) {
			t.Errorf("%q: the refusal is %v", password, err)
		}
	}
	for _, c := range []struct {
		given    bool
		identity string
		ok       bool
	}{
		{true, center.IdentityManaged, true}, {false, center.IdentityManaged, false},
		{true, center.IdentitySAML, false}, {false, center.IdentitySAML, true},
		{true, center.IdentityExisting, false}, {false, center.IdentityExisting, true},
	} {
		if err := center.CheckPasswordGiven(c.given, c.identity); (err == nil) != c.ok {
			t.Errorf("given %v with %s: %v", c.given, c.identity, err)
		}
	}
}

func TestIdentities(t *testing.T) {
	ann := center.Identity{FirstName: "Ann", LastName: "Lee"}
	with := func(change func(*center.Identity)) center.Identity {
		i := ann
		change(&i)
		return i
	}
	for _, c := range []struct {
		what     string
		identity center.Identity
		by       string
		code     center.Code
	}{
		{"names alone", ann, center.IdentityManaged, 0},
		{"no last name", with(func(i *center.Identity) { i.LastName = "" }), center.IdentityManaged, 0},
		{"nothing", center.Identity{}, center.IdentityManaged, 0},
		{"nothing", center.Identity{}, center.IdentitySAML, 0},
		{"a long first name", with(func(i *center.Identity) { i.FirstName = strings.Repeat("é", 256) }), center.IdentitySAML, center.InvalidParameter},
		{"a long last name", with(func(i *center.Identity) { i.LastName = strings.Repeat("é", 257) }), center.IdentityManaged, center.InvalidParameter},
		{"a long last name", with(func(i *center.Identity) { i.LastName = strings.Repeat("é", 300) }), center.IdentitySAML, 0},
		{"an address", with(func(i *center.Identity) { i.Email = "ann@example.com" }), center.IdentityManaged, 0},
		{"an address", with(func(i *center.Identity) { i.Email = "ann@example.com" }), center.IdentitySAML, center.InvalidRequest},
		{"a second address", with(func(i *center.Identity) { i.SecondaryEmail = "ann@example.com" }), center.IdentitySAML, 0},
		{"no address", with(func(i *center.Identity) { i.SecondaryEmail = "ann" }), center.IdentitySAML, center.InvalidParameter},
		{"a long address", with(func(i *center.Identity) { i.Email = strings.Repeat("a", 254) + "@example.com" }), center.IdentityManaged, center.InvalidParameter},
	} {
		if err := c.identity.Check(c.by); c.code == 0 && err != nil || c.code != 0 && !center.Is(err, c.code) {
			t.Errorf("%s with %s: %v", c.what, c.by, err)
		}
	}
	known, mobile := ann, with(func(i *center.Identity) { i.Mobile = "+15550100" })
	if err := mobile.CheckChange(&known, center.IdentityExisting); err != nil {
		t.Errorf("a mobile number of a directory's user: %v", err)
	}
	renamed := with(func(i *center.Identity) { i.FirstName = "Anna" })
	if err := renamed.CheckChange(&known, center.IdentityExisting); !center.Is(err, center.InvalidRequest) {
		t.Errorf("a new name of a directory's user: %v", err)
	}
}

// PhoneConfig and the settings of channels are two views of the same.
func TestPhoneConfigIsAViewOfTheChannels(t *testing.T) {
	on := true
	var s center.ChannelSettings
	if p := s.PhoneConfig(); p != (center.PhoneConfig{Type: center.SoftPhone}) {
		t.Errorf("nothing set shows as %+v", p)
	}
	s.AutoAccept = []center.AutoAccept{{Channel: "CHAT", On: true}}
	for _, p := range []center.PhoneConfig{
		{Type: center.DeskPhone, Number: "+15550100", AutoAccept: true, AfterContactWork: 30, Persistent: &on},
		{Type: center.SoftPhone, AfterContactWork: 0},
	} {
		s.SetPhoneConfig(p)
		if err := s.Check(); err != nil {
			t.Errorf("%+v: %v", p, err)
		}
		if got := s.PhoneConfig(); got.Type != p.Type || got.Number != p.Number || got.AutoAccept != p.AutoAccept || got.AfterContactWork != p.AfterContactWork || (got.Persistent == nil) != (p.Persistent == nil) {
			t.Errorf("%+v shows as %+v", p, got)
		}
		if !slices.Contains(s.AutoAccept, center.AutoAccept{Channel: "CHAT", On: true}) || len(s.AutoAccept) != 2 {
			t.Errorf("what chats do is changed too: %+v", s.AutoAccept)
		}
		for _, w := range s.AfterContactWork {
			if w.Limit != p.AfterContactWork {
				t.Errorf("%s has %d seconds", w.Channel, w.Limit)
			}
		}
	}
}

func TestProficiencies(t *testing.T) {
	var u center.User
	german, french := center.Proficiency{Attribute: "Language", Value: "German", Level: 3}, center.Proficiency{Attribute: "Language", Value: "French", Level: 5}
	if err := u.AddProficiencies([]center.Proficiency{german, french, german}, 2); err != nil || !slices.Equal(u.Proficiencies, []center.Proficiency{french, german}) {
		t.Errorf("%+v, %v", u.Proficiencies, err)
	}
	if err := u.AddProficiencies([]center.Proficiency{{Attribute: "Language", Value: "Latin", Level: 1}}, 2); !center.Is(err, center.QuotaExceeded) {
		t.Errorf("one too many: %v", err)
	}
	u.Proficiencies = []center.Proficiency{french, german}
	other := german
	other.Level = 4
	if err := u.AddProficiencies([]center.Proficiency{other}, 0); !center.Is(err, center.InvalidRequest) {
		t.Errorf("another level: %v", err)
	}
	if err := u.UpdateProficiencies([]center.Proficiency{other}); err != nil || u.Proficiencies[1].Level != 4 {
		t.Errorf("%+v, %v", u.Proficiencies, err)
	}
	if err := u.RemoveProficiencies([]center.Proficiency{french}); err != nil || !slices.Equal(u.Proficiencies, []center.Proficiency{other}) {
		t.Errorf("%+v, %v", u.Proficiencies, err)
	}
	for _, err := range []error{u.RemoveProficiencies([]center.Proficiency{french}), u.UpdateProficiencies([]center.Proficiency{french})} {
		if !center.Is(err, center.NotFound) {
			t.Errorf("a proficiency that the user does not have: %v", err)
		}
	}
}

// What every instance has from its beginning keeps the rules of what is made later.
func TestDefaultsKeepTheRules(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	profiles := center.DefaultSecurityProfiles("i", now)
	for i := range profiles {
		p := &profiles[i]
		if err := p.Check(); err != nil || !center.Is(p.MayDelete(), center.AccessDenied) {
			t.Errorf("%s: %v, and may delete it: %v", p.Name, err, p.MayDelete())
		}
		for _, permission := range p.Permissions {
			if !slices.Contains(profiles[0].Permissions, permission) {
				t.Errorf("%s has %s and Admin does not", p.Name, permission)
			}
		}
		if sorted := slices.Compact(slices.Sorted(slices.Values(p.Permissions))); len(sorted) != len(p.Permissions) {
			t.Errorf("%s has a permission twice", p.Name)
		}
	}
	if n := len(profiles[2].Permissions); n != 37 {
		t.Errorf("CallCenterManager has %d permissions, want 37", n)
	}
	statuses := center.DefaultAgentStatuses("i", now)
	for i := range statuses {
		if err := statuses[i].Check(); err != nil {
			t.Error(err)
		}
	}
	queue := center.AgentQueue(&center.User{Head: center.Head[center.UserID]{ID: "u"}}, now)
	if queue.ARNPath() != "queue/agent/u" || !center.Is(queue.Check(), center.InvalidRequest) {
		t.Errorf("an agent's queue is %s: %v", queue.ARNPath(), queue.Check())
	}
}
