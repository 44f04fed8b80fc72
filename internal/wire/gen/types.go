package main

import (
	"fmt"
	"maps"
	"strings"
)

// types writes the structures, and the methods that keep their values out of logs.
func (e *emitter) types() {
	all := maps.Clone(e.inputs)
	maps.Copy(all, e.outputs)
	titles := map[string]string{}
	for _, op := range e.ops {
		titles[op.Input.Shape] = "the request of " + op.Name
		if op.Output != nil {
			titles[op.Output.Shape] = "the answer of " + op.Name
		}
	}
	for _, s := range ofType(all, "structure") {
		e.structure(s, titles[s.name])
	}
	for _, op := range e.ops {
		if op.Output == nil {
			e.printf("// %sOutput is the answer of %[1]s, which has no members.\ntype %[1]sOutput struct{}\n\n", op.Name)
		}
	}
}

func (e *emitter) structure(s *shape, title string) {
	name := e.goName(s.name)
	switch {
	case title == "" && s.Error != nil:
		title = "the body of the error " + s.name
	case title == "" && s.Union:
		title = "a part of a request or answer; at most one of its members is set"
	case title == "":
		title = "a part of a request or answer"
	}
	e.printf("// %s is %s.\ntype %[1]s struct {\n", name, title)
	for _, member := range s.members().names {
		r := s.Members.byName[member]
		e.printf("%s %s", exported(member), e.field(r.Shape))
		if note := e.note(s, member); note != "" {
			e.printf(" // %s", note)
		}
		e.printf("\n")
	}
	e.printf("}\n\n")
	e.printf("// String names the members that are set; values stay out of logs.\n")
	e.printf("func (v %s) String() string { return wire.SetMembers(v) }\n\n", name)
	e.printf("// GoString is String, for %%#v.\n")
	e.printf("func (v %s) GoString() string { return wire.SetMembers(v) }\n\n", name)
	e.printf("// LogValue is String, for slog.\n")
	e.printf("func (v %s) LogValue() slog.Value { return slog.StringValue(wire.SetMembers(v)) }\n\n", name)
}

// note says in a few words what the model demands of a member.
func (e *emitter) note(s *shape, member string) string {
	r := s.Members.byName[member]
	target := e.model.Shapes.byName[r.Shape]
	var notes []string
	if s.requires(member) {
		notes = append(notes, "required")
	}
	switch r.Location {
	case "uri":
		notes = append(notes, "in the path")
	case "querystring":
		notes = append(notes, "query "+r.LocationName)
	case "header":
		notes = append(notes, "header "+r.LocationName)
	}
	if limits := limits(target); limits != "" {
		notes = append(notes, limits)
	}
	if target.Enum != nil {
		notes = append(notes, "one of "+strings.Join(target.Enum, ", "))
	}
	if target.Sensitive {
		notes = append(notes, "sensitive")
	}
	return strings.Join(notes, "; ")
}

func limits(s *shape) string {
	unit := map[string]string{"string": " characters", "list": " elements", "map": " entries"}[s.Type]
	switch {
	case s.Min != nil && s.Max != nil:
		return fmt.Sprintf("%s to %s%s", *s.Min, *s.Max, unit)
	case s.Max != nil:
		return fmt.Sprintf("at most %s%s", *s.Max, unit)
	case s.Min != nil && *s.Min != "0":
		return fmt.Sprintf("at least %s%s", *s.Min, unit)
	default:
		return ""
	}
}
