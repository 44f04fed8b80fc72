package routing

import (
	"slices"
	"strconv"

	"github.com/parley-chat/parley/internal/center"
)

// need is an expression of a routing step. Contacts of equal expressions share it.
type need struct {
	key        string
	number     int // by which agents know whether it holds for them
	expression *center.RoutingExpression
	// only are the agents who come into question, when the expression names them; open says that it does not.
	only []center.UserID
	open bool
	used int // contacts whose step it is
}

func newNeed(key string, number int, e *center.RoutingExpression) *need {
	only, bounded := named(e)
	return &need{key: key, number: number, expression: e, only: only, open: !bounded}
}

// fits are what is known of an agent: of which needs, by number, and which of those hold for it.
type fits struct{ known, held []uint64 }

// look is what is known of a need, by its number.
func (f *fits) look(number int) (known, held bool) {
	i, bit := number/64, uint64(1)<<(number%64)
	if i >= len(f.known) {
		return false, false
	}
	return f.known[i]&bit != 0, f.held[i]&bit != 0
}

// note makes it known whether a need holds.
func (f *fits) note(number int, held bool) {
	i, bit := number/64, uint64(1)<<(number%64)
	if missing := i + 1 - len(f.known); missing > 0 {
		more := make([]uint64, missing)
		f.known, f.held = append(f.known, more...), append(f.held, more...)
	}
	f.known[i] |= bit
	if held {
		f.held[i] |= bit
	}
}

// forget drops what is known of a need.
func (f *fits) forget(number int) {
	if i, bit := number/64, uint64(1)<<(number%64); i < len(f.known) {
		f.known[i] &^= bit
		f.held[i] &^= bit
	}
}

// holds evaluates an expression for an agent.
func holds(e *center.RoutingExpression, a *Agent) bool {
	switch {
	case e.Attribute != nil:
		return has(a, e.Attribute)
	case e.Not != nil:
		return !has(a, e.Not)
	case len(e.And) > 0:
		for i := range e.And {
			if !holds(&e.And[i], a) {
				return false
			}
		}
		return true
	}
	for i := range e.Or {
		if holds(&e.Or[i], a) {
			return true
		}
	}
	return false
}

// has says whether an agent meets a condition. A condition without a ComparisonOperator is of the kind that its other members
// say (inferred); one with an unknown operator is met by no agent.
func has(a *Agent, c *center.RoutingAttribute) bool {
	operator := c.Operator
	if operator == "" {
		switch {
		case c.Match != nil:
			operator = center.CompareMatch
		case c.Range != nil:
			operator = center.CompareRange
		default:
			operator = center.CompareAtLeast
		}
	}
	level := func(within func(float64) bool) bool {
		return slices.ContainsFunc(a.Proficiencies, func(p center.Proficiency) bool {
			return p.Attribute == string(c.Name) && p.Value == string(c.Value) && within(p.Level)
		})
	}
	switch operator {
	case center.CompareMatch:
		return c.Match != nil && slices.ContainsFunc(c.Match.Agents.IDs, func(id string) bool { return userID(id) == a.ID })
	case center.CompareAtLeast:
		return level(func(l float64) bool { return l >= float64(c.Level) })
	case center.CompareRange:
		return c.Range != nil && level(func(l float64) bool {
			return l >= float64(c.Range.Min) && (c.Range.Max == 0 || l <= float64(c.Range.Max))
		})
	}
	return false
}

// userID reads a user's id, which may be an ARN.
func userID(s string) center.UserID { return center.UserID(center.ResourceID(s, "agent")) }

// meets says whether the agent has what the contacts of an open group need.
func (a *worker) meets(g openGroup) bool {
	if g.number == anyAgent {
		return true
	}
	known, held := a.fits.look(g.number)
	if !known {
		held = holds(g.need.expression, &a.Agent)
		a.fits.note(g.number, held)
	}
	return held
}

// named are the agents that an expression can hold for, when it names them. It need not hold for all of them.
func named(e *center.RoutingExpression) (ids []center.UserID, bounded bool) {
	switch {
	case e.Attribute != nil && e.Attribute.Match != nil && (e.Attribute.Operator == "" || e.Attribute.Operator == center.CompareMatch):
		for _, id := range e.Attribute.Match.Agents.IDs {
			ids = append(ids, userID(id))
		}
		return distinct(ids), true
	case len(e.And) > 0:
		for i := range e.And {
			if of, ok := named(&e.And[i]); ok && (!bounded || len(of) < len(ids)) {
				ids, bounded = of, true
			}
		}
		return ids, bounded
	case len(e.Or) > 0:
		for i := range e.Or {
			of, ok := named(&e.Or[i])
			if !ok {
				return nil, false
			}
			ids = append(ids, of...)
		}
		return distinct(ids), true
	}
	return nil, false
}

func distinct(ids []center.UserID) []center.UserID {
	slices.Sort(ids)
	return slices.Compact(ids)
}

// appendKey writes an expression so that equal ones are equal texts.
func appendKey(b []byte, e *center.RoutingExpression) []byte {
	switch {
	case e.Attribute != nil:
		return appendCondition(append(b, 'a'), e.Attribute)
	case e.Not != nil:
		return appendCondition(append(b, 'n'), e.Not)
	}
	list, b := e.Or, append(b, '|')
	if len(e.And) > 0 {
		list, b[len(b)-1] = e.And, '&'
	}
	b = append(b, '(')
	for i := range list {
		b = appendKey(b, &list[i])
	}
	return append(b, ')')
}

func appendCondition(b []byte, c *center.RoutingAttribute) []byte {
	number := func(f float64) { b = strconv.AppendFloat(append(b, ' '), f, 'g', -1, 64) }
	for _, s := range []string{string(c.Name), string(c.Value), c.Operator} {
		b = strconv.AppendQuote(b, s)
	}
	number(float64(c.Level))
	if c.Range != nil {
		b = append(b, 'r')
		number(float64(c.Range.Min))
		number(float64(c.Range.Max))
	}
	if c.Match != nil {
		b = append(b, 'm')
		for _, id := range c.Match.Agents.IDs {
			b = strconv.AppendQuote(b, id)
		}
	}
	return append(b, ';')
}
