package flow

import (
	"strconv"
	"strings"
)

// operators are the comparisons of the flow language, each from the value of
// an action's result and the condition's operand. They are case-sensitive.
// KeyExists is not documented but answered by the service.
var operators = map[string]operator{
	"Equals":                 func(v, o string) bool { return v == o },
	"TextStartsWith":         strings.HasPrefix,
	"TextEndsWith":           strings.HasSuffix,
	"TextContains":           strings.Contains,
	"NumberGreaterThan":      numbers(func(v, o float64) bool { return v > o }),
	"NumberGreaterOrEqualTo": numbers(func(v, o float64) bool { return v >= o }),
	"NumberLessThan":         numbers(func(v, o float64) bool { return v < o }),
	"NumberLessOrEqualTo":    numbers(func(v, o float64) bool { return v <= o }),
	keyExists:                func(string, string) bool { return false },
}

const keyExists = "KeyExists"

type operator func(value, operand string) bool

// numbers compares as numbers; with anything else on either side it is false.
func numbers(compare func(v, o float64) bool) operator {
	return func(value, operand string) bool {
		v, ok := number(value)
		if !ok {
			return false
		}
		o, ok := number(operand)
		return ok && compare(v, o)
	}
}

// number reads a decimal number. Go's own reader takes more: "inf", "0x1", "1_0".
func number(s string) (float64, bool) {
	for i := range len(s) {
		if !strings.ContainsRune("0123456789+-.eE", rune(s[i])) {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// condition is one entry of Transitions.Conditions.
type condition struct {
	name     string // operator as written
	operands []node
	target   target

	holds   operator // nil when the operator is unknown
	operand dynamic
	null    bool // Equals "NULL": holds for a missing value
}

func newCondition(name string, operands []node, next string) condition {
	c := condition{name: name, operands: operands, target: target{id: next}, holds: operators[name]}
	if len(operands) > 0 {
		c.operand = newDynamic(&operands[0])
	}
	c.null = name == "Equals" && c.operand.static() == "NULL"
	return c
}

// value is the result of an action: a string, or nothing where a reference led
// to nothing.
type value struct {
	text    string
	missing bool
	ref     *reference // where it came from, when it came from a reference
}

// match says whether the condition holds for an action's result.
//
// A missing value matches nothing but Equals "NULL", which is how the service's
// own sample disconnect flow asks whether an agent was there (inferred from
// that sample). An operand that is missing or empty matches nothing.
func (c *condition) match(s *State, v value) bool {
	if c.holds == nil {
		return false
	}
	operand, ok := c.operand.resolve(s)
	if !ok {
		return false
	}
	if c.name == keyExists {
		return v.ref != nil && v.ref.has(s, operand)
	}
	if v.missing {
		return c.null
	}
	return c.holds(v.text, operand)
}

// label names the condition: its operator and operand, as written.
func (c *condition) label() string {
	if c.operand.ref != nil {
		operand, _ := c.operands[0].scalar()
		return c.name + " " + operand
	}
	return c.name + " " + c.operand.static()
}

func (c *condition) print(b *strings.Builder) {
	b.WriteString(`{"NextAction":`)
	quote(b, c.target.id)
	b.WriteString(`,"Condition":{"Operator":`)
	quote(b, c.name)
	b.WriteString(`,"Operands":[`)
	for i := range c.operands {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(compact(c.operands[i].raw))
	}
	b.WriteString(`]}}`)
}
