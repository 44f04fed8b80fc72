package flow

import (
	"bytes"
	"encoding/json"
	"maps"
	"unicode/utf8"
)

// What a flow was told by functions, bots, views, modules and other systems is
// kept as JSON text (State.Data) and read where a reference leads into it.
// Nothing is decoded but the value asked for.

// setData puts a value, which is valid JSON, under a root. It is kept as it will
// be written with the State, so that it reads the same before and after. Data is
// shared with the caller's copy of the State: the first write of a run copies.
func (r *run) setData(root string, value json.RawMessage) {
	if !r.ownData {
		r.s.Data = maps.Clone(r.s.Data)
		if r.s.Data == nil {
			r.s.Data = make(Data)
		}
		r.ownData = true
	}
	r.s.Data[root] = encoded(value)
}

// clearData takes away what was told under a root.
func (r *run) clearData(root string) {
	if _, told := r.s.Data[root]; told {
		r.setData(root, json.RawMessage("null"))
		delete(r.s.Data, root)
	}
}

// within is the value inside another that a path leads to, and false where
// there is none. Numbers are positions in arrays where positions says so, and
// names in objects always.
func within(value json.RawMessage, path []string, positions bool) (json.RawMessage, bool) {
	for _, name := range path {
		switch kindOf(value) {
		case '{':
			value = member(value, name)
		case '[':
			if !positions {
				return nil, false
			}
			value = element(value, name)
		default:
			return nil, false
		}
	}
	return value, len(value) > 0
}

// kindOf is the first byte of a value, 0 for none.
func kindOf(value json.RawMessage) byte {
	c := cursor[json.RawMessage]{src: value}
	if c.space(); c.at == len(value) {
		return 0
	}
	return value[c.at]
}

// member is the named member of an object, nil where there is none or the value
// is no object. Of two of the same name the last counts, as for other JSON
// readers.
func member(object json.RawMessage, name string) (value json.RawMessage) {
	if kindOf(object) != '{' {
		return nil
	}
	c := cursor[json.RawMessage]{src: object}
	for c.enter('}') {
		start := c.at
		escaped := c.stringEnd()
		is := sameName(object[start:c.at], escaped, name)
		c.space()
		c.at++ // the colon
		if start = c.skip(); is {
			value = object[start:c.at]
		}
	}
	return value
}

func sameName(quoted json.RawMessage, escaped bool, name string) bool {
	if !escaped {
		return string(quoted[1:len(quoted)-1]) == name
	}
	return unquoted(quoted) == name
}

// element is the element of an array at a position, nil where there is none.
func element(array json.RawMessage, position string) json.RawMessage {
	n, ok := natural(position)
	if !ok {
		return nil
	}
	c := cursor[json.RawMessage]{src: array}
	for ; c.enter(']'); n-- {
		if start := c.skip(); n == 0 {
			return array[start:c.at]
		}
	}
	return nil
}

// length is how many elements an array has.
func length(array json.RawMessage) (n int) {
	c := cursor[json.RawMessage]{src: array}
	for c.enter(']') {
		c.skip()
		n++
	}
	return n
}

// natural reads a position: digits, and few enough to be one.
func natural(s string) (n int, ok bool) {
	if s == "" || len(s) > 6 {
		return 0, false
	}
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// textOf is a value as text: strings decoded, null and nothing as missing, and
// the rest as it is written.
func textOf(value json.RawMessage) (string, bool) {
	switch kindOf(value) {
	case 0, 'n':
		return "", false
	case '"':
		return known(unquoted(bytes.TrimSpace(value)))
	}
	return known(string(bytes.TrimSpace(value)))
}

// unquoted decodes a JSON string.
func unquoted(quoted json.RawMessage) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		panic("flow: a valid JSON string does not decode: " + err.Error())
	}
	return s
}

// quoted is a string as JSON.
func quoted(s string) json.RawMessage { return encoded(s) }

// facts reads JSON that came from outside the engine: an object.
func facts(src string) (json.RawMessage, bool) {
	value := json.RawMessage(src)
	return value, kindOf(value) == '{' && json.Valid(value) && utf8.Valid(value)
}
