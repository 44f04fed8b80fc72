package routing_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/routing"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

// world is what an index holds, as lists.
type world struct {
	contacts []routing.Contact
	agents   []routing.Agent
	profiles []routing.Profile
}

func (w *world) index() *routing.Index {
	x := &routing.Index{}
	for _, p := range w.profiles {
		x.PutProfile(p)
	}
	for _, a := range w.agents {
		x.PutAgent(a)
	}
	for _, c := range w.contacts {
		x.PutContact(c)
	}
	return x
}

// apply is the world in which offers have been committed.
func (w *world) apply(offers []routing.Offer, now time.Time) {
	for _, o := range offers {
		taken := slot(o.Contact, "CONNECTING", now)
		for i := range w.contacts {
			if w.contacts[i].ID == o.Contact {
				w.contacts[i].Offered, taken.Chat = o.Agent, w.contacts[i].Chat
			}
		}
		for i := range w.agents {
			if a := &w.agents[i]; a.ID == o.Agent {
				a.Slots = append(slices.Clone(a.Slots), taken)
			}
		}
	}
}

func (w *world) put(list ...any) *world {
	for _, it := range list {
		switch it := it.(type) {
		case routing.Contact:
			w.contacts = append(w.contacts, it)
		case routing.Agent:
			w.agents = append(w.agents, it)
		case routing.Profile:
			w.profiles = append(w.profiles, it)
		default:
			panic(fmt.Sprintf("a world has no %T", it))
		}
	}
	return w
}

// contact is one that was put into a queue so many seconds after noon.
func contact(id, queue string, enqueued float64, and ...func(*routing.Contact)) routing.Contact {
	c := routing.Contact{
		ID: center.ContactID(id), Queue: center.QueueID(queue), Enqueued: at(enqueued), Since: at(enqueued), Priority: center.DefaultPriority,
	}
	for _, change := range and {
		change(&c)
	}
	return c
}

func priority(n int) func(*routing.Contact) { return func(c *routing.Contact) { c.Priority = n } }
func since(seconds float64) func(*routing.Contact) {
	return func(c *routing.Contact) { c.Since = at(seconds) }
}
func adjusted(seconds int) func(*routing.Contact) {
	return func(c *routing.Contact) { c.Adjustment = time.Duration(seconds) * time.Second }
}
func offered(agent string) func(*routing.Contact) {
	return func(c *routing.Contact) { c.Offered = center.UserID(agent) }
}
func rejectedBy(agent string) func(*routing.Contact) {
	return func(c *routing.Contact) { c.Rejecter = center.UserID(agent) }
}
func ofChat(id string) func(*routing.Contact) {
	return func(c *routing.Contact) { c.Chat = center.ChatID(id) }
}
func agentQueue(c *routing.Contact) { c.AgentQueue = true }

// steps are routing criteria, which count from the enqueue time: seconds and an expression each, 0 for never.
func steps(all ...any) func(*routing.Contact) {
	return func(c *routing.Contact) { c.Criteria = criteria(all...).Activate(c.Enqueued) }
}

func criteria(all ...any) *center.RoutingCriteria {
	var list []string
	for i := 0; i < len(all); i += 2 {
		list = append(list, fmt.Sprintf(`{"Expression":%s,"Expiry":{"DurationInSeconds":%d}}`, all[i+1], all[i]))
	}
	r, err := center.ParseRoutingCriteria(`{"Steps":[` + strings.Join(list, ",") + `]}`)
	if err != nil {
		panic(err)
	}
	return r
}

func atLeast(name, value string, level float64) string {
	return fmt.Sprintf(`{"AttributeCondition":{"Name":%q,"Value":%q,"ProficiencyLevel":%v,"ComparisonOperator":"NumberGreaterOrEqualTo"}}`, name, value, level)
}

func between(name, value string, low, high float64) string {
	return fmt.Sprintf(`{"AttributeCondition":{"Name":%q,"Value":%q,"Range":{"MinProficiencyLevel":%v,"MaxProficiencyLevel":%v},"ComparisonOperator":"Range"}}`, name, value, low, high)
}

func match(ids ...string) string {
	list, _ := json.Marshal(ids)
	return fmt.Sprintf(`{"AttributeCondition":{"ComparisonOperator":"Match","MatchCriteria":{"AgentsCriteria":{"AgentIds":%s}}}}`, list)
}

func not(e string) string      { return strings.Replace(e, `{"Attr`, `{"NotAttr`, 1) }
func and(all ...string) string { return `{"AndExpression":[` + strings.Join(all, ",") + `]}` }
func or(all ...string) string  { return `{"OrExpression":[` + strings.Join(all, ",") + `]}` }

// agent is one of the profile p who became available so many seconds after noon, and did nothing since.
func agent(id string, idle float64, and ...func(*routing.Agent)) routing.Agent {
	a := routing.Agent{ID: center.UserID(id), Profile: "p", Status: center.StatusRoutable, Access: true, Activity: at(idle), Inbound: at(idle)}
	for _, change := range and {
		change(&a)
	}
	return a
}

func of(profile string) func(*routing.Agent) {
	return func(a *routing.Agent) { a.Profile = center.RoutingProfileID(profile) }
}
func status(kind string) func(*routing.Agent) { return func(a *routing.Agent) { a.Status = kind } }
func next(a *routing.Agent)                   { a.Next = true }
func noAccess(a *routing.Agent)               { a.Access = false }
func inbound(seconds float64) func(*routing.Agent) {
	return func(a *routing.Agent) { a.Inbound = at(seconds) }
}

// has is a chat that the agent has not cleared, in a state since noon.
func has(contact, state string) func(*routing.Agent) {
	return func(a *routing.Agent) { a.Slots = append(a.Slots, slot(center.ContactID(contact), state, noon)) }
}

// in is a contact of a chat, in a state.
func in(chat, state string) func(*routing.Agent) {
	return func(a *routing.Agent) {
		s := slot("in "+center.ContactID(chat), state, noon)
		s.Chat = center.ChatID(chat)
		a.Slots = append(a.Slots, s)
	}
}
func ringing(contact string, seconds float64) func(*routing.Agent) {
	return func(a *routing.Agent) {
		a.Slots = append(a.Slots, slot(center.ContactID(contact), "CONNECTING", at(seconds)))
	}
}
func hasOf(channel, state string) func(*routing.Agent) {
	return func(a *routing.Agent) {
		a.Slots = append(a.Slots, routing.Slot{Contact: "other", Channel: channel, State: state, Since: noon})
	}
}
func skill(name, value string, level float64) func(*routing.Agent) {
	return func(a *routing.Agent) {
		a.Proficiencies = append(a.Proficiencies, center.Proficiency{Attribute: name, Value: value, Level: level})
	}
}

func slot(c center.ContactID, state string, since time.Time) routing.Slot {
	return routing.Slot{Contact: c, Channel: center.ChannelChat, State: state, Since: since}
}

// profile allows so many chats of queues, each as "queue", "queue priority" or "queue priority delay".
func profile(id string, chats int, queues ...string) routing.Profile {
	p := routing.Profile{ID: center.RoutingProfileID(id), Channels: []routing.Channel{{Name: center.ChannelChat, Limit: chats}}, Timer: center.TimeSinceLastActivity}
	for _, text := range queues {
		row := routing.Row{Priority: 1}
		var delay int
		fmt.Sscan(text, &row.Queue, &row.Priority, &delay)
		row.Delay = time.Duration(delay) * time.Second
		p.Queues = append(p.Queues, row)
	}
	return p
}

// told writes offers as "contact>agent contact>agent".
func told(offers []routing.Offer) string {
	var all []string
	for _, o := range offers {
		all = append(all, string(o.Contact)+">"+string(o.Agent))
	}
	return strings.Join(all, " ")
}
