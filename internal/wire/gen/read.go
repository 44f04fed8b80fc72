package main

import (
	"fmt"
	"slices"
)

// readers writes the Decode methods of inputs, and a function for each shape that bodies contain.
func (e *emitter) readers() {
	bodies := map[string]bool{}
	for _, op := range e.ops {
		s := e.inputs[op.Input.Shape]
		bodies[s.name] = true
		e.decode(op, s)
		if len(inBody(s)) > 0 {
			e.printf("func (v *%s) read(r *wire.Reader) {\nif !r.Object() {\nreturn\n}\n", e.goName(s.name))
			e.readMembers(s)
			e.printf("}\n\n")
		}
	}
	for _, s := range ofType(e.inBodies(), "structure", "list", "map") {
		if bodies[s.name] {
			continue
		}
		switch s.Type {
		case "structure":
			e.printf("func read%s(r *wire.Reader) *%[1]s {\nif !r.Object() {\nreturn nil\n}\nv := new(%[1]s)\n", e.goName(s.name))
			e.readMembers(s)
			e.printf("return v\n}\n\n")
		case "list":
			e.printf("func read%s(r *wire.Reader) %s {\nif !r.List() {\nreturn nil\n}\n", e.goName(s.name), e.element(s.name))
			e.printf("list := %s{}\nfor r.Element() {\n", e.element(s.name))
			e.readElement(s.Member, "list = append(list, %s)")
			e.printf("}\nreturn list\n}\n\n")
		case "map":
			e.printf("func read%s(r *wire.Reader) %s {\nif !r.Map() {\nreturn nil\n}\n", e.goName(s.name), e.element(s.name))
			e.printf("m := %s{}\nfor r.Member() {\n", e.element(s.name))
			e.readElement(s.Value, "m[r.Name()] = %s")
			e.printf("}\nreturn m\n}\n\n")
		}
	}
}

// inBodies are the shapes that requests' bodies contain.
func (e *emitter) inBodies() map[string]*shape {
	var roots []string
	for _, op := range e.ops {
		s := e.inputs[op.Input.Shape]
		for _, member := range inBody(s) {
			roots = append(roots, s.Members.byName[member].Shape)
		}
	}
	shapes, err := e.model.closure(roots)
	if err != nil {
		e.errs = append(e.errs, err)
	}
	return shapes
}

func (e *emitter) decode(op *operation, s *shape) {
	e.printf("// Decode implements wire.Input.\nfunc (v *%s) Decode(q *wire.Request) error {\n", e.goName(s.name))
	if len(inBody(s)) > 0 {
		e.printf("var r wire.Reader\nr.Reset(q.Body)\nv.read(&r)\nif err := r.End(); err != nil {\nreturn err\n}\n")
	}
	if len(located(s)) > 0 {
		e.printf("var e *wire.FieldError\n")
	}
	for _, member := range located(s) {
		e.printf("if v.%s, e = q.%s; e != nil {\nreturn e.In(%q)\n}\n", exported(member), e.take(op, s, member), member)
	}
	if e.checked[s.name] {
		e.printf("if e := v.check(); e != nil {\nreturn e\n}\n")
	}
	e.printf("return nil\n}\n\n")
}

// take is the call that takes a member from the path, query or headers.
func (e *emitter) take(op *operation, s *shape, member string) string {
	r := s.Members.byName[member]
	target := e.model.Shapes.byName[r.Shape]
	switch kind := r.Location + " " + target.Type; kind {
	case "uri string":
		if i := slices.Index(pathArguments(op), r.LocationName); i >= 0 {
			return fmt.Sprintf("PathString(%d)", i)
		}
		e.refuse(s, "the path has no argument "+r.LocationName)
	case "uri integer", "uri long":
		if i := slices.Index(pathArguments(op), r.LocationName); i >= 0 {
			bits := map[string]int{"integer": 32, "long": 64}[target.Type]
			return fmt.Sprintf("PathInt(%d, %d)", i, bits)
		}
		e.refuse(s, "the path has no argument "+r.LocationName)
	case "header string":
		return fmt.Sprintf("HeaderString(%q)", r.LocationName)
	case "querystring string":
		return fmt.Sprintf("QueryString(%q)", r.LocationName)
	case "querystring integer":
		return fmt.Sprintf("QueryInt32(%q)", r.LocationName)
	case "querystring list":
		if e.model.Shapes.byName[target.Member.Shape].Type == "string" {
			return fmt.Sprintf("QueryStrings(%q)", r.LocationName)
		}
		e.refuse(target, "a list in the query that is not of strings")
	default:
		e.refuse(target, "nothing reads a "+kind)
	}
	return "unread"
}

func (e *emitter) readMembers(s *shape) {
	e.printf("for r.Member() {\nswitch r.Name() {\n")
	for _, member := range inBody(s) {
		r := s.Members.byName[member]
		e.printf("case %q:\nv.%s = %s\n", wireName(member, r), exported(member), e.readCall(r))
	}
	e.printf("default:\nr.Skip()\n}\n}\n")
}

// readCall is the expression that reads a value as a member, nil when it is null.
func (e *emitter) readCall(r *ref) string {
	s := e.model.Shapes.byName[r.Shape]
	switch s.Type {
	case "string":
		return "r.String()"
	case "boolean":
		return "r.Bool()"
	case "integer":
		return "r.Int32()"
	case "long":
		return "r.Int64()"
	case "float", "double":
		return "r.Float()"
	case "timestamp":
		return "r.Time()"
	case "structure", "list", "map":
		return "read" + e.goName(s.name) + "(r)"
	default:
		e.refuse(s, "nothing reads a "+s.Type+" from a body")
		return "unread"
	}
}

// readElement reads an element of a list or map, where null has no place.
func (e *emitter) readElement(r *ref, store string) {
	switch s := e.model.Shapes.byName[r.Shape]; {
	case s.Type == "string":
		e.printf("if value, ok := r.Text(); ok {\n"+store+"\n", "value")
	case isCollection(s):
		e.printf("if value := %s; value != nil {\n"+store+"\n", e.readCall(r), "value")
	default:
		e.printf("if value := %s; value != nil {\n"+store+"\n", e.readCall(r), "*value")
	}
	e.printf("} else {\nr.NullElement()\n}\n")
}
