package legacy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Note tells of something that Convert could not carry as it was.
type Note struct {
	Path       string // of the place in the older document, such as "modules[3].parameters[0]"
	Message    string // what there is
	Suggestion string // what to do about it in the new document; "" when there is nothing to do
}

// Convert turns an older export into a document of the flow language 2019-10-30. An error means that src is no older
// export; then there is no document.
func Convert(src []byte) (doc []byte, notes []Note, err error) {
	e, err := read(src)
	if err != nil {
		return nil, nil, err
	}
	c := &converter{export: e}
	d := c.document()
	doc, err = encode(d)
	return doc, c.notes, err
}

// document is what is written, in the console's order.
type document struct {
	Version     string
	StartAction string
	Metadata    map[string]any
	Actions     []action
}

type action struct {
	Parameters  map[string]any
	Identifier  string
	Type        string
	Transitions transitions
}

type transitions struct {
	NextAction string            `json:",omitempty"`
	Errors     []errorBranch     `json:",omitempty"`
	Conditions []conditionBranch `json:",omitempty"`
}

type errorBranch struct{ NextAction, ErrorType string }

type conditionBranch struct {
	NextAction string
	Condition  condition
}

type condition struct {
	Operator string
	Operands []string
}

// converter gathers what it goes by: the identifiers, and the notes.
type converter struct {
	export *export
	ids    map[string]string // of actions, by those of modules
	notes  []Note
}

func (c *converter) note(path, suggestion, format string, args ...any) {
	c.notes = append(c.notes, Note{Path: path, Message: fmt.Sprintf(format, args...), Suggestion: suggestion})
}

func (c *converter) document() document {
	names := c.identify()
	d := document{Version: "2019-10-30", StartAction: c.ids[c.export.Start], Actions: []action{}}
	if d.StartAction == "" {
		c.note("start", "set StartAction to the identifier of the first action", "the start %q is no module", c.export.Start)
	}
	details := map[string]any{}
	for i := range c.export.Modules {
		b := &block{converter: c, module: &c.export.Modules[i], path: "modules[" + strconv.Itoa(i) + "]"}
		b.action.Identifier = names[i]
		b.convert()
		d.Actions = append(d.Actions, b.action)
		details[names[i]] = b.metadata()
	}
	d.Metadata = c.metadata(details)
	return d
}

// metadata keeps that of the flow, as far as it still holds: the hash was of the older text.
func (c *converter) metadata(details map[string]any) map[string]any {
	all := map[string]any{}
	_ = json.Unmarshal(c.export.Metadata, &all) // absent or no object: there is none to keep
	if all == nil {
		all = map[string]any{}
	}
	delete(all, "hash")
	if _, known := all["type"]; !known && c.export.Type != "" {
		all["type"] = c.export.Type
	}
	all["ActionMetadata"] = details
	return all
}

// What an identifier may not be (developer guide, "Flow language").
const (
	maxIdentifier       = 50
	forbiddenIdentifier = `%:(\/)=$,;[]{}`
)

// identify chooses the actions' identifiers: the modules' own, unless the flow language forbids them.
func (c *converter) identify() []string {
	c.ids = make(map[string]string, len(c.export.Modules))
	taken := map[string]bool{}
	var names []string
	for i := range c.export.Modules {
		id, path := c.export.Modules[i].ID, "modules["+strconv.Itoa(i)+"].id"
		name := unique(legal(id), taken)
		if name != id {
			c.note(path, "", "the identifier %q is empty, used before or not allowed; it is %q now", id, name)
		}
		taken[name] = true
		if _, again := c.ids[id]; !again && id != "" {
			c.ids[id] = name
		}
		names = append(names, name)
	}
	return names
}

func legal(id string) string {
	id = strings.Map(func(r rune) rune {
		if strings.ContainsRune(forbiddenIdentifier, r) {
			return '-'
		}
		return r
	}, id)
	if utf8.RuneCountInString(id) > maxIdentifier {
		id = string([]rune(id)[:maxIdentifier])
	}
	if id == "" {
		return "block"
	}
	return id
}

func unique(id string, taken map[string]bool) string {
	for n, name := 2, id; ; n++ {
		if !taken[name] {
			return name
		}
		suffix := "-" + strconv.Itoa(n)
		runes := []rune(id)
		name = string(runes[:min(len(runes), maxIdentifier-len(suffix))]) + suffix
	}
}

// block is one module on its way to be an action.
type block struct {
	*converter
	module *module
	path   string
	action action
	names  map[string]any // names of resources, for the console
	used   []bool         // parameters that have been looked at
	shares int            // per cent given to branches so far
}

func (b *block) convert() {
	b.used = make([]bool, len(b.module.Parameters))
	b.action.Parameters = map[string]any{}
	r, known := ruleOf(b.module)
	if !known {
		r = b.unknown()
	}
	b.action.Type = r.to
	for _, p := range r.params {
		b.carry(p.from, p.to)
	}
	if r.special != nil {
		r.special(b)
	}
	b.ignore(r.ignored...)
	b.leftovers()
	b.branches(r)
}

// unknown keeps a block that nothing is known of in its place, so that its connections are not lost.
func (b *block) unknown() rule {
	b.note(b.path, "replace it by an action that does the same", "there is no action for the block %s; it is kept under that name", b.module.name())
	to := strings.ReplaceAll(b.module.name(), " ", "")
	if to == "" {
		to = "Unknown"
	}
	return rule{to: to, branches: plainBranches, special: func(b *block) {
		for _, p := range b.module.Parameters {
			b.carry(p.Name, p.Name)
		}
	}}
}

// find returns the first parameter of a name that has not been used, and uses it.
func (b *block) find(name string) (p *parameter, path string) {
	for i := range b.module.Parameters {
		if b.module.Parameters[i].Name == name && !b.used[i] {
			b.used[i] = true
			return &b.module.Parameters[i], b.path + ".parameters[" + strconv.Itoa(i) + "]"
		}
	}
	return nil, ""
}

// value is a parameter's value in the new form: a reference where it has a namespace.
func (b *block) value(p *parameter, path string) string {
	switch {
	case p.Namespace != "":
		ref, ok := reference(p.Namespace, p.Value.text)
		if !ok {
			b.note(path, "write the reference by hand", "%s is %q of %q, which no reference leads to", p.Name, p.Value.text, p.Namespace)
			return p.Value.text
		}
		return ref
	case p.Value.text == "" && p.ResourceName != "":
		b.note(path, "put its id or ARN in place of the name", "%s names %q without its id", p.Name, p.ResourceName)
		return p.ResourceName
	}
	if strings.Contains(p.Value.text, "${") {
		b.note(path, "put the value in its place", "%s has a placeholder: %q", p.Name, p.Value.text)
	}
	return p.Value.text
}

// text is the value of a parameter, "" where there is none.
func (b *block) text(name string) string {
	if p, path := b.find(name); p != nil {
		return b.value(p, path)
	}
	return ""
}

// carry takes a parameter over under its new name.
func (b *block) carry(from, to string) {
	p, path := b.find(from)
	if p == nil {
		return
	}
	v := b.value(p, path)
	if v == "" {
		b.note(path, "set "+to, "%s is empty", from)
		return
	}
	b.action.Parameters[to] = v
	if p.ResourceName != "" {
		b.displayName(to, p.ResourceName)
	}
}

// carryMap takes all parameters of a name over, by their keys.
func (b *block) carryMap(from string) map[string]any {
	all := map[string]any{}
	for p, path := b.find(from); p != nil; p, path = b.find(from) {
		v := b.value(p, path)
		switch _, again := all[p.Key]; {
		case p.Key == "":
			b.note(path, "", "%s without a key is left out", from)
			continue
		case v == "":
			b.note(path, "give "+p.Key+" a value, or leave it out", "%s %q is empty", from, p.Key)
		case again:
			b.note(path, "", "%s %q is set twice; the last value counts", from, p.Key)
		}
		all[p.Key] = v
	}
	return all
}

// ignore marks parameters that say nothing the new form needs.
func (b *block) ignore(names ...string) {
	for i, p := range b.module.Parameters {
		if slices.Contains(names, p.Name) {
			b.used[i] = true
		}
	}
}

// leftovers notes the parameters that nothing has used.
func (b *block) leftovers() {
	for i, p := range b.module.Parameters {
		if !b.used[i] {
			b.note(b.path+".parameters["+strconv.Itoa(i)+"]", "", "%s of %s has no counterpart and is left out", p.Name, b.module.name())
		}
	}
}

func (b *block) displayName(parameter, name string) {
	if b.names == nil {
		b.names = map[string]any{}
	}
	b.names[parameter] = map[string]string{"displayName": name}
}

// metadata is what the console keeps of a block.
func (b *block) metadata() map[string]any {
	m := map[string]any{}
	if p := b.module.Metadata.Position; len(p) > 0 {
		m["position"] = p
	}
	if b.names != nil {
		m["parameters"] = b.names
	}
	return m
}
