package flow

import (
	"slices"
	"strconv"
	"strings"
)

// Suggest says what to do about a problem that Parse or Validate has found, ""
// where the problem says it all. The program is nil when it did not parse.
func Suggest(p *Program, problem Problem) string {
	s := suggester{p: p, path: problem.Path}
	if p != nil {
		s.a = p.actionAt(problem.Path)
	}
	message, named, _ := strings.Cut(problem.Message, ". ")
	switch message {
	case "Invalid Action type":
		return s.actionType(strings.TrimPrefix(named, "Type: "))
	case "Invalid Action property name":
		return s.propertyName()
	case "Invalid Action property value":
		return s.propertyValue()
	case "Action is missing required property":
		return s.missingProperty()
	case "Action is missing required error":
		return s.missingError(errorNamed(named))
	case "Invalid Action error":
		return s.invalidError(errorNamed(named))
	case "Action does not support transitions":
		return "the flow ends with this action: take its NextAction away"
	case "Action does not support conditions":
		return "take its Conditions away"
	case "Only one of these properties may be defined":
		return "keep one of them"
	case "More than 6 tags in Parameters.Tags":
		return "set the rest with another TagContact"
	}
	switch {
	case strings.HasPrefix(message, "Invalid branch"):
		return "compare with a value that is not empty"
	case strings.HasPrefix(message, "Empty value in Parameters.Attributes"):
		return "give the attribute a value, or leave it out; to clear it, set it to a reference that leads to nothing"
	case strings.HasPrefix(message, "Identifier is used before"):
		return "give each action an identifier of its own"
	}
	return ""
}

// errorNamed reads "Error: X, Path: Y".
func errorNamed(s string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(s, "Error: "), ",")
	return name
}

// actionAt is the action that a path leads into: "Actions[3].Type", or
// "3.Parameter" as the service writes some.
func (p *Program) actionAt(path string) *action {
	number, _, ok := strings.Cut(strings.TrimPrefix(path, "Actions["), "]")
	if !ok {
		number, _, _ = strings.Cut(path, ".")
	}
	if i, err := strconv.Atoi(number); err == nil && i >= 0 && i < len(p.actions) {
		return &p.actions[i]
	}
	return nil
}

// suggester looks at the place of one problem.
type suggester struct {
	p    *Program
	a    *action // nil where the place is in none
	path string
}

// kind is the row of the action's type, an empty one where there is none.
func (s *suggester) kind() *actionType {
	if s.a == nil || s.a.kind == nil {
		return &actionType{}
	}
	return s.a.kind
}

// otherTypes are names that people know from elsewhere, and the table does not.
var otherTypes = map[string]string{
	"StoreUserInput":     "GetParticipantInput with StoreInput True",
	"StoreCustomerInput": "GetParticipantInput with StoreInput True",
	"SetWorkingQueue":    "UpdateContactTargetQueue",
	"PlayAudio":          "MessageParticipant",
	"SetContactFlow":     "UpdateContactEventHooks",
	"SendMessage":        "MessageParticipant",
	"CheckQueueStatus":   "CheckMetricData",
}

func (s *suggester) actionType(name string) string {
	if t := actionTypes[name]; t != nil && !t.unlisted {
		return "flows of this type do not have it"
	}
	if other := otherTypes[name]; other != "" {
		return didYouMean(other)
	}
	var all, older []string
	for _, t := range actionTypes {
		if t.unlisted {
			continue
		}
		all = append(all, t.name)
		if strings.EqualFold(t.module, name) {
			older = append(older, t.name)
		}
	}
	slices.Sort(all)
	slices.Sort(older)
	if len(older) > 0 {
		return didYouMean(older...)
	}
	return didYouMean(nearest(name, all))
}

// propertyName is about the last name of the path: of a parameter, or of a
// member of one.
func (s *suggester) propertyName() string {
	_, parameter, _ := strings.Cut(s.path, ".Parameters.")
	outer, inner, nested := strings.Cut(parameter, ".")
	switch {
	case outer == "Attributes" && nested, outer == "FlowAttributes" && nested:
		return "the name of an attribute has neither $ nor a dot, references aside"
	case outer == "EventHooks" && nested:
		return orTakes(nearest(inner, sortedKeys(hooks)), "hooks", sortedKeys(hooks))
	case nested:
		return ""
	case s.kind().name == "TransferContactToQueue":
		return "it takes no parameters: choose the queue before, with UpdateContactTargetQueue"
	}
	left := slices.DeleteFunc(slices.Clone(s.kind().params), func(n string) bool { return s.a.params.get(n).kind != 0 })
	return orTakes(nearest(parameter, left), "parameters", s.kind().params)
}

func sortedKeys(m map[string]bool) (all []string) {
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// orTakes suggests a near name, or tells them all.
func orTakes(near, what string, all []string) string {
	switch {
	case near != "":
		return didYouMean(near)
	case len(all) == 0:
		return "it takes no " + what
	}
	return "its " + what + " are " + strings.Join(all, ", ")
}

// values says what parameters may be, where a closed set or a range is known.
var values = map[string]string{
	"AgentConfiguration":  "give WorkspaceId, ApplicationId and Alias",
	"ComparisonValue":     "compare one reference, such as $.Attributes.name",
	"ContactFlowId":       "give an id, an ARN or one whole reference",
	"FlowLoggingBehavior": "write Enabled or Disabled",
	"LoopCount":           "write a number from 0 to 100, or one whole reference",
	"RehydrationType":     "write ENTIRE_PAST_SESSION or FROM_SEGMENT",
	"StoreInput":          "write True or False",
	"TargetContact":       "write Current or Related",
	"TimeLimitSeconds":    "write a number from 1 to 604800, or one whole reference",
	"EventHooks":          "set one hook in each action",
}

func (s *suggester) propertyValue() string {
	place := s.path[strings.LastIndexByte(s.path, '.')+1:]
	switch {
	case s.path == "StartAction" && s.p != nil:
		return s.identifier(s.p.start.id)
	case place == "NextAction" && s.a != nil:
		return s.identifier(s.a.targetAt(s.path))
	case place == "Identifier":
		return "use at most 50 characters, and none of " + forbiddenIdentifier
	case place == "Parameter":
		return s.emptyValues()
	case place == "Operator":
		return s.operator()
	case place == "Operands":
		return "give each condition one operand"
	case place == "Condition" && len(s.kind().equals) > 0:
		return "compare by Equals with " + strings.Join(s.kind().equals, " and ") + ", each once"
	}
	return values[place]
}

// maxEmpty is how many empty values of an action are named.
const maxEmpty = 3

// emptyValues names those of the action: the service's path only says that there is one.
func (s *suggester) emptyValues() string {
	const rule = "an empty string counts as no value: "
	if s.a == nil {
		return rule + "give it one, or take it away"
	}
	all := emptyIn(&s.a.params, "Parameters", nil)
	if len(all) > maxEmpty {
		all = append(all[:maxEmpty], "others")
	}
	return rule + "give one to " + strings.Join(all, " and ") + ", or take it away"
}

// emptyIn appends the paths of the empty strings in a value.
func emptyIn(n *node, path string, all []string) []string {
	if n.kind == '"' && n.text == "" {
		return append(all, path)
	}
	for i := range n.kids {
		if len(all) > maxEmpty {
			break
		}
		if n.kind == '{' {
			all = emptyIn(&n.kids[i], path+"."+n.names[i], all)
		} else {
			all = emptyIn(&n.kids[i], path+"["+strconv.Itoa(i)+"]", all)
		}
	}
	return all
}

// identifier suggests one that a transition may have meant.
func (s *suggester) identifier(id string) string {
	if id == "" {
		return "connect it to an action"
	}
	all := make([]string, len(s.p.actions))
	for i := range s.p.actions {
		all[i] = s.p.actions[i].id
	}
	if near := nearest(id, all); near != "" {
		return didYouMean(near)
	}
	return "no action has the identifier " + strconv.Quote(id)
}

// targetAt is what the transition at a path leads to.
func (a *action) targetAt(path string) string {
	switch at, i := indexAt(path, ".Errors["), indexAt(path, ".Conditions["); {
	case at >= 0 && at < len(a.errors):
		return a.errors[at].target.id
	case i >= 0 && i < len(a.conditions):
		return a.conditions[i].target.id
	}
	return a.next.id
}

// indexAt is the index behind a list's name in a path, -1 where it is not there.
func indexAt(path, list string) int {
	_, rest, _ := strings.Cut(path, list)
	number, _, _ := strings.Cut(rest, "]")
	if i, err := strconv.Atoi(number); err == nil {
		return i
	}
	return -1
}

func (s *suggester) operator() string {
	i := indexAt(s.path, ".Conditions[")
	if s.a == nil || i < 0 || i >= len(s.a.conditions) {
		return ""
	}
	var all []string
	for name := range operators {
		all = append(all, name)
	}
	slices.Sort(all)
	return orTakes(nearest(s.a.conditions[i].name, all), "operators", all)
}

func (s *suggester) missingProperty() string {
	_, parameter, ok := strings.Cut(s.path, ".Parameters.")
	switch {
	case ok:
		return "add the parameter " + parameter + s.insteadOf(parameter)
	case strings.HasSuffix(s.path, ".Conditions") && len(s.kind().equals) > 0:
		return "add a condition that Equals each of " + strings.Join(s.kind().equals, " and ")
	case strings.HasSuffix(s.path, ".Conditions"):
		return "add a condition"
	case strings.HasSuffix(s.path, ".NextAction"):
		return "say which action follows"
	}
	return ""
}

// insteadOf names a parameter that may be a missing one under a wrong name.
func (s *suggester) insteadOf(parameter string) string {
	if s.a == nil {
		return ""
	}
	var unknown []string
	for _, name := range s.a.params.names {
		if s.kind().params != nil && !slices.Contains(s.kind().params, name) {
			unknown = append(unknown, name)
		}
	}
	if near := nearest(parameter, unknown); near != "" {
		return ", perhaps in place of " + near
	}
	return ""
}

func (s *suggester) missingError(name string) string {
	return `add {"ErrorType": "` + name + `", "NextAction": …} to Transitions.Errors`
}

func (s *suggester) invalidError(name string) string {
	all := slices.Concat(s.kind().errors, s.kind().mayErrors)
	left := slices.DeleteFunc(slices.Clone(all), func(e string) bool { return s.a != nil && s.a.errorBranch(e) != nil })
	return orTakes(nearest(name, left), "error branches", all)
}

func didYouMean(names ...string) string {
	if len(names) == 0 || names[0] == "" {
		return ""
	}
	return "did you mean " + strings.Join(names, " or ") + "?"
}

// alike is how like two names are for one to be suggested for the other, from 0
// to 1.
const alike = .6

// Nearest is the name most like s, "" when none is like it.
func Nearest(s string, names []string) string { return nearest(s, names) }

// nearest is the name most like s, "" when none is like it.
func nearest(s string, names []string) (best string) {
	most := alike
	for _, name := range names {
		if l := likeness(s, name); l > most && name != s {
			best, most = name, l
		}
	}
	return best
}

// maxCompared is the longest text that is compared: identifiers may be of any
// length, and the time grows with its square.
const maxCompared = 100

// likeness compares letters, which finds slips, and words, which finds names
// from memory.
func likeness(a, b string) float64 {
	if len(a) > maxCompared || len(b) > maxCompared {
		return 0
	}
	letters := 1 - float64(distance(strings.ToLower(a), strings.ToLower(b)))/float64(max(len(a), len(b), 1))
	x, y := words(a), words(b)
	shared := 0
	for _, w := range x {
		if slices.Contains(y, w) {
			shared++
		}
	}
	return max(letters, 2*float64(shared)/float64(len(x)+len(y)))
}

// words of a name: "TransferToFlow" has three.
func words(s string) (all []string) {
	begin := 0
	for i := range len(s) {
		if i > begin && (s[i] == ' ' || s[i] == '-' || s[i] == '_' || 'A' <= s[i] && s[i] <= 'Z' && (s[i-1] < 'A' || s[i-1] > 'Z')) {
			all, begin = append(all, strings.ToLower(strings.Trim(s[begin:i], " -_"))), i
		}
	}
	return append(all, strings.ToLower(strings.Trim(s[begin:], " -_")))
}

// distance is how many bytes are to be put in, taken out or exchanged to make
// one text of the other (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
