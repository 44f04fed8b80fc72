package rehearsal

import (
	"slices"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/flow"
)

// A branch that no play took has been tried for. Each try says what it changed and where, and the play that came of it
// says what became of that: whether the value arrived at the action, or the chat had gone another way before.

// step is one action of a play.
type step struct {
	action, branch string
	origins        []origin // of the references in its parameters
}

// try is one play that was to take a branch.
type try struct {
	key    string   // of the trial
	path   []string // of the value that was changed, nil where an answer was
	origin origin   // where it was changed
	sure   bool     // the branch is taken if the value arrives
	parent []step   // of the play that it differs from, up to the action
}

// maxTries is how many are kept of one branch.
const maxTries = 200

func (x *exploration) keep(a aim, t try) {
	if x.tries[a] == nil {
		x.tries[a] = make(map[string]try)
	}
	if _, known := x.tries[a][t.key]; !known && len(x.tries[a]) < maxTries {
		x.tries[a][t.key] = t
	}
}

// diverted are the actions at which chats went another way that would have taken a branch later. It is empty unless all
// did.
func (x *exploration) diverted(a aim, b *block) (at []string, path []string) {
	onlySure := false
	for _, t := range x.tries[a] {
		onlySure = onlySure || t.sure
	}
	found := make(map[string]bool)
	for _, t := range x.tries[a] {
		if onlySure && !t.sure {
			continue
		}
		steps, played := x.results[t.key]
		if !played || t.arrives(b, steps) {
			return nil, nil
		}
		where := t.leaves(steps)
		if where == "" {
			return nil, nil
		}
		found[where] = true
		if path == nil || strings.Join(t.path, ".") < strings.Join(path, ".") {
			path = t.path
		}
	}
	for _, b := range x.outline.order {
		if found[b.id] {
			at = append(at, b.id)
		}
	}
	return at, path
}

// arrives says whether the value that was changed came to the action.
func (t *try) arrives(b *block, steps []step) bool {
	for i := range steps {
		if steps[i].action != b.id {
			continue
		}
		if t.path == nil {
			return true
		}
		for j, path := range b.refs {
			if j < len(steps[i].origins) && slices.Equal(path, t.path) && steps[i].origins[j].same(t.origin) {
				return true
			}
		}
	}
	return false
}

func (o origin) same(other origin) bool {
	return o.contact == other.contact && o.site == other.site && slices.Equal(o.path, other.path)
}

// leaves is the action at which the play first went another way than its parent, "" for none.
func (t *try) leaves(steps []step) string {
	for i := range t.parent {
		if i >= len(steps) || steps[i].action != t.parent[i].action {
			return ""
		}
		if steps[i].branch != t.parent[i].branch {
			return steps[i].action
		}
	}
	return ""
}

// candidate is a value that may lead to a branch.
type candidate struct {
	fact
	sure bool // it does, if it arrives
}

// leadsTo is the branch of a Compare that a value leads to, and false where that is not known here.
func (b *block) leadsTo(f fact) (branch string, known bool) {
	for _, c := range b.conditions {
		if paths, _ := flow.References(c.operand); len(paths) > 0 {
			return "", false
		}
		holds, known := c.holds(f)
		if !known {
			return "", false
		}
		if holds {
			return c.branch, true
		}
	}
	return noMatchingCondition, true
}

func (c condition) holds(f fact) (holds, known bool) {
	if f.absent || f.text == "" {
		return c.operator == "Equals" && c.operand == "NULL", true
	}
	switch c.operator {
	case "Equals":
		return f.text == c.operand, true
	case "TextStartsWith":
		return strings.HasPrefix(f.text, c.operand), true
	case "TextEndsWith":
		return strings.HasSuffix(f.text, c.operand), true
	case "TextContains":
		return strings.Contains(f.text, c.operand), true
	}
	if !strings.HasPrefix(c.operator, "Number") {
		return false, false
	}
	v, err := strconv.ParseFloat(f.text, 64)
	operand, errOperand := strconv.ParseFloat(c.operand, 64)
	if err != nil || errOperand != nil {
		return false, true
	}
	switch c.operator {
	case "NumberGreaterThan":
		return v > operand, true
	case "NumberGreaterOrEqualTo":
		return v >= operand, true
	case "NumberLessThan":
		return v < operand, true
	case "NumberLessOrEqualTo":
		return v <= operand, true
	}
	return false, false
}
