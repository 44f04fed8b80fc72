package wiretest

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/wire"
)

// maker gathers the cases of one operation.
type maker struct {
	op     wire.Op
	fields []*field
	cases  []Case
}

func (m *maker) add(f *field, what string, e edit, c Case) {
	e.at = f
	c.Name = f.Field + " " + what
	if f.Key {
		c.Name = f.Field + " key " + what
	}
	c.Request = newRequest(m.op, m.fields, e)
	m.cases = append(m.cases, c)
}

func (m *maker) fine(f *field, what string, value any) {
	m.add(f, what, edit{value: value}, Case{})
}

func (m *maker) bad(f *field, what string, value any, rule wire.Rule) {
	m.add(f, what, edit{value: value}, Case{Want: &wire.FieldError{Field: f.Field, Rule: rule}})
}

func (m *maker) try(f *field) {
	m.tryAbsence(f)
	m.tryType(f)
	switch f.Type {
	case "string":
		m.tryString(f)
	case "integer", "long", "float", "double":
		m.tryNumber(f)
	case "list":
		m.tryCount(f, func(n int) any { return f.elements(n, edit{}) })
	case "map":
		m.tryCount(f, func(n int) any { return f.entries(n, edit{}) })
	}
	if f.key != nil {
		m.tryKey(f.key)
	}
	for _, b := range f.below {
		m.try(b)
	}
}

// tryAbsence leaves the field out, and sends null for it. A path always has its arguments.
func (m *maker) tryAbsence(f *field) {
	element := strings.HasPrefix(f.name, "[")
	if f.Required && f.Location != wire.Path {
		m.add(f, "missing", edit{missing: true}, Case{Want: &wire.FieldError{Field: f.Field, Rule: wire.Missing}})
	}
	switch {
	case f.Location != wire.Body:
	case element:
		m.bad(f, "null", nil, wire.Null)
	case f.Required:
		m.bad(f, "null", nil, wire.Missing)
	default:
		m.fine(f, "null", nil)
	}
}

func (m *maker) tryType(f *field) {
	switch {
	case f.Location == wire.Body && f.Type == "string":
		m.add(f, "wrong type", edit{value: 7}, Case{WantSyntax: true, WantField: f.Field})
	case f.Location == wire.Body:
		m.add(f, "wrong type", edit{value: "text"}, Case{WantSyntax: true, WantField: f.Field})
	case f.Type == "integer" || f.Type == "long":
		m.bad(f, "wrong type", "text", wire.Type)
	}
}

func (m *maker) tryString(f *field) {
	for _, taken := range f.Beside {
		m.fine(f, "as "+strconv.Quote(taken), taken)
	}
	if f.Enum != nil {
		for _, allowed := range f.Enum {
			m.fine(f, "as "+allowed, allowed)
		}
		m.bad(f, "outside the enumeration", "NOT_ONE_OF_THEM", wire.Enum)
		return
	}
	// An empty header is an absent one, and a router has no route for an empty argument of a path.
	switch {
	case slices.Contains(f.Beside, ""):
	case f.Min != nil && *f.Min > 0 && (*f.Min > 1 || f.Location == wire.Body):
		m.bad(f, "one under", strings.Repeat("a", int(*f.Min)-1), wire.TooShort)
	}
	if f.Min != nil && *f.Min > 0 {
		m.fine(f, "at the least", f.sample(int(*f.Min)))
	}
	if f.Max != nil {
		m.fine(f, "at the most", f.sample(int(*f.Max)))
		m.bad(f, "one over", strings.Repeat("a", int(*f.Max)+1), wire.TooLong)
	}
	if f.Pattern != "" && !refusesNothing[f.Pattern] {
		m.bad(f, "off the pattern", f.mismatch(), wire.Pattern)
	}
}

// refusesNothing are patterns of the API model that every string matches.
var refusesNothing = map[string]bool{`^[\W\S_]*`: true, `.*`: true}

// mismatch is a string of a valid length that the pattern refuses.
func (f *field) mismatch() string {
	for _, s := range []string{"aws:a", "d-a", strings.Repeat("!", f.shortest()), strings.Repeat(" ", f.shortest()), strings.Repeat("\x01", f.shortest())} {
		if len(s) >= f.shortest() && !f.matches(s) {
			return s
		}
	}
	panic("wiretest: no sample for " + f.Field + " is off " + f.Pattern)
}

func (m *maker) tryNumber(f *field) {
	if f.Min != nil {
		m.fine(f, "at the least", *f.Min)
		m.bad(f, "one under", *f.Min-1, wire.TooSmall)
	}
	if f.Max != nil {
		m.fine(f, "at the most", *f.Max)
		if *f.Max < math.MaxInt64 {
			m.bad(f, "one over", *f.Max+1, wire.TooLarge)
		}
	}
}

// tryCount tries a list's or map's bounds. An empty list in a query is an absent one.
func (m *maker) tryCount(f *field, of func(n int) any) {
	if n := f.fewest(); n > 0 {
		m.fine(f, "at the least", of(n))
		if n > 1 || f.Location == wire.Body {
			m.bad(f, "one under", of(n-1), wire.TooFew)
		}
	} else if f.Location == wire.Body {
		m.fine(f, "empty", of(0))
	}
	if f.Max != nil {
		m.fine(f, "at the most", of(int(*f.Max)))
		m.bad(f, "one over", of(int(*f.Max)+1), wire.TooMany)
	}
}

func (m *maker) tryKey(f *field) {
	try := func(what, key string, rule wire.Rule, bad bool) {
		c := Case{}
		if bad {
			around, _ := split(f.Field)
			c.Want = new(wire.FieldError{Rule: rule, Key: true}).Under(key).In(around)
		}
		m.add(f, what, edit{keys: key}, c)
	}
	if f.Min != nil && *f.Min > 0 {
		try("one under", strings.Repeat("a", int(*f.Min)-1), wire.TooShort, true)
		try("at the least", f.sample(int(*f.Min)), 0, false)
	}
	if f.Max != nil {
		try("at the most", f.sample(int(*f.Max)), 0, false)
		try("one over", strings.Repeat("a", int(*f.Max)+1), wire.TooLong, true)
	}
	if f.Pattern != "" && !refusesNothing[f.Pattern] {
		try("off the pattern", f.mismatch(), wire.Pattern, true)
	}
}
