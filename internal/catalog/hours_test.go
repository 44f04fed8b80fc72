package catalog_test

import (
	"sync"
	"testing"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

// Hours whose parent was deleted are there still, without what it passed on.
func TestDeletedParentPassesNothingOn(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	always := center.BasicHours("", now).Config
	holidays, err := c.CreateHours(w.ctx, instance, center.HoursOfOperation{Name: "Holidays", TimeZone: "UTC"}, nil)
	w.must(err)
	_, err = c.CreateOverride(w.ctx, instance, holidays.ID, center.HoursOverride{Name: "New Year", Type: center.OverrideStandard, From: "2026-01-01", Till: "2026-01-01"})
	w.must(err)
	office, err := c.CreateHours(w.ctx, instance, center.HoursOfOperation{Name: "Office", TimeZone: "Pacific/Kiritimati", Config: always}, []center.HoursID{holidays.ID})
	w.must(err)

	open := func() bool {
		s, err := c.Hours(w.ctx, instance, office.ID)
		w.must(err)
		days, err := s.Between("2026-01-01", "2026-01-01")
		w.must(err)
		return len(days[0].Open) > 0
	}
	if open() {
		t.Error("open on the parent's holiday")
	}
	w.must(catalog.HoursOfOperation.Delete(w.ctx, c, instance, string(holidays.ID)))
	if !open() {
		t.Error("closed by a parent that is no more")
	}
}

// Of overrides made at the same time with the same name, one is there.
func TestOverrideNamesRace(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	h, err := c.CreateHours(w.ctx, instance, center.HoursOfOperation{Name: "Office", TimeZone: "UTC"}, nil)
	w.must(err)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			_, err := c.CreateOverride(w.ctx, instance, h.ID, center.HoursOverride{Name: "Christmas", Type: center.OverrideStandard, From: "2026-12-25", Till: "2026-12-25"})
			if err != nil && !center.Is(err, center.Duplicate) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	s, err := c.Hours(w.ctx, instance, h.ID)
	w.must(err)
	if n := len(s.Hours.Overrides); n != 1 {
		t.Errorf("%d overrides of one name", n)
	}
}
