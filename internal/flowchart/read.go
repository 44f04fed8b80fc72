package flowchart

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// maxBlocks is the most actions that are drawn; a published flow has at most 250.
const maxBlocks = 500

// chart is a document made ready to be drawn.
type chart struct {
	name   string
	start  int // index of the first block, -1 when it is not there
	blocks []block
}

// block is an action.
type block struct {
	id, kind string
	name     string   // what people call it
	detail   string   // the parameter that tells most about it
	names    []string // the name in lines
	kinds    []string // the type in lines
	lines    []string // the detail in lines
	family   string
	exits    []exit
	reached  bool  // some way leads here from the start
	visits   []int // ordinal numbers on the path, from 1
}

// exit is a branch.
type exit struct {
	label string
	way   way
	name  string // of the branch, as [Visit.Branch] has it
	to    int    // index of the block, -1 where it leads nowhere
	lost  string // identifier that is not there
	taken bool
}

// nextAction is the name of the branch that is neither a condition's nor an error's.
const nextAction = "NextAction"

type way int

const (
	onward way = iota
	conditional
	failing
)

// document is what is read of a flow. Whatever else is in it, or has another type, is left alone.
type document struct {
	StartAction text
	Metadata    struct {
		Name           text
		ActionMetadata map[string]json.RawMessage
	}
	Actions []struct {
		Identifier  text
		Type        text
		Parameters  json.RawMessage
		Transitions json.RawMessage
	}
	Modules json.RawMessage `json:"modules"`
}

type transitions struct {
	NextAction text
	Errors     []struct{ NextAction, ErrorType text }
	Conditions []struct {
		NextAction text
		Condition  struct {
			Operator text
			Operands []text
		}
	}
}

// text is a string, or any other scalar as it is written.
type text string

func (t *text) UnmarshalJSON(raw []byte) error {
	switch raw[0] {
	case '"':
		return json.Unmarshal(raw, (*string)(t))
	case 'n', '{', '[':
		*t = ""
	default:
		*t = text(raw)
	}
	return nil
}

// read makes a chart of a document.
func read(src []byte) (*chart, error) {
	var d document
	var other *json.UnmarshalTypeError // all else has been read
	if err := json.Unmarshal(src, &d); err != nil && !errors.As(err, &other) {
		return nil, fmt.Errorf("not a flow document: %w", err)
	}
	switch {
	case len(d.Actions) == 0 && d.Modules != nil:
		return nil, errors.New("not a flow document of version 2019-10-30 but an older export")
	case len(d.Actions) == 0:
		return nil, errors.New("not a flow document: it has no actions")
	case len(d.Actions) > maxBlocks:
		return nil, fmt.Errorf("%d actions are more than the %d that can be drawn", len(d.Actions), maxBlocks)
	}
	c := &chart{name: string(d.Metadata.Name), blocks: make([]block, len(d.Actions))}
	index := make(map[string]int, len(d.Actions))
	for i, a := range d.Actions {
		if _, again := index[string(a.Identifier)]; !again {
			index[string(a.Identifier)] = i
		}
	}
	find := func(id text) int {
		if i, ok := index[string(id)]; ok {
			return i
		}
		return -1
	}
	c.start = find(d.StartAction)
	for i, a := range d.Actions {
		b := &c.blocks[i]
		b.id, b.kind, b.family = string(a.Identifier), string(a.Type), family(string(a.Type))
		b.name = name(b.id, b.kind)
		b.detail = detail(b.kind, a.Parameters, d.Metadata.ActionMetadata[b.id])
		b.names, b.kinds, b.lines = names(b), wrap(kindLine(b), kindSize, textWidth, maxKinds), lines(b.detail)
		var t transitions
		_ = json.Unmarshal(a.Transitions, &t) // absent, or what could be read of it
		b.exits = exits(b.kind, a.Parameters, &t, find)
	}
	c.reach(c.start)
	return c, nil
}

// reach marks all that a contact may come to.
func (c *chart) reach(from int) {
	if from < 0 || c.blocks[from].reached {
		return
	}
	c.blocks[from].reached = true
	for _, e := range c.blocks[from].exits {
		c.reach(e.to)
	}
}

// echoes are the types whose NextAction repeats another branch: the console writes it so, and nothing follows it while
// that branch is there.
var echoes = map[string]bool{
	"Compare": true, "DistributeByPercentage": true, "TransferToFlow": true, "TransferContactToQueue": true,
	"DequeueContactAndTransferToQueue": true, "ShowView": true, "Wait": true, "CheckHoursOfOperation": true,
	"CheckMetricData": true, "ConnectParticipantWithLexBot": true, "Loop": true, "GetParticipantInput": true,
}

// exits are the branches, in the order of people's reading: onward, conditions, errors.
func exits(kind string, parameters json.RawMessage, t *transitions, find func(text) int) []exit {
	var all []exit
	l := labeller{kind: kind, metric: metricOf(parameters)}
	for _, c := range t.Conditions {
		operand := ""
		if len(c.Condition.Operands) > 0 {
			operand = string(c.Condition.Operands[0])
		}
		all = append(all, exit{label: l.comparison(string(c.Condition.Operator), operand), name: string(c.Condition.Operator) + " " + operand, way: conditional, to: find(c.NextAction), lost: string(c.NextAction)})
	}
	for _, e := range t.Errors {
		way := failing
		if e.ErrorType == "NoMatchingCondition" { // an error in name only
			way = conditional
		}
		all = append(all, exit{label: l.failure(string(e.ErrorType)), way: way, name: string(e.ErrorType), to: find(e.NextAction), lost: string(e.NextAction)})
	}
	if t.NextAction == "" || echoes[kind] && len(t.Conditions)+len(t.Errors) > 0 && repeated(all, t.NextAction) {
		return all
	}
	return append([]exit{{label: "Next", name: nextAction, to: find(t.NextAction), lost: string(t.NextAction)}}, all...)
}

func repeated(all []exit, next text) bool {
	for _, e := range all {
		if e.lost == string(next) {
			return true
		}
	}
	return false
}

// member is a member of a JSON object.
type member struct {
	name string
	raw  json.RawMessage
}

// members are those of an object, in their order; none for anything else.
func members(raw json.RawMessage) (all []member) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		var value json.RawMessage
		if err != nil || !ok || d.Decode(&value) != nil {
			return all
		}
		all = append(all, member{name, value})
	}
	return all
}
