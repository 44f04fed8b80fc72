package flow

import (
	"encoding/json"
	"fmt"
	"strings"
)

// node is one JSON value of a document. Its strings are slices of the source,
// so reading a document copies almost nothing. The zero node is an absent
// value.
type node struct {
	kind  byte   // '{', '[', '"', '0' for a number, 't' for true and false, 'n' for null, 0 for absent
	raw   string // the value as it was written
	text  string // decoded, for strings
	names []string
	kids  []node // members in step with names, or elements
}

// readJSON reads a whole document. The members of the document itself that
// opaque names are kept as written, their insides unread.
func readJSON(src []byte, opaque ...string) (node, error) {
	if !json.Valid(src) {
		return node{}, json.Unmarshal(src, new(any))
	}
	r := reader{cursor: cursor[string]{src: string(src)}, opaque: opaque}
	return r.value(0), nil
}

type reader struct {
	cursor[string]
	opaque []string
}

func (r *reader) value(depth int) node {
	r.space()
	start := r.at
	var n node
	switch c := r.src[r.at]; c {
	case '{':
		n = r.object(depth)
	case '[':
		n = r.array(depth)
	case '"':
		n = node{kind: '"', text: r.str()}
	case 't', 'f':
		n.kind = 't'
		r.word()
	case 'n':
		n.kind = 'n'
		r.word()
	default:
		n.kind = '0'
		r.word()
	}
	n.raw = r.src[start:r.at]
	return n
}

func (r *reader) object(depth int) node {
	n := node{kind: '{'}
	for r.enter('}') {
		name := r.str()
		r.space()
		r.at++ // the colon
		var v node
		if depth == 0 && r.isOpaque(name) {
			start := r.skip()
			v = node{kind: r.src[start], raw: r.src[start:r.at]}
		} else {
			v = r.value(depth + 1)
		}
		n.names = append(n.names, name)
		n.kids = append(n.kids, v)
	}
	return n
}

func (r *reader) array(depth int) node {
	n := node{kind: '['}
	for r.enter(']') {
		n.kids = append(n.kids, r.value(depth+1))
	}
	return n
}

func (r *reader) isOpaque(name string) bool {
	for _, o := range r.opaque {
		if o == name {
			return true
		}
	}
	return false
}

func (r *reader) str() string {
	start := r.at
	if !r.stringEnd() {
		return r.src[start+1 : r.at-1]
	}
	var s string
	if err := json.Unmarshal([]byte(r.src[start:r.at]), &s); err != nil {
		panic(fmt.Sprintf("flow: a valid JSON string does not decode: %v", err))
	}
	return s
}

// get is the named member, or the absent node. Of two members of the same name
// the last counts, as for other JSON readers.
func (n *node) get(name string) *node {
	for i := len(n.names) - 1; i >= 0; i-- {
		if n.names[i] == name {
			return &n.kids[i]
		}
	}
	return &absent
}

var absent node

// present says whether there is a value at all. An empty string counts as
// none: exports carry it for parameters that were never set.
func (n *node) present() bool {
	return n.kind != 0 && n.kind != 'n' && (n.kind != '"' || n.text != "")
}

// scalar is the value of a string, number or boolean as a string: exports of
// the console write every scalar as a string, documents by hand do not.
func (n *node) scalar() (string, bool) {
	switch n.kind {
	case '"':
		return n.text, n.text != ""
	case '0', 't':
		return n.raw, true
	}
	return "", false
}

// hasEmpty says whether an empty string is anywhere in the value.
func (n *node) hasEmpty() bool {
	if n.kind == '"' {
		return n.text == ""
	}
	for i := range n.kids {
		if n.kids[i].hasEmpty() {
			return true
		}
	}
	return false
}

// quote writes s as a JSON string.
func quote(b *strings.Builder, s string) { b.Write(quoted(s)) }
