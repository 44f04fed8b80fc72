package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/flow"
)

// prompt is what a customer can answer by choosing: an interactive message, or a view.
type prompt struct {
	about   []string // what it says, line by line
	choices []choice
}

// choice is one way to answer.
type choice struct {
	label  string
	fields []field                           // to be filled in, one after the other
	reply  func(values map[string]any) reply // values by the fields' names
}

// reply is what the customer sends.
type reply struct{ contentType, content string }

func saying(text string) func(map[string]any) reply {
	return func(map[string]any) reply { return reply{flow.ContentTypePlain, text} }
}

// answering is a prompt, and how far the customer is with the answer. A nil one takes no lines.
type answering struct {
	prompt *prompt
	chosen *choice
	at     int // the field that is asked for
	values map[string]any
	view   bool // the prompt is a view
}

// take takes a line that was typed. It is not taken when it is no answer: then it is what the customer says. Otherwise
// either there is more to ask, or the answer is complete.
func (a *answering) take(line string) (ask string, answer *reply, taken bool) {
	if a == nil {
		return "", nil, false
	}
	if r := responseOf(line); r != nil {
		return "", r, true
	}
	if a.chosen != nil {
		return a.fill(line)
	}
	n, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || n < 1 || n > len(a.prompt.choices) {
		return "", nil, false
	}
	a.chosen, a.at, a.values = &a.prompt.choices[n-1], 0, map[string]any{}
	return a.next("")
}

// abandon goes back to the choices.
func (a *answering) abandon() bool {
	if a == nil || a.chosen == nil {
		return false
	}
	a.chosen = nil
	return true
}

// fill takes the value of a field.
func (a *answering) fill(line string) (ask string, answer *reply, taken bool) {
	f := &a.chosen.fields[a.at]
	v, wrong := f.value(strings.TrimSpace(line))
	if wrong != "" {
		return a.next(wrong + "\n")
	}
	a.values[f.name] = v
	a.at++
	return a.next("")
}

// next asks for the next field, or is the answer.
func (a *answering) next(before string) (ask string, answer *reply, taken bool) {
	if a.at < len(a.chosen.fields) {
		return before + a.chosen.fields[a.at].ask(), nil, true
	}
	r := a.chosen.reply(a.values)
	a.chosen = nil
	return "", &r, true
}

// responseOf reads the answer to a view as a script gives it: {"action": "Next", "data": {}}. nil for anything else.
func responseOf(line string) *reply {
	var given struct {
		Action string          `json:"action"`
		Data   json.RawMessage `json:"data"`
	}
	if !strings.HasPrefix(strings.TrimSpace(line), "{") || json.Unmarshal([]byte(line), &given) != nil || given.Action == "" {
		return nil
	}
	if len(given.Data) == 0 {
		given.Data = json.RawMessage("{}")
	}
	r := viewReply(given.Action, given.Data)
	return &r
}

// viewReply is the action of a view.
func viewReply(action string, data any) reply {
	return reply{flow.ContentTypeInteractiveResponse, inJSON(struct {
		Action       string `json:"action"`
		Data         any    `json:"data"`
		TemplateType string `json:"templateType"`
		Version      string `json:"version"`
	}{action, data, "ViewResource", "1.0"})}
}

func inJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("parley: a value does not encode: " + err.Error())
	}
	return string(b)
}

// lines shows a prompt: what it says, and its choices by number.
func (p *prompt) lines() string {
	all := slices.Clone(p.about)
	for i := range p.choices {
		all = append(all, fmt.Sprintf("%d  %s", i+1, p.choices[i].label))
	}
	return strings.Join(all, "\n")
}

// hint says how to answer.
func (p *prompt) hint() string {
	if len(p.choices) == 0 {
		return ""
	}
	return "Type a number to choose."
}

// field is one value of a form.
type field struct {
	name, label, help string
	required          bool
	number            bool
	truth             bool
	many              bool         // several of the options
	list              bool         // the value is a list, of one too
	options           []fieldValue // none: anything may be typed
	initial           any          // nil for none
}

type fieldValue struct{ label, value string }

// ask is the question for the value.
func (f *field) ask() string {
	text := f.label
	if text == "" {
		text = f.name
	}
	var notes []string
	if f.help != "" {
		notes = append(notes, f.help)
	}
	if f.truth {
		notes = append(notes, "y or n")
	}
	if f.many {
		notes = append(notes, "several with commas between")
	}
	switch initial := initialText(f.initial); {
	case initial != "":
		notes = append(notes, "Enter for "+initial)
	case !f.required:
		notes = append(notes, "Enter for none")
	}
	if len(notes) > 0 {
		text += " (" + strings.Join(notes, "; ") + ")"
	}
	for i, o := range f.options {
		text += fmt.Sprintf("\n%d  %s", i+1, o.label)
	}
	return text
}

func initialText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		if v {
			return "y"
		}
		return "n"
	case []string:
		return strings.Join(v, ",")
	}
	return fmt.Sprint(v)
}

// value reads what was typed, or says what is wrong with it.
func (f *field) value(typed string) (v any, wrong string) {
	if typed == "" && f.initial != nil {
		return f.initial, ""
	}
	switch {
	case typed == "" && f.required:
		return nil, "A value is required."
	case f.truth:
		return f.yes(typed)
	case len(f.options) > 0:
		return f.chosen(typed)
	case f.list:
		return nonEmpty(typed), ""
	case f.number && typed != "":
		if _, err := strconv.ParseFloat(typed, 64); err != nil {
			return nil, "That is not a number."
		}
	}
	return typed, ""
}

func (f *field) yes(typed string) (any, string) {
	switch strings.ToLower(typed) {
	case "y", "yes", "true", "1":
		return true, ""
	case "", "n", "no", "false", "0":
		return false, ""
	}
	return nil, "Type y or n."
}

// chosen are the options that were typed: by number, label or value.
func (f *field) chosen(typed string) (any, string) {
	picked := []string{}
	for _, part := range strings.Split(typed, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		i := slices.IndexFunc(f.options, func(o fieldValue) bool { return strings.EqualFold(o.label, part) || o.value == part })
		if n, err := strconv.Atoi(part); i < 0 && err == nil && n >= 1 && n <= len(f.options) {
			i = n - 1
		}
		if i < 0 {
			return nil, "Type a number from 1 to " + strconv.Itoa(len(f.options)) + "."
		}
		picked = append(picked, f.options[i].value)
	}
	switch {
	case f.many:
		return picked, ""
	case len(picked) > 1:
		return nil, "Only one can be chosen."
	case f.list:
		return picked, ""
	case len(picked) == 0:
		return "", ""
	}
	return picked[0], ""
}

// interactive is an interactive message.
type interactive struct {
	TemplateType string
	Version      string
	Data         struct {
		Content interactiveContent
	}
}

type interactiveContent struct {
	Title, Subtitle    string
	Elements           []element
	TimeSlots          []timeSlot
	TimeZoneOffset     int
	Location           *struct{ Title string }
	OmitTitle          bool   `json:"omitTitleFromCarouselResponse"`
	TemplateIdentifier string // of a picker in a carousel

	PreIndex, NextIndex int
	ListID              string `json:"listId"`
	ReferenceID         string `json:"referenceId"`

	ViewID    string          `json:"viewId"`
	ViewToken string          `json:"viewToken"`
	ViewData  json.RawMessage `json:"viewData"`
}

type element struct {
	Title, Subtitle, Type, URL, ActionDetail string

	// Of a carousel, whose elements are pickers.
	TemplateIdentifier string
	TemplateType       string
	Data               *struct{ Content interactiveContent }
}

type timeSlot struct {
	Date     string
	Duration int
}

// readInteractive reads an interactive message. It returns nil for any other text.
func readInteractive(content string) *interactive {
	var m interactive
	if json.Unmarshal([]byte(content), &m) != nil || m.TemplateType == "" {
		return nil
	}
	return &m
}

// promptOf is what an interactive message offers, nil for one that is no template or is a view.
func promptOf(content string) *prompt {
	m := readInteractive(content)
	if m == nil || m.TemplateType == viewResource || m.Data.Content.Title == "" {
		return nil
	}
	c := &m.Data.Content
	p := &prompt{about: nonEmpty(c.Title, c.Subtitle)}
	if c.Location != nil {
		p.about = append(p.about, nonEmpty(c.Location.Title)...)
	}
	for i := range c.Elements {
		p.offer(m, &c.Elements[i])
	}
	for _, slot := range c.TimeSlots {
		label := slot.Date
		if slot.Duration > 0 {
			label += fmt.Sprintf(" (%d min)", slot.Duration)
		}
		p.choices = append(p.choices, choice{label: label, reply: saying(shifted(slot.Date, c.TimeZoneOffset))})
	}
	return p
}

const viewResource = "ViewResource"

// offer adds an element. A link is nothing to answer by.
func (p *prompt) offer(m *interactive, e *element) {
	switch {
	case e.Data != nil:
		p.offerPicker(m, e)
	case e.Type == "hyperlink":
		p.about = append(p.about, strings.Join(nonEmpty(e.Title, e.URL), " "))
	default:
		label := strings.Join(nonEmpty(e.Title, e.Subtitle), " · ")
		send := saying(e.Title)
		if e.ActionDetail == "SHOW_MORE" || e.ActionDetail == "PREVIOUS_OPTIONS" {
			send = paging(m, e.ActionDetail)
		}
		p.choices = append(p.choices, choice{label: label, reply: send})
	}
}

// offerPicker adds the elements of a picker in a carousel.
func (p *prompt) offerPicker(m *interactive, picker *element) {
	c := &picker.Data.Content
	for i := range c.Elements {
		e := &c.Elements[i]
		if e.Type == "hyperlink" {
			p.about = append(p.about, strings.Join(nonEmpty(c.Title, e.Title, e.URL), " "))
			continue
		}
		text := inJSON(struct {
			TemplateIdentifier string `json:"templateIdentifier"`
			ListTitle          string `json:"listTitle"`
			SelectionText      string `json:"selectionText"`
		}{picker.TemplateIdentifier, c.Title, e.Title})
		if m.Data.Content.OmitTitle {
			text = e.Title
		}
		p.choices = append(p.choices, choice{label: strings.Join(nonEmpty(c.Title, e.Title, e.Subtitle), " · "), reply: saying(text)})
	}
}

// paging asks for other elements of the list.
func paging(m *interactive, action string) func(map[string]any) reply {
	type page struct {
		ActionName   string `json:"actionName"`
		PreIndex     int    `json:"preIndex"`
		NextIndex    int    `json:"nextIndex"`
		ListID       string `json:"listId"`
		TemplateType string `json:"templateType"`
		ReferenceID  string `json:"referenceId"`
	}
	c := &m.Data.Content
	content := inJSON(struct {
		Version string `json:"version"`
		Data    page   `json:"data"`
		Action  string `json:"action"`
	}{"1.0", page{action, c.PreIndex, c.NextIndex, c.ListID, m.TemplateType, c.ReferenceID}, action})
	return func(map[string]any) reply { return reply{flow.ContentTypeInteractiveResponse, content} }
}

// shifted is the date of a time slot as clients send it: that of the time zone that the picker names.
func shifted(date string, offset int) string {
	if offset == 0 {
		return date
	}
	for _, layout := range []string{"2006-01-02T15:04Z07:00", time.RFC3339} {
		if at, err := time.Parse(layout, date); err == nil {
			return at.UTC().Add(time.Duration(offset)*time.Minute).Format("2006-01-02T15:04:05.00") + "+00:00"
		}
	}
	return date
}

func nonEmpty(texts ...string) (all []string) {
	for _, text := range texts {
		if strings.TrimSpace(text) != "" {
			all = append(all, text)
		}
	}
	return all
}
