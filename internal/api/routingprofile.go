package api

import (
	"strings"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var routingProfileOps = map[string]handler{
	"CreateRoutingProfile": answers(createRoutingProfile),
	"DescribeRoutingProfile": answers(func(c call, in *connect.DescribeRoutingProfileInput) (*connect.DescribeRoutingProfileOutput, error) {
		p, err := catalog.RoutingProfiles.Get(c.ctx(), c.Catalog, c.at, catalog.RoutingProfiles.ParseID(*in.RoutingProfileId))
		if err != nil {
			return nil, err
		}
		out, err := routingProfile(c, p)
		return &connect.DescribeRoutingProfileOutput{RoutingProfile: out}, err
	}),
	"ListRoutingProfiles": lists[*connect.ListRoutingProfilesInput](catalog.RoutingProfiles, listQueuesPage, nil,
		func(c call, m made, p *center.RoutingProfile) connect.RoutingProfileSummary {
			return connect.RoutingProfileSummary{Id: m.id, Arn: m.arn, Name: &p.Name, LastModifiedTime: &p.Modified, LastModifiedRegion: &c.Partition.Region}
		},
		func(all []connect.RoutingProfileSummary, next *string) *connect.ListRoutingProfilesOutput {
			return &connect.ListRoutingProfilesOutput{RoutingProfileSummaryList: all, NextToken: next}
		}),
	"SearchRoutingProfiles": searches(catalog.FoundProfiles,
		func(in *connect.SearchRoutingProfilesInput) (*connect.RoutingProfileSearchCriteria, catalog.Condition, error) {
			filter, err := tagFilter(value(in.SearchFilter).TagFilter)
			return in.SearchCriteria, filter, err
		},
		func(n *connect.RoutingProfileSearchCriteria) criteriaNode[connect.RoutingProfileSearchCriteria] {
			return textOnly(n.OrConditions, n.AndConditions, n.StringCondition)
		},
		func(c call, _ made, p *catalog.FoundProfile) (connect.RoutingProfile, error) {
			return foundProfile(c, p)
		},
		func(found []connect.RoutingProfile, next *string, total *int64) *connect.SearchRoutingProfilesOutput {
			return &connect.SearchRoutingProfilesOutput{RoutingProfiles: found, NextToken: next, ApproximateTotalCount: total}
		}),
	"UpdateRoutingProfileName": updates[connect.UpdateRoutingProfileNameOutput](catalog.RoutingProfiles, func(_ call, in *connect.UpdateRoutingProfileNameInput, p *center.RoutingProfile) error {
		return rename(&p.Name, &p.Description, in.Name, in.Description)
	}),
	"UpdateRoutingProfileConcurrency": updates[connect.UpdateRoutingProfileConcurrencyOutput](catalog.RoutingProfiles, func(_ call, in *connect.UpdateRoutingProfileConcurrencyInput, p *center.RoutingProfile) error {
		p.Concurrencies = concurrencies(in.MediaConcurrencies)
		return nil
	}),
	"UpdateRoutingProfileDefaultOutboundQueue": updates[connect.UpdateRoutingProfileDefaultOutboundQueueOutput](catalog.RoutingProfiles, func(_ call, in *connect.UpdateRoutingProfileDefaultOutboundQueueInput, p *center.RoutingProfile) error {
		p.DefaultOutboundQueue = queueID(in.DefaultOutboundQueueId)
		return nil
	}),
	"UpdateRoutingProfileAgentAvailabilityTimer": updates[connect.UpdateRoutingProfileAgentAvailabilityTimerOutput](catalog.RoutingProfiles, func(_ call, in *connect.UpdateRoutingProfileAgentAvailabilityTimerInput, p *center.RoutingProfile) error {
		p.AvailabilityTimer = *in.AgentAvailabilityTimer
		return nil
	}),
	"UpdateRoutingProfileQueues": does[connect.UpdateRoutingProfileQueuesOutput](func(c call, in *connect.UpdateRoutingProfileQueuesInput) error {
		queues, err := profileQueues(in.QueueConfigs)
		if err != nil {
			return err
		}
		return catalog.ProfileQueues.Replace(c.ctx(), c.Catalog, c.at, catalog.RoutingProfiles.ParseID(*in.RoutingProfileId), queues)
	}),
	"AssociateRoutingProfileQueues": does[connect.AssociateRoutingProfileQueuesOutput](func(c call, in *connect.AssociateRoutingProfileQueuesInput) error {
		if in.QueueConfigs == nil && in.ManualAssignmentQueueConfigs == nil {
			return center.Refuse(center.InvalidRequest, "QueueConfigs or ManualAssignmentQueueConfigs is required")
		}
		queues, err := profileQueues(in.QueueConfigs)
		if err != nil {
			return err
		}
		return c.Catalog.AssociateProfileQueues(c.ctx(), c.at, catalog.RoutingProfiles.ParseID(*in.RoutingProfileId), queues, manualQueues(in.ManualAssignmentQueueConfigs))
	}),
	"DisassociateRoutingProfileQueues": does[connect.DisassociateRoutingProfileQueuesOutput](func(c call, in *connect.DisassociateRoutingProfileQueuesInput) error {
		if in.QueueReferences == nil && in.ManualAssignmentQueueReferences == nil {
			return center.Refuse(center.InvalidRequest, "QueueReferences or ManualAssignmentQueueReferences is required")
		}
		return c.Catalog.DisassociateProfileQueues(c.ctx(), c.at, catalog.RoutingProfiles.ParseID(*in.RoutingProfileId),
			queueChannels(in.QueueReferences), queueChannels(in.ManualAssignmentQueueReferences))
	}),
	"ListRoutingProfileQueues": profileQueueList[*connect.ListRoutingProfileQueuesInput](catalog.ProfileQueues, (*center.ProfileQueue).Key, func(q *center.ProfileQueue) *center.QueueChannel { return &q.QueueChannel },
		func(id, arn, name *string, q *center.ProfileQueue) connect.RoutingProfileQueueConfigSummary {
			return connect.RoutingProfileQueueConfigSummary{QueueId: id, QueueArn: arn, QueueName: name, Channel: &q.Channel, Priority: &q.Priority, Delay: &q.Delay}
		},
		func(c call, p *center.RoutingProfile, all []connect.RoutingProfileQueueConfigSummary, next *string) *connect.ListRoutingProfileQueuesOutput {
			return &connect.ListRoutingProfileQueuesOutput{
				RoutingProfileQueueConfigSummaryList: all, NextToken: next, LastModifiedTime: &p.Modified, LastModifiedRegion: &c.Partition.Region,
			}
		}),
	"ListRoutingProfileManualAssignmentQueues": profileQueueList[*connect.ListRoutingProfileManualAssignmentQueuesInput](catalog.ProfileManualQueues, (*center.QueueChannel).Key, func(q *center.QueueChannel) *center.QueueChannel { return q },
		func(id, arn, name *string, q *center.QueueChannel) connect.RoutingProfileManualAssignmentQueueConfigSummary {
			return connect.RoutingProfileManualAssignmentQueueConfigSummary{QueueId: id, QueueArn: arn, QueueName: name, Channel: &q.Channel}
		},
		func(c call, p *center.RoutingProfile, all []connect.RoutingProfileManualAssignmentQueueConfigSummary, next *string) *connect.ListRoutingProfileManualAssignmentQueuesOutput {
			return &connect.ListRoutingProfileManualAssignmentQueuesOutput{
				RoutingProfileManualAssignmentQueueConfigSummaryList: all, NextToken: next, LastModifiedTime: &p.Modified, LastModifiedRegion: &c.Partition.Region,
			}
		}),
	"DeleteRoutingProfile": deletes[connect.DeleteRoutingProfileOutput, *connect.DeleteRoutingProfileOutput, *connect.DeleteRoutingProfileInput](catalog.RoutingProfiles),
}

func createRoutingProfile(c call, in *connect.CreateRoutingProfileInput) (*connect.CreateRoutingProfileOutput, error) {
	p := &center.RoutingProfile{
		Head:                 head[center.RoutingProfileID](in.Name, in.Description, in.Tags),
		DefaultOutboundQueue: queueID(in.DefaultOutboundQueueId), Concurrencies: concurrencies(in.MediaConcurrencies), AvailabilityTimer: center.TimeSinceLastActivity,
	}
	set(&p.AvailabilityTimer, in.AgentAvailabilityTimer)
	queues, err := profileQueues(in.QueueConfigs)
	if err != nil {
		return nil, err
	}
	if err := c.Catalog.CreateRoutingProfile(c.ctx(), c.at, p, queues, manualQueues(in.ManualAssignmentQueueConfigs)); err != nil {
		return nil, err
	}
	m := madeOf(c, catalog.RoutingProfiles, p)
	return &connect.CreateRoutingProfileOutput{RoutingProfileId: m.id, RoutingProfileArn: m.arn}, nil
}

// routingProfile is a routing profile as DescribeRoutingProfile shows it, which leaves the ids of its queues out (API
// Reference, DescribeRoutingProfile).
func routingProfile(c call, p *center.RoutingProfile) (*connect.RoutingProfile, error) {
	has, err := c.Catalog.FiguresOfProfile(c.ctx(), c.at, p.ID)
	return routingProfileWith(c, p, has), err
}

// foundProfile is a routing profile as SearchRoutingProfiles shows it. What is left out and what is in is said by the API
// reference of both operations; the manual assignment queues are in as the others are (inferred).
func foundProfile(c call, p *catalog.FoundProfile) (connect.RoutingProfile, error) {
	users, err := c.Catalog.NumberOfUsers(c.ctx(), c.at, p.ID)
	if err != nil {
		return connect.RoutingProfile{}, err
	}
	out := routingProfileWith(c, &p.RoutingProfile, catalog.ProfileFigures{Queues: len(p.Routed), ManualQueues: len(p.Manual), Users: users})
	id := func(q *center.QueueID) string { return string(*q) }
	out.AssociatedQueueIds, out.AssociatedManualAssignmentQueueIds = each(p.Routed, id), each(p.Manual, id)
	out.LastModifiedTime, out.LastModifiedRegion, out.AgentAvailabilityTimer = nil, nil, nil
	for i := range out.MediaConcurrencies {
		out.MediaConcurrencies[i].CrossChannelBehavior = nil
	}
	return *out, nil
}

func routingProfileWith(c call, p *center.RoutingProfile, has catalog.ProfileFigures) *connect.RoutingProfile {
	m, instance, isDefault := madeOf(c, catalog.RoutingProfiles, p), string(c.at), p.ID == center.BasicRoutingProfileID(c.at)
	return &connect.RoutingProfile{
		InstanceId: &instance, RoutingProfileId: m.id, RoutingProfileArn: m.arn, Name: &p.Name, Description: text(p.Description),
		MediaConcurrencies: concurrenciesOut(p.Concurrencies), DefaultOutboundQueueId: text(p.DefaultOutboundQueue),
		AgentAvailabilityTimer: &p.AvailabilityTimer, Tags: p.Tags, IsDefault: &isDefault,
		NumberOfAssociatedQueues: number(has.Queues), NumberOfAssociatedManualAssignmentQueues: number(has.ManualQueues), NumberOfAssociatedUsers: number(has.Users),
		LastModifiedTime: &p.Modified, LastModifiedRegion: &c.Partition.Region,
	}
}

func number(n int) *int64 {
	long := int64(n)
	return &long
}

func queueID(s *string) center.QueueID { return center.QueueID(catalog.Queues.ParseID(value(s))) }

func queueChannel(in *connect.RoutingProfileQueueReference) center.QueueChannel {
	return center.QueueChannel{Queue: queueID(in.QueueId), Channel: *in.Channel}
}

func queueChannels(in []connect.RoutingProfileQueueReference) []center.QueueChannel {
	all := make([]center.QueueChannel, len(in))
	for i := range in {
		all[i] = queueChannel(&in[i])
	}
	return all
}

func manualQueues(in []connect.RoutingProfileManualAssignmentQueueConfig) []center.QueueChannel {
	all := make([]center.QueueChannel, len(in))
	for i := range in {
		all[i] = queueChannel(in[i].QueueReference)
	}
	return all
}

// profileQueues reads queues with their priorities and delays, of which a queue and channel has one each.
func profileQueues(in []connect.RoutingProfileQueueConfig) ([]center.ProfileQueue, error) {
	all, seen := make([]center.ProfileQueue, len(in)), map[center.QueueChannel]bool{}
	for i := range in {
		q := queueChannel(in[i].QueueReference)
		if seen[q] {
			return nil, center.Refuse(center.InvalidParameter, "QueueConfigs must name each queue and channel once, got the queue %s and the channel %s twice", center.Printable(string(q.Queue)), q.Channel)
		}
		seen[q] = true
		all[i] = center.ProfileQueue{QueueChannel: q, Priority: *in[i].Priority, Delay: *in[i].Delay}
	}
	return all, nil
}

func concurrencies(in []connect.MediaConcurrency) []center.MediaConcurrency {
	all := make([]center.MediaConcurrency, len(in))
	for i := range in {
		m := &in[i]
		all[i] = center.MediaConcurrency{Channel: *m.Channel, Concurrency: m.Concurrency}
		if m.CrossChannelBehavior != nil {
			all[i].CrossChannel = *m.CrossChannelBehavior.BehaviorType
		}
		for _, w := range m.WorkloadTypeConcurrencies {
			kept := center.WorkloadConcurrency{Type: *w.WorkloadType, Concurrency: *w.Concurrency}
			if b := w.CrossChannelWorkloadBehavior; b != nil {
				kept.Crosses, kept.CrossChannel = true, value(b.ChannelWorkloadBehaviorType)
			}
			all[i].Workloads = append(all[i].Workloads, kept)
		}
	}
	return all
}

func concurrenciesOut(all []center.MediaConcurrency) []connect.MediaConcurrency {
	out := make([]connect.MediaConcurrency, len(all))
	for i := range all {
		m := &all[i]
		out[i] = connect.MediaConcurrency{Channel: &m.Channel, Concurrency: m.Concurrency}
		if m.CrossChannel != "" {
			out[i].CrossChannelBehavior = &connect.CrossChannelBehavior{BehaviorType: &m.CrossChannel}
		}
		for j := range m.Workloads {
			w := &m.Workloads[j]
			shown := connect.WorkloadTypeConcurrency{WorkloadType: &w.Type, Concurrency: &w.Concurrency}
			if w.Crosses {
				shown.CrossChannelWorkloadBehavior = &connect.CrossChannelWorkloadBehavior{ChannelWorkloadBehaviorType: text(w.CrossChannel)}
			}
			out[i].WorkloadTypeConcurrencies = append(out[i].WorkloadTypeConcurrencies, shown)
		}
	}
	return out
}

// isQueueChannel knows the keys of the queues of a routing profile.
func isQueueChannel(key string) bool {
	queue, _, ok := strings.Cut(key, "/")
	return ok && isUUID(queue)
}

// profileQueueList adapts a list of the queues of a routing profile, and shows of each the queue's name. ref is what names
// a row's queue.
func profileQueueList[I pagedOn, V, S any, O wire.Output](rows *catalog.Rows[center.RoutingProfile, V], key func(*V) string, ref func(*V) *center.QueueChannel,
	summary func(id, arn, name *string, row *V) S, answer func(call, *center.RoutingProfile, []S, *string) O,
) handler {
	return answers(func(c call, in I) (out O, err error) {
		token, most := in.Page()
		after, limit, err := pageAfter(token, most, listQueuesPage, isQueueChannel)
		if err != nil {
			return out, err
		}
		p, found, err := rows.List(c.ctx(), c.Catalog, c.at, catalog.RoutingProfiles.ParseID(in.OnResource()), after, limit+1)
		if err != nil {
			return out, err
		}
		found, next := cut(found, limit, key)
		all := []S{}
		for i := range found {
			q, err := c.Catalog.Queue(c.ctx(), c.at, ref(&found[i]).Queue)
			if center.Is(err, center.NotFound) {
				continue // it was taken away and deleted meanwhile
			}
			if err != nil {
				return out, err
			}
			m := madeOf(c, catalog.Queues, q)
			all = append(all, summary(m.id, m.arn, &q.Name, &found[i]))
		}
		return answer(c, p, all, next), nil
	})
}
