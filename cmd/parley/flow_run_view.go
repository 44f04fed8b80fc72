package main

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/rehearsal"
	"github.com/parley-chat/parley/internal/view"
)

// viewPrompt is what a view asks that a flow shows. The views that AWS manages are known. Of any other, the flow tells the
// actions that it has branches for, and the values that it goes on with.
func viewPrompt(p *rehearsal.Play, e *flow.ShowView) *prompt {
	id, _, _ := strings.Cut(rehearsal.LastName(e.ViewID), ":")
	v := &shownView{id: id, data: json.RawMessage(e.Data)}
	if known, ok := view.FindManaged(id); ok {
		v.template, v.actions, v.managed = known.Template, known.Actions, true
		return v.prompt()
	}
	actions, data := p.Answers()
	v.actions = actions
	seen := map[string]bool{}
	for _, path := range data {
		f := field{label: path[len(path)-1]}
		if _, err := strconv.Atoi(f.label); err == nil && len(path) > 1 { // an element of a list
			path = path[:len(path)-1]
			f.label, f.list = path[len(path)-1], true
		}
		if f.name = strings.Join(path, "."); !seen[f.name] {
			seen[f.name] = true
			v.fields = append(v.fields, f)
		}
	}
	return v.prompt()
}

// ask shows what can be answered by choosing. For a script it is JSON.
func (r *rehearsing) ask(kind, who, what string, p *prompt) {
	if p == nil || r.shown.plain {
		r.shown.show(kind, who, what)
	} else {
		r.shown.prompt(who, p)
	}
	if r.asked = nil; p != nil && len(p.choices) > 0 {
		r.asked = &answering{prompt: p, view: kind == "view"}
	}
}

// answer takes a line that answers a prompt.
func (r *rehearsing) answer(line string) (taken bool) {
	if r.shown.plain {
		if response := responseOf(line); r.play.View != nil && response != nil {
			r.send(*response)
			return true
		}
		return false
	}
	if line == "/back" && r.asked.abandon() {
		r.shown.show("ask", "", r.asked.prompt.lines())
		return true
	}
	if strings.HasPrefix(line, "/") {
		return false
	}
	ask, answer, taken := r.asked.take(line)
	switch {
	case ask != "":
		r.shown.show("ask", "", ask)
	case answer != nil:
		r.send(*answer)
	}
	return taken
}

// send is what the customer sends.
func (r *rehearsing) send(what reply) {
	r.asked = nil // by the flow, before it asks the next
	r.play.Message(what.contentType, what.content)
}
