package api

import (
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var quickConnectOps = map[string]handler{
	"CreateQuickConnect": creates(catalog.QuickConnects, func(c call, in *connect.CreateQuickConnectInput) (*center.QuickConnect, error) {
		q := &center.QuickConnect{Head: head[center.QuickConnectID](in.Name, in.Description, in.Tags)}
		return q, quickConnectConfig(c, q, in.QuickConnectConfig)
	}, func(m made) *connect.CreateQuickConnectOutput {
		return &connect.CreateQuickConnectOutput{QuickConnectId: m.id, QuickConnectARN: m.arn}
	}),
	"DescribeQuickConnect": describes[*connect.DescribeQuickConnectInput](catalog.QuickConnects, func(c call, m made, q *center.QuickConnect) *connect.DescribeQuickConnectOutput {
		out := quickConnectOut(c, m, q)
		return &connect.DescribeQuickConnectOutput{QuickConnect: &out}
	}),
	"ListQuickConnects": lists(catalog.QuickConnects, listQueuesPage,
		func(in *connect.ListQuickConnectsInput) func(*center.QuickConnect) bool {
			return oneOf(in.QuickConnectTypes, func(q *center.QuickConnect) string { return q.Type })
		}, quickConnectSummary,
		func(all []connect.QuickConnectSummary, next *string) *connect.ListQuickConnectsOutput {
			return &connect.ListQuickConnectsOutput{QuickConnectSummaryList: all, NextToken: next}
		}),
	"UpdateQuickConnectConfig": updates[connect.UpdateQuickConnectConfigOutput](catalog.QuickConnects, func(c call, in *connect.UpdateQuickConnectConfigInput, q *center.QuickConnect) error {
		return quickConnectConfig(c, q, in.QuickConnectConfig)
	}),
	"UpdateQuickConnectName": updates[connect.UpdateQuickConnectNameOutput](catalog.QuickConnects, func(_ call, in *connect.UpdateQuickConnectNameInput, q *center.QuickConnect) error {
		return rename(&q.Name, &q.Description, in.Name, in.Description)
	}),
	"DeleteQuickConnect": deletes[connect.DeleteQuickConnectOutput, *connect.DeleteQuickConnectOutput, *connect.DeleteQuickConnectInput](catalog.QuickConnects),
	"SearchQuickConnects": searches(catalog.QuickConnects,
		func(in *connect.SearchQuickConnectsInput) (*connect.QuickConnectSearchCriteria, catalog.Condition, error) {
			filter, err := tagFilter(value(in.SearchFilter).TagFilter)
			return in.SearchCriteria, filter, err
		},
		func(n *connect.QuickConnectSearchCriteria) criteriaNode[connect.QuickConnectSearchCriteria] {
			return textOnly(n.OrConditions, n.AndConditions, n.StringCondition)
		},
		func(c call, m made, q *center.QuickConnect) (connect.QuickConnect, error) {
			return quickConnectOut(c, m, q), nil
		},
		func(found []connect.QuickConnect, next *string, total *int64) *connect.SearchQuickConnectsOutput {
			return &connect.SearchQuickConnectsOutput{QuickConnects: found, NextToken: next, ApproximateTotalCount: total}
		}),
}

func quickConnectOut(c call, m made, q *center.QuickConnect) connect.QuickConnect {
	return connect.QuickConnect{
		QuickConnectId: m.id, QuickConnectARN: m.arn, Name: &q.Name, Description: text(q.Description), QuickConnectConfig: quickConnectConfigOut(q),
		Tags: q.Tags, LastModifiedTime: &q.Modified, LastModifiedRegion: &c.Partition.Region,
	}
}

// quickConnectConfig reads where a quick connect leads.
func quickConnectConfig(c call, q *center.QuickConnect, in *connect.QuickConnectConfig) error {
	q.Type, q.User, q.Queue, q.Phone, q.Flow = *in.QuickConnectType, "", "", "", ""
	if err := center.CheckQuickConnect(q.Type, in.UserConfig != nil, in.QueueConfig != nil, in.PhoneConfig != nil, in.FlowConfig != nil); err != nil {
		return err
	}
	if u := in.UserConfig; u != nil {
		q.User, q.Flow = catalog.Users.ParseID(*u.UserId), *u.ContactFlowId
	}
	if to := in.QueueConfig; to != nil {
		q.Queue, q.Flow = center.QueueID(catalog.Queues.ParseID(*to.QueueId)), *to.ContactFlowId
	}
	if p := in.PhoneConfig; p != nil {
		q.Phone = *p.PhoneNumber
	}
	if f := in.FlowConfig; f != nil {
		q.Flow = *f.ContactFlowId
	}
	return c.Catalog.CheckQuickConnect(c.ctx(), c.at, q)
}

func quickConnectConfigOut(q *center.QuickConnect) *connect.QuickConnectConfig {
	out := &connect.QuickConnectConfig{QuickConnectType: &q.Type}
	switch q.Type {
	case center.QuickConnectUser:
		out.UserConfig = &connect.UserQuickConnectConfig{UserId: &q.User, ContactFlowId: &q.Flow}
	case center.QuickConnectQueue:
		out.QueueConfig = &connect.QueueQuickConnectConfig{QueueId: text(q.Queue), ContactFlowId: &q.Flow}
	case center.QuickConnectPhone:
		out.PhoneConfig = &connect.PhoneNumberQuickConnectConfig{PhoneNumber: &q.Phone}
	case center.QuickConnectFlow:
		out.FlowConfig = &connect.FlowQuickConnectConfig{ContactFlowId: &q.Flow}
	}
	return out
}

func quickConnectSummary(c call, m made, q *center.QuickConnect) connect.QuickConnectSummary {
	return connect.QuickConnectSummary{
		Id: m.id, Arn: m.arn, Name: &q.Name, QuickConnectType: &q.Type, LastModifiedTime: &q.Modified, LastModifiedRegion: &c.Partition.Region,
	}
}

func quickConnectIDs(in []string) []center.QuickConnectID {
	ids := make([]center.QuickConnectID, len(in))
	for i, id := range in {
		ids[i] = center.QuickConnectID(catalog.QuickConnects.ParseID(id))
	}
	return ids
}
