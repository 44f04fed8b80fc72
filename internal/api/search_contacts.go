package api

import (
	"strconv"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/insight"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var searchContactsOps = map[string]handler{
	"SearchContacts": answers(searchContacts),
}

func searchContacts(c call, in *connect.SearchContactsInput) (*connect.SearchContactsOutput, error) {
	if _, err := c.Catalog.Instance(c.ctx(), c.at); err != nil {
		return nil, err
	}
	search := insight.Search{Instance: c.at, Range: timeRange(in.TimeRange)}
	if in.Sort != nil {
		search.Sort = insight.Sort{Field: *in.Sort.FieldName, Order: *in.Sort.Order}
	}
	if in.SearchCriteria != nil {
		criteria, err := searchCriteria(in.SearchCriteria)
		if err != nil {
			return nil, err
		}
		search.Criteria = criteria
	}
	limit := 100 // the length of a page when none is asked for is not documented
	if in.MaxResults != nil {
		limit = int(*in.MaxResults)
	}
	page, err := c.Insight.Search(c.ctx(), &search, limit, value(in.NextToken))
	if err != nil {
		return nil, err
	}
	out := &connect.SearchContactsOutput{Contacts: make([]connect.ContactSearchSummary, len(page.Contacts)), TotalCount: &page.Total, NextToken: text(page.Next)}
	plain := contactTags(c.at, nil) // most contacts have no others
	for i := range page.Contacts {
		out.Contacts[i] = c.contactSummary(c.at, &page.Contacts[i], plain)
	}
	return out, nil
}

func timeRange(r *connect.SearchContactsTimeRange) insight.TimeRange {
	return insight.TimeRange{Type: *r.Type, From: *r.StartTime, To: *r.EndTime}
}

// searchCriteria reads the criteria of a search. No contact here is analysed, in another region, or led by an AI agent of
// Amazon Connect's.
func searchCriteria(in *connect.SearchCriteria) (c insight.Criteria, err error) {
	c = insight.Criteria{
		Agents: in.AgentIds, Channels: in.Channels, InitiationMethods: in.InitiationMethods, Queues: in.QueueIds,
		Unanswerable: in.ContactAnalysis != nil && in.ContactAnalysis.Transcript != nil && len(in.ContactAnalysis.Transcript.Criteria) > 0 ||
			len(in.ActiveRegions) > 0 || in.AiAgents != nil && len(in.AiAgents.Criteria) > 0,
	}
	if n := in.Name; n != nil {
		c.Names = insight.Match[string]{Type: *n.MatchType, List: n.SearchText}
	}
	if g := in.AgentHierarchyGroups; g != nil {
		c.Groups = [...][]string{g.L1Ids, g.L2Ids, g.L3Ids, g.L4Ids, g.L5Ids}
	}
	if r := in.RoutingCriteria; r != nil {
		for _, step := range r.Steps {
			if a := step.AgentCriteria; a != nil {
				c.PreferredAgents = append(c.PreferredAgents, insight.Match[string]{Type: value(a.MatchType), List: a.AgentIds})
			}
		}
	}
	if a := in.SearchableContactAttributes; a != nil {
		c.Attributes.Type = value(a.MatchType)
		for _, criterion := range a.Criteria {
			c.Attributes.List = append(c.Attributes.List, insight.Values{Key: *criterion.Key, Values: criterion.Values})
		}
	}
	if a := in.SearchableSegmentAttributes; a != nil {
		c.SegmentAttributes.Type = value(a.MatchType)
		for _, criterion := range a.Criteria {
			c.SegmentAttributes.List = append(c.SegmentAttributes.List, insight.Values{Key: *criterion.Key, Values: criterion.Values})
		}
	}
	if in.AdditionalTimeRange != nil {
		if c.Times, err = additionalTimes(in.AdditionalTimeRange); err != nil {
			return c, err
		}
	}
	if in.ContactTags != nil {
		c.Tags, err = contactTagLists(in.ContactTags)
	}
	return c, err
}

func additionalTimes(in *connect.SearchContactsAdditionalTimeRange) (m insight.Match[insight.TimeCriterion], err error) {
	m.Type = *in.MatchType
	for _, criterion := range in.Criteria {
		r, condition := criterion.TimeRange, criterion.TimestampCondition
		switch {
		case (r == nil) == (condition == nil):
			return m, center.Refuse(center.InvalidParameter, "AdditionalTimeRange.Criteria must each have either TimeRange or TimestampCondition")
		case r != nil:
			times := timeRange(r)
			m.List = append(m.List, insight.TimeCriterion{Range: &times})
		case *condition.ConditionType == "NOT_EXISTS":
			m.List = append(m.List, insight.TimeCriterion{Missing: *condition.Type})
		}
	}
	return m, nil
}

// contactTagLists reads a filter of tags, one of whose members may be given: lists of which one must hold whole.
func contactTagLists(in *connect.ControlPlaneTagFilter) (lists [][]insight.Tag, err error) {
	or, members := in.OrConditions, 0
	if len(in.OrConditions) > 0 {
		members++
	}
	if len(in.AndConditions) > 0 {
		or, members = [][]connect.TagCondition{in.AndConditions}, members+1
	}
	if in.TagCondition != nil {
		or, members = [][]connect.TagCondition{{*in.TagCondition}}, members+1
	}
	if members > 1 {
		return nil, center.Refuse(center.InvalidParameter, "ContactTags must have one of OrConditions, AndConditions and TagCondition, got %d", members)
	}
	for _, and := range or {
		tags := make([]insight.Tag, len(and))
		for i, t := range and {
			if value(t.TagKey) == "" {
				return nil, center.Refuse(center.InvalidParameter, "ContactTags conditions must have a TagKey")
			}
			tags[i] = insight.Tag{Key: *t.TagKey, Value: t.TagValue}
		}
		lists = append(lists, tags)
	}
	return lists, nil
}

func (a *API) contactSummary(at center.InstanceID, f *insight.Contact, tags map[string]string) connect.ContactSearchSummary {
	arn, channel := a.Partition.ContactARN(at, f.ID), "CHAT"
	about := f.About
	if about == nil {
		about = &center.About{}
	}
	if len(about.Tags) > 0 {
		tags = contactTags(at, about.Tags)
	}
	out := connect.ContactSearchSummary{
		Arn: &arn, Id: text(f.ID), InitialContactId: initialContact(f.ID, f.Chat), PreviousContactId: text(f.Previous),
		InitiationMethod: text(f.InitiationMethod), Channel: &channel, InitiationTimestamp: instant(f.Initiated),
		DisconnectTimestamp: instant(f.Disconnected), Name: text(about.Name), RoutingCriteria: a.routing(f.Routing, f.Disconnected),
		Tags: tags, SegmentAttributes: summarySegments(f.Subtype, about.Segments),
	}
	if !f.Enqueued.IsZero() {
		out.QueueInfo = &connect.ContactSearchSummaryQueueInfo{Id: text(f.Queue), EnqueueTimestamp: &f.Enqueued}
	}
	if !f.ConnectedToAgent.IsZero() {
		out.AgentInfo = &connect.ContactSearchSummaryAgentInfo{Id: text(f.Agent), ConnectedToAgentTimestamp: &f.ConnectedToAgent}
	}
	return out
}

// summarySegments are segment attributes as a summary has them: texts and maps. A number is shown as the text that it is
// searched by.
func summarySegments(subtype string, given map[string]center.SegmentAttribute) map[string]connect.ContactSearchSummarySegmentAttributeValue {
	all := make(map[string]connect.ContactSearchSummarySegmentAttributeValue, 1+len(given))
	for key, v := range given {
		switch {
		case v.ValueInteger != nil:
			number := strconv.FormatInt(*v.ValueInteger, 10)
			all[key] = connect.ContactSearchSummarySegmentAttributeValue{ValueString: &number}
		case v.ValueString != nil || v.ValueMap != nil:
			all[key] = connect.ContactSearchSummarySegmentAttributeValue{ValueString: v.ValueString, ValueMap: segmentAttributeValues(v.ValueMap)}
		}
	}
	if subtype != "" {
		all[center.SubtypeKey] = connect.ContactSearchSummarySegmentAttributeValue{ValueString: &subtype}
	}
	return all
}
