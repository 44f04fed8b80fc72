package insight

import (
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// Search is what SearchContacts asks for, its members already within the model's own constraints. What is not known of the
// service is inferred in one place, here and in package store: lists are one of their values, criteria hold together, and a
// MatchType that is left out is MATCH_ALL.
type Search struct {
	Instance center.InstanceID
	Range    TimeRange
	Criteria Criteria
	Sort     Sort // zero: the latest contacts first
	// Scope is what of the instance's contacts the caller may find.
	Scope center.ContactScope `json:",omitzero"`
}

// TimeRange is a time of a contact from From to To, both included.
type TimeRange struct {
	Type     string
	From, To time.Time
}

// Sort is an order of contacts. Those without a value come last.
type Sort struct{ Field, Order string }

// Criteria are what contacts must meet. Empty ones ask for nothing.
type Criteria struct {
	Names             Match[string]
	Agents            []string
	Groups            [5][]string // of the levels of the hierarchy
	Channels          []string
	InitiationMethods []string
	Queues            []string
	PreferredAgents   []Match[string] // by step
	Times             Match[TimeCriterion]
	Attributes        Match[Values]
	SegmentAttributes Match[Values]
	Tags              [][]Tag  // one of the lists, each of which must hold whole
	Customers         []string `json:",omitempty"` // CustomerIds; SearchContacts has no such criterion
	// Unanswerable says that something is asked for that no contact here has: an analysis, other regions, AI agents.
	Unanswerable bool
}

// Match is a list of criteria and how they hold together.
type Match[C any] struct {
	Type string
	List []C
}

// Values are a name and what may be found under it.
type Values struct {
	Key    string
	Values []string
}

// TimeCriterion has one of two: a range, or the type of a time that must not be there.
type TimeCriterion struct {
	Range   *TimeRange
	Missing string
}

// Tag is a tag that a contact must have; without a value it may have any.
type Tag struct {
	Key   string
	Value *string
}

// Kinds of matches.
const (
	matchAny   = "MATCH_ANY"
	matchNone  = "MATCH_NONE"
	matchExact = "MATCH_EXACT"
)

// InstanceTag is the tag that every contact has.
const InstanceTag = "aws:connect:instanceId"

// longest is how long a search may reach: "up to 8 weeks" (administrator guide, "Search for completed and in-progress
// contacts"). Which error a longer one gets is inferred.
const longest = 8 * 7 * 24 * time.Hour

// times are the types of times.
var times = map[string]store.ContactColumn{
	"INITIATION_TIMESTAMP":         store.Initiated,
	"CONNECTED_TO_AGENT_TIMESTAMP": store.ConnectedToAgent,
	"DISCONNECT_TIMESTAMP":         store.Disconnected,
	"ENQUEUE_TIMESTAMP":            store.Enqueued,
	"SCHEDULED_TIMESTAMP":          store.Nowhere, // a chat is not scheduled
}

// orders are what contacts are sorted by. All are chats, and a chat has no time at which it expires.
var orders = map[string]store.ContactColumn{
	"":                             store.Initiated,
	"INITIATION_TIMESTAMP":         store.Initiated,
	"CONNECTED_TO_AGENT_TIMESTAMP": store.ConnectedToAgent,
	"DISCONNECT_TIMESTAMP":         store.Disconnected,
	"SCHEDULED_TIMESTAMP":          store.Nowhere,
	"EXPIRY_TIMESTAMP":             store.Nowhere,
	"INITIATION_METHOD":            store.InitiationMethod,
	"CHANNEL":                      store.Nowhere,
}

// plan is what the search asks of the rows.
func (s *Search) plan() (store.ContactSearch, store.ContactPage, error) {
	q := store.ContactSearch{Instance: s.Instance, Range: times[s.Range.Type], From: s.Range.From, To: s.Range.To}
	page := store.ContactPage{By: orders[s.Sort.Field], Ascending: s.Sort.Order == "ASCENDING"}
	if err := s.Range.check("TimeRange"); err != nil {
		return q, page, err
	}
	if long := s.Range.To.Sub(s.Range.From); long > longest {
		return q, page, center.Refuse(center.InvalidParameter, "TimeRange must be at most 1344 hours long, which is 8 weeks, got %v", long)
	}
	for _, c := range s.Criteria.Times.List {
		if c.Range != nil {
			if err := c.Range.check("AdditionalTimeRange.Criteria.TimeRange"); err != nil {
				return q, page, err
			}
		}
	}
	q.Where = append(s.Criteria.conditions(s.Instance), inScope(s.Scope)...)
	return q, page, nil
}

// inScope are the conditions on contacts of a scope.
func inScope(s center.ContactScope) (all []store.ContactCondition) {
	if s.Handler != "" {
		all = append(all, store.ByAgents{string(s.Handler)})
	}
	if s.Group != "" {
		all = append(all, store.InGroups{Level: s.Level, IDs: []string{string(s.Group)}})
	}
	return all
}

func (r *TimeRange) check(member string) error {
	if r.From.After(r.To) {
		return center.Refuse(center.InvalidParameter, "%s must not have a StartTime after its EndTime", member)
	}
	return nil
}

// conditions are what rows must meet.
func (c *Criteria) conditions(at center.InstanceID) (all []store.ContactCondition) {
	if c.Unanswerable || len(c.Channels) > 0 && !slices.Contains(c.Channels, "CHAT") {
		all = append(all, store.Never{})
	}
	if len(c.Agents) > 0 {
		all = append(all, store.ByAgents(ids(c.Agents, "agent")))
	}
	for level, groups := range c.Groups {
		if len(groups) > 0 {
			all = append(all, store.InGroups{Level: level, IDs: ids(groups, "agent-group")})
		}
	}
	if len(c.Customers) > 0 {
		all = append(all, store.OfCustomers(c.Customers))
	}
	if len(c.InitiationMethods) > 0 {
		all = append(all, store.ByMethods(c.InitiationMethods))
	}
	if len(c.Queues) > 0 {
		queues := make(store.OfQueues, len(c.Queues))
		for i, id := range ids(c.Queues, "queue") {
			queues[i] = center.QueueID(id)
		}
		all = append(all, queues)
	}
	all = append(all, c.names()...)
	for _, step := range c.PreferredAgents {
		all = append(all, step.conditions(func(id string) store.ContactCondition {
			return store.HasTerm{Name: center.PreferredAgentTerm(id)}
		})...)
	}
	all = append(all, c.Times.conditions(TimeCriterion.condition)...)
	all = append(all, c.Attributes.conditions(func(v Values) store.ContactCondition {
		return store.HasAttribute{Name: v.Key, Values: atLeastNone(v.Values)}
	})...)
	all = append(all, c.SegmentAttributes.conditions(segment)...)
	return append(all, c.tags(at)...)
}

// conditions combines the criteria of a match. A single one stands for itself.
func (m Match[C]) conditions(condition func(C) store.ContactCondition) []store.ContactCondition {
	if len(m.List) == 0 {
		return nil
	}
	all := make([]store.ContactCondition, len(m.List))
	for i, c := range m.List {
		all[i] = condition(c)
	}
	switch m.Type {
	case matchAny:
		if len(all) > 1 {
			return []store.ContactCondition{store.Any(all)}
		}
	case matchNone:
		return []store.ContactCondition{store.None(all)}
	}
	return all
}

// names are the conditions on a contact's name: it has the texts in it, or with MATCH_EXACT is one of them.
func (c *Criteria) names() []store.ContactCondition {
	m, condition := c.Names, func(text string) store.ContactCondition { return store.NameHas(center.FoldName(text)) }
	if m.Type == matchExact {
		m.Type, condition = matchAny, func(text string) store.ContactCondition { return store.NameIs(center.FoldName(text)) }
	}
	return m.conditions(condition)
}

func (c TimeCriterion) condition() store.ContactCondition {
	if c.Range == nil {
		return store.Lacks{Column: times[c.Missing]}
	}
	return store.Between{Column: times[c.Range.Type], From: c.Range.From, To: c.Range.To}
}

// segment is the condition on a segment attribute. The subtype is a chat's own, and a row has it apart.
func segment(v Values) store.ContactCondition {
	if v.Key == center.SubtypeKey {
		// Subtypes are words of the service: what has a zero byte is none, and PostgreSQL would refuse it.
		return store.OfSubtypes(slices.DeleteFunc(slices.Clone(v.Values), func(s string) bool { return strings.Contains(s, "\x00") }))
	}
	return store.HasTerm{Name: center.SegmentTerm(v.Key), Values: atLeastNone(v.Values)}
}

// tags are the conditions on tags.
func (c *Criteria) tags(at center.InstanceID) []store.ContactCondition {
	var lists store.Any
	for _, tags := range c.Tags {
		all := store.All{}
		for _, t := range tags {
			switch {
			case t.Key == InstanceTag && (t.Value == nil || *t.Value == string(at)):
			case t.Key == InstanceTag:
				all = append(all, store.Never{})
			case t.Value == nil:
				all = append(all, store.HasTerm{Name: center.TagTerm(t.Key)})
			default:
				all = append(all, store.HasTerm{Name: center.TagTerm(t.Key), Values: []string{*t.Value}})
			}
		}
		lists = append(lists, all)
	}
	switch len(lists) {
	case 0:
		return nil
	case 1:
		return lists[0].(store.All)
	}
	return []store.ContactCondition{lists}
}

// atLeastNone is an empty list for none: of which nothing is one.
func atLeastNone(values []string) []string {
	if values == nil {
		return []string{}
	}
	return values
}

// ids are the ids of resources that may be named by ARN.
func ids(all []string, kind string) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = center.ResourceID(s, kind)
	}
	return out
}
