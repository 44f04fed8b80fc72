package main

import (
	"net/http"
	"slices"
	"strings"
)

// tables writes the operations, the errors and the operations that are known by name only.
func (e *emitter) tables() {
	e.printf("// Errors that the API model declares.\nvar (\n")
	for _, s := range e.errorShapes() {
		if s.Error == nil || s.Error.Status == 0 {
			e.refuse(s, "an error without a status")
			continue
		}
		e.printf("%s = wire.ErrorShape{Code: %[1]q, Status: %d}\n", s.name, s.Error.Status)
	}
	e.printf(")\n\n// Ops are the served operations, by name.\nvar Ops = []wire.Op{\n")
	for _, op := range e.ops {
		e.op(op)
	}
	e.printf("}\n\n// Others are the model's other operations, by name.\nvar Others = []wire.Route{\n")
	for _, name := range slices.Sorted(slices.Values(e.model.Operations.names)) {
		if op := e.model.Operations.byName[name]; !slices.Contains(e.Operations, name) {
			e.printf("{Service: %q, Name: %q, Method: %q, Path: %q},\n", e.Package, name, op.HTTP.Method, op.HTTP.URI)
		}
	}
	e.printf("}\n")
}

func (e *emitter) op(op *operation) {
	status := op.HTTP.Status
	if status == 0 {
		status = http.StatusOK
	}
	e.printf("{\nService: %q, Name: %q, Method: %q, Path: %q, Status: %d, Auth: wire.%s,\n",
		e.Package, op.Name, op.HTTP.Method, op.HTTP.URI, status, e.auth(op))
	e.printf("Errors: []wire.ErrorShape{")
	for _, r := range op.Errors {
		e.printf("%s, ", r.Shape)
	}
	e.printf("},\n")
	if slices.Contains(e.model.Paginated, op.Name) {
		e.printf("Paginated: true,\n")
	}
	e.printf("NewInput: func() wire.Input { return new(%sInput) },\n},\n", op.Name)
}

// auth follows from the request: what carries the bearer's token needs no signature, whatever the model says of the
// service ("the Amazon Connect Participant Service APIs do not use Signature Version 4 authentication", Amazon Connect
// Participant Service API Reference).
func (e *emitter) auth(op *operation) string {
	for _, r := range e.inputs[op.Input.Shape].members().byName {
		if r.Location == "header" && strings.EqualFold(r.LocationName, "X-Amz-Bearer") {
			return "Bearer"
		}
	}
	return "SigV4"
}
