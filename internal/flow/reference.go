package flow

import "strings"

// References: "$.Attributes.name" and its kin (admin guide, "How to reference
// contact attributes"; developer guide, "Flow language").
//
//   - A path is a root and segments: .name, ['any text'], ["any text"], [0],
//     and .['any text'], which the console writes.
//   - A dot with no segment after it is text: it ends a sentence.
//   - An unknown root is text too: "$.50 off".
//   - A resolved value is never resolved again.
//   - A reference to nothing is the empty string in text, and a missing value
//     in comparisons.

// roots are the known first segments. Those this engine has no facts for
// resolve to nothing.
var roots = map[string]rootKind{
	"AwsRegion": leaf, "Channel": leaf, "ContactId": leaf, "CustomerId": leaf, "Description": leaf,
	"InitialContactId": leaf, "InitiationMethod": leaf, "InstanceARN": leaf, "LanguageCode": leaf,
	"Name": leaf, "PreviousContactId": leaf, "StoredCustomerInput": leaf, "TextToSpeechVoiceId": leaf,

	"Agent": object, "Attributes": object, "Capabilities": object, "Case": object, "Customer": object,
	"CustomerEndpoint": object, "DataTableList": object, "DataTables": object, "Email": object,
	"External": object, "FlowAttributes": object, "LambdaInvocation": object, "Lex": object, "Loop": object,
	"Media": object, "MediaStreams": object, "Metrics": object, "Modules": object, "Queue": object,
	"References": object, "SegmentAttributes": object, "SystemEndpoint": object, "Tags": object,
	"Task": object, "Views": object, "Wisdom": object,
}

type rootKind int

const (
	leaf   rootKind = iota + 1 // is a value itself
	object                     // has values below it
)

// reference is a path with a known root.
type reference struct {
	path []string
}

// cutReference reads a reference at the start of s, which begins with "$.". It
// returns the rest of s, and false where there is no reference with a known
// root.
func cutReference(s string) (ref *reference, rest string, ok bool) {
	root := nameLen(s[2:])
	if root == 0 || isDigit(s[2]) || roots[s[2:2+root]] == 0 {
		return nil, s, false
	}
	ref = &reference{path: []string{s[2 : 2+root]}}
	rest = s[2+root:]
	for {
		segment, after, ok := cutSegment(rest)
		if !ok {
			return ref, rest, true
		}
		ref.path = append(ref.path, segment)
		rest = after
	}
}

func cutSegment(s string) (segment, rest string, ok bool) {
	if s == "" {
		return "", s, false
	}
	inner := s
	if s[0] == '.' {
		inner = s[1:]
		if n := nameLen(inner); n > 0 {
			return inner[:n], inner[n:], true
		}
	}
	if segment, rest, ok = cutBracket(inner); ok {
		return segment, rest, true
	}
	return "", s, false
}

// cutBracket reads ['text'], ["text"] or [0].
func cutBracket(s string) (segment, rest string, ok bool) {
	if len(s) < 3 || s[0] != '[' {
		return "", s, false
	}
	if q := s[1]; q == '\'' || q == '"' {
		end := strings.Index(s[2:], string(q)+"]")
		if end < 0 {
			return "", s, false
		}
		return s[2 : 2+end], s[2+end+2:], true
	}
	end := 1
	for end < len(s) && isDigit(s[end]) {
		end++
	}
	if end == 1 || end == len(s) || s[end] != ']' {
		return "", s, false
	}
	return s[1:end], s[end+1:], true
}

// nameLen is the length of the name that s begins with: letters, digits,
// underscores and, after the first, hyphens.
func nameLen(s string) int {
	n := 0
	for n < len(s) && (isDigit(s[n]) || isLetter(s[n]) || (n > 0 && s[n] == '-')) {
		n++
	}
	return n
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' }

// wholeReference reads s when the whole of it is one reference.
func wholeReference(s string) *reference {
	if !strings.HasPrefix(s, "$.") {
		return nil
	}
	ref, rest, ok := cutReference(s)
	if !ok || rest != "" {
		return nil
	}
	return ref
}

// text is a parameter that is static or has references anywhere in it. The
// zero text is absent.
type text struct {
	parts []part
}

type part struct {
	literal string
	ref     *reference // nil for a literal
}

func newText(s string) text {
	var t text
	literal := 0 // start of the literal being gathered
	for at := 0; at < len(s); {
		i := strings.Index(s[at:], "$.")
		if i < 0 {
			break
		}
		at += i
		ref, rest, ok := cutReference(s[at:])
		if !ok {
			at += len("$.")
			continue
		}
		if literal < at {
			t.parts = append(t.parts, part{literal: s[literal:at]})
		}
		t.parts = append(t.parts, part{ref: ref})
		at = len(s) - len(rest)
		literal = at
	}
	if literal < len(s) {
		t.parts = append(t.parts, part{literal: s[literal:]})
	}
	return t
}

func (t text) present() bool { return len(t.parts) > 0 }

// maxResolved is where resolving a text stops: what is longer is too long for
// whatever it is for. Without an end a short text with many references to a
// long value would grow without one.
const maxResolved = maxAttributes

// resolve is the text with every reference replaced by its value. Beyond
// maxResolved bytes it is cut short, but still longer than that.
func (t text) resolve(s *State) string {
	if len(t.parts) == 1 {
		return t.parts[0].resolve(s)
	}
	var b strings.Builder
	for _, p := range t.parts {
		if b.Len() > maxResolved {
			break
		}
		b.WriteString(p.resolve(s))
	}
	return b.String()
}

func (p part) resolve(s *State) string {
	if p.ref == nil {
		return p.literal
	}
	v, _ := p.ref.lookup(s)
	return v
}

// dynamic is a parameter that is static or one whole reference. The zero
// dynamic is absent.
type dynamic struct {
	literal string
	ref     *reference
}

func newDynamic(n *node) dynamic {
	s, _ := n.scalar()
	if ref := wholeReference(s); ref != nil {
		return dynamic{ref: ref}
	}
	return dynamic{literal: s}
}

func (d dynamic) present() bool { return d.ref != nil || d.literal != "" }

// static is the literal value, "" for a reference.
func (d dynamic) static() string { return d.literal }

// resolve is the value, and false where there is none: an empty value is none.
func (d dynamic) resolve(s *State) (string, bool) {
	v := d.literal
	if d.ref != nil {
		v, _ = d.ref.lookup(s)
	}
	return v, v != ""
}

// lookup is the value that the reference leads to. A path that ends above a
// value, or goes on beyond one, leads to nothing.
func (ref *reference) lookup(s *State) (string, bool) {
	switch len(ref.path) {
	case 1:
		return s.Contact.fact(ref.path[0])
	case 2:
		return lookup2(s, ref.path[0], ref.path[1])
	}
	if ref.is("Queue", "OutboundCallerId", "Address") {
		return known(s.Contact.Queue.OutboundCallerID)
	}
	return "", false
}

func lookup2(s *State, root, name string) (string, bool) {
	c := &s.Contact
	var m map[string]string
	switch root {
	case "Attributes":
		m = c.Attributes
	case "FlowAttributes":
		m = s.FlowAttributes
	case "SegmentAttributes":
		m = c.SegmentAttributes
	case "Tags":
		m = c.Tags
	case "Queue":
		return c.Queue.fact(name)
	case "Media":
		if name == "InitialMessage" {
			return known(c.InitialMessage)
		}
	}
	return known(m[name])
}

// has says whether the object that the reference leads to has the key.
func (ref *reference) has(s *State, key string) bool {
	if len(ref.path) != 1 {
		return false
	}
	_, ok := lookup2(s, ref.path[0], key)
	return ok
}

func (ref *reference) is(path ...string) bool {
	if len(ref.path) != len(path) {
		return false
	}
	for i := range path {
		if ref.path[i] != path[i] {
			return false
		}
	}
	return true
}

// known is a fact or attribute, where an empty one is none: writing an empty
// value is how an attribute is cleared.
func known(v string) (string, bool) { return v, v != "" }

func (c *Contact) fact(root string) (string, bool) {
	switch root {
	case "Channel":
		if c.Channel == "" {
			return "CHAT", true
		}
		return c.Channel, true
	case "ContactId":
		return known(c.ContactID)
	case "InitialContactId":
		return known(c.InitialContactID)
	case "PreviousContactId":
		return known(c.PreviousContactID)
	case "InstanceARN":
		return known(c.InstanceARN)
	case "InitiationMethod":
		return known(c.InitiationMethod)
	case "AwsRegion":
		return known(c.AwsRegion)
	case "LanguageCode":
		return known(c.LanguageCode)
	case "Name":
		return known(c.Name)
	case "Description":
		return known(c.Description)
	case "CustomerId":
		return known(c.CustomerID)
	}
	return "", false
}

func (q *Queue) fact(name string) (string, bool) {
	switch name {
	case "Name":
		return known(q.Name)
	case "ARN":
		return known(q.ARN)
	}
	return "", false
}
