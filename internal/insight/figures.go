package insight

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// FiguresRequest is what GetMetricDataV2 asks for, its members already within the model's own constraints.
type FiguresRequest struct {
	Instance  center.InstanceID
	From, To  time.Time
	Period    string // "" is TOTAL
	Zone      string // "" is UTC
	Filters   []FigureFilter
	Groupings []string
	Metrics   []AskedMetric
}

// FigureFilter asks for rows with one of the values; with Absent, for those without any.
type FigureFilter struct {
	Key    string
	Values []string
	Absent bool
}

// AskedMetric is a metric with what is said of it.
type AskedMetric struct {
	Name       string
	Thresholds []AskedThreshold
	Filters    []MetricFilter
}

// AskedThreshold is a number of seconds and how to compare with it.
type AskedThreshold struct {
	Comparison string
	Value      float64
}

// MetricFilter asks for rows with one of the values, or with Negate for the others.
type MetricFilter struct {
	Key    string
	Values []string
	Negate bool
}

// FigureRow has the values of all metrics that were asked for, in their order: of a span of time and the values of the
// groupings, in their order. A value that cannot be said is nil.
type FigureRow struct {
	From, To time.Time
	Groups   []string
	Values   []*float64
}

// Periods, and how long the span of a request is for them: "less than" is literal.
const (
	periodTotal = "TOTAL"
	shortSpan   = 3 * 24 * time.Hour
	longSpan    = 35 * 24 * time.Hour
	// kept is how far back figures reach: three months.
	kept = 90 * 24 * time.Hour
)

var periods = map[string]struct {
	step time.Duration // 0: by the calendar
	span time.Duration
}{
	"FIFTEEN_MIN": {15 * time.Minute, shortSpan}, "THIRTY_MIN": {30 * time.Minute, shortSpan}, "HOUR": {time.Hour, shortSpan},
	"DAY": {0, longSpan}, "WEEK": {0, longSpan}, periodTotal: {0, longSpan},
}

// Bounds of a request (API model's text of GetMetricDataV2). Values of CHANNEL do not count.
const (
	mostFilterValues  = 100
	mostServiceLevels = 20
	mostThreshold     = 604_800
)

// maxFigureRows bounds what one request may come to.
const maxFigureRows = 100_000

// plan is a request that was checked.
type figurePlan struct {
	buckets []store.Bucket
	groups  []key
	where   []store.DimensionFilter
	flows   []store.DimensionFilter // where, for runs of flows
	metrics []plannedMetric
}

// plannedMetric is a metric to be asked for; m is nil for those that chats have no data of.
type plannedMetric struct {
	m         *metric
	threshold string
	where     []store.DimensionFilter
}

// plan checks a request at a time and says what is to be asked of the rows.
func (r *FiguresRequest) plan(now time.Time) (p *figurePlan, err error) {
	p = &figurePlan{}
	if err := r.checkTimes(now); err != nil {
		return nil, err
	}
	if err := p.setMetrics(r.Metrics); err != nil {
		return nil, err
	}
	if err := p.setFilters(r.Filters); err != nil {
		return nil, err
	}
	if err := p.setGroupings(r.Groupings); err != nil {
		return nil, err
	}
	if err := r.checkScopes(p); err != nil {
		return nil, err
	}
	zone, err := zoneOf(r.Zone)
	if err != nil {
		return nil, err
	}
	p.buckets = buckets(r.From, r.To, cmp.Or(r.Period, periodTotal), zone)
	return p, nil
}

func (r *FiguresRequest) checkTimes(now time.Time) error {
	span, period := r.To.Sub(r.From), cmp.Or(r.Period, periodTotal)
	switch most := periods[period].span; {
	case !r.From.Before(r.To):
		return center.Refuse(center.InvalidParameter, "StartTime must be before EndTime")
	case r.To.After(now):
		return center.Refuse(center.InvalidParameter, "EndTime must not be later than now, which is %s", now.UTC().Format(time.RFC3339))
	case r.From.Before(now.Add(-kept)):
		return center.Refuse(center.InvalidParameter, "StartTime must be within the last %d days", int(kept.Hours())/24)
	case span >= most:
		return center.Refuse(center.InvalidParameter, "StartTime and EndTime must be less than %d days apart for IntervalPeriod %s, got %v", int(most.Hours())/24, period, span)
	}
	return nil
}

// mostMetrics is how many metrics a request asks for at most (inferred: the API model has no bound). Each metric of the past is
// one or two columns of a query, of which databases have a bound.
const mostMetrics = 100

// CheckCount refuses a request without metrics, and one with more than 100. member is what has them.
func CheckCount(member string, n int) error {
	switch {
	case n == 0:
		return center.Refuse(center.InvalidParameter, "%s must have at least 1 element", member)
	case n > mostMetrics:
		return center.Refuse(center.InvalidParameter, "%s must have at most %d elements, got %d", member, mostMetrics, n)
	}
	return nil
}

func (p *figurePlan) setMetrics(asked []AskedMetric) error {
	if err := CheckCount("Metrics", len(asked)); err != nil {
		return err
	}
	levels := 0
	for i := range asked {
		a := &asked[i]
		planned := plannedMetric{}
		if m, ok := metrics[a.Name]; ok {
			planned.m = &m
		} else if !foreign[a.Name] {
			return center.Refuse(center.InvalidRequest, "Invalid metric name: %s", said(a.Name))
		}
		if a.Name == "SERVICE_LEVEL" {
			if levels++; levels > mostServiceLevels {
				return center.Refuse(center.InvalidRequest, "Metrics must name SERVICE_LEVEL at most %d times", mostServiceLevels)
			}
		}
		if err := planned.set(a); err != nil {
			return err
		}
		p.metrics = append(p.metrics, planned)
	}
	return nil
}

// set takes a metric's threshold and filters over.
func (p *plannedMetric) set(a *AskedMetric) error {
	if p.m == nil {
		return nil
	}
	if p.m.threshold {
		if len(a.Thresholds) != 1 {
			return center.Refuse(center.InvalidParameter, "Threshold is required for the metric %s", a.Name)
		}
		t := a.Thresholds[0]
		if comparisons[t.Comparison] == "" {
			return center.Refuse(center.InvalidParameter, "Threshold.Comparison of the metric %s must be LT or LTE", a.Name)
		}
		if t.Value != float64(int64(t.Value)) || t.Value < 1 || t.Value > mostThreshold {
			return center.Refuse(center.InvalidParameter, "Threshold.ThresholdValue of the metric %s must be a whole number from 1 to %d", a.Name, mostThreshold)
		}
		p.threshold = compared(t.Comparison, int64(t.Value))
	}
	for _, f := range a.Filters {
		k, ok := keys[f.Key]
		if !ok || strings.IndexByte(p.m.filters, k.letter) < 0 {
			return center.Refuse(center.InvalidRequest, "the metric %s does not support the MetricFilterKey %s", a.Name, said(f.Key))
		}
		if len(f.Values) == 0 {
			return center.Refuse(center.InvalidParameter, "MetricFilterValues must have 1 to 10 elements")
		}
		values := f.Values
		if k.letter == 'I' { // the text of CONTACTS_ABANDONED spells it so
			values = slices.Clone(values)
			for i, v := range values {
				if v == "INCOMING" {
					values[i] = "INBOUND"
				}
			}
		}
		p.where = append(p.where, store.DimensionFilter{By: k.by, Values: values, Negate: f.Negate})
	}
	return nil
}

func (p *figurePlan) setFilters(filters []FigureFilter) error {
	seen, values, authorized := map[string]bool{}, 0, false
	for _, f := range filters {
		if seen[f.Key] {
			return center.Refuse(center.InvalidRequest, "Filters must have each FilterKey once, got %s twice", said(f.Key))
		}
		seen[f.Key] = true
		k, ok := keys[f.Key]
		if !ok && !foreignKeys[f.Key] {
			return center.Refuse(center.InvalidRequest, "Invalid filter key: %s", said(f.Key))
		}
		authorized = authorized || k.authorizes || authorizingForeign[f.Key]
		switch {
		case f.Absent && len(f.Values) > 0:
			return center.Refuse(center.InvalidRequest, "FilterValues must be empty for the FilterKey %s, because its StringCondition is NOT_EXISTS", f.Key)
		case !f.Absent && len(f.Values) == 0:
			return center.Refuse(center.InvalidParameter, "FilterValues must have 1 to 100 elements for the FilterKey %s", f.Key)
		}
		if k.letter != 'C' {
			if values += len(f.Values); values > mostFilterValues {
				return center.Refuse(center.InvalidParameter, "Filters must have at most %d values in all, not counting those of CHANNEL", mostFilterValues)
			}
		}
		where, err := k.filter(f)
		if err != nil {
			return err
		}
		if where == nil {
			continue
		}
		p.where = append(p.where, *where)
		if !k.authorizes {
			p.flows = append(p.flows, *where)
		}
	}
	if !authorized {
		return center.Refuse(center.InvalidRequest, "Filters must have at least one of the keys QUEUE, ROUTING_PROFILE, AGENT, AGENT_HIERARCHY_LEVEL_ONE to AGENT_HIERARCHY_LEVEL_FIVE")
	}
	return nil
}

// filter is what a filter asks of rows, nil for nothing.
func (k key) filter(f FigureFilter) (*store.DimensionFilter, error) {
	where := &store.DimensionFilter{By: k.by, Values: f.Values, Absent: f.Absent}
	switch {
	case k.letter == 'C':
		for _, v := range f.Values {
			if !slices.Contains([]string{center.ChannelVoice, center.ChannelChat, center.ChannelTask, center.ChannelEmail}, v) {
				return nil, center.Refuse(center.InvalidParameter, "FilterValues of CHANNEL must be VOICE, CHAT, TASK or EMAIL")
			}
		}
	case k.letter == 'E':
		where.Values = nil
		for _, v := range f.Values {
			step, ok := canonical(v)
			if !ok {
				return nil, center.Refuse(center.InvalidParameter, "FilterValues of ROUTING_STEP_EXPRESSION must be JSON, got %d characters of something else", len([]rune(v)))
			}
			where.Values = append(where.Values, step)
		}
	case k.letter == 'K' && !f.Absent:
		for _, v := range f.Values {
			if v != "TRUE" && v != "FALSE" {
				return nil, center.Refuse(center.InvalidParameter, "FilterValues of Q_CONNECT_ENABLED must be TRUE or FALSE")
			}
		}
		if slices.Contains(f.Values, "FALSE") { // no contact here has had it
			return nil, nil
		}
	case k.kind != "":
		for _, v := range f.Values {
			if k.kind == "queue" && strings.Contains(v, "/queue/agent/") {
				return nil, center.Refuse(center.InvalidParameter, "FilterValues of %s must not be queues of agents", f.Key)
			}
		}
		where.Values = ids(f.Values, k.kind)
	}
	return where, nil
}

func (p *figurePlan) setGroupings(groupings []string) error {
	for i, g := range groupings {
		k, ok := keys[g]
		switch {
		case slices.Contains(groupings[:i], g):
			return center.Refuse(center.InvalidRequest, "Groupings must have each key once, got %s twice", g)
		case !ok && !foreignKeys[g] || k.letter == 'F':
			return center.Refuse(center.InvalidRequest, "Invalid grouping: %s", said(g))
		}
		p.groups = append(p.groups, k)
	}
	return nil
}

// checkScopes refuses metrics that have not all of the groupings and filters. Those that chats have no data of have all.
func (r *FiguresRequest) checkScopes(p *figurePlan) error {
	for i, planned := range p.metrics {
		if planned.m == nil {
			continue
		}
		for j, k := range p.groups {
			if !planned.m.can(k, true) {
				return center.Refuse(center.InvalidRequest, "the metric %s does not support the grouping %s", r.Metrics[i].Name, r.Groupings[j])
			}
		}
		for _, f := range r.Filters {
			if !planned.m.can(keys[f.Key], false) {
				return center.Refuse(center.InvalidRequest, "the metric %s does not support the filter %s", r.Metrics[i].Name, f.Key)
			}
		}
	}
	return nil
}

func zoneOf(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, center.Refuse(center.InvalidParameter, "Interval.TimeZone must be the name of a time zone of the IANA database, as Europe/Berlin")
	}
	return zone, nil
}

// buckets cuts a span at the boundaries of a period in a time zone.
func buckets(from, to time.Time, period string, zone *time.Location) (all []store.Bucket) {
	for at := from; at.Before(to); {
		next := to
		if period != periodTotal {
			if next = boundary(at, period, zone); next.After(to) {
				next = to
			}
		}
		all = append(all, store.Bucket{From: ceilMillis(at), To: ceilMillis(next)})
		at = next
	}
	return all
}

// boundary is the first boundary of a period after a time. A week begins on Monday (inferred).
func boundary(at time.Time, period string, zone *time.Location) time.Time {
	local := at.In(zone)
	if step := periods[period].step; step > 0 {
		shift := func(t time.Time) time.Duration {
			_, offset := t.In(zone).Zone()
			return time.Duration(offset) * time.Second
		}
		floor := func(t time.Time) time.Time { return t.Add(shift(t)).Truncate(step).Add(-shift(t)) }
		next := floor(at).Add(step)
		if moved := floor(next); moved.After(at) && shift(moved) == shift(next) { // the clocks changed by less than a step
			next = moved
		}
		return next
	}
	days := 1
	if period == "WEEK" {
		days = 7 - (int(local.Weekday())+6)%7
	}
	noon := time.Date(local.Year(), local.Month(), local.Day()+days, 12, 0, 0, 0, zone)
	begin := time.Date(noon.Year(), noon.Month(), noon.Day(), 0, 0, 0, 0, zone)
	for begin.In(zone).Day() != noon.Day() { // there is no midnight on a day when the clocks go forward then
		begin = begin.Add(time.Hour)
	}
	return begin
}

// Figures answers questions for figures of the past.
type Figures struct {
	store *store.Store
	now   func() time.Time // contact time
}

// NewFigures returns Figures ready for use. now is contact time.
func NewFigures(s *store.Store, now func() time.Time) *Figures { return &Figures{s, now} }

// FiguresPage is a part of an answer.
type FiguresPage struct {
	Rows []FigureRow
	Next string // the token of the next page, "" on the last
}

// figuresToken says where the next page begins, and as of when the question was asked. It is good for the request that it
// was given out for, on every node.
type figuresToken struct {
	Request []byte `json:"r"`
	AsOf    int64  `json:"t"`
	Given   int64  `json:"g"`
	Served  int    `json:"n"`
}

// tokenLasts is how long a token of figures is good for: "The token expires after 5 minutes from the time it is created".
const tokenLasts = 5 * time.Minute

// open reads a token that was given out for the same request.
func (t *figuresToken) open(s string, request any, now time.Time) error {
	if err := unsealed(s, t, func() []byte { return t.Request }, request); err != nil {
		return err
	}
	switch given := time.UnixMilli(t.Given); {
	case t.Served <= 0 || t.AsOf > t.Given || given.After(now):
		return errToken
	case now.Sub(given) >= tokenLasts:
		return center.Refuse(center.InvalidParameter, "NextToken must be used within %d minutes", int(tokenLasts.Minutes()))
	}
	return nil
}

var errToken = center.Refuse(center.InvalidParameter, "NextToken must be one that this operation gave out")

// unsealed reads a token into t, and refuses one of another request than this.
func unsealed(s string, t any, of func() []byte, request any) error {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || json.Unmarshal(raw, t) != nil {
		return errToken
	}
	sum, same := request.([]byte)
	if !same {
		sum = digestOf(request)
	}
	if !bytes.Equal(of(), sum) {
		return center.Refuse(center.InvalidParameter, "NextToken must be used with the same parameters as the request that it answered")
	}
	return nil
}

// Ask answers one page of at most limit rows of GetMetricDataV2.
func (f *Figures) Ask(ctx context.Context, r *FiguresRequest, limit int, from string) (*FiguresPage, error) {
	return f.paged(digestOf(r), limit, from, func(asOf time.Time) ([]FigureRow, error) {
		plan, err := r.plan(asOf)
		if err != nil {
			return nil, err
		}
		return f.rows(ctx, r.Instance, plan, asOf)
	})
}

// paged answers one page of the rows of a request, the first one for an empty token. Later pages are of the moment of the
// first: what has ended since does not count.
func (f *Figures) paged(request []byte, limit int, from string, rows func(asOf time.Time) ([]FigureRow, error)) (*FiguresPage, error) {
	now := f.now().Truncate(time.Millisecond)
	at := figuresToken{Request: request, AsOf: now.UnixMilli()}
	if from != "" {
		if err := at.open(from, request, now); err != nil {
			return nil, err
		}
	}
	all, err := rows(time.UnixMilli(at.AsOf))
	if err != nil {
		return nil, err
	}
	page := &FiguresPage{Rows: all[min(at.Served, len(all)):]}
	if len(page.Rows) > limit {
		page.Rows = page.Rows[:limit]
		page.Next = sealed(figuresToken{Request: request, AsOf: at.AsOf, Given: now.UnixMilli(), Served: at.Served + limit})
	}
	return page, nil
}

// rows are all rows of a plan, in the order of time and groups.
func (f *Figures) rows(ctx context.Context, at center.InstanceID, p *figurePlan, asOf time.Time) ([]FigureRow, error) {
	found := map[string]*gathered{}
	for _, m := range p.measurements(at, asOf) {
		measure := f.store.Measure
		if m.Source == store.Steps {
			measure = f.steps
		}
		measured, err := measure(ctx, &m.Measurement)
		if err != nil {
			return nil, err
		}
		for i := range measured {
			row := &measured[i]
			id := string(rune(row.Bucket)) + "\x00" + strings.Join(row.Groups, "\x00")
			g := found[id]
			if g == nil {
				if len(found) >= maxFigureRows {
					return nil, center.Refuse(center.InvalidRequest, "the answer would have more than %d rows: ask for a shorter time or with more filters", maxFigureRows)
				}
				g = &gathered{bucket: row.Bucket, groups: row.Groups, sums: make([][3]*int64, len(p.metrics))}
				found[id] = g
			}
			for sum, to := range m.to {
				g.sums[to.metric][to.part] = row.Values[sum]
			}
		}
	}
	all := make([]*gathered, 0, len(found))
	for _, g := range found {
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b *gathered) int {
		return cmp.Or(cmp.Compare(a.bucket, b.bucket), slices.Compare(a.groups, b.groups))
	})
	rows := make([]FigureRow, len(all))
	for i, g := range all {
		b := p.buckets[g.bucket]
		rows[i] = FigureRow{From: time.UnixMilli(b.From), To: time.UnixMilli(b.To), Groups: g.groups, Values: make([]*float64, len(p.metrics))}
		for j, planned := range p.metrics {
			if planned.m != nil {
				rows[i].Values[j] = planned.m.value(g.sums[j][0], g.sums[j][1], g.sums[j][2])
			}
		}
	}
	return rows, nil
}

// gathered is a row in the making: the sums of num, less and den of each metric.
type gathered struct {
	bucket int
	groups []string
	sums   [][3]*int64
}

// measurement is what one source is asked for, and whose each sum is.
type measurement struct {
	store.Measurement
	to []struct{ metric, part int }
}

// measurements are what the sources are asked for, one for each.
func (p *figurePlan) measurements(at center.InstanceID, asOf time.Time) (all []*measurement) {
	groups := make([]store.Dimension, len(p.groups))
	for i, k := range p.groups {
		if groups[i] = k.by; k.by == store.ByNothing {
			return nil // no row belongs to any group
		}
	}
	for i, planned := range p.metrics {
		if planned.m == nil {
			continue
		}
		for j, part := range []part{planned.m.num, planned.m.less, planned.m.den} {
			if part.of == "" {
				continue
			}
			n := slices.IndexFunc(all, func(m *measurement) bool { return m.Source == part.source })
			if n < 0 {
				m := &measurement{Measurement: store.Measurement{Instance: at, Source: part.source, Buckets: p.buckets, AsOf: asOf, Groups: groups, Where: p.where}}
				if part.source == store.Runs {
					m.Where = p.flows
				}
				all, n = append(all, m), len(all)
			}
			sum := store.Sum{Of: part.of, Expr: part.expr, Threshold: planned.threshold, Where: planned.where}
			if planned.m.numOnly && j > 0 {
				sum.Where = nil
			}
			all[n].Sums = append(all[n].Sums, sum)
			all[n].to = append(all[n].to, struct{ metric, part int }{i, j})
		}
	}
	return all
}

// said is a name that a caller sent, as far as it can be one.
func said(name string) string {
	if len(name) <= 100 && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) {
		return name
	}
	return fmt.Sprintf("(a name of %d characters)", len([]rune(name)))
}
