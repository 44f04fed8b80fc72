package catalog

import (
	"context"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// Queues are the queues of an instance.
var Queues = &Kind[center.Queue]{
	rows: "queue", word: "QUEUE", tail: "queue",
	path:  (*center.Queue).ARNPath,
	parse: parseQueue,
	key:   (*center.Queue).Key,
	stamp: (*center.Queue).Stamp,
	tags:  (*center.Queue).TagSet,
	check: (*center.Queue).Check,
	refs: func(q *center.Queue) []store.Ref {
		if q.Hours == "" {
			return nil // an agent's queue
		}
		refs := []store.Ref{{Kind: HoursOfOperation.rows, ID: string(q.Hours)}}
		if q.CallerNumber != "" {
			refs = append(refs, store.Ref{Kind: PhoneNumbers.rows, ID: string(q.CallerNumber)})
		}
		return refs
	},
	taken: "a queue of that name already exists in the instance",
	quota: 100, plural: "queues",
	counts: func(q *center.Queue) bool { return q.Type == center.QueueStandard },
	below:  []string{"queue-quick-connect"},
	fields: append(headFields(byName, (*center.Queue).Key, func(q *center.Queue) string { return q.Description }, parseQueue),
		wordField("QueueTypeCondition", func(q *center.Queue) string { return q.Type })),
	hidden: func(q *center.Queue) bool { return q.Type != center.QueueStandard },
}

func parseQueue(s string) string {
	id, _ := center.ParseQueue(s)
	return string(id)
}

// QueueQuickConnects are the quick connects that agents who work a queue see.
var QueueQuickConnects = &Rows[center.Queue, center.QuickConnectID]{
	of: Queues, rows: "queue-quick-connect",
	key: func(id *center.QuickConnectID) string { return string(*id) },
	refs: func(id *center.QuickConnectID) []store.Ref {
		return []store.Ref{{Kind: QuickConnects.rows, ID: string(*id)}}
	},
	limit: 50, quota: 700, plural: "quick connects",
}

// QuickConnects are the quick connects of an instance: where agents can transfer contacts to.
var QuickConnects = &Kind[center.QuickConnect]{
	rows: "quick-connect", word: "QUICK_CONNECT", tail: "transfer-destination",
	key:   (*center.QuickConnect).Key,
	stamp: (*center.QuickConnect).Stamp,
	tags:  (*center.QuickConnect).TagSet,
	refs:  quickConnectRefs,
	taken: "a quick connect of that name already exists in the instance",
	quota: 100, plural: "quick connects",
	with: []string{"queue-quick-connect"},
	fields: headFields(byText, (*center.QuickConnect).Key, func(q *center.QuickConnect) string { return q.Description },
		parseID("transfer-destination")),
}

// quickConnectRefs are what a quick connect leads to and keeps from being deleted: a queue. See CheckQuickConnect.
func quickConnectRefs(q *center.QuickConnect) []store.Ref {
	if q.Queue != "" {
		return []store.Ref{{Kind: Queues.rows, ID: string(q.Queue)}}
	}
	return nil
}

// Queue finds a queue by its id.
func (c *Catalog) Queue(ctx context.Context, at center.InstanceID, id center.QueueID) (*center.Queue, error) {
	return Queues.find(ctx, c, at, string(id))
}

// NoQueue is the answer for a queue that does not exist.
func NoQueue(id center.QueueID) error { return Queues.notFound(string(id)) }

// CreateQueue makes a queue with the quick connects that agents who work it see.
func (c *Catalog) CreateQueue(ctx context.Context, at center.InstanceID, q *center.Queue, connects []center.QuickConnectID) error {
	q.ID = center.QueueID(c.NewID())
	rows, err := QueueQuickConnects.fresh(c, at, string(q.ID), connects)
	if err != nil {
		return err
	}
	_, err = Queues.Create(ctx, c, at, q, ClientToken{}, rows...)
	return err
}

// DeleteQueue deletes a queue in which no contact waits and that nothing refers to. A contact that comes at the same
// moment waits in a queue that is gone, until its flow or its time ends that.
func (c *Catalog) DeleteQueue(ctx context.Context, at center.InstanceID, id center.QueueID) error {
	q, err := Queues.Get(ctx, c, at, string(id))
	if err == nil {
		err = q.MayChange()
	}
	if err != nil {
		return err
	}
	line, err := c.Store.LineOf(ctx, at, id, "")
	if err != nil {
		return err
	}
	if line.Contacts > 0 {
		return center.Refuse(center.InUse, "it is in use: %d contacts wait in the queue", line.Contacts)
	}
	return Queues.Delete(ctx, c, at, string(id))
}

// CheckQuickConnect refuses a quick connect that leads to a user or a flow that does not exist, or to an agent's queue.
// Users may be deleted while quick connects lead to them, as flows may (admin guide, "Delete users": such a quick
// connect is orphaned until it is deleted too).
func (c *Catalog) CheckQuickConnect(ctx context.Context, at center.InstanceID, q *center.QuickConnect) error {
	if q.User != "" {
		if _, err := Users.find(ctx, c, at, q.User); err != nil {
			return err
		}
	}
	if q.Queue != "" {
		queue, err := Queues.find(ctx, c, at, string(q.Queue))
		if err != nil {
			return err
		}
		if queue.Type == center.QueueAgent {
			return center.Refuse(center.InvalidRequest, "QueueConfig.QueueId names an agent's queue; a quick connect of type %s leads to an agent", center.QuickConnectUser)
		}
	}
	if q.Flow == "" {
		return nil
	}
	_, err := Flows.find(ctx, c, at, string(center.ParseFlow(q.Flow).ID))
	return err
}
