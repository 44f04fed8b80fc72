package center

import (
	"cmp"
	"encoding/json"
	"time"
)

// RoutingCriteria says which agents a contact asks for: one step after the other, and when the last has expired, any.
// They begin to count when the contact is put into a queue. Source: admin guide, "Set routing criteria".
type RoutingCriteria struct {
	Steps     []RoutingStep `json:"steps"`
	Activated time.Time     `json:"activated,omitzero"`
	// Index numbers the criteria of a contact from 0: each that replaces others has one more.
	Index int `json:"index,omitempty"`
	// Ending is the status that the active step has had since Ended, when the criteria stopped counting; "" while they count.
	Ending string    `json:"ending,omitempty"`
	Ended  time.Time `json:"ended,omitzero"`
}

// RoutingStep asks for agents that an expression holds for, until it expires.
type RoutingStep struct {
	Expression RoutingExpression `json:"Expression"`
	Expiry     struct {
		Seconds looseNumber `json:"DurationInSeconds,omitzero"` // zero: never
	} `json:"Expiry,omitzero"`
}

// RoutingExpression has exactly one member.
type RoutingExpression struct {
	Attribute *RoutingAttribute   `json:"AttributeCondition,omitempty"`
	And       []RoutingExpression `json:"AndExpression,omitempty"`
	Or        []RoutingExpression `json:"OrExpression,omitempty"`
	Not       *RoutingAttribute   `json:"NotAttributeCondition,omitempty"`
}

// RoutingAttribute is something that an agent has.
type RoutingAttribute struct {
	Name     looseText   `json:"Name,omitempty"`
	Value    looseText   `json:"Value,omitempty"`
	Level    looseNumber `json:"ProficiencyLevel,omitzero"`
	Range    *LevelRange `json:"Range,omitempty"`
	Operator string      `json:"ComparisonOperator,omitempty"`
	Match    *AgentMatch `json:"MatchCriteria,omitempty"`
}

// AgentMatch names agents.
type AgentMatch struct {
	Agents struct {
		IDs []string `json:"AgentIds"`
	} `json:"AgentsCriteria"`
}

// LevelRange is the levels of a proficiency from Min to Max, both included.
type LevelRange struct {
	Min looseNumber `json:"MinProficiencyLevel,omitzero"`
	Max looseNumber `json:"MaxProficiencyLevel,omitzero"` // zero: no bound
}

// What ComparisonOperator may be.
const (
	CompareAtLeast = "NumberGreaterOrEqualTo" // the level is at least ProficiencyLevel
	CompareRange   = "Range"                  // the level is in Range
	CompareMatch   = "Match"                  // the agent is one of MatchCriteria
)

// looseNumber is a number that flows write as a number or as a string of one.
type looseNumber float64

func (n *looseNumber) UnmarshalJSON(raw []byte) error {
	var number json.Number
	if err := json.Unmarshal(raw, &number); err != nil {
		return err
	}
	f, err := number.Float64()
	*n = looseNumber(f)
	return err
}

// looseText is a text that flows may write as a number, or refer to where it is one.
type looseText string

func (s *looseText) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && (raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9' || string(raw) == "true" || string(raw) == "false") {
		*s = looseText(raw)
		return nil
	}
	return json.Unmarshal(raw, (*string)(s))
}

const (
	maxRoutingSteps      = 5
	maxRoutingExpression = 50 // attributes of one step, at any depth; inferred
)

// ParseRoutingCriteria reads the parameter of the flow action UpdateContactRoutingCriteria.
func ParseRoutingCriteria(text string) (*RoutingCriteria, error) {
	wrong := func(err error) error {
		return &Error{Code: InvalidRequest, Message: "the routing criteria are not 1 to 5 steps, each with one expression", Cause: err}
	}
	var r RoutingCriteria
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return nil, wrong(err)
	}
	if len(r.Steps) == 0 || len(r.Steps) > maxRoutingSteps {
		return nil, wrong(nil)
	}
	for i := range r.Steps {
		if n, ok := r.Steps[i].Expression.size(); !ok || n > maxRoutingExpression || r.Steps[i].Expiry.Seconds < 0 {
			return nil, wrong(nil)
		}
	}
	return &RoutingCriteria{Steps: r.Steps}, nil
}

// size counts the attributes, and says whether there is exactly one member at every depth.
func (e *RoutingExpression) size() (n int, ok bool) {
	members := 0
	for _, a := range []*RoutingAttribute{e.Attribute, e.Not} {
		if a != nil {
			members, n = members+1, n+1
		}
	}
	for _, list := range [][]RoutingExpression{e.And, e.Or} {
		if len(list) > 0 {
			members++
		}
		for i := range list {
			m, whole := list[i].size()
			if !whole {
				return 0, false
			}
			n += m
		}
	}
	return n, members == 1
}

// Statuses of a step (admin guide, "Set routing criteria").
const (
	StepInactive    = "INACTIVE"
	StepActive      = "ACTIVE"
	StepExpired     = "EXPIRED"
	StepJoined      = "JOINED"      // an agent accepted the contact
	StepInterrupted = "INTERRUPTED" // other criteria replaced these
	StepDeactivated = "DEACTIVATED" // the customer left, or the contact left its queue otherwise
)

// StepState is where one step stands.
type StepState struct {
	Status  string
	Expires time.Time // zero: never, or not yet known
}

// At says where each step stands at a time, and which is under way: the number of steps when all have expired.
func (r *RoutingCriteria) At(now time.Time) (index int, states []StepState) {
	states = make([]StepState, len(r.Steps))
	if r.Activated.IsZero() {
		for i := range states {
			states[i].Status = StepInactive
		}
		return 0, states
	}
	if r.Ending != "" && now.After(r.Ended) {
		now = r.Ended
	}
	index, expires := r.Active(now)
	begins := r.Activated
	for i := range states {
		s := &states[i]
		switch {
		case i < index:
			begins = begins.Add(r.Steps[i].length())
			s.Status, s.Expires = StepExpired, begins
		case i == index:
			s.Status, s.Expires = cmp.Or(r.Ending, StepActive), expires
		default: // when it expires is known when it begins
			s.Status = StepInactive
		}
	}
	return index, states
}

// Active is the step that is under way at a time, and when it expires: zero for never. It is the number of steps when all have
// expired. The criteria must have been activated.
func (r *RoutingCriteria) Active(now time.Time) (index int, expires time.Time) {
	begins := r.Activated
	for i := range r.Steps {
		length := r.Steps[i].length()
		if length == 0 {
			return i, time.Time{}
		}
		if begins = begins.Add(length); begins.After(now) {
			return i, begins
		}
	}
	return len(r.Steps), time.Time{}
}

// longest bounds the time that a step counts, far beyond all that chats live.
const longest = 100 * 365 * 24 * time.Hour

// length is how long the step counts; 0: it never expires.
func (s *RoutingStep) length() time.Duration {
	return time.Duration(min(float64(s.Expiry.Seconds)*float64(time.Second), float64(longest)))
}

// Activate returns the criteria as they are when they begin to count.
func (r *RoutingCriteria) Activate(now time.Time) *RoutingCriteria {
	return &RoutingCriteria{Steps: r.Steps, Index: r.Index, Activated: now}
}

// End returns the criteria as they are when they stop counting: their active step gets the status [StepJoined],
// [StepInterrupted] or [StepDeactivated]. Criteria that do not count stay as they are.
func (r *RoutingCriteria) End(status string, now time.Time) *RoutingCriteria {
	if r.Activated.IsZero() || r.Ending != "" {
		return r
	}
	ended := *r
	ended.Ending, ended.Ended = status, now
	return &ended
}

// Replace returns the criteria that take the place of these: they count from their own first step, at once where these
// do. What these are then, [RoutingCriteria.End] says.
func (r *RoutingCriteria) Replace(by *RoutingCriteria, now time.Time) *RoutingCriteria {
	next := &RoutingCriteria{Steps: by.Steps, Index: r.Index + 1}
	if !r.Activated.IsZero() && r.Ending == "" {
		next.Activated = now
	}
	return next
}
