package rehearsal

import (
	"slices"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/flow"
)

// why says what keeps every contact from a branch that no play took, "" when nothing is known to.
func (x *exploration) why(b *block, branch string, reached bool) string {
	if !reached {
		return x.whyUnreached(b)
	}
	support := supportOf[b.name]
	parameters, _ := b.parameters.(map[string]any)
	isError := slices.Contains(b.errors, branch)
	switch {
	case support.Support == "":
		return "there is no such type of action"
	case support.Support == flow.ErrorBranch, support.Support == flow.NotYet, support.Support == flow.NoEffect:
		return "in a chat: " + support.Note
	case b.name == "MessageParticipant" && !isError && parameters["Text"] == nil:
		return "a chat shows text alone"
	case b.name == "ConnectParticipantWithLexBot" && parameters["LexV2Bot"] == nil:
		return "Amazon Lex V1 has ended"
	case b.name == "UpdateContactData" && !isError && !x.varied[aim{b.id, branch}]:
		return "a chat has no Voice ID"
	case !isError && hasEmpty(b.parameters):
		return "a parameter is empty"
	case b.name == "Loop" && branch == "Equals DoneLooping" && !x.leadsBack(b):
		return "no branch that was taken leads round"
	case b.name == compareType && len(b.refs) == 1 && whyDomain(b.refs[0]) != "":
		return whyDomain(b.refs[0])
	case b.name == compareType && !x.varied[aim{b.id, branch}]:
		return "the flow itself decides what is compared"
	case !x.varied[aim{b.id, branch}]:
		return "the flow itself decides what becomes of it"
	}
	if at, path := x.diverted(aim{b.id, branch}, b); len(at) > 0 {
		return elsewhere(at, path)
	}
	return ""
}

// elsewhere says that a chat which would take the branch does not come here.
func elsewhere(at, path []string) string {
	what := "that would take it"
	if path != nil {
		what = "whose $." + strings.Join(path, ".") + " would lead to it"
	}
	places := strconv.Quote(at[0])
	if len(at) > 1 {
		places += " or " + strconv.Quote(at[1])
	}
	return "a chat " + what + " goes another way at " + places + " before"
}

// leadsBack says whether branches that were taken lead from a loop's body back to it.
func (x *exploration) leadsBack(loop *block) bool {
	seen := make(map[string]bool)
	to := []string{loop.targets["Equals ContinueLooping"]}
	for len(to) > 0 {
		id := to[0]
		to = to[1:]
		b := x.outline.blocks[id]
		if id == loop.id {
			return true
		}
		if b == nil || seen[id] {
			continue
		}
		seen[id] = true
		for branch, next := range b.targets {
			if x.taken[aim{id, branch}] {
				to = append(to, next)
			}
		}
	}
	return false
}

// whyUnreached tells apart what nothing leads to from what only such branches lead to.
func (x *exploration) whyUnreached(b *block) string {
	for _, from := range x.outline.order {
		for _, next := range from.targets {
			if next == b.id {
				return "only branches that were not taken lead here"
			}
		}
	}
	return "nothing leads here"
}

var supportOf = func() map[string]flow.ActionInfo {
	all := make(map[string]flow.ActionInfo)
	for _, info := range flow.Actions() {
		all[info.Type] = info
	}
	return all
}()

// hasEmpty says whether a parameter is an empty text, which counts as none.
func hasEmpty(parameters any) (found bool) {
	eachText(parameters, func(text string) { found = found || strings.TrimSpace(text) == "" })
	return found
}
