package center

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// HoursID and OverrideID name hours of operation and their overrides.
type (
	HoursID    string
	OverrideID string
)

// HoursOfOperation say when a contact centre is open: times of the week on the clock of one time zone, and overrides
// of them on given dates. The overrides live and die with their hours.
type HoursOfOperation struct {
	ID          HoursID           `json:"id"`
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	TimeZone    string            `json:"timeZone"` // an IANA name
	Config      []HoursPeriod     `json:"config"`
	Parents     []HoursID         `json:"parents,omitempty"`
	Overrides   []HoursOverride   `json:"overrides,omitempty"` // in the order of their ids
	Tags        map[string]string `json:"tags,omitempty"`
	Modified    time.Time         `json:"modified"`
}

// Quotas of hours of operation: the administrator guide's "up to 50 overrides per hours of operation", which is not
// adjustable, and the API model's list of parents.
const (
	MaxOverrides   = 50
	MaxParentHours = 3
)

// TimeOfDay is a time on the clock, in minutes since midnight.
type TimeOfDay int

// ClockTime is a time on the clock.
func ClockTime(hours, minutes int64) TimeOfDay { return TimeOfDay(hours*60 + minutes) }

// Clock is the inverse of [ClockTime]. The midnight that ends a day reads 00:00, as the one that begins it.
func (t TimeOfDay) Clock() (hours, minutes int64) {
	t %= endOfDay
	return int64(t / 60), int64(t % 60)
}

const endOfDay TimeOfDay = 24 * 60

// HoursPeriod is a time of the week. An end of 00:00 is the midnight after the start ("10:00AM to 12:00AM = 14 hours",
// administrator guide, "How to specify midnight"), so that 00:00 to 00:00 is the whole day. An end before the start is
// a time of the next day (inferred).
type HoursPeriod struct {
	Day   string    `json:"day,omitempty"` // SUNDAY to SATURDAY; an override's may be "", which is every day
	Start TimeOfDay `json:"start"`
	End   TimeOfDay `json:"end"`
}

// check refuses a period that neither lasts nor is a whole day (inferred).
func (p HoursPeriod) check(i int) error {
	if p.Start == p.End && p.Start != 0 {
		return Refuse(InvalidParameter, "Config[%d].EndTime must differ from StartTime; 00:00 to 00:00 is the whole day", i)
	}
	return nil
}

// span is the period on the day it begins.
func (p HoursPeriod) span() Span {
	if p.End <= p.Start {
		return Span{p.Start, p.End + endOfDay}
	}
	return Span{p.Start, p.End}
}

// falls says whether the period's day is that of a date.
func (p HoursPeriod) falls(date time.Time) bool {
	return p.Day == "" || p.Day == strings.ToUpper(date.Weekday().String())
}

// BasicHours are the hours of operation that a new instance has. Amazon Connect names them "Basic Hours"; that they are
// open around the clock, every day, is inferred.
func BasicHours(id HoursID, now time.Time) HoursOfOperation {
	h := HoursOfOperation{ID: id, Name: BasicHoursName, TimeZone: "UTC", Modified: now.UTC()}
	for day := time.Sunday; day <= time.Saturday; day++ {
		h.Config = append(h.Config, HoursPeriod{Day: strings.ToUpper(day.String())})
	}
	return h
}

// Check applies what the API model leaves open. That TimeZone is one is for the caller to check, who can load it.
func (h *HoursOfOperation) Check() error {
	for i, p := range h.Config {
		if err := p.check(i); err != nil {
			return err
		}
	}
	return nil
}

// Inherit adds parents, whose overrides then hold for these hours too. One that is there already changes nothing.
func (h *HoursOfOperation) Inherit(parents []HoursID) error {
	for _, p := range parents {
		if p == h.ID {
			return Refuse(InvalidRequest, "hours of operation cannot be their own parent")
		}
		if !slices.Contains(h.Parents, p) {
			h.Parents = append(h.Parents, p)
		}
	}
	if len(h.Parents) > MaxParentHours {
		return Refuse(QuotaExceeded, "hours of operation can have %d parents", MaxParentHours)
	}
	return nil
}

// Disinherit takes parents away and says of the first that was none.
func (h *HoursOfOperation) Disinherit(parents []HoursID) (stranger HoursID) {
	for _, p := range parents {
		if !slices.Contains(h.Parents, p) {
			return p
		}
	}
	h.Parents = slices.DeleteFunc(h.Parents, func(p HoursID) bool { return slices.Contains(parents, p) })
	return ""
}

// Span is a time of one day. Within a day it ends at 24:00 at the latest; a period that begins on a day may end later.
type Span struct{ Start, End TimeOfDay }

// EffectiveHours are one date's hours with overrides applied.
type EffectiveHours struct {
	Date      time.Time // its midnight, UTC
	Open      []Span    // apart and in order
	Overrides []OverrideSpan
}

// OverrideSpan is what an override contributed to a date.
type OverrideSpan struct {
	Span
	Name string
	Open bool
}

// Schedule are hours of operation and the parents whose overrides they inherit. The parents' weekly hours and the
// parents' parents do not count (inferred from "inheriting overrides from parent hours of operation",
// AssociateHoursOfOperations).
type Schedule struct {
	Hours   *HoursOfOperation
	Parents []HoursOfOperation
}

// Open says whether the contact centre is open. What counts is the clock on the wall: a daylight saving change neither
// moves an opening time nor is an hour that the clock shows twice open only once.
func (s Schedule) Open(now time.Time, zone *time.Location) bool {
	now = now.In(zone)
	clock := ClockTime(int64(now.Hour()), int64(now.Minute()))
	for _, span := range s.On(dateOf(now)).Open {
		if span.Start <= clock && clock < span.End {
			return true
		}
	}
	return false
}

// On gives the hours of a date. A standard override stands in the place of all else on its dates: the configured hours
// "supersede all other settings for that date/range" (administrator guide). Otherwise overrides of type OPEN add to
// the weekly hours, and those of type CLOSED then take away (inferred).
func (s Schedule) On(date time.Time) EffectiveHours {
	before := date.AddDate(0, 0, -1)
	standard, yesterday := s.standard(date), s.standard(before)
	// On a date with a standard override nothing else begins. What began the day before does not reach into it, but
	// for the same override's; and what that began yesterday reaches into today.
	reaching := func(o *HoursOverride, begins func(time.Time) []Span) (spans []Span) {
		if standard != nil && standard != o {
			return nil
		}
		if yesterday == nil || yesterday == o {
			spans = spilled(begins(before))
		}
		return append(spans, within(begins(date))...)
	}
	day := EffectiveHours{Date: date}
	open := reaching(nil, s.Hours.weekly)
	var closed []Span
	for o := range s.overrides {
		spans, opens := reaching(o, o.spans), o.Type != OverrideClosed
		if o == standard && len(spans) == 0 {
			spans, opens = []Span{{0, endOfDay}}, false
		}
		for _, sp := range spans {
			day.Overrides = append(day.Overrides, OverrideSpan{sp, o.Name, opens})
		}
		if opens {
			open = append(open, spans...)
		} else {
			closed = append(closed, spans...)
		}
	}
	day.Open = without(union(open), union(closed))
	return day
}

// Between gives the hours of each date from one to another, both as the API writes them.
func (s Schedule) Between(from, to string) ([]EffectiveHours, error) {
	first, err := parseDate("FromDate", from)
	if err != nil {
		return nil, err
	}
	last, err := parseDate("ToDate", to)
	if err != nil {
		return nil, err
	}
	n := int(last.Sub(first)/(24*time.Hour)) + 1
	if n < 1 || n > maxEffectiveDays {
		return nil, Refuse(InvalidParameter, "ToDate must be on FromDate or up to %d days after it", maxEffectiveDays-1)
	}
	days := make([]EffectiveHours, n)
	for i := range days {
		days[i] = s.On(first.AddDate(0, 0, i))
	}
	return days, nil
}

// maxEffectiveDays is a year; Amazon Connect's own limit is not documented.
const maxEffectiveDays = 366

// weekly are the weekly hours that begin on a date.
func (h *HoursOfOperation) weekly(date time.Time) []Span {
	var spans []Span
	for _, p := range h.Config {
		if p.falls(date) {
			spans = append(spans, p.span())
		}
	}
	return spans
}

// overrides yields the hours' own overrides, then the inherited ones.
func (s Schedule) overrides(yield func(*HoursOverride) bool) {
	for i := range s.Hours.Overrides {
		if !yield(&s.Hours.Overrides[i]) {
			return
		}
	}
	for p := range s.Parents {
		for i := range s.Parents[p].Overrides {
			if !yield(&s.Parents[p].Overrides[i]) {
				return
			}
		}
	}
}

// standard finds the standard override that holds on a date. Of several, an own one goes before an inherited one, then
// the one that begins last, then the one that ends first: the narrower one knows better (inferred).
func (s Schedule) standard(date time.Time) *HoursOverride {
	var best *HoursOverride
	narrowest := func(among []HoursOverride) {
		for i := range among {
			o := &among[i]
			if !o.standard() || !o.occurs(date) {
				continue
			}
			if best == nil || cmp.Or(-cmp.Compare(o.From, best.From), cmp.Compare(o.Till, best.Till), cmp.Compare(o.ID, best.ID)) < 0 {
				best = o
			}
		}
	}
	if narrowest(s.Hours.Overrides); best != nil {
		return best
	}
	for i := range s.Parents {
		narrowest(s.Parents[i].Overrides)
	}
	return best
}

// spilled are the parts of a day's spans that reach into the next day.
func spilled(spans []Span) []Span {
	var next []Span
	for _, sp := range spans {
		if sp.End > endOfDay {
			next = append(next, Span{0, sp.End - endOfDay})
		}
	}
	return next
}

// within are the parts of a day's spans that are within the day.
func within(spans []Span) []Span {
	for i := range spans {
		spans[i].End = min(spans[i].End, endOfDay)
	}
	return spans
}

// union puts spans in order and joins those that touch.
func union(spans []Span) []Span {
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	var all []Span
	for _, sp := range spans {
		if n := len(all); n > 0 && sp.Start <= all[n-1].End {
			all[n-1].End = max(all[n-1].End, sp.End)
		} else {
			all = append(all, sp)
		}
	}
	return all
}

// without takes the spans of b out of those of a; both are unions.
func without(a, b []Span) []Span {
	for _, hole := range b {
		var left []Span
		for _, sp := range a {
			if before := (Span{sp.Start, min(sp.End, hole.Start)}); before.Start < before.End {
				left = append(left, before)
			}
			if after := (Span{max(sp.Start, hole.End), sp.End}); after.Start < after.End {
				left = append(left, after)
			}
		}
		a = left
	}
	return a
}

// ParseHours accepts the id of hours of operation or their ARN.
func ParseHours(s string) HoursID {
	if strings.HasPrefix(s, "arn:") {
		s = s[strings.LastIndexByte(s, '/')+1:]
	}
	return HoursID(strings.ToLower(s))
}

// Stamp gives new hours of operation their id, and notes when they were changed.
func (h *HoursOfOperation) Stamp(newID func() string, now time.Time) {
	if h.ID == "" {
		h.ID = HoursID(newID())
	}
	h.Modified = now
}

// HoursARN returns the ARN of hours of operation of an instance.
func (p Partition) HoursARN(i InstanceID, id HoursID) string {
	return p.InstanceARN(i) + "/operating-hours/" + string(id)
}
