package flow

import (
	"slices"
	"strings"
)

// actionType is one row of the table: all that is known about a type of action
// that is not in the code of its step.
type actionType struct {
	name    string
	module  string // its name in flow logs, "" for the same
	support Support
	note    string // what it does in a chat, for the documentation

	prepare func(params) step

	// What a published flow must and may carry.
	params      []string // names of parameters; nil for a type whose parameters are not known
	required    []string // of them
	entries     []entry  // what parameters consist of, where a list of names does not say it
	refers      []refers // parameters that name resources
	unpublished []string // parameters whose names are inferred, since no page has them
	system      string   // that it asks, "" for none
	root        string   // of the references that lead to what the system answers, "" for none
	errors      []string // required error branches
	mayErrors   []string // further error branches
	conditions  conditionRule
	equals      []string // the only operands conditions may have, compared by Equals; each exactly once
	terminal    bool     // ends the flow, and has no transitions
	nextMayLack bool     // NextAction may be absent
	check       func(*checker)

	// goesOn: without an error branch an error follows NextAction.
	goesOn bool
	// unlisted: known from documentation, yet answered as unknown by the service.
	unlisted bool
}

type conditionRule int

const (
	noConditions conditionRule = iota
	mayConditions
	mustConditions
)

// Support says what this server does with a type of action in a chat.
type Support string

const (
	Works       Support = "works"
	NoEffect    Support = "no effect"
	ErrorBranch Support = "error branch" // as documented for the chat channel
	NotYet      Support = "not available yet"
)

// ActionInfo describes one type of action to people.
type ActionInfo struct {
	Type    string
	Support Support
	Note    string
	System  string // that it asks, "" for none
}

var actionTypes = newTable(participantActions, authentications, contactActions, controlActions, waitActions, loopActions, queueActions, lambdaActions, integrationActions)

func newTable(families ...[]actionType) map[string]*actionType {
	table := make(map[string]*actionType)
	for _, family := range families {
		for i := range family {
			t := &family[i]
			if table[t.name] != nil {
				panic("flow: two rows for the action type " + t.name)
			}
			if t.module == "" {
				t.module = t.name
			}
			table[t.name] = t
		}
	}
	return table
}

// Actions is the table of action types, sorted by name.
func Actions() []ActionInfo {
	infos := make([]ActionInfo, 0, len(actionTypes))
	for _, t := range actionTypes {
		infos = append(infos, ActionInfo{Type: t.name, Support: t.support, Note: t.note, System: t.system})
	}
	slices.SortFunc(infos, func(a, b ActionInfo) int { return strings.Compare(a.Type, b.Type) })
	return infos
}

// params reads the parameters of one action. What is missing or has the wrong
// shape reads as absent: drafts run too, and then take their error branch.
type params struct{ *node }

// text is a parameter that may be interpolated.
func (p params) text(name string) text {
	s, _ := p.get(name).scalar()
	return newText(s)
}

// dynamic is a parameter that is static or one reference.
func (p params) dynamic(name string) dynamic { return newDynamic(p.get(name)) }

// static is a parameter that is not looked into.
func (p params) static(name string) string {
	s, _ := p.get(name).scalar()
	return s
}

func (p params) has(name string) bool { return p.get(name).present() }

// takes is a step that always ends the same way.
type takes outcome

func (t takes) run(*run) outcome { return outcome(t) }

func always(o outcome) func(params) step {
	return func(params) step { return takes(o) }
}

// Rows of the same kind are written by these.

// voiceOnly is documented to take its error branch in a chat.
func voiceOnly(t actionType) actionType { return refuses(t, noMatchingError) }

// refuses is documented to take the named error branch in a chat.
func refuses(t actionType, errorType string) actionType {
	t.support = ErrorBranch
	if t.note == "" {
		t.note = "takes the branch " + errorType
	}
	t.prepare = always(outcome{ending: failed, name: errorType, why: "not supported by the chat channel"})
	return t
}

// notYet works in the service's chats and not in this server's.
func notYet(t actionType) actionType {
	t.support = NotYet
	if t.note == "" {
		t.note = "takes the branch NoMatchingError"
	}
	t.prepare = always(outcome{ending: failed, name: noMatchingError, why: "not available in this server yet", unavailable: true})
	return t
}

// noEffect succeeds and does nothing.
func noEffect(t actionType) actionType {
	t.support = NoEffect
	if t.note == "" {
		t.note = "succeeds and does nothing"
	}
	t.prepare = always(success)
	return t
}

// works has a step of its own.
func works(t actionType, prepare func(params) step) actionType {
	t.support = Works
	t.prepare = prepare
	return t
}

var onlyNoMatchingError = []string{noMatchingError}
