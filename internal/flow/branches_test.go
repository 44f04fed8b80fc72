package flow

import (
	"maps"
	"slices"
	"strings"
)

// branches are those that the goldens have taken, by action type.
type branches map[string]map[string]bool

func (b branches) add(actionType, branch string) {
	if b[actionType] == nil {
		b[actionType] = make(map[string]bool)
	}
	b[actionType][branch] = true
}

// missing names the branches that no golden takes.
func (b branches) missing() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(actionTypes)) {
		for _, branch := range due(actionTypes[name]) {
			if !b.took(name, branch) {
				names = append(names, name+" "+branch)
			}
		}
	}
	return names
}

func (b branches) took(actionType, branch string) bool {
	if branch != aCondition {
		return b[actionType][branch]
	}
	for taken := range b[actionType] {
		operator, _, hasOperand := strings.Cut(taken, " ")
		if hasOperand && operators[operator] != nil {
			return true
		}
	}
	return false
}

const (
	aCondition = "a condition" // any
	theEnd     = ""            // of actions that end the flow
)

// due are the branches of a type of action that goldens must take.
func due(t *actionType) (names []string) {
	if o, ok := t.prepare(params{&absent}).(takes); ok && t.support != Works {
		return onlyWay(outcome(o))
	}
	names = append(slices.Clone(t.errors), t.mayErrors...)
	switch {
	case t.terminal:
		names = append(names, theEnd)
	case len(t.equals) > 0:
		for _, operand := range t.equals {
			names = append(names, "Equals "+operand)
		}
	case t.conditions != noConditions:
		names = append(names, aCondition)
	case slices.Contains(endOnSuccess, t.name):
		names = append(names, theEnd)
	default:
		names = append(names, "NextAction")
	}
	return slices.DeleteFunc(names, func(branch string) bool {
		return slices.Contains(never[t.name], branch)
	})
}

func onlyWay(o outcome) []string {
	switch o.ending {
	case failed:
		return []string{o.name}
	case terminal:
		return []string{theEnd}
	}
	return []string{"NextAction"}
}

// endOnSuccess are the types of action without conditions that end the flow
// when they succeed, and never follow NextAction.
var endOnSuccess = []string{"DequeueContactAndTransferToQueue", "TransferContactToQueue", "TransferToFlow"}

// never are branches that cannot be taken here.
var never = map[string][]string{
	// Nothing is recorded in a chat, so nothing of it fails.
	"UpdateContactRecordingAndAnalyticsBehavior": {noMatchingError, "InFlightRedactionConfigurationFailed"},
	// It is for chats, and so is this server.
	"UpdateContactMediaProcessing": {"ChannelMismatch"},
}
