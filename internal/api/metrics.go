package api

import (
	"cmp"
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/insight"
	"github.com/parley-chat/parley/internal/wire"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var metricOps = map[string]handler{
	"GetContactMetrics":    answers(contactMetrics),
	"GetCurrentMetricData": answers(currentMetricData),
	"GetCurrentUserData":   answers(currentUserData),
	"GetMetricData":        answers(metricData),
	"GetMetricDataV2":      signedOp(metricDataV2),
}

// figuresPage is the length of a page of figures when none is asked for, which is not documented.
const figuresPage = 100

// figureResources are the types of the resources that filters and groupings by a key are about, as ARNs have them.
var figureResources = map[string]string{
	"QUEUE": "queue", "ROUTING_PROFILE": "routing-profile", "AGENT": "agent", "AGENT_HIERARCHY_LEVEL_ONE": "agent-group",
	"AGENT_HIERARCHY_LEVEL_TWO": "agent-group", "AGENT_HIERARCHY_LEVEL_THREE": "agent-group", "AGENT_HIERARCHY_LEVEL_FOUR": "agent-group",
	"AGENT_HIERARCHY_LEVEL_FIVE": "agent-group",
}

// metricInstance is the instance whose ARN a request for figures has.
func (a *API) metricInstance(arn string) (center.InstanceID, error) {
	of, err := a.Partition.ParseARN(arn)
	if err != nil || of.Tail != "instance" || of.Instance != "" || !isUUID(of.ID) {
		return "", center.Refuse(center.InvalidParameter, "ResourceArn must be the ARN of an instance of this server's region and account, got %d characters of something else", len([]rune(arn)))
	}
	return center.ParseInstance(of.ID), nil
}

func metricDataV2(a *API, x *exchange, in *connect.GetMetricDataV2Input) (*connect.GetMetricDataV2Output, error) {
	at, err := a.metricInstance(*in.ResourceArn)
	if err != nil {
		return nil, err
	}
	if _, err := a.Catalog.Instance(x.r.Context(), at); err != nil {
		return nil, err
	}
	r := &insight.FiguresRequest{Instance: at, From: *in.StartTime, To: *in.EndTime, Groupings: in.Groupings}
	if in.Interval != nil {
		r.Period, r.Zone = value(in.Interval.IntervalPeriod), value(in.Interval.TimeZone)
	}
	for _, f := range in.Filters {
		if f.FilterKey == nil {
			return nil, center.Refuse(center.InvalidParameter, "Filters must each have a FilterKey")
		}
		r.Filters = append(r.Filters, insight.FigureFilter{Key: *f.FilterKey, Values: f.FilterValues, Absent: f.StringCondition != nil && f.StringCondition.Comparison != nil})
	}
	if r.Metrics, err = askedMetrics(in.Metrics); err != nil {
		return nil, err
	}
	page, err := a.Figures.Ask(x.r.Context(), r, int(cmp.Or(value(in.MaxResults), figuresPage)), value(in.NextToken))
	if err != nil {
		return nil, err
	}
	out := &connect.GetMetricDataV2Output{MetricResults: make([]connect.MetricResultV2, len(page.Rows)), NextToken: text(page.Next)}
	period := cmp.Or(r.Period, "TOTAL")
	for i := range page.Rows {
		row := &page.Rows[i]
		result := connect.MetricResultV2{
			Dimensions:     a.dimensions(at, in.Groupings, row.Groups),
			MetricInterval: &connect.MetricInterval{Interval: &period, StartTime: &row.From, EndTime: &row.To},
			Collections:    make([]connect.MetricDataV2, len(in.Metrics)),
		}
		for j := range in.Metrics {
			result.Collections[j] = connect.MetricDataV2{Metric: &in.Metrics[j], Value: row.Values[j]}
		}
		out.MetricResults[i] = result
	}
	return out, nil
}

// askedMetrics reads the metrics that are asked for, by their names or by the ARNs that Amazon Connect's own have.
func askedMetrics(in []connect.MetricV2) (all []insight.AskedMetric, err error) {
	byID := 0
	for _, m := range in {
		a := insight.AskedMetric{}
		if m.MetricId != nil {
			if byID++; byID > mostMetricIDsV2 {
				return nil, center.Refuse(center.InvalidParameter, "Metrics must have at most %d elements with a MetricId", mostMetricIDsV2)
			}
		}
		if a.Name, err = metricName("Metrics", m.Name, m.MetricId); err != nil {
			return nil, err
		}
		for _, t := range m.Threshold {
			a.Thresholds = append(a.Thresholds, insight.AskedThreshold{Comparison: value(t.Comparison), Value: value(t.ThresholdValue)})
		}
		for _, f := range m.MetricFilters {
			a.Filters = append(a.Filters, insight.MetricFilter{Key: value(f.MetricFilterKey), Values: f.MetricFilterValues, Negate: value(f.Negate)})
		}
		all = append(all, a)
	}
	return all, nil
}

// Most elements with a MetricId (API model's texts).
const (
	mostMetricIDsV2      = 20
	mostCurrentMetricIDs = 10
)

// metricName is the name of a metric that is given by its name or by an ARN. Custom metrics do not exist here.
func metricName(member string, name, id *string) (string, error) {
	switch {
	case (name == nil) == (id == nil):
		return "", center.Refuse(center.InvalidRequest, "%s must each have either Name or MetricId", member)
	case name != nil:
		return *name, nil
	}
	if _, own, ok := strings.Cut(*id, ":aws:metric/"); ok && strings.HasPrefix(*id, "arn:") {
		return own, nil
	}
	return "", center.Refuse(center.NotFound, "Resource not found of Type: METRIC (an identifier of %d characters)", len([]rune(*id)))
}

// dimensions are the values of groupings: of resources the id and the ARN.
func (a *API) dimensions(at center.InstanceID, groupings, values []string) map[string]string {
	if len(groupings) == 0 {
		return nil
	}
	all := map[string]string{}
	for i, g := range groupings {
		all[g] = values[i]
		if tail := figureResources[g]; tail != "" {
			all[g+"_ARN"] = a.Partition.InstanceARN(at) + "/" + tail + "/" + values[i]
		}
	}
	return all
}

func metricData(c call, in *connect.GetMetricDataInput) (*connect.GetMetricDataOutput, error) {
	if _, err := c.Catalog.Instance(c.ctx(), c.at); err != nil {
		return nil, err
	}
	if err := legacyFilters(in.Filters); err != nil {
		return nil, err
	}
	r := &insight.LegacyRequest{Instance: c.at, From: *in.StartTime, To: *in.EndTime, Queues: in.Filters.Queues, Channels: in.Filters.Channels, Groupings: in.Groupings}
	for _, m := range in.HistoricalMetrics {
		asked := insight.LegacyMetric{Name: value(m.Name), Unit: value(m.Unit), Statistic: value(m.Statistic)}
		if m.Threshold != nil {
			asked.Threshold = &insight.AskedThreshold{Comparison: value(m.Threshold.Comparison), Value: value(m.Threshold.ThresholdValue)}
		}
		r.Metrics = append(r.Metrics, asked)
	}
	staff, err := c.Catalog.Staffing(c.ctx(), c.at)
	if err != nil {
		return nil, err
	}
	page, err := c.Figures.AskLegacy(c.ctx(), r, staff.Serving, int(cmp.Or(value(in.MaxResults), figuresPage)), value(in.NextToken))
	if err != nil {
		return nil, err
	}
	out := &connect.GetMetricDataOutput{MetricResults: make([]connect.HistoricalMetricResult, len(page.Rows)), NextToken: text(page.Next)}
	for i := range page.Rows {
		row := &page.Rows[i]
		result := connect.HistoricalMetricResult{Collections: make([]connect.HistoricalMetricData, len(r.Metrics))}
		for j, g := range in.Groupings {
			if result.Dimensions == nil {
				result.Dimensions = &connect.Dimensions{}
			}
			switch g {
			case "QUEUE":
				result.Dimensions.Queue = c.queueReference(center.QueueID(row.Groups[j]))
			case "CHANNEL":
				result.Dimensions.Channel = &row.Groups[j]
			}
		}
		for j := range r.Metrics {
			m := &r.Metrics[j]
			metric := &connect.HistoricalMetric{Name: &m.Name, Unit: &m.Unit, Statistic: &m.Statistic}
			if m.Threshold != nil {
				metric.Threshold = &connect.Threshold{Comparison: &m.Threshold.Comparison, ThresholdValue: &m.Threshold.Value}
			}
			result.Collections[j] = connect.HistoricalMetricData{Metric: metric, Value: row.Values[j]}
		}
		out.MetricResults[i] = result
	}
	return out, nil
}

// legacyFilters refuses filters that GetMetricData does not have.
func legacyFilters(f *connect.Filters) error {
	for member, given := range map[string]bool{
		"RoutingProfiles": len(f.RoutingProfiles) > 0, "RoutingStepExpressions": len(f.RoutingStepExpressions) > 0, "AgentStatuses": len(f.AgentStatuses) > 0,
		"Subtypes": len(f.Subtypes) > 0, "ValidationTestTypes": len(f.ValidationTestTypes) > 0,
	} {
		if given {
			return center.Refuse(center.InvalidRequest, "Filters.%s is not a valid filter for GetMetricData; GetMetricDataV2 has more of them", member)
		}
	}
	return nil
}

func (c call) queueReference(id center.QueueID) *connect.QueueReference {
	arn := c.Partition.QueueARN(c.at, id)
	return &connect.QueueReference{Id: text(id), Arn: &arn}
}

// figureNames are the resources that the filters of a request for figures name, by their types: a policy is asked about them.
func (q *question) figures(in wire.Input) error {
	name := func(all []string, tail string) error {
		for _, text := range all {
			if err := q.name(text, tail); err != nil {
				return err
			}
		}
		return nil
	}
	switch in := in.(type) {
	case *connect.GetMetricDataV2Input:
		for _, f := range in.Filters {
			if tail := figureResources[value(f.FilterKey)]; tail != "" {
				if err := name(f.FilterValues, tail); err != nil {
					return err
				}
			}
		}
	case *connect.GetMetricDataInput:
		return name(in.Filters.Queues, "queue")
	case *connect.GetCurrentMetricDataInput:
		return cmp.Or(name(in.Filters.Queues, "queue"), name(in.Filters.RoutingProfiles, "routing-profile"))
	case *connect.GetCurrentUserDataInput:
		f := in.Filters
		return cmp.Or(name(f.Queues, "queue"), name(f.RoutingProfiles, "routing-profile"), name(f.Agents, "agent"), name(f.UserHierarchyGroups, "agent-group"))
	}
	return nil
}

func currentMetricData(c call, in *connect.GetCurrentMetricDataInput) (*connect.GetCurrentMetricDataOutput, error) {
	if _, err := c.Catalog.Instance(c.ctx(), c.at); err != nil {
		return nil, err
	}
	f := in.Filters
	r := &insight.CurrentRequest{
		Instance: c.at, Queues: f.Queues, Profiles: f.RoutingProfiles, Channels: f.Channels, Steps: f.RoutingStepExpressions, Statuses: f.AgentStatuses,
		Subtypes: f.Subtypes, Tests: f.ValidationTestTypes, Groupings: in.Groupings,
	}
	if err := insight.CheckCount("CurrentMetrics", len(in.CurrentMetrics)); err != nil {
		return nil, err
	}
	byID := 0
	for _, m := range in.CurrentMetrics {
		if m.MetricId != nil {
			if byID++; byID > mostCurrentMetricIDs {
				return nil, center.Refuse(center.InvalidParameter, "CurrentMetrics must have at most %d elements with a MetricId", mostCurrentMetricIDs)
			}
		}
		name, err := metricName("CurrentMetrics", m.Name, m.MetricId)
		if err != nil {
			return nil, err
		}
		if err := insight.CheckUnit(name, value(m.Unit)); err != nil {
			return nil, err
		}
		r.Metrics = append(r.Metrics, name)
	}
	if len(in.SortCriteria) > 0 {
		r.SortBy, r.Ascending = value(in.SortCriteria[0].SortByMetric), value(in.SortCriteria[0].SortOrder) == "ASCENDING"
	}
	page, err := c.Present.Current(c.ctx(), r, int(cmp.Or(value(in.MaxResults), figuresPage)), value(in.NextToken))
	if err != nil {
		return nil, err
	}
	total := int64(page.Total)
	out := &connect.GetCurrentMetricDataOutput{
		MetricResults: make([]connect.CurrentMetricResult, len(page.Rows)), DataSnapshotTime: &page.At, ApproximateTotalCount: &total, NextToken: text(page.Next),
	}
	for i := range page.Rows {
		row := &page.Rows[i]
		result := connect.CurrentMetricResult{Collections: make([]connect.CurrentMetricData, len(in.CurrentMetrics))}
		if len(in.Groupings) > 0 {
			result.Dimensions = c.dimensionsNow(row)
		}
		for j := range in.CurrentMetrics {
			result.Collections[j] = connect.CurrentMetricData{Metric: &in.CurrentMetrics[j], Value: row.Values[j]}
		}
		out.MetricResults[i] = result
	}
	return out, nil
}

func (c call) dimensionsNow(row *insight.CurrentRow) *connect.Dimensions {
	d := &connect.Dimensions{Channel: text(row.Channel), RoutingStepExpression: text(row.Step), Subtype: text(row.Subtype)}
	if row.Queue != "" {
		d.Queue = c.queueReference(row.Queue)
	}
	if row.Profile != "" {
		d.RoutingProfile = c.profileReference(row.Profile)
	}
	if row.Status != "" {
		arn := c.arn("agent-state", string(row.Status))
		d.AgentStatus = &connect.AgentStatusIdentifier{Id: text(row.Status), Arn: &arn}
	}
	return d
}

// arn is the ARN of a resource of the instance.
func (c call) arn(tail, id string) string {
	return c.Partition.InstanceARN(c.at) + "/" + tail + "/" + id
}

func (c call) profileReference(id center.RoutingProfileID) *connect.RoutingProfileReference {
	arn := c.arn("routing-profile", string(id))
	return &connect.RoutingProfileReference{Id: text(id), Arn: &arn}
}

func currentUserData(c call, in *connect.GetCurrentUserDataInput) (*connect.GetCurrentUserDataOutput, error) {
	if _, err := c.Catalog.Instance(c.ctx(), c.at); err != nil {
		return nil, err
	}
	f := in.Filters
	r := &insight.UsersRequest{Instance: c.at, Queues: f.Queues, Profiles: f.RoutingProfiles, Agents: f.Agents, Groups: f.UserHierarchyGroups}
	if f.ContactFilter != nil {
		r.States = f.ContactFilter.ContactStates
	}
	after, limit, err := page(in.NextToken, in.MaxResults, figuresPage)
	if err != nil {
		return nil, err
	}
	found, n, err := c.Present.Users(c.ctx(), r, after, limit+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, func(u *insight.UserNow) string { return string(u.ID) })
	total := int64(n)
	out := &connect.GetCurrentUserDataOutput{UserDataList: make([]connect.UserData, len(found)), ApproximateTotalCount: &total, NextToken: next}
	for i := range found {
		out.UserDataList[i] = c.userData(&found[i])
	}
	return out, nil
}

func (c call) userData(u *insight.UserNow) connect.UserData {
	arn, status := c.arn("agent", string(u.ID)), c.arn("agent-state", string(u.Status.ID))
	d := connect.UserData{
		User: &connect.UserReference{Id: text(u.ID), Arn: &arn}, RoutingProfile: c.profileReference(u.Profile), HierarchyPath: c.hierarchyPath(u.Groups),
		Status:            &connect.AgentStatusReference{StatusStartTimestamp: &u.Since, StatusArn: &status, StatusName: text(u.Status.Name)},
		MaxSlotsByChannel: u.Most, ActiveSlotsByChannel: u.Active, AvailableSlotsByChannel: u.Available, NextStatus: text(u.Next),
		Contacts: make([]connect.AgentContactReference, len(u.Contacts)),
	}
	for i := range u.Contacts {
		from := &u.Contacts[i]
		d.Contacts[i] = connect.AgentContactReference{
			ContactId: text(from.Contact), Channel: text(from.Channel), InitiationMethod: text(from.InitiationMethod), AgentContactState: text(from.State),
			StateStartTimestamp: &from.Since, ConnectedToAgentTimestamp: instant(from.Connected),
		}
		switch {
		case from.AgentQueue:
			arn := c.arn("queue/agent", string(from.Queue))
			d.Contacts[i].Queue = &connect.QueueReference{Id: text(from.Queue), Arn: &arn}
		case from.Queue != "":
			d.Contacts[i].Queue = c.queueReference(from.Queue)
		}
	}
	return d
}

// hierarchyPath has the levels that there are, and is absent for a user in no group.
func (c call) hierarchyPath(groups []center.HierarchyGroupID) *connect.HierarchyPathReference {
	if len(groups) == 0 {
		return nil
	}
	path := &connect.HierarchyPathReference{}
	levels := []**connect.HierarchyGroupSummaryReference{&path.LevelOne, &path.LevelTwo, &path.LevelThree, &path.LevelFour, &path.LevelFive}
	for i, id := range groups[:min(len(groups), len(levels))] {
		arn := c.arn("agent-group", string(id))
		*levels[i] = &connect.HierarchyGroupSummaryReference{Id: text(id), Arn: &arn}
	}
	return path
}

// positionInQueue is one of the two metrics that a contact has. The other is ESTIMATED_WAIT_TIME.
const positionInQueue = "POSITION_IN_QUEUE"

// contactMetrics answers the metrics of a contact that are known. An estimate is left out as long as too little is known for one
// (inferred): the model demands a number.
func contactMetrics(c call, in *connect.GetContactMetricsInput) (*connect.GetContactMetricsOutput, error) {
	id := contactID(in.ContactId)
	if _, _, err := c.Chats.Contact(c.ctx(), c.at, id); err != nil {
		return nil, err
	}
	place, err := c.Present.Place(c.ctx(), c.at, id)
	if err != nil {
		return nil, err
	}
	arn := c.Partition.ContactARN(c.at, id)
	out := &connect.GetContactMetricsOutput{MetricResults: []connect.ContactMetricResult{}, Id: text(id), Arn: &arn}
	position := float64(place.Position)
	for _, m := range in.Metrics {
		value := place.Wait
		if *m.Name == positionInQueue {
			value = &position
		}
		if value != nil { // SDKs refuse a value without a number
			out.MetricResults = append(out.MetricResults, connect.ContactMetricResult{Name: m.Name, Value: &connect.ContactMetricValue{Number: value}})
		}
	}
	return out, nil
}
