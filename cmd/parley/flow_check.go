package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/flow"
)

type checkFlowCmd struct {
	Files  []string `arg:"" name:"file" help:"Flow documents; - for standard input."`
	JSON   bool     `name:"json" help:"Print one JSON list, with an object for each file."`
	Module bool     `help:"The files are the content of modules."`
	Type   string   `enum:",CONTACT_FLOW,CUSTOMER_QUEUE,CUSTOMER_HOLD,CUSTOMER_WHISPER,AGENT_HOLD,AGENT_WHISPER,OUTBOUND_WHISPER,AGENT_TRANSFER,QUEUE_TRANSFER,CAMPAIGN" default:"" placeholder:"TYPE" help:"Type of flow, as CreateContactFlow names it: some actions are for some types only."`
}

// Validate refuses what is one or the other.
func (c *checkFlowCmd) Validate() error {
	if c.Module && c.Type != "" {
		return errors.New("--module and --type exclude each other")
	}
	return nil
}

// Help says what scripts need to know.
func (*checkFlowCmd) Help() string {
	return `Nothing is asked of a server: what only an instance knows, such as whether a queue is there, is not checked. The flow is refused when it is published if it is not there, so each such place is named.

For each problem it prints the file and the line, the action, what Amazon Connect's own refusal says, and below it a suggestion where there is one. All problems of all files are told at once. A warning is no problem: the flow can be published, and rests on what Amazon Connect documents otherwise or not at all.

The exit status is 0 when there are no problems, 1 when there are, 2 when a file cannot be read, 80 when the arguments are wrong.`
}

// checkedFile is what --json tells of a file.
type checkedFile struct {
	File     string        `json:"file"`
	Actions  int           `json:"actions"`
	Problems []flowProblem `json:"problems"`
	Warnings []flowProblem `json:"warnings"`
	Needs    []flowNeed    `json:"needs"`           // what an instance must have
	Error    string        `json:"error,omitempty"` // the file cannot be read
}

type flowProblem struct {
	Path       string `json:"path"`
	Line       int    `json:"line,omitempty"`
	Action     string `json:"action,omitempty"` // identifier
	Type       string `json:"type,omitempty"`
	Problem    string `json:"problem"`
	Suggestion string `json:"suggestion,omitempty"`
}

// flowNeed is a resource that a document names.
type flowNeed struct {
	Path   string `json:"path"`
	Line   int    `json:"line,omitempty"`
	Action string `json:"action,omitempty"`
	Type   string `json:"type,omitempty"`
	Kind   string `json:"kind"`
	ID     string `json:"id"`
}

func (c *checkFlowCmd) Run() error {
	var status exitStatus
	all := []checkedFile{}
	for _, name := range c.Files {
		checked := checkedFile{File: name, Problems: []flowProblem{}, Warnings: []flowProblem{}, Needs: []flowNeed{}}
		src, err := readFile(name, os.Stdin)
		if err != nil {
			checked.Error = err.Error()
			status = unreadable
		} else {
			c.file(&checked, src)
			if len(checked.Problems) > 0 {
				status = max(status, hasProblems)
			}
		}
		all = append(all, checked)
	}
	tell := tellChecked
	if c.JSON {
		tell = tellJSON
	}
	if err := tell(os.Stdout, all); err != nil {
		return err
	}
	if status != 0 {
		return status
	}
	return nil
}

func (c *checkFlowCmd) file(checked *checkedFile, src []byte) {
	found, p := c.problems(src)
	lines := locate(src)
	actions := namedActions(src)
	checked.Actions = len(actions)
	at := func(path string) (a namedAction) {
		if i := actionIndex(path); i >= 0 && i < len(actions) {
			a = actions[i]
		}
		return a
	}
	tell := func(problem flow.Problem) flowProblem {
		a := at(problem.Path)
		return flowProblem{problem.Path, lines.of(problem.Path), a.Identifier, a.Type, problem.Message, flow.Suggest(p, problem)}
	}
	for i, problem := range found {
		told := tell(problem)
		if i == 0 && p == nil && told.Suggestion == "" {
			told.Suggestion = otherwise(src)
		}
		checked.Problems = append(checked.Problems, told)
	}
	if p == nil {
		return
	}
	for _, warning := range flow.Warnings(p, c.kind(src)) {
		checked.Warnings = append(checked.Warnings, tell(warning))
	}
	for _, n := range flow.Needs(p) {
		if n.Everywhere() {
			continue
		}
		a := at(n.Path)
		checked.Needs = append(checked.Needs, flowNeed{n.Path, lines.of(n.Path), a.Identifier, a.Type, string(n.Kind), n.ID})
	}
}

func (c *checkFlowCmd) problems(src []byte) ([]flow.Problem, *flow.Program) {
	p, err := flow.Parse(src)
	var wrong *flow.ParseError
	if errors.As(err, &wrong) {
		return wrong.Problems, nil
	}
	kind := flow.Kind(c.Type)
	if c.Module {
		kind = flow.Module
	}
	found := flow.ValidateAs(p, kind)
	if c.Module && !hasSettings(src) {
		found = append([]flow.Problem{{Message: "JSON field is missing or null for field name: settings", Path: "Settings"}}, found...)
	}
	return found, p
}

// kind is the type of flow that is asked for, or else the one that the document says of itself; "" for none.
func (c *checkFlowCmd) kind(src []byte) flow.Kind {
	if c.Module {
		return flow.Module
	}
	if c.Type != "" {
		return flow.Kind(c.Type)
	}
	return kindSaid(src)
}

// hasSettings says whether a document has the member that the service asks of the content of modules.
func hasSettings(src []byte) bool {
	var doc struct{ Settings json.RawMessage }
	return json.Unmarshal(src, &doc) == nil && len(doc.Settings) > 0 && string(doc.Settings) != "null"
}

// namedAction is what people know an action by.
type namedAction struct{ Identifier, Type string }

// namedActions are those of a document, as far as it can be read.
func namedActions(src []byte) (all []namedAction) {
	var doc struct{ Actions []json.RawMessage }
	_ = json.Unmarshal(src, &doc) // what is wrong with it is told by its problems
	for _, raw := range doc.Actions {
		var a namedAction
		_ = json.Unmarshal(raw, &a)
		all = append(all, a)
	}
	return all
}

// actionIndex reads a path, "Actions[3].Type" or "3.Parameter"; -1 when it leads into no action.
func actionIndex(path string) int {
	number, _, ok := strings.Cut(strings.TrimPrefix(path, "Actions["), "]")
	if !ok {
		number, _, _ = strings.Cut(path, ".")
	}
	if i, err := strconv.Atoi(number); err == nil {
		return i
	}
	return -1
}

func tellChecked(w io.Writer, all []checkedFile) error {
	var b bytes.Buffer
	for _, f := range all {
		switch {
		case f.Error != "":
			fmt.Fprintln(os.Stderr, "parley:", plain(f.Error))
		case len(f.Problems) == 0:
			fmt.Fprintf(&b, "%s: ok, %d actions\n", plain(f.File), f.Actions)
		}
		for _, p := range f.Problems {
			tellProblem(&b, f.File, p)
		}
		for _, p := range f.Warnings {
			p.Problem = "warning: " + p.Problem
			tellProblem(&b, f.File, p)
		}
		for _, n := range f.Needs {
			tellProblem(&b, f.File, flowProblem{Line: n.Line, Action: n.Action, Type: n.Type, Problem: n.unchecked()})
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// unchecked says what only an instance knows.
func (n *flowNeed) unchecked() string {
	switch flow.Resource(n.Kind) {
	case flow.ResourceFunction, flow.ResourceBot:
		return "not checked: that the " + n.Kind + " " + n.ID + " is associated with the instance"
	}
	return "not checked: that the instance has the " + n.Kind + " " + n.ID
}

// tellProblem writes a problem as compilers do, so that editors find the place.
func tellProblem(b *bytes.Buffer, file string, p flowProblem) {
	where := file
	if p.Line > 0 {
		where += ":" + strconv.Itoa(p.Line)
	}
	if p.Type != "" {
		where += fmt.Sprintf(": %s (%s)", strconv.Quote(p.Action), p.Type)
	}
	fmt.Fprintf(b, "%s: %s\n", plain(where), plain(p.Problem))
	if p.Suggestion != "" {
		fmt.Fprintf(b, "    %s\n", plain(p.Suggestion))
	}
}

func tellJSON(w io.Writer, all []checkedFile) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(all)
}
