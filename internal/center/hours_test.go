package center_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/center"
)

// clock reads "09:30".
func clock(s string) center.TimeOfDay {
	t, err := time.Parse("15:04", s)
	if err != nil {
		panic(err)
	}
	return center.ClockTime(int64(t.Hour()), int64(t.Minute()))
}

// periods reads "MONDAY 09:00-17:00, 12:00-13:00": without a day, every day.
func periods(s string) []center.HoursPeriod {
	var all []center.HoursPeriod
	for part := range strings.SplitSeq(s, ", ") {
		day, times, ok := strings.Cut(part, " ")
		if !ok {
			day, times = "", part
		}
		if times == "" {
			continue
		}
		from, till, _ := strings.Cut(times, "-")
		all = append(all, center.HoursPeriod{Day: day, Start: clock(from), End: clock(till)})
	}
	return all
}

// shown is the inverse, for a date's hours.
func shown(spans []center.Span) string {
	text := func(t center.TimeOfDay) string {
		h, m := t.Clock()
		return time.Date(0, 1, 1, int(h), int(m), 0, 0, time.UTC).Format("15:04")
	}
	var all []string
	for _, s := range spans {
		all = append(all, text(s.Start)+"-"+text(s.End))
	}
	return strings.Join(all, " ")
}

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestOpen(t *testing.T) {
	const (
		office = "MONDAY 09:00-17:00, TUESDAY 09:00-17:00, SUNDAY 02:30-03:30"
		always = "00:00-00:00"
	)
	for _, c := range []struct {
		name, zone, config, at string
		want                   bool
	}{
		{"before it opens", "UTC", office, "2024-07-01T08:59:59Z", false},
		{"the minute it opens", "UTC", office, "2024-07-01T09:00:00Z", true},
		{"the last second", "UTC", office, "2024-07-01T16:59:59Z", true},
		{"the minute it closes", "UTC", office, "2024-07-01T17:00:00Z", false},
		{"another day", "UTC", office, "2024-07-03T12:00:00Z", false},
		{"the zone's clock counts, in summer", "America/New_York", office, "2024-07-01T13:00:00Z", true},
		{"and in winter", "America/New_York", office, "2024-12-02T13:59:59Z", false},
		{"winter's opening", "America/New_York", office, "2024-12-02T14:00:00Z", true},
		{"the zone's day counts", "Asia/Tokyo", office, "2024-06-30T23:59:00Z", false},
		{"Monday in Tokyo", "Asia/Tokyo", office, "2024-07-01T00:00:00Z", true},
		{"a half-hour zone", "Asia/Kolkata", office, "2024-07-01T03:30:00Z", true},
		{"no hours", "UTC", "", "2024-07-01T12:00:00Z", false},
		{"the whole day, first second", "UTC", always, "2024-07-01T00:00:00Z", true},
		{"the whole day, last second", "UTC", always, "2024-07-01T23:59:59Z", true},
		{"until midnight", "UTC", "MONDAY 10:00-00:00", "2024-07-01T23:59:59Z", true},
		{"not beyond midnight", "UTC", "MONDAY 10:00-00:00", "2024-07-02T00:00:00Z", false},
		{"over night, before midnight", "UTC", "MONDAY 22:00-06:00", "2024-07-01T23:00:00Z", true},
		{"over night, after midnight", "UTC", "MONDAY 22:00-06:00", "2024-07-02T05:59:59Z", true},
		{"over night, over", "UTC", "MONDAY 22:00-06:00", "2024-07-02T06:00:00Z", false},
		{"over night begins on its day only", "UTC", "MONDAY 22:00-06:00", "2024-07-01T05:00:00Z", false},
		{"Saturday night reaches into Sunday", "UTC", "SATURDAY 22:00-06:00", "2024-07-07T01:00:00Z", true},
		// 2024-03-10, New York: 02:00 is 03:00. The hour from 02:30 to 03:30 is half an hour long.
		{"spring: just before", "America/New_York", office, "2024-03-10T06:59:59Z", false},
		{"spring: in the hour that is left", "America/New_York", office, "2024-03-10T07:00:00Z", true},
		{"spring: closed at 03:30", "America/New_York", office, "2024-03-10T07:30:00Z", false},
		// 2024-11-03, New York: 02:00 is 01:00 again. The hour from 01:00 to 02:00 comes twice.
		{"autumn: the first 01:30", "America/New_York", "SUNDAY 01:00-02:00", "2024-11-03T05:30:00Z", true},
		{"autumn: the second 01:30", "America/New_York", "SUNDAY 01:00-02:00", "2024-11-03T06:30:00Z", true},
		{"autumn: after both", "America/New_York", "SUNDAY 01:00-02:00", "2024-11-03T07:00:00Z", false},
		// Samoa had no 30 December 2011.
		{"a day left out", "Pacific/Apia", "FRIDAY 00:00-00:00", "2011-12-30T10:30:00Z", false},
		{"leap day", "UTC", "THURSDAY 09:00-17:00", "2024-02-29T12:00:00Z", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339, c.at)
			if err != nil {
				t.Fatal(err)
			}
			s := center.Schedule{Hours: &center.HoursOfOperation{Config: periods(c.config)}}
			if got := s.Open(at, location(t, c.zone)); got != c.want {
				t.Errorf("open is %v", got)
			}
		})
	}
}

// Overrides change the hours of Monday to Friday, 9 to 17, and of Saturday night.
func TestOverrides(t *testing.T) {
	const week = "MONDAY 09:00-17:00, TUESDAY 09:00-17:00, WEDNESDAY 09:00-17:00, THURSDAY 09:00-17:00, FRIDAY 09:00-17:00, SATURDAY 22:00-02:00"
	standard := func(name, from, till, config string) center.HoursOverride {
		return center.HoursOverride{ID: center.OverrideID(name), Name: name, Type: center.OverrideStandard, From: from, Till: till, Config: periods(config)}
	}
	recurring := func(kind, config string, r center.RecurrencePattern) center.HoursOverride {
		return center.HoursOverride{ID: "r", Name: "r", Type: kind, From: "2024-01-01", Till: "2026-12-31", Config: periods(config), Recurrence: &r}
	}
	weekly := center.RecurrencePattern{Frequency: center.FrequencyWeekly, Interval: 1}
	for _, c := range []struct {
		name      string
		own       []center.HoursOverride
		inherited []center.HoursOverride
		date      string
		want      string
	}{
		{name: "none", date: "2024-12-25", want: "09:00-17:00"},
		{name: "closed for a day", own: []center.HoursOverride{standard("x", "2024-12-25", "2024-12-25", "")}, date: "2024-12-25"},
		{name: "the day after", own: []center.HoursOverride{standard("x", "2024-12-25", "2024-12-25", "")}, date: "2024-12-26", want: "09:00-17:00"},
		{name: "shorter", own: []center.HoursOverride{standard("x", "2024-12-24", "2024-12-24", "09:00-12:00")}, date: "2024-12-24", want: "09:00-12:00"},
		{name: "a day of the range without hours is closed", own: []center.HoursOverride{standard("x", "2024-12-23", "2024-12-27", "MONDAY 10:00-11:00")}, date: "2024-12-24"},
		{name: "its last day", own: []center.HoursOverride{standard("x", "2024-12-23", "2024-12-27", "FRIDAY 10:00-11:00")}, date: "2024-12-27", want: "10:00-11:00"},
		{name: "it cuts off yesterday's night", own: []center.HoursOverride{standard("x", "2024-12-22", "2024-12-22", "12:00-13:00")}, date: "2024-12-22", want: "12:00-13:00"},
		{name: "its own night reaches into the next day", own: []center.HoursOverride{standard("x", "2024-12-22", "2024-12-22", "20:00-03:00")}, date: "2024-12-23", want: "00:00-03:00 09:00-17:00"},
		{name: "its own nights join", own: []center.HoursOverride{standard("x", "2024-12-22", "2024-12-23", "20:00-03:00")}, date: "2024-12-23", want: "00:00-03:00 20:00-00:00"},
		{name: "a replaced Saturday has no night", own: []center.HoursOverride{standard("x", "2024-12-21", "2024-12-21", "12:00-13:00")}, date: "2024-12-22"},
		{name: "the narrower of two", own: []center.HoursOverride{standard("a", "2024-12-01", "2024-12-31", "08:00-20:00"), standard("b", "2024-12-25", "2024-12-25", "")}, date: "2024-12-25"},
		{name: "the wider elsewhere", own: []center.HoursOverride{standard("a", "2024-12-01", "2024-12-31", "08:00-20:00"), standard("b", "2024-12-25", "2024-12-25", "")}, date: "2024-12-26", want: "08:00-20:00"},
		{name: "the one that ends first", own: []center.HoursOverride{standard("a", "2024-12-25", "2024-12-31", "08:00-20:00"), standard("b", "2024-12-25", "2024-12-25", "")}, date: "2024-12-25"},
		{name: "inherited", inherited: []center.HoursOverride{standard("x", "2024-12-25", "2024-12-25", "")}, date: "2024-12-25"},
		{name: "an own one before an inherited one", own: []center.HoursOverride{standard("a", "2024-12-01", "2024-12-31", "08:00-20:00")}, inherited: []center.HoursOverride{standard("x", "2024-12-25", "2024-12-25", "")}, date: "2024-12-25", want: "08:00-20:00"},
		{name: "open adds", own: []center.HoursOverride{recurring(center.OverrideOpen, "MONDAY 17:00-20:00", weekly)}, date: "2024-12-23", want: "09:00-20:00"},
		{name: "open adds apart", own: []center.HoursOverride{recurring(center.OverrideOpen, "MONDAY 18:00-20:00", weekly)}, date: "2024-12-23", want: "09:00-17:00 18:00-20:00"},
		{name: "closed takes away", own: []center.HoursOverride{recurring(center.OverrideClosed, "MONDAY 12:00-13:00", weekly)}, date: "2024-12-23", want: "09:00-12:00 13:00-17:00"},
		{name: "closed at night takes away from the morning after", own: []center.HoursOverride{recurring(center.OverrideClosed, "MONDAY 16:00-10:00", weekly)}, date: "2024-12-24", want: "10:00-17:00"},
		{name: "closed without hours is for whole days", own: []center.HoursOverride{recurring(center.OverrideClosed, "", center.RecurrencePattern{Frequency: center.FrequencyYearly, Interval: 1, ByMonth: 12, ByMonthDay: 25})}, date: "2025-12-25"},
		{name: "closed goes over open", own: []center.HoursOverride{recurring(center.OverrideClosed, "MONDAY 12:00-13:00", weekly)}, inherited: []center.HoursOverride{recurring(center.OverrideOpen, "MONDAY 12:00-20:00", weekly)}, date: "2024-12-23", want: "09:00-12:00 13:00-20:00"},
		{name: "standard goes over both", own: []center.HoursOverride{standard("x", "2024-12-23", "2024-12-23", "12:00-12:30"), recurring(center.OverrideClosed, "MONDAY 12:00-13:00", weekly), recurring(center.OverrideOpen, "MONDAY 17:00-20:00", weekly)}, date: "2024-12-23", want: "12:00-12:30"},
		{name: "open without recurrence", own: []center.HoursOverride{{Type: center.OverrideOpen, From: "2024-12-28", Till: "2024-12-29", Config: periods("10:00-12:00")}}, date: "2024-12-29", want: "00:00-02:00 10:00-12:00"},
		{name: "a standard one that recurs", own: []center.HoursOverride{recurring(center.OverrideStandard, "FRIDAY 09:00-12:00", center.RecurrencePattern{Frequency: center.FrequencyMonthly, Interval: 1, ByWeekdayOccurrence: -1})}, date: "2024-12-27", want: "09:00-12:00"},
		{name: "and does not", own: []center.HoursOverride{recurring(center.OverrideStandard, "FRIDAY 09:00-12:00", center.RecurrencePattern{Frequency: center.FrequencyMonthly, Interval: 1, ByWeekdayOccurrence: -1})}, date: "2024-12-20", want: "09:00-17:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, o := range slices.Concat(c.own, c.inherited) {
				if err := o.Check(); err != nil {
					t.Fatal(err)
				}
			}
			s := center.Schedule{
				Hours:   &center.HoursOfOperation{Config: periods(week), Overrides: c.own},
				Parents: []center.HoursOfOperation{{Config: periods("00:00-00:00"), Overrides: c.inherited}},
			}
			days, err := s.Between(c.date, c.date)
			if err != nil {
				t.Fatal(err)
			}
			if got := shown(days[0].Open); got != c.want {
				t.Errorf("open %q, want %q", got, c.want)
			}
		})
	}
}

// A recurring event falls on the dates that its pattern says.
func TestRecurrence(t *testing.T) {
	const wholeDay, thursdays = "00:00-00:00", "THURSDAY 00:00-00:00"
	for _, c := range []struct {
		name, from, till, config string
		pattern                  center.RecurrencePattern
		want                     string // all dates
	}{
		{"every week, on the day of the first date", "2024-01-03", "2024-01-24", wholeDay, center.RecurrencePattern{Frequency: "WEEKLY", Interval: 1}, "2024-01-03 2024-01-10 2024-01-17 2024-01-24"},
		{"every week, on a day", "2024-01-03", "2024-01-24", thursdays, center.RecurrencePattern{Frequency: "WEEKLY", Interval: 1}, "2024-01-04 2024-01-11 2024-01-18"},
		{"every other week", "2024-01-03", "2024-02-01", thursdays, center.RecurrencePattern{Frequency: "WEEKLY", Interval: 2}, "2024-01-04 2024-01-18 2024-02-01"},
		{"every other week, begun after the day of the first", "2024-01-05", "2024-02-01", thursdays, center.RecurrencePattern{Frequency: "WEEKLY", Interval: 2}, "2024-01-18 2024-02-01"},
		{"every week of one month", "2024-01-03", "2024-12-31", thursdays, center.RecurrencePattern{Frequency: "WEEKLY", Interval: 1, ByMonth: 2}, "2024-02-01 2024-02-08 2024-02-15 2024-02-22 2024-02-29"},
		{"every month, on the day of the first date", "2024-01-31", "2024-05-31", wholeDay, center.RecurrencePattern{Frequency: "MONTHLY", Interval: 1}, "2024-01-31 2024-03-31 2024-05-31"},
		{"a day that not every month has is skipped", "2024-01-01", "2024-05-01", wholeDay, center.RecurrencePattern{Frequency: "MONTHLY", Interval: 1, ByMonthDay: 30}, "2024-01-30 2024-03-30 2024-04-30"},
		{"the last day of the month", "2024-01-01", "2024-04-30", wholeDay, center.RecurrencePattern{Frequency: "MONTHLY", Interval: 1, ByMonthDay: -1}, "2024-01-31 2024-02-29 2024-03-31 2024-04-30"},
		{"every third month", "2023-11-15", "2024-08-31", wholeDay, center.RecurrencePattern{Frequency: "MONTHLY", Interval: 3, ByMonthDay: 15}, "2023-11-15 2024-02-15 2024-05-15 2024-08-15"},
		{"the second Thursday of the month", "2024-01-01", "2024-03-31", thursdays, center.RecurrencePattern{Frequency: "MONTHLY", Interval: 1, ByWeekdayOccurrence: 2}, "2024-01-11 2024-02-08 2024-03-14"},
		{"the last Thursday of the month", "2024-01-01", "2024-03-31", thursdays, center.RecurrencePattern{Frequency: "MONTHLY", Interval: 1, ByWeekdayOccurrence: -1}, "2024-01-25 2024-02-29 2024-03-28"},
		{"all Thursdays of every other month", "2024-01-20", "2024-03-09", thursdays, center.RecurrencePattern{Frequency: "MONTHLY", Interval: 2}, "2024-01-25 2024-03-07"},
		{"Thursday the 29th", "2024-01-01", "2024-12-31", thursdays, center.RecurrencePattern{Frequency: "MONTHLY", Interval: 1, ByMonthDay: 29}, "2024-02-29 2024-08-29"},
		{"every year", "2023-12-25", "2025-12-25", wholeDay, center.RecurrencePattern{Frequency: "YEARLY", Interval: 1}, "2023-12-25 2024-12-25 2025-12-25"},
		{"every year, on a date", "2023-01-01", "2025-12-31", wholeDay, center.RecurrencePattern{Frequency: "YEARLY", Interval: 1, ByMonth: 7, ByMonthDay: 4}, "2023-07-04 2024-07-04 2025-07-04"},
		{"every other year", "2023-01-01", "2026-12-31", wholeDay, center.RecurrencePattern{Frequency: "YEARLY", Interval: 2, ByMonth: 7, ByMonthDay: 4}, "2023-07-04 2025-07-04"},
		// The API reference's own example.
		{"the second Thursday of April", "2023-01-01", "2025-12-31", thursdays, center.RecurrencePattern{Frequency: "YEARLY", Interval: 1, ByMonth: 4, ByWeekdayOccurrence: 2}, "2023-04-13 2024-04-11 2025-04-10"},
		{"leap days", "2020-02-29", "2028-12-31", wholeDay, center.RecurrencePattern{Frequency: "YEARLY", Interval: 1}, "2020-02-29 2024-02-29 2028-02-29"},
		{"the last day of February", "2023-01-01", "2024-12-31", wholeDay, center.RecurrencePattern{Frequency: "YEARLY", Interval: 1, ByMonth: 2, ByMonthDay: -1}, "2023-02-28 2024-02-29"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := center.HoursOverride{Type: center.OverrideOpen, From: c.from, Till: c.till, Config: periods(c.config), Recurrence: &c.pattern}
			if err := o.Check(); err != nil {
				t.Fatal(err)
			}
			s := center.Schedule{Hours: &center.HoursOfOperation{Overrides: []center.HoursOverride{o}}}
			first, err := time.Parse(time.DateOnly, c.from)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for date := first.AddDate(0, 0, -40); date.Year() < 2030; date = date.AddDate(0, 0, 1) {
				if len(s.On(date).Open) > 0 {
					got = append(got, date.Format(time.DateOnly))
				}
			}
			if all := strings.Join(got, " "); all != c.want {
				t.Errorf("on %s, want %s", all, c.want)
			}
		})
	}
}

// What began centuries ago recurs as what began lately: "every other week" is not every week.
func TestRecurrenceOverCenturies(t *testing.T) {
	s := center.Schedule{Hours: &center.HoursOfOperation{Overrides: []center.HoursOverride{{
		ID: "o", Name: "fair", Type: center.OverrideOpen, From: "1500-01-03", Till: "9999-12-31", Config: []center.HoursPeriod{{}},
		Recurrence: &center.RecurrencePattern{Frequency: center.FrequencyWeekly, Interval: 2},
	}}}}
	days, err := s.Between("2026-01-01", "2026-01-28")
	if err != nil {
		t.Fatal(err)
	}
	open := 0
	for _, day := range days {
		open += len(day.Open)
	}
	if open != 2 {
		t.Errorf("open on %d days of four weeks, want 2", open)
	}
}

func TestHoursAreRefused(t *testing.T) {
	h := &center.HoursOfOperation{ID: "h", Config: periods("MONDAY 09:00-09:00")}
	if got := code(t, h.Check()); got != center.InvalidParameter {
		t.Errorf("a period of no length: %v", got)
	}
	if got := code(t, h.Inherit([]center.HoursID{"h"})); got != center.InvalidRequest {
		t.Errorf("its own parent: %v", got)
	}
	if got := code(t, h.Inherit([]center.HoursID{"a", "b", "c", "a"})); got != -1 {
		t.Errorf("three parents: %v", got)
	}
	if got := code(t, h.Inherit([]center.HoursID{"d"})); got != center.QuotaExceeded {
		t.Errorf("a fourth parent: %v", got)
	}
	if stranger := h.Disinherit([]center.HoursID{"a", "x"}); stranger != "x" || len(h.Parents) < 3 {
		t.Errorf("a stranger is %q, parents are %v", stranger, h.Parents)
	}
	newID := ids()
	for range center.MaxOverrides {
		id := newID()
		if err := h.AddOverride(center.HoursOverride{ID: center.OverrideID(id), Name: id, Type: center.OverrideStandard, From: "2024-01-01", Till: "2024-01-01"}); err != nil {
			t.Fatal(err)
		}
	}
	if got := code(t, h.AddOverride(center.HoursOverride{ID: "new"})); got != center.LimitExceeded {
		t.Errorf("one override too many: %v", got)
	}
}

// Basic Hours are open at any time.
func TestBasicHours(t *testing.T) {
	h := center.BasicHours("h", noon)
	if err := h.Check(); err != nil {
		t.Fatal(err)
	}
	for at := noon; at.Before(noon.AddDate(0, 0, 8)); at = at.Add(13 * time.Minute) {
		if !(center.Schedule{Hours: &h}).Open(at, time.UTC) {
			t.Errorf("closed at %v", at)
		}
	}
}

// TestScheduleTwin compares with a twin that knows no spans: it asks of each minute which rule says what about it.
func TestScheduleTwin(t *testing.T) {
	var zones []*time.Location
	for _, name := range []string{"UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo"} {
		zones = append(zones, location(t, name))
	}
	rapid.Check(t, func(t *rapid.T) {
		s := center.Schedule{Hours: &center.HoursOfOperation{Config: drawPeriods(t, true), Overrides: drawOverrides(t)}, Parents: []center.HoursOfOperation{{Overrides: drawOverrides(t)}}}
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		first := time.Date(2024, 2, 26, 0, 0, 0, 0, zone)
		for at := first; at.Before(first.AddDate(0, 0, 18)); at = at.Add(15 * time.Minute) {
			if got, want := s.Open(at, zone), twinOpen(s, at); got != want {
				t.Fatalf("at %v: open %v, the twin says %v", at, got, want)
			}
		}
		for n := range 18 {
			last := center.TimeOfDay(-1)
			open := s.On(time.Date(2024, 2, 26+n, 0, 0, 0, 0, time.UTC)).Open
			for _, span := range open {
				if span.Start <= last || span.End <= span.Start || span.End > 24*60 {
					t.Fatalf("spans %v are not apart, in order and within the day", open)
				}
				last = span.End
			}
		}
	})
}

var weekdays = []string{"SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"}

func drawPeriods(t *rapid.T, withDay bool) []center.HoursPeriod {
	all := make([]center.HoursPeriod, rapid.IntRange(0, 4).Draw(t, "periods"))
	for i := range all {
		days := weekdays
		if !withDay {
			days = append([]string{""}, weekdays...)
		}
		all[i] = center.HoursPeriod{
			Day:   rapid.SampledFrom(days).Draw(t, "day"),
			Start: center.TimeOfDay(rapid.IntRange(0, 47).Draw(t, "start") * 30),
			End:   center.TimeOfDay(rapid.IntRange(0, 47).Draw(t, "end") * 30),
		}
	}
	return all
}

func drawOverrides(t *rapid.T) []center.HoursOverride {
	all := make([]center.HoursOverride, rapid.IntRange(0, 3).Draw(t, "overrides"))
	for i := range all {
		from := time.Date(2024, 2, 20, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 20).Draw(t, "from"))
		all[i] = center.HoursOverride{
			ID:     center.OverrideID(rune('a' + i)),
			Type:   rapid.SampledFrom([]string{center.OverrideStandard, center.OverrideOpen, center.OverrideClosed}).Draw(t, "type"),
			From:   from.Format(time.DateOnly),
			Till:   from.AddDate(0, 0, rapid.IntRange(0, 9).Draw(t, "days")).Format(time.DateOnly),
			Config: drawPeriods(t, false),
		}
	}
	return all
}

// twinOpen decides about the minute that the clock shows.
func twinOpen(s center.Schedule, at time.Time) bool {
	today := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
	minute := center.TimeOfDay(at.Hour()*60 + at.Minute())
	// who rules a date: the standard override, or "" for the week and the recurring events.
	ruler := func(date time.Time) *center.HoursOverride {
		for _, list := range [][]center.HoursOverride{s.Hours.Overrides, s.Parents[0].Overrides} {
			var best *center.HoursOverride
			for i := range list {
				o := &list[i]
				if d := date.Format(time.DateOnly); o.Type != center.OverrideStandard || d < o.From || d > o.Till {
					continue
				}
				if best == nil || o.From > best.From || o.From == best.From && o.Till < best.Till {
					best = o
				}
			}
			if best != nil {
				return best
			}
		}
		return nil
	}
	// covers says whether one of the periods that begin on a date covers the minute.
	covers := func(config []center.HoursPeriod, date time.Time) bool {
		for _, p := range config {
			if p.Day != "" && p.Day != weekdays[date.Weekday()] {
				continue
			}
			overnight := p.End <= p.Start && p.End != 0
			switch {
			case date.Equal(today) && minute >= p.Start && (minute < p.End || p.End <= p.Start):
				return true
			case !date.Equal(today) && overnight && minute < p.End:
				return true
			}
		}
		return false
	}
	ruled := ruler(today)
	open, closed := false, false
	for _, date := range []time.Time{today.AddDate(0, 0, -1), today} {
		by := ruler(date)
		if by != nil {
			if ruled == nil || by == ruled {
				open = open || covers(by.Config, date)
			}
			continue
		}
		if ruled != nil {
			continue
		}
		open = open || covers(s.Hours.Config, date)
		for _, o := range slices.Concat(s.Hours.Overrides, s.Parents[0].Overrides) {
			if d := date.Format(time.DateOnly); d < o.From || d > o.Till {
				continue
			}
			switch o.Type {
			case center.OverrideOpen:
				open = open || covers(o.Config, date)
			case center.OverrideClosed:
				closed = closed || covers(o.Config, date) || len(o.Config) == 0 && date.Equal(today)
			}
		}
	}
	return open && !closed
}
