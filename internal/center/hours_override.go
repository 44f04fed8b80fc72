package center

import (
	"slices"
	"time"
)

// HoursOverride changes hours of operation on some dates.
type HoursOverride struct {
	ID          OverrideID         `json:"id"`
	Name        string             `json:"name"`
	Description string             `json:"description,omitempty"`
	Type        string             `json:"type"`
	From        string             `json:"from"` // the first date, as 2006-01-02
	Till        string             `json:"till"` // the last date
	Config      []HoursPeriod      `json:"config"`
	Recurrence  *RecurrencePattern `json:"recurrence,omitempty"`
}

// Override types. A standard override gives its dates hours of their own, or none; the other two are for recurring
// events, and add hours or take them away.
const (
	OverrideStandard = "STANDARD"
	OverrideOpen     = "OPEN"
	OverrideClosed   = "CLOSED"
)

// RecurrencePattern says on which of an override's dates it holds. It is read as RFC 5545 reads the rule of the same
// words, with the override's first date as DTSTART and the days of its Config as BYDAY, except that a yearly rule
// without ByMonth is for the month of the first date. A day that a month does not have is skipped, as the API
// reference says.
type RecurrencePattern struct {
	Frequency           string `json:"frequency"`
	Interval            int    `json:"interval"`
	ByMonth             int    `json:"byMonth,omitempty"`             // 0: not said
	ByMonthDay          int    `json:"byMonthDay,omitempty"`          // -1: the last day
	ByWeekdayOccurrence int    `json:"byWeekdayOccurrence,omitempty"` // -1: the last in the month
}

// Frequencies of a recurrence.
const (
	FrequencyWeekly  = "WEEKLY"
	FrequencyMonthly = "MONTHLY"
	FrequencyYearly  = "YEARLY"
)

// parseDate reads a date as the API writes it.
func parseDate(field, s string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}, Refuse(InvalidParameter, "%s must be a date of the calendar, written YYYY-MM-DD", field)
	}
	return t, nil
}

// CheckDate refuses what is no date of the calendar. field is its name in a request.
func CheckDate(field, s string) error {
	_, err := parseDate(field, s)
	return err
}

// dateOf is the date that the clock shows, as midnight UTC, where days are all alike.
func dateOf(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// Check applies what the API model leaves open.
func (o *HoursOverride) Check() error {
	if _, err := parseDate("EffectiveFrom", o.From); err != nil {
		return err
	}
	if _, err := parseDate("EffectiveTill", o.Till); err != nil {
		return err
	}
	switch {
	case o.Till < o.From:
		return Refuse(InvalidParameter, "EffectiveTill must not be before EffectiveFrom")
	case o.Type == OverrideOpen && len(o.Config) == 0:
		return Refuse(InvalidRequest, "Config must have hours with OverrideType OPEN")
	}
	for i, p := range o.Config {
		if err := p.check(i); err != nil {
			return err
		}
	}
	return o.Recurrence.check(o.Config)
}

// check refuses what the API reference's page of RecurrencePattern rules out.
func (r *RecurrencePattern) check(config []HoursPeriod) error {
	if r == nil {
		return nil
	}
	anyDay := len(config) == 0 || slices.ContainsFunc(config, func(p HoursPeriod) bool { return p.Day == "" })
	switch {
	case r.ByMonthDay != 0 && r.ByWeekdayOccurrence != 0:
		return Refuse(InvalidRequest, "ByMonthDay cannot be used together with ByWeekdayOccurrence")
	case r.Frequency == FrequencyWeekly && (r.ByMonthDay != 0 || r.ByWeekdayOccurrence != 0):
		return Refuse(InvalidRequest, "ByMonthDay and ByWeekdayOccurrence are for the frequencies MONTHLY and YEARLY")
	case r.ByWeekdayOccurrence != 0 && anyDay:
		return Refuse(InvalidRequest, "with ByWeekdayOccurrence, each element of Config must have a Day")
	}
	return nil
}

func (o *HoursOverride) standard() bool { return o.Type == OverrideStandard }

// occurs says whether the override holds on a date, with hours or without.
func (o *HoursOverride) occurs(date time.Time) bool {
	switch {
	case !o.covers(date):
		return false
	case o.Recurrence == nil:
		return true
	case len(o.Config) == 0:
		return o.Recurrence.includes(o.first(), date, false)
	}
	first := o.first()
	return slices.ContainsFunc(o.Config, func(p HoursPeriod) bool { return o.holds(p, first, date) })
}

// spans are the override's times that begin on a date. One of type CLOSED without Config is for whole days.
func (o *HoursOverride) spans(date time.Time) []Span {
	if !o.occurs(date) {
		return nil
	}
	if o.Type == OverrideClosed && len(o.Config) == 0 {
		return []Span{{0, endOfDay}}
	}
	first := o.first()
	var spans []Span
	for _, p := range o.Config {
		if o.holds(p, first, date) {
			spans = append(spans, p.span())
		}
	}
	return spans
}

// holds says whether a period of the override, whose first date is first, is for a date that the override covers.
func (o *HoursOverride) holds(p HoursPeriod, first, date time.Time) bool {
	return p.falls(date) && (o.Recurrence == nil || o.Recurrence.includes(first, date, p.Day != ""))
}

func (o *HoursOverride) covers(date time.Time) bool {
	d := date.Format(time.DateOnly)
	return o.From <= d && d <= o.Till
}

func (o *HoursOverride) first() time.Time {
	t, _ := parseDate("EffectiveFrom", o.From) // checked when it was made
	return t
}

// includes says whether the pattern that began on first recurs on a date; byDay says that the date's weekday was asked
// for.
func (r *RecurrencePattern) includes(first, date time.Time, byDay bool) bool {
	if r.ByMonth != 0 && int(date.Month()) != r.ByMonth {
		return false
	}
	switch r.Frequency {
	case FrequencyWeekly:
		return weeks(first, date)%r.Interval == 0 && (byDay || date.Weekday() == first.Weekday())
	case FrequencyYearly:
		if r.ByMonth == 0 && date.Month() != first.Month() || (date.Year()-first.Year())%r.Interval != 0 {
			return false
		}
	default:
		if months(first, date)%r.Interval != 0 {
			return false
		}
	}
	last := date.AddDate(0, 1, -date.Day()).Day()
	switch {
	case r.ByMonthDay == -1:
		return date.Day() == last
	case r.ByMonthDay != 0:
		return date.Day() == r.ByMonthDay
	case r.ByWeekdayOccurrence == -1:
		return date.Day() > last-7
	case r.ByWeekdayOccurrence != 0:
		return (date.Day()+6)/7 == r.ByWeekdayOccurrence
	}
	return byDay || date.Day() == first.Day()
}

// weeks counts from the week of one date to that of another. Weeks begin on Sunday, as the API's list of days does
// (inferred).
func weeks(from, to time.Time) int {
	sunday := func(t time.Time) time.Time { return t.AddDate(0, 0, -int(t.Weekday())) }
	return int((sunday(to).Unix() - sunday(from).Unix()) / (7 * 24 * 3600)) // a Duration ends after 292 years
}

func months(from, to time.Time) int {
	return (to.Year()-from.Year())*12 + int(to.Month()) - int(from.Month())
}

// Override finds an override, or nil.
func (h *HoursOfOperation) Override(id OverrideID) *HoursOverride {
	for i := range h.Overrides {
		if h.Overrides[i].ID == id {
			return &h.Overrides[i]
		}
	}
	return nil
}

// AddOverride adds an override. Names are unique among the overrides of the same hours.
func (h *HoursOfOperation) AddOverride(o HoursOverride) error {
	if len(h.Overrides) >= MaxOverrides {
		return Refuse(LimitExceeded, "hours of operation can have %d overrides", MaxOverrides)
	}
	h.Overrides = append(h.Overrides, o)
	slices.SortFunc(h.Overrides, func(a, b HoursOverride) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return h.CheckOverride(o.ID)
}

// CheckOverride applies the rules to an override among the others.
func (h *HoursOfOperation) CheckOverride(id OverrideID) error {
	o := h.Override(id)
	for i := range h.Overrides {
		if other := &h.Overrides[i]; other.ID != id && other.Name == o.Name {
			return Refuse(Duplicate, "an override of that name already exists in these hours of operation")
		}
	}
	return o.Check()
}

// RemoveOverride takes an override away and says whether it was there.
func (h *HoursOfOperation) RemoveOverride(id OverrideID) bool {
	n := len(h.Overrides)
	h.Overrides = slices.DeleteFunc(h.Overrides, func(o HoursOverride) bool { return o.ID == id })
	return len(h.Overrides) < n
}
