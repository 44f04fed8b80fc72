package main

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/wire"
	"github.com/parley-chat/parley/internal/wire/connect"
	"github.com/parley-chat/parley/internal/wire/participant"
)

// What the packages read of their texts is what the models say: each field is looked up in the model again by its name,
// and each member of the model is a field.
func TestConstraintsAreTheModels(t *testing.T) {
	of := map[string]map[string][]wire.Constraint{"connect": connect.Constraints(), "participant": participant.Constraints()}
	for _, s := range services {
		text, err := os.ReadFile(filepath.Join("..", s.modelFile()))
		if err != nil {
			t.Fatal(err)
		}
		m, err := parseModel(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.correct(); err != nil {
			t.Fatal(err)
		}
		all := of[s.Package]
		if len(all) != len(s.Operations) {
			t.Errorf("%s: there are constraints of %d operations, %d are served", s.Package, len(all), len(s.Operations))
		}
		for _, op := range s.Operations {
			w := modelWalk{t: t, m: m, op: op, rest: all[op]}
			input := m.Shapes.byName[m.Operations.byName[op].Input.Shape]
			for _, member := range input.members().names {
				r := input.Members.byName[member]
				w.top, w.location = r, map[string]wire.Location{"": wire.Body, "uri": wire.Path, "querystring": wire.Query, "header": wire.Header}[r.Location]
				w.field(member, input, member, r, nil)
			}
			if len(w.rest) > 0 {
				t.Errorf("%s: %d fields are in no place of the model, the first of them %s", op, len(w.rest), w.rest[0].Field)
			}
		}
	}
}

// modelWalk walks a request in the model's order and takes the constraint of each field off the rest.
type modelWalk struct {
	t        *testing.T
	m        *model
	op       string
	top      *ref // the member at the top
	location wire.Location
	rest     []wire.Constraint
}

func (w *modelWalk) field(path string, in *shape, member string, r *ref, around []*shape) {
	if len(w.rest) == 0 || w.rest[0].Field != path {
		w.t.Errorf("%s: %s of the model is not the next of %d fields", w.op, path, len(w.rest))
		return
	}
	c, s := w.rest[0], w.m.Shapes.byName[r.Shape]
	w.rest = w.rest[1:]
	want := wire.Constraint{
		Field: path, Location: w.location, Wire: w.top.LocationName, Type: s.Type, Pattern: s.Pattern, Enum: s.Enum,
		Key: member == "" && in.Key == r, Required: slices.Contains(in.Required, member), Min: number(w.t, s.Min), Max: number(w.t, s.Max),
		Beside: c.Beside, // not in the model
	}
	if !reflect.DeepEqual(c, want) {
		w.t.Errorf("%s: %s is read as %+v, the model has %+v", w.op, path, c, want)
	}
	if c.Beside != nil && (c.Required || c.Type != "string") {
		w.t.Errorf("%s: %s is taken with other values although it is required or no string", w.op, path)
	}
	switch {
	case s.Member != nil:
		w.field(path+"[0]", s, "", s.Member, around)
	case s.Key != nil:
		w.field(path+"[key]", s, "", s.Key, around)
		w.field(path+"[key]", s, "", s.Value, around)
	case !slices.Contains(around, s):
		for _, name := range s.members().names {
			below := s.Members.byName[name]
			w.field(path+"."+cmp.Or(below.LocationName, name), s, name, below, append(slices.Clone(around), s))
		}
	}
}

func number(t *testing.T, n *json.Number) *int64 {
	if n == nil {
		return nil
	}
	whole, err := json.Number(strings.TrimSuffix(n.String(), ".0")).Int64()
	if err != nil {
		t.Error(err)
	}
	return &whole
}

func TestConstraintsThatTheTextCannotHold(t *testing.T) {
	for _, c := range []struct{ thing, want string }{
		{`"Thing":{"type":"string","enum":["a\tb"]}`, `the constraints have no room for a tab or a line break: "a\tb"`},
		{`"Thing":{"type":"string","pattern":"a\n"}`, `the constraints have no room for a tab or a line break: "a\n"`},
		{`"Thing":{"type":"double","max":1.5}`, "shape Thing: the bound 1.5 is no whole number"},
	} {
		if _, err := emitSmall(t, []string{"Ask"}, c.thing); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.thing, err, c.want)
		}
	}
}
