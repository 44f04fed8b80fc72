package center

import (
	"fmt"
	"slices"
)

// RoutingData is what UpdateContactRoutingData changes of a contact; nil members stay as they are.
type RoutingData struct {
	Priority       *int
	TimeAdjustment *int // seconds
	// Criteria take the place of those that the contact has; without steps it has none from then on.
	Criteria *RoutingCriteria
}

// Check refuses what cannot be asked for together. Source: API reference, UpdateContactRoutingData; that nothing at all is
// refused is inferred.
func (r *RoutingData) Check() error {
	switch {
	case r.Priority != nil && r.TimeAdjustment != nil:
		return Refuse(InvalidParameter, "QueuePriority and QueueTimeAdjustmentSeconds must not both be given")
	case r.Priority == nil && r.TimeAdjustment == nil && r.Criteria == nil:
		return Refuse(InvalidParameter, "one of QueuePriority, QueueTimeAdjustmentSeconds and RoutingCriteria must be given")
	case r.Criteria == nil:
		return nil
	}
	return r.Criteria.Check()
}

// SetRoutingData changes the place of a contact in the queue that it waits in, or will wait in, and the agents that it asks
// for. An offer stands. Source: API model; agents.md 5.2, 5.4.
func (d *Draft) SetRoutingData(id ContactID, r RoutingData) error {
	c, ok := d.Chat.Contact(id)
	switch {
	case !ok:
		return Refuse(NotFound, "Resource not found of Type: CONTACT %s", Printable(string(id)))
	case !c.Disconnected.IsZero():
		return Refuse(InvalidState, "the contact %s has ended", id)
	case c.Agent != nil:
		return Refuse(InvalidState, "the contact %s is connected to an agent", id)
	}
	d.Edit()
	c, _ = d.Chat.Contact(id)
	if r.Priority != nil {
		c.Priority = *r.Priority
	}
	if r.TimeAdjustment != nil {
		c.TimeAdjustment = *r.TimeAdjustment
	}
	if r.Criteria != nil {
		d.replaceRouting(c, r.Criteria)
	}
	c.LastUpdate = d.Now
	return nil
}

// SetRoutingCriteria gives the contact that rules work on other routing criteria.
func (d *Draft) SetRoutingCriteria(by *RoutingCriteria) { d.replaceRouting(d.editSubject(), by) }

// keptCriteria is how many of a contact's criteria are known when it has ended (admin guide, "Set up routing based on agent
// proficiencies": the last three).
const keptCriteria = 3

// replaceRouting gives a contact other criteria, none without steps. Those that it had are interrupted; the new ones begin with
// their first step, at once for a contact that waits.
func (d *Draft) replaceRouting(c *Contact, by *RoutingCriteria) {
	index := 0
	if n := len(c.PastRouting); n > 0 {
		index = c.PastRouting[n-1].Index + 1
	}
	next := &RoutingCriteria{Steps: by.Steps, Index: index}
	if c.Queued() {
		next = next.Activate(d.Now)
	}
	if old := c.Routing; old != nil {
		next = old.Replace(by, d.Now)
		c.PastRouting = append(slices.Clone(c.PastRouting), *old.End(StepInterrupted, d.Now))
		c.PastRouting = c.PastRouting[max(0, len(c.PastRouting)-keptCriteria+1):]
	}
	if c.Routing = next; len(by.Steps) == 0 {
		c.Routing = nil
	}
}

// Limits of routing criteria. Sources: API model; admin guide, "Set routing criteria", "Set up routing based on agent
// proficiencies".
const (
	maxConditions = 8 // of an AndExpression
	maxBranches   = 3 // of an OrExpression
	maxNamedUsers = 10
	lowestLevel   = 1
	highestLevel  = 5
)

// NewRoutingStep is a step that expires after some seconds, never for 0.
func NewRoutingStep(e RoutingExpression, seconds int) RoutingStep {
	s := RoutingStep{Expression: e}
	s.Expiry.Seconds = looseNumber(seconds)
	return s
}

// Condition is a condition of routing criteria, as a request has it: what it does not have is zero.
type Condition struct {
	Name, Value, Operator string
	Level                 float64
	Levels                *LevelRange
	Users                 []string
}

// NewLevelRange is a range of levels, both included.
func NewLevelRange(low, high float64) *LevelRange {
	return &LevelRange{Min: looseNumber(low), Max: looseNumber(high)}
}

// Attribute is the condition as criteria have it.
func (c *Condition) Attribute() *RoutingAttribute {
	a := &RoutingAttribute{Name: looseText(c.Name), Value: looseText(c.Value), Level: looseNumber(c.Level), Range: c.Levels, Operator: c.Operator}
	if c.Users != nil {
		a.Match = &AgentMatch{}
		a.Match.Agents.IDs = c.Users
	}
	return a
}

// Check refuses criteria that no agent could be found by.
func (r *RoutingCriteria) Check() error {
	if n := len(r.Steps); n > maxRoutingSteps {
		return Refuse(InvalidParameter, "RoutingCriteria.Steps must have at most %d entries, got %d", maxRoutingSteps, n)
	}
	for i := range r.Steps {
		at := fmt.Sprintf("RoutingCriteria.Steps[%d]", i)
		switch seconds := r.Steps[i].Expiry.Seconds; {
		case seconds < 0:
			return Refuse(InvalidParameter, "%s.Expiry.DurationInSeconds must be at least 0, got %v", at, float64(seconds))
		case seconds == 0 && i+1 < len(r.Steps):
			return Refuse(InvalidParameter, "%s.Expiry.DurationInSeconds is required: only the last step may never expire", at)
		}
		if err := r.Steps[i].Expression.check(at + ".Expression"); err != nil {
			return err
		}
	}
	return nil
}

// check refuses an expression of a step.
func (e *RoutingExpression) check(at string) error {
	if len(e.Or) == 0 {
		return e.checkBranch(at)
	}
	if e.Attribute != nil || e.Not != nil || len(e.And) > 0 {
		return oneMember(at)
	}
	if n := len(e.Or); n > maxBranches {
		return Refuse(InvalidParameter, "%s.OrExpression must have at most %d entries, got %d", at, maxBranches, n)
	}
	for i := range e.Or {
		if err := e.Or[i].checkBranch(fmt.Sprintf("%s.OrExpression[%d]", at, i)); err != nil {
			return err
		}
	}
	return nil
}

// checkBranch refuses an expression that is not below an AND.
func (e *RoutingExpression) checkBranch(at string) error {
	if len(e.Or) > 0 {
		return Refuse(InvalidParameter, "%s must not have an OrExpression: only the expression of a step may", at)
	}
	if len(e.And) == 0 {
		return e.checkCondition(at)
	}
	if e.Attribute != nil || e.Not != nil {
		return oneMember(at)
	}
	if n := len(e.And); n > maxConditions {
		return Refuse(InvalidParameter, "%s.AndExpression must have at most %d entries, got %d", at, maxConditions, n)
	}
	for i := range e.And {
		below := fmt.Sprintf("%s.AndExpression[%d]", at, i)
		if len(e.And[i].And)+len(e.And[i].Or) > 0 {
			return Refuse(InvalidParameter, "%s must have an AttributeCondition or a NotAttributeCondition", below)
		}
		if err := e.And[i].checkCondition(below); err != nil {
			return err
		}
	}
	return nil
}

// checkCondition refuses an expression without lists.
func (e *RoutingExpression) checkCondition(at string) error {
	switch {
	case (e.Attribute == nil) == (e.Not == nil):
		return oneMember(at)
	case e.Not != nil:
		return e.Not.check(at + ".NotAttributeCondition")
	}
	return e.Attribute.check(at + ".AttributeCondition")
}

func oneMember(at string) error {
	return Refuse(InvalidParameter, "%s must have one member: AttributeCondition, NotAttributeCondition, AndExpression or OrExpression", at)
}

func (a *RoutingAttribute) check(at string) error {
	level := func(name string, n looseNumber) error {
		if n < lowestLevel || n > highestLevel {
			return Refuse(InvalidParameter, "%s.%s must be %d to %d, got %v", at, name, lowestLevel, highestLevel, float64(n))
		}
		return nil
	}
	switch a.Operator {
	case CompareMatch:
		if a.Match == nil || len(a.Match.Agents.IDs) == 0 || len(a.Match.Agents.IDs) > maxNamedUsers {
			return Refuse(InvalidParameter, "%s.MatchCriteria.AgentsCriteria.AgentIds must have 1 to %d entries with the ComparisonOperator %s", at, maxNamedUsers, CompareMatch)
		}
		return nil
	case CompareAtLeast, CompareRange:
		if a.Name == "" || a.Value == "" {
			return Refuse(InvalidParameter, "%s.Name and %s.Value are required with the ComparisonOperator %s", at, at, a.Operator)
		}
	default:
		return Refuse(InvalidParameter, "%s.ComparisonOperator must be one of %s, %s, %s, got %d characters of something else", at, CompareAtLeast, CompareRange, CompareMatch, len([]rune(a.Operator)))
	}
	if a.Operator == CompareAtLeast {
		return level("ProficiencyLevel", a.Level)
	}
	if a.Range == nil {
		return Refuse(InvalidParameter, "%s.Range is required with the ComparisonOperator %s", at, CompareRange)
	}
	if err := level("Range.MinProficiencyLevel", a.Range.Min); err != nil {
		return err
	}
	if err := level("Range.MaxProficiencyLevel", a.Range.Max); err != nil {
		return err
	}
	if a.Range.Min > a.Range.Max {
		return Refuse(InvalidParameter, "%s.Range.MinProficiencyLevel must not be above MaxProficiencyLevel, got %v and %v", at, float64(a.Range.Min), float64(a.Range.Max))
	}
	return nil
}
