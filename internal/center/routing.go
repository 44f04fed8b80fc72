package center

import (
	"encoding/json"
	"time"
)

// RoutingCriteria says which agents a contact asks for: one step after the other, and when the last has expired, any.
// They begin to count when the contact is put into a queue. Source: admin guide, "Set routing criteria".
type RoutingCriteria struct {
	Steps     []RoutingStep `json:"steps"`
	Activated time.Time     `json:"activated,omitzero"`
	// Joined is when an agent joined the contact: the step that was under way then is as it stays.
	Joined time.Time `json:"joined,omitzero"`
}

// joined are the criteria of a contact that an agent joins.
func (r *RoutingCriteria) joined(now time.Time) RoutingCriteria {
	j := *r
	j.Joined = now
	return j
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
	Operator string      `json:"ComparisonOperator,omitempty"`
	Match    *struct {
		Agents struct {
			IDs []string `json:"AgentIds"`
		} `json:"AgentsCriteria"`
	} `json:"MatchCriteria,omitempty"`
}

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
	r.Activated = time.Time{}
	return &r, nil
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

// Statuses of a step.
const (
	StepActive   = "ACTIVE"
	StepInactive = "INACTIVE"
	StepExpired  = "EXPIRED"
	StepJoined   = "JOINED"
)

// StepState is where one step stands.
type StepState struct {
	Status  string
	Expires time.Time // zero: never, or not yet known
}

// At says where each step stands at a time, and which is under way: the number of steps when all have expired.
func (r *RoutingCriteria) At(now time.Time) (index int, states []StepState) {
	states = make([]StepState, len(r.Steps))
	if !r.Joined.IsZero() && r.Joined.Before(now) {
		now = r.Joined
	}
	begins := r.Activated
	index = -1
	for i := range r.Steps {
		s := &states[i]
		length := time.Duration(float64(r.Steps[i].Expiry.Seconds) * float64(time.Second))
		if !begins.IsZero() && length > 0 {
			s.Expires = begins.Add(length)
		}
		switch {
		case index >= 0 || r.Activated.IsZero():
			s.Status = StepInactive
		case !s.Expires.IsZero() && !s.Expires.After(now):
			s.Status = StepExpired
		default:
			s.Status, index = StepActive, i
		}
		if begins = s.Expires; s.Status == StepActive {
			begins = time.Time{} // when those after it expire is known when they begin
		}
	}
	if index >= 0 && !r.Joined.IsZero() {
		states[index].Status = StepJoined
	}
	switch {
	case r.Activated.IsZero():
		index = 0
	case index < 0:
		index = len(r.Steps)
	}
	return index, states
}
