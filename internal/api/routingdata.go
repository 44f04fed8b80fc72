package api

import (
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

// updateContactRoutingData changes a contact's place in its queue, and the agents that it asks for. Without steps it asks for
// none from then on (inferred for criteria without the member Steps).
func updateContactRoutingData(c call, in *connect.UpdateContactRoutingDataInput) error {
	r := center.RoutingData{Priority: integer(in.QueuePriority), TimeAdjustment: integer(in.QueueTimeAdjustmentSeconds)}
	if asked := in.RoutingCriteria; asked != nil {
		r.Criteria = &center.RoutingCriteria{Steps: make([]center.RoutingStep, len(asked.Steps))}
		for i := range asked.Steps {
			seconds := 0
			if e := asked.Steps[i].Expiry; e != nil {
				seconds = int(value(e.DurationInSeconds))
			}
			r.Criteria.Steps[i] = center.NewRoutingStep(expressionAsked(asked.Steps[i].Expression), seconds)
		}
	}
	return c.Chats.SetRouting(c.ctx(), c.at, contactID(in.ContactId), r)
}

func integer(p *int64) *int {
	if p == nil {
		return nil
	}
	n := int(*p)
	return &n
}

// expressionAsked is the reverse of routingExpression.
func expressionAsked(e *connect.Expression) (out center.RoutingExpression) {
	if e == nil {
		return out
	}
	out.Attribute, out.Not = conditionAsked(e.AttributeCondition), conditionAsked(e.NotAttributeCondition)
	for i := range e.AndExpression {
		out.And = append(out.And, expressionAsked(&e.AndExpression[i]))
	}
	for i := range e.OrExpression {
		out.Or = append(out.Or, expressionAsked(&e.OrExpression[i]))
	}
	return out
}

// conditionAsked is the reverse of routingAttribute.
func conditionAsked(a *connect.AttributeCondition) *center.RoutingAttribute {
	if a == nil {
		return nil
	}
	c := center.Condition{Name: value(a.Name), Value: value(a.Value), Operator: value(a.ComparisonOperator), Level: value(a.ProficiencyLevel)}
	if r := a.Range; r != nil {
		c.Levels = center.NewLevelRange(value(r.MinProficiencyLevel), value(r.MaxProficiencyLevel))
	}
	if m := a.MatchCriteria; m != nil {
		c.Users = []string{}
		if m.AgentsCriteria != nil {
			c.Users = append(c.Users, m.AgentsCriteria.AgentIds...)
		}
	}
	return c.Attribute()
}
