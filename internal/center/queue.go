package center

import (
	"crypto/sha256"
	"strings"
	"time"
)

// QueueID names a queue: a UUID, which for an agent's queue is the agent's.
type QueueID string

// Queue is where contacts wait for an agent.
type Queue struct {
	Head[QueueID]
	Type        string  `json:"type"`
	Status      string  `json:"status"`
	Hours       HoursID `json:"hours"`
	MaxContacts *int    `json:"maxContacts,omitempty"`
	// CallerName, CallerNumber and CallerFlow are of OutboundCallerConfig, which chats do not use: they are kept as they were
	// given. The number must be claimed to the instance.
	CallerName   string        `json:"callerName,omitempty"`
	CallerNumber PhoneNumberID `json:"callerNumber,omitempty"`
	CallerFlow   string        `json:"callerFlow,omitempty"`
}

// Types and statuses of queues, as the API spells them.
const (
	QueueStandard = "STANDARD"
	QueueAgent    = "AGENT"
	QueueEnabled  = "ENABLED"
	QueueDisabled = "DISABLED"
)

// ARNPath is the end of the queue's ARN.
func (q *Queue) ARNPath() string {
	if q.Type == QueueAgent {
		return "queue/agent/" + string(q.ID)
	}
	return "queue/" + string(q.ID)
}

// MayChange refuses a change of an agent's queue, which comes and goes with its user (inferred: no text says what the
// operations on queues answer).
func (q *Queue) MayChange() error {
	if q.Type == QueueAgent {
		return Refuse(InvalidRequest, "the queue is an agent's: it cannot be changed, and goes with its user")
	}
	return nil
}

// Check refuses a queue that cannot be, or that cannot be changed.
func (q *Queue) Check() error {
	if err := q.MayChange(); err != nil {
		return err
	}
	if q.Name == "" {
		return Refuse(InvalidRequest, "Name must not be empty")
	}
	return nil
}

// What a new instance has to wait in (admin guide, "Create a queue": BasicQueue is there from the beginning).
const (
	BasicQueueName = "BasicQueue"
	BasicHoursName = "Basic Hours"
)

// BasicQueue is the queue that every new instance has, with the hours of operation that it has too.
func BasicQueue(at InstanceID, now time.Time) Queue {
	return Queue{
		Head: Head[QueueID]{
			ID: QueueID(SeededID(at, "queue", BasicQueueName)), Name: BasicQueueName, Description: "A simple, basic voice queue.", Modified: now.UTC(),
		},
		Type: QueueStandard, Status: QueueEnabled, Hours: HoursID(SeededID(at, "hours-of-operation", BasicHoursName)),
	}
}

// SeededID is the id of something that an instance has from its beginning: the same each time for the same instance,
// kind and name, so that what is seeded can refer to each other. It is a version 8 UUID (RFC 9562, 5.8).
func SeededID(at InstanceID, kind, name string) string {
	sum := sha256.Sum256([]byte(string(at) + "\x00" + kind + "\x00" + name))
	id := [16]byte(sum[:16])
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return FormatUUID(id)
}

// QueueARN returns the ARN of a queue of an instance.
func (p Partition) QueueARN(i InstanceID, id QueueID) string {
	return p.InstanceARN(i) + "/queue/" + string(id)
}

// ParseQueue accepts a bare id or an ARN. agent says that the ARN is of an agent's queue, and the id the agent's.
func ParseQueue(s string) (id QueueID, agent bool) {
	if strings.HasPrefix(s, "arn:") {
		if _, tail, ok := strings.Cut(s, "/queue/"); ok {
			s, agent = strings.CutPrefix(tail, "agent/")
		}
	}
	return QueueID(strings.ToLower(s)), agent
}

// QueuePrefix begins the keys of all claims on a queue.
func QueuePrefix(at InstanceID, q QueueID) string { return string(at) + "/" + string(q) + "/" }

// DefaultPriority is a contact's unless it was given another; 1 is the first to be served.
// Source: admin guide, "Set routing priority / age".
const DefaultPriority = 5

// Queued says that the contact waits in a queue.
func (c *Contact) Queued() bool {
	return !c.Enqueued.IsZero() && c.Dequeued.IsZero() && c.Disconnected.IsZero()
}

// SetTargetQueue makes a queue the current contact's working queue.
func (d *Draft) SetTargetQueue(q QueueID) {
	c := d.editSubject()
	c.TargetQueue, c.LastUpdate = q, d.Now
}

// SetRouting changes the contact's place in the queue that it waits in, or will wait in.
func (d *Draft) SetRouting(priority, adjustment *int) {
	c := d.editSubject()
	if priority != nil {
		c.Priority = *priority
	}
	if adjustment != nil {
		c.TimeAdjustment = *adjustment
	}
	c.LastUpdate = d.Now
}

// Enqueue puts the contact into its working queue, which may be an agent's. place is the claim that it takes with that, if
// the queue has a limited number of places. What the contact asks of its agent becomes active.
func (d *Draft) Enqueue(place string, agentQueue bool) {
	d.enqueue(d.editSubject(), place, agentQueue)
}

func (d *Draft) enqueue(c *Contact, place string, agentQueue bool) {
	c.Queue, c.Enqueued, c.LastUpdate = c.TargetQueue, d.Now, d.Now
	c.Place, c.AgentQueue = place, agentQueue
	if c.Priority == 0 {
		c.Priority = DefaultPriority
	}
	if c.Routing != nil {
		c.Routing = c.Routing.Activate(d.Now)
	}
	if place != "" {
		d.Take(Claim{Kind: ClaimQueuePlace, Key: place, Value: string(c.ID)})
	}
}

// leaveQueue gives back what the contact holds of its queue. That it waited there, and since when, stays known.
func (d *Draft) leaveQueue(c *Contact) {
	if c.Place != "" {
		d.Release(Claim{Kind: ClaimQueuePlace, Key: c.Place})
		c.Place = ""
	}
}

// InitiatedByQueueTransfer is the InitiationMethod of a contact that a flow took from one queue into another.
const InitiatedByQueueTransfer = "QUEUE_TRANSFER"

// maxContacts is how many contacts one chat may have in a row (admin guide, "Amazon Connect service quotas": 12, which
// is 11 transfers).
const maxContacts = 12

// MayEnqueue says whether the contact may be put into a queue. One that an agent has taken out of a queue does not wait
// again.
func (c *Contact) MayEnqueue() error {
	if !c.Enqueued.IsZero() {
		return Refuse(InvalidRequest, "the contact is in a queue already, or was")
	}
	return nil
}

// transferBuffer is how many percent more than its capacity a queue takes of contacts that come from another queue
// (admin guide, "Set the maximum number of contacts in queue").
const transferBuffer = 20

// Places is how many contacts may wait in the queue, if that is limited. transferred contacts come from another queue.
func (q *Queue) Places(transferred bool) (n int, limited bool) {
	switch {
	case q.MaxContacts == nil:
		return 0, false
	case transferred:
		return *q.MaxContacts * (100 + transferBuffer) / 100, true
	}
	return *q.MaxContacts, true
}

// MayRequeue says whether the current contact may be taken out of its queue and into another.
func (c *Chat) MayRequeue() error {
	switch {
	case !c.Current().Queued():
		return Refuse(InvalidRequest, "the contact is in no queue")
	case c.Current().Offer != nil:
		return Refuse(InvalidRequest, "the contact is being offered to an agent")
	case !c.MayFollow():
		return Refuse(QuotaExceeded, "the chat already has %d contacts in a row, which is the limit", maxContacts)
	}
	return nil
}

// Requeue takes the current contact out of its queue and goes on with a new contact, in the queue q. What was known of
// the old one, its place in line aside, is known of the new one too.
func (d *Draft) Requeue(q QueueID, place string, agentQueue bool) {
	chat := d.Edit()
	old := chat.Current()
	d.disconnect(old, ReasonFlow)
	next := d.follow(old, InitiatedByQueueTransfer)
	next.TargetQueue = q
	d.enqueue(next, place, agentQueue)
}

// follow goes on with a new contact after one that has ended: what was known of the old one is known of the new one too, but
// for its time in queues and its agents.
func (d *Draft) follow(old *Contact, method string) *Contact {
	next := d.successor(old, method)
	old.Next = next.ID
	chat := d.Edit()
	chat.Contacts = append(chat.Contacts, next)
	return chat.Current()
}

// successor is a new contact with all that is kept of an old one.
func (d *Draft) successor(old *Contact, method string) Contact {
	next := *old
	next.ID, next.Previous, next.InitiationMethod = ContactID(d.NewID()), old.ID, method
	next.Initiated, next.ConnectedToSystem, next.LastUpdate = d.Now, d.Now, d.Now
	next.Disconnected, next.DisconnectReason, next.Next, next.Beside, next.Invited = time.Time{}, "", "", false, false
	next.Transferred, next.NextContacts, next.Hooks, next.PastRouting = time.Time{}, nil, nil, nil
	next.Queue, next.Enqueued, next.Dequeued, next.WaitsSince, next.Place, next.AgentQueue = "", time.Time{}, time.Time{}, time.Time{}, "", false
	next.TargetUser, next.PastRouting = "", nil
	next.Offer, next.Attempts, next.Rejecter, next.Agent = nil, 0, "", nil
	next.FirstSeq = d.Seq()
	return next
}

// MayFollow says whether another contact may follow those that the chat has in a row.
func (c *Chat) MayFollow() bool { return c.segments() < maxContacts }

// Follow is follow for a contact whose last agent has left: its disconnect flow runs on a contact of its own. What the contact
// asked of its agent was answered, and does not go along (inferred). Source: agents.md 2.2.
func (d *Draft) Follow(method string) *Contact {
	next := d.follow(d.Edit().Current(), method)
	next.Routing = nil
	return next
}
