package rehearsal

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/flow"
)

// outline is what a document says, as far as exploring needs to know it.
type outline struct {
	start  string
	blocks map[string]*block
	order  []*block
	refs   map[string][][]string // paths that the document refers to, by root
	pool   map[string][]string   // values that a reference is compared with, by its key
}

// block is one action.
type block struct {
	id, name   string
	parameters any
	targets    map[string]string // identifiers of next actions, by branch
	branches   []string          // in the order of trying: success first
	conditions []condition
	errors     []string
	refs       [][]string // in the parameters
}

type condition struct{ branch, operator, operand string }

const (
	nextAction          = "NextAction"
	noMatchingError     = "NoMatchingError"
	noMatchingCondition = "NoMatchingCondition"
	transferred         = "" // the branch of a transfer that succeeded: the flow is over
)

type document struct {
	StartAction string
	Actions     []struct {
		Identifier, Type string
		Parameters       any
		Transitions      struct {
			NextAction string
			Errors     []struct{ NextAction, ErrorType string }
			Conditions []struct {
				NextAction string
				Condition  struct {
					Operator string
					Operands []any
				}
			}
		}
	}
}

func outlineOf(p *flow.Program) *outline {
	var doc document
	if err := json.Unmarshal(p.JSON(), &doc); err != nil {
		panic("rehearsal: a program does not print as a document: " + err.Error())
	}
	o := &outline{start: doc.StartAction, blocks: make(map[string]*block), refs: make(map[string][][]string), pool: make(map[string][]string)}
	for _, a := range doc.Actions {
		b := &block{id: a.Identifier, name: a.Type, parameters: a.Parameters, targets: make(map[string]string)}
		o.blocks[b.id] = b
		o.order = append(o.order, b)
		eachText(a.Parameters, func(text string) {
			paths, _ := flow.References(text)
			b.refs = append(b.refs, paths...)
		})
		for _, c := range a.Transitions.Conditions {
			operand := ""
			if len(c.Condition.Operands) > 0 {
				operand = scalar(c.Condition.Operands[0])
			}
			b.condition(c.Condition.Operator, operand, c.NextAction)
		}
		for _, e := range a.Transitions.Errors {
			if _, again := b.targets[e.ErrorType]; !again {
				b.targets[e.ErrorType] = e.NextAction
				b.errors = append(b.errors, e.ErrorType)
			}
		}
		b.targets[nextAction] = a.Transitions.NextAction
		o.add(b)
	}
	for _, b := range o.order {
		b.list(o)
	}
	return o
}

func (b *block) condition(operator, operand, next string) {
	branch := operator + " " + operand
	if _, again := b.targets[branch]; again {
		return // the first one takes it
	}
	b.targets[branch] = next
	b.conditions = append(b.conditions, condition{branch, operator, operand})
}

// add learns what the block refers to, and what values are compared with.
func (o *outline) add(b *block) {
	refs := b.refs
	for _, c := range b.conditions {
		paths, _ := flow.References(c.operand)
		refs = append(refs, paths...)
	}
	for _, path := range refs {
		known := o.refs[path[0]]
		if !slices.ContainsFunc(known, func(p []string) bool { return slices.Equal(p, path) }) {
			o.refs[path[0]] = append(known, path)
		}
	}
	if len(b.refs) != 1 || b.name != compareType {
		return
	}
	key := keyOf(b.refs[0])
	for _, c := range b.conditions {
		for _, v := range c.samples() {
			if !slices.Contains(o.pool[key], v) {
				o.pool[key] = append(o.pool[key], v)
			}
		}
	}
}

// list is what may become of the action: the branches that it has, as the flow's log names them. A branch that leads
// nowhere is none, a NextAction aside: there the flow ends.
func (b *block) list(o *outline) {
	switch {
	case len(b.targets) == 1 && b.targets[nextAction] == "":
		return // the flow ends here
	case slices.Contains(transfers, b.name):
		b.branches = append(b.branches, transferred)
	case len(b.conditions) == 0 && !slices.Contains(b.errors, noMatchingCondition),
		b.name == invokeModuleType && !slices.Contains(b.errors, noMatchingCondition), b.name == signInType:
		b.branches = append(b.branches, nextAction)
	}
	for _, c := range b.conditions {
		b.branches = append(b.branches, c.branch)
	}
	for _, e := range b.errors {
		if o.blocks[b.targets[e]] != nil {
			b.branches = append(b.branches, e)
		}
	}
}

// transfers are the types of actions that end the flow when they succeed.
var transfers = []string{"TransferToFlow", "TransferContactToQueue", "DequeueContactAndTransferToQueue"}

const compareType = "Compare"

// samples are values for which the condition holds, or may.
func (c condition) samples() []string {
	operand := c.operand
	if paths, whole := flow.References(operand); whole && len(paths) > 0 {
		operand = filler
	}
	n, err := strconv.ParseFloat(operand, 64)
	number := func(d float64) string { return strconv.FormatFloat(n+d, 'f', -1, 64) }
	switch {
	case err != nil || !strings.HasPrefix(c.operator, "Number"):
		return []string{operand}
	case c.operator == "NumberGreaterThan":
		return []string{number(1), number(0.5)}
	case c.operator == "NumberLessThan":
		return []string{number(-1), number(-0.5)}
	}
	return []string{operand}
}

func keyOf(path []string) string { return strings.Join(path, "\x1f") }

func scalar(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic("rehearsal: a value that was read does not print: " + err.Error())
	}
	return string(text)
}

// eachText visits all texts of a JSON value, names among them.
func eachText(v any, visit func(string)) {
	switch v := v.(type) {
	case string:
		visit(v)
	case []any:
		for _, e := range v {
			eachText(e, visit)
		}
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			visit(name)
			eachText(v[name], visit)
		}
	}
}
