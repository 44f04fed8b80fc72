package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// Rows of contacts that wait, and of agents. Routing and figures of the present are built of them, on every node.

const (
	sqlWaits = `INSERT INTO waiting (stream, contact, instance, queue, agent_queue, channel, enqueued, since, priority, adjustment, aged, routing, offered_to, rejecter)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (stream, contact) DO UPDATE SET queue = excluded.queue, agent_queue = excluded.agent_queue, enqueued = excluded.enqueued, since = excluded.since,
			priority = excluded.priority, adjustment = excluded.adjustment, aged = excluded.aged, routing = excluded.routing,
			offered_to = excluded.offered_to, rejecter = excluded.rejecter`
	sqlWaitsNoMore = `DELETE FROM waiting WHERE stream = $1 AND contact = $2`
	sqlPutAgent    = `INSERT INTO agent (instance, id, routing_profile, hierarchy, status, status_type, status_since, next_status, status_name, next_status_name, next_status_since, idle)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (instance, id) DO UPDATE SET routing_profile = excluded.routing_profile, hierarchy = excluded.hierarchy, status = excluded.status,
			status_type = excluded.status_type, status_since = excluded.status_since, next_status = excluded.next_status, status_name = excluded.status_name,
			next_status_name = excluded.next_status_name, next_status_since = excluded.next_status_since, idle = excluded.idle`
	sqlPutSlot = `INSERT INTO slot (agent, contact, instance, stream, participant, channel, initiation_method, state, since, offered, connected, queue, agent_queue, enqueued, monitor)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (agent, contact) DO UPDATE SET participant = excluded.participant, state = excluded.state, since = excluded.since, offered = excluded.offered,
			connected = excluded.connected, queue = excluded.queue, agent_queue = excluded.agent_queue, enqueued = excluded.enqueued, monitor = excluded.monitor`
	sqlFreeSlot = `DELETE FROM slot WHERE agent = $1 AND contact = $2`
	sqlPutOffer = `INSERT INTO offer (contact, agent, started, instance, queue, ended, outcome, cleared, routing_profile, hierarchy)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (contact, agent, started) DO UPDATE SET ended = excluded.ended, outcome = excluded.outcome, cleared = excluded.cleared`
	sqlPutInterval = `INSERT INTO agent_interval (agent, began, instance, ended, status, status_type, routing_profile, hierarchy)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (agent, began) DO UPDATE SET ended = excluded.ended, status = excluded.status, status_type = excluded.status_type,
			routing_profile = excluded.routing_profile, hierarchy = excluded.hierarchy`
)

// nowhere stands for a routing profile that is not known.
const nowhere = "00000000-0000-0000-0000-000000000000"

// atWork adds the steps that put the rows of those who wait and of agents.
func atWork(c *center.Change, stream []byte, add func(must func(session) error, sql string, args ...any)) {
	for i := range c.Waiting {
		r := &c.Waiting[i]
		add(nil, sqlWaits, stream, known(r.Contact), string(c.Instance), known(r.Queue), number(r.AgentQueue), r.Channel, millis(r.Enqueued), millis(r.Since),
			int64(r.Priority), int64(r.Adjustment), r.Aged(), encoded(r.Routing), known(r.OfferedTo), known(r.Rejecter))
	}
	for _, id := range c.Left {
		add(nil, sqlWaitsNoMore, stream, known(id))
	}
	if r := c.Agent; r != nil {
		var next center.NextStatus
		if r.Next != nil {
			next = *r.Next
		}
		add(nil, sqlPutAgent, string(c.Instance), stream, known(cmp.Or(r.Profile, nowhere)), groups(r.Hierarchy), known(r.Status.ID), r.Status.Type, millis(r.Since),
			known(next.ID), r.Status.Name, word(next.Name), moment(next.Enqueued), millis(r.Idle))
	}
	for i := range c.Slots {
		r := &c.Slots[i]
		add(nil, sqlPutSlot, stream, known(r.Contact), string(c.Instance), known(r.Chat), known(r.Participant), r.Channel, r.InitiationMethod, r.State, millis(r.Since),
			millis(r.Offered), moment(r.Connected), known(r.Queue), number(r.AgentQueue), moment(r.Enqueued), word(r.Monitor))
	}
	for _, id := range c.Free {
		add(nil, sqlFreeSlot, stream, known(id))
	}
	for i := range c.Offers {
		r := &c.Offers[i]
		add(nil, sqlPutOffer, known(r.Contact), stream, millis(r.Started), string(c.Instance), known(r.Queue), moment(r.Ended), word(r.Outcome), moment(r.Cleared),
			known(r.Profile), groups(r.Hierarchy))
	}
	for i := range c.Intervals {
		r := &c.Intervals[i]
		add(nil, sqlPutInterval, stream, millis(r.Began), string(c.Instance), moment(r.Ended), known(r.Status.ID), r.Status.Type, known(cmp.Or(r.Profile, nowhere)), groups(r.Hierarchy))
	}
}

// checkAtWork refuses ids that cannot be stored.
func checkAtWork(c *center.Change) error {
	var ids []string
	for i := range c.Waiting {
		r := &c.Waiting[i]
		ids = append(ids, string(r.Contact), string(r.Queue), orNowhere(r.OfferedTo), orNowhere(r.Rejecter))
	}
	for _, id := range c.Left {
		ids = append(ids, string(id))
	}
	if r := c.Agent; r != nil {
		ids = append(ids, string(r.Status.ID), orNowhere(r.Profile))
		if r.Next != nil {
			ids = append(ids, string(r.Next.ID))
		}
	}
	for i := range c.Slots {
		r := &c.Slots[i]
		ids = append(ids, string(r.Contact), string(r.Chat), string(r.Participant), orNowhere(r.Queue))
	}
	for _, id := range c.Free {
		ids = append(ids, string(id))
	}
	for i := range c.Offers {
		r := &c.Offers[i]
		ids = append(ids, string(r.Contact), string(r.Queue), orNowhere(r.Profile))
	}
	for i := range c.Intervals {
		ids = append(ids, string(c.Intervals[i].Status.ID), orNowhere(c.Intervals[i].Profile))
	}
	for _, id := range ids {
		if _, ok := center.UUID(id); !ok {
			return fmt.Errorf("id %q in a row of a contact that waits or of an agent", id)
		}
	}
	if len(c.Waiting)+len(c.Left)+len(c.Slots)+len(c.Free)+len(c.Offers)+len(c.Intervals) > 0 && c.State == nil {
		return errors.New("rows of a state that is not there")
	}
	return nil
}

func orNowhere[ID ~string](id ID) string { return cmp.Or(string(id), nowhere) }

// groups are ids of hierarchy groups as JSON, NULL for none.
func groups(all []center.HierarchyGroupID) any {
	if len(all) == 0 {
		return nil
	}
	return encoded(&all)
}

func decodedGroups(raw []byte) (all []center.HierarchyGroupID, err error) {
	if raw == nil {
		return nil, nil
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, &Damage{"agent", err}
	}
	return all, nil
}

// Line is who waits in a queue.
type Line struct {
	Contacts int
	Oldest   time.Time // when the one came who came first; zero for nobody
}

// LineOf counts the contacts that wait in a queue, those of one chat ("" for none) aside.
func (s *Store) LineOf(ctx context.Context, at center.InstanceID, queue center.QueueID, but center.ChatID) (l Line, err error) {
	raw, ok := center.UUID(string(queue))
	if !ok {
		return l, nil
	}
	own, _ := center.UUID(string(but))
	var oldest sql.NullInt64
	err = s.row(ctx, `SELECT count(*), min(enqueued) FROM waiting WHERE instance = $1 AND queue = $2 AND stream <> $3`, []any{string(at), raw[:], own[:]}, &l.Contacts, &oldest)
	if oldest.Valid {
		l.Oldest = timeOf(oldest.Int64)
	}
	return l, err
}

// Ahead counts the contacts that will be served before one that waits, those of its own chat aside.
func (s *Store) Ahead(ctx context.Context, r *center.WaitingRecord) (n int, err error) {
	queue, contact, chat := known(r.Queue), known(r.Contact), known(r.Chat)
	err = s.row(ctx, `SELECT count(*) FROM waiting WHERE instance = $1 AND queue = $2 AND stream <> $6
		AND (priority < $3 OR priority = $3 AND (aged < $4 OR aged = $4 AND contact < $5))`,
		[]any{string(r.Instance), queue, int64(r.Priority), r.Aged(), contact, chat}, &n)
	return n, err
}

// Waiting returns the contacts of an instance that wait in queues, or in one queue, in the order in which they will be served.
func (s *Store) Waiting(ctx context.Context, at center.InstanceID, queue center.QueueID) (all []center.WaitingRecord, err error) {
	where, args := `instance = $1`, []any{string(at)}
	if queue != "" {
		where, args = where+` AND queue = $2`, append(args, known(queue))
	}
	err = s.rows(ctx, `SELECT stream, contact, queue, agent_queue, channel, enqueued, since, priority, adjustment, routing, offered_to, rejecter
		FROM waiting WHERE `+where+` ORDER BY queue, priority, aged, contact`, args, func(rows *sql.Rows) error {
		r := center.WaitingRecord{Instance: at}
		var chat, contact, queue, routing, offered, rejecter []byte
		var agentQueue, enqueued, since int64
		if err := rows.Scan(&chat, &contact, &queue, &agentQueue, &r.Channel, &enqueued, &since, &r.Priority, &r.Adjustment, &routing, &offered, &rejecter); err != nil {
			return err
		}
		r.Chat, r.Contact, r.Queue = center.ChatID(idOf(chat)), center.ContactID(idOf(contact)), center.QueueID(idOf(queue))
		r.AgentQueue, r.Enqueued, r.Since = agentQueue != 0, timeOf(enqueued), timeOf(since)
		r.OfferedTo, r.Rejecter = center.UserID(idOf(offered)), center.UserID(idOf(rejecter))
		var err error
		r.Routing, err = decoded[center.RoutingCriteria](routing)
		all = append(all, r)
		return err
	})
	return all, err
}

// AgentAtWork is an agent's row with its slots.
type AgentAtWork struct {
	center.AgentRecord
	Slots []center.AgentContact
}

// Agents returns the agents of an instance as they are, by id, with their slots in the order of offers.
func (s *Store) Agents(ctx context.Context, at center.InstanceID) (all []AgentAtWork, err error) {
	byID := map[center.UserID]int{}
	err = s.rows(ctx, `SELECT id, routing_profile, hierarchy, status, status_type, status_since, next_status, status_name, next_status_name, next_status_since, idle
		FROM agent WHERE instance = $1 ORDER BY id`, []any{string(at)}, func(rows *sql.Rows) error {
		a := AgentAtWork{AgentRecord: center.AgentRecord{Instance: at}}
		var id, profile, hierarchy, status, next []byte
		var since int64
		var name, nextName sql.NullString
		var nextSince, idle sql.NullInt64
		if err := rows.Scan(&id, &profile, &hierarchy, &status, &a.Status.Type, &since, &next, &name, &nextName, &nextSince, &idle); err != nil {
			return err
		}
		a.Agent, a.Since, a.Idle = center.UserID(idOf(id)), timeOf(since), timeOf(idle.Int64)
		if p := idOf(profile); p != nowhere {
			a.Profile = center.RoutingProfileID(p)
		}
		a.Status.ID, a.Status.Name = center.AgentStatusID(idOf(status)), name.String
		if next != nil {
			a.Next = &center.NextStatus{WorkStatus: center.WorkStatus{ID: center.AgentStatusID(idOf(next)), Name: nextName.String}, Enqueued: timeOf(nextSince.Int64)}
		}
		var err error
		a.Hierarchy, err = decodedGroups(hierarchy)
		byID[a.Agent] = len(all)
		all = append(all, a)
		return err
	})
	if err != nil || len(all) == 0 {
		return all, err
	}
	err = s.rows(ctx, `SELECT agent, contact, stream, participant, channel, initiation_method, state, since, offered, connected, queue, agent_queue, enqueued, monitor
		FROM slot WHERE instance = $1 ORDER BY agent, offered, contact`, []any{string(at)}, func(rows *sql.Rows) error {
		var c center.AgentContact
		var agent, contact, chat, participant, queue []byte
		var since, offered, agentQueue int64
		var connected, enqueued sql.NullInt64
		var monitor sql.NullString
		if err := rows.Scan(&agent, &contact, &chat, &participant, &c.Channel, &c.InitiationMethod, &c.State, &since, &offered, &connected, &queue, &agentQueue, &enqueued, &monitor); err != nil {
			return err
		}
		c.Contact, c.Chat, c.Participant, c.Queue = center.ContactID(idOf(contact)), center.ChatID(idOf(chat)), center.ParticipantID(idOf(participant)), center.QueueID(idOf(queue))
		c.Since, c.Offered, c.Connected, c.Enqueued = timeOf(since), timeOf(offered), timeOf(connected.Int64), timeOf(enqueued.Int64)
		c.AgentQueue, c.Monitor = agentQueue != 0, monitor.String
		if i, ok := byID[center.UserID(idOf(agent))]; ok { // else it began between the two reads
			all[i].Slots = append(all[i].Slots, c)
		}
		return nil
	})
	return all, err
}
