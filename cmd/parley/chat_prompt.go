package main

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/rehearsal"
	"github.com/parley-chat/parley/internal/view"
)

// prompt shows an item that can be answered by choosing, if it is one. Any other message, also of the customer's own, is an
// end to what could be chosen before.
func (t *talker) prompt(it *conversation.Item, own bool) (shown bool) {
	if it.Type != conversation.TypeMessage {
		return false
	}
	var p *prompt
	kind, what := describe(it)
	if !own && !it.IsPast() && kind == "view" {
		p, what = t.view(it.Content)
	} else if !own && !it.IsPast() && kind == "interactive" {
		p = promptOf(it.Content)
	}
	var asked *answering
	if p != nil && len(p.choices) > 0 {
		asked = &answering{prompt: p, view: kind == "view"}
	}
	t.mu.Lock()
	t.asked = asked
	t.mu.Unlock()
	switch {
	case p == nil:
		return false
	case t.shown.plain:
		t.shown.line(kind, it.DisplayName, what)
	default:
		t.shown.prompt(it.DisplayName, p)
	}
	return true
}

// describing is how long the server may take to describe a view.
const describing = 10 * time.Second

// view is what a view asks, and what a script is told of it. A view that the server does not describe is not a prompt.
func (t *talker) view(content string) (p *prompt, told string) {
	m := readInteractive(content)
	if m == nil {
		return nil, content
	}
	c := &m.Data.Content
	ctx, cancel := context.WithTimeout(context.Background(), describing)
	defer cancel()
	described, err := t.service.view(ctx, t.Token(), c.ViewToken)
	if err != nil {
		t.shown.complain(err)
		return nil, content
	}
	id, _, _ := strings.Cut(rehearsal.LastName(described.ID), ":")
	_, managed := view.FindManaged(id)
	v := &shownView{id: id, template: described.Content.Template, actions: described.Content.Actions, data: c.ViewData, managed: managed}
	data := viewInput(c.ViewData)
	return v.prompt(), inJSON(struct {
		View    string         `json:"view"`
		Actions []string       `json:"actions"`
		Data    map[string]any `json:"data"`
	}{id, v.actions, data})
}

// answer takes a line that answers a prompt. Without an answer there is more to be asked.
func (t *talker) answer(line string) (answer *reply, taken bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.asked == nil {
		return nil, false
	}
	if t.shown.plain {
		answer = responseOf(line)
		return answer, t.asked.view && answer != nil
	}
	if strings.HasPrefix(line, "//") {
		return nil, false
	}
	ask, answer, taken := t.asked.take(line)
	if ask != "" {
		t.shown.print("  " + onOneScreen(ask))
	}
	return answer, taken
}

// fills says whether a value of a form is asked for.
func (t *talker) fills() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.asked != nil && t.asked.chosen != nil
}

// back goes from a form back to the choices.
func (t *talker) back() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.asked.abandon() {
		return false
	}
	t.shown.print("  " + onOneScreen(t.asked.prompt.lines()))
	return true
}

// isView says whether an interactive message is a view.
func isView(content string) bool {
	m := readInteractive(content)
	return m != nil && m.TemplateType == viewResource
}

// gist is what an interactive message or an answer to a view says, for a person who cannot answer any more.
func gist(contentType, content string) string {
	if contentType == flow.ContentTypeInteractiveResponse {
		var response struct {
			Action string
			Data   struct{ Content json.RawMessage }
		}
		var text string
		if json.Unmarshal([]byte(content), &response) != nil {
			return content
		}
		if json.Unmarshal(response.Data.Content, &text) == nil && strings.TrimSpace(response.Action) == "" {
			return text
		}
		return response.Action
	}
	if p := promptOf(content); p != nil {
		return strings.Join(p.about, "\n")
	}
	if m := readInteractive(content); m != nil && m.TemplateType == viewResource {
		return "View " + m.Data.Content.ViewID
	}
	return content
}
