package insight

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/storetest"
)

// randomPast makes rows as decisions may leave them, over some days before a time.
func randomPast(r *rand.Rand, n int, now time.Time) *past {
	p, agents := &past{}, max(4, n/100)
	id := func(kind, i int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", kind, i) }
	pick := func(kind, of int) string { return id(kind, r.IntN(of)+1) }
	word := func(all ...string) string { return all[r.IntN(len(all))] }
	start := now.Add(-4 * 24 * time.Hour).UnixMilli()
	span := now.UnixMilli() - start
	hierarchy := func() []string {
		groups := []string{pick(5, 2), pick(6, 2), pick(7, 2), pick(8, 2), pick(9, 2)}
		return groups[:r.IntN(6)]
	}
	after := func(at, most int64) int64 { return min(at+r.Int64N(most), now.UnixMilli()-1) }
	for i := range n {
		c := &pastContact{id: id(1, i+1), method: word("API", "API", "API", "TRANSFER", "QUEUE_TRANSFER", "DISCONNECT", "MONITOR"), subtype: word("connect:Chat", "connect:Guide", "")}
		c.initiated = start + r.Int64N(span)
		if r.IntN(5) > 0 {
			c.system = after(c.initiated, 5000)
		}
		at := max(c.system, c.initiated)
		if r.IntN(5) > 0 {
			c.queue, c.enqueued = pick(2, 3), after(at, 60_000)
			at = c.enqueued
			if r.IntN(3) > 0 {
				c.agent, c.profile, c.hierarchy = pick(3, agents), pick(4, 2), hierarchy()
				c.connected = after(at, 120_000)
				c.dequeued, at = c.connected, c.connected
			}
		}
		if r.IntN(20) > 0 && (c.enqueued == 0 || c.connected != 0 || r.IntN(4) > 0) {
			c.disconnected = after(at, 7_200_000)
			c.reason = word("CUSTOMER_DISCONNECT", "AGENT_DISCONNECT", "API")
			if c.enqueued != 0 && c.connected == 0 {
				c.dequeued, c.state = c.disconnected, "IN_QUEUE"
			}
			if r.IntN(4) == 0 {
				c.next, c.transferred = pick(1, n), c.disconnected
			} else if r.IntN(6) == 0 {
				c.next = pick(1, n)
			}
			if c.connected != 0 && r.IntN(8) > 0 {
				if c.acwBegun = c.disconnected; r.IntN(6) == 0 { // others stayed
					c.acwBegun = c.connected + r.Int64N(c.disconnected-c.connected+1)
				}
				if r.IntN(10) > 0 {
					c.acwEnded = after(c.acwBegun, 600_000)
				}
			}
			if r.IntN(8) > 0 {
				c.figures = randomFigures(r, c)
			}
		}
		if c.queue != "" && r.IntN(3) == 0 {
			c.routing = randomRouting(r, c)
		}
		p.contacts = append(p.contacts, c)
		for range r.IntN(3) {
			o := &pastOffer{contact: c, agent: pick(3, agents), profile: pick(4, 2), hierarchy: hierarchy(), queue: pick(2, 3), started: after(c.initiated, 300_000)}
			if r.IntN(8) > 0 {
				o.ended, o.outcome = after(o.started, 20_000), word(center.OfferAccepted, "MISSED", "REJECTED", "ERROR")
				if o.outcome != center.OfferAccepted && r.IntN(4) > 0 {
					o.cleared = after(o.ended, 900_000)
				}
			}
			if mine := p.offers[max(0, len(p.offers)-3):]; !slices.ContainsFunc(mine, func(q *pastOffer) bool { return q.contact == o.contact && q.agent == o.agent && q.started == o.started }) {
				p.offers = append(p.offers, o)
			}
		}
		for k := range r.IntN(3) {
			f := &pastRun{contact: c, number: k + 1, resource: pick(10, 3), kind: word("CONTACT_FLOW", "CUSTOMER_QUEUE"), started: after(c.initiated, 60_000)}
			if r.IntN(3) == 0 {
				f.module = pick(11, 2)
			}
			if r.IntN(5) > 0 {
				f.ended = after(f.started, 600_000)
				switch f.outcome = word("DROPPED", "ENDED_FLOW_EXECUTION", "TRANSFERED_TO_FLOW", "TRANSFERED_TO_QUEUE"); f.outcome {
				case "TRANSFERED_TO_FLOW":
					f.nextResource = pick(10, 3)
				case "TRANSFERED_TO_QUEUE":
					f.nextQueue = pick(2, 3)
				}
			}
			p.runs = append(p.runs, f)
		}
	}
	for agent := range agents {
		for at := start + r.Int64N(3_600_000); at < now.UnixMilli(); {
			s := &pastSpan{agent: id(3, agent+1), kind: word("ROUTABLE", "ROUTABLE", "CUSTOM", "OFFLINE"), profile: pick(4, 2), hierarchy: hierarchy(), began: at}
			if at += 1 + r.Int64N(14_400_000); at < now.UnixMilli() {
				s.ended = at
			}
			p.spans = append(p.spans, s)
		}
	}
	return p
}

// randomRouting is criteria that began to count when the contact was put into its queue, and ended when it left that.
func randomRouting(r *rand.Rand, c *pastContact) *center.RoutingCriteria {
	var steps []string
	for range 1 + r.IntN(3) {
		steps = append(steps, fmt.Sprintf(`{"Expression":{"AttributeCondition":{"Name":"L","Value":"%d","ProficiencyLevel":"3","ComparisonOperator":"NumberGreaterOrEqualTo"}},"Expiry":{"DurationInSeconds":"%d"}}`,
			r.IntN(2), []int{0, 5, 30, 60}[r.IntN(4)]))
	}
	routing, err := center.ParseRoutingCriteria(`{"steps":[` + strings.Join(steps, ",") + `]}`)
	if err != nil {
		panic(err)
	}
	routing.Activated = time.UnixMilli(c.enqueued).UTC()
	switch {
	case c.connected != 0:
		return routing.End(center.StepJoined, time.UnixMilli(c.connected).UTC())
	case c.disconnected != 0:
		return routing.End(center.StepDeactivated, time.UnixMilli(c.disconnected).UTC())
	}
	return routing
}

func randomFigures(r *rand.Rand, c *pastContact) *center.Figures {
	f := &center.Figures{Contact: center.ContactFigures{TotalMessages: r.IntN(30), TotalBotMessages: r.IntN(9)}}
	if r.IntN(2) == 0 {
		took := r.Int64N(100_000)
		f.Contact.ConversationCloseTimeInMillis = &took
	}
	side := func() *center.ParticipantFigures {
		s := &center.ParticipantFigures{MessagesSent: r.IntN(9), NumResponses: r.IntN(4), MessageLengthInChars: r.IntN(900), TotalResponseTimeInMillis: r.Int64N(90_000)}
		s.ConversationAbandon = s.MessagesSent == 0
		return s
	}
	f.Customer = side()
	if c.connected != 0 {
		f.Agent = side()
		if f.Agent.MessagesSent > 0 {
			took := r.Int64N(60_000)
			f.Contact.AgentFirstResponseTimeInMillis, f.Contact.AgentFirstResponseTimestamp = &took, time.UnixMilli(c.connected+took).UTC()
		}
	}
	return f
}

// database opens a second way into a store's database, for rows that the store has no use for writing.
func database(t testing.TB, at string) *sql.DB {
	t.Helper()
	driver, name := "pgx", at
	if path, ok := strings.CutPrefix(at, "sqlite:"); ok {
		driver, name = "sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// put writes the rows.
func (p *past) put(t testing.TB, db *sql.DB) {
	t.Helper()
	raw := func(id string) any {
		b, ok := center.UUID(id)
		if !ok {
			return nil
		}
		return b[:]
	}
	at := func(ms int64) any {
		if ms == 0 {
			return nil
		}
		return ms
	}
	text := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	list := func(v []string) any {
		b, _ := json.Marshal(v)
		if v == nil {
			return nil
		}
		return b
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	exec := func(table, columns string, args ...any) {
		t.Helper()
		places := make([]string, len(args))
		for i := range args {
			places[i] = fmt.Sprintf("$%d", i+1)
		}
		if _, err := tx.Exec("INSERT INTO "+table+" ("+columns+") VALUES ("+strings.Join(places, ", ")+")", args...); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range p.contacts {
		var figures, routing any
		if c.routing != nil {
			routing, _ = json.Marshal(c.routing)
		}
		if c.figures != nil {
			figures, _ = json.Marshal(c.figures)
		}
		exec("contact", `id, stream, instance, channel, initiation_method, initiated, connected_to_system, enqueued, dequeued, connected_to_agent, disconnected,
			acw_begun, acw_ended, transferred, next_contact, pre_disconnect_state, disconnect_reason, queue, agent, routing_profile, hierarchy, subtype, figures, routing`,
			raw(c.id), raw(c.id), instance, "CHAT", c.method, c.initiated, at(c.system), at(c.enqueued), at(c.dequeued), at(c.connected), at(c.disconnected),
			at(c.acwBegun), at(c.acwEnded), at(c.transferred), raw(c.next), text(c.state), text(c.reason), raw(c.queue), raw(c.agent), raw(c.profile),
			list(c.hierarchy), text(c.subtype), figures, routing)
	}
	for _, o := range p.offers {
		exec("offer", "contact, agent, started, instance, queue, ended, outcome, cleared, routing_profile, hierarchy", raw(o.contact.id), raw(o.agent), o.started,
			instance, raw(o.queue), at(o.ended), text(o.outcome), at(o.cleared), raw(o.profile), list(o.hierarchy))
	}
	for _, s := range p.spans {
		exec("agent_interval", "agent, began, instance, ended, status, status_type, routing_profile, hierarchy", raw(s.agent), s.began, instance, at(s.ended),
			raw(s.agent), s.kind, raw(s.profile), list(s.hierarchy))
	}
	for _, f := range p.runs {
		exec("flow_run", "contact, run, instance, resource, module, type, started, ended, outcome, next_resource, next_queue", raw(f.contact.id), f.number, instance,
			raw(f.resource), raw(f.module), f.kind, f.started, at(f.ended), text(f.outcome), raw(f.nextResource), raw(f.nextQueue))
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

// letters are the keys by their letters, but for those that no row has a value for.
var letters = map[byte][]string{
	'Q': {"QUEUE"}, 'C': {"CHANNEL"}, 'R': {"ROUTING_PROFILE"}, 'A': {"AGENT"}, 'H': levelKeys, 'S': {subtypeKey}, 'D': {"DISCONNECT_REASON"},
	'I': {"INITIATION_METHOD"}, 'T': {"FLOW_TYPE"}, 'L': {"FLOWS_RESOURCE_ID"}, 'M': {"FLOWS_MODULE_RESOURCE_ID"}, 'O': {"FLOWS_OUTCOME_TYPE"},
	'E': {"ROUTING_STEP_EXPRESSION"}, 'N': {"FLOWS_NEXT_RESOURCE_ID"}, 'U': {"FLOWS_NEXT_RESOURCE_QUEUE_ID"},
}

// some are values of a key that rows have.
func (p *past) some(r *rand.Rand, key string) (all []string) {
	seen := map[string]bool{}
	for _, c := range p.contacts {
		seen[c.value(key)] = true
		for _, s := range c.steps(math.MaxInt64) {
			seen[s.value(key)] = true
		}
	}
	for _, f := range p.runs {
		seen[f.value(key, math.MaxInt64)] = true
	}
	delete(seen, "")
	for _, v := range slices.Sorted(maps.Keys(seen)) {
		if r.IntN(3) > 0 {
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		all = []string{"00000000-0000-4000-8000-000000000000"}
		if key == "CHANNEL" {
			all[0] = "VOICE"
		}
	}
	return all
}

// randomRequest asks for a metric and some others that have the same groupings and filters.
func randomRequest(r *rand.Rand, p *past, name string, now time.Time) *FiguresRequest {
	m := metrics[name]
	q := &FiguresRequest{Instance: instance}
	keysOf := func() string {
		list := letters[m.by[r.IntN(len(m.by))]]
		if len(list) == 0 {
			return ""
		}
		return list[r.IntN(len(list))]
	}
	for range r.IntN(4) {
		if k := keysOf(); k != "" && !slices.Contains(q.Groupings, k) {
			q.Groupings = append(q.Groupings, k)
		}
	}
	authorizing := []string{}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if keys[k].authorizes && m.can(keys[k], false) {
			authorizing = append(authorizing, k)
		}
	}
	first := authorizing[r.IntN(len(authorizing))]
	q.Filters = []FigureFilter{{Key: first, Values: p.some(r, first)}}
	if r.IntN(6) == 0 {
		q.Filters[0] = FigureFilter{Key: first, Absent: true}
	}
	if k := keysOf(); r.IntN(2) == 0 && k != "" && k != first {
		q.Filters = append(q.Filters, FigureFilter{Key: k, Values: p.some(r, k)})
	}
	q.Period = []string{"FIFTEEN_MIN", "THIRTY_MIN", "HOUR", "DAY", "WEEK", "TOTAL", ""}[r.IntN(7)]
	q.Zone = []string{"", "UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"}[r.IntN(5)]
	q.From = now.Add(-time.Duration(1+r.IntN(70*60)) * time.Minute)
	q.To = q.From.Add(time.Duration(1+r.IntN(3000)) * time.Minute)
	if q.To.After(now) {
		q.To = now
	}
	names := []string{name}
	for _, other := range slices.Sorted(maps.Keys(metrics)) {
		o := metrics[other]
		fits := r.IntN(3) == 0
		for _, g := range q.Groupings {
			fits = fits && o.can(keys[g], true)
		}
		for _, f := range q.Filters {
			fits = fits && o.can(keys[f.Key], false)
		}
		if fits {
			names = append(names, other)
		}
	}
	for _, n := range names {
		a := AskedMetric{Name: n}
		if metrics[n].threshold {
			a.Thresholds = []AskedThreshold{{[]string{"LT", "LTE"}[r.IntN(2)], float64(1 + r.IntN(100))}}
		}
		for _, letter := range []byte(metrics[n].filters) {
			if letter == 'F' || r.IntN(2) == 0 {
				continue
			}
			k := letters[letter][0]
			a.Filters = append(a.Filters, MetricFilter{Key: k, Values: p.some(r, k), Negate: r.IntN(2) == 0})
		}
		q.Metrics = append(q.Metrics, a)
	}
	return q
}

// Each metric equals a recount in plain Go, with any groupings, filters, periods and time zones, on both engines; and its
// pages are the rows of one answer.
func TestFiguresEqualARecount(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, at string) {
		s, err := store.Open(t.Context(), at, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		r := rand.New(rand.NewPCG(1, 2))
		p := randomPast(r, 200, noon)
		p.put(t, database(t, at))
		f := NewFigures(s, func() time.Time { return noon })
		for _, name := range slices.Sorted(maps.Keys(metrics)) {
			checkRequest(t, r, f, p, randomRequest(r, p, name, noon))
		}
	})
}

func checkRequest(t *testing.T, r *rand.Rand, f *Figures, p *past, q *FiguresRequest) {
	t.Helper()
	said, _ := json.Marshal(q)
	var rows []FigureRow
	for token, limit := "", 1+r.IntN(300); ; {
		page, err := f.Ask(t.Context(), q, limit, token)
		if err != nil {
			t.Fatalf("%s: %v", said, err)
		}
		rows = append(rows, page.Rows...)
		if token = page.Next; token == "" {
			break
		}
	}
	zone, _ := zoneOf(q.Zone)
	want := map[string][]*float64{}
	for _, b := range buckets(q.From, q.To, cmp.Or(q.Period, "TOTAL"), zone) {
		for i := range q.Metrics {
			for g, v := range p.twinRows(&q.Metrics[i], &asking{q.Filters, q.Groupings}, b.From, b.To, noon.UnixMilli()) {
				id := fmt.Sprint(b.From, " ", b.To, " ", g)
				if want[id] == nil {
					want[id] = make([]*float64, len(q.Metrics))
					for j := range q.Metrics {
						if m := metrics[q.Metrics[j].Name]; m.kind == summed {
							want[id][j] = floats(0)
						}
					}
				}
				want[id][i] = v
			}
		}
	}
	for _, row := range rows {
		id := fmt.Sprint(row.From.UnixMilli(), " ", row.To.UnixMilli(), " ", strings.Join(row.Groups, "|"))
		expected, ok := want[id]
		if !ok {
			t.Fatalf("%s: a row more: %s", said, id)
		}
		delete(want, id)
		for i, v := range row.Values {
			if e := expected[i]; (v == nil) != (e == nil) || v != nil && math.Abs(*v-*e) > 1e-9*max(1, math.Abs(*e)) {
				t.Fatalf("%s: %s in %s is %s, recounted %s", said, q.Metrics[i].Name, id, shown(v), shown(e))
			}
		}
	}
	if len(want) > 0 {
		t.Fatalf("%s: %d rows are missing: %v", said, len(want), slices.Sorted(maps.Keys(want))[0])
	}
}

func shown(v *float64) string {
	if v == nil {
		return "null"
	}
	return fmt.Sprint(*v)
}

// Rows of agents and of days sum up to the whole, and what agents do sums up to the time that they were online.
func TestFiguresSumUp(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, at string) {
		s, err := store.Open(t.Context(), at, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		p := randomPast(rand.New(rand.NewPCG(3, 4)), 100, noon)
		p.put(t, database(t, at))
		f := NewFigures(s, func() time.Time { return noon })
		agents := FigureFilter{Key: "AGENT", Values: p.some(rand.New(rand.NewPCG(1, 1)), "AGENT")}
		ask := func(period string, groupings []string, names ...string) (sums []float64) {
			q := &FiguresRequest{Instance: instance, From: noon.Add(-72*time.Hour + time.Second), To: noon, Period: period, Zone: "Europe/Berlin", Filters: []FigureFilter{agents}, Groupings: groupings}
			for _, n := range names {
				q.Metrics = append(q.Metrics, AskedMetric{Name: n})
			}
			page, err := f.Ask(t.Context(), q, maxFigureRows, "")
			if err != nil {
				t.Fatal(err)
			}
			sums = make([]float64, len(names))
			for _, row := range page.Rows {
				for i, v := range row.Values {
					sums[i] += *v
				}
			}
			return sums
		}
		names := []string{"CONTACTS_QUEUED", "CONTACTS_HANDLED", "CONTACTS_TRANSFERRED_OUT", "SUM_HANDLE_TIME", "AGENT_NON_RESPONSE"}
		times := []string{"SUM_CONTACT_TIME_AGENT", "SUM_IDLE_TIME_AGENT", "SUM_NON_PRODUCTIVE_TIME_AGENT", "SUM_ONLINE_TIME_AGENT"}
		whole := ask("TOTAL", nil, append(names, times...)...)
		for _, by := range [][2]string{{"DAY"}, {"WEEK"}, {"HOUR"}, {"TOTAL", "AGENT"}, {"FIFTEEN_MIN", "AGENT"}} {
			groupings := []string{by[1]}
			if by[1] == "" {
				groupings = nil
			}
			for i, got := range ask(by[0], groupings, append(names, times...)...) {
				if math.Abs(got-whole[i]) > 1e-6 || got == 0 {
					t.Errorf("%s by %v sums up to %v, not to %v", append(names, times...)[i], by, got, whole[i])
				}
			}
		}
		spent := whole[len(names):]
		if math.Abs(spent[0]+spent[1]+spent[2]-spent[3]) > 1e-6 || spent[0] == 0 || spent[2] == 0 {
			t.Errorf("contact, idle and non-productive time, of online time: %v", spent)
		}
	})
}

// Boundaries of periods are those of the time zone, also where its clocks change.
func TestBuckets(t *testing.T) {
	for _, c := range []struct {
		from, to, period, zone string
		want                   string
	}{
		{"2026-03-28T10:00:00Z", "2026-03-30T10:00:00Z", "DAY", "Europe/Berlin", "2026-03-28T23:00:00Z 2026-03-29T22:00:00Z 2026-03-30T10:00:00Z"},
		{"2026-10-25T00:30:00Z", "2026-10-25T02:10:00Z", "HOUR", "Europe/Berlin", "2026-10-25T01:00:00Z 2026-10-25T02:00:00Z 2026-10-25T02:10:00Z"},
		{"2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", "HOUR", "Asia/Kathmandu", "2026-01-01T00:15:00Z 2026-01-01T01:00:00Z"},
		{"2026-04-04T14:20:00Z", "2026-04-04T16:20:00Z", "HOUR", "Australia/Lord_Howe", "2026-04-04T15:00:00Z 2026-04-04T15:30:00Z 2026-04-04T16:20:00Z"},
		{"2026-01-01T12:00:00Z", "2026-01-13T12:00:00Z", "WEEK", "UTC", "2026-01-05T00:00:00Z 2026-01-12T00:00:00Z 2026-01-13T12:00:00Z"},
		{"2026-09-05T12:00:00Z", "2026-09-06T12:00:00Z", "DAY", "America/Santiago", "2026-09-06T04:00:00Z 2026-09-06T12:00:00Z"}, // no midnight
		{"2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "TOTAL", "UTC", "2026-01-02T00:00:00Z"},
		{"2026-01-01T00:00:00Z", "2026-01-01T00:45:00Z", "FIFTEEN_MIN", "UTC", "2026-01-01T00:15:00Z 2026-01-01T00:30:00Z 2026-01-01T00:45:00Z"},
	} {
		zone, err := zoneOf(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		at := func(s string) time.Time { at, _ := time.Parse(time.RFC3339, s); return at }
		var ends []string
		from := at(c.from).UnixMilli()
		for _, b := range buckets(at(c.from), at(c.to), c.period, zone) {
			if b.From != from {
				t.Errorf("%s in %s: a gap before %d", c.period, c.zone, b.From)
			}
			from = b.To
			ends = append(ends, time.UnixMilli(b.To).UTC().Format(time.RFC3339))
		}
		if got := strings.Join(ends, " "); got != c.want {
			t.Errorf("%s in %s: %s, want %s", c.period, c.zone, got, c.want)
		}
	}
	for _, name := range []string{"Local", "Mars/Base", "../etc"} {
		if _, err := zoneOf(name); !center.Is(err, center.InvalidParameter) {
			t.Errorf("the zone %s: %v", name, err)
		}
	}
}

// Tokens are good for five minutes and for one request. Later pages are of the moment of the first: what ends in between does
// not count.
func TestTokensOfFigures(t *testing.T) {
	at := "sqlite:" + filepath.Join(t.TempDir(), "parley.db")
	s, err := store.Open(t.Context(), at, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	db, now := database(t, at), noon
	p := randomPast(rand.New(rand.NewPCG(8, 8)), 200, noon)
	p.put(t, db)
	f := NewFigures(s, func() time.Time { return now })
	q := &FiguresRequest{
		Instance: instance, From: noon.Add(-48 * time.Hour), To: noon, Period: "HOUR", Groupings: []string{"QUEUE"},
		Filters: []FigureFilter{{Key: "QUEUE", Values: p.some(rand.New(rand.NewPCG(1, 1)), "QUEUE")}}, Metrics: asked("CONTACTS_HANDLED", "SUM_AFTER_CONTACT_WORK_TIME"),
	}
	whole, err := f.Ask(t.Context(), q, 1000, "")
	if err != nil || len(whole.Rows) < 9 {
		t.Fatalf("%d rows, %v", len(whole.Rows), err)
	}
	first, err := f.Ask(t.Context(), q, 4, "")
	if err != nil {
		t.Fatal(err)
	}
	now = noon.Add(tokenLasts - time.Millisecond)
	// All after-contact work that goes on ends now.
	if _, err := db.Exec("UPDATE contact SET acw_ended = $1 WHERE acw_begun IS NOT NULL AND acw_ended IS NULL", now.UnixMilli()); err != nil {
		t.Fatal(err)
	}
	second, err := f.Ask(t.Context(), q, 1000, first.Next)
	if err != nil {
		t.Fatal(err)
	}
	if got := append(first.Rows, second.Rows...); !reflect.DeepEqual(got, whole.Rows) {
		t.Errorf("pages of another moment: %v, want %v", got, whole.Rows)
	}
	other := *q
	other.Groupings = nil
	for what, ask := range map[string]func() error{
		"another request's": func() error { _, err := f.Ask(t.Context(), &other, 4, first.Next); return err },
		"of the future": func() error {
			_, err := f.Ask(t.Context(), q, 4, sealed(figuresToken{digestOf(q), now.UnixMilli(), now.Add(time.Hour).UnixMilli(), 4}))
			return err
		},
		"of nowhere": func() error {
			_, err := f.Ask(t.Context(), q, 4, sealed(figuresToken{digestOf(q), 0, now.UnixMilli(), -4}))
			return err
		},
		"no token":    func() error { _, err := f.Ask(t.Context(), q, 4, "e30"); return err },
		"no encoding": func() error { _, err := f.Ask(t.Context(), q, 4, "\x00"); return err },
		"expired":     func() error { now = noon.Add(tokenLasts); _, err := f.Ask(t.Context(), q, 4, first.Next); return err },
	} {
		if err := ask(); !center.Is(err, center.InvalidParameter) {
			t.Errorf("a token %s: %v", what, err)
		}
	}
}
