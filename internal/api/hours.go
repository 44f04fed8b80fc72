package api

import (
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var hoursOps = map[string]handler{
	"AssociateHoursOfOperations":       signedOp((*API).associateHours),
	"CreateHoursOfOperation":           signedOp((*API).createHours),
	"CreateHoursOfOperationOverride":   signedOp((*API).createHoursOverride),
	"DeleteHoursOfOperation":           signedOp((*API).deleteHours),
	"DeleteHoursOfOperationOverride":   signedOp((*API).deleteHoursOverride),
	"DescribeHoursOfOperation":         signedOp((*API).describeHours),
	"DescribeHoursOfOperationOverride": signedOp((*API).describeHoursOverride),
	"DisassociateHoursOfOperations":    signedOp((*API).disassociateHours),
	"GetEffectiveHoursOfOperations":    signedOp((*API).effectiveHours),
	"ListChildHoursOfOperations":       signedOp((*API).listChildHours),
	"ListHoursOfOperationOverrides":    signedOp((*API).listHoursOverrides),
	"ListHoursOfOperations":            signedOp((*API).listHours),
	"UpdateHoursOfOperation":           signedOp((*API).updateHours),
	"UpdateHoursOfOperationOverride":   signedOp((*API).updateHoursOverride),
}

// listHoursPage is the documented default of the lists of hours of operation; that of overrides is inferred.
const listHoursPage = 100

func (a *API) createHours(x *exchange, in *connect.CreateHoursOfOperationInput) (*connect.CreateHoursOfOperationOutput, error) {
	at := center.ParseInstance(*in.InstanceId)
	made, err := a.Chats.CreateHours(x.r.Context(), at, center.HoursOfOperation{
		Name: *in.Name, Description: value(in.Description), TimeZone: *in.TimeZone, Config: weeklyHours(in.Config), Tags: in.Tags,
	}, parentHours(in.ParentHoursOfOperationConfigs))
	if err != nil {
		return nil, err
	}
	arn := a.Partition.HoursARN(at, made.ID)
	return &connect.CreateHoursOfOperationOutput{HoursOfOperationId: text(made.ID), HoursOfOperationArn: &arn}, nil
}

func (a *API) describeHours(x *exchange, in *connect.DescribeHoursOfOperationInput) (*connect.DescribeHoursOfOperationOutput, error) {
	at := center.ParseInstance(*in.InstanceId)
	s, err := a.Chats.Hours(x.r.Context(), at, center.ParseHours(*in.HoursOfOperationId))
	if err != nil {
		return nil, err
	}
	h := s.Hours
	arn := a.Partition.HoursARN(at, h.ID)
	return &connect.DescribeHoursOfOperationOutput{HoursOfOperation: &connect.HoursOfOperation{
		HoursOfOperationId: text(h.ID), HoursOfOperationArn: &arn, Name: &h.Name, Description: text(h.Description),
		TimeZone: &h.TimeZone, Config: weeklyHoursOut(h.Config), ParentHoursOfOperations: a.hoursIdentifiers(at, s.Parents),
		Tags: h.Tags, LastModifiedTime: &h.Modified, LastModifiedRegion: &a.Partition.Region,
	}}, nil
}

func (a *API) hoursIdentifiers(at center.InstanceID, all []center.HoursOfOperation) []connect.HoursOfOperationsIdentifier {
	var out []connect.HoursOfOperationsIdentifier
	for i := range all {
		h := &all[i]
		arn := a.Partition.HoursARN(at, h.ID)
		out = append(out, connect.HoursOfOperationsIdentifier{Name: &h.Name, Id: text(h.ID), Arn: &arn})
	}
	return out
}

func (a *API) listHours(x *exchange, in *connect.ListHoursOfOperationsInput) (*connect.ListHoursOfOperationsOutput, error) {
	at := center.ParseInstance(*in.InstanceId)
	after, limit, err := page(in.NextToken, in.MaxResults, listHoursPage)
	if err != nil {
		return nil, err
	}
	found, err := a.Chats.ListHours(x.r.Context(), at, "", after, limit+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, hoursKey)
	out := &connect.ListHoursOfOperationsOutput{HoursOfOperationSummaryList: make([]connect.HoursOfOperationSummary, len(found)), NextToken: next}
	for i := range found {
		h := &found[i]
		arn := a.Partition.HoursARN(at, h.ID)
		out.HoursOfOperationSummaryList[i] = connect.HoursOfOperationSummary{
			Id: text(h.ID), Arn: &arn, Name: &h.Name, LastModifiedTime: &h.Modified, LastModifiedRegion: &a.Partition.Region,
		}
	}
	return out, nil
}

func hoursKey(h *center.HoursOfOperation) string { return string(h.ID) }

func (a *API) listChildHours(x *exchange, in *connect.ListChildHoursOfOperationsInput) (*connect.ListChildHoursOfOperationsOutput, error) {
	at := center.ParseInstance(*in.InstanceId)
	after, limit, err := page(in.NextToken, in.MaxResults, listHoursPage)
	if err != nil {
		return nil, err
	}
	s, err := a.Chats.Hours(x.r.Context(), at, center.ParseHours(*in.HoursOfOperationId))
	if err != nil {
		return nil, err
	}
	found, err := a.Chats.ListHours(x.r.Context(), at, s.Hours.ID, after, limit+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, hoursKey)
	out := &connect.ListChildHoursOfOperationsOutput{
		NextToken: next, ChildHoursOfOperationsSummaryList: a.hoursIdentifiers(at, found),
		LastModifiedTime: &s.Hours.Modified, LastModifiedRegion: &a.Partition.Region,
	}
	if len(found) == 0 {
		out.ChildHoursOfOperationsSummaryList = []connect.HoursOfOperationsIdentifier{}
	}
	return out, nil
}

func (a *API) updateHours(x *exchange, in *connect.UpdateHoursOfOperationInput) (*connect.UpdateHoursOfOperationOutput, error) {
	err := a.Chats.UpdateHours(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseHours(*in.HoursOfOperationId), func(h *center.HoursOfOperation) error {
		set(&h.Name, in.Name)
		set(&h.Description, in.Description)
		set(&h.TimeZone, in.TimeZone)
		if in.Config != nil {
			h.Config = weeklyHours(in.Config)
		}
		return nil
	})
	return &connect.UpdateHoursOfOperationOutput{}, err
}

// set changes what a request names.
func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func (a *API) deleteHours(x *exchange, in *connect.DeleteHoursOfOperationInput) (*connect.DeleteHoursOfOperationOutput, error) {
	err := a.Chats.DeleteHours(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseHours(*in.HoursOfOperationId))
	return &connect.DeleteHoursOfOperationOutput{}, err
}

func (a *API) associateHours(x *exchange, in *connect.AssociateHoursOfOperationsInput) (*connect.AssociateHoursOfOperationsOutput, error) {
	err := a.Chats.AssociateHours(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseHours(*in.HoursOfOperationId), parentHours(in.ParentHoursOfOperationConfigs))
	return &connect.AssociateHoursOfOperationsOutput{}, err
}

func (a *API) disassociateHours(x *exchange, in *connect.DisassociateHoursOfOperationsInput) (*connect.DisassociateHoursOfOperationsOutput, error) {
	parents := make([]center.HoursID, len(in.ParentHoursOfOperationIds))
	for i, id := range in.ParentHoursOfOperationIds {
		parents[i] = center.ParseHours(id)
	}
	err := a.Chats.DisassociateHours(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseHours(*in.HoursOfOperationId), parents)
	return &connect.DisassociateHoursOfOperationsOutput{}, err
}

func parentHours(in []connect.ParentHoursOfOperationConfig) []center.HoursID {
	parents := make([]center.HoursID, len(in))
	for i := range in {
		parents[i] = center.ParseHours(value(in[i].HoursOfOperationId))
	}
	return parents
}

func (a *API) createHoursOverride(x *exchange, in *connect.CreateHoursOfOperationOverrideInput) (*connect.CreateHoursOfOperationOverrideOutput, error) {
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
	id, err := a.Chats.CreateOverride(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseHours(*in.HoursOfOperationId), o)
	return &connect.CreateHoursOfOperationOverrideOutput{HoursOfOperationOverrideId: text(id)}, err
}

func (a *API) describeHoursOverride(x *exchange, in *connect.DescribeHoursOfOperationOverrideInput) (*connect.DescribeHoursOfOperationOverrideOutput, error) {
	at, id := center.ParseInstance(*in.InstanceId), center.ParseHours(*in.HoursOfOperationId)
	o, err := a.Chats.Override(x.r.Context(), at, id, parseOverride(in.HoursOfOperationOverrideId))
	if err != nil {
		return nil, err
	}
	out := a.override(at, id, o)
	return &connect.DescribeHoursOfOperationOverrideOutput{HoursOfOperationOverride: &out}, nil
}

func parseOverride(id *string) center.OverrideID { return center.OverrideID(strings.ToLower(*id)) }

func (a *API) override(at center.InstanceID, id center.HoursID, o *center.HoursOverride) connect.HoursOfOperationOverride {
	arn := a.Partition.HoursARN(at, id)
	return connect.HoursOfOperationOverride{
		HoursOfOperationOverrideId: text(o.ID), HoursOfOperationId: text(id), HoursOfOperationArn: &arn,
		Name: &o.Name, Description: text(o.Description), Config: overrideConfigOut(o.Config),
		EffectiveFrom: &o.From, EffectiveTill: &o.Till, RecurrenceConfig: recurrenceOut(o.Recurrence), OverrideType: &o.Type,
	}
}

func (a *API) listHoursOverrides(x *exchange, in *connect.ListHoursOfOperationOverridesInput) (*connect.ListHoursOfOperationOverridesOutput, error) {
	at := center.ParseInstance(*in.InstanceId)
	after, limit, err := page(in.NextToken, in.MaxResults, listHoursPage)
	if err != nil {
		return nil, err
	}
	s, err := a.Chats.Hours(x.r.Context(), at, center.ParseHours(*in.HoursOfOperationId))
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(s.Hours.Overrides, func(o center.HoursOverride) bool { return string(o.ID) <= after })
	found, next := cut(found, limit, func(o *center.HoursOverride) string { return string(o.ID) })
	out := &connect.ListHoursOfOperationOverridesOutput{
		NextToken: next, HoursOfOperationOverrideList: make([]connect.HoursOfOperationOverride, len(found)),
		LastModifiedTime: &s.Hours.Modified, LastModifiedRegion: &a.Partition.Region,
	}
	for i := range found {
		out.HoursOfOperationOverrideList[i] = a.override(at, s.Hours.ID, &found[i])
	}
	return out, nil
}

func (a *API) updateHoursOverride(x *exchange, in *connect.UpdateHoursOfOperationOverrideInput) (*connect.UpdateHoursOfOperationOverrideOutput, error) {
	err := a.Chats.UpdateOverride(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseHours(*in.HoursOfOperationId),
		parseOverride(in.HoursOfOperationOverrideId), func(o *center.HoursOverride) error {
			set(&o.Name, in.Name)
			set(&o.Description, in.Description)
			set(&o.From, in.EffectiveFrom)
			set(&o.Till, in.EffectiveTill)
			set(&o.Type, in.OverrideType)
			return overrideConfig(o, in.Config, in.RecurrenceConfig)
		})
	return &connect.UpdateHoursOfOperationOverrideOutput{}, err
}

func (a *API) deleteHoursOverride(x *exchange, in *connect.DeleteHoursOfOperationOverrideInput) (*connect.DeleteHoursOfOperationOverrideOutput, error) {
	err := a.Chats.DeleteOverride(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseHours(*in.HoursOfOperationId), parseOverride(in.HoursOfOperationOverrideId))
	return &connect.DeleteHoursOfOperationOverrideOutput{}, err
}

func (a *API) effectiveHours(x *exchange, in *connect.GetEffectiveHoursOfOperationsInput) (*connect.GetEffectiveHoursOfOperationsOutput, error) {
	s, err := a.Chats.Hours(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseHours(*in.HoursOfOperationId))
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
	hours, minutes := t.Clock()
	return &connect.OverrideTimeSlice{Hours: &hours, Minutes: &minutes}
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
