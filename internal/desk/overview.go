package desk

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// metrics is what the figures of all agents and queues need; statuses what changing the status of others does (admin guide,
// "Change the Agent activity status in a metrics report").
var (
	metrics  = [][]string{{center.PermitMetrics, center.PermitRealTimeMetrics}}
	statuses = [][]string{{center.PermitMetrics, center.PermitRealTimeMetrics}, {center.PermitStatuses}}
)

var overviewRoutes = []route{
	row("GET", "queues", agents, "Shows the queues of the routing profile of the agent, with figures.", (*call).listQueues),
	row("GET", "all-queues", metrics, "Shows all standard queues, with figures.", (*call).listAllQueues),
	row("GET", "agents", metrics, "Shows the agents who are not offline or have contacts.", (*call).listAgents),
}

type queuesOutput struct {
	Queues []queueFigures `json:"queues"`
}

type queueFigures struct {
	queueView
	Contacts      int      `json:"contactsInQueue"`
	Oldest        *float64 `json:"oldestContactEnqueued"`
	Online        int      `json:"agentsOnline"`
	Staffed       int      `json:"agentsStaffed"`
	Available     int      `json:"agentsAvailable"`
	NonProductive int      `json:"agentsNonProductive"`
	OnContact     int      `json:"agentsOnContact"`
}

// maxQueues bounds an answer.
const maxQueues = 10_000

// listQueues shows the queues of the agent's routing profile, with the agent's own.
func (c *call) listQueues(empty) (*queuesOutput, error) {
	ctx, at := c.r.Context(), c.who.Instance
	routed, _, err := c.Catalog.QueuesOfProfile(ctx, at, c.user.RoutingProfile)
	if err != nil {
		return nil, err
	}
	return c.figures(ctx, append(routed, center.QueueID(c.who.User)))
}

// listAllQueues shows all queues but those of agents.
func (c *call) listAllQueues(empty) (*queuesOutput, error) {
	ctx := c.r.Context()
	all, err := catalog.Queues.List(ctx, c.Catalog, c.who.Instance, "", maxQueues, func(q *center.Queue) bool { return q.Type != center.QueueAgent })
	if err != nil {
		return nil, err
	}
	ids := make([]center.QueueID, len(all))
	for i := range all {
		ids[i] = all[i].ID
	}
	return c.figures(ctx, ids)
}

// figures are those of some queues.
func (c *call) figures(ctx context.Context, ids []center.QueueID) (*queuesOutput, error) {
	at := c.who.Instance
	all, err := c.Present.OfQueues(ctx, at, ids)
	if err != nil {
		return nil, err
	}
	asked := map[center.QueueID]bool{}
	for _, id := range ids {
		asked[id] = true
	}
	there, err := catalog.Queues.List(ctx, c.Catalog, at, "", len(ids), func(q *center.Queue) bool { return asked[q.ID] })
	if err != nil {
		return nil, err
	}
	known := map[center.QueueID]queueView{}
	for i := range there {
		arn := c.Partition.QueueARN(at, there[i].ID)
		known[there[i].ID] = queueView{ARN: arn, Name: &there[i].Name, ID: arn}
	}
	own := c.agentQueueARN(at, c.who.User)
	known[center.QueueID(c.who.User)] = queueView{ARN: own, ID: own}
	out := []queueFigures{}
	for i, id := range ids {
		view, ok := known[id]
		if !ok {
			continue
		}
		f := &all[i]
		shown := queueFigures{
			queueView: view, Contacts: f.Contacts, Online: f.Online, Staffed: f.Staffed, Available: f.Available,
			NonProductive: f.NonProductive, OnContact: f.OnContact,
		}
		if !f.Oldest.IsZero() {
			oldest := seconds(f.Oldest)
			shown.Oldest = &oldest
		}
		out = append(out, shown)
	}
	return &queuesOutput{out}, nil
}

type agentsOutput struct {
	Agents []agentFigures `json:"agents"`
}

type agentFigures struct {
	ID       center.UserID `json:"id"`
	ARN      string        `json:"agentARN"`
	Username string        `json:"username"`
	Name     string        `json:"name"`
	State    agentState    `json:"state"`
	Next     *agentState   `json:"nextState"`
	Activity string        `json:"activity"`
	Contacts []slotView    `json:"contacts"`
}

// activities are what an agent with contacts is said to do, the first that one of them has. Source: admin guide, "Agent Activity".
var activities = []struct{ state, name string }{
	{center.SlotError, "Error"}, {center.SlotMissed, "Missed"}, {center.SlotRejected, "Rejected"}, {center.SlotConnected, "On contact"},
	{center.SlotEnded, "After Contact Work"}, {center.SlotConnecting, "Incoming"},
}

func activityOf(a *store.AgentAtWork) string {
	for _, of := range activities {
		if slices.ContainsFunc(a.Slots, func(s center.AgentContact) bool { return s.State == of.state }) {
			return of.name
		}
	}
	return a.Status.Name
}

// listAgents shows the agents who are not offline, or who have contacts.
func (c *call) listAgents(empty) (*agentsOutput, error) {
	ctx, at := c.r.Context(), c.who.Instance
	all, err := c.Store.Agents(ctx, at)
	if err != nil {
		return nil, err
	}
	working := map[center.UserID]*store.AgentAtWork{}
	for i := range all {
		if a := &all[i]; a.Status.Type != center.StatusOffline || len(a.Slots) > 0 {
			working[a.Agent] = a
		}
	}
	users, err := catalog.Users.List(ctx, c.Catalog, at, "", len(working), func(u *center.User) bool { return working[u.ID] != nil })
	if err != nil {
		return nil, err
	}
	out := make([]agentFigures, len(users))
	for i := range users {
		out[i] = c.figuresOf(&users[i], working[users[i].ID])
	}
	return &agentsOutput{out}, nil
}

func (d *Desk) figuresOf(u *center.User, a *store.AgentAtWork) agentFigures {
	f := agentFigures{
		ID: u.ID, ARN: catalog.Users.ARN(d.Partition, a.Instance, u), Username: u.Name, Name: strings.TrimSpace(u.Identity.FirstName + " " + u.Identity.LastName),
		State: d.stateOf(a.Instance, a.Status, a.Since), Activity: activityOf(a), Contacts: make([]slotView, len(a.Slots)),
	}
	if a.Next != nil {
		next := d.stateOf(a.Instance, a.Next.WorkStatus, time.Time{})
		f.Next = &next
	}
	for i := range a.Slots {
		f.Contacts[i] = slotOf(&a.Slots[i])
	}
	return f
}
