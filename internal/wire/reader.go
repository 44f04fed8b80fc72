package wire

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is how deep objects and lists may nest in a body. The deepest request of the API models needs six; only
// attributes of a contact's segment nest without an end of their own.
const MaxDepth = 32

// Reader reads one JSON object from left to right into the generated types. It is stricter than encoding/json where
// a strict reader is safer, and the same elsewhere:
//
//   - member names match by exact case; unknown members are checked for syntax and skipped;
//   - null is the same as absence, and of a member given twice the last one counts, even when it is null;
//   - invalid UTF-8 is refused; an escaped surrogate without its other half reads as U+FFFD, as in encoding/json;
//   - an integer may be written 5, 5.0 or 5e0, never 5.5, and must fit the member's type;
//   - nothing but white space may follow the object.
//
// The first error sticks: every later call returns nothing, so generated code reads on without looking and asks End.
// Strings alias one copy of the body, not the body itself.
type Reader struct {
	data   string
	pos    int
	depth  int
	frames [MaxDepth]frame // those below depth are the open objects and lists
	err    *SyntaxError
	null   *FieldError // the first null element of a list or map
}

// frame is an open object or list: where the reader is in it, and so a step of the path that errors name.
type frame struct {
	kind  frameKind
	begun bool
	name  string // of the current member, or the map's current key
	index int    // of the current element
}

type frameKind uint8

const (
	structFrame frameKind = iota
	mapFrame
	listFrame
)

// Reset starts reading body, of which it keeps a copy. An empty body is an empty object.
func (r *Reader) Reset(body []byte) {
	*r = Reader{data: string(body)}
	if len(body) == 0 {
		r.data = "{}"
	}
	if !utf8.ValidString(r.data) {
		r.failAt(validPrefix(r.data), "is not valid UTF-8")
	}
}

func validPrefix(s string) int {
	for i := 0; i < len(s); {
		c, size := utf8.DecodeRuneInString(s[i:])
		if c == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(s)
}

// End says how reading went, once the object was read: nil, or a *SyntaxError or *FieldError.
func (r *Reader) End() error {
	r.space()
	if r.err == nil && r.pos < len(r.data) {
		r.fail("has text after its end")
	}
	if r.err != nil {
		return r.err
	}
	if r.null != nil {
		return r.null
	}
	return nil
}

// Object begins an object that has known members; Member then moves through it. It is false when there is null
// instead, or an error.
func (r *Reader) Object() bool { return r.open('{', structFrame, "must be an object") }

// Map begins an object that has any keys; Member then moves through it. It is false when there is null instead, or
// an error.
func (r *Reader) Map() bool { return r.open('{', mapFrame, "must be an object") }

// List begins a list; Element then moves through it. It is false when there is null instead, or an error.
func (r *Reader) List() bool { return r.open('[', listFrame, "must be a list") }

// Member moves to the next member of the innermost object. At the object's end it closes it and is false.
func (r *Reader) Member() bool {
	if !r.next('}') {
		return false
	}
	if r.peek() != '"' {
		r.fail("is malformed JSON: a member's name was expected")
		return false
	}
	name, ok := r.quoted()
	if !ok {
		return false
	}
	r.frames[r.depth-1].name = name
	if r.space(); r.peek() != ':' {
		r.fail("is malformed JSON: a colon was expected")
		return false
	}
	r.pos++
	return true
}

// Name is the name of the member that Member moved to.
func (r *Reader) Name() string { return r.frames[r.depth-1].name }

// Element moves to the next element of the innermost list. At the list's end it closes it and is false.
func (r *Reader) Element() bool { return r.next(']') }

// NullElement notes that the element just read was null, which neither lists nor maps of the API models may hold.
// When it was not null but unreadable, the error that is already there stands.
func (r *Reader) NullElement() {
	if r.err == nil && r.null == nil {
		r.null = &FieldError{Field: r.path(), Rule: Null}
	}
}

// Text reads a string; it is false for null or an error.
func (r *Reader) Text() (string, bool) {
	r.space()
	if r.peek() == '"' {
		return r.quoted()
	}
	r.nullOr("must be a string")
	return "", false
}

// String reads a string, or nil for null.
func (r *Reader) String() *string {
	if s, ok := r.Text(); ok {
		return &s
	}
	return nil
}

// Bool reads true or false, or nil for null.
func (r *Reader) Bool() *bool {
	r.space()
	switch r.peek() {
	case 't', 'f':
		b := r.peek() == 't'
		if r.literal(strconv.FormatBool(b)) {
			return &b
		}
	default:
		r.nullOr("must be a boolean")
	}
	return nil
}

// Int32 reads a whole number of 32 bits, or nil for null.
func (r *Reader) Int32() *int64 { return r.integer(math.MinInt32, math.MaxInt32) }

// Int64 reads a whole number of 64 bits, or nil for null.
func (r *Reader) Int64() *int64 { return r.integer(math.MinInt64, math.MaxInt64) }

// Float reads a number, or nil for null.
func (r *Reader) Float() *float64 {
	r.space()
	if c := r.peek(); c != '-' && !isDigit(c) {
		r.nullOr("must be a number")
		return nil
	}
	start := r.pos
	text, _ := r.number()
	if text == "" {
		return nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		r.failAt(start, "is out of range")
		return nil
	}
	return &n
}

// Time reads a timestamp: seconds since 1970 as a number, a fraction of them included; nil for null.
func (r *Reader) Time() *time.Time {
	r.space()
	if c := r.peek(); c != '-' && !isDigit(c) {
		r.nullOr("must be a timestamp: seconds since 1970")
		return nil
	}
	start := r.pos
	text, _ := r.number()
	if text == "" {
		return nil
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Abs(seconds) > maxSeconds {
		r.failAt(start, "is out of range")
		return nil
	}
	t := time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
	return &t
}

// maxSeconds is the end of the year 9999, the last that timestamps are written for.
const maxSeconds = 253402300799

// Skip passes over a value of any kind.
func (r *Reader) Skip() {
	r.space()
	switch c := r.peek(); {
	case c == '{' && r.Map():
		for r.Member() {
			r.Skip()
		}
	case c == '[' && r.List():
		for r.Element() {
			r.Skip()
		}
	case c == '"':
		r.quoted()
	case c == 't':
		r.literal("true")
	case c == 'f':
		r.literal("false")
	case c == '-' || isDigit(c):
		r.number()
	default:
		r.nullOr("is malformed JSON: a value was expected")
	}
}

func (r *Reader) fail(reason string) { r.failAt(r.pos, reason) }

func (r *Reader) failAt(offset int, reason string) {
	if r.err == nil {
		r.err = &SyntaxError{Field: r.path(), Offset: offset, Reason: reason}
	}
	r.pos = len(r.data)
}

// path names the value that is being read.
func (r *Reader) path() string {
	var e FieldError
	for i := r.depth - 1; i >= 0; i-- {
		switch f := &r.frames[i]; {
		case !f.begun:
		case f.kind == listFrame:
			e.At(f.index)
		case f.kind == mapFrame:
			e.Under(f.name)
		default:
			e.In(cut(f.name))
		}
	}
	return e.Field
}

func (r *Reader) space() {
	for r.pos < len(r.data) {
		switch r.data[r.pos] {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return
		}
	}
}

// peek is the byte at hand, or 0 at the end of the body; a 0 in the body is an error wherever it stands.
func (r *Reader) peek() byte {
	if r.pos < len(r.data) {
		return r.data[r.pos]
	}
	return 0
}

func (r *Reader) open(bracket byte, kind frameKind, reason string) bool {
	r.space()
	if r.peek() != bracket {
		r.nullOr(reason)
		return false
	}
	if r.depth == MaxDepth {
		r.fail("is nested too deep")
		return false
	}
	r.pos++
	r.frames[r.depth] = frame{kind: kind, index: -1}
	r.depth++
	return true
}

// next moves past the comma before an element or member; it is false at the closing bracket, which it passes, or
// after an error.
func (r *Reader) next(closing byte) bool {
	if r.err != nil {
		return false
	}
	f := &r.frames[r.depth-1]
	r.space()
	switch c := r.peek(); {
	case c == closing:
		r.pos++
		r.depth--
		return false
	case !f.begun:
		f.begun = true
	case c == ',':
		r.pos++
		r.space()
	default:
		r.fail("is malformed JSON: a comma or a closing bracket was expected")
		return false
	}
	f.index++
	return true
}

// nullOr passes over null and fails for this reason on anything else. At the top level there is nothing that null
// could be the absence of.
func (r *Reader) nullOr(reason string) {
	if r.peek() == 'n' && r.depth > 0 {
		r.literal("null")
		return
	}
	r.fail(reason)
}

func (r *Reader) literal(word string) bool {
	if !strings.HasPrefix(r.data[r.pos:], word) {
		r.fail("is malformed JSON: a value was expected")
		return false
	}
	r.pos += len(word)
	return true
}

// quoted reads a string at its opening quote. One without escapes is a slice of the body's copy.
func (r *Reader) quoted() (string, bool) {
	start := r.pos + 1
	for i := start; i < len(r.data); i++ {
		switch c := r.data[i]; {
		case c == '"':
			r.pos = i + 1
			return r.data[start:i], true
		case c == '\\':
			return r.escaped(start, i)
		case c < ' ':
			r.failAt(i, "is malformed JSON: a control character in a string")
			return "", false
		}
	}
	r.failAt(len(r.data), "is malformed JSON: a string without its end")
	return "", false
}

// escaped reads on in a string that began at start and has its first escape at i.
func (r *Reader) escaped(start, i int) (string, bool) {
	text := append(make([]byte, 0, len(r.data[start:i])+64), r.data[start:i]...)
	for i < len(r.data) {
		switch c := r.data[i]; {
		case c == '"':
			r.pos = i + 1
			return string(text), true
		case c == '\\':
			char, size := unescape(r.data[i:])
			if size == 0 {
				r.failAt(i, "is malformed JSON: an unknown escape in a string")
				return "", false
			}
			text = utf8.AppendRune(text, char)
			i += size
		case c < ' ':
			r.failAt(i, "is malformed JSON: a control character in a string")
			return "", false
		default:
			text = append(text, c)
			i++
		}
	}
	r.failAt(len(r.data), "is malformed JSON: a string without its end")
	return "", false
}

// unescape reads the escape at the beginning of s, and says how long it is; zero means that it is none.
func unescape(s string) (char rune, size int) {
	if len(s) < 2 {
		return 0, 0
	}
	switch s[1] {
	case '"', '\\', '/':
		return rune(s[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		return unescapeUnit(s)
	default:
		return 0, 0
	}
}

// unescapeUnit reads \uXXXX at the beginning of s, with the low surrogate that may belong to it.
func unescapeUnit(s string) (char rune, size int) {
	high, ok := utf16Unit(s)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(high) {
		return high, 6
	}
	if low, ok := utf16Unit(s[6:]); ok {
		if pair := utf16.DecodeRune(high, low); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return utf8.RuneError, 6
}

func utf16Unit(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var unit rune
	for _, c := range []byte(s[2:6]) {
		switch {
		case isDigit(c):
			unit = unit<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			unit = unit<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return unit, true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (r *Reader) integer(lowest, highest int64) *int64 {
	r.space()
	if c := r.peek(); c != '-' && !isDigit(c) {
		r.nullOr("must be an integer")
		return nil
	}
	start := r.pos
	text, plain := r.number()
	if text == "" {
		return nil
	}
	n, whole, fits := wholeNumber(text, plain)
	switch {
	case !whole:
		r.failAt(start, "must be an integer")
	case !fits || n < lowest || n > highest:
		r.failAt(start, "is out of range")
	default:
		return &n
	}
	return nil
}

// number passes over a number and returns its text, empty after an error; plain ones have neither fraction nor
// exponent.
func (r *Reader) number() (text string, plain bool) {
	start := r.pos
	if r.peek() == '-' {
		r.pos++
	}
	first := r.pos
	ok := r.digits()
	if ok && r.data[first] == '0' && r.pos > first+1 {
		ok = false // a leading zero
	}
	plain = true
	if ok && r.peek() == '.' {
		plain = false
		r.pos++
		ok = r.digits()
	}
	if c := r.peek(); ok && (c == 'e' || c == 'E') {
		plain = false
		r.pos++
		if c := r.peek(); c == '+' || c == '-' {
			r.pos++
		}
		ok = r.digits()
	}
	if !ok {
		r.failAt(start, "is malformed JSON: not a number")
		return "", false
	}
	return r.data[start:r.pos], plain
}

func (r *Reader) digits() bool {
	start := r.pos
	for isDigit(r.peek()) {
		r.pos++
	}
	return r.pos > start
}

// wholeNumber reads a JSON number as an integer. One with a fraction or exponent is read as a float, and so must be
// small enough for a float to be exact; nobody writes larger ones that way.
func wholeNumber(text string, plain bool) (n int64, whole, fits bool) {
	if plain {
		n, err := strconv.ParseInt(text, 10, 64)
		return n, true, err == nil
	}
	const exact = 1 << 53
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Abs(f) > exact {
		return 0, true, false
	}
	return int64(f), f == math.Trunc(f), true
}
