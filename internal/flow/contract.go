package flow

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// Contract is what a module declares of itself: the Settings that
// CreateContactFlowModule takes, not those inside its content. It holds for the
// module and for every flow that calls it.
type Contract struct {
	input, resultData *schema
	results           []string // branches that the module may take in its caller
}

// maxResults is the most branches of its own that a module may have (admin
// guide, "Create reusable flow modules").
const maxResults = 8

// schema is what a JSON Schema of draft 4 says about a value, as far as modules
// declare it.
type schema struct {
	Type       types              `json:"type"`
	Properties map[string]*schema `json:"properties"`
	Required   []string           `json:"required"`
	Items      *schema            `json:"items"`
	Additional any                `json:"additionalProperties"`
}

// types is one name of a type or a list of them.
type types []string

func (t *types) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = types{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

// ReadContract reads a module's Settings. Without any there is no contract, and
// nothing to keep to.
func ReadContract(settings string) (*Contract, error) {
	if settings == "" {
		return nil, nil
	}
	var s struct {
		Input, ResultData struct{ Schema *schema }
		Transitions       struct{ Results []struct{ Name string } }
	}
	if kindOf(json.RawMessage(settings)) != '{' {
		return nil, fmt.Errorf("the settings of a module are a JSON object")
	}
	if err := json.Unmarshal([]byte(settings), &s); err != nil {
		return nil, fmt.Errorf("read the settings of a module: %w", err)
	}
	c := &Contract{input: s.Input.Schema, resultData: s.ResultData.Schema}
	for _, r := range s.Transitions.Results {
		if r.Name == "" || slices.Contains(c.results, r.Name) {
			return nil, fmt.Errorf("a module's branches have names of their own, not %q", r.Name)
		}
		c.results = append(c.results, r.Name)
	}
	if len(c.results) > maxResults {
		return nil, fmt.Errorf("a module has at most %d branches of its own, not %d", maxResults, len(c.results))
	}
	return c, nil
}

// Check lists where a module's content breaks its own contract: a result or
// data that it has not declared. A nil contract asks for nothing.
func (k *Contract) Check(p *Program) []Problem {
	if k == nil {
		return nil
	}
	return eachAction(p, func(c *checker) {
		if c.a.name != "EndFlowModuleExecution" {
			return
		}
		if name, ok := c.param("Result").scalar(); ok && wholeReference(name) == nil && !slices.Contains(k.results, name) {
			c.badValue(c.paramPath("Result"))
		}
		c.keeps(k.resultData, c.param("ResultData"), c.paramPath("ResultData"))
	})
}

// CheckCalls lists where a flow breaks the contracts of the modules it calls:
// input that they have not declared, and branches they never take. The function
// finds a module's contract by the id that the flow has, and is nil for one
// that is not known.
func CheckCalls(p *Program, contract func(moduleID string) *Contract) []Problem {
	return eachAction(p, func(c *checker) {
		id, _ := c.param("FlowModuleId").scalar()
		if c.a.name != invokeFlowModuleType || id == "" || newText(id).isReference() {
			return
		}
		k := contract(id)
		if k == nil {
			return
		}
		c.keeps(k.input, c.param("Input"), c.paramPath("Input"))
		for i := range c.a.conditions {
			if operand := c.a.conditions[i].operand.static(); operand != "" && !slices.Contains(k.results, operand) {
				c.badValue(c.path(".Transitions.Conditions[" + strconv.Itoa(i) + "].Condition.Operands[0]"))
			}
		}
	})
}

func eachAction(p *Program, check func(*checker)) []Problem {
	c := newChecker(p)
	for i := range p.actions {
		c.i, c.a = i, &p.actions[i]
		check(c)
	}
	return c.problems
}

// keeps checks the object of a parameter against its schema; without a schema
// nothing is declared, and nothing may be given.
func (c *checker) keeps(s *schema, n *node, path string) {
	if s == nil {
		s = &schema{}
	}
	if n.kind == '{' {
		c.members(s, n, path)
		return
	}
	if n.kind == 0 {
		c.members(s, &node{kind: '{'}, path)
	}
}

func (c *checker) members(s *schema, n *node, path string) {
	given := make(map[string]bool, len(n.names))
	for i, name := range n.names {
		given[name] = true
		property, declared := s.Properties[name]
		switch {
		case declared && property != nil:
			c.value(property, &n.kids[i], path+"."+name)
		case !declared && (s.Additional == nil || s.Additional == false):
			c.report("Invalid Action property name. Path: "+path+"."+name, path+"."+name)
		}
	}
	for _, name := range s.Required {
		if !given[name] {
			c.missing(path + "." + name)
		}
	}
}

// value: a reference stands for a string, and only where one is declared.
func (c *checker) value(s *schema, n *node, path string) {
	if len(s.Type) > 0 && !slices.ContainsFunc(s.Type, n.is) {
		c.badValue(path)
		return
	}
	switch {
	case n.kind == '{' && len(s.Properties) > 0:
		c.members(s, n, path)
	case n.kind == '[' && s.Items != nil:
		for i := range n.kids {
			c.value(s.Items, &n.kids[i], path+"["+strconv.Itoa(i)+"]")
		}
	}
}

// is says whether the value is of a type of JSON Schema.
func (n *node) is(jsonType string) bool {
	switch jsonType {
	case "string":
		return n.kind == '"'
	case "number":
		return n.kind == '0'
	case "integer":
		_, err := strconv.ParseInt(n.raw, 10, 64)
		return n.kind == '0' && err == nil
	case "boolean":
		return n.kind == 't'
	case "object":
		return n.kind == '{'
	case "array":
		return n.kind == '['
	case "null":
		return n.kind == 'n'
	}
	return false
}
