package insight

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// Figures of routing steps. When a step begins and expires follows from the contact's criteria, which no column of a row has: they
// are counted here. A step counts at the time at which it began (inferred). Criteria that others have replaced do not count.

// What a sum over routing steps counts.
const (
	stepEntered = "entered"
	stepJoined  = "joined"
	stepExpired = "expired"
)

// reached is a step that a contact has come to, with what became of it by a time.
type reached struct {
	expression      string
	entered         time.Time
	joined, expired bool
}

// reachedSteps are the steps that have begun until a time, that included.
func reachedSteps(r *center.RoutingCriteria, asOf time.Time) (all []reached) {
	if r.Activated.IsZero() || r.Activated.After(asOf) {
		return nil
	}
	criteria := *r
	if criteria.Ended.After(asOf) {
		criteria.Ending, criteria.Ended = "", time.Time{}
	}
	active, states := criteria.At(asOf)
	entered := criteria.Activated
	for i := range min(active+1, len(states)) {
		raw, err := json.Marshal(criteria.Steps[i].Expression)
		if err != nil {
			return nil
		}
		all = append(all, reached{string(raw), entered, states[i].Status == center.StepJoined, states[i].Status == center.StepExpired})
		entered = states[i].Expires
	}
	return all
}

// steps is [store.Store.Measure] for routing steps.
func (f *Figures) steps(ctx context.Context, m *store.Measurement) (all []store.Measured, err error) {
	first, last := time.UnixMilli(m.Buckets[0].From), time.UnixMilli(m.Buckets[len(m.Buckets)-1].To)
	routed, err := f.store.Routed(ctx, m.Instance, first, last)
	if err != nil {
		return nil, err
	}
	for i := range routed {
		c := &routed[i]
		for _, step := range reachedSteps(c.Routing, m.AsOf) {
			bucket := slices.IndexFunc(m.Buckets, func(b store.Bucket) bool {
				return b.From <= step.entered.UnixMilli() && step.entered.UnixMilli() < b.To
			})
			if bucket < 0 || slices.ContainsFunc(m.Where, func(w store.DimensionFilter) bool { return !stepMeets(&w, c.Queue, step.expression) }) {
				continue
			}
			groups := make([]string, len(m.Groups))
			for j, g := range m.Groups {
				groups[j] = stepValue(g, c.Queue, step.expression)
			}
			at := slices.IndexFunc(all, func(r store.Measured) bool { return r.Bucket == bucket && slices.Equal(r.Groups, groups) })
			if at < 0 {
				at = len(all)
				all = append(all, store.Measured{Bucket: bucket, Groups: groups, Values: make([]*int64, len(m.Sums))})
			}
			for j, sum := range m.Sums {
				if sum.Expr == stepEntered || sum.Expr == stepJoined && step.joined || sum.Expr == stepExpired && step.expired {
					n := all[at].Values[j]
					if n == nil {
						n = new(int64)
						all[at].Values[j] = n
					}
					*n++
				}
			}
		}
	}
	return all, nil
}

// stepValue is what a step has for a dimension: the metrics of steps are by queue and by expression alone.
func stepValue(d store.Dimension, queue center.QueueID, expression string) string {
	if d == store.ByStep {
		return expression
	}
	return string(queue)
}

func stepMeets(w *store.DimensionFilter, queue center.QueueID, expression string) bool {
	if w.Absent {
		return false
	}
	value := stepValue(w.By, queue, expression)
	if w.By == store.ByStep {
		value, _ = canonical(expression)
	}
	return slices.Contains(w.Values, value)
}
