package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// checks writes a function for each shape of the inputs that the model constrains.
func (e *emitter) checks() {
	for _, s := range sortedShapes(e.inputs) {
		if !e.checked[s.name] {
			continue
		}
		switch s.Type {
		case "structure":
			e.checkStructure(s)
		case "string":
			e.checkString(s)
		case "integer", "long":
			e.printf("func check%s(n int64) *wire.FieldError { return wire.CheckRange(n, %s, %s) }\n\n",
				e.goName(s.name), bound(s.Min, "math.MinInt64"), bound(s.Max, "math.MaxInt64"))
		case "float", "double":
			e.printf("func check%s(n float64) *wire.FieldError { return wire.CheckFloatRange(n, %s, %s) }\n\n",
				e.goName(s.name), bound(s.Min, "-math.MaxFloat64"), bound(s.Max, "math.MaxFloat64"))
		case "list":
			e.checkList(s)
		case "map":
			e.checkMap(s)
		default:
			e.refuse(s, "nothing checks a "+s.Type)
		}
	}
}

func bound(n *json.Number, none string) string {
	if n == nil {
		return none
	}
	return n.String()
}

func countBounds(s *shape) string { return bound(s.Min, "0") + ", " + bound(s.Max, "wire.NoLimit") }

func (e *emitter) checkStructure(s *shape) {
	e.printf("func (v *%s) check() *wire.FieldError {\n", e.goName(s.name))
	for _, member := range s.members().names {
		r := s.Members.byName[member]
		field := "v." + exported(member)
		if s.requires(member) {
			e.printf("if %s == nil {\nreturn wire.MissingField(%q)\n}\n", field, member)
		}
		if !e.checked[r.Shape] {
			continue
		}
		value := field
		if t := e.model.Shapes.byName[r.Shape]; t.Type != "structure" && !isCollection(t) {
			value = "*" + field
		}
		finding := "e"
		if e.model.Shapes.byName[r.Shape].Enum != nil {
			for _, also := range e.beside(s, member) {
				finding += fmt.Sprintf(".Beside(%q)", also)
			}
		}
		check := fmt.Sprintf("if e := %s; e != nil {\nreturn %s.In(%q)\n}\n", e.checkCall(r, value), finding, member)
		if s.requires(member) {
			e.printf("%s", check)
		} else {
			e.printf("if %s {\n%s}\n", e.unlessBeside(s, member, field), check)
		}
	}
	e.printf("return nil\n}\n\n")
}

func (e *emitter) checkCall(r *ref, value string) string {
	if e.model.Shapes.byName[r.Shape].Type == "structure" {
		return value + ".check()"
	}
	return "check" + e.goName(r.Shape) + "(" + value + ")"
}

func (e *emitter) checkString(s *shape) {
	name := e.goName(s.name)
	var calls []string
	if s.Max != nil || s.Min != nil {
		calls = append(calls, "wire.CheckLength(s, "+countBounds(s)+")")
	}
	if s.Pattern != "" {
		without, expr := e.translate(s)
		e.printf("var pattern%s = wire.NewMatcher(%q, %q, %q)\n\n", name, s.Pattern, without, expr)
		calls = append(calls, "pattern"+name+".Check(s)")
	}
	if s.Enum != nil {
		e.printf("var enum%s = %#v\n\n", name, s.Enum)
		calls = append(calls, "wire.CheckEnum(s, enum"+name+")")
	}
	e.printf("func check%s(s string) *wire.FieldError {\n", name)
	for _, call := range calls[:len(calls)-1] {
		e.printf("if e := %s; e != nil {\nreturn e\n}\n", call)
	}
	e.printf("return %s\n}\n\n", calls[len(calls)-1])
}

// numbered is a character by its number.
var numbered = regexp.MustCompile(`\\u([0-9A-F]{4})`)

var lookahead = regexp.MustCompile(`^\^\(\?!([a-zA-Z:-]+)\)`)

// translate puts a pattern into Go's regular expressions. A negative lookahead for fixed text at the beginning, the
// one kind that the models use, becomes a prefix to refuse; a pattern that Go cannot read otherwise is an error. Characters by
// their number are written otherwise in Go.
func (e *emitter) translate(s *shape) (without, expr string) {
	expr = numbered.ReplaceAllString(s.Pattern, `\x{$1}`)
	if m := lookahead.FindStringSubmatch(expr); m != nil {
		without = m[1]
		expr = "^" + strings.TrimPrefix(expr, m[0])
	}
	if _, err := regexp.Compile(expr); err != nil {
		e.refuse(s, err.Error())
	}
	return without, expr
}

func (e *emitter) checkList(s *shape) {
	e.printf("func check%s(list %s) *wire.FieldError {\n", e.goName(s.name), e.element(s.name))
	count := s.Min != nil || s.Max != nil
	if !e.checked[s.Member.Shape] {
		e.printf("return wire.CheckCount(len(list), %s)\n}\n\n", countBounds(s))
		return
	}
	if count {
		e.printf("if e := wire.CheckCount(len(list), %s); e != nil {\nreturn e\n}\n", countBounds(s))
	}
	e.printf("for i := range list {\nif e := %s; e != nil {\nreturn e.At(i)\n}\n}\nreturn nil\n}\n\n",
		e.checkCall(s.Member, "list[i]"))
}

func (e *emitter) checkMap(s *shape) {
	e.printf("func check%s(m %s) *wire.FieldError {\n", e.goName(s.name), e.element(s.name))
	if s.Min != nil || s.Max != nil {
		e.printf("if e := wire.CheckCount(len(m), %s); e != nil {\nreturn e\n}\n", countBounds(s))
	}
	e.printf("return wire.CheckMap(m, %s, %s)\n}\n\n", e.checkFunc(s.Key), e.checkFunc(s.Value))
}

// checkFunc is the check of a map's keys or values as a value.
func (e *emitter) checkFunc(r *ref) string {
	switch s := e.model.Shapes.byName[r.Shape]; {
	case !e.checked[s.name]:
		return "nil"
	case s.Type == "structure":
		return fmt.Sprintf("func(v %s) *wire.FieldError { return v.check() }", e.goName(s.name))
	default:
		return "check" + e.goName(s.name)
	}
}
