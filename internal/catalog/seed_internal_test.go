package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/storetest"
)

// older is a store with an instance as a version has left it that knew the first seeding alone, and nodes on it.
type older struct {
	testing.TB
	store *store.Store
	ids   atomic.Int64
}

const olderInstance = center.InstanceID("11111111-1111-4111-8111-111111111111")

// onEachEngine plays a test on a database of each kind.
func onEachEngine(t *testing.T, test func(*older)) {
	storetest.EachDatabase(t, func(t *testing.T, database string) { test(newOlder(t, database)) })
}

func newOlder(t testing.TB, url string) *older {
	o := &older{TB: t}
	var err error
	o.store, err = store.Open(context.Background(), url, store.Options{Log: slog.New(slog.DiscardHandler), Fatal: func(err error) { t.Error(err) }})
	o.must(err)
	t.Cleanup(func() { _ = o.store.Close() })
	all := seedings
	seedings = seedings[:1]
	_, err = o.node().CreateInstance(t.Context(), center.Instance{ID: olderInstance, Alias: "older", IdentityManagementType: center.IdentityManaged}, "")
	seedings = all
	o.must(err)
	o.must(o.store.DeleteResource(t.Context(), olderInstance, seedingRows, seedingRows))
	return o
}

func (o *older) node() *Catalog {
	return New(Config{
		Store: o.store, Now: func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) },
		NewID:     func() string { return fmt.Sprintf("%08x-0000-7000-8000-000000000000", o.ids.Add(1)) },
		Partition: center.Partition{Account: "123456789012", Region: "us-east-1"},
	})
}

func (o *older) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// row makes a row of a later version.
func (o *older) row(kind, id, name string, refs ...store.Ref) store.Resource {
	body, err := json.Marshal(map[string]string{"id": id})
	o.must(err)
	return store.Resource{Instance: olderInstance, Kind: kind, ID: id, Name: name, Body: body, Refs: refs}
}

// later adds a seeding to those that are known, for the time of the test.
func (o *older) later(rows ...store.Resource) {
	all := seedings
	seedings = append(all[:len(all):len(all)], func(s *seeding, _ *Catalog, _ center.InstanceID, _ time.Time) {
		for _, r := range rows {
			s.add(r, nil)
		}
	})
	o.Cleanup(func() { seedings = all })
}

func (o *older) has(kind, id string) bool {
	_, err := o.store.Resource(o.Context(), olderInstance, kind, id)
	if errors.Is(err, store.ErrNotFound) {
		return false
	}
	o.must(err)
	return true
}

// An instance of an earlier version gets what later versions brought once, from whichever of the nodes that start at the
// same moment. What a user deletes afterwards, or had deleted before, is not made again.
func TestOlderInstancesAreSeededOnce(t *testing.T) {
	onEachEngine(t, func(o *older) {
		ctx := o.Context()
		queue := center.BasicQueue(olderInstance, time.Time{})
		o.must(o.node().DeleteQueue(ctx, olderInstance, queue.ID))
		profile := string(center.DefaultAuthenticationProfile(olderInstance, time.Time{}).ID)
		var wg sync.WaitGroup
		var got atomic.Int64
		for range 6 {
			wg.Go(func() {
				n, err := o.node().SeedOlder(ctx)
				if err != nil {
					o.Error(err)
				}
				got.Add(int64(n))
			})
		}
		wg.Wait()
		if got.Load() != 1 || !o.has(AuthenticationProfiles.rows, profile) {
			o.Errorf("%d nodes have seeded the instance, and the profile is there: %v", got.Load(), o.has(AuthenticationProfiles.rows, profile))
		}
		if o.has(Queues.rows, string(queue.ID)) {
			o.Error("a queue that was deleted is there again")
		}
		o.must(o.store.DeleteResource(ctx, olderInstance, AuthenticationProfiles.rows, profile))
		o.later(o.row("thing", "next", "Next"))
		n, err := o.node().SeedOlder(ctx)
		o.must(err)
		if n != 1 || !o.has("thing", "next") || o.has(AuthenticationProfiles.rows, profile) {
			o.Error("the next seeding is not there, or the one before is again")
		}
		if n, err = o.node().SeedOlder(ctx); n != 0 || err != nil {
			o.Errorf("%d instances were seeded again: %v", n, err)
		}
	})
}

// A name that is taken stays with whoever has it, and what would need a row that is not there is left out too; all else is
// made.
func TestSeedsLeaveTakenNamesAlone(t *testing.T) {
	onEachEngine(t, func(o *older) {
		ctx := o.Context()
		queue := center.BasicQueue(olderInstance, time.Time{})
		o.must(o.node().DeleteQueue(ctx, olderInstance, queue.ID))
		o.must(o.store.InsertResource(ctx, o.row("thing", "users-own", "Taken")))
		to := func(kind, id string) store.Ref { return store.Ref{Kind: kind, ID: id} }
		o.later(
			o.row("thing", "taken", "Taken"),
			o.row("thing", "on-queue", "On a queue that is gone", to(Queues.rows, string(queue.ID))),
			o.row("thing", "on-that", "On that", to("thing", "on-queue")),
			o.row("inside", "on-queue/x", ""),
			o.row("thing", "on-free", "On a row behind it", to("thing", "free")),
			o.row("thing", "free", "Free", to(HoursOfOperation.rows, string(queue.Hours))),
			o.row("inside", "free/x", ""),
		)
		n, err := o.node().SeedOlder(ctx)
		o.must(err)
		for row, want := range map[[2]string]bool{
			{"thing", "users-own"}: true, {"thing", "taken"}: false, {"thing", "on-queue"}: false, {"thing", "on-that"}: false,
			{"inside", "on-queue/x"}: false, {"thing", "on-free"}: true, {"thing", "free"}: true, {"inside", "free/x"}: true,
		} {
			if o.has(row[0], row[1]) != want {
				o.Errorf("the %s %s is there: %v, want %v", row[0], row[1], !want, want)
			}
		}
		if n != 1 {
			o.Errorf("%d instances got something", n)
		}
	})
}

// A damaged instance is told of, and the others get what they lack.
func TestSeedingGoesOnBehindADamagedInstance(t *testing.T) {
	onEachEngine(t, func(o *older) {
		ctx := o.Context()
		o.must(o.store.InsertResource(ctx, store.Resource{Instance: olderInstance, Kind: seedingRows, ID: seedingRows, Body: []byte(`{"had":-1}`)}))
		second, err := o.node().CreateInstance(ctx, center.Instance{ID: "22222222-2222-4222-8222-222222222222", Alias: "second", IdentityManagementType: center.IdentityManaged}, "")
		o.must(err)
		o.later() // a seeding without rows is had, too
		n, err := o.node().SeedOlder(ctx)
		if n != 1 || !errors.Is(err, center.ErrDamaged) {
			o.Errorf("%d instances got something, %v", n, err)
		}
		if _, had, err := o.node().hadSeedings(ctx, second.ID); had != len(seedings) || err != nil {
			o.Errorf("the second instance had %d of %d seedings, %v", had, len(seedings), err)
		}
	})
}

// So it is when the row of the instance itself is damaged.
func TestSeedingGoesOnBehindADamagedRowOfAnInstance(t *testing.T) {
	onEachEngine(t, func(o *older) {
		ctx := o.Context()
		o.must(o.store.InsertResource(ctx, store.Resource{Kind: instances.rows, ID: "00000000-0000-4000-8000-000000000000", Name: "damaged", Body: []byte(`{`)}))
		n, err := o.node().SeedOlder(ctx)
		if n != 1 || !errors.Is(err, center.ErrDamaged) {
			o.Errorf("%d instances got something, %v", n, err)
		}
		if _, had, err := o.node().hadSeedings(ctx, olderInstance); had != len(seedings) || err != nil {
			o.Errorf("the other instance had %d of %d seedings, %v", had, len(seedings), err)
		}
	})
}

// A new instance has all seedings and the row that says so: the next start has nothing to do.
func TestNewInstancesHaveAllSeedings(t *testing.T) {
	onEachEngine(t, func(o *older) {
		ctx, c := o.Context(), o.node()
		made, err := c.CreateInstance(ctx, center.Instance{Alias: "new", IdentityManagementType: center.IdentityManaged}, "")
		o.must(err)
		_, had, err := c.hadSeedings(ctx, made.ID)
		o.must(err)
		if had != len(seedings) {
			o.Errorf("a new instance has %d of %d seedings", had, len(seedings))
		}
		rows, err := c.seeds(made.ID, c.Now(), 0)
		o.must(err)
		for _, r := range rows {
			if _, err := o.store.Resource(ctx, made.ID, r.Kind, r.ID); err != nil {
				o.Errorf("%s %s: %v", r.Kind, r.ID, err)
			}
		}
	})
}
