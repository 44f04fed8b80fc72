package routing

import (
	"cmp"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// Contact is a contact that waits in a queue.
type Contact struct {
	ID    center.ContactID
	Chat  center.ChatID // whose agents are not offered it
	Queue center.QueueID
	// AgentQueue says that Queue is an agent's: its id is the agent's.
	AgentQueue bool
	// Enqueued is when the contact was put into this queue. Delays count from it.
	Enqueued time.Time
	// Since is what its routing age counts from: Enqueued, or the first enqueue time of a contact that an agent transferred.
	Since time.Time
	// Adjustment is added to its routing age.
	Adjustment time.Duration
	Priority   int // QueuePriority; 1 is served first
	Criteria   *center.RoutingCriteria
	// Offered is the agent who is being offered the contact, "" for none.
	Offered center.UserID
	// Rejecter is the agent who rejected the contact last, "" for none.
	Rejecter center.UserID
}

// compare orders the contacts of one queue as they are served: by priority, then by routing age, then as they were enqueued.
// Contacts age alike, so the order does not change with time.
func (c *Contact) compare(d *Contact) int {
	return cmp.Or(
		cmp.Compare(c.Priority, d.Priority),
		c.Since.Add(-c.Adjustment).Compare(d.Since.Add(-d.Adjustment)),
		c.Enqueued.Compare(d.Enqueued),
		cmp.Compare(c.ID, d.ID),
	)
}

// waited says whether the contact has been in its queue as long as a row of a routing profile delays it. Without a delay it has,
// even if the clock of the node that put it there is ahead of this one.
func (c *Contact) waited(delay time.Duration, now time.Time) bool {
	return delay == 0 || !c.Enqueued.Add(delay).After(now)
}

// step is the routing step that the contact is in at a time, and when it expires: zero for never. It is nil when any agent of the
// queue may have the contact: routing criteria are not evaluated in agents' queues.
func (c *Contact) step(now time.Time) (step *center.RoutingStep, number int, expires time.Time) {
	r := c.Criteria
	if c.AgentQueue || r == nil || r.Activated.IsZero() || r.Ending != "" {
		return nil, 0, time.Time{}
	}
	number, expires = r.Active(now)
	if number == len(r.Steps) {
		return nil, number, time.Time{}
	}
	return &r.Steps[number], number, expires
}
