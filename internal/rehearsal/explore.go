package rehearsal

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/flow"
)

// Exploring: a flow is played from its start, again and again. In the first play the world answers what is asked, in
// turn, with each of the branches that the action has. Wherever a play comes by a branch that no play has taken yet, it
// proposes others: the same, but for the one answer, attribute or value that decided. To find that value the play keeps
// where each attribute came from: which answer, through which actions. Proposals are tried until all branches are taken
// or there are none left.

// Limits of exploring. They bound the work for a document of 250 actions to seconds.
const (
	maxPlays    = 4000 // of one document
	maxAttempts = 60   // at one branch
	maxThrows   = 800  // at one branch of chance
	maxEvents   = 600  // that happen in one play
	steadyFor   = 400  // events, after which answers come in turn, so that the play comes to an end
)

// Coverage is what exploring a document came to.
type Coverage struct {
	Actions  []ActionCoverage // in the document's order
	Plays    int
	Longest  int      // events in one play
	Unended  int      // plays that were broken off after many events
	Faults   []string // what broke flows off, each once
	Stranded []string // actions that a flow waited in for nobody, each once
	// Circles are ways round without a wait, each once: the actions in order, from the first in the document.
	Circles [][]string
}

// ActionCoverage is what exploring came to at one action.
type ActionCoverage struct {
	Identifier, Type string
	Reached          bool
	Branches         []BranchCoverage
}

// BranchCoverage is one branch, named as the flow's log names it; a transfer that succeeds has none, and "".
type BranchCoverage struct {
	Branch string
	Taken  bool
	Why    string // it cannot be taken, "" when nothing says that it cannot
}

// Explore plays a document until every branch is taken that can be. Other flows and modules exist, or not, as it needs
// them. A module is called as modules are.
func Explore(script *Script) *Coverage {
	x := &exploration{
		script:   script,
		outline:  outlineOf(script.Program),
		taken:    make(map[aim]bool),
		attempts: make(map[aim]int),
		played:   make(map[string]bool),
		varied:   make(map[aim]bool),
		faults:   make(map[string]bool),
		stranded: make(map[string]bool),
		circles:  make(map[string][]string),
		tries:    make(map[aim]map[string]try),
		results:  make(map[string][]step),
		first:    make(map[aim]trial),
	}
	x.propose(trial{}, try{})
	for len(x.queue) > 0 && x.plays < maxPlays {
		next := x.queue[0]
		x.queue = x.queue[1:]
		if !x.taken[next.aim] && !x.played[next.key] {
			x.played[next.key] = true
			x.results[next.key] = x.play(next.trial)
		}
	}
	x.goRound()
	return x.coverage()
}

type exploration struct {
	script  *Script
	outline *outline
	queue   []proposal
	plays   int

	taken    map[aim]bool
	attempts map[aim]int
	played   map[string]bool // trials, by what they change
	varied   map[aim]bool    // where something could be changed that decides

	longest, unended int
	faults, stranded map[string]bool
	circles          map[string][]string

	tries   map[aim]map[string]try // by the keys of their trials
	results map[string][]step      // of trials that were played, by their keys
	first   map[aim]trial          // that took the branch
}

// answer is what the trial has for a visit.
func (k *take) answer(at site) answer {
	a, ok := k.trial.answers[at]
	for !ok && k.sticky && at.visit > 0 {
		at.visit--
		a, ok = k.trial.answers[at]
	}
	return a
}

func (x *exploration) propose(t trial, why try) {
	a := t.aim
	t.aim = aim{}
	key := fmt.Sprint(t)
	why.key = key
	x.keep(a, why)
	if t.aim = a; x.attempts[a] >= x.most(a) || x.played[key] {
		return
	}
	x.attempts[a]++
	x.queue = append(x.queue, proposal{t, key})
}

// most is how often a branch is tried. Chance leads to a branch of one percent in a hundred plays.
func (x *exploration) most(a aim) int {
	if b := x.outline.blocks[a.action]; b != nil && b.name == "DistributeByPercentage" {
		return maxThrows
	}
	return maxAttempts
}

// proposal is a trial and its name among those that were played.
type proposal struct {
	trial
	key string
}

// take is one play of a document. It is the world of that play.
type take struct {
	*exploration
	trial  trial
	play   *Play
	visits map[string]int
	steady int  // as the trial has it, until it has gone on for long
	sticky bool // likewise
	turns  int  // of the bot, in this visit
	asked  bool // the world decides what becomes of this visit
	stubs  int
	module site // that returned last, and may have written attributes
	steps  []step
	laps   map[string]int // where the play was in each state that it had since the last wait

	attributes            map[string]string // of the contact, as it is told
	initial, before, size int               // bytes of them: at the beginning, before the action under way, now
	peak                  int               // the most there ever were before the action under way
	viewed                bool              // a view was shown, for which there must have been room

	written map[string]origin // attributes and facts of the contact that the flow wrote, by keys
	told    map[string]origin // roots that answers wrote
}

var epoch = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

func (x *exploration) play(t trial) []step {
	x.plays++
	k := &take{exploration: x, trial: t, steady: t.steady, sticky: t.sticky, visits: make(map[string]int), written: make(map[string]origin), told: make(map[string]origin)}
	contact := k.contact()
	k.attributes = maps.Clone(contact.Attributes)
	if t.filled {
		fill(contact.Attributes, t.room)
	}
	k.initial = sizeOf(k.attributes)
	k.before, k.size, k.peak = k.initial, k.initial, k.initial
	k.play = New(k, x.script, contact, epoch, t.seed)
	k.play.Told = k.hear
	if x.script.Kind == "CUSTOMER_QUEUE" {
		k.play.Stage = InQueue
	}
	if x.script.Kind != flow.Module {
		// A flow may be entered by a transfer, with what a function returned before.
		k.play.State.Data = flow.Data{"External": json.RawMessage(encode(k.tree("External", origin{contact: true}, 0)))}
	}
	if x.script.Kind == flow.Module {
		k.play.BeginModule(encode(k.tree("Modules", origin{contact: true, path: []string{"Modules"}}, 0)["Input"]))
	} else {
		k.play.Begin()
	}
	x.goOn(k)
	if k.play.Fault != "" {
		x.faults[k.play.Fault] = true
	}
	if endless(k.play.Fault) {
		k.brokenOff()
	}
	return k.steps
}

// goOn lets events happen until the play is over. A flow that accompanies a contact in its queue may go round for ever:
// at last an agent takes the contact.
func (x *exploration) goOn(k *take) {
	for events := 1; k.play.Running(); events++ {
		if events == steadyFor {
			k.steady, k.sticky = 0, false
		}
		if events == maxEvents && !k.play.Accept() {
			x.unended++
			return
		}
		x.longest = max(x.longest, events)
		k.play.State = reloaded(k.play.State)
		if k.play.Running() && !k.prompt() {
			x.stranded[k.play.State.At] = true
			return
		}
	}
}

// reloaded is the state as another process would go on with it.
func reloaded(s flow.State) flow.State {
	var loaded flow.State
	if err := json.Unmarshal([]byte(encode(s)), &loaded); err != nil {
		panic("rehearsal: a state does not decode: " + err.Error())
	}
	loaded.Contact = s.Contact
	return loaded
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("rehearsal: a value does not encode: " + err.Error())
	}
	return string(b)
}

func (x *exploration) coverage() *Coverage {
	c := &Coverage{
		Plays: x.plays, Longest: x.longest, Unended: x.unended,
		Faults:   slices.Sorted(maps.Keys(x.faults)),
		Stranded: slices.Sorted(maps.Keys(x.stranded)),
	}
	for _, key := range slices.Sorted(maps.Keys(x.circles)) {
		c.Circles = append(c.Circles, x.circles[key])
	}
	reached := make(map[string]bool)
	for a := range x.taken {
		reached[a.action] = true
	}
	for _, b := range x.outline.order {
		a := ActionCoverage{Identifier: b.id, Type: b.name, Reached: reached[b.id]}
		for _, branch := range b.branches {
			taken := BranchCoverage{Branch: branch, Taken: x.taken[aim{b.id, branch}]}
			if !taken.Taken {
				taken.Why = x.why(b, branch, reached[b.id])
			}
			a.Branches = append(a.Branches, taken)
		}
		c.Actions = append(c.Actions, a)
	}
	return c
}
