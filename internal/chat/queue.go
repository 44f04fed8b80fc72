package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/stock"
)

var queues = kind[center.Queue]{"queue", "QUEUE", func(q *center.Queue) (string, string) { return string(q.ID), q.Name }}

// What flows ask about queues.

// queueNamed finds a queue by an id or ARN. Nobody has an agent's queue: there are no agents.
func (c *Chats) queueNamed(ctx context.Context, at center.InstanceID, queueID, agentID string) (*center.Queue, error) {
	id, agent := center.ParseQueue(queueID)
	if agentID != "" || agent {
		return nil, queues.notFound(string(id))
	}
	return queues.get(ctx, c, at, string(id))
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
		q, err := queues.get(t.ctx, c, t.Chat.Instance, string(id))
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
	place, _, err = c.freeClaim(ctx, center.ClaimQueuePlace, center.QueuePrefix(at, q.ID), *q.MaxContacts*(100+percentMore)/100)
	return place, place == "", err
}

// freeClaim finds the first of a number of claims that nobody holds, "" for none, and says how many are held.
func (c *Chats) freeClaim(ctx context.Context, kind, prefix string, limit int) (key string, held int, err error) {
	all, err := c.Store.Claims(ctx, kind, prefix)
	if err != nil {
		return "", 0, err
	}
	taken := make(map[string]bool, len(all))
	for _, s := range all {
		taken[s.Key] = true
	}
	for n := range limit {
		if key := prefix + strconv.Itoa(n); !taken[key] {
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
	f, content, err := c.flowToRun(t.ctx, t.Chat.Instance, string(ref))
	if err != nil && !refusal(err) {
		return nil, err
	}
	if err != nil || !f.MayHook(hookCustomerQueue) {
		c.Log.Warn("the customer queue flow is gone", "contact", t.Chat.Current().ID, "flow", ref)
		r := *t.run
		r.State = r.State.Enter(r.Flow, r.Content)
		r.Done = true
		t.run = &r
		return nil, nil
	}
	t.run = &run{State: t.run.Enter(string(f.ID), content), Type: f.Type}
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
	open, err := c.open(t.ctx, t.Chat.Instance, id, t.Now)
	switch {
	case err != nil:
		return no(err, "no hours of operation of that name")
	case open:
		return flow.Granted{Result: "True"}, nil
	}
	return flow.Granted{Result: "False"}, nil
}

// figures are what can be known about a queue at a moment.
type figures struct {
	queue  *center.Queue
	line   []center.Waiting // in the order in which they will be served
	oldest time.Duration    // how long the one who came first has waited
	agents agentFigures
}

func (c *Chats) figures(t *turn, queueID, agentID string) (*figures, error) {
	q, err := c.workingQueue(t, queueID, agentID)
	if err != nil {
		return nil, err
	}
	held, err := c.Store.Claims(t.ctx, center.ClaimQueued, center.QueuePrefix(t.Chat.Instance, q.ID))
	if err != nil {
		return nil, err
	}
	line, err := center.Line(q.ID, held, t.Chat)
	if err != nil {
		return nil, fmt.Errorf("decode claim: %w", err)
	}
	f := &figures{queue: q, line: line, agents: c.agents(q.ID)}
	for _, w := range line {
		f.oldest = max(f.oldest, t.Now.Sub(w.Enqueued))
	}
	return f, nil
}

// agentFigures counts the agents who serve a queue by what they do.
type agentFigures struct {
	Online, Available, Staffed, AfterContactWork, Busy, Missed, NonProductive int
}

// agents counts those who serve a queue: nobody can be an agent here.
func (c *Chats) agents(center.QueueID) agentFigures { return agentFigures{} }

// checkMetric answers with one figure.
func (c *Chats) checkMetric(t *turn, e flow.CheckMetric) (flow.Event, error) {
	f, err := c.figures(t, e.QueueID, e.AgentID)
	if err != nil {
		return no(err, "no queue to look at")
	}
	var n float64
	switch e.Metric {
	case "NumberOfAgentsAvailable":
		n = float64(f.agents.Available)
	case "NumberOfAgentsStaffed":
		n = float64(f.agents.Staffed)
	case "NumberOfAgentsOnline":
		n = float64(f.agents.Online)
	case "NumberOfContactsInQueue":
		n = float64(len(f.line))
	case "OldestContactInQueueAgeSeconds":
		n = f.oldest.Seconds()
	default:
		return flow.Refused{Reason: "there is no such metric"}, nil
	}
	return flow.Granted{Result: strconv.FormatFloat(n, 'f', -1, 64)}, nil
}

// getMetrics answers with what $.Metrics leads to. How long a contact will have to wait is not known while nobody can
// be an agent. Only chats wait in queues.
func (c *Chats) getMetrics(t *turn, e flow.GetMetrics) (flow.Event, error) {
	f, err := c.figures(t, e.QueueID, e.AgentID)
	if err != nil {
		return no(err, "no queue to look at")
	}
	if e.Channel != "" && !strings.EqualFold(e.Channel, "chat") {
		f.line, f.oldest = nil, 0
	}
	type count struct{ Count int }
	data := struct {
		Queue struct {
			Name, ARN        string
			Size             int
			OldestContactAge int64 // seconds
		}
		Agents  struct{ Online, Available, Staffed, AfterContactWork, Busy, Missed, NonProductive count }
		Contact struct {
			PositionInQueue int `json:",omitempty"`
		}
	}{}
	data.Queue.Name, data.Queue.ARN = f.queue.Name, c.Partition.QueueARN(t.Chat.Instance, f.queue.ID)
	data.Queue.Size, data.Queue.OldestContactAge = len(f.line), int64(f.oldest.Seconds())
	a := f.agents
	data.Agents.Online, data.Agents.Available, data.Agents.Staffed = count{a.Online}, count{a.Available}, count{a.Staffed}
	data.Agents.AfterContactWork, data.Agents.Busy = count{a.AfterContactWork}, count{a.Busy}
	data.Agents.Missed, data.Agents.NonProductive = count{a.Missed}, count{a.NonProductive}
	for i, w := range f.line {
		if w.Contact == t.Chat.Current().ID {
			data.Contact.PositionInQueue = i + 1
		}
	}
	raw, err := json.Marshal(data)
	return flow.Granted{Data: string(raw)}, err
}
