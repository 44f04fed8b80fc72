package api

import (
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var hoursOps = map[string]handler{
	"AssociateHoursOfOperations":       does[connect.AssociateHoursOfOperationsOutput](associateHours),
	"CreateHoursOfOperation":           answers(createHours),
	"CreateHoursOfOperationOverride":   answers(createHoursOverride),
	"DeleteHoursOfOperation":           deletes[connect.DeleteHoursOfOperationOutput, *connect.DeleteHoursOfOperationOutput, *connect.DeleteHoursOfOperationInput](catalog.HoursOfOperation),
	"DeleteHoursOfOperationOverride":   does[connect.DeleteHoursOfOperationOverrideOutput](deleteHoursOverride),
	"DescribeHoursOfOperation":         answers(describeHours),
	"DescribeHoursOfOperationOverride": answers(describeHoursOverride),
	"DisassociateHoursOfOperations":    does[connect.DisassociateHoursOfOperationsOutput](disassociateHours),
	"GetEffectiveHoursOfOperations":    answers(effectiveHours),
	"ListChildHoursOfOperations":       answers(listChildHours),
	"ListHoursOfOperationOverrides":    answers(listHoursOverrides),
	"ListHoursOfOperations": lists[*connect.ListHoursOfOperationsInput](catalog.HoursOfOperation, listHoursPage, nil,
		func(c call, m made, h *center.HoursOfOperation) connect.HoursOfOperationSummary {
			return connect.HoursOfOperationSummary{Id: m.id, Arn: m.arn, Name: &h.Name, LastModifiedTime: &h.Modified, LastModifiedRegion: &c.Partition.Region}
		},
		func(all []connect.HoursOfOperationSummary, next *string) *connect.ListHoursOfOperationsOutput {
			return &connect.ListHoursOfOperationsOutput{HoursOfOperationSummaryList: all, NextToken: next}
		}),
	"SearchHoursOfOperations": searches(catalog.HoursOfOperation,
		func(in *connect.SearchHoursOfOperationsInput) (*connect.HoursOfOperationSearchCriteria, catalog.Condition, error) {
			filter, err := tagFilter(value(in.SearchFilter).TagFilter)
			return in.SearchCriteria, filter, err
		},
		func(n *connect.HoursOfOperationSearchCriteria) criteriaNode[connect.HoursOfOperationSearchCriteria] {
			return textOnly(n.OrConditions, n.AndConditions, n.StringCondition)
		},
		func(c call, _ made, h *center.HoursOfOperation) (connect.HoursOfOperation, error) {
			s, err := c.Catalog.FoundHours(c.ctx(), c.at, h)
			return c.hours(s), err
		},
		func(found []connect.HoursOfOperation, next *string, total *int64) *connect.SearchHoursOfOperationsOutput {
			return &connect.SearchHoursOfOperationsOutput{HoursOfOperations: found, NextToken: next, ApproximateTotalCount: total}
		}),
	"SearchHoursOfOperationOverrides": searches(catalog.Overrides,
		func(in *connect.SearchHoursOfOperationOverridesInput) (*connect.HoursOfOperationOverrideSearchCriteria, catalog.Condition, error) {
			filter, err := tagFilter(value(in.SearchFilter).TagFilter)
			return in.SearchCriteria, filter, err
		},
		func(n *connect.HoursOfOperationOverrideSearchCriteria) criteriaNode[connect.HoursOfOperationOverrideSearchCriteria] {
			of := textOnly(n.OrConditions, n.AndConditions, n.StringCondition)
			of.leaf.Date = dateCondition(n.DateCondition)
			return of
		},
		func(c call, _ made, o *catalog.Override) (connect.HoursOfOperationOverride, error) {
			return c.override(o.Of.ID, &o.HoursOverride), nil
		},
		func(found []connect.HoursOfOperationOverride, next *string, total *int64) *connect.SearchHoursOfOperationOverridesOutput {
			return &connect.SearchHoursOfOperationOverridesOutput{HoursOfOperationOverrides: found, NextToken: next, ApproximateTotalCount: total}
		}),
	"UpdateHoursOfOperation":         does[connect.UpdateHoursOfOperationOutput](updateHours),
	"UpdateHoursOfOperationOverride": does[connect.UpdateHoursOfOperationOverrideOutput](updateHoursOverride),
}

// listHoursPage is the documented default of the lists of hours of operation; that of overrides is inferred.
const listHoursPage = 100

func createHours(c call, in *connect.CreateHoursOfOperationInput) (*connect.CreateHoursOfOperationOutput, error) {
	made, err := c.Catalog.CreateHours(c.ctx(), c.at, center.HoursOfOperation{
		Name: *in.Name, Description: value(in.Description), TimeZone: *in.TimeZone, Config: weeklyHours(in.Config), Tags: in.Tags,
	}, parentHours(in.ParentHoursOfOperationConfigs))
	if err != nil {
		return nil, err
	}
	arn := c.Partition.HoursARN(c.at, made.ID)
	return &connect.CreateHoursOfOperationOutput{HoursOfOperationId: text(made.ID), HoursOfOperationArn: &arn}, nil
}

func describeHours(c call, in *connect.DescribeHoursOfOperationInput) (*connect.DescribeHoursOfOperationOutput, error) {
	s, err := c.Catalog.Hours(c.ctx(), c.at, center.ParseHours(*in.HoursOfOperationId))
	if err != nil {
		return nil, err
	}
	out := c.hours(s)
	return &connect.DescribeHoursOfOperationOutput{HoursOfOperation: &out}, nil
}

func (c call) hours(s center.Schedule) connect.HoursOfOperation {
	h := s.Hours
	arn := c.Partition.HoursARN(c.at, h.ID)
	return connect.HoursOfOperation{
		HoursOfOperationId: text(h.ID), HoursOfOperationArn: &arn, Name: &h.Name, Description: text(h.Description),
		TimeZone: &h.TimeZone, Config: weeklyHoursOut(h.Config), ParentHoursOfOperations: c.hoursIdentifiers(s.Parents),
		Tags: h.Tags, LastModifiedTime: &h.Modified, LastModifiedRegion: &c.Partition.Region,
	}
}

func (c call) hoursIdentifiers(all []center.HoursOfOperation) []connect.HoursOfOperationsIdentifier {
	var out []connect.HoursOfOperationsIdentifier
	for i := range all {
		h := &all[i]
		arn := c.Partition.HoursARN(c.at, h.ID)
		out = append(out, connect.HoursOfOperationsIdentifier{Name: &h.Name, Id: text(h.ID), Arn: &arn})
	}
	return out
}

func listChildHours(c call, in *connect.ListChildHoursOfOperationsInput) (*connect.ListChildHoursOfOperationsOutput, error) {
	after, limit, err := page(in.NextToken, in.MaxResults, listHoursPage)
	if err != nil {
		return nil, err
	}
	s, err := c.Catalog.Hours(c.ctx(), c.at, center.ParseHours(*in.HoursOfOperationId))
	if err != nil {
		return nil, err
	}
	found, err := catalog.HoursOfOperation.List(c.ctx(), c.Catalog, c.at, after, limit+1, func(h *center.HoursOfOperation) bool {
		return slices.Contains(h.Parents, s.Hours.ID)
	})
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, catalog.HoursOfOperation.ID)
	out := &connect.ListChildHoursOfOperationsOutput{
		NextToken: next, ChildHoursOfOperationsSummaryList: c.hoursIdentifiers(found),
		LastModifiedTime: &s.Hours.Modified, LastModifiedRegion: &c.Partition.Region,
	}
	if len(found) == 0 {
		out.ChildHoursOfOperationsSummaryList = []connect.HoursOfOperationsIdentifier{}
	}
	return out, nil
}

func updateHours(c call, in *connect.UpdateHoursOfOperationInput) error {
	return c.Catalog.UpdateHours(c.ctx(), c.at, center.ParseHours(*in.HoursOfOperationId), func(h *center.HoursOfOperation) error {
		set(&h.Name, in.Name)
		set(&h.Description, in.Description)
		set(&h.TimeZone, in.TimeZone)
		if in.Config != nil {
			h.Config = weeklyHours(in.Config)
		}
		return nil
	})
}

func associateHours(c call, in *connect.AssociateHoursOfOperationsInput) error {
	return c.Catalog.AssociateHours(c.ctx(), c.at, center.ParseHours(*in.HoursOfOperationId), parentHours(in.ParentHoursOfOperationConfigs))
}

func disassociateHours(c call, in *connect.DisassociateHoursOfOperationsInput) error {
	parents := make([]center.HoursID, len(in.ParentHoursOfOperationIds))
	for i, id := range in.ParentHoursOfOperationIds {
		parents[i] = center.ParseHours(id)
	}
	return c.Catalog.DisassociateHours(c.ctx(), c.at, center.ParseHours(*in.HoursOfOperationId), parents)
}

func parentHours(in []connect.ParentHoursOfOperationConfig) []center.HoursID {
	parents := make([]center.HoursID, len(in))
	for i := range in {
		parents[i] = center.ParseHours(value(in[i].HoursOfOperationId))
	}
	return parents
}

func createHoursOverride(c call, in *connect.CreateHoursOfOperationOverrideInput) (*connect.CreateHoursOfOperationOverrideOutput, error) {
	o := center.HoursOverride{
		Name: *in.Name, Description: value(in.Description), Type: value(in.OverrideType), From: *in.EffectiveFrom, Till: *in.EffectiveTill,
	}
	if o.Type == "" {
		o.Type = center.OverrideStandard
	}
	err := overrideConfig(&o, in.Config, in.RecurrenceConfig)
	if err != nil {
		return nil, err
	}
	id, err := c.Catalog.CreateOverride(c.ctx(), c.at, center.ParseHours(*in.HoursOfOperationId), o)
	return &connect.CreateHoursOfOperationOverrideOutput{HoursOfOperationOverrideId: text(id)}, err
}

func describeHoursOverride(c call, in *connect.DescribeHoursOfOperationOverrideInput) (*connect.DescribeHoursOfOperationOverrideOutput, error) {
	id := center.ParseHours(*in.HoursOfOperationId)
	o, err := c.Catalog.Override(c.ctx(), c.at, id, parseOverride(in.HoursOfOperationOverrideId))
	if err != nil {
		return nil, err
	}
	out := c.override(id, o)
	return &connect.DescribeHoursOfOperationOverrideOutput{HoursOfOperationOverride: &out}, nil
}

func parseOverride(id *string) center.OverrideID { return center.OverrideID(strings.ToLower(*id)) }

func (c call) override(id center.HoursID, o *center.HoursOverride) connect.HoursOfOperationOverride {
	arn := c.Partition.HoursARN(c.at, id)
	return connect.HoursOfOperationOverride{
		HoursOfOperationOverrideId: text(o.ID), HoursOfOperationId: text(id), HoursOfOperationArn: &arn,
		Name: &o.Name, Description: text(o.Description), Config: overrideConfigOut(o.Config),
		EffectiveFrom: &o.From, EffectiveTill: &o.Till, RecurrenceConfig: recurrenceOut(o.Recurrence), OverrideType: &o.Type,
	}
}

func listHoursOverrides(c call, in *connect.ListHoursOfOperationOverridesInput) (*connect.ListHoursOfOperationOverridesOutput, error) {
	after, limit, err := page(in.NextToken, in.MaxResults, listHoursPage)
	if err != nil {
		return nil, err
	}
	s, err := c.Catalog.Hours(c.ctx(), c.at, center.ParseHours(*in.HoursOfOperationId))
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(s.Hours.Overrides, func(o center.HoursOverride) bool { return string(o.ID) <= after })
	found, next := cut(found, limit, func(o *center.HoursOverride) string { return string(o.ID) })
	out := &connect.ListHoursOfOperationOverridesOutput{
		NextToken: next, HoursOfOperationOverrideList: make([]connect.HoursOfOperationOverride, len(found)),
		LastModifiedTime: &s.Hours.Modified, LastModifiedRegion: &c.Partition.Region,
	}
	for i := range found {
		out.HoursOfOperationOverrideList[i] = c.override(s.Hours.ID, &found[i])
	}
	return out, nil
}

func updateHoursOverride(c call, in *connect.UpdateHoursOfOperationOverrideInput) error {
	return c.Catalog.UpdateOverride(c.ctx(), c.at, center.ParseHours(*in.HoursOfOperationId),
		parseOverride(in.HoursOfOperationOverrideId), func(o *center.HoursOverride) error {
			set(&o.Name, in.Name)
			set(&o.Description, in.Description)
			set(&o.From, in.EffectiveFrom)
			set(&o.Till, in.EffectiveTill)
			set(&o.Type, in.OverrideType)
			return overrideConfig(o, in.Config, in.RecurrenceConfig)
		})
}

func deleteHoursOverride(c call, in *connect.DeleteHoursOfOperationOverrideInput) error {
	return c.Catalog.DeleteOverride(c.ctx(), c.at, center.ParseHours(*in.HoursOfOperationId), parseOverride(in.HoursOfOperationOverrideId))
}

func effectiveHours(c call, in *connect.GetEffectiveHoursOfOperationsInput) (*connect.GetEffectiveHoursOfOperationsOutput, error) {
	s, err := c.Catalog.Hours(c.ctx(), c.at, center.ParseHours(*in.HoursOfOperationId))
	if err != nil {
		return nil, err
	}
	days, err := s.Between(*in.FromDate, *in.ToDate)
	if err != nil {
		return nil, err
	}
	out := &connect.GetEffectiveHoursOfOperationsOutput{
		EffectiveHoursOfOperationList: make([]connect.EffectiveHoursOfOperations, len(days)),
		EffectiveOverrideHoursList:    []connect.EffectiveOverrideHours{},
		TimeZone:                      &s.Hours.TimeZone,
	}
	for i, day := range days {
		date := day.Date.Format(time.DateOnly)
		out.EffectiveHoursOfOperationList[i] = connect.EffectiveHoursOfOperations{Date: &date, OperationalHours: operationalHours(day.Open)}
		if len(day.Overrides) > 0 {
			out.EffectiveOverrideHoursList = append(out.EffectiveOverrideHoursList, connect.EffectiveOverrideHours{Date: &date, OverrideHours: overrideHours(day.Overrides)})
		}
	}
	return out, nil
}

func operationalHours(open []center.Span) []connect.OperationalHour {
	out := make([]connect.OperationalHour, len(open))
	for i, span := range open {
		out[i] = connect.OperationalHour{Start: overrideTime(span.Start), End: overrideTime(span.End)}
	}
	return out
}

func overrideHours(all []center.OverrideSpan) []connect.OverrideHour {
	out := make([]connect.OverrideHour, len(all))
	for i := range all {
		o, status := &all[i], center.OverrideClosed
		if o.Open {
			status = center.OverrideOpen
		}
		out[i] = connect.OverrideHour{Start: overrideTime(o.Start), End: overrideTime(o.End), OverrideName: &o.Name, OperationalStatus: &status}
	}
	return out
}

func overrideTime(t center.TimeOfDay) *connect.OverrideTimeSlice {
	h, m := t.Clock()
	return &connect.OverrideTimeSlice{Hours: &h, Minutes: &m}
}

func weeklyHours(in []connect.HoursOfOperationConfig) []center.HoursPeriod {
	config := make([]center.HoursPeriod, len(in))
	for i, p := range in {
		config[i] = center.HoursPeriod{
			Day:   *p.Day,
			Start: center.ClockTime(*p.StartTime.Hours, *p.StartTime.Minutes),
			End:   center.ClockTime(*p.EndTime.Hours, *p.EndTime.Minutes),
		}
	}
	return config
}

func weeklyHoursOut(config []center.HoursPeriod) []connect.HoursOfOperationConfig {
	out := make([]connect.HoursOfOperationConfig, len(config))
	for i := range config {
		p := &config[i]
		start, end := overrideTime(p.Start), overrideTime(p.End)
		out[i] = connect.HoursOfOperationConfig{
			Day:       &p.Day,
			StartTime: &connect.HoursOfOperationTimeSlice{Hours: start.Hours, Minutes: start.Minutes},
			EndTime:   &connect.HoursOfOperationTimeSlice{Hours: end.Hours, Minutes: end.Minutes},
		}
	}
	return out
}

// overrideConfig reads the hours and the recurrence that a request names. An element without times is a whole day
// that is closed (inferred; the API model has them optional).
func overrideConfig(o *center.HoursOverride, in []connect.HoursOfOperationOverrideConfig, recurrence *connect.RecurrenceConfig) error {
	if recurrence != nil {
		pattern, err := recurrenceOf(recurrence.RecurrencePattern)
		if err != nil {
			return err
		}
		o.Recurrence = pattern
	}
	if in == nil {
		return nil
	}
	o.Config = make([]center.HoursPeriod, len(in))
	for i, p := range in {
		o.Config[i].Day = value(p.Day)
		switch {
		case p.StartTime != nil && p.EndTime != nil:
			o.Config[i].Start = center.ClockTime(*p.StartTime.Hours, *p.StartTime.Minutes)
			o.Config[i].End = center.ClockTime(*p.EndTime.Hours, *p.EndTime.Minutes)
		case p.StartTime != nil || p.EndTime != nil || o.Type != center.OverrideClosed:
			return center.Refuse(center.InvalidRequest, "Config[%d] must have a StartTime and an EndTime", i)
		}
	}
	return nil
}

func overrideConfigOut(config []center.HoursPeriod) []connect.HoursOfOperationOverrideConfig {
	out := make([]connect.HoursOfOperationOverrideConfig, len(config))
	for i, p := range config {
		out[i] = connect.HoursOfOperationOverrideConfig{Day: text(p.Day), StartTime: overrideTime(p.Start), EndTime: overrideTime(p.End)}
	}
	return out
}

// recurrenceOf reads a pattern. Its lists do not "accept multiple values in the same list" (API reference,
// RecurrencePattern); no zero stands for a day.
func recurrenceOf(in *connect.RecurrencePattern) (*center.RecurrencePattern, error) {
	pattern := &center.RecurrencePattern{Frequency: *in.Frequency, Interval: int(*in.Interval)}
	for _, member := range []struct {
		name string
		list []int64
		to   *int
	}{
		{"ByMonth", in.ByMonth, &pattern.ByMonth},
		{"ByMonthDay", in.ByMonthDay, &pattern.ByMonthDay},
		{"ByWeekdayOccurrence", in.ByWeekdayOccurrence, &pattern.ByWeekdayOccurrence},
	} {
		switch {
		case len(member.list) > 1:
			return nil, center.Refuse(center.InvalidParameter, "%s must include at most 1 items, got %d", member.name, len(member.list))
		case len(member.list) == 1 && member.list[0] == 0:
			return nil, center.Refuse(center.InvalidParameter, "%s must not be 0", member.name)
		case len(member.list) == 1:
			*member.to = int(member.list[0])
		}
	}
	return pattern, nil
}

func recurrenceOut(pattern *center.RecurrencePattern) *connect.RecurrenceConfig {
	if pattern == nil {
		return nil
	}
	list := func(n int) []int64 {
		if n == 0 {
			return nil
		}
		return []int64{int64(n)}
	}
	interval := int64(pattern.Interval)
	return &connect.RecurrenceConfig{RecurrencePattern: &connect.RecurrencePattern{
		Frequency: &pattern.Frequency, Interval: &interval, ByMonth: list(pattern.ByMonth),
		ByMonthDay: list(pattern.ByMonthDay), ByWeekdayOccurrence: list(pattern.ByWeekdayOccurrence),
	}}
}
