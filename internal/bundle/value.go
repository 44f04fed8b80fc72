package bundle

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// value is a JSON value that keeps the order of its members, and where it stands in its file.
type value struct {
	kind  byte   // '{', '[', '"', '0' for a number, 't' for true and false, 'n' for null
	text  string // of strings, numbers, true and false
	names []string
	kids  []*value // members in step with names, or elements
	at    int      // offset in the file
}

// maxDepth is how deep a file may nest; what people and the service write is much less deep.
const maxDepth = 500

// syntaxError says where a file is no JSON.
type syntaxError struct {
	at     int
	reason string
}

func (e *syntaxError) Error() string { return e.reason }

// parse reads a whole JSON text. strict refuses an object that has a name twice.
func parse(src []byte, strict bool) (*value, error) {
	if !utf8.Valid(src) {
		return nil, &syntaxError{invalidAt(src), "the file is not UTF-8"}
	}
	d := json.NewDecoder(bytes.NewReader(src))
	d.UseNumber()
	p := parser{d: d, strict: strict}
	v, err := p.value(0)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = &syntaxError{int(d.InputOffset()), "there is something after the end of the JSON value"}
		}
	}
	if err == nil {
		return v, nil
	}
	var own *syntaxError
	if errors.As(err, &own) {
		return nil, err
	}
	at, reason := int(d.InputOffset()), err.Error()
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at = max(int(syntax.Offset)-1, 0)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		at, reason = len(src), "the file ends before its JSON does"
	}
	return nil, &syntaxError{at, reason}
}

func invalidAt(src []byte) int {
	for i := 0; i < len(src); {
		r, n := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return 0
}

type parser struct {
	d      *json.Decoder
	strict bool
}

func (p *parser) value(depth int) (*value, error) {
	if depth > maxDepth {
		return nil, &syntaxError{int(p.d.InputOffset()), fmt.Sprintf("it is nested more than %d deep", maxDepth)}
	}
	t, err := p.d.Token()
	if err != nil {
		return nil, err
	}
	v := &value{at: max(int(p.d.InputOffset())-1, 0)}
	switch t := t.(type) {
	case json.Delim:
		v.kind = byte(t)
		err = p.kids(v, depth)
	case string:
		v.kind, v.text = '"', t
	case json.Number:
		v.kind, v.text = '0', t.String()
	case bool:
		v.kind, v.text = 't', strconv.FormatBool(t)
	default:
		v.kind = 'n'
	}
	return v, err
}

func (p *parser) kids(v *value, depth int) error {
	var seen map[string]bool
	for p.d.More() {
		if v.kind == '{' {
			name, err := p.d.Token()
			if err != nil {
				return err
			}
			text, _ := name.(string)
			if p.strict && seen[text] {
				return &syntaxError{max(int(p.d.InputOffset())-1, 0), fmt.Sprintf("%s is there twice", strconv.Quote(text))}
			}
			if p.strict {
				if seen == nil {
					seen = map[string]bool{}
				}
				seen[text] = true
			}
			v.names = append(v.names, text)
		}
		kid, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		v.kids = append(v.kids, kid)
	}
	_, err := p.d.Token()
	return err
}

func object() *value            { return &value{kind: '{'} }
func text(s string) *value      { return &value{kind: '"', text: s} }
func number(n int64) *value     { return &value{kind: '0', text: strconv.FormatInt(n, 10)} }
func list(all ...*value) *value { return &value{kind: '[', kids: all} }

// literal is a value as JSON writes it, for tables.
func literal(src string) *value {
	v, err := parse([]byte(src), true)
	if err != nil {
		panic("bundle: " + src + ": " + err.Error())
	}
	return v
}

// get is the named member; nil when there is none, or when it is null.
func (v *value) get(path ...string) *value {
	for _, name := range path {
		if v == nil || v.kind != '{' {
			return nil
		}
		i := slices.Index(v.names, name)
		if i < 0 || v.kids[i].kind == 'n' {
			return nil
		}
		v = v.kids[i]
	}
	return v
}

// set puts a member at the end, or in the place of the one that is there; nil takes it away.
func (v *value) set(name string, to *value) {
	i := slices.Index(v.names, name)
	switch {
	case to == nil && i >= 0:
		v.names, v.kids = slices.Delete(v.names, i, i+1), slices.Delete(v.kids, i, i+1)
	case to == nil:
	case i >= 0:
		v.kids[i] = to
	default:
		v.names, v.kids = append(v.names, name), append(v.kids, to)
	}
}

// str is the text of a string; "" for anything else.
func (v *value) str() string {
	if v == nil || v.kind != '"' {
		return ""
	}
	return v.text
}

// int is a whole number; 0 for anything else.
func (v *value) int() int64 {
	if v == nil || v.kind != '0' {
		return 0
	}
	n, _ := strconv.ParseInt(v.text, 10, 64)
	return n
}

// elements are those of a list; none for anything else.
func (v *value) elements() []*value {
	if v == nil || v.kind != '[' {
		return nil
	}
	return v.kids
}

// empty is what the service and people write for nothing: "", [], {}, null.
func (v *value) empty() bool {
	if v == nil || v.kind == 'n' {
		return true
	}
	return v.kind != '0' && v.kind != 't' && v.text == "" && len(v.kids) == 0
}

// compare orders values; 0 is equality, for which the order of members does not matter.
func compare(a, b *value) int {
	switch {
	case a == b:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	if c := cmp.Or(cmp.Compare(a.kind, b.kind), strings.Compare(a.text, b.text)); c != 0 {
		return c
	}
	if a.kind != '{' {
		return slices.CompareFunc(a.kids, b.kids, compare)
	}
	a, b = a.sorted(), b.sorted()
	return cmp.Or(slices.Compare(a.names, b.names), slices.CompareFunc(a.kids, b.kids, compare))
}

func equal(a, b *value) bool { return compare(a, b) == 0 }

// sorted is an object whose members are in the order of their names.
func (v *value) sorted() *value {
	if slices.IsSorted(v.names) {
		return v
	}
	order := make([]int, len(v.names))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(v.names[a], v.names[b]) })
	s := &value{kind: '{'}
	for _, i := range order {
		s.names, s.kids = append(s.names, v.names[i]), append(s.kids, v.kids[i])
	}
	return s
}

// each calls f with every string in a value, names of members aside, and puts what it returns in its place: in a copy.
func (v *value) each(f func(*value) string) *value {
	if v == nil {
		return nil
	}
	c := *v
	if v.kind == '"' {
		c.text = f(v)
		return &c
	}
	c.kids = make([]*value, len(v.kids))
	for i, kid := range v.kids {
		c.kids[i] = kid.each(f)
	}
	return &c
}

// compact is the value as one line.
func (v *value) compact() []byte { return v.append(nil, "", "") }

// indented is the value as people read it, an object with a line for each member.
func (v *value) indented() []byte {
	dst := []byte("{")
	for i, name := range v.names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(append(dst, "\n  "...), name), ": "...)
		dst = v.kids[i].append(dst, "\n  ", "  ")
	}
	return append(dst, "\n}\n"...)
}

// append writes the value; line is what a new line begins with, "" for none.
func (v *value) append(dst []byte, line, indent string) []byte {
	switch v.kind {
	case '"':
		return appendString(dst, v.text)
	case '0', 't':
		return append(dst, v.text...)
	case 'n':
		return append(dst, "null"...)
	}
	space := ""
	if line != "" && v.short() {
		line, space = "", " "
	}
	dst = append(dst, v.kind)
	inner := line
	if line != "" {
		inner, space = inner+indent, " "
	}
	for i, kid := range v.kids {
		if i > 0 {
			dst = append(dst, ',')
			if line == "" {
				dst = append(dst, space...)
			}
		}
		dst = append(dst, inner...)
		if v.kind == '{' {
			dst = append(append(appendString(dst, v.names[i]), ':'), space...)
		}
		dst = kid.append(dst, inner, indent)
	}
	if len(v.kids) > 0 {
		dst = append(dst, line...)
	}
	return append(dst, v.kind+2) // '}' and ']' come two after their opening
}

// shortLine is how long an object or a list may be that stands on one line; it has nothing in it that has parts.
const shortLine = 80

func (v *value) short() bool {
	length := 0
	for i, kid := range v.kids {
		if len(kid.kids) > 0 {
			return false
		}
		length += len(kid.text) + 4
		if v.kind == '{' {
			length += len(v.names[i]) + 4
		}
	}
	return length <= shortLine
}

func appendString(dst []byte, s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // strings always encode
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}

// find follows the path of a wire error, "Config[2].StartTime.Hours", as far as it leads.
func (v *value) find(path string) *value {
	for path != "" && v != nil {
		var step string
		var next *value
		switch {
		case path[0] == '[':
			step, path, _ = strings.Cut(path[1:], "]")
			if n, err := strconv.Atoi(step); err == nil && v.kind == '[' && n < len(v.kids) {
				next = v.kids[n]
			} else {
				next = v.get(step)
			}
		default:
			path = strings.TrimPrefix(path, ".")
			end := len(path)
			if i := strings.IndexAny(path, ".["); i >= 0 {
				end = i
			}
			step, path = path[:end], path[end:]
			next = v.get(step)
		}
		if next == nil {
			return v
		}
		v = next
	}
	return v
}

// line is the number of the line at an offset.
func line(src []byte, at int) int { return 1 + bytes.Count(src[:min(at, len(src))], []byte("\n")) }
