package api

import (
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

// listQueuesPage is the documented default of the lists of queues and quick connects.
const listQueuesPage = 100

var queueOps = map[string]handler{
	"CreateQueue": answers(func(c call, in *connect.CreateQueueInput) (*connect.CreateQueueOutput, error) {
		q := center.Queue{
			Head: head[center.QueueID](in.Name, in.Description, in.Tags), Type: center.QueueStandard, Status: center.QueueEnabled,
			Hours: center.ParseHours(*in.HoursOfOperationId), MaxContacts: maxContacts(in.MaxContacts),
		}
		if err := noEmail(in.OutboundEmailConfig != nil || in.EmailAddressesConfig != nil); err != nil {
			return nil, err
		}
		callerConfig(&q, in.OutboundCallerConfig)
		if err := c.Catalog.CreateQueue(c.ctx(), c.at, &q, quickConnectIDs(in.QuickConnectIds)); err != nil {
			return nil, err
		}
		m := madeOf(c, catalog.Queues, &q)
		return &connect.CreateQueueOutput{QueueId: m.id, QueueArn: m.arn}, nil
	}),
	"DescribeQueue": describes[*connect.DescribeQueueInput](catalog.Queues, func(c call, m made, q *center.Queue) *connect.DescribeQueueOutput {
		out := queueOut(c, m, q)
		return &connect.DescribeQueueOutput{Queue: &out}
	}),
	"ListQueues": lists(catalog.Queues, listQueuesPage,
		func(in *connect.ListQueuesInput) func(*center.Queue) bool {
			return oneOf(in.QueueTypes, func(q *center.Queue) string { return q.Type })
		},
		func(c call, m made, q *center.Queue) connect.QueueSummary {
			return connect.QueueSummary{
				Id: m.id, Arn: m.arn, Name: text(q.Name), QueueType: &q.Type, LastModifiedTime: &q.Modified, LastModifiedRegion: &c.Partition.Region,
			}
		},
		func(all []connect.QueueSummary, next *string) *connect.ListQueuesOutput {
			return &connect.ListQueuesOutput{QueueSummaryList: all, NextToken: next}
		}),
	"UpdateQueueHoursOfOperation": updates[connect.UpdateQueueHoursOfOperationOutput](catalog.Queues, func(_ call, in *connect.UpdateQueueHoursOfOperationInput, q *center.Queue) error {
		q.Hours = center.ParseHours(*in.HoursOfOperationId)
		return nil
	}),
	"UpdateQueueMaxContacts": updates[connect.UpdateQueueMaxContactsOutput](catalog.Queues, func(_ call, in *connect.UpdateQueueMaxContactsInput, q *center.Queue) error {
		q.MaxContacts = maxContacts(in.MaxContacts)
		return nil
	}),
	"UpdateQueueName": updates[connect.UpdateQueueNameOutput](catalog.Queues, func(_ call, in *connect.UpdateQueueNameInput, q *center.Queue) error {
		return rename(&q.Name, &q.Description, in.Name, in.Description)
	}),
	"UpdateQueueOutboundCallerConfig": updates[connect.UpdateQueueOutboundCallerConfigOutput](catalog.Queues, func(_ call, in *connect.UpdateQueueOutboundCallerConfigInput, q *center.Queue) error {
		callerConfig(q, in.OutboundCallerConfig)
		return nil
	}),
	"UpdateQueueStatus": updates[connect.UpdateQueueStatusOutput](catalog.Queues, func(_ call, in *connect.UpdateQueueStatusInput, q *center.Queue) error {
		q.Status = *in.Status
		return nil
	}),
	"DeleteQueue": does[connect.DeleteQueueOutput](func(c call, in *connect.DeleteQueueInput) error {
		return c.Catalog.DeleteQueue(c.ctx(), c.at, center.QueueID(catalog.Queues.ParseID(*in.QueueId)))
	}),
	"AssociateQueueQuickConnects": does[connect.AssociateQueueQuickConnectsOutput](func(c call, in *connect.AssociateQueueQuickConnectsInput) error {
		return catalog.QueueQuickConnects.Add(c.ctx(), c.Catalog, c.at, catalog.Queues.ParseID(*in.QueueId), quickConnectIDs(in.QuickConnectIds))
	}),
	"DisassociateQueueQuickConnects": does[connect.DisassociateQueueQuickConnectsOutput](func(c call, in *connect.DisassociateQueueQuickConnectsInput) error {
		return catalog.QueueQuickConnects.Remove(c.ctx(), c.Catalog, c.at, catalog.Queues.ParseID(*in.QueueId), quickConnectIDs(in.QuickConnectIds))
	}),
	"ListQueueQuickConnects": answers(listQueueQuickConnects),
	"SearchQueues": searches(catalog.Queues,
		func(in *connect.SearchQueuesInput) (*connect.QueueSearchCriteria, catalog.Condition, error) {
			filter, err := tagFilter(value(in.SearchFilter).TagFilter)
			return in.SearchCriteria, filter, err
		},
		func(n *connect.QueueSearchCriteria) criteriaNode[connect.QueueSearchCriteria] {
			return textOnly(n.OrConditions, n.AndConditions, n.StringCondition).words(map[string]*string{"QueueTypeCondition": n.QueueTypeCondition})
		},
		func(c call, m made, q *center.Queue) (connect.Queue, error) { return queueOut(c, m, q), nil },
		func(found []connect.Queue, next *string, total *int64) *connect.SearchQueuesOutput {
			return &connect.SearchQueuesOutput{Queues: found, NextToken: next, ApproximateTotalCount: total}
		}),
}

func queueOut(c call, m made, q *center.Queue) connect.Queue {
	return connect.Queue{
		QueueId: m.id, QueueArn: m.arn, Name: text(q.Name), Description: text(q.Description), Status: &q.Status,
		HoursOfOperationId: text(q.Hours), MaxContacts: contacts(q.MaxContacts), OutboundCallerConfig: callerConfigOut(q),
		Tags: q.Tags, LastModifiedTime: &q.Modified, LastModifiedRegion: &c.Partition.Region,
	}
}

// rename changes a name and a description, of which a request must name one.
func rename(name, description *string, newName, newDescription *string) error {
	if newName == nil && newDescription == nil {
		return center.Refuse(center.InvalidRequest, "Name or Description is required")
	}
	set(name, newName)
	set(description, newDescription)
	return nil
}

// maxContacts reads the capacity of a queue; 0 takes the limit away (seen with the AWS provider of Terraform).
func maxContacts(n *int64) *int {
	if value(n) == 0 {
		return nil
	}
	most := int(*n)
	return &most
}

func contacts(n *int) *int64 {
	if n == nil {
		return nil
	}
	most := int64(*n)
	return &most
}

// callerConfig reads what a queue shows to those it calls. No chat uses it. That the number is claimed to the instance is
// checked when the queue is kept.
func callerConfig(q *center.Queue, in *connect.OutboundCallerConfig) {
	if in != nil {
		q.CallerName, q.CallerNumber, q.CallerFlow = value(in.OutboundCallerIdName), center.ParsePhoneNumber(value(in.OutboundCallerIdNumberId)), value(in.OutboundFlowId)
	}
}

func callerConfigOut(q *center.Queue) *connect.OutboundCallerConfig {
	if q.CallerName == "" && q.CallerNumber == "" && q.CallerFlow == "" {
		return nil
	}
	return &connect.OutboundCallerConfig{OutboundCallerIdName: text(q.CallerName), OutboundCallerIdNumberId: text(q.CallerNumber), OutboundFlowId: text(q.CallerFlow)}
}

// noEmail refuses addresses: there are no email channels.
func noEmail(given bool) error {
	if given {
		return center.Refuse(center.NotFound, "Resource not found of Type: EMAIL_ADDRESS (email is not served)")
	}
	return nil
}

// listQueueQuickConnects lists rows of a queue, and shows of each the quick connect that it stands for.
func listQueueQuickConnects(c call, in *connect.ListQueueQuickConnectsInput) (*connect.ListQueueQuickConnectsOutput, error) {
	after, limit, err := page(in.NextToken, in.MaxResults, listQueuesPage)
	if err != nil {
		return nil, err
	}
	q, rows, err := catalog.QueueQuickConnects.List(c.ctx(), c.Catalog, c.at, catalog.Queues.ParseID(*in.QueueId), after, limit+1)
	if err != nil {
		return nil, err
	}
	rows, next := cut(rows, limit, func(id *center.QuickConnectID) string { return string(*id) })
	out := &connect.ListQueueQuickConnectsOutput{
		QuickConnectSummaryList: []connect.QuickConnectSummary{}, NextToken: next, LastModifiedTime: &q.Modified, LastModifiedRegion: &c.Partition.Region,
	}
	for _, id := range rows {
		found, err := catalog.QuickConnects.Get(c.ctx(), c.Catalog, c.at, string(id))
		if center.Is(err, center.NotFound) {
			continue // it was deleted meanwhile, and its row with it
		}
		if err != nil {
			return nil, err
		}
		out.QuickConnectSummaryList = append(out.QuickConnectSummaryList, quickConnectSummary(c, madeOf(c, catalog.QuickConnects, found), found))
	}
	return out, nil
}
