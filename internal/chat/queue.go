package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
)

// What flows ask about queues.

// queueNamed finds a queue by an id or ARN, or an agent's by the agent's id, ARN or user name.
func (fs *flows) queueNamed(t *turn, queueID, agentID string) (*center.Queue, error) {
	if agentID != "" {
		return fs.agentQueue(t, agentID)
	}
	id, _ := center.ParseQueue(queueID)
	return fs.queueByID(t, id)
}

// workingQueue finds the queue that is named, or else the one that the contact's flow has chosen.
func (fs *flows) workingQueue(t *turn, queueID, agentID string) (*center.Queue, error) {
	if queueID == "" && agentID == "" {
		return fs.targetQueue(t)
	}
	return fs.queueNamed(t, queueID, agentID)
}

// targetQueue is the contact's working queue as it stands.
func (fs *flows) targetQueue(t *turn) (*center.Queue, error) {
	id := t.Subject().TargetQueue
	if id == "" {
		return nil, center.Refuse(center.NotFound, "the contact has no working queue")
	}
	return fs.queueByID(t, id)
}

// queueARN is the ARN of a queue, or of an agent's.
func (fs *flows) queueARN(t *turn, q *center.Queue) string {
	return fs.partition.InstanceARN(t.Chat.Instance) + "/" + q.ARNPath()
}

const noQueue = "no enabled queue of that name"

func (fs *flows) setTargetQueue(t *turn, e flow.SetTargetQueue) (flow.Event, error) {
	q, err := fs.queueNamed(t, e.QueueID, e.AgentID)
	if err != nil || q.Status != center.QueueEnabled {
		return no(err, noQueue)
	}
	t.SetTargetQueue(q.ID)
	return flow.Granted{}, nil
}

// enqueue puts the contact into its working queue, and goes on with the flow for those who wait. What an agent has transferred
// finds room where other contacts do not.
func (fs *flows) enqueue(t *turn, p *flow.Program) (flow.Event, error) {
	contact := t.Subject()
	if err := contact.MayEnqueue(); err != nil {
		return no(err, err.Error())
	}
	q, err := fs.targetQueue(t)
	if err != nil || q.Status != center.QueueEnabled {
		return no(err, "the contact has no working queue that is enabled")
	}
	if contact.Transfers() && !t.Chat.MayFollow() {
		return atCapacity, nil // as of a queue that is full (inferred)
	}
	place, full, err := fs.queuePlace(t, q, contact.InitiationMethod == center.InitiatedByTransfer)
	if err != nil || full {
		return atCapacity, err
	}
	t.grantedTo(p)
	if contact.Transfers() {
		t.completeTransfer()
	}
	t.Enqueue(place, q.Type == center.QueueAgent)
	if t.Subject().Beside { // no customer waits with it
		t.finishRun()
		return nil, nil
	}
	return fs.waitInQueue(t)
}

// typeAgentTransfer is the type of the flows that give a contact to an agent.
const typeAgentTransfer = "AGENT_TRANSFER"

// transferToAgent puts the contact into the queue of the agent whom the flow was started for: the one whom a quick connect
// leads to, or else the one whose queue is the working queue (the second is inferred). It has no branches: what cannot be
// done ends the contact. Amazon Connect documents it for voice alone, and its recipe for chats uses it all the same.
func (fs *flows) transferToAgent(t *turn, p *flow.Program) (flow.Event, error) {
	if t.run.Type == typeAgentTransfer {
		if to := t.Subject().TargetUser; to != "" {
			t.SetTargetQueue(center.QueueID(to))
		}
		q, err := fs.targetQueue(t)
		if err != nil && !center.Refused(err) {
			return nil, err
		}
		if err == nil && q.Type == center.QueueAgent {
			begins, err := fs.enqueue(t, p)
			if _, refused := begins.(flow.Refused); !refused || err != nil {
				return begins, err
			}
		}
	}
	t.disconnect()
	return nil, nil
}

// requeue goes on with a new contact in another queue.
func (fs *flows) requeue(t *turn, e flow.Requeue, p *flow.Program) (flow.Event, error) {
	if err := t.Chat.MayRequeue(); err != nil {
		return no(err, err.Error())
	}
	q, err := fs.queueNamed(t, e.QueueID, e.AgentID)
	if err != nil || q.Status != center.QueueEnabled {
		return no(err, noQueue)
	}
	place, full, err := fs.queuePlace(t, q, true)
	if err != nil || full {
		return atCapacity, err
	}
	t.grantedTo(p)
	t.Requeue(q.ID, place, q.Type == center.QueueAgent)
	r := *t.run
	r.Loops = nil // they count for one contact
	t.run = &r
	return fs.waitInQueue(t)
}

var atCapacity = flow.Refused{Error: "QueueAtCapacity", Reason: "the queue is at its capacity"}

// queuePlace finds a free place in a queue whose places are limited; it is nobody's until it is claimed. Where they are
// not limited there is always room, and no place to claim. transferred contacts come from another queue.
func (fs *flows) queuePlace(t *turn, q *center.Queue, transferred bool) (place string, full bool, err error) {
	n, limited := q.Places(transferred)
	if !limited {
		return "", false, nil
	}
	prefix := center.QueuePrefix(t.Chat.Instance, q.ID)
	held, err := fs.held(t, center.ClaimQueuePlace, prefix)
	if err != nil {
		return "", false, err
	}
	if len(held) >= n { // more than n places may be held, by contacts that were transferred
		return "", true, nil
	}
	place = center.FreeClaim(prefix, held, n, 0)
	return place, place == "", nil
}

const hookCustomerQueue = "CustomerQueue"

// waitInQueue goes on with the flow that a contact in a queue runs. When there is none to run, the customer just waits.
func (fs *flows) waitInQueue(t *turn) (flow.Event, error) {
	f, ok, err := fs.customerQueueFlow(t)
	if err != nil {
		return nil, err
	}
	if !ok {
		t.finishRun()
		return nil, nil
	}
	t.begin(roleQueue, t.run.Enter(f.id, f.content), f.flow.Type)
	return flow.Start{}, nil
}

// finishRun is the end of the flow that is stepped, by what it was granted.
func (t *turn) finishRun() {
	r := *t.run
	r.State = r.State.Enter(r.Flow, r.Content)
	r.Done = true
	t.run = &r
}

func (fs *flows) checkHours(t *turn, e flow.CheckHours) (flow.Event, error) {
	id := e.HoursID
	if id == "" {
		q, err := fs.targetQueue(t)
		if err != nil {
			return no(err, "neither hours of operation nor a working queue")
		}
		id = string(q.Hours)
	}
	open, err := fs.isOpen(t, id)
	switch {
	case err != nil:
		return no(err, "no hours of operation of that name")
	case open:
		return flow.Granted{Result: "True"}, nil
	}
	return flow.Granted{Result: "False"}, nil
}

// Figures knows the figures of the present of queues.
type Figures interface {
	// OfQueue returns the figures of a queue of an instance, of one channel or of all for "". Contacts of one chat do not
	// count.
	OfQueue(ctx context.Context, at center.InstanceID, queue center.QueueID, channel string, but center.ChatID) (center.QueueFigures, error)
}

// figuresOf are the figures of a queue, of one channel or of all for "". What this turn has decided counts already.
func (fs *flows) figuresOf(t *turn, q *center.Queue, channel string) (f center.QueueFigures, err error) {
	if fs.figures == nil {
		return f, nil
	}
	at, chat := t.Chat.Instance, t.Chat.ID
	f, err = find(t, "figures "+string(q.ID)+" "+channel, func(ctx context.Context) (center.QueueFigures, error) {
		return fs.figures.OfQueue(ctx, at, q.ID, channel, chat)
	})
	if err != nil {
		return f, err
	}
	for i := range t.Chat.Contacts {
		own := t.Chat.Waiting(i)
		if own == nil || own.Queue != q.ID || own.OfferedTo != "" || channel != "" && own.Channel != channel {
			continue
		}
		if f.Contacts++; f.Oldest.IsZero() || own.Enqueued.Before(f.Oldest) {
			f.Oldest = own.Enqueued
		}
	}
	return f, nil
}

// position is the contact's place in the line of a queue, 0 when it is not in it.
func (fs *flows) position(t *turn, q *center.Queue) (int, error) {
	contact := t.Subject()
	if !contact.Queued() || contact.Queue != q.ID {
		return 0, nil
	}
	own := t.Chat.Waiting(slices.IndexFunc(t.Chat.Contacts, func(c center.Contact) bool { return c.ID == contact.ID }))
	key := fmt.Sprintf("ahead %s %s %d %d", own.Contact, own.Queue, own.Priority, own.Aged())
	ahead, err := find(t, key, func(ctx context.Context) (int, error) { return fs.store.Ahead(ctx, own) })
	return ahead + 1, err
}

// checkMetric answers with one figure.
func (fs *flows) checkMetric(t *turn, e flow.CheckMetric) (flow.Event, error) {
	q, err := fs.workingQueue(t, e.QueueID, e.AgentID)
	if err != nil {
		return no(err, "no queue to look at")
	}
	f, err := fs.figuresOf(t, q, "")
	if err != nil {
		return nil, err
	}
	var n float64
	switch e.Metric {
	case "NumberOfAgentsAvailable":
		n = float64(f.Available)
	case "NumberOfAgentsStaffed":
		n = float64(f.Staffed)
	case "NumberOfAgentsOnline":
		n = float64(f.Online)
	case "NumberOfContactsInQueue":
		n = float64(f.Contacts)
	case "OldestContactInQueueAgeSeconds":
		n = f.Age(t.Now).Seconds()
	default:
		return flow.Refused{Reason: "there is no such metric"}, nil
	}
	return flow.Granted{Result: strconv.FormatFloat(n, 'f', -1, 64)}, nil
}

// metrics is what $.Metrics leads to. How long a contact will have to wait is not among it.
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

// getMetrics answers with all figures.
func (fs *flows) getMetrics(t *turn, e flow.GetMetrics) (flow.Event, error) {
	q, err := fs.workingQueue(t, e.QueueID, e.AgentID)
	if err != nil {
		return no(err, "no queue to look at")
	}
	var m metrics
	m.Queue.Name, m.Queue.ARN = q.Name, fs.queueARN(t, q)
	channel := strings.ToUpper(e.Channel)
	f, err := fs.figuresOf(t, q, channel)
	if err != nil {
		return nil, err
	}
	m.Agents.Online.Count, m.Agents.Available.Count, m.Agents.Staffed.Count = f.Online, f.Available, f.Staffed
	m.Agents.AfterContactWork.Count, m.Agents.Busy.Count = f.AfterContactWork, f.OnContact
	m.Agents.Missed.Count, m.Agents.NonProductive.Count = f.Missed, f.NonProductive
	m.Queue.Size, m.Queue.OldestContactAge = f.Contacts, int64(f.Age(t.Now).Seconds())
	if channel == "" || channel == center.ChannelChat {
		if m.Contact.PositionInQueue, err = fs.position(t, q); err != nil {
			return nil, err
		}
	}
	raw, err := json.Marshal(m)
	return flow.Granted{Data: string(raw)}, err
}
