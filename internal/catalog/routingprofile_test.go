package catalog_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// newProfile is a routing profile of no queues.
func newProfile(w *world, c *catalog.Catalog, name string) *center.RoutingProfile {
	w.Helper()
	one := int64(1)
	p := &center.RoutingProfile{
		Head:                 center.Head[center.RoutingProfileID]{Name: name, Description: "d"},
		DefaultOutboundQueue: basicQueue, AvailabilityTimer: center.TimeSinceLastActivity,
		Concurrencies: []center.MediaConcurrency{{Channel: center.ChannelChat, Concurrency: &one}},
	}
	w.must(c.CreateRoutingProfile(w.ctx, instance, p, nil, nil))
	return p
}

var basicQueue = center.QueueID(center.SeededID(instance, "queue", center.BasicQueueName))

// newQueues are some queues.
func newQueues(w *world, c *catalog.Catalog, n int) (ids []center.QueueID) {
	w.Helper()
	hours := center.HoursID(center.SeededID(instance, "hours-of-operation", center.BasicHoursName))
	for i := range n {
		q := center.Queue{Head: center.Head[center.QueueID]{Name: fmt.Sprint("queue ", i)}, Type: center.QueueStandard, Status: center.QueueEnabled, Hours: hours}
		w.must(c.CreateQueue(w.ctx, instance, &q, nil))
		ids = append(ids, q.ID)
	}
	return ids
}

func chatOf(q center.QueueID, priority int64) center.ProfileQueue {
	return center.ProfileQueue{QueueChannel: center.QueueChannel{Queue: q, Channel: center.ChannelChat}, Priority: priority}
}

// Queues that several calls add, change and take away at the same moment are there once, each with one of the given
// priorities; those of other profiles stay.
func TestProfileQueuesChangedAtOnce(t *testing.T) {
	w := newWorld(t)
	nodes := []*catalog.Catalog{w.node(), w.node()}
	c := nodes[0]
	p, other := newProfile(w, c, "one"), newProfile(w, c, "other")
	queues := newQueues(w, c, 8)
	w.must(c.AssociateProfileQueues(w.ctx, instance, string(other.ID), []center.ProfileQueue{chatOf(queues[0], 9)}, nil))
	all(8, func(i int) {
		add := []center.ProfileQueue{chatOf(queues[i], int64(i+1)), chatOf(queues[(i+1)%8], int64(i+1))}
		if err := nodes[i%2].AssociateProfileQueues(w.ctx, instance, string(p.ID), add, []center.QueueChannel{add[0].QueueChannel}); err != nil {
			t.Error(err)
		}
	})
	routed, manual, err := c.QueuesOfProfile(w.ctx, instance, p.ID)
	w.must(err)
	if !slices.Equal(routed, queues) || !slices.Equal(manual, queues) {
		t.Errorf("routed %v and by hand %v, want %v", routed, manual, queues)
	}
	rows, err := catalog.ProfileQueues.All(w.ctx, c, instance, string(p.ID))
	w.must(err)
	for i, r := range rows {
		if before := int64((i+7)%8 + 1); r.Priority != int64(i+1) && r.Priority != before {
			t.Errorf("queue %d has the priority %d, want %d or %d", i, r.Priority, i+1, before)
		}
	}
	all(4, func(i int) {
		gone := []center.QueueChannel{rows[2*i].QueueChannel}
		if err := nodes[i%2].DisassociateProfileQueues(w.ctx, instance, string(p.ID), gone, gone); err != nil {
			t.Error(err)
		}
	})
	routed, manual, err = c.QueuesOfProfile(w.ctx, instance, p.ID)
	w.must(err)
	want := []center.QueueID{queues[1], queues[3], queues[5], queues[7]}
	if !slices.Equal(routed, want) || !slices.Equal(manual, want) {
		t.Errorf("routed %v and by hand %v, want %v", routed, manual, want)
	}
	w.must(catalog.RoutingProfiles.Delete(w.ctx, c, instance, string(p.ID)))
	for _, kind := range []string{"routing-profile-queue", "routing-profile-manual-queue"} {
		left, err := w.store.Resources(w.ctx, instance, kind, string(p.ID), 1)
		w.must(err)
		if len(left) > 0 && left[0].ID[:36] == string(p.ID) {
			t.Errorf("%s %s is left of a profile that is gone", kind, left[0].ID)
		}
	}
	if rows, err := catalog.ProfileQueues.All(w.ctx, c, instance, string(other.ID)); err != nil || len(rows) != 1 || rows[0].Priority != 9 {
		t.Errorf("the other profile has %v, %v", rows, err)
	}
}

// Each node counts what another one has just changed, whatever it has counted before.
func TestFiguresOfProfileOnEveryNode(t *testing.T) {
	w := newWorld(t)
	nodes := []*catalog.Catalog{w.node(), w.node()}
	p, other := newProfile(w, nodes[0], "one"), newProfile(w, nodes[0], "other")
	queues := newQueues(w, nodes[0], 2)
	want := map[center.RoutingProfileID]catalog.ProfileFigures{}
	see := func(after string) {
		t.Helper()
		for i, c := range nodes {
			for _, id := range []center.RoutingProfileID{p.ID, other.ID} {
				for range 2 { // counted, and as it is kept
					if got, err := c.FiguresOfProfile(w.ctx, instance, id); err != nil || got != want[id] {
						t.Errorf("after %s, node %d: the profile %s has %+v, %v, want %+v", after, i, id, got, err, want[id])
					}
				}
			}
		}
	}
	see("the profiles were made")
	id := string(p.ID)
	voice := chatOf(queues[0], 1)
	voice.Channel = center.ChannelVoice
	byHand := []center.QueueChannel{chatOf(queues[1], 1).QueueChannel}
	w.must(nodes[0].AssociateProfileQueues(w.ctx, instance, id, []center.ProfileQueue{chatOf(queues[0], 1), voice, chatOf(queues[1], 1)}, nil))
	want[p.ID] = catalog.ProfileFigures{Queues: 2}
	see("queues came")
	w.must(nodes[1].AssociateProfileQueues(w.ctx, instance, id, nil, byHand))
	want[p.ID] = catalog.ProfileFigures{Queues: 2, ManualQueues: 1}
	see("a queue by hand came")
	for i, name := range []string{"ann", "bob"} {
		u := w.newUser(nodes[i], name)
		w.must(catalog.Users.Update(w.ctx, nodes[i], instance, string(u.ID), 0, func(u *center.User) error {
			u.RoutingProfile = p.ID
			return nil
		}))
		want[p.ID] = catalog.ProfileFigures{Queues: 2, ManualQueues: 1, Users: i + 1}
		see("a user came")
		if i == 1 {
			w.must(catalog.Users.Update(w.ctx, nodes[0], instance, string(u.ID), 0, func(u *center.User) error {
				u.RoutingProfile = other.ID
				return nil
			}))
			want[p.ID], want[other.ID] = catalog.ProfileFigures{Queues: 2, ManualQueues: 1, Users: 1}, catalog.ProfileFigures{Users: 1}
			see("a user went over to the other profile")
			w.must(catalog.Users.Delete(w.ctx, nodes[0], instance, string(u.ID)))
			want[other.ID] = catalog.ProfileFigures{}
			see("a user was deleted")
		}
	}
	w.must(nodes[1].DisassociateProfileQueues(w.ctx, instance, id, []center.QueueChannel{chatOf(queues[0], 1).QueueChannel, voice.QueueChannel}, byHand))
	want[p.ID] = catalog.ProfileFigures{Queues: 1, Users: 1}
	see("queues went")
}

// With the quotas of Amazon Connect a routing profile has 50 queues and channels, and those that it has can be changed.
func TestQuotaOfProfileQueues(t *testing.T) {
	w := newWorld(t)
	c := w.limited()
	p := newProfile(w, c, "one")
	queues := newQueues(w, w.node(), 51)
	rows := make([]center.ProfileQueue, len(queues))
	for i, q := range queues {
		rows[i] = chatOf(q, 1)
	}
	for some := range slices.Chunk(rows[:50], 10) {
		w.must(c.AssociateProfileQueues(w.ctx, instance, string(p.ID), some, nil))
	}
	if err := c.AssociateProfileQueues(w.ctx, instance, string(p.ID), rows[50:], nil); !center.Is(err, center.LimitExceeded) {
		t.Errorf("the 51st queue: %v", err)
	}
	w.must(c.AssociateProfileQueues(w.ctx, instance, string(p.ID), []center.ProfileQueue{chatOf(queues[3], 7)}, nil))
	if err := c.AssociateProfileQueues(w.ctx, instance, string(p.ID), rows[:11], nil); !center.Is(err, center.InvalidParameter) {
		t.Errorf("11 in one call: %v", err)
	}
	w.must(w.node().AssociateProfileQueues(w.ctx, instance, string(p.ID), rows[50:], nil))
}

// What users refer to is in use, and counted.
func TestWhatUsersHaveIsInUse(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	p := newProfile(w, c, "one")
	a := center.PredefinedAttribute{Name: "Skills"}
	_, err := catalog.PredefinedAttributes.Create(w.ctx, c, instance, &a, catalog.ClientToken{})
	w.must(err)
	for _, id := range []string{"jane", "joe"} {
		w.must(w.store.InsertResource(w.ctx, store.Resource{Instance: instance, Kind: "user", ID: id, Body: []byte("{}"), Refs: []store.Ref{
			{Kind: "routing-profile", ID: string(p.ID)}, {Kind: "predefined-attribute", ID: a.Name},
		}}))
	}
	if n, err := c.NumberOfUsers(w.ctx, instance, p.ID); err != nil || n != 2 {
		t.Errorf("%d users, %v, want 2", n, err)
	}
	if n, err := c.NumberOfUsers(w.ctx, instance, center.BasicRoutingProfileID(instance)); err != nil || n != 0 {
		t.Errorf("%d users, %v, want none", n, err)
	}
	if err := catalog.RoutingProfiles.Delete(w.ctx, c, instance, string(p.ID)); !center.Is(err, center.InUse) {
		t.Errorf("a routing profile that users have was deleted: %v", err)
	}
	if err := c.DeletePredefinedAttribute(w.ctx, instance, a.Name); !center.Is(err, center.InUse) {
		t.Errorf("an attribute that users have was deleted: %v", err)
	}
	for _, id := range []string{"jane", "joe"} {
		w.must(w.store.DeleteResource(w.ctx, instance, "user", id))
	}
	w.must(catalog.RoutingProfiles.Delete(w.ctx, c, instance, string(p.ID)))
	w.must(c.DeletePredefinedAttribute(w.ctx, instance, a.Name))
}

// Queues of another instance are not found.
func TestQueuesOfOtherInstances(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	other, err := c.CreateInstance(w.ctx, center.Instance{Alias: "other", IdentityManagementType: center.IdentityManaged}, "")
	w.must(err)
	p := newProfile(w, c, "one")
	foreign := center.QueueID(center.SeededID(other.ID, "queue", center.BasicQueueName))
	if err := c.AssociateProfileQueues(w.ctx, instance, string(p.ID), []center.ProfileQueue{chatOf(foreign, 1)}, nil); !center.Is(err, center.NotFound) {
		t.Errorf("a queue of another instance was associated: %v", err)
	}
	if _, err := catalog.RoutingProfiles.Get(w.ctx, c, other.ID, string(p.ID)); !center.Is(err, center.NotFound) {
		t.Errorf("a routing profile was found in another instance: %v", err)
	}
}
