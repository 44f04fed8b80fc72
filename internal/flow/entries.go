package flow

import (
	"slices"
	"strconv"
	"strings"
)

// entry is what a parameter, or a member of one, must be in a published document. A whole reference may stand for any of
// them: what it leads to is known when the flow runs.
type entry struct {
	name   string // "*": each member, whatever its name
	is     shape
	needed bool     // of the members of an object and of a list's elements; parameters have actionType.required
	of     []entry  // members of the object, or of each element of the list that is one
	only   bool     // an object has no others
	most   int      // members or elements, 0 for any number
	values []string // the literals that it may be, in upper or lower case; nil for any
}

type shape int

const (
	anything shape = iota
	aValue         // a text, number or boolean
	anObject
	aList
	aTable // an object or a list
)

// fits says whether a value has the shape.
func (s shape) fits(n *node) bool {
	isObject, isList := n.kind == '{', n.kind == '['
	switch s {
	case aValue:
		return !isObject && !isList
	case anObject:
		return isObject
	case aList:
		return isList
	case aTable:
		return isObject || isList
	}
	return true
}

// entries reports what is wrong with the members of an object at a path.
func (c *checker) entries(all []entry, in *node, path string) {
	for _, m := range all {
		if m.name == "*" {
			for i, name := range in.names {
				c.entry(&m, &in.kids[i], path+"."+name)
			}
			continue
		}
		n, at := in.get(m.name), path+"."+m.name
		switch {
		case n.kind != 0 && n.kind != 'n':
			c.entry(&m, n, at)
		case m.needed:
			c.missing(c.path(at))
		}
	}
}

// entry reports what is wrong with a value. An empty text is reported already.
func (c *checker) entry(m *entry, n *node, path string) {
	text, isText := n.scalar()
	switch {
	case n.kind == '"' && (text == "" || wholeReference(text) != nil):
		return
	case !m.is.fits(n), m.most > 0 && len(n.kids) > m.most, m.is == aList && len(n.kids) == 0:
		c.badValue(c.path(path))
		return
	case isText && m.values != nil && !newText(text).dynamic() && !slices.ContainsFunc(m.values, func(v string) bool { return strings.EqualFold(v, text) }):
		c.badValue(c.path(path))
		return
	}
	switch n.kind {
	case '{':
		if m.only {
			c.others(m.of, n, path)
		}
		c.entries(m.of, n, path)
	case '[':
		for i := range n.kids {
			if n.kids[i].kind == '{' {
				c.entries(m.of, &n.kids[i], path+"["+strconv.Itoa(i)+"]")
			}
		}
	}
}

// others reports members that an object may not have.
func (c *checker) others(all []entry, in *node, path string) {
	for _, name := range in.names {
		if !slices.ContainsFunc(all, func(m entry) bool { return m.name == name }) {
			c.report("Invalid Action property name. Path: "+c.path(path+"."+name), c.path(path+"."+name))
		}
	}
}
