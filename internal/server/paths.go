package server

import (
	"context"
	"fmt"
	"html/template"
	"net/http"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/flowchart"
	"github.com/parley-chat/parley/internal/ui"
)

// maxPathContacts is how many contacts the page of paths lists.
const maxPathContacts = 200

// pathRoutes are the pages that show which way contacts took through their flows.
func (s *Server) pathRoutes(mux *http.ServeMux) {
	mux.Handle("GET /_parley/paths.css", ui.PathsStyle(flowchart.Style))
	handle := func(pattern string, page func(*http.Request) (shown, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			p, err := page(r)
			if err != nil {
				writeJSON(w, devStatus(err), map[string]string{"error": devMessage(err)})
				return
			}
			p.Show(w)
		})
	}
	handle("GET /_parley/paths", s.contactsPage)
	handle("GET /_parley/paths/{contact}", s.pathPage)
}

// shown is a page that is ready.
type shown interface{ Show(http.ResponseWriter) }

func (s *Server) contactsPage(r *http.Request) (shown, error) {
	all, err := s.overview.Chats(r.Context(), maxPathContacts)
	if err != nil {
		return nil, err
	}
	page := &ui.Contacts{}
	for _, one := range all {
		page.All = append(page.All, s.pathContact(&one))
	}
	return page, nil
}

func (s *Server) pathContact(c *chat.Summary) ui.Contact {
	return ui.Contact{ID: string(c.Contact), Started: c.Initiated, Ended: c.Ended, Where: c.At, Steps: len(s.overview.Traced(c.Contact))}
}

func (s *Server) pathPage(r *http.Request) (shown, error) {
	contact := center.ContactID(r.PathValue("contact"))
	detail, err := s.overview.Detail(r.Context(), contact)
	if err != nil {
		return nil, err
	}
	page := &ui.Path{Contact: s.pathContact(&detail.Summary)}
	page.ID = string(contact)
	t := &tracer{catalog: s.catalog, at: detail.Instance}
	lines := s.overview.Traced(contact)
	if err := t.follow(r.Context(), lines); err != nil {
		return nil, err
	}
	switch {
	case isOver(lines, detail.Flow, detail.At):
		page.Where = ""
	case contact == detail.Contact && detail.Ended == "" && detail.At != "":
		if err := t.waits(r.Context(), detail.Flow, detail.At); err != nil {
			return nil, err
		}
	}
	page.Pictures, err = t.pictures()
	page.Steps = t.steps
	return page, err
}

// isOver says whether a flow has ended with the action that it is at.
func isOver(lines []chat.TraceLine, flow, action string) bool {
	if len(lines) == 0 {
		return false
	}
	last := lines[len(lines)-1]
	return last.Flow == flow && last.Action == action && last.Next == ""
}

// tracer sorts a contact's steps by the texts of flows that they are in.
type tracer struct {
	catalog *catalog.Catalog
	at      center.InstanceID
	texts   []*tracedText
	steps   []ui.Step
}

// tracedText is one text of a flow or a module, with the part of the path that lies in it.
type tracedText struct {
	flow, sha  string
	name, text string
	id         string // what the ids in its picture begin with
	path       []flowchart.Visit
}

func (t *tracer) follow(ctx context.Context, lines []chat.TraceLine) error {
	for _, line := range lines {
		step := ui.Step{
			Number: len(t.steps) + 1, Time: center.FormatTime(line.Time), Action: line.Action, Type: line.Type, Took: line.Branch, Why: line.Why,
		}
		if step.Took == "" {
			step.Took = line.Error
		}
		if line.Action != "" {
			in, err := t.in(ctx, line.Flow, line.Content)
			if err != nil {
				return err
			}
			in.path = append(in.path, flowchart.Visit{Action: line.Action, Next: line.Next, Branch: line.Branch, Step: step.Number})
			step.Flow, step.Anchor = in.name, in.anchor(line.Action)
		}
		t.steps = append(t.steps, step)
	}
	return nil
}

// waits adds the action that a contact is at and has not left.
func (t *tracer) waits(ctx context.Context, flow, action string) error {
	sha := ""
	for _, known := range t.texts {
		if known.flow == flow {
			sha = known.sha // the last text of it that ran
		}
	}
	in, err := t.in(ctx, flow, sha)
	if err != nil {
		return err
	}
	step := ui.Step{Number: len(t.steps) + 1, Flow: in.name, Action: action, Took: "is here", Anchor: in.anchor(action)}
	in.path = append(in.path, flowchart.Visit{Action: action, Step: step.Number})
	t.steps = append(t.steps, step)
	return nil
}

// in finds a text. Of a flow that has been deleted since there is none, and no picture.
func (t *tracer) in(ctx context.Context, flow, sha string) (*tracedText, error) {
	for _, known := range t.texts {
		if known.flow == flow && (known.sha == sha || sha == "") {
			return known, nil
		}
	}
	found := &tracedText{flow: flow, sha: sha, name: flow, id: fmt.Sprintf("flow%d-", len(t.texts)+1)}
	if f, err := t.catalog.Flow(ctx, t.at, center.FlowRef{ID: center.FlowID(flow)}); err == nil {
		found.name, found.text = f.Name, f.Content
	} else if m, err := t.catalog.Module(ctx, t.at, center.ModuleRef{ID: center.ModuleID(flow)}); err == nil {
		found.name, found.text = m.Name, m.Content
	}
	if sha != "" {
		text, err := t.catalog.FlowText(ctx, t.at, sha)
		if err != nil && !center.Is(err, center.NotFound) {
			return nil, err
		}
		found.text = text
	}
	t.texts = append(t.texts, found)
	return found, nil
}

func (t *tracedText) anchor(action string) string {
	if t.text == "" {
		return ""
	}
	return flowchart.Anchor(t.id, action)
}

func (t *tracer) pictures() (all []ui.Picture, err error) {
	for _, in := range t.texts {
		if in.text == "" {
			continue
		}
		svg, err := flowchart.Draw([]byte(in.text), flowchart.Options{Title: in.name, Path: in.path, Inline: true, ID: in.id})
		if err != nil {
			return nil, err
		}
		// What flowchart draws has no markup of the document's.
		all = append(all, ui.Picture{Name: in.name, ID: in.id + "name", SVG: template.HTML(svg)})
	}
	return all, nil
}
