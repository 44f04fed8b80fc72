package main

import (
	"fmt"
	"maps"
)

// appenders writes the AppendJSON methods of all structures, and a function for each list and map.
func (e *emitter) appenders() {
	all := e.inBodies()
	for _, op := range e.ops {
		all[op.Input.Shape] = e.inputs[op.Input.Shape]
	}
	maps.Copy(all, e.outputs)
	for _, s := range ofType(all, "structure", "list", "map") {
		switch s.Type {
		case "structure":
			e.appendStructure(s)
		case "list":
			e.printf("func append%s(dst []byte, list %s) []byte {\ndst = append(dst, '[')\n", e.goName(s.name), e.element(s.name))
			e.printf("for i := range list {\n%s\ndst = append(dst, ',')\n}\n", e.appendValue(s.Member, "list[i]"))
			e.printf("return wire.Close(dst, ']')\n}\n\n")
		case "map":
			e.printf("func append%s(dst []byte, m %s) []byte {\ndst = append(dst, '{')\n", e.goName(s.name), e.element(s.name))
			e.printf("for _, key := range wire.SortedKeys(m) {\ndst = append(wire.AppendString(dst, key), ':')\n")
			e.printf("value := m[key]\n%s\ndst = append(dst, ',')\n}\n", e.appendValue(s.Value, "value"))
			e.printf("return wire.Close(dst, '}')\n}\n\n")
		}
	}
	for _, op := range e.ops {
		if op.Output == nil {
			e.printf("// AppendJSON implements wire.Output.\n")
			e.printf("func (v *%sOutput) AppendJSON(dst []byte) []byte { return append(dst, \"{}\"...) }\n\n", op.Name)
		}
	}
}

// nulls are the members that are written as null when they are not set: figures that cannot be said ("Metric value is null:
// The calculation cannot be performed due to divide by zero or insufficient data"), and what GetMetricData's example in the
// API reference shows as null.
var nulls = map[string]bool{
	"CurrentMetricData.Value": true, "HistoricalMetricData.Value": true, "MetricDataV2.Value": true, "HistoricalMetric.Threshold": true,
}

func (e *emitter) appendStructure(s *shape) {
	e.printf("// AppendJSON appends the members that are set.\n")
	e.printf("func (v *%s) AppendJSON(dst []byte) []byte {\n", e.goName(s.name))
	members := inBody(s)
	if len(members) == 0 {
		e.printf("return append(dst, \"{}\"...)\n}\n\n")
		return
	}
	e.printf("dst = append(dst, '{')\n")
	for _, member := range members {
		r := s.Members.byName[member]
		field := "v." + exported(member)
		value := field
		if t := e.model.Shapes.byName[r.Shape].Type; t != "structure" && t != "list" && t != "map" {
			value = "*" + field
		}
		e.printf("if %s != nil {\ndst = append(dst, `%q:`...)\n%s\ndst = append(dst, ',')\n}",
			field, wireName(member, r), e.appendValue(r, value))
		if nulls[s.name+"."+member] {
			e.printf(" else {\ndst = append(dst, `%q:null,`...)\n}", wireName(member, r))
		}
		e.printf("\n")
	}
	e.printf("return wire.Close(dst, '}')\n}\n\n")
}

// appendValue is the statement that appends a value.
func (e *emitter) appendValue(r *ref, value string) string {
	s := e.model.Shapes.byName[r.Shape]
	function := ""
	switch s.Type {
	case "structure":
		return fmt.Sprintf("dst = %s.AppendJSON(dst)", value)
	case "list", "map":
		function = "append" + e.goName(s.name)
	case "string":
		function = "wire.AppendString"
	case "integer", "long":
		function = "wire.AppendInt"
	case "float", "double":
		function = "wire.AppendFloat"
	case "boolean":
		function = "wire.AppendBool"
	case "timestamp":
		function = "wire.AppendTime"
	default:
		e.refuse(s, "nothing appends a "+s.Type)
	}
	return fmt.Sprintf("dst = %s(dst, %s)", function, value)
}
