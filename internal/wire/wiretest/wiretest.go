// Package wiretest makes requests for tests out of the API model's facts: for each operation a smallest valid one,
// and one for every way to break a constraint of every field, or just not to.
//
// It depends on package wire and knows no operation by name, so tests built on it grow with the operation tables.
// What it makes is valid by the API model only: an id that it makes up names nothing.
package wiretest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/parley-chat/parley/internal/wire"
)

// Case is a request that tries one constraint of one field.
type Case struct {
	Name    string // "ParticipantDetails.DisplayName one over"
	Request *wire.Request
	// Want is the finding that the request must meet, with Field, Rule and Key set; nil when there is none.
	Want *wire.FieldError
	// WantSyntax says that a *wire.SyntaxError naming WantField must come instead.
	WantSyntax bool
	WantField  string
}

// Example is a smallest valid request of an operation, from the constraints of its fields.
func Example(op wire.Op, constraints []wire.Constraint) *wire.Request {
	return newRequest(op, grow(constraints), edit{})
}

// Cases are requests that try each constraint of each field of an operation: missing, null, of the wrong type, one
// under, one over, at the limits, off the pattern, outside the enumeration.
func Cases(op wire.Op, constraints []wire.Constraint) []Case {
	m := maker{op: op, fields: grow(constraints)}
	for _, f := range m.fields {
		m.try(f)
	}
	return m.cases
}

// Target is the request's URL without scheme and host.
func Target(op wire.Op, q *wire.Request) string {
	arguments := q.Path
	target := templateArgument.ReplaceAllStringFunc(op.Path, func(string) string {
		first := arguments[0]
		arguments = arguments[1:]
		return url.PathEscape(first)
	})
	if len(q.Query) > 0 {
		target += "?" + q.Query.Encode()
	}
	return target
}

var templateArgument = regexp.MustCompile(`\{([^}]*)\}`)

// field is a constraint with those of the fields below it.
type field struct {
	wire.Constraint
	name  string // the last step of its path: a member's name, [0] or [key]
	below []*field
	key   *field // of a map
}

// grow makes a tree of the constraints, which come in the order of a walk through it.
func grow(constraints []wire.Constraint) []*field {
	var top []*field
	known := map[string]*field{}
	for _, c := range constraints {
		around, name := split(c.Field)
		f := &field{Constraint: c, name: name}
		switch {
		case around == "":
			top = append(top, f)
		case c.Key:
			known[around].key = f
			continue
		default:
			known[around].below = append(known[around].below, f)
		}
		known[c.Field] = f
	}
	return top
}

// split parts a path before its last step.
func split(path string) (around, name string) {
	i := strings.LastIndexAny(path, ".[")
	switch {
	case i < 0:
		return "", path
	case path[i] == '.':
		return path[:i], path[i+1:]
	default:
		return path[:i], path[i:]
	}
}

// edit is what differs from the smallest valid request at one field. The zero edit changes nothing.
type edit struct {
	at      *field
	value   any
	missing bool
	keys    string // of the map around at, instead of an element's value
}

// touches says whether the edit is at f or below it, so that f must be there.
func (e edit) touches(f *field) bool {
	if e.at == nil {
		return false
	}
	if e.at == f || f.key == e.at {
		return true
	}
	for _, b := range f.below {
		if e.touches(b) {
			return true
		}
	}
	return false
}

func newRequest(op wire.Op, fields []*field, e edit) *wire.Request {
	q := &wire.Request{Query: url.Values{}, Header: http.Header{}}
	body := map[string]any{}
	path := map[string]string{}
	for _, f := range fields {
		if !f.Required && !e.touches(f) || e.at == f && e.missing {
			continue
		}
		value := f.value(e)
		switch f.Location {
		case wire.Body:
			body[f.name] = value
		case wire.Path:
			path[f.Wire] = fmt.Sprint(value)
		case wire.Query:
			q.Query[f.Wire] = texts(value)
		case wire.Header:
			q.Header.Set(f.Wire, fmt.Sprint(value))
		}
	}
	for _, m := range templateArgument.FindAllStringSubmatch(op.Path, -1) {
		q.Path = append(q.Path, path[m[1]])
	}
	if len(body) > 0 {
		encoded, err := json.Marshal(body)
		if err != nil {
			panic(err)
		}
		q.Body = encoded
	}
	return q
}

func texts(value any) []string {
	list, ok := value.([]any)
	if !ok {
		return []string{fmt.Sprint(value)}
	}
	var texts []string
	for _, v := range list {
		texts = append(texts, fmt.Sprint(v))
	}
	return texts
}

// value is the field's smallest valid value but for the edit.
func (f *field) value(e edit) any {
	if e.at == f {
		return e.value
	}
	switch f.Type {
	case "string":
		return f.sample(f.shortest())
	case "integer", "long", "float", "double":
		if f.Min != nil {
			return *f.Min
		}
		return int64(1)
	case "timestamp":
		return int64(946684800) // the first second of 2000
	case "boolean":
		return true
	case "structure":
		members := map[string]any{}
		for _, b := range f.below {
			if (b.Required || e.touches(b)) && !(e.at == b && e.missing) {
				members[b.name] = b.value(e)
			}
		}
		return members
	case "list":
		return f.elements(max(f.fewest(), 1), e)
	case "map":
		if e.at != nil && e.at == f.key {
			return map[string]any{e.keys: f.below[0].value(e)}
		}
		return f.entries(max(f.fewest(), 1), e)
	default:
		panic("wiretest: " + f.Field + " has the unknown type " + f.Type)
	}
}

func (f *field) shortest() int {
	if f.Min == nil || *f.Min < 1 {
		return 1
	}
	return int(*f.Min)
}

func (f *field) fewest() int {
	if f.Min == nil {
		return 0
	}
	return int(*f.Min)
}

func (f *field) elements(n int, e edit) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = f.below[0].value(e)
	}
	return list
}

func (f *field) entries(n int, e edit) map[string]any {
	m := map[string]any{}
	for i := range n {
		name := "key"
		if i > 0 {
			name = fmt.Sprintf("key%c%c", 'a'+i/26, 'a'+i%26)
		}
		m[name] = f.below[0].value(e)
	}
	return m
}

// sample is a valid string of n characters, or of the one length that the pattern allows.
func (f *field) sample(n int) string {
	if f.Enum != nil {
		return f.Enum[0]
	}
	for _, s := range append(samples(n), fixed...) {
		if f.matches(s) {
			return s
		}
	}
	panic(fmt.Sprintf("wiretest: no sample of %d characters for %s matches %s", n, f.Field, f.Pattern))
}

// fixed are strings for patterns that leave no choice of length, or are longer than the least: dates, UUIDs, hashes, places in
// S3, phone numbers, addresses, ARNs.
var fixed = []string{"2000-01-01", "s3://bucket/key", "+15550100", "someone@example.com", "arn:aws:connect:us-east-1:123456789012:phone-number/a", "00000000-0000-4000-8000-000000000000", strings.Repeat("a", 64)}

func samples(n int) []string {
	texts := []string{strings.Repeat("a", n)}
	if n > 2 {
		texts = append(texts, "d-"+strings.Repeat("0", n-2))
	}
	if n > 7 {
		texts = append(texts, "s3://b/"+strings.Repeat("k", n-7))
	}
	return texts
}

// numbered is a character by its number, which Go's regular expressions write otherwise.
var numbered = regexp.MustCompile(`\\u([0-9A-F]{4})`)

var lookahead = regexp.MustCompile(`^\^\(\?!([^)]*)\)`)

// matches tries the pattern, once without the lookahead that Go's regular expressions lack.
func (f *field) matches(s string) bool {
	pattern := f.Pattern
	if m := lookahead.FindStringSubmatch(pattern); m != nil {
		if strings.HasPrefix(s, m[1]) {
			return false
		}
		pattern = "^" + strings.TrimPrefix(pattern, m[0])
	}
	return regexp.MustCompile(numbered.ReplaceAllString(pattern, `\x{$1}`)).MatchString(s)
}
