package flow

import "strings"

// template is a parameter of any shape, with references in its strings: the
// Input of a module, the ViewData of a view. A string that is one reference
// becomes the value it leads to, in the value's own type; a reference to
// nothing becomes an empty string. The zero template is absent.
type template struct{ chunks []chunk }

// chunk is a piece of a template: JSON as written, a reference, or a string
// with references in it.
type chunk struct {
	json string
	ref  *reference
	text text
}

// template is a parameter of any shape.
func (p params) template(name string) template { return newTemplate(p.get(name)) }

func newTemplate(n *node) template {
	var t templateWriter
	if n.kind != 0 {
		t.value(n)
		t.flush()
	}
	return template{t.chunks}
}

func (t template) present() bool { return len(t.chunks) > 0 }

// resolve is the template as JSON, with every reference replaced, and false
// when that is longer than most bytes.
func (t template) resolve(s *State, most int) (string, bool) {
	if len(t.chunks) == 1 && t.chunks[0].json != "" {
		return t.chunks[0].json, len(t.chunks[0].json) <= most
	}
	var b strings.Builder
	for i := range t.chunks {
		switch c := &t.chunks[i]; {
		case c.json != "":
			b.WriteString(c.json)
		case c.ref != nil:
			if v, ok := c.ref.json(s); ok && kindOf(v) != 'n' {
				b.Write(v)
			} else {
				b.WriteString(`""`)
			}
		default:
			quote(&b, c.text.resolve(s))
		}
		if b.Len() > most {
			return "", false
		}
	}
	return b.String(), true
}

// templateWriter gathers chunks; what is literal is joined into one.
type templateWriter struct {
	chunks  []chunk
	literal strings.Builder
}

func (w *templateWriter) flush() {
	if w.literal.Len() > 0 {
		w.chunks = append(w.chunks, chunk{json: w.literal.String()})
		w.literal.Reset()
	}
}

func (w *templateWriter) add(c chunk) {
	w.flush()
	w.chunks = append(w.chunks, c)
}

func (w *templateWriter) value(n *node) {
	switch n.kind {
	case '{':
		w.members(n)
	case '[':
		w.elements(n)
	case '"':
		w.str(n)
	default:
		w.literal.WriteString(n.raw)
	}
}

func (w *templateWriter) members(n *node) {
	w.literal.WriteByte('{')
	for i, name := range n.names {
		if i > 0 {
			w.literal.WriteByte(',')
		}
		quote(&w.literal, name)
		w.literal.WriteByte(':')
		w.value(&n.kids[i])
	}
	w.literal.WriteByte('}')
}

func (w *templateWriter) elements(n *node) {
	w.literal.WriteByte('[')
	for i := range n.kids {
		if i > 0 {
			w.literal.WriteByte(',')
		}
		w.value(&n.kids[i])
	}
	w.literal.WriteByte(']')
}

func (w *templateWriter) str(n *node) {
	if !strings.Contains(n.text, "$.") {
		w.literal.WriteString(n.raw)
		return
	}
	if ref := wholeReference(n.text); ref != nil {
		w.add(chunk{ref: ref})
		return
	}
	w.add(chunk{text: newText(n.text)})
}
