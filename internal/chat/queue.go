package chat

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/stock"
)

// What flows ask about queues.

// queueNamed finds a queue by an id or ARN. Nobody has an agent's queue: there are no agents.
func (c *Chats) queueNamed(ctx context.Context, at center.InstanceID, queueID, agentID string) (*center.Queue, error) {
	id, agent := center.ParseQueue(queueID)
	if agentID != "" || agent {
		return nil, catalog.NoQueue(id)
	}
	return c.catalog.Queue(ctx, at, id)
}

// workingQueue finds the queue that is named, or else the one that the contact's flow has chosen.
func (c *Chats) workingQueue(t *turn, queueID, agentID string) (*center.Queue, error) {
	if queueID == "" && agentID == "" {
		return c.targetQueue(t)
	}
	return c.queueNamed(t.ctx, t.Chat.Instance, queueID, agentID)
}

// targetQueue is the contact's working queue as it stands, read once a turn.
func (c *Chats) targetQueue(t *turn) (*center.Queue, error) {
	id := t.Chat.Current().TargetQueue
	if id == "" {
		return nil, center.Refuse(center.NotFound, "the contact has no working queue")
	}
	if t.queue == nil || t.queue.ID != id {
		q, err := c.catalog.Queue(t.ctx, t.Chat.Instance, id)
		if err != nil {
			return nil, err
		}
		t.queue = q
	}
	return t.queue, nil
}

const noQueue = "no enabled queue of that name"

func (c *Chats) setTargetQueue(t *turn, e flow.SetTargetQueue) (flow.Event, error) {
	q, err := c.queueNamed(t.ctx, t.Chat.Instance, e.QueueID, e.AgentID)
	if err != nil || q.Status != center.QueueEnabled {
		return no(err, noQueue)
	}
	t.queue = q
	t.SetTargetQueue(q.ID)
	return flow.Granted{}, nil
}

// enqueue puts the contact into its working queue, and goes on with the flow for those who wait.
func (c *Chats) enqueue(t *turn, p *flow.Program) (flow.Event, error) {
	if t.Chat.Current().Queued() {
		return flow.Refused{Reason: "the contact is in a queue already"}, nil
	}
	q, err := c.targetQueue(t)
	if err != nil || q.Status != center.QueueEnabled {
		return no(err, "the contact has no working queue that is enabled")
	}
	place, full, err := c.queuePlace(t.ctx, t.Chat.Instance, q, 0)
	if err != nil || full {
		return atCapacity, err
	}
	t.grantedTo(p)
	t.Enqueue(place)
	return c.waitInQueue(t)
}

// requeue goes on with a new contact in another queue.
func (c *Chats) requeue(t *turn, e flow.Requeue, p *flow.Program) (flow.Event, error) {
	if err := t.Chat.MayRequeue(); err != nil {
		return no(err, err.Error())
	}
	q, err := c.queueNamed(t.ctx, t.Chat.Instance, e.QueueID, e.AgentID)
	if err != nil || q.Status != center.QueueEnabled {
		return no(err, noQueue)
	}
	place, full, err := c.queuePlace(t.ctx, t.Chat.Instance, q, transferBuffer)
	if err != nil || full {
		return atCapacity, err
	}
	t.grantedTo(p)
	t.Requeue(q.ID, place)
	r := *t.run
	r.Loops = nil // they count for one contact
	t.run = &r
	return c.waitInQueue(t)
}

var atCapacity = flow.Refused{Error: "QueueAtCapacity", Reason: "the queue is at its capacity"}

// transferBuffer is how many percent more than its capacity a queue takes of contacts that come from another queue
// (admin guide, "Set the maximum number of contacts in queue").
const transferBuffer = 20

// queuePlace finds a free place in a queue whose places are limited; it is nobody's until it is claimed. Where they are
// not limited there is always room, and no place to claim.
func (c *Chats) queuePlace(ctx context.Context, at center.InstanceID, q *center.Queue, percentMore int) (place string, full bool, err error) {
	if q.MaxContacts == nil {
		return "", false, nil
	}
	place, _, err = c.freeClaim(ctx, center.ClaimQueuePlace, center.QueuePrefix(at, q.ID), *q.MaxContacts*(100+percentMore)/100, 0)
	return place, place == "", err
}

// freeClaim finds the first free one of a number of claims, from the one numbered first on and around, "" for none. It
// also returns how many are held.
func (c *Chats) freeClaim(ctx context.Context, kind, prefix string, limit, first int) (key string, held int, err error) {
	all, err := c.store.Claims(ctx, kind, prefix)
	if err != nil {
		return "", 0, err
	}
	taken := make(map[string]bool, len(all))
	for _, s := range all {
		taken[s.Key] = true
	}
	for n := range limit {
		if key := prefix + strconv.Itoa((first+n)%limit); !taken[key] {
			return key, len(all), nil
		}
	}
	return "", len(all), nil
}

const hookCustomerQueue = "CustomerQueue"

// waitInQueue starts the flow that a contact in a queue runs: the one that was set for it, or the instance's default.
// When there is none to run, the customer just waits.
// Source: admin guide, "Set customer queue flow".
func (c *Chats) waitInQueue(t *turn) (flow.Event, error) {
	ref, set := t.Chat.Hooks[hookCustomerQueue]
	if !set {
		ref = stock.FlowID(t.Chat.Instance, stock.CustomerQueue)
	}
	f, content, err := c.catalog.FlowToRun(t.ctx, t.Chat.Instance, string(ref))
	if err != nil && !center.Refused(err) {
		return nil, err
	}
	if err != nil || !f.MayHook(hookCustomerQueue) {
		c.log.Warn("the customer queue flow is gone", "contact", t.Chat.Current().ID, "flow", ref)
		r := *t.run
		r.State = r.State.Enter(r.Flow, r.Content)
		r.Done = true
		t.run = &r
		return nil, nil
	}
	t.run = t.begin(roleQueue, t.run.Enter(string(f.ID), content), f.Type)
	return flow.Start{}, nil
}

func (c *Chats) checkHours(t *turn, e flow.CheckHours) (flow.Event, error) {
	id := e.HoursID
	if id == "" {
		q, err := c.targetQueue(t)
		if err != nil {
			return no(err, "neither hours of operation nor a working queue")
		}
		id = string(q.Hours)
	}
	open, err := c.catalog.Open(t.ctx, t.Chat.Instance, id, t.Now)
	switch {
	case err != nil:
		return no(err, "no hours of operation of that name")
	case open:
		return flow.Granted{Result: "True"}, nil
	}
	return flow.Granted{Result: "False"}, nil
}

// waiting counts the contacts in a queue, and says how long the one who came first has waited. What this turn has
// decided counts already.
func (c *Chats) waiting(t *turn, q *center.Queue) (n int, oldest time.Duration, err error) {
	prefix := center.QueuePrefix(t.Chat.Instance, q.ID)
	n, first, err := c.store.CountClaims(t.ctx, center.ClaimQueued, prefix, "")
	if err != nil {
		return 0, 0, err
	}
	taken, released := t.Pending(center.ClaimQueued, prefix)
	if n += len(taken) - len(released); slices.Contains(released, first) {
		if first, err = c.firstBut(t.ctx, prefix, released); err != nil {
			return 0, 0, err
		}
	}
	for _, key := range taken {
		if first == "" || key < first {
			first = key
		}
	}
	if first == "" {
		return n, 0, nil
	}
	since, err := center.QueuedSince(strings.TrimPrefix(first, prefix))
	return n, max(0, t.Now.Sub(since)), err
}

// firstBut is the first contact's claim on a queue that is not among those given back, "" for none.
func (c *Chats) firstBut(ctx context.Context, prefix string, released []string) (string, error) {
	all, err := c.store.Claims(ctx, center.ClaimQueued, prefix)
	for _, held := range all {
		if !slices.Contains(released, held.Key) {
			return held.Key, err
		}
	}
	return "", err
}

// position is the contact's place in the line of a queue, 0 when it is not in it.
func (c *Chats) position(t *turn, q *center.Queue) (int, error) {
	contact := t.Chat.Current()
	if !contact.Queued() || contact.Queue != q.ID {
		return 0, nil
	}
	prefix, own := center.QueuePrefix(t.Chat.Instance, q.ID), contact.LineKey(t.Chat.Instance)
	ahead, _, err := c.store.CountClaims(t.ctx, center.ClaimInLine, prefix, own)
	_, released := t.Pending(center.ClaimInLine, prefix)
	for _, key := range released {
		if key < own {
			ahead--
		}
	}
	return ahead + 1, err
}

// agentFigures counts the agents who serve a queue by what they do.
type agentFigures struct {
	Online, Available, Staffed, AfterContactWork, Busy, Missed, NonProductive int
}

// agents counts those who serve a queue: nobody can be an agent here.
func (c *Chats) agents(center.QueueID) agentFigures { return agentFigures{} }

// checkMetric answers with one figure.
func (c *Chats) checkMetric(t *turn, e flow.CheckMetric) (flow.Event, error) {
	q, err := c.workingQueue(t, e.QueueID, e.AgentID)
	if err != nil {
		return no(err, "no queue to look at")
	}
	contacts, oldest, err := c.waiting(t, q)
	if err != nil {
		return nil, err
	}
	agents := c.agents(q.ID)
	var n float64
	switch e.Metric {
	case "NumberOfAgentsAvailable":
		n = float64(agents.Available)
	case "NumberOfAgentsStaffed":
		n = float64(agents.Staffed)
	case "NumberOfAgentsOnline":
		n = float64(agents.Online)
	case "NumberOfContactsInQueue":
		n = float64(contacts)
	case "OldestContactInQueueAgeSeconds":
		n = oldest.Seconds()
	default:
		return flow.Refused{Reason: "there is no such metric"}, nil
	}
	return flow.Granted{Result: strconv.FormatFloat(n, 'f', -1, 64)}, nil
}

// metrics is what $.Metrics leads to. How long a contact will have to wait is not among it: nobody knows while nobody
// can be an agent.
type metrics struct {
	Queue struct {
		Name, ARN        string
		Size             int
		OldestContactAge int64 // seconds
	}
	Agents struct {
		Online, Available, Staffed, AfterContactWork, Busy, Missed, NonProductive struct{ Count int }
	}
	Contact struct {
		PositionInQueue int `json:",omitempty"`
	}
}

// getMetrics answers with all figures. Only chats wait in queues.
func (c *Chats) getMetrics(t *turn, e flow.GetMetrics) (flow.Event, error) {
	q, err := c.workingQueue(t, e.QueueID, e.AgentID)
	if err != nil {
		return no(err, "no queue to look at")
	}
	var m metrics
	m.Queue.Name, m.Queue.ARN = q.Name, c.partition.QueueARN(t.Chat.Instance, q.ID)
	a := c.agents(q.ID)
	m.Agents.Online.Count, m.Agents.Available.Count, m.Agents.Staffed.Count = a.Online, a.Available, a.Staffed
	m.Agents.AfterContactWork.Count, m.Agents.Busy.Count = a.AfterContactWork, a.Busy
	m.Agents.Missed.Count, m.Agents.NonProductive.Count = a.Missed, a.NonProductive
	if e.Channel == "" || strings.EqualFold(e.Channel, "chat") {
		var oldest time.Duration
		if m.Queue.Size, oldest, err = c.waiting(t, q); err != nil {
			return nil, err
		}
		m.Queue.OldestContactAge = int64(oldest.Seconds())
		if m.Contact.PositionInQueue, err = c.position(t, q); err != nil {
			return nil, err
		}
	}
	raw, err := json.Marshal(m)
	return flow.Granted{Data: string(raw)}, err
}
