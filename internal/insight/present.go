package insight

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// Present answers questions for figures of the present. They are made of the rows of agents and of contacts that wait, which
// the decisions about them write, and so they are the same on every node.
type Present struct {
	store *store.Store
	staff Directory
	now   func() time.Time // contact time
	wall  func() time.Time // real time, which tokens expire by
	newID func() string
}

// Directory knows who may work for what in an instance.
type Directory interface {
	Staffing(ctx context.Context, at center.InstanceID) (*center.Staffing, error)
}

// NewPresent returns Present ready for use.
func NewPresent(s *store.Store, staff Directory, now, wall func() time.Time, newID func() string) *Present {
	return &Present{s, staff, now, wall, newID}
}

// moment is what there is at a time: agents with what they may do, and who waits in queues that are no agent's.
type moment struct {
	at      time.Time
	staff   *center.Staffing
	agents  []agentNow
	waiting []center.WaitingRecord
}

// agentNow is an agent whose user exists.
type agentNow struct {
	store.AgentAtWork
	user    center.StaffedUser
	profile *center.StaffedProfile // nil for one that is gone
}

// working reads who works, and who waits is still to be read.
func (p *Present) working(ctx context.Context, at center.InstanceID) (*moment, error) {
	staff, err := p.staff.Staffing(ctx, at)
	if err != nil {
		return nil, err
	}
	m := &moment{at: p.now(), staff: staff}
	agents, err := p.store.Agents(ctx, at)
	if err != nil {
		return nil, err
	}
	for _, a := range agents {
		if user, ok := staff.Users[a.Agent]; ok {
			m.agents = append(m.agents, agentNow{a, user, staff.Profiles[user.Profile]})
		}
	}
	return m, nil
}

func (p *Present) read(ctx context.Context, at center.InstanceID) (*moment, error) {
	m, err := p.working(ctx, at)
	if err != nil {
		return nil, err
	}
	waiting, err := p.store.Waiting(ctx, at, "")
	if err != nil {
		return nil, err
	}
	m.waiting = slices.DeleteFunc(waiting, func(w center.WaitingRecord) bool { return w.AgentQueue })
	return m, nil
}

// scope is what figures are of: agents and contacts of queues, of routing profiles, of channels, of a step of routing
// criteria. nil is all.
type scope struct {
	queues   []center.QueueID
	profiles []center.RoutingProfileID
	channels []string
	statuses []center.AgentStatusID
	step     string // an expression in its canonical form; "" for any
	contacts bool   // there may be contacts in it: they have the subtype that is asked for
}

func (s *scope) channel(c string) bool { return s.channels == nil || slices.Contains(s.channels, c) }

// serves says whether an agent is in the scope: their routing profile has one of its queues, for one of its channels.
func (s *scope) serves(a *agentNow) bool {
	if s.profiles != nil && !slices.Contains(s.profiles, a.user.Profile) || s.statuses != nil && !slices.Contains(s.statuses, a.Status.ID) {
		return false
	}
	if s.queues == nil {
		return a.profile != nil
	}
	if slices.Contains(s.queues, center.QueueID(a.Agent)) {
		return true // it is the agent's own
	}
	return a.profile != nil && slices.ContainsFunc(a.profile.Queues, func(q center.QueueChannel) bool {
		return slices.Contains(s.queues, q.Queue) && s.channel(q.Channel)
	})
}

// waits says whether a contact that waits is in the scope.
func (m *moment) waits(s *scope, w *center.WaitingRecord) bool {
	switch {
	case !s.contacts || !s.channel(w.Channel):
		return false
	case s.queues != nil && !slices.Contains(s.queues, w.Queue):
		return false
	case s.profiles != nil && !slices.ContainsFunc(s.profiles, func(id center.RoutingProfileID) bool { return m.staff.Profiles[id].Serves(w.Queue, w.Channel) }):
		return false
	}
	return s.step == "" || activeStep(w.Routing, m.at) == s.step
}

// activeStep is the expression of the step of routing criteria that is under way, in its canonical form; "" for none.
func activeStep(r *center.RoutingCriteria, now time.Time) string {
	if r == nil {
		return ""
	}
	i, _ := r.At(now)
	if i >= len(r.Steps) || r.Activated.IsZero() {
		return ""
	}
	raw, err := json.Marshal(r.Steps[i].Expression)
	if err != nil {
		return ""
	}
	step, _ := canonical(string(raw))
	return step
}

// canonical is an expression with its members in one order and without spaces; ok is false for what is no JSON.
func canonical(expression string) (_ string, ok bool) {
	var v any
	if err := json.Unmarshal([]byte(expression), &v); err != nil {
		return "", false
	}
	raw, err := json.Marshal(v)
	return string(raw), err == nil
}

// Agents' figures. An agent who is on a contact, or has a next status, is as available as the status and the free slots say.
// The administrator guide also says that an agent with any contact is not available; for chats, of which agents have
// several, a free slot counts (inferred).

func (a *agentNow) online() bool { return a.Status.Type != center.StatusOffline }

// handling says that a contact is connected, or in after-contact work.
func handling(c *center.AgentContact) bool {
	return c.State == center.SlotConnected || c.State == center.SlotEnded
}

func (a *agentNow) onContact() bool {
	return slices.ContainsFunc(a.Slots, func(c center.AgentContact) bool { return handling(&c) && c.Monitor == "" })
}

func (a *agentNow) failed(states ...string) bool {
	return slices.ContainsFunc(a.Slots, func(c center.AgentContact) bool { return slices.Contains(states, c.State) })
}

// slots are how many contacts of a channel an agent has in states, all for none.
func (a *agentNow) slots(channel string, counts func(*center.AgentContact) bool) (n int64) {
	for i := range a.Slots {
		if c := &a.Slots[i]; c.Channel == channel && (counts == nil || counts(c)) {
			n++
		}
	}
	return n
}

// free is how many contacts of a channel an agent could still get: none in a status that is not routable.
func (a *agentNow) free(channel string) int64 {
	if a.Status.Type != center.StatusRoutable || a.profile == nil {
		return 0
	}
	return max(0, a.profile.Slots[channel]-a.slots(channel, nil))
}

func (a *agentNow) available(s *scope) bool {
	if a.failed(center.SlotMissed, center.SlotRejected, center.SlotError) || a.profile == nil {
		return false
	}
	for channel := range a.profile.Slots {
		if s.channel(channel) && a.free(channel) > 0 {
			return true
		}
	}
	return false
}

// figures are all figures of a scope.
type figuresNow struct {
	center.QueueFigures
	known                       bool // something is known of it: an agent at work, or a contact that waits
	slotsActive, slotsAvailable int64
	errors                      int
}

func (m *moment) figures(s *scope) (f figuresNow) {
	for i := range m.agents {
		a := &m.agents[i]
		if !s.serves(a) {
			continue
		}
		count := func(n *int, yes bool) {
			if yes {
				*n++
			}
		}
		f.known = f.known || a.online() || len(a.Slots) > 0
		count(&f.Online, a.online())
		count(&f.Staffed, a.Status.Type == center.StatusRoutable)
		count(&f.NonProductive, a.Status.Type == center.StatusCustom)
		count(&f.Available, a.available(s))
		count(&f.OnContact, a.onContact())
		count(&f.errors, a.failed(center.SlotMissed, center.SlotRejected, center.SlotError))
		count(&f.Missed, a.failed(center.SlotMissed))
		for j := range a.Slots {
			if c := &a.Slots[j]; s.channel(c.Channel) {
				count(&f.AfterContactWork, c.State == center.SlotEnded)
			}
		}
		if a.profile != nil {
			for channel := range a.profile.Slots {
				if s.channel(channel) {
					f.slotsActive += a.slots(channel, handling)
					f.slotsAvailable += a.free(channel)
				}
			}
		}
	}
	for i := range m.waiting {
		w := &m.waiting[i]
		if !m.waits(s, w) {
			continue
		}
		f.known = true
		if w.OfferedTo != "" {
			continue // "when offered, before acceptance": it is not in queue for the figures (inferred: it is again after a miss)
		}
		f.Contacts++
		if f.Oldest.IsZero() || w.Enqueued.Before(f.Oldest) {
			f.Oldest = w.Enqueued
		}
	}
	return f
}

// OfQueue are the figures of a queue that flows ask for. channel is "" for all. Contacts of one chat, "" for none, do not
// count: its flow knows better.
func (p *Present) OfQueue(ctx context.Context, at center.InstanceID, queue center.QueueID, channel string, but center.ChatID) (center.QueueFigures, error) {
	m, err := p.working(ctx, at)
	if err != nil {
		return center.QueueFigures{}, err
	}
	s := &scope{queues: []center.QueueID{queue}}
	if channel != "" {
		s.channels = []string{channel}
	}
	f := m.figures(s).QueueFigures
	f.Contacts, f.Oldest, err = p.store.InQueue(ctx, at, queue, channel, but)
	return f, err
}

// OfQueues are the figures of some queues, agents' ones among them, in their order, for all channels: of one moment as far as
// agents are concerned.
func (p *Present) OfQueues(ctx context.Context, at center.InstanceID, queues []center.QueueID) ([]center.QueueFigures, error) {
	m, err := p.working(ctx, at)
	if err != nil {
		return nil, err
	}
	waiting, err := p.store.InQueues(ctx, at, queues)
	if err != nil {
		return nil, err
	}
	all := make([]center.QueueFigures, len(queues))
	for i, queue := range queues {
		all[i] = m.figures(&scope{queues: []center.QueueID{queue}}).QueueFigures
		all[i].Contacts, all[i].Oldest = waiting[queue].Contacts, waiting[queue].Oldest
	}
	return all, nil
}

// CurrentRequest is what GetCurrentMetricData asks for, its members already within the model's own constraints.
type CurrentRequest struct {
	Instance                                                     center.InstanceID
	Queues, Profiles, Channels, Steps, Statuses, Subtypes, Tests []string // filters
	Groupings                                                    []string
	Metrics                                                      []string
	SortBy                                                       string // "" is AGENTS_ONLINE
	Ascending                                                    bool
}

// CurrentRow has the values of the metrics that were asked for, in their order, and of the groupings those that are asked
// for. A value that cannot be said is nil.
type CurrentRow struct {
	Queue   center.QueueID          `json:"q,omitempty"`
	Channel string                  `json:"c,omitempty"`
	Profile center.RoutingProfileID `json:"p,omitempty"`
	Step    string                  `json:"e,omitempty"`
	Status  center.AgentStatusID    `json:"s,omitempty"`
	Subtype string                  `json:"t,omitempty"`
	Values  []*float64              `json:"v"`

	sort *float64
}

// CurrentPage is a part of an answer, of the time at which all of it was read.
type CurrentPage struct {
	Rows  []CurrentRow
	At    time.Time
	Total int
	Next  string
}

// Names of metrics with rules of their own, and the most statuses of a filter (API model's texts).
const (
	agentsOnline      = "AGENTS_ONLINE"
	oldestContact     = "OLDEST_CONTACT_AGE"
	estimatedWait     = "ESTIMATED_WAIT_TIME"
	mostAgentStatuses = 50
)

// currentMetrics are the metrics of GetCurrentMetricData but for the estimated wait.
var currentMetrics = map[string]func(*figuresNow, *moment) float64{
	agentsOnline:                func(f *figuresNow, _ *moment) float64 { return float64(f.Online) },
	"AGENTS_STAFFED":            func(f *figuresNow, _ *moment) float64 { return float64(f.Staffed) },
	"AGENTS_AVAILABLE":          func(f *figuresNow, _ *moment) float64 { return float64(f.Available) },
	"AGENTS_NON_PRODUCTIVE":     func(f *figuresNow, _ *moment) float64 { return float64(f.NonProductive) },
	"AGENTS_ON_CONTACT":         func(f *figuresNow, _ *moment) float64 { return float64(f.OnContact) },
	"AGENTS_ON_CALL":            func(f *figuresNow, _ *moment) float64 { return float64(f.OnContact) },        // the older name
	"AGENTS_AFTER_CONTACT_WORK": func(f *figuresNow, _ *moment) float64 { return float64(f.AfterContactWork) }, // contacts
	"AGENTS_ERROR":              func(f *figuresNow, _ *moment) float64 { return float64(f.errors) },
	"CONTACTS_IN_QUEUE":         func(f *figuresNow, _ *moment) float64 { return float64(f.Contacts) },
	"CONTACTS_SCHEDULED":        func(*figuresNow, *moment) float64 { return 0 }, // callbacks
	"SLOTS_ACTIVE":              func(f *figuresNow, _ *moment) float64 { return float64(f.slotsActive) },
	"SLOTS_AVAILABLE":           func(f *figuresNow, _ *moment) float64 { return float64(f.slotsAvailable) },
	oldestContact:               func(f *figuresNow, m *moment) float64 { return f.Age(m.at).Seconds() },
}

// CheckUnit refuses a unit that a metric does not have; "" is any.
func CheckUnit(name, unit string) error {
	want := unitCount
	if name == oldestContact || name == estimatedWait {
		want = unitSeconds
	}
	if unit != "" && unit != want {
		return center.Refuse(center.InvalidParameter, "the metric %s must have Unit %s", said(name), want)
	}
	return nil
}

// check refuses what does not go together. All rules are those of the API model's texts.
func (r *CurrentRequest) check() error {
	refuse := func(text string, args ...any) error { return center.Refuse(center.InvalidRequest, text, args...) }
	by := func(g string) bool { return slices.Contains(r.Groupings, g) }
	first := ""
	if len(r.Groupings) > 0 {
		first = r.Groupings[0]
	}
	switch {
	case len(r.Queues) > 0 && len(r.Profiles) > 0:
		return refuse("Filters must not have both Queues and RoutingProfiles")
	case len(r.Queues) == 0 && len(r.Profiles) == 0:
		return refuse("Filters must have Queues or RoutingProfiles")
	case len(r.Queues) == 0 && len(r.Statuses)+len(r.Subtypes)+len(r.Tests) > 0:
		return refuse("Filters must have Queues when they have AgentStatuses, Subtypes or ValidationTestTypes")
	case len(r.Statuses) > mostAgentStatuses:
		return center.Refuse(center.InvalidParameter, "Filters.AgentStatuses must have at most %d elements, got %d", mostAgentStatuses, len(r.Statuses))
	case len(r.Steps) > 0 && !by("ROUTING_STEP_EXPRESSION"):
		return refuse("Groupings must have ROUTING_STEP_EXPRESSION when Filters have RoutingStepExpressions")
	case by("ROUTING_STEP_EXPRESSION") && len(r.Queues) != 1:
		return refuse("Filters must have exactly one queue for the grouping ROUTING_STEP_EXPRESSION")
	case by("AGENT_STATUS") && (first != "QUEUE" || len(r.Queues) == 0 || slices.ContainsFunc(r.Metrics, func(m string) bool { return m != agentsOnline })):
		return refuse("the grouping AGENT_STATUS must come after QUEUE, with a filter of Queues, and for the metric %s alone", agentsOnline)
	case (by("SUBTYPE") || by("VALIDATION_TEST_TYPE")) && (first != "QUEUE" || len(r.Queues) == 0):
		return refuse("the groupings SUBTYPE and VALIDATION_TEST_TYPE must come after QUEUE, with a filter of Queues")
	case len(r.Groupings) == 2 && r.Groupings[0] == r.Groupings[1]:
		return refuse("Groupings must have each key once")
	}
	for _, m := range append([]string{r.sortBy()}, r.Metrics...) {
		_, known := currentMetrics[m]
		switch {
		case m == estimatedWait:
			if !r.mayEstimate() {
				return refuse("the metric %s needs filters of Queues and Channels with the groupings QUEUE and CHANNEL, or one queue, one channel and RoutingStepExpressions with the grouping ROUTING_STEP_EXPRESSION", estimatedWait)
			}
		case !known:
			return refuse("Invalid metric name: %s", said(m))
		case by("ROUTING_PROFILE") && len(r.Profiles) == 0 && slices.Contains([]string{"CONTACTS_SCHEDULED", "CONTACTS_IN_QUEUE", oldestContact}, m):
			return refuse("the metric %s needs a filter of RoutingProfiles for the grouping ROUTING_PROFILE", m)
		}
	}
	if r.SortBy == "SLOTS_ACTIVE" || r.SortBy == "SLOTS_AVAILABLE" {
		return refuse("SortCriteria must not be %s", r.SortBy)
	}
	for _, s := range r.Steps {
		if _, ok := canonical(s); !ok {
			return center.Refuse(center.InvalidParameter, "Filters.RoutingStepExpressions must be JSON, got %d characters of something else", len([]rune(s)))
		}
	}
	return nil
}

func (r *CurrentRequest) sortBy() string { return cmp.Or(r.SortBy, agentsOnline) }

func (r *CurrentRequest) mayEstimate() bool {
	if len(r.Queues) == 0 || len(r.Channels) == 0 {
		return false
	}
	sorted := slices.Sorted(slices.Values(r.Groupings))
	return slices.Equal(sorted, []string{"CHANNEL", "QUEUE"}) ||
		len(r.Queues) == 1 && len(r.Channels) == 1 && len(r.Steps) > 0 && slices.Equal(sorted, []string{"ROUTING_STEP_EXPRESSION"})
}

// Current answers one page of at most limit rows, the first one for an empty token. The first is read from the rows of now,
// and what is not on it is stored, so that the others are of the same moment on every node, for five minutes.
func (p *Present) Current(ctx context.Context, r *CurrentRequest, limit int, from string) (*CurrentPage, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	if from != "" {
		return p.later(ctx, r, limit, from)
	}
	m, err := p.read(ctx, r.Instance)
	if err != nil {
		return nil, err
	}
	rows, err := p.rows(ctx, r, m)
	if err != nil {
		return nil, err
	}
	page := &CurrentPage{Rows: rows, At: m.at, Total: len(rows)}
	if len(rows) <= limit {
		return page, nil
	}
	request := digestOf(r)
	body, err := json.Marshal(keptRows{rows, m.at, request})
	if err != nil {
		return nil, err
	}
	id := p.newID()
	if err := p.store.PutSnapshot(ctx, id, p.wall(), p.wall().Add(tokenLasts), body); err != nil {
		return nil, err
	}
	page.Rows, page.Next = rows[:limit], sealed(currentToken{request, id, limit})
	return page, nil
}

// keptRows is what is stored of an answer, and currentToken names it and says where the next page begins.
type keptRows struct {
	Rows    []CurrentRow `json:"rows"`
	At      time.Time    `json:"at"`
	Request []byte       `json:"request"` // a digest: the answer is for no other one
}

type currentToken struct {
	Request []byte `json:"r"`
	ID      string `json:"i"`
	Served  int    `json:"n"`
}

func (p *Present) later(ctx context.Context, r *CurrentRequest, limit int, from string) (*CurrentPage, error) {
	var t currentToken
	if err := unsealed(from, &t, func() []byte { return t.Request }, r); err != nil {
		return nil, err
	}
	body, err := p.store.Snapshot(ctx, t.ID, p.wall())
	if err != nil {
		if errors.Is(err, store.ErrNotFound) {
			err = center.Refuse(center.InvalidParameter, "NextToken must be one that this operation gave out, within %d minutes", int(tokenLasts.Minutes()))
		}
		return nil, err
	}
	var kept keptRows
	if err := json.Unmarshal(body, &kept); err != nil {
		return nil, err
	}
	if !bytes.Equal(kept.Request, t.Request) {
		return nil, errToken
	}
	page := &CurrentPage{At: kept.At, Total: len(kept.Rows), Rows: kept.Rows[min(max(t.Served, 0), len(kept.Rows)):]}
	if len(page.Rows) > limit {
		page.Rows, page.Next = page.Rows[:limit], sealed(currentToken{t.Request, t.ID, t.Served + limit})
	}
	return page, nil
}

// rows are all rows of an answer, sorted.
func (p *Present) rows(ctx context.Context, r *CurrentRequest, m *moment) ([]CurrentRow, error) {
	base := scope{contacts: len(r.Tests) == 0 && (len(r.Subtypes) == 0 || slices.Contains(r.Subtypes, chatSubtype))}
	base.queues, base.profiles = idsOf[center.QueueID](r.Queues, "queue"), idsOf[center.RoutingProfileID](r.Profiles, "routing-profile")
	base.statuses, base.channels = idsOf[center.AgentStatusID](r.Statuses, "agent-state"), r.Channels
	if len(r.Channels) == 0 {
		base.channels = nil
	}
	var rows []CurrentRow
	var scopes []scope
	add := func(row CurrentRow, s scope) { rows, scopes = append(rows, row), append(scopes, s) }
	add(CurrentRow{}, base)
	for _, g := range r.Groupings {
		before, from := rows, scopes
		rows, scopes = nil, nil
		for i := range before {
			m.split(g, r, before[i], from[i], add)
		}
	}
	kept, known := rows[:0], paces{}
	for i := range rows {
		f := m.figures(&scopes[i])
		if !f.known {
			continue
		}
		for _, name := range append([]string{r.sortBy()}, r.Metrics...) {
			v, err := p.value(ctx, r, name, &f, m, &scopes[i], known)
			if err != nil {
				return nil, err
			}
			rows[i].Values = append(rows[i].Values, v)
		}
		rows[i].sort, rows[i].Values = rows[i].Values[0], rows[i].Values[1:]
		kept = append(kept, rows[i])
	}
	slices.SortStableFunc(kept, func(a, b CurrentRow) int {
		order := compareValues(a.sort, b.sort)
		if !r.Ascending {
			order = -order
		}
		return cmp.Or(order, cmp.Compare(a.Queue, b.Queue), cmp.Compare(a.Profile, b.Profile), cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Step, b.Step))
	})
	return kept, nil
}

// compareValues orders values, nil below all.
func compareValues(a, b *float64) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return cmp.Compare(*a, *b)
}

// chatSubtype is the subtype that chats have.
const chatSubtype = "connect:Chat"

// idsOf are ids of resources, each once, nil for none.
func idsOf[ID ~string](all []string, kind string) (out []ID) {
	for _, id := range ids(all, kind) {
		if !slices.Contains(out, ID(id)) {
			out = append(out, ID(id))
		}
	}
	return out
}

// split makes a row for each value of a grouping.
func (m *moment) split(grouping string, r *CurrentRequest, row CurrentRow, s scope, add func(CurrentRow, scope)) {
	switch grouping {
	case "QUEUE":
		queues := s.queues
		if queues == nil {
			for _, id := range s.profiles {
				if p := m.staff.Profiles[id]; p != nil {
					for _, q := range p.Queues {
						if !slices.Contains(queues, q.Queue) {
							queues = append(queues, q.Queue)
						}
					}
				}
			}
		}
		for _, q := range queues {
			row.Queue, s.queues = q, []center.QueueID{q}
			add(row, s)
		}
	case "CHANNEL":
		channels := s.channels
		if channels == nil {
			channels = []string{center.ChannelVoice, center.ChannelChat, center.ChannelTask, center.ChannelEmail}
		}
		for _, c := range slices.Compact(slices.Sorted(slices.Values(channels))) {
			row.Channel, s.channels = c, []string{c}
			add(row, s)
		}
	case "ROUTING_PROFILE":
		profiles := s.profiles
		if profiles == nil {
			for id, p := range m.staff.Profiles {
				if slices.ContainsFunc(s.queues, func(q center.QueueID) bool { return p.Serves(q, "") }) {
					profiles = append(profiles, id)
				}
			}
		}
		for _, id := range profiles {
			row.Profile, s.profiles = id, []center.RoutingProfileID{id}
			add(row, s)
		}
	case "AGENT_STATUS":
		var statuses []center.AgentStatusID
		for i := range m.agents {
			if a := &m.agents[i]; a.online() && s.serves(a) && !slices.Contains(statuses, a.Status.ID) {
				statuses = append(statuses, a.Status.ID)
			}
		}
		for _, id := range statuses {
			row.Status, s.statuses = id, []center.AgentStatusID{id}
			add(row, s)
		}
	case "SUBTYPE":
		if s.contacts {
			row.Subtype = chatSubtype
			add(row, s)
		}
	case "ROUTING_STEP_EXPRESSION":
		steps := r.Steps
		if len(steps) == 0 {
			for i := range m.waiting {
				if step := activeStep(m.waiting[i].Routing, m.at); step != "" && m.waits(&s, &m.waiting[i]) && !slices.Contains(steps, step) {
					steps = append(steps, step)
				}
			}
		}
		for _, step := range steps {
			row.Step = step
			s.step, _ = canonical(step)
			add(row, s)
		}
	case "VALIDATION_TEST_TYPE": // no contact here is a test's
	}
}

// paces are the seconds per contact at which agents take contacts of queues, as far as they were read for an answer.
type paces map[center.QueueID]*float64

// value is one figure of a row. Without groupings the age of the oldest contact is in milliseconds, whatever its unit says: so
// the API model has it.
func (p *Present) value(ctx context.Context, r *CurrentRequest, name string, f *figuresNow, m *moment, s *scope, known paces) (*float64, error) {
	if name == estimatedWait {
		if f.Contacts == 0 || len(s.queues) != 1 {
			return nil, nil
		}
		pace, ok := known[s.queues[0]]
		if !ok {
			var err error
			if pace, err = p.pace(ctx, r.Instance, s.queues[0], m.at); err != nil {
				return nil, err
			}
			known[s.queues[0]] = pace
		}
		return estimate(pace, f.Contacts+1), nil
	}
	v := currentMetrics[name](f, m)
	if name == oldestContact && len(r.Groupings) == 0 {
		v *= 1000
	}
	return &v, nil
}

// How a wait is estimated, which Amazon Connect does not tell: position by position at the pace at which agents have taken
// contacts of the queue lately.
const (
	paceSpan    = time.Hour
	paceSamples = 50
	leastPace   = 3 // contacts that say enough
)

// pace is how many seconds it takes until one more contact of a queue is taken; nil when too few were taken lately.
func (p *Present) pace(ctx context.Context, at center.InstanceID, queue center.QueueID, now time.Time) (*float64, error) {
	taken, err := p.store.LastTaken(ctx, at, queue, now.Add(-paceSpan), paceSamples)
	if err != nil || len(taken) < leastPace {
		return nil, err
	}
	pace := now.Sub(taken[len(taken)-1]).Seconds() / float64(len(taken))
	return &pace, nil
}

// estimate is how long it will take until the contact at a place in a queue is taken, in seconds; nil when the pace is.
func estimate(pace *float64, place int) *float64 {
	if pace == nil {
		return nil
	}
	seconds := *pace * float64(place)
	return &seconds
}

// ContactPlace is where a contact stands in its queue.
type ContactPlace struct {
	Position int
	Wait     *float64 // seconds, nil when nothing can be said
}

// Place says where a contact stands among those of its queue and channel, of one step of their routing criteria if it has a
// step under way. One that is offered to an agent is the next.
func (p *Present) Place(ctx context.Context, at center.InstanceID, id center.ContactID) (*ContactPlace, error) {
	w, err := p.store.WaitingContact(ctx, at, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, center.Refuse(center.InvalidRequest, "the contact %s does not wait in a queue", said(string(id)))
	}
	if err != nil {
		return nil, err
	}
	now := p.now()
	place := &ContactPlace{Position: 1}
	if w.OfferedTo == "" {
		line, err := p.store.Waiting(ctx, at, w.Queue)
		if err != nil {
			return nil, err
		}
		step := activeStep(w.Routing, now)
		for i := range line {
			l := &line[i]
			if l.Contact == id {
				break
			}
			if l.Channel == w.Channel && (step == "" || activeStep(l.Routing, now) == step) {
				place.Position++
			}
		}
	}
	pace, err := p.pace(ctx, at, w.Queue, now)
	place.Wait = estimate(pace, place.Position)
	return place, err
}
