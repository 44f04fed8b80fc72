package flow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The limits of a document (admin guide, "Amazon Connect service quotas", and
// the Content member of CreateContactFlow).
const (
	maxActions = 250
	maxChars   = 256_000
	version    = "2019-10-30"
)

// Program is a flow document made ready to run. It is immutable.
type Program struct {
	start    target
	actions  []action
	index    map[string]int
	metadata string // as written, "" when absent
	settings string // as written; only module content carries it
}

// action is one action of a program, its parameters and transitions prepared.
type action struct {
	id         string
	name       string      // the Type as written
	kind       *actionType // nil when the Type is unknown
	step       step        // nil when the Type is unknown
	params     node        // '{' or absent
	weight     int         // steps that the guard counts beyond one
	next       target
	errors     []branch
	conditions []condition
}

// target is where a transition leads.
type target struct {
	id string
	at int // index of the action, -1 when the transition is absent or leads nowhere
}

// branch is one entry of Transitions.Errors.
type branch struct {
	errorType string
	target    target
}

// Problem is one thing that is wrong with a document. Message is the whole
// text for the person who wrote it, in the service's own words where those are
// known; Path names the place alone.
type Problem struct {
	Message string
	Path    string
}

// ParseError says that a document has not the structure of a flow.
type ParseError struct {
	Problems []Problem // at least one
}

// Error lists the problems on one line.
func (e *ParseError) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.Message
	}
	return "flow document: " + strings.Join(texts, "; ")
}

// Parse reads a flow document. It checks structure only: what a draft may have
// wrong, such as an unknown action type or an unconnected branch, is left to
// [Validate]. The error is a [*ParseError], and then the program is nil.
func Parse(src []byte) (*Program, error) {
	doc, problem := readDocument(src)
	if problem != nil {
		return nil, &ParseError{Problems: []Problem{*problem}}
	}
	ps := parser{p: &Program{}}
	ps.document(&doc)
	if len(ps.problems) > 0 {
		return nil, &ParseError{Problems: ps.problems}
	}
	ps.p.connect()
	return ps.p, nil
}

func readDocument(src []byte) (node, *Problem) {
	if !utf8.Valid(src) {
		return node{}, &Problem{Message: "Content is not valid UTF-8"}
	}
	if n := utf8.RuneCount(src); n > maxChars {
		return node{}, &Problem{Message: fmt.Sprintf("Content has %d characters. Limit: %d", n, maxChars)}
	}
	doc, err := readJSON(src, "Metadata", "Settings")
	if err != nil {
		return node{}, &Problem{Message: "Content is not valid JSON" + whereInJSON(err)}
	}
	if doc.kind != '{' {
		return node{}, &Problem{Message: "Content is not a JSON object"}
	}
	if doc.get("Actions").kind == 0 && doc.get("modules").kind == '[' {
		return node{}, &Problem{
			Message: "Content is in the older export format (modules and branches), which the flow language of version " + version + " replaced: turn it into that with `parley flow convert FILE`. Path: modules",
			Path:    "modules",
		}
	}
	return doc, nil
}

func whereInJSON(err error) string {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Sprintf(": %v at byte %d", syntax, syntax.Offset)
	}
	return ""
}

// parser fills a program and gathers every structural problem on the way.
type parser struct {
	p        *Program
	problems []Problem
}

func (ps *parser) report(message, path string) {
	ps.problems = append(ps.problems, Problem{Message: message + ". Path: " + path, Path: path})
}

// str reads a string member that must be there.
func (ps *parser) str(n *node, path string) string {
	switch {
	case n.kind == 0 || n.kind == 'n':
		ps.report("Missing required property", path)
	case n.kind != '"':
		ps.report("Property is not a string", path)
	case n.text == "":
		ps.report("Property is empty", path)
	}
	return n.text
}

// list reads an array member that may be absent.
func (ps *parser) list(n *node, path string) []node {
	if n.kind != 0 && n.kind != 'n' && n.kind != '[' {
		ps.report("Property is not a list", path)
	}
	return n.kids
}

// object says whether n is an object, and reports it when it is not. An absent
// one is fine.
func (ps *parser) object(n *node, path string) bool {
	if n.kind == 0 || n.kind == 'n' || n.kind == '{' {
		return true
	}
	ps.report("Property is not an object", path)
	return false
}

func (ps *parser) document(doc *node) {
	if v := ps.str(doc.get("Version"), "Version"); v != "" && v != version {
		ps.report("Unknown version of the flow language: "+v+", known is "+version, "Version")
	}
	ps.p.start.id = ps.str(doc.get("StartAction"), "StartAction")
	ps.p.metadata = doc.get("Metadata").raw
	ps.p.settings = doc.get("Settings").raw
	actions := doc.get("Actions")
	if actions.kind == 0 || actions.kind == 'n' {
		ps.report("Missing required property", "Actions")
		return
	}
	list := ps.list(actions, "Actions")
	if actions.kind == '[' && len(list) == 0 {
		ps.report("A flow has at least one action", "Actions")
	}
	if len(list) > maxActions {
		ps.report(fmt.Sprintf("A flow has at most %d actions, not %d", maxActions, len(list)), "Actions")
		return
	}
	ps.p.actions = make([]action, len(list))
	ps.p.index = make(map[string]int, len(list))
	for i := range list {
		ps.action(i, &list[i])
	}
}

func (ps *parser) action(i int, n *node) {
	path := actionPath(i)
	if n.kind != '{' {
		ps.report("Action is not an object", path)
		return
	}
	a := &ps.p.actions[i]
	a.id = ps.str(n.get("Identifier"), path+".Identifier")
	if first, taken := ps.p.index[a.id]; taken {
		ps.report(fmt.Sprintf("Identifier is used before, by %s", actionPath(first)), path+".Identifier")
	} else if a.id != "" {
		ps.p.index[a.id] = i
	}
	a.name = ps.str(n.get("Type"), path+".Type")
	if params := n.get("Parameters"); ps.object(params, path+".Parameters") {
		a.params = *params
	}
	if t := n.get("Transitions"); ps.object(t, path+".Transitions") {
		ps.transitions(a, t, path+".Transitions")
	}
	a.weight = len(n.raw)/bytesPerStep + (strings.Count(n.raw, "$")+strings.Count(n.raw, `\u0024`))/referencesPerStep
	if a.kind = actionTypes[a.name]; a.kind != nil {
		a.step = a.kind.prepare(params{&a.params})
	}
}

func (ps *parser) transitions(a *action, n *node, path string) {
	a.next.id = ps.target(n, path)
	for i, e := range ps.list(n.get("Errors"), path+".Errors") {
		at := path + ".Errors[" + strconv.Itoa(i) + "]"
		if e.kind != '{' {
			ps.report("Error branch is not an object", at)
			continue
		}
		a.errors = append(a.errors, branch{
			errorType: ps.str(e.get("ErrorType"), at+".ErrorType"),
			target:    target{id: ps.target(&e, at)},
		})
	}
	for i, c := range ps.list(n.get("Conditions"), path+".Conditions") {
		at := path + ".Conditions[" + strconv.Itoa(i) + "]"
		if c.kind != '{' || c.get("Condition").kind != '{' {
			ps.report("Condition is not an object", at)
			continue
		}
		a.conditions = append(a.conditions, ps.condition(&c, at))
	}
}

// target reads NextAction, which may be absent or, in drafts, empty.
func (ps *parser) target(n *node, path string) string {
	next := n.get("NextAction")
	if next.kind != 0 && next.kind != 'n' && next.kind != '"' {
		ps.report("Property is not a string", path+".NextAction")
	}
	return next.text
}

func (ps *parser) condition(n *node, path string) condition {
	c := n.get("Condition")
	operands := ps.list(c.get("Operands"), path+".Condition.Operands")
	return newCondition(ps.str(c.get("Operator"), path+".Condition.Operator"), operands, ps.target(n, path))
}

func actionPath(i int) string { return "Actions[" + strconv.Itoa(i) + "]" }

// connect resolves the identifiers of all transitions.
func (p *Program) connect() {
	p.find(&p.start)
	for i := range p.actions {
		a := &p.actions[i]
		p.find(&a.next)
		for j := range a.errors {
			p.find(&a.errors[j].target)
		}
		for j := range a.conditions {
			p.find(&a.conditions[j].target)
		}
	}
}

func (p *Program) find(t *target) {
	at, ok := p.index[t.id]
	if !ok {
		at = -1
	}
	t.at = at
}

// JSON prints the program as a document that parses to the same program.
// Metadata and Settings are kept byte for byte.
func (p *Program) JSON() []byte {
	var b strings.Builder
	b.WriteString(`{"Version":"` + version + `","StartAction":`)
	quote(&b, p.start.id)
	if p.metadata != "" {
		b.WriteString(`,"Metadata":` + p.metadata)
	}
	b.WriteString(`,"Actions":[`)
	for i := range p.actions {
		if i > 0 {
			b.WriteByte(',')
		}
		p.actions[i].print(&b)
	}
	b.WriteByte(']')
	if p.settings != "" {
		b.WriteString(`,"Settings":` + p.settings)
	}
	b.WriteByte('}')
	return []byte(b.String())
}

func (a *action) print(b *strings.Builder) {
	b.WriteString(`{"Identifier":`)
	quote(b, a.id)
	b.WriteString(`,"Type":`)
	quote(b, a.name)
	if a.params.kind == '{' {
		b.WriteString(`,"Parameters":` + compact(a.params.raw))
	}
	b.WriteString(`,"Transitions":{`)
	sep := ""
	if a.next.id != "" {
		b.WriteString(`"NextAction":`)
		quote(b, a.next.id)
		sep = ","
	}
	if len(a.errors) > 0 {
		b.WriteString(sep + `"Errors":[`)
		for i, e := range a.errors {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`{"NextAction":`)
			quote(b, e.target.id)
			b.WriteString(`,"ErrorType":`)
			quote(b, e.errorType)
			b.WriteByte('}')
		}
		b.WriteByte(']')
		sep = ","
	}
	if len(a.conditions) > 0 {
		b.WriteString(sep + `"Conditions":[`)
		for i := range a.conditions {
			if i > 0 {
				b.WriteByte(',')
			}
			a.conditions[i].print(b)
		}
		b.WriteByte(']')
	}
	b.WriteString(`}}`)
}

// compact drops the white space of valid JSON.
func compact(raw string) string {
	var out bytes.Buffer
	if err := json.Compact(&out, []byte(raw)); err != nil {
		panic(fmt.Sprintf("flow: valid JSON does not compact: %v", err))
	}
	return out.String()
}
