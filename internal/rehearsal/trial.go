package rehearsal

import (
	"maps"
	"strings"
)

// aim is a branch of an action.
type aim struct{ action, branch string }

// site is one visit of an action in one play, from 0.
type site struct {
	action string
	visit  int
}

// trial is what one play changes of the defaults.
type trial struct {
	aim     aim // what it is tried for
	seed    uint64
	bare    bool // the contact has no attributes but those it is given below
	filled  bool // there is room for so many bytes of attributes more
	room    int
	steady  int             // what answers lead to: the same branch always, from 1; 0 for each in turn
	sticky  bool            // an answer to one visit of an action is given at later visits too
	still   bool            // values are the same at each visit
	contact map[string]fact // what is known of the contact, by keys of paths
	answers map[site]answer // of the world
}

// answer is what the world is to say.
type answer struct {
	decided bool
	branch  string          // that the answer is to lead to
	facts   map[string]fact // in the answer, by keys of paths
}

// fact is a value, or that there is none.
type fact struct {
	text   string
	absent bool
}

// filler is a value where any will do. It is a number within all limits of times and counts.
const filler = "60"

func (t trial) withFact(o origin, f fact) trial {
	if o.contact {
		t.contact = maps.Clone(t.contact)
		if t.contact == nil {
			t.contact = make(map[string]fact)
		}
		t.contact[keyOf(o.path)] = f
		return t
	}
	a := t.answers[o.site]
	a.facts = maps.Clone(a.facts)
	if a.facts == nil {
		a.facts = make(map[string]fact)
	}
	a.facts[keyOf(o.path)] = f
	return t.withAnswer(o.site, a)
}

func (t trial) withAnswer(at site, a answer) trial {
	t.answers = maps.Clone(t.answers)
	if t.answers == nil {
		t.answers = make(map[site]answer)
	}
	t.answers[at] = a
	return t
}

// origin is where a value can be changed; the zero origin is nowhere.
type origin struct {
	contact bool // in what is known of the contact from the beginning
	site    site // in an answer
	path    []string
}

func (o origin) known() bool { return o.contact || o.site != site{} }

// roomy has room for attributes.
func (t trial) roomy(bare bool) trial {
	t.bare, t.filled, t.room = bare, false, 0
	return t
}

// leaving has room for so many bytes of attributes more than there are at the beginning.
func (t trial) leaving(room int) trial {
	t.filled, t.room = true, room
	return t
}

// A long text is too long to be said, a large one fits into an answer, and a huge one into nothing.
var long, large, huge = strings.Repeat("x", 7_000), strings.Repeat("x", 30_000), strings.Repeat("x", 33_000)
