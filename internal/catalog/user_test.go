package catalog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

const password = "Secret123"

// user is a new user of the test's instance.
func user(name string) *center.User {
	return &center.User{
		Head: center.Head[center.UserID]{Name: name}, Identity: center.Identity{FirstName: "Ann", LastName: "Lee"}, RoutingProfile: center.BasicRoutingProfileID(instance),
		SecurityProfiles: []center.SecurityProfileID{center.SecurityProfileID(center.SeededID(instance, "security-profile", center.SecurityAgent))},
	}
}

func (w *world) newUser(c *catalog.Catalog, name string) *center.User {
	w.Helper()
	u, secret := user(name), password
	w.must(c.CreateUser(w.ctx, instance, u, &secret))
	return u
}

// A password opens its own user alone, by the name as it is spelled, as long as the user is there.
func TestCheckPassword(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	ann, bob := w.newUser(c, "ann"), w.newUser(c, "bob")
	other := center.InstanceID("22222222-2222-4222-8222-222222222222")
	_, err := c.CreateInstance(w.ctx, center.Instance{ID: other, Alias: "other", IdentityManagementType: center.IdentityManaged}, "")
	w.must(err)
	for _, c := range []struct {
		at             center.InstanceID
		name, password string
		want           center.UserID
	}{
		{instance, "ann", password, ann.ID}, {instance, "bob", password, bob.ID},
		{instance, "ann", "secret123", ""}, {instance, "ann", "", ""}, {instance, "ann", password + " ", ""},
		{instance, "ann", strings.Repeat(password, 1000), ""},
		{instance, "Ann", password, ""}, {instance, "carl", password, ""}, {instance, "", password, ""}, {instance, "carl", "", ""},
		{other, "ann", password, ""}, {"33333333-3333-4333-8333-333333333333", "ann", password, ""},
	} {
		n := w.node()
		before := catalog.HashesForTest(n)
		got, _, err := n.CheckPassword(w.ctx, c.at, c.name, c.password)
		if made := catalog.HashesForTest(n) - before; made != 1 {
			t.Errorf("%s of %s with a password of %d bytes: %d hashes", c.name, c.at, len(c.password), made)
		}
		switch {
		case c.want != "" && (err != nil || got.ID != c.want):
			t.Errorf("%s of %s: %v, %v", c.name, c.at, got, err)
		case c.want == "" && (got != nil || !center.Is(err, center.AccessDenied) || err.Error() != "the user name or the password is wrong"):
			t.Errorf("%s of %s with a password of %d bytes: %v, %v", c.name, c.at, len(c.password), got, err)
		}
	}
	w.must(c.DeleteUser(w.ctx, instance, string(ann.ID)))
	if _, _, err := c.CheckPassword(w.ctx, instance, "ann", password); !center.Is(err, center.AccessDenied) {
		t.Errorf("a deleted user: %v", err)
	}
	w.newUser(c, "ann") // the name is free again
	w.must(c.CloseInstance(w.ctx, instance))
	if _, _, err := c.CheckPassword(w.ctx, instance, "bob", password); !center.Is(err, center.AccessDenied) {
		t.Errorf("a user of an instance that is being deleted: %v", err)
	}
}

// The hash of a password is in a row of its own that names its parameters, with a salt of its own, and nowhere else.
func TestPasswordsAreKeptAside(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	ann, bob := w.newUser(c, "ann"), w.newUser(c, "bob")
	rows, err := w.store.Resources(w.ctx, instance, "user-password", "", 10)
	w.must(err)
	if len(rows) != 2 || bytes.Equal(rows[0].Body, rows[1].Body) {
		t.Fatalf("there are %d rows", len(rows))
	}
	for _, r := range rows {
		var kept struct{ Hash string }
		w.must(json.Unmarshal(r.Body, &kept))
		if !strings.HasPrefix(kept.Hash, "$argon2id$v=19$m=19456,t=2,p=1$") || bytes.Contains(r.Body, []byte(password)) {
			t.Errorf("kept is %s", r.Body)
		}
	}
	hashes := []string{strings.Split(string(rows[0].Body), "$")[5], strings.Split(string(rows[1].Body), "$")[5]}
	if hashes[0] == hashes[1] {
		t.Error("one password makes one hash twice")
	}
	for _, kind := range []string{"user", "queue"} {
		all, err := w.store.Resources(w.ctx, instance, kind, "", 10)
		w.must(err)
		for _, r := range all {
			if bytes.Contains(r.Body, []byte("argon")) || bytes.Contains(r.Body, []byte(password)) {
				t.Errorf("the row of a %s has it: %s", kind, r.Body)
			}
		}
	}
	by := catalog.By(w.ctx, catalog.Author{Who: "AKIA"})
	secret := password
	w.must(c.CreateUser(by, instance, user("carl"), &secret))
	w.must(c.UpdateHierarchyStructure(by, instance, center.HierarchyStructure{"Site"}))
	entries, err := w.store.Audit(w.ctx, store.AuditPlace{}, 100)
	w.must(err)
	seen := map[string]bool{}
	for _, e := range entries {
		seen[e.Kind] = true
		if bytes.Contains(e.After, []byte("argon")) || bytes.Contains(e.After, []byte(password)) || e.Kind == "user-password" && e.After != nil {
			t.Errorf("the audit log has of a %s: %s", e.Kind, e.After)
		}
	}
	for _, kind := range []string{"user", "queue", "user-password", "user-hierarchy-level"} {
		if !seen[kind] {
			t.Errorf("the audit log has no %s", kind)
		}
	}
	carl, _, err := c.CheckPassword(w.ctx, instance, "carl", password)
	w.must(err)
	for _, u := range []*center.User{ann, bob, carl} {
		w.must(c.DeleteUser(w.ctx, instance, string(u.ID)))
	}
	if rows, err = w.store.Resources(w.ctx, instance, "user-password", "", 10); err != nil || len(rows) != 0 {
		t.Errorf("%d passwords of users who are gone, %v", len(rows), err)
	}
}

// An operator gives a user another password. What lasted as long as the earlier one has ended.
func TestAnotherPassword(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	w.newUser(c, "ann")
	_, before, err := c.CheckPassword(w.ctx, instance, "ann", password)
	w.must(err)
	by := catalog.By(w.ctx, catalog.Author{Who: "operator"})
	const next = "Another-456"
	w.must(c.SetPassword(by, instance, "ann", next, time.Now()))
	if _, _, err := c.CheckPassword(w.ctx, instance, "ann", password); !center.Is(err, center.AccessDenied) {
		t.Errorf("the earlier password: %v", err)
	}
	_, after, err := c.CheckPassword(w.ctx, instance, "ann", next)
	w.must(err)
	if after == before {
		t.Error("the password has the same version, so sessions go on")
	}
	for _, bad := range []struct {
		at             center.InstanceID
		user, password string
		want           center.Code
	}{
		{instance, "ann", "short", center.InvalidParameter}, {instance, "bob", next, center.NotFound}, {"22222222-2222-4222-8222-222222222222", "ann", next, center.NotFound},
	} {
		if err := c.SetPassword(by, bad.at, bad.user, bad.password, time.Now()); !center.Is(err, bad.want) {
			t.Errorf("%s: %v", bad.user, err)
		}
	}
	entries, err := w.store.Audit(w.ctx, store.AuditPlace{}, 100)
	w.must(err)
	last := entries[len(entries)-1]
	if last.Kind != "user-password" || last.Who != "operator" || last.Before != nil || last.After != nil {
		t.Errorf("the audit log has %+v", last)
	}
}

// A hash that was made with other parameters is checked with them. One that is none is damage, not a wrong password.
func TestHashesOfOtherParameters(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	ann := w.newUser(c, "ann")
	keep := func(hash string) {
		t.Helper()
		row, err := w.store.Resource(w.ctx, instance, "user-password", string(ann.ID))
		w.must(err)
		row.Body, _ = json.Marshal(map[string]string{"user": string(ann.ID), "hash": hash})
		row.Refs = []store.Ref{{Kind: "user", ID: string(ann.ID)}}
		w.must(w.store.CommitResources(w.ctx, store.ResourceCommit{Replace: []store.Resource{row}}))
	}
	keep(catalog.HashForTest(64, 1, 2, password))
	if _, _, err := c.CheckPassword(w.ctx, instance, "ann", password); err != nil {
		t.Error(err)
	}
	if _, _, err := c.CheckPassword(w.ctx, instance, "ann", password+"x"); !center.Is(err, center.AccessDenied) {
		t.Error(err)
	}
	good := catalog.HashForTest(64, 1, 2, password)
	for _, hash := range []string{"", password, strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "t=1", "t=0", 1), strings.Replace(good, "v=19", "v=16", 1), good[:len(good)-4], strings.Replace(good, "m=64", "m=x", 1)} {
		keep(hash)
		if u, _, err := c.CheckPassword(w.ctx, instance, "ann", password); u != nil || !errors.Is(err, center.ErrDamaged) {
			t.Errorf("%q: %v, %v", hash, u, err)
		}
	}
}

// An unknown name costs a hash with the same parameters as a known one, so that whoever asks cannot tell which names there
// are. The memory that a hash takes shows that it was made; times depend on what else the machine does.
func TestUnknownNamesCostAHash(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	w.newUser(c, "ann")
	for _, try := range []struct {
		at             center.InstanceID
		name, password string
	}{
		{instance, "ann", "wrong"}, {instance, "carl", "wrong"}, {instance, "", ""}, {instance, "ann", strings.Repeat("x", 1000)},
		{"33333333-3333-4333-8333-333333333333", "ann", "wrong"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, _, err := c.CheckPassword(w.ctx, try.at, try.name, try.password); !center.Is(err, center.AccessDenied) {
			t.Error(err)
		}
		runtime.ReadMemStats(&after)
		if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib < 19 || mib >= 38 {
			t.Errorf("%q of %s with %d bytes took %d MiB, want one hash of 19", try.name, try.at, len(try.password), mib)
		}
	}
}

// Hashes are made a few at a time, and a few more requests wait for that. All others are told to try again.
func TestHashingIsBounded(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	w.newUser(c, "ann")
	leave := catalog.FillPasswordsForTest(c)
	if _, _, err := c.CheckPassword(w.ctx, instance, "ann", password); !center.Is(err, center.Unavailable) {
		t.Errorf("with the line full: %v", err)
	}
	u, secret := user("bob"), password
	if err := c.CreateUser(w.ctx, instance, u, &secret); !center.Is(err, center.Unavailable) {
		t.Errorf("a new user with the line full: %v", err)
	}
	leave()
	ctx, cancel := context.WithCancel(w.ctx)
	leave = catalog.OccupyHashingForTest(c)
	cancel()
	if _, _, err := c.CheckPassword(ctx, instance, "ann", password); !errors.Is(err, context.Canceled) {
		t.Errorf("a request that ends while it waits: %v", err)
	}
	leave()
	all(16, func(int) {
		if _, _, err := c.CheckPassword(w.ctx, instance, "ann", password); err != nil {
			t.Error(err)
		}
	})
	if running := catalog.HashingForTest(c); running != 0 {
		t.Errorf("%d hashes still count as running", running)
	}
}

// Two users of one name at the same moment, on two nodes, are one user with one queue and one password.
func TestUsersMadeAtOnce(t *testing.T) {
	w := newWorld(t)
	nodes := []*catalog.Catalog{w.node(), w.node()}
	made := make([]bool, 6)
	all(len(made), func(i int) {
		secret := password
		err := nodes[i%2].CreateUser(w.ctx, instance, user("ann"), &secret)
		if made[i] = err == nil; !made[i] && !center.Is(err, center.Duplicate) {
			t.Error(err)
		}
	})
	n := 0
	for _, m := range made {
		if m {
			n++
		}
	}
	users, err := catalog.Users.List(w.ctx, nodes[0], instance, "", 10, nil)
	w.must(err)
	queues, err := catalog.Queues.List(w.ctx, nodes[1], instance, "", 10, func(q *center.Queue) bool { return q.Type == center.QueueAgent })
	w.must(err)
	passwords, err := w.store.Resources(w.ctx, instance, "user-password", "", 10)
	w.must(err)
	if n != 1 || len(users) != 1 || len(queues) != 1 || len(passwords) != 1 || string(queues[0].ID) != string(users[0].ID) {
		t.Errorf("%d were made: %d users, %d queues, %d passwords", n, len(users), len(queues), len(passwords))
	}
}

// The quota of users is 500. Their queues do not count towards that of queues.
func TestQuotasOfUsersAndQueues(t *testing.T) {
	w := newWorld(t)
	saml := center.InstanceID("22222222-2222-4222-8222-222222222222")
	c := w.limited()
	_, err := c.CreateInstance(w.ctx, center.Instance{ID: saml, Alias: "saml", IdentityManagementType: center.IdentitySAML}, "")
	w.must(err)
	newUser := func(i int) error {
		u := user(fmt.Sprint("user", i))
		u.RoutingProfile = center.BasicRoutingProfileID(saml)
		u.SecurityProfiles = []center.SecurityProfileID{center.SecurityProfileID(center.SeededID(saml, "security-profile", center.SecurityAgent))}
		return c.CreateUser(w.ctx, saml, u, nil)
	}
	for i := range 500 {
		w.must(newUser(i))
	}
	if err := newUser(500); !center.Is(err, center.QuotaExceeded) {
		t.Errorf("user 501: %v", err)
	}
	queue := func(name string) error {
		return c.CreateQueue(w.ctx, saml, &center.Queue{
			Head: center.Head[center.QueueID]{Name: name}, Type: center.QueueStandard, Status: center.QueueEnabled,
			Hours: center.HoursID(center.SeededID(saml, "hours-of-operation", center.BasicHoursName)),
		}, nil)
	}
	for i := range 99 { // BasicQueue is there
		w.must(queue(fmt.Sprint("queue", i)))
	}
	if err := queue("one more"); !center.Is(err, center.QuotaExceeded) {
		t.Errorf("queue 101: %v", err)
	}
	row, err := w.store.ResourceByName(w.ctx, saml, "queue", center.BasicQueueName)
	w.must(err)
	if row.ID != center.SeededID(saml, "queue", center.BasicQueueName) {
		t.Errorf("BasicQueue is %s", row.ID)
	}
}

// No user has more proficiencies than the quota, and each names a predefined attribute that cannot go meanwhile.
func TestProficienciesReferToAttributes(t *testing.T) {
	w := newWorld(t)
	c := w.limited()
	_, err := catalog.PredefinedAttributes.Create(w.ctx, c, instance, &center.PredefinedAttribute{Name: "Skill", Values: strings.Split("abcdefghijk", "")}, catalog.ClientToken{})
	w.must(err)
	ann := w.newUser(c, "ann")
	var ten []center.Proficiency
	for v := 'a'; v < 'k'; v++ {
		ten = append(ten, center.Proficiency{Attribute: "Skill", Value: string(v), Level: 1})
	}
	w.must(c.AssociateProficiencies(w.ctx, instance, string(ann.ID), ten))
	if err := c.AssociateProficiencies(w.ctx, instance, string(ann.ID), []center.Proficiency{{Attribute: "Skill", Value: "k", Level: 1}}); !center.Is(err, center.QuotaExceeded) {
		t.Errorf("proficiency 11: %v", err)
	}
	if err := c.DeletePredefinedAttribute(w.ctx, instance, "Skill"); !center.Is(err, center.InUse) {
		t.Errorf("an attribute in use was deleted: %v", err)
	}
	w.must(c.DeleteUser(w.ctx, instance, string(ann.ID)))
	w.must(c.DeletePredefinedAttribute(w.ctx, instance, "Skill"))
}

// Levels that go and groups that come at the same moment: no group is ever at a level that is not there, and no level
// is there without the one before it.
func TestLevelsAndGroupsAtOnce(t *testing.T) {
	w := newWorld(t)
	nodes := []*catalog.Catalog{w.node(), w.node()}
	all(24, func(i int) {
		c := nodes[i%2]
		var err error
		switch i % 3 {
		case 0:
			err = c.UpdateHierarchyStructure(w.ctx, instance, center.HierarchyStructure{"Site", "Team", fmt.Sprint("Desk", i)})
		case 1:
			err = c.UpdateHierarchyStructure(w.ctx, instance, center.HierarchyStructure{})
		case 2:
			err = c.CreateHierarchyGroup(w.ctx, instance, &center.HierarchyGroup{Head: center.Head[center.HierarchyGroupID]{Name: fmt.Sprint(i)}}, "")
		}
		if err != nil && !center.Is(err, center.InUse) && !center.Is(err, center.InvalidRequest) && !center.Is(err, center.NotFound) {
			t.Errorf("call %d: %v", i, err)
		}
	})
	levels, err := nodes[0].HierarchyStructure(w.ctx, instance)
	w.must(err)
	groups, err := catalog.HierarchyGroups.List(w.ctx, nodes[1], instance, "", 100, nil)
	w.must(err)
	for i, l := range levels {
		if l.Level != i+1 {
			t.Errorf("level %d is the %dth", l.Level, i+1)
		}
	}
	if len(groups) > 0 && len(levels) == 0 {
		t.Errorf("%d groups are at a level that is gone", len(groups))
	}
}

// A path has at most five groups, each below the one before it.
func TestHierarchyPath(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	w.must(c.UpdateHierarchyStructure(w.ctx, instance, center.HierarchyStructure{"1", "2", "3", "4", "5"}))
	parent := ""
	var g *center.HierarchyGroup
	for i := range 5 {
		g = &center.HierarchyGroup{Head: center.Head[center.HierarchyGroupID]{Name: fmt.Sprint("group", i+1)}}
		w.must(c.CreateHierarchyGroup(w.ctx, instance, g, parent))
		parent = string(g.ID)
	}
	path, err := c.HierarchyPath(w.ctx, instance, g)
	w.must(err)
	for i, at := range path {
		if at.Name != fmt.Sprint("group", i+1) || at.Level != i+1 {
			t.Errorf("the path is %+v", path)
		}
	}
	sixth := &center.HierarchyGroup{Head: center.Head[center.HierarchyGroupID]{Name: "group6"}}
	if err := c.CreateHierarchyGroup(w.ctx, instance, sixth, parent); len(path) != 5 || !center.Is(err, center.InvalidRequest) {
		t.Errorf("a path of %d, and a sixth level: %v", len(path), err)
	}
}
