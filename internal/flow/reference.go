package flow

import (
	"encoding/json"
	"strings"
)

// References: "$.Attributes.name" and its kin (admin guide, "How to reference
// contact attributes"; developer guide, "Flow language").
//
//   - A path is a root, which may be written $['Root'] too, and segments: .name,
//     ['any text'], ["any text"], [0],
//     and .['any text'], which the console writes.
//   - A dot with no segment after it is text: it ends a sentence.
//   - An unknown root is text too: "$.50 off".
//   - A resolved value is never resolved again.
//   - A reference to nothing is the empty string in text, and a missing value
//     in comparisons.

//   - Positions of arrays are segments, [0] or .0, where the service knows
//     arrays: views, loops and data tables. References into data tables may
//     stand in backticks.

// roots are the known first segments. Those this engine has no facts for
// resolve to nothing.
var roots = map[string]rootKind{
	"AwsRegion": leaf, "Channel": leaf, "ContactId": leaf, "CustomerId": leaf, "Description": leaf,
	"InitialContactId": leaf, "InitiationMethod": leaf, "InstanceARN": leaf, "LanguageCode": leaf,
	"Name": leaf, "PreviousContactId": leaf, "StoredCustomerInput": leaf, "TextToSpeechVoiceId": leaf,

	"AdditionalEmailRecipients": object, "Agent": object, "Attributes": object, "Capabilities": object, "CustomerEndpoint": object, "Email": object,
	"FlowAttributes": object, "Media": object, "MediaStreams": object, "Queue": object, "References": object,
	"SegmentAttributes": object, "SystemEndpoint": object, "Tags": object,

	"Case": told, "Customer": told, "AgenticCX": told, "External": told, "LambdaInvocation": told, "Lex": told, "Metrics": told,
	"Modules": told, "Task": told, "Wisdom": told,

	"DataTableList": toldLists, "DataTables": toldLists, "Loop": toldLists, "Views": toldLists,
}

type rootKind int

const (
	leaf      rootKind = iota + 1 // is a value itself
	object                        // facts of the contact and attributes, by name
	told                          // JSON that the flow was told, in State.Data
	toldLists                     // the same, and arrays in it have positions
)

// reference is a path with a known root.
type reference struct {
	root string
	kind rootKind
	path []string // below the root
}

// cutReference reads a reference at the start of s. It returns the rest of s, and
// false where there is no reference with a known root.
func cutReference(s string) (ref *reference, rest string, ok bool) {
	root, rest, ok := cutRoot(s)
	if !ok || roots[root] == 0 {
		return nil, s, false
	}
	ref = &reference{root: root}
	for {
		segment, after, ok := cutSegment(rest)
		if !ok {
			break
		}
		ref.path = append(ref.path, segment)
		rest = after
	}
	if ref.root == "LambdaInvocation" && len(ref.path) > 0 && ref.path[0] == "ResultData" {
		ref.root, ref.path = "External", ref.path[1:] // two names of one thing
	}
	ref.kind = roots[ref.root]
	return ref, rest, true
}

// cutRoot reads the root of a reference: $.Channel or $['Channel'].
func cutRoot(s string) (root, rest string, ok bool) {
	if strings.HasPrefix(s, "$[") {
		root, rest, ok = cutBracket(s[1:])
		return root, rest, ok && (s[2] == '\'' || s[2] == '"')
	}
	if !strings.HasPrefix(s, "$.") {
		return "", s, false
	}
	n := nameLen(s[2:])
	if n == 0 || isDigit(s[2]) {
		return "", s, false
	}
	return s[2 : 2+n], s[2+n:], true
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
		// The next quote ends it or nothing does: to look further would read a
		// text of many such beginnings once for each.
		segment, rest, _ := strings.Cut(s[2:], string(q))
		if rest, ok = strings.CutPrefix(rest, "]"); !ok {
			return "", s, false
		}
		return segment, rest, true
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
	if inner, ok := strings.CutPrefix(s, "`"); ok {
		ref := wholeReference(strings.TrimSuffix(inner, "`"))
		if ref == nil || !ref.quotable() || len(inner) < 2 || inner[len(inner)-1] != '`' {
			return nil
		}
		return ref
	}
	ref, rest, ok := cutReference(s)
	if !ok || rest != "" {
		return nil
	}
	return ref
}

// quotable: the console writes references into data tables in backticks.
func (ref *reference) quotable() bool { return ref.root == "DataTableList" || ref.root == "DataTables" }

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
		i := strings.IndexByte(s[at:], '$')
		if i < 0 {
			break
		}
		at += i
		ref, rest, ok := cutReference(s[at:])
		if !ok {
			at++
			continue
		}
		before := at
		if at = len(s) - len(rest); ref.quotable() && before > literal && s[before-1] == '`' && strings.HasPrefix(rest, "`") {
			before, at = before-1, at+1
		}
		if literal < before {
			t.parts = append(t.parts, part{literal: s[literal:before]})
		}
		t.parts = append(t.parts, part{ref: ref})
		literal = at
	}
	if literal < len(s) {
		t.parts = append(t.parts, part{literal: s[literal:]})
	}
	return t
}

func (t text) present() bool { return len(t.parts) > 0 }

// isReference: the whole text is one reference.
func (t text) isReference() bool { return len(t.parts) == 1 && t.parts[0].ref != nil }

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

// lookup is the value that the reference leads to, as text. What is no text is
// as JSON writes it (inferred for objects and arrays).
func (ref *reference) lookup(s *State) (string, bool) {
	switch ref.kind {
	case leaf:
		if len(ref.path) > 0 {
			return "", false
		}
		return s.Contact.fact(ref.root)
	case object:
		return ref.fact(s)
	}
	v, _ := within(s.Data[ref.root], ref.path, ref.kind == toldLists)
	return textOf(v)
}

// json is the value that the reference leads to, in its own type.
func (ref *reference) json(s *State) (json.RawMessage, bool) {
	if ref.kind == told || ref.kind == toldLists {
		return within(s.Data[ref.root], ref.path, ref.kind == toldLists)
	}
	v, ok := ref.lookup(s)
	if !ok {
		return nil, false
	}
	return quoted(v), true
}

// fact is an attribute or fact of the contact. A path that ends above a value,
// or goes on beyond one, leads to nothing.
func (ref *reference) fact(s *State) (string, bool) {
	c := &s.Contact
	switch {
	case len(ref.path) == 0:
		return "", false
	case ref.root == "References":
		return c.reference(ref.path)
	case ref.root == "SegmentAttributes" && len(ref.path) > 1:
		value, ok := facts(c.SegmentAttributes[ref.path[0]])
		if !ok {
			return "", false
		}
		value, _ = within(value, ref.path[1:], false)
		return textOf(value)
	case ref.root == "Queue" && len(ref.path) == 2 && ref.path[0] == "OutboundCallerId" && ref.path[1] == "Address":
		return known(c.Queue.OutboundCallerID)
	case len(ref.path) > 1:
		return "", false
	}
	return named(s, ref.root, ref.path[0])
}

// named is the value of a name directly below a root of facts.
func named(s *State, root, name string) (string, bool) {
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
	case "Agent":
		return c.Agent.fact(name)
	case "Media":
		if name == "InitialMessage" {
			return known(c.InitialMessage)
		}
	}
	return known(m[name])
}

// has says whether the object that the reference leads to has the key.
func (ref *reference) has(s *State, key string) bool {
	switch ref.kind {
	case told, toldLists:
		v, _ := ref.json(s)
		return member(v, key) != nil
	case object:
		if len(ref.path) == 0 {
			_, ok := named(s, ref.root, key)
			return ok
		}
	}
	return false
}

func (c *Contact) reference(path []string) (string, bool) {
	if len(path) != 2 {
		return "", false
	}
	switch path[1] {
	case "Value":
		return known(c.References[path[0]].Value)
	case "Type":
		return known(c.References[path[0]].Type)
	}
	return "", false
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

func (a *Agent) fact(name string) (string, bool) {
	switch name {
	case "UserName":
		return known(a.UserName)
	case "FirstName":
		return known(a.FirstName)
	case "LastName":
		return known(a.LastName)
	case "ARN":
		return known(a.ARN)
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
