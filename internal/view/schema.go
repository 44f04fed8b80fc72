package view

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// schema is the part of JSON Schema that input schemas use.
type schema struct {
	Type       string             `json:"type"`
	Properties map[string]*schema `json:"properties"`
	Required   []string           `json:"required"`
	Items      *schema            `json:"items"`
	Enum       []any              `json:"enum"`
	AnyOf      []*schema          `json:"anyOf"`
}

// Check says what is wrong with data, a JSON object, as the view's input.
//
// Flows fill data with references, and their editors store structured values
// as texts. So a text that holds JSON counts as what it holds, and below the
// first level a null is fine anywhere: a reference that led to nothing leaves
// an empty field, not a view that cannot be shown (inferred).
func (c Content) Check(data []byte) []string {
	var s schema
	if err := json.Unmarshal([]byte(c.InputSchema), &s); err != nil {
		return []string{"the view's InputSchema is not one: " + err.Error()}
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return []string{"the input is not valid JSON"}
	}
	object, ok := v.(map[string]any)
	if !ok {
		return []string{"the input must be a JSON object"}
	}
	var problems []string
	for _, name := range s.Required {
		if object[name] == nil {
			problems = append(problems, name+" is required")
		}
	}
	for _, name := range sortedKeys(object) {
		if of := s.Properties[name]; of != nil && object[name] != nil {
			problems = append(problems, of.check(name, object[name])...)
		}
	}
	return problems[:min(len(problems), maxProblems)]
}

func (s *schema) check(path string, v any) []string {
	if v == nil {
		return nil
	}
	if len(s.AnyOf) > 0 {
		for _, one := range s.AnyOf {
			if len(one.check(path, v)) == 0 {
				return nil
			}
		}
		return []string{path + " has none of the forms that it may have"}
	}
	if s.Type != "" && !is(v, s.Type) {
		held, ok := held(v)
		if !ok || !is(held, s.Type) {
			return []string{fmt.Sprintf("%s must be %s", path, article(s.Type))}
		}
		v = held
	}
	if len(s.Enum) > 0 && !slices.ContainsFunc(s.Enum, func(one any) bool { return fmt.Sprint(one) == fmt.Sprint(v) }) {
		return []string{fmt.Sprintf("%s must be one of %v", path, s.Enum)}
	}
	switch v := v.(type) {
	case []any:
		return s.list(path, v)
	case map[string]any:
		return s.object(path, v)
	}
	return nil
}

func (s *schema) list(path string, list []any) (problems []string) {
	if s.Items == nil {
		return nil
	}
	for i, v := range list {
		problems = append(problems, s.Items.check(fmt.Sprintf("%s[%d]", path, i), v)...)
	}
	return problems
}

func (s *schema) object(path string, object map[string]any) (problems []string) {
	for _, name := range s.Required {
		if _, given := object[name]; !given {
			problems = append(problems, path+"."+name+" is required")
		}
	}
	for _, name := range sortedKeys(object) {
		if of := s.Properties[name]; of != nil {
			problems = append(problems, of.check(path+"."+name, object[name])...)
		}
	}
	return problems
}

// is says whether a decoded JSON value has a type. Flows write numbers and
// truth values as texts, so as a text any of them will do.
func is(v any, kind string) bool {
	switch v.(type) {
	case string:
		return kind == "string"
	case float64:
		return kind == "number" || kind == "string"
	case bool:
		return kind == "boolean" || kind == "string"
	case []any:
		return kind == "array"
	case map[string]any:
		return kind == "object"
	}
	return false
}

// held is the JSON value that a text holds.
func held(v any) (any, bool) {
	text, ok := v.(string)
	if !ok {
		return nil, false
	}
	var inner any
	err := json.Unmarshal([]byte(strings.TrimSpace(text)), &inner)
	return inner, err == nil
}

func article(kind string) string {
	if kind == "array" || kind == "object" {
		return "an " + kind
	}
	return "a " + kind
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
