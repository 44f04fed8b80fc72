package server_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// What stories say of views: companies make them, flows show them, customers open and answer them.

const (
	interactiveType  = "application/vnd.amazonaws.connect.message.interactive"
	interactiveReply = interactiveType + ".response"
)

// interactive makes a chat one whose client knows interactive messages, or one of a step-by-step guide.
func interactive(request map[string]any, kind string) {
	if kind == "guide" {
		request["SegmentAttributes"] = map[string]any{"connect:Subtype": map[string]string{"ValueString": "connect:Guide"}}
		return
	}
	types := request["SupportedMessagingContentTypes"].([]string)
	request["SupportedMessagingContentTypes"] = append(types, interactiveType, interactiveReply)
}

// cmdView makes a view of a file with its Template and Actions: "view cafe.json status=SAVED", or publishes it anew:
// "view cafe.json of=cafe". Its name is the file's, and flows refer to it as to flows.
func (s *story) cmdView(c *call) error {
	file := c.take()
	var content struct {
		Template json.RawMessage
		Actions  []string
	}
	if err := json.Unmarshal([]byte(c.ReadFile(file)), &content); err != nil {
		return err
	}
	name := strings.TrimSuffix(filepath.Base(file), ".json")
	request := map[string]any{"Status": "PUBLISHED", "Content": map[string]any{"Template": string(content.Template), "Actions": content.Actions}}
	if status, ok := c.option("status"); ok {
		request["Status"] = status
	}
	if of, ok := c.option("of"); ok {
		return s.anyNode().call("POST", "/views/"+instance+"/"+s.flows[of], "", request, nil)
	}
	request["Name"] = name
	var answer struct {
		View struct {
			ID string `json:"Id"`
		}
	}
	refused := s.anyNode().call("PUT", "/views/"+instance, "", request, &answer)
	if refused == nil {
		s.flows[name] = answer.View.ID
		c.Setenv(name, answer.View.ID)
	}
	return refused
}

// shownView is the message that a client knows a view by.
type shownView struct {
	TemplateType string `json:"templateType"`
	Version      string `json:"version"`
	Data         struct {
		Content struct {
			ViewID    string          `json:"viewId"`
			ViewData  json.RawMessage `json:"viewData"`
			ViewToken string          `json:"viewToken"`
		} `json:"content"`
	} `json:"data"`
}

// viewAnswer is a client's answer to a view.
type viewAnswer struct {
	TemplateType string          `json:"templateType"`
	Version      string          `json:"version"`
	Action       string          `json:"action"`
	Data         json.RawMessage `json:"data"`
}

// viewLine says in one line what a message about a view shows.
func viewLine(name string, it item) (string, bool) {
	var shown shownView
	var answered viewAnswer
	switch it.ContentType {
	case interactiveType:
		if json.Unmarshal([]byte(it.Content), &shown) == nil && shown.TemplateType == "ViewResource" && shown.Version == "1.0" {
			return fmt.Sprintf("%s shows %s %s", name, shown.Data.Content.ViewID, shown.Data.Content.ViewData), true
		}
	case interactiveReply:
		if json.Unmarshal([]byte(it.Content), &answered) == nil && answered.TemplateType == "ViewResource" {
			return fmt.Sprintf("%s answers %s %s", name, answered.Action, answered.Data), true
		}
	}
	return "", false
}

// lastView is the view that somebody was shown last.
func (p *person) lastView() (last shownView, err error) {
	for _, k := range p.viewing() {
		k.mu.Lock()
		defer k.mu.Unlock()
		for _, it := range slices.Backward(k.heard) {
			if it.ContentType == interactiveType {
				return last, json.Unmarshal([]byte(it.Content), &last)
			}
		}
	}
	return last, fmt.Errorf("%s was shown no view", p.name)
}

// cmdOpen opens the view that somebody was shown last, as chatjs's describeView does, and prints what their client
// needs to draw it: "open ana", or with another's connection "open ben of=ana".
func (s *story) cmdOpen(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	of := p
	if name, ok := c.option("of"); ok {
		if of, err = s.person(name); err != nil {
			return err
		}
	}
	last, err := of.lastView()
	if err != nil {
		return err
	}
	var answer struct {
		View struct {
			Name    string
			Version int
			Content struct {
				InputSchema, Template string
				Actions               []string
			}
		}
	}
	if refused := p.at().call("GET", "/participant/views/"+url.PathEscape(last.Data.Content.ViewToken), p.bearer, nil, &answer); refused != nil {
		return refused
	}
	// Clients parse both.
	var schema struct{ Required []string }
	var template struct{ Body []any }
	if err := json.Unmarshal([]byte(answer.View.Content.InputSchema), &schema); err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(answer.View.Content.Template), &template); err != nil || len(template.Body) == 0 {
		return fmt.Errorf("a template without a body: %v", err)
	}
	v := answer.View
	print(c.Stdout(), []string{fmt.Sprintf("%s %d needs %v raises %v", v.Name, v.Version, schema.Required, v.Content.Actions)})
	return nil
}

// cmdAnswer answers a view: `answer ana Next '{"FormData":{"color":"red"}}'`.
func (s *story) cmdAnswer(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	answer, err := json.Marshal(viewAnswer{TemplateType: "ViewResource", Version: "1.0", Action: c.take(), Data: json.RawMessage(c.take())})
	if err != nil {
		return err
	}
	m := message{request: map[string]string{"ContentType": interactiveReply, "ClientToken": s.newID(), "Content": string(answer)}}
	if refused := p.send(&m); refused != nil {
		return refused
	}
	s.on.settle(s)
	return nil
}
