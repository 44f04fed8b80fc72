package insight

import (
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/center"
)

// The twin: the same metrics, counted in plain Go over the same rows, a moment at a time where times overlap.

// past is what there is in the tables.
type past struct {
	contacts []*pastContact
	offers   []*pastOffer
	spans    []*pastSpan
	runs     []*pastRun
}

// Times are milliseconds, 0 for none; ids are "" for none.
type pastContact struct {
	id, method, state, reason, queue, agent, profile, subtype, next string
	hierarchy                                                       []string
	initiated, system, enqueued, dequeued, connected                int64
	disconnected, acwBegun, acwEnded, transferred                   int64
	figures                                                         *center.Figures
	routing                                                         *center.RoutingCriteria
}

// steps are those that the contact has come to until a time.
func (c *pastContact) steps(asOf int64) (all []*pastStep) {
	if c.routing == nil || c.routing.Activated.UnixMilli() > asOf {
		return nil
	}
	until, ending := asOf, ""
	if ended := c.routing.Ended; !ended.IsZero() && ended.UnixMilli() <= asOf {
		until, ending = ended.UnixMilli(), c.routing.Ending
	}
	begins := c.routing.Activated.UnixMilli()
	for _, s := range c.routing.Steps {
		raw, _ := json.Marshal(s.Expression)
		step := &pastStep{expression: string(raw), queue: c.queue, entered: begins}
		all = append(all, step)
		ends := begins + int64(s.Expiry.Seconds)*1000
		if ends == begins || ends > until {
			step.joined = ending == "JOINED"
			break
		}
		step.expired, begins = true, ends
	}
	return all
}

type pastStep struct {
	expression, queue string
	entered           int64
	joined, expired   bool
}

func (s *pastStep) value(key string) string {
	switch key {
	case "QUEUE":
		return s.queue
	case "ROUTING_STEP_EXPRESSION":
		return s.expression
	}
	return ""
}

type pastOffer struct {
	contact                 *pastContact
	agent, profile, outcome string
	queue                   string
	hierarchy               []string
	started, ended, cleared int64
}

type pastSpan struct {
	agent, kind, profile string
	hierarchy            []string
	began, ended         int64
}

type pastRun struct {
	contact                                                  *pastContact
	number                                                   int
	resource, module, kind, outcome, nextResource, nextQueue string
	started, ended                                           int64
}

var levelKeys = []string{"AGENT_HIERARCHY_LEVEL_ONE", "AGENT_HIERARCHY_LEVEL_TWO", "AGENT_HIERARCHY_LEVEL_THREE", "AGENT_HIERARCHY_LEVEL_FOUR", "AGENT_HIERARCHY_LEVEL_FIVE"}

func levelOf(hierarchy []string, key string) (string, bool) {
	if i := slices.Index(levelKeys, key); i >= 0 {
		if i < len(hierarchy) {
			return hierarchy[i], true
		}
		return "", true
	}
	return "", false
}

// value is what a row has for a key, "" for nothing.
func (c *pastContact) value(key string) string {
	if v, ok := levelOf(c.hierarchy, key); ok {
		return v
	}
	switch key {
	case "QUEUE":
		return c.queue
	case "CHANNEL":
		return "CHAT"
	case "ROUTING_PROFILE":
		return c.profile
	case "AGENT":
		return c.agent
	case subtypeKey:
		return c.subtype
	case "INITIATION_METHOD":
		return c.method
	case "DISCONNECT_REASON":
		return c.reason
	}
	return ""
}

func (o *pastOffer) value(key string) string {
	if v, ok := levelOf(o.hierarchy, key); ok {
		return v
	}
	switch key {
	case "QUEUE":
		return o.queue
	case "CHANNEL":
		return "CHAT"
	case "ROUTING_PROFILE":
		return o.profile
	case "AGENT":
		return o.agent
	case subtypeKey:
		return o.contact.subtype
	case "INITIATION_METHOD":
		return o.contact.method
	}
	return ""
}

func (s *pastSpan) value(key string) string {
	if v, ok := levelOf(s.hierarchy, key); ok {
		return v
	}
	switch key {
	case "ROUTING_PROFILE":
		return s.profile
	case "AGENT":
		return s.agent
	}
	return ""
}

func (r *pastRun) value(key string, asOf int64) string {
	over := r.ended != 0 && r.ended <= asOf
	if !over && slices.Contains([]string{"FLOWS_OUTCOME_TYPE", "FLOWS_NEXT_RESOURCE_ID", "FLOWS_NEXT_RESOURCE_QUEUE_ID"}, key) {
		return ""
	}
	switch key {
	case "CHANNEL":
		return "CHAT"
	case subtypeKey:
		return r.contact.subtype
	case "INITIATION_METHOD":
		return r.contact.method
	case "FLOW_TYPE":
		return r.kind
	case "FLOWS_RESOURCE_ID":
		return r.resource
	case "FLOWS_MODULE_RESOURCE_ID":
		return r.module
	case "FLOWS_OUTCOME_TYPE":
		return r.outcome
	case "FLOWS_NEXT_RESOURCE_ID":
		return r.nextResource
	case "FLOWS_NEXT_RESOURCE_QUEUE_ID":
		return r.nextQueue
	}
	return ""
}

// asking is what rows must meet: filters and a group.
type asking struct {
	filters []FigureFilter
	groups  []string
}

// group returns the values of the groupings of a row, and whether it is asked for. has is what it has for a key.
func (a *asking) group(has func(key string) string) ([]string, bool) {
	for _, f := range a.filters {
		v := has(f.Key)
		switch {
		case f.Absent && v != "", !f.Absent && !slices.Contains(f.Values, v):
			return nil, false
		}
	}
	values := make([]string, len(a.groups))
	for i, g := range a.groups {
		if values[i] = has(g); values[i] == "" {
			return nil, false
		}
	}
	return values, true
}

// passes says whether a row meets metric filters.
func passes(filters []MetricFilter, has func(key string) string) bool {
	for _, f := range filters {
		v := has(f.Key)
		if v == "" || slices.Contains(f.Values, v) == f.Negate {
			return false
		}
	}
	return true
}

type numbers struct{ list []float64 }

func (n *numbers) add(v int64) { n.list = append(n.list, float64(v)) }
func (n *numbers) sum() (s float64) {
	for _, v := range n.list {
		s += v
	}
	return s
}

// twinRows are the rows that the twin finds for one metric in one span: by group, the value.
func (p *past) twinRows(m *AskedMetric, ask *asking, from, to, asOf int64) map[string]*float64 {
	out := map[string]*float64{}
	in := func(at int64) bool { return at != 0 && at >= from && at < to }
	below := func(ms int64) bool {
		t := m.Thresholds[0]
		if t.Comparison == "LT" {
			return float64(ms) < t.Value*1000
		}
		return float64(ms) <= t.Value*1000
	}
	key := func(values []string) string { return strings.Join(values, "|") }
	switch def := metrics[m.Name]; {
	case strings.HasPrefix(m.Name, "FLOWS_") || strings.Contains(m.Name, "_FLOW_TIME") && !strings.HasPrefix(m.Name, "SUM_") || m.Name == "PERCENT_FLOWS_OUTCOME":
		groups := map[string][]*pastRun{}
		open := &asking{groups: ask.groups}
		for _, f := range ask.filters {
			if !keys[f.Key].authorizes {
				open.filters = append(open.filters, f)
			}
		}
		for _, r := range p.runs {
			has := func(k string) string { return r.value(k, asOf) }
			if values, ok := open.group(has); ok && in(r.started) {
				groups[key(values)] = append(groups[key(values)], r)
			}
		}
		for g, list := range groups {
			out[g] = runValue(m, list, asOf)
		}
	case strings.Contains(m.Name, "STEP_"):
		type counts struct{ all, joined, expired float64 }
		groups := map[string]*counts{}
		for _, c := range p.contacts {
			for _, s := range c.steps(asOf) {
				values, ok := ask.group(s.value)
				if !ok || !in(s.entered) {
					continue
				}
				g := groups[key(values)]
				if g == nil {
					g = &counts{}
					groups[key(values)] = g
				}
				g.all++
				if s.joined {
					g.joined++
				}
				if s.expired {
					g.expired++
				}
			}
		}
		for k, g := range groups {
			switch m.Name {
			case "STEP_CONTACTS_QUEUED":
				out[k] = floats(g.all)
			case "PERCENT_CONTACTS_STEP_JOINED":
				out[k] = over(g.joined, g.all, 100)
			default:
				out[k] = over(g.expired, g.all, 100)
			}
		}
	case strings.HasPrefix(m.Name, "AGENT_NON_RESPONSE") || m.Name == "AGENT_ANSWER_RATE" || strings.Contains(m.Name, "CONNECTING_TIME"):
		groups := map[string][]*pastOffer{}
		for _, o := range p.offers {
			if values, ok := ask.group(o.value); ok && in(o.started) {
				groups[key(values)] = append(groups[key(values)], o)
			}
		}
		for g, list := range groups {
			out[g] = offerValue(m, list, asOf)
		}
	case def.by == ofAgent:
		p.agentRows(m.Name, ask, from, to, asOf, out)
	case m.Name == "AVG_AGENT_CONCURRENCY":
		p.concurrency(ask, from, to, asOf, out)
	default:
		groups := map[string][]*pastContact{}
		for _, c := range p.contacts {
			there := in(c.disconnected) && (c.acwBegun == 0 || c.acwEnded != 0 && c.acwEnded <= asOf)
			switch m.Name {
			case "CONTACTS_QUEUED_BY_ENQUEUE":
				there = in(c.enqueued)
			case "CONTACTS_HANDLED_BY_CONNECTED_TO_AGENT", "CONTACTS_HANDLED_CONNECTED_TO_AGENT_TIME":
				there = in(c.connected) && c.handled()
			}
			if values, ok := ask.group(c.value); ok && there {
				groups[key(values)] = append(groups[key(values)], c)
			}
		}
		for g, list := range groups {
			list = slices.DeleteFunc(list, func(c *pastContact) bool { return !passes(m.Filters, c.value) })
			out[g] = contactValue(m.Name, list, below)
		}
	}
	return out
}

func floats(v float64) *float64 { return &v }

// over is a quotient, null by nothing.
func over(a, b, scale float64) *float64 {
	if b == 0 {
		return nil
	}
	return floats(a / b * scale)
}

func contactValue(name string, list []*pastContact, below func(int64) bool) *float64 {
	var sum, second numbers
	n := func(yes bool) {
		if yes {
			sum.add(1)
		}
	}
	abandoned := func(c *pastContact) bool {
		return c.enqueued != 0 && c.connected == 0 && c.next == "" && !(c.state == "IN_QUEUE" && c.transferred != 0)
	}
	for _, c := range list {
		queued, handled := c.enqueued != 0, c.handled()
		waits := c.enqueued != 0 && c.dequeued != 0
		waited := c.dequeued - c.enqueued
		acw := int64(0)
		if c.acwEnded != 0 {
			acw = c.acwEnded - c.acwBegun
		}
		resolved := max(0, max(c.acwEnded, c.disconnected)-c.initiated)
		f := c.figures
		if f == nil {
			f = &center.Figures{}
		}
		agent, customer := f.Agent, f.Customer
		switch name {
		case "CONTACTS_CREATED", "CONTACTS_QUEUED_BY_ENQUEUE", "CONTACTS_HANDLED_BY_CONNECTED_TO_AGENT", "CONTACTS_HANDLED_CONNECTED_TO_AGENT_TIME":
			n(true)
		case "CONTACTS_QUEUED":
			n(queued)
		case "CONTACTS_HANDLED":
			n(handled)
		case "CONTACTS_ABANDONED":
			n(abandoned(c))
		case "ABANDONMENT_RATE":
			n(abandoned(c))
			if queued {
				second.add(1)
			}
		case "AVG_ABANDON_TIME":
			if abandoned(c) && waits {
				sum.add(waited)
			}
		case "SUM_CONTACTS_ABANDONED_IN_X":
			n(abandoned(c) && waits && below(waited))
		case "SUM_CONTACTS_ANSWERED_IN_X":
			n(handled && waits && below(waited))
		case "CONTACTS_REMOVED_FROM_QUEUE_IN_X":
			n(waits && below(waited))
		case "SERVICE_LEVEL":
			n(waits && below(waited))
			if queued {
				second.add(1)
			}
		case "AVG_QUEUE_ANSWER_TIME":
			if handled && waits {
				sum.add(waited)
			}
		case "MAX_QUEUED_TIME":
			if waits {
				sum.add(waited)
			}
		case "AVG_CONTACT_DURATION":
			sum.add(c.disconnected - c.initiated)
		case "AVG_RESOLUTION_TIME":
			sum.add(resolved)
		case "CONTACTS_RESOLVED_IN_X":
			n(below(resolved))
		case "SUM_CONTACT_FLOW_TIME":
			if slices.Contains([]string{"INBOUND", "TRANSFER", "QUEUE_TRANSFER", "API"}, c.method) && c.system != 0 {
				end := c.disconnected
				if c.transferred != 0 {
					end = c.transferred
				}
				if c.enqueued != 0 {
					end = c.enqueued
				}
				sum.add(max(0, end-c.system))
			}
		case "AVG_HANDLE_TIME", "SUM_HANDLE_TIME", "AVG_ACTIVE_TIME":
			if handled {
				sum.add(c.left() - c.connected + acw)
			}
		case "AVG_INTERACTION_TIME", "SUM_INTERACTION_TIME", "AVG_INTERACTION_AND_HOLD_TIME", "SUM_INTERACTION_AND_HOLD_TIME":
			if handled {
				sum.add(c.left() - c.connected)
			}
		case "AVG_AFTER_CONTACT_WORK_TIME", "SUM_AFTER_CONTACT_WORK_TIME":
			if handled {
				sum.add(acw)
			}
		case "AVG_AGENT_PAUSE_TIME":
			if handled {
				sum.add(0)
			}
		case "AVG_HOLDS":
			sum.add(0)
		case "SUM_CONTACTS_DISCONNECTED":
			n(c.state == "IN_QUEUE")
		case "CONTACTS_TRANSFERRED_OUT":
			n(c.transferred != 0)
		case "CONTACTS_TRANSFERRED_OUT_BY_AGENT", "CONTACTS_TRANSFERRED_OUT_INTERNAL":
			n(c.transferred != 0 && handled)
		case "CONTACTS_TRANSFERRED_OUT_FROM_QUEUE":
			n(c.transferred != 0 && c.state == "IN_QUEUE")
		case "AVG_MESSAGES":
			if c.figures != nil {
				sum.add(int64(f.Contact.TotalMessages))
			}
		case "AVG_MESSAGES_BOT":
			if c.figures != nil {
				sum.add(int64(f.Contact.TotalBotMessages))
			}
		case "AVG_MESSAGES_AGENT":
			if agent != nil {
				sum.add(int64(agent.MessagesSent))
			}
		case "AVG_MESSAGES_CUSTOMER":
			if customer != nil {
				sum.add(int64(customer.MessagesSent))
			}
		case "AVG_MESSAGE_LENGTH_AGENT":
			if agent != nil {
				sum.add(int64(agent.MessageLengthInChars))
				second.add(int64(agent.MessagesSent))
			}
		case "AVG_MESSAGE_LENGTH_CUSTOMER":
			if customer != nil {
				sum.add(int64(customer.MessageLengthInChars))
				second.add(int64(customer.MessagesSent))
			}
		case "AVG_RESPONSE_TIME_AGENT":
			if agent != nil {
				sum.add(agent.TotalResponseTimeInMillis)
				second.add(int64(agent.NumResponses))
			}
		case "AVG_RESPONSE_TIME_CUSTOMER":
			if customer != nil {
				sum.add(customer.TotalResponseTimeInMillis)
				second.add(int64(customer.NumResponses))
			}
		case "AVG_FIRST_RESPONSE_TIME_AGENT":
			if v := f.Contact.AgentFirstResponseTimeInMillis; v != nil {
				sum.add(*v)
			}
		case "AVG_CONTACT_FIRST_RESPONSE_TIME_AGENT":
			if at := f.Contact.AgentFirstResponseTimestamp; !at.IsZero() && queued {
				sum.add(at.UnixMilli() - c.enqueued)
			}
		case "AVG_CONVERSATION_CLOSE_TIME":
			if v := f.Contact.ConversationCloseTimeInMillis; v != nil {
				sum.add(*v)
			}
		case "CONVERSATIONS_ABANDONED":
			n(agent != nil && agent.ConversationAbandon || customer != nil && customer.ConversationAbandon)
		case "SUM_HOLD_TIME", "CONTACTS_PUT_ON_HOLD", "CONTACTS_HOLD_ABANDONS", "CONTACTS_ON_HOLD_AGENT_DISCONNECT", "CONTACTS_ON_HOLD_CUSTOMER_DISCONNECT",
			"CONTACTS_TRANSFERRED_OUT_EXTERNAL", "AVG_HOLD_TIME", "AVG_HOLD_TIME_ALL_CONTACTS":
		default:
			panic("the twin does not know " + name)
		}
	}
	count := float64(len(sum.list))
	switch {
	case name == "AVG_HOLD_TIME" || name == "AVG_HOLD_TIME_ALL_CONTACTS":
		return nil
	case name == "SERVICE_LEVEL" || name == "ABANDONMENT_RATE":
		return over(sum.sum(), second.sum(), 100)
	case strings.HasPrefix(name, "AVG_MESSAGE_LENGTH"):
		return over(sum.sum(), second.sum(), 1)
	case strings.HasPrefix(name, "AVG_RESPONSE_TIME"):
		return over(sum.sum(), second.sum(), 0.001)
	case strings.HasPrefix(name, "AVG_MESSAGES"), name == "AVG_HOLDS":
		return over(sum.sum(), count, 1)
	case strings.HasPrefix(name, "AVG_"):
		return over(sum.sum(), count, 0.001)
	case name == "MAX_QUEUED_TIME":
		if count == 0 {
			return nil
		}
		return floats(slices.Max(sum.list) / 1000)
	case strings.HasSuffix(name, "_TIME") && strings.HasPrefix(name, "SUM_"):
		return floats(sum.sum() / 1000)
	}
	return floats(sum.sum())
}

func offerValue(m *AskedMetric, list []*pastOffer, asOf int64) *float64 {
	var rang numbers
	ended, accepted, all := 0.0, 0.0, 0.0
	for _, o := range list {
		if !passes(m.Filters, o.value) {
			continue
		}
		all++
		if o.ended == 0 || o.ended > asOf {
			continue
		}
		ended++
		rang.add(o.ended - o.started)
		if o.outcome == center.OfferAccepted {
			accepted++
		}
	}
	switch m.Name {
	case "AGENT_NON_RESPONSE":
		return floats(ended - accepted)
	case "AGENT_ANSWER_RATE":
		return over(accepted, all, 100)
	case "AVG_AGENT_CONNECTING_TIME":
		return over(rang.sum(), ended, 0.001)
	case "SUM_CONNECTING_TIME_AGENT":
		return floats(rang.sum() / 1000)
	case "AGENT_NON_RESPONSE_WITHOUT_CUSTOMER_ABANDONS":
		return nil
	}
	panic("the twin does not know " + m.Name)
}

func runValue(m *AskedMetric, list []*pastRun, asOf int64) *float64 {
	var ran numbers
	matching := 0.0
	for _, r := range list {
		if r.ended == 0 || r.ended > asOf {
			continue
		}
		ran.add(r.ended - r.started)
		if passes(m.Filters, func(k string) string { return r.value(k, asOf) }) {
			matching++
		}
	}
	n := float64(len(ran.list))
	switch m.Name {
	case "FLOWS_STARTED":
		return floats(float64(len(list)))
	case "FLOWS_OUTCOME":
		return floats(n)
	case "PERCENT_FLOWS_OUTCOME":
		return over(matching, n, 100)
	case "AVG_FLOW_TIME":
		return over(ran.sum(), n, 0.001)
	}
	if n == 0 {
		return nil
	}
	switch m.Name {
	case "MIN_FLOW_TIME":
		return floats(slices.Min(ran.list) / 1000)
	case "MAX_FLOW_TIME":
		return floats(slices.Max(ran.list) / 1000)
	}
	panic("the twin does not know " + m.Name)
}

// handled says that an agent has joined: one who is no supervisor.
func (c *pastContact) handled() bool { return c.connected != 0 && c.method != "MONITOR" }

// left is when the agent left.
func (c *pastContact) left() int64 {
	if c.acwBegun != 0 {
		return c.acwBegun
	}
	return c.disconnected
}

// working is the time in which an agent has a contact: connected or in after-contact work.
func (c *pastContact) working(asOf int64) (from, to int64) {
	to = asOf
	if c.acwEnded != 0 {
		to = c.acwEnded
	} else if c.acwBegun == 0 && c.disconnected != 0 {
		to = c.disconnected
	}
	return c.connected, to
}

// agentRows walks through the moments at which anything changes.
func (p *past) agentRows(name string, ask *asking, from, to, asOf int64, out map[string]*float64) {
	type spent struct{ online, custom, routable, busy, failed float64 }
	found, seen := map[string]*spent{}, map[string]bool{}
	for _, s := range p.spans {
		values, ok := ask.group(s.value)
		if !ok || s.kind == "OFFLINE" {
			continue
		}
		ended := s.ended
		if ended == 0 {
			ended = asOf
		}
		begin, end := max(s.began, from), min(ended, to)
		if begin >= end {
			continue
		}
		k := strings.Join(values, "|")
		if found[k] == nil {
			found[k] = &spent{}
		}
		moments := []int64{begin, end}
		for _, c := range p.contacts {
			if c.agent == s.agent && c.handled() {
				a, b := c.working(asOf)
				moments = append(moments, a, b)
			}
		}
		for _, o := range p.offers {
			if o.agent == s.agent && o.ended != 0 {
				moments = append(moments, o.ended, o.cleared)
			}
		}
		slices.Sort(moments)
		for i := 1; i < len(moments); i++ {
			a, b := max(moments[i-1], begin), min(moments[i], end)
			if a >= b {
				continue
			}
			took, busy, failed := float64(b-a), false, false
			for _, c := range p.contacts {
				if from, to := c.working(asOf); c.agent == s.agent && c.handled() && from <= a && b <= to {
					busy = true
				}
			}
			for _, o := range p.offers {
				cleared := o.cleared
				if cleared == 0 {
					cleared = math.MaxInt64
				}
				if o.agent == s.agent && o.ended != 0 && o.outcome != center.OfferAccepted && o.ended <= a && b <= cleared {
					failed = true
				}
			}
			f := found[k]
			f.online += took
			switch {
			case s.kind == "CUSTOM":
				f.custom += took
			case busy:
				f.routable += took
				f.busy += took
				seen["busy"+k], seen["engaged"+k] = true, true
			default:
				f.routable += took
				if failed {
					f.failed += took
					seen["engaged"+k] = true
				}
			}
		}
	}
	for k, f := range found {
		switch name {
		case "SUM_ONLINE_TIME_AGENT":
			out[k] = floats(f.online / 1000)
		case "SUM_NON_PRODUCTIVE_TIME_AGENT":
			out[k] = floats(f.custom / 1000)
		case "SUM_CONTACT_TIME_AGENT":
			if seen["busy"+k] {
				out[k] = floats(f.busy / 1000)
			}
		case "SUM_IDLE_TIME_AGENT":
			out[k] = floats((f.routable - f.busy) / 1000)
		case "SUM_ERROR_STATUS_TIME_AGENT":
			if seen["engaged"+k] {
				out[k] = floats(f.failed / 1000)
			}
		case "AGENT_OCCUPANCY":
			out[k] = over(f.busy, f.routable, 1)
		default:
			panic("the twin does not know " + name)
		}
	}
}

// concurrency is the time of contacts over the time with at least one, for each agent.
func (p *past) concurrency(ask *asking, from, to, asOf int64, out map[string]*float64) {
	type cut struct{ a, b int64 }
	all := map[string]map[string][]cut{}
	for _, c := range p.contacts {
		values, ok := ask.group(c.value)
		if !ok || !c.handled() {
			continue
		}
		a, b := c.working(asOf)
		if a, b = max(a, from), min(b, to); a >= b {
			continue
		}
		k := strings.Join(values, "|")
		if all[k] == nil {
			all[k] = map[string][]cut{}
		}
		all[k][c.agent] = append(all[k][c.agent], cut{a, b})
	}
	for k, agents := range all {
		work, wall := 0.0, 0.0
		for _, cuts := range agents {
			var moments []int64
			for _, c := range cuts {
				work += float64(c.b - c.a)
				moments = append(moments, c.a, c.b)
			}
			slices.Sort(moments)
			for i := 1; i < len(moments); i++ {
				if slices.ContainsFunc(cuts, func(c cut) bool { return c.a <= moments[i-1] && moments[i] <= c.b }) {
					wall += float64(moments[i] - moments[i-1])
				}
			}
		}
		out[k] = over(work, wall, 1)
	}
}
