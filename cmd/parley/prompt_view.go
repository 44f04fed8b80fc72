package main

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// viewReader makes a prompt of a view: what it says, the actions that it offers, and the fields that go with them.
type viewReader struct {
	prompt
	input   map[string]any
	managed bool // by AWS: the values are in FormData
	fields  []field
	submits []int // choices that send the fields
}

// shownView is a view as the server describes it, and the data that the flow gave it.
type shownView struct {
	id       string
	template string // JSON
	actions  []string
	data     json.RawMessage
	managed  bool
	fields   []field // that are known otherwise
}

// prompt is what the view asks.
func (v *shownView) prompt() *prompt {
	r := &viewReader{input: viewInput(v.data), managed: v.managed}
	var template struct{ Body []any }
	_ = json.Unmarshal([]byte(v.template), &template) // without one the actions have to do
	for _, c := range template.Body {
		r.read(c, false)
	}
	if len(r.choices) == 0 {
		for _, action := range v.actions {
			r.submit(action, action)
		}
	}
	r.fields = append(r.fields, v.fields...)
	for _, i := range r.submits {
		c := &r.choices[i]
		c.fields = r.fields
	}
	if len(r.about) == 0 {
		r.about = []string{"View " + v.id}
	}
	return &r.prompt
}

// viewInput is a view's data. Members that are JSON in a text are read.
func viewInput(data json.RawMessage) map[string]any {
	var input map[string]any
	if json.Unmarshal(data, &input) != nil {
		var text string
		_ = json.Unmarshal(data, &text) // or it is nothing
		_ = json.Unmarshal([]byte(text), &input)
	}
	for name, v := range input {
		text, _ := v.(string)
		var inner any
		if text = strings.TrimSpace(text); (strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")) && json.Unmarshal([]byte(text), &inner) == nil {
			input[name] = inner
		}
	}
	return input
}

// offer adds an action that sends data of its own.
func (r *viewReader) offer(label, action string, data any) {
	r.choices = append(r.choices, choice{label: label, reply: func(map[string]any) reply { return viewReply(action, data) }})
}

// submit adds an action that sends the fields.
func (r *viewReader) submit(label, action string) {
	r.submits = append(r.submits, len(r.choices))
	r.choices = append(r.choices, choice{label: label, reply: func(values map[string]any) reply {
		if r.managed && len(r.fields) > 0 {
			return viewReply(action, map[string]any{"FormData": values})
		}
		return viewReply(action, nested(values))
	}})
}

// nested puts values whose names are paths where those lead.
func nested(values map[string]any) map[string]any {
	all := map[string]any{}
	for name, v := range values {
		at, names := all, strings.Split(name, ".")
		for _, outer := range names[:len(names)-1] {
			inner, ok := at[outer].(map[string]any)
			if !ok {
				inner = map[string]any{}
				at[outer] = inner
			}
			at = inner
		}
		at[names[len(names)-1]] = v
	}
	return all
}

func (r *viewReader) say(texts ...any) {
	for _, v := range texts {
		r.about = append(r.about, nonEmpty(wordsOf(v))...)
	}
}

// read reads a component and what is in it.
func (r *viewReader) read(component any, inForm bool) {
	c, ok := component.(map[string]any)
	if !ok {
		return
	}
	props, _ := r.resolve(c["Props"]).(map[string]any)
	content, _ := c["Content"].([]any)
	if props["Visibility"] == false {
		return
	}
	kind, _ := c["Type"].(string)
	label := r.label(content, props)
	switch kind {
	case "Button", "SubmitButton", "Link":
		r.button(kind, label, props, inForm)
		return
	case "ButtonGroup":
		r.buttons(props)
	case "Form":
		inForm = true
		r.say(props["Heading"])
		r.sections(listOf(props["Sections"]))
	case "Cards":
		r.cards(listOf(props["Cards"]), textIn(props, "Action"))
	case "Card":
		r.offer(join(props["Heading"], props["Description"]), textIn(props, "Action"), map[string]any{"Heading": props["Heading"], "Id": props["Id"]})
	case "List":
		r.items(listOf(props["Items"]), textIn(props, "Action"))
	case "Sections", "Detail":
		r.details(props["Sections"])
	case "AttributeBar", "AttributeSection", "DataSection":
		r.say(props["Heading"])
		r.attributes(listOf(props["Attributes"]))
		r.attributes(listOf(props["Items"]))
	default:
		if f, ok := fieldOf(kind, props); ok {
			r.fields = append(r.fields, f)
			return
		}
		r.say(props["Heading"], props["heading"], props["header"], props["Text"], label, props["description"])
	}
	for _, inner := range content {
		r.read(inner, inForm)
	}
}

// label is the text in a component.
func (r *viewReader) label(content []any, props map[string]any) string {
	var texts []string
	for _, inner := range content {
		if text, ok := inner.(string); ok {
			texts = append(texts, wordsOf(r.resolve(text)))
		}
	}
	return strings.Join(nonEmpty(texts...), " ")
}

// button is one action. A slot of a managed view, which may rename it, is there when the data has it.
func (r *viewReader) button(kind, label string, props map[string]any, inForm bool) {
	action := textIn(props, "Action")
	if slot, ok := props["Label"].(map[string]any); ok {
		if renamed := textIn(slot, "Action"); renamed != "" {
			action = renamed
		}
	}
	if label == "" {
		label = wordsOf(props["Label"])
	}
	_, slot := props["Label"]
	switch {
	case action == "" || slot && r.managed && label == "":
	case kind == "SubmitButton", r.managed && inForm && (action == "Next" || action == "Submit"):
		r.submit(label, action)
	case r.managed && action == "Next":
		r.offer(label, action, map[string]any{"Label": label})
	case r.managed:
		r.offer(label, action, map[string]any{})
	default:
		r.offer(label, action, map[string]any{"action": "Button"})
	}
}

func (r *viewReader) buttons(props map[string]any) {
	for _, v := range listOf(props["Labels"]) {
		label := wordsOf(v)
		r.offer(label, textIn(props, "Action"), map[string]any{"actionName": label})
	}
	for _, v := range listOf(props["Items"]) {
		item, _ := v.(map[string]any)
		if item["FormAction"] == "submit" {
			r.submit(textIn(item, "Label"), textIn(item, "Action"))
			continue
		}
		r.offer(textIn(item, "Label"), textIn(item, "Action"), map[string]any{"action": "Button"})
	}
}

// sections are those of the managed form: of fields, or of data.
func (r *viewReader) sections(all []any) {
	for _, v := range all {
		section, _ := v.(map[string]any)
		r.say(section["Heading"])
		for _, item := range listOf(section["Items"]) {
			r.item(item)
		}
	}
}

// item is a field, a row of fields, or an attribute.
func (r *viewReader) item(v any) {
	item, _ := v.(map[string]any)
	if f, ok := fieldOf(textIn(item, "Type"), item); ok {
		r.fields = append(r.fields, f)
		return
	}
	if row := listOf(item["Items"]); len(row) > 0 {
		for _, inner := range row {
			r.item(inner)
		}
		return
	}
	r.attributes([]any{item})
}

func (r *viewReader) cards(all []any, action string) {
	for _, v := range all {
		card, _ := v.(map[string]any)
		summary, _ := card["Summary"].(map[string]any)
		detail, _ := card["Detail"].(map[string]any)
		label := join(summary["Heading"], summary["Description"])
		actions := listOf(detail["Actions"])
		if len(actions) == 0 {
			r.offer(label, action, map[string]any{"actionName": summary["Id"]})
		}
		for _, inner := range actions {
			r.offer(label+": "+wordsOf(inner), action, map[string]any{"actionName": wordsOf(inner)})
		}
	}
}

func (r *viewReader) items(all []any, action string) {
	for _, v := range all {
		item, _ := v.(map[string]any)
		label := join(item["Heading"], item["Description"])
		if textIn(item, "Id") == "" {
			r.say(label)
			continue
		}
		r.offer(label, action, map[string]any{"actionName": item["Id"]})
	}
}

// details are texts, templates and attributes, or lists of these.
func (r *viewReader) details(v any) {
	switch v := v.(type) {
	case []any:
		for _, inner := range v {
			r.details(inner)
		}
	case map[string]any:
		if text := textIn(v, "TemplateString"); text != "" {
			r.say(text)
			return
		}
		if textIn(v, "Label") != "" {
			r.attributes([]any{v})
			return
		}
		r.say(v["Heading"])
		r.details(v["Items"])
	default:
		r.say(v)
	}
}

func (r *viewReader) attributes(all []any) {
	for _, v := range all {
		if a, _ := v.(map[string]any); textIn(a, "Label") != "" {
			r.about = append(r.about, textIn(a, "Label")+": "+wordsOf(a["Value"]))
		}
	}
}

// fieldOf is a component that holds a value.
func fieldOf(kind string, props map[string]any) (f field, ok bool) {
	f = field{name: textIn(props, "Name"), label: wordsOf(props["Label"]), help: textIn(props, "HelperText"), required: props["Required"] == true}
	f.initial = props["DefaultValue"]
	for _, v := range listOf(props["Options"]) {
		o, _ := v.(map[string]any)
		f.options = append(f.options, fieldValue{textIn(o, "Label"), textIn(o, "Value")})
	}
	switch kind {
	case "FormInput":
		f.number = props["InputType"] == "number"
	case "TextArea", "TextInput", "DatePicker", "TimePicker", "TimeInput", "RadioGroup":
	case "Dropdown":
		f.list, f.many = true, props["MultiSelect"] == true
	case "CheckboxGroup":
		f.list, f.many = true, true
	case "Toggle", "Checkbox":
		f.truth = true
	default:
		return field{}, false
	}
	f.initial = initialValue(&f, props["DefaultValue"])
	return f, f.name != ""
}

// initialValue is a default of the field's own type, nil for none.
func initialValue(f *field, v any) any {
	switch v := v.(type) {
	case bool:
		if f.truth {
			return v
		}
	case []any:
		var all []string
		for _, one := range v {
			all = append(all, wordsOf(one))
		}
		if f.list && len(all) > 0 {
			return all
		}
	case string, float64:
		switch text := wordsOf(v); {
		case text == "":
		case f.list:
			return []string{text}
		case !f.truth:
			return text
		}
	}
	return nil
}

// resolve puts in what the view's data has for references. A reference to nothing is nil.
func (r *viewReader) resolve(v any) any {
	switch v := v.(type) {
	case string:
		return r.bind(v)
	case []any:
		all := make([]any, len(v))
		for i := range v {
			all[i] = r.resolve(v[i])
		}
		return all
	case map[string]any:
		all := make(map[string]any, len(v))
		for name := range v {
			if bound := r.resolve(v[name]); bound != nil {
				all[name] = bound
			}
		}
		if _, ok := v["Label"]; ok && all["Label"] == nil {
			all["Label"] = "" // a slot that the data does not fill
		}
		return all
	}
	return v
}

// bind reads a text that is a reference, or has some in it.
func (r *viewReader) bind(text string) any {
	if path, whole := strings.CutPrefix(text, "$."); whole && !strings.ContainsAny(path, " $") {
		return r.lookUp(path)
	}
	for from := 0; ; {
		at := strings.Index(text[from:], "$.")
		if at < 0 {
			return text
		}
		at += from
		end := at + 2
		for end < len(text) && (text[end] == '_' || text[end] == '.' || text[end] == '[' || text[end] == ']' || '0' <= text[end] && text[end] <= '9' || 'a' <= text[end]|0x20 && text[end]|0x20 <= 'z') {
			end++
		}
		path := strings.TrimRight(text[at+2:end], ".")
		value := wordsOf(r.lookUp(path))
		from = at + len(value)
		text = text[:at] + value + text[at+2+len(path):]
	}
}

func (r *viewReader) lookUp(path string) any {
	var v any = r.input
	for _, name := range strings.FieldsFunc(path, func(c rune) bool { return c == '.' || c == '[' || c == ']' }) {
		switch at := v.(type) {
		case map[string]any:
			v = at[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}
	return v
}

// wordsOf is a value as text: of an object its label or text.
func wordsOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case map[string]any:
		for _, name := range []string{"Label", "Text", "TemplateString", "Header", "Content", "Value", "Heading"} {
			if text := wordsOf(v[name]); text != "" {
				return text
			}
		}
		return ""
	case []any:
		var all []string
		for _, one := range v {
			all = append(all, wordsOf(one))
		}
		return strings.Join(nonEmpty(all...), ", ")
	}
	return inJSON(v)
}

func textIn(object map[string]any, name string) string { return wordsOf(object[name]) }

func listOf(v any) []any {
	switch v := v.(type) {
	case []any:
		return v
	case map[string]any:
		return []any{v}
	}
	return nil
}

func join(texts ...any) string {
	var all []string
	for _, v := range texts {
		if text := wordsOf(v); text != "" && !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return strings.Join(all, " · ")
}
