package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// constraints writes the text of all that the model says about each field of each request. It is a text beside the package's code, since
// a literal in Go of some thousand structures costs the compiler seconds. wire.ReadConstraints has the format.
func (e *emitter) constraints() {
	for _, op := range e.ops {
		e.printf("%s\n", op.Name)
		s := e.inputs[op.Input.Shape]
		for _, member := range s.members().names {
			r := s.Members.byName[member]
			at := place{path: member, required: s.requires(member), beside: e.beside(s, member), location: r.Location, name: r.LocationName}
			e.describe(r, at)
		}
	}
}

// place is where a field of a request is.
type place struct {
	path     string
	key      bool
	required bool
	beside   []string
	location string
	name     string
	around   map[string]bool // the structures it is in; one that contains itself is described once
}

func (p place) below(step string) place {
	return place{path: p.path + step, location: p.location, name: p.name, around: p.around}
}

func (e *emitter) describe(r *ref, at place) {
	s := e.model.Shapes.byName[r.Shape]
	e.text("\t%s\t%s", at.path, s.Type)
	if at.name != "" {
		e.text("\t%s=%s", map[string]string{"": "body", "uri": "path", "querystring": "query", "header": "header"}[at.location], at.name)
	}
	if at.key {
		e.text("\tkey")
	}
	if at.required {
		e.text("\trequired")
	}
	for _, value := range at.beside {
		e.text("\tbeside=%s", value)
	}
	for _, bound := range []struct {
		name string
		n    *json.Number
	}{{"min", s.Min}, {"max", s.Max}} {
		if bound.n != nil {
			e.text("\t%s=%d", bound.name, e.whole(s, *bound.n))
		}
	}
	if s.Pattern != "" {
		e.text("\tpattern=%s", s.Pattern)
	}
	for _, value := range s.Enum {
		e.text("\tenum=%s", value)
	}
	e.printf("\n")
	switch s.Type {
	case "list":
		e.describe(s.Member, at.below("[0]"))
	case "map":
		key := at.below("[key]")
		key.key = true
		e.describe(s.Key, key)
		e.describe(s.Value, at.below("[key]"))
	case "structure":
		e.describeMembers(s, at)
	}
}

func (e *emitter) describeMembers(s *shape, at place) {
	if at.around[s.name] {
		return
	}
	around := map[string]bool{s.name: true}
	maps.Copy(around, at.around)
	for _, member := range s.members().names {
		r := s.Members.byName[member]
		below := at.below("." + cmp.Or(r.LocationName, member))
		below.required = slices.Contains(s.Required, member)
		below.beside = e.beside(s, member)
		below.around = around
		e.describe(r, below)
	}
}

// text writes a part of a line: a tab and a fact. A fact has no tabs or line breaks itself.
func (e *emitter) text(format string, args ...any) {
	for _, arg := range args {
		if s := fmt.Sprint(arg); strings.ContainsAny(s, "\t\r\n") {
			e.errs = append(e.errs, fmt.Errorf("the constraints have no room for a tab or a line break: %q", s))
		}
	}
	e.printf(format, args...)
}

// whole is a bound as a whole number; the model writes some as 1.0.
func (e *emitter) whole(s *shape, bound json.Number) int64 {
	n, err := strconv.ParseInt(strings.TrimSuffix(bound.String(), ".0"), 10, 64)
	if err != nil {
		e.refuse(s, "the bound "+bound.String()+" is no whole number")
	}
	return n
}
