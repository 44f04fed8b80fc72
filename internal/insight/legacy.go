package insight

import (
	"context"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// LegacyRequest is what GetMetricData asks for: figures of queues in one span of the last day.
type LegacyRequest struct {
	Instance  center.InstanceID
	From, To  time.Time
	Queues    []string
	Channels  []string
	Groupings []string
	Metrics   []LegacyMetric
}

// LegacyMetric is a metric with what is said of it.
type LegacyMetric struct {
	Name, Unit, Statistic string // Unit and Statistic may be ""
	Threshold             *AskedThreshold
}

// legacyMetric is a metric of GetMetricData: one of GetMetricDataV2, of the contacts that a filter lets through.
type legacyMetric struct {
	of              string // "" for one that has no value
	where           []store.DimensionFilter
	unit, statistic string
}

// Units and statistics, as the API spells them.
const (
	unitCount, unitSeconds, unitPercent       = "COUNT", "SECONDS", "PERCENT"
	statisticSum, statisticMean, statisticMax = "SUM", "AVG", "MAX"
)

// occupancy is answered by the agents who serve a queue.
const occupancy = "OCCUPANCY"

// legacy are the metrics of GetMetricData (API model's text of HistoricalMetric).
var legacy = func() map[string]legacyMetric {
	counted := func(of string, where ...store.DimensionFilter) legacyMetric {
		return legacyMetric{of, where, unitCount, statisticSum}
	}
	timed := func(of string) legacyMetric { return legacyMetric{of, nil, unitSeconds, statisticMean} }
	by := func(methods ...string) store.DimensionFilter {
		return store.DimensionFilter{By: store.ByInitiationMethod, Values: methods}
	}
	return map[string]legacyMetric{
		"ABANDON_TIME":                        timed("AVG_ABANDON_TIME"),
		"AFTER_CONTACT_WORK_TIME":             timed("AVG_AFTER_CONTACT_WORK_TIME"),
		"API_CONTACTS_HANDLED":                counted("CONTACTS_HANDLED", by("API")),
		"CALLBACK_CONTACTS_HANDLED":           counted("CONTACTS_HANDLED", by("CALLBACK")),
		"CONTACTS_ABANDONED":                  counted("CONTACTS_ABANDONED"),
		"CONTACTS_AGENT_HUNG_UP_FIRST":        counted("CONTACTS_HANDLED", store.DimensionFilter{By: store.ByDisconnectReason, Values: []string{center.ReasonAgent}}),
		"CONTACTS_CONSULTED":                  counted(""), // deprecated
		"CONTACTS_HANDLED":                    counted("CONTACTS_HANDLED"),
		"CONTACTS_HANDLED_INCOMING":           counted("CONTACTS_HANDLED", by("INBOUND", "TRANSFER", "QUEUE_TRANSFER")),
		"CONTACTS_HANDLED_OUTBOUND":           counted("CONTACTS_HANDLED", by("OUTBOUND")),
		"CONTACTS_HOLD_ABANDONS":              counted("CONTACTS_HOLD_ABANDONS"),
		"CONTACTS_MISSED":                     counted("AGENT_NON_RESPONSE"),
		"CONTACTS_QUEUED":                     counted("CONTACTS_QUEUED"),
		"CONTACTS_TRANSFERRED_IN":             counted("CONTACTS_CREATED", by("TRANSFER", "QUEUE_TRANSFER")),
		"CONTACTS_TRANSFERRED_IN_FROM_QUEUE":  counted("CONTACTS_CREATED", by("QUEUE_TRANSFER")), // inferred: the guide has TRANSFER for both
		"CONTACTS_TRANSFERRED_OUT":            counted("CONTACTS_TRANSFERRED_OUT"),
		"CONTACTS_TRANSFERRED_OUT_FROM_QUEUE": counted("CONTACTS_TRANSFERRED_OUT_FROM_QUEUE"),
		"HANDLE_TIME":                         timed("AVG_HANDLE_TIME"),
		"HOLD_TIME":                           timed("AVG_HOLD_TIME"),
		"INTERACTION_AND_HOLD_TIME":           timed("AVG_INTERACTION_AND_HOLD_TIME"),
		"INTERACTION_TIME":                    timed("AVG_INTERACTION_TIME"),
		occupancy:                             {"", nil, unitPercent, statisticMean},
		"QUEUED_TIME":                         {"MAX_QUEUED_TIME", nil, unitSeconds, statisticMax},
		"QUEUE_ANSWER_TIME":                   timed("AVG_QUEUE_ANSWER_TIME"),
		"SERVICE_LEVEL":                       {"SERVICE_LEVEL", nil, unitPercent, statisticMean},
	}
}()

// legacyStep is what the times of a request must be multiples of, and legacySpan how far back and how long they are.
const (
	legacyStep = 5 * time.Minute
	legacySpan = 24 * time.Hour
)

func (r *LegacyRequest) plan(now time.Time) (*figurePlan, error) {
	switch {
	case !r.From.Truncate(legacyStep).Equal(r.From):
		return nil, center.Refuse(center.InvalidParameter, "StartTime must be a multiple of 5 minutes")
	case !r.To.Truncate(legacyStep).Equal(r.To):
		return nil, center.Refuse(center.InvalidParameter, "EndTime must be a multiple of 5 minutes")
	case !r.From.Before(r.To):
		return nil, center.Refuse(center.InvalidParameter, "EndTime must be later than StartTime")
	case r.From.Before(now.Add(-legacySpan)):
		return nil, center.Refuse(center.InvalidParameter, "StartTime must be within the last 24 hours")
	case r.To.Sub(r.From) >= legacySpan:
		return nil, center.Refuse(center.InvalidParameter, "StartTime and EndTime must be less than 24 hours apart")
	case len(r.Queues) == 0:
		return nil, center.Refuse(center.InvalidRequest, "Filters.Queues must have at least one queue")
	}
	p := &figurePlan{buckets: []store.Bucket{{From: r.From.UnixMilli(), To: min(r.To.UnixMilli(), now.UnixMilli()+1)}}}
	if p.buckets[0].To < p.buckets[0].From {
		p.buckets[0].To = p.buckets[0].From
	}
	filters := []FigureFilter{{Key: "QUEUE", Values: r.Queues}}
	if len(r.Channels) > 0 {
		filters = append(filters, FigureFilter{Key: "CHANNEL", Values: r.Channels})
	}
	if err := p.setFilters(filters); err != nil {
		return nil, err
	}
	for _, g := range r.Groupings {
		if g != "QUEUE" && g != "CHANNEL" {
			return nil, center.Refuse(center.InvalidRequest, "Groupings must be QUEUE or CHANNEL, got %s", g)
		}
	}
	if err := p.setGroupings(r.Groupings); err != nil {
		return nil, err
	}
	return p, r.setMetrics(p)
}

func (r *LegacyRequest) setMetrics(p *figurePlan) error {
	if err := CheckCount("HistoricalMetrics", len(r.Metrics)); err != nil {
		return err
	}
	levels := 0
	for i := range r.Metrics {
		a := &r.Metrics[i]
		l, ok := legacy[a.Name]
		if !ok {
			return center.Refuse(center.InvalidRequest, "Invalid metric name: %s", said(a.Name))
		}
		if a.Unit != "" && a.Unit != l.unit || a.Statistic != "" && a.Statistic != l.statistic {
			return center.Refuse(center.InvalidParameter, "the metric %s must have Unit %s and Statistic %s", a.Name, l.unit, l.statistic)
		}
		a.Unit, a.Statistic = l.unit, l.statistic
		planned := plannedMetric{where: l.where}
		if m, ok := metrics[l.of]; ok {
			planned.m = &m
		}
		if a.Name == "SERVICE_LEVEL" {
			if levels++; levels > mostServiceLevels {
				return center.Refuse(center.InvalidRequest, "HistoricalMetrics must name SERVICE_LEVEL at most %d times", mostServiceLevels)
			}
			asked := AskedMetric{Name: a.Name}
			if a.Threshold != nil {
				asked.Thresholds = []AskedThreshold{*a.Threshold}
			}
			if err := planned.set(&asked); err != nil {
				return err
			}
		} else {
			a.Threshold = nil
		}
		p.metrics = append(p.metrics, planned)
	}
	return nil
}

// AskLegacy answers one page of at most limit rows of GetMetricData. profiles are the routing profiles that serve each queue,
// by the queue's id.
func (f *Figures) AskLegacy(ctx context.Context, r *LegacyRequest, profiles func(center.QueueID) []center.RoutingProfileID, limit int, from string) (*FiguresPage, error) {
	asked := digestOf(r) // before units and statistics are filled in
	return f.paged(asked, limit, from, func(asOf time.Time) ([]FigureRow, error) {
		plan, err := r.plan(asOf)
		if err != nil {
			return nil, err
		}
		rows, err := f.rows(ctx, r.Instance, plan, asOf)
		if err != nil {
			return nil, err
		}
		return f.occupied(ctx, r, plan, rows, profiles, asOf)
	})
}

// occupied fills in the occupancy of the agents who serve the queues. They have no occupancy of a single queue among several.
func (f *Figures) occupied(ctx context.Context, r *LegacyRequest, p *figurePlan, rows []FigureRow, profiles func(center.QueueID) []center.RoutingProfileID, asOf time.Time) ([]FigureRow, error) {
	asks := func(m LegacyMetric) bool { return m.Name == occupancy }
	if !slices.ContainsFunc(r.Metrics, asks) {
		return rows, nil
	}
	of := func(queues []string) (*float64, error) {
		var serving []string
		for _, q := range queues {
			for _, id := range profiles(center.QueueID(q)) {
				serving = append(serving, string(id))
			}
		}
		m := metrics["AGENT_OCCUPANCY"]
		plan := &figurePlan{buckets: p.buckets, metrics: []plannedMetric{{m: &m}}, where: []store.DimensionFilter{{By: store.ByRoutingProfile, Values: serving}}}
		found, err := f.rows(ctx, r.Instance, plan, asOf)
		if err != nil || len(found) == 0 || found[0].Values[0] == nil {
			return nil, err
		}
		share := *found[0].Values[0] * 100
		return &share, nil
	}
	queues, byQueue := ids(r.Queues, "queue"), slices.Index(r.Groupings, "QUEUE")
	for i := range rows {
		asked := queues
		if byQueue >= 0 {
			asked = []string{rows[i].Groups[byQueue]}
		}
		share, err := of(asked)
		if err != nil {
			return nil, err
		}
		for j, m := range r.Metrics {
			if asks(m) {
				rows[i].Values[j] = share
			}
		}
	}
	return rows, nil
}
