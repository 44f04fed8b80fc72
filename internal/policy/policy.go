package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxLength is how many characters a policy may have, white space not counted.
// Source: IAM User Guide, "IAM and AWS STS quotas", managed policies.
const MaxLength = 6144

// Policy is what the holder of an access key may do.
type Policy struct {
	statements []statement
}

type statement struct {
	deny       bool
	actions    []string
	resources  []string
	conditions []condition
}

// condition is one key of one operator: the request's value must be like one of its values.
type condition struct {
	key    string // in lower case up to the slash
	values []string
	like   bool
}

// Request is what a caller asks for.
type Request struct {
	Action string // "connect:DescribeQueue"
	// Targets are the things that the request is about; every one must be allowed.
	Targets []Target
}

// Target is one thing that a request is about.
type Target struct {
	// ARNs are the names that a policy may know it by: a statement that matches one of them is about it.
	ARNs []string
	// Instance is the id of the instance that it belongs to; "": none, or all.
	Instance string
	Tags     map[string]string
}

// Verdict is what a policy says to a request.
type Verdict struct {
	Allowed bool
	// Denied says that a statement denies it; otherwise no statement allows it.
	Denied bool
	// Resource is the first ARN that is not allowed.
	Resource string
}

// Decide says whether a request is allowed: for each of its targets a statement must allow it and none deny it.
func (p *Policy) Decide(r Request) Verdict {
	for _, t := range r.Targets {
		allowed := false
		for _, s := range p.statements {
			if !s.matches(r, t) {
				continue
			}
			if s.deny {
				return Verdict{Denied: true, Resource: t.ARNs[0]}
			}
			allowed = true
		}
		if !allowed {
			return Verdict{Resource: t.ARNs[0]}
		}
	}
	return Verdict{Allowed: true}
}

// NeedsTags says whether any statement asks for the tags of what a request is about.
func (p *Policy) NeedsTags() bool {
	for _, s := range p.statements {
		for _, c := range s.conditions {
			if strings.HasPrefix(c.key, tagKey) {
				return true
			}
		}
	}
	return false
}

func (s *statement) matches(r Request, t Target) bool {
	return slices.ContainsFunc(s.actions, func(pattern string) bool { return like(strings.ToLower(pattern), strings.ToLower(r.Action)) }) &&
		slices.ContainsFunc(s.resources, func(pattern string) bool {
			return slices.ContainsFunc(t.ARNs, func(arn string) bool { return like(pattern, arn) })
		}) && s.holds(t)
}

// holds says whether all conditions hold. One whose key the target does not have does not hold. Condition keys have no case,
// but keys of tags do, so a target may have several tags of one condition key: then one is enough to deny, and all must hold
// to allow.
func (s *statement) holds(t Target) bool {
	for _, c := range s.conditions {
		held := func(value string) bool {
			return slices.ContainsFunc(c.values, func(want string) bool { return value == want || c.like && like(want, value) })
		}
		values := t.values(c.key)
		some := slices.ContainsFunc(values, held)
		all := some && !slices.ContainsFunc(values, func(value string) bool { return !held(value) })
		if s.deny && !some || !s.deny && !all {
			return false
		}
	}
	return true
}

// values are the target's values of a condition's key.
func (t *Target) values(key string) (values []string) {
	name, isTag := strings.CutPrefix(key, tagKey)
	if !isTag {
		if t.Instance != "" {
			values = []string{t.Instance}
		}
		return values
	}
	for tag, value := range t.Tags {
		if strings.EqualFold(tag, name) {
			values = append(values, value)
		}
	}
	return values
}

// like says whether a text matches a pattern in which * stands for any characters, none included, and ? for one.
func like(pattern, text string) bool {
	star, mark := -1, 0
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && pattern[p] == '?':
			_, size := utf8.DecodeRuneInString(text[t:])
			p, t = p+1, t+size
		case p < len(pattern) && pattern[p] == text[t]:
			p, t = p+1, t+1
		case star >= 0:
			_, size := utf8.DecodeRuneInString(text[mark:])
			mark += size
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

const (
	instanceKey = "connect:instanceid"
	tagKey      = "aws:resourcetag/"
)

// Parse reads a policy. Its errors say which statement and element is wrong, and what may stand there.
func Parse(text []byte) (*Policy, error) {
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return nil, fmt.Errorf("the policy is no JSON: %w", err)
	}
	if n := utf8.RuneCount(compact.Bytes()); n > MaxLength {
		return nil, fmt.Errorf("the policy has %d characters, white space not counted; the most is %d", n, MaxLength)
	}
	var doc struct {
		Version, ID string
		Statement   json.RawMessage
	}
	if err := elements(text, "the policy", map[string]func(json.RawMessage) error{
		"Version": into(&doc.Version), "Id": into(&doc.ID), "Statement": into(&doc.Statement),
	}); err != nil {
		return nil, err
	}
	if doc.Version != "2012-10-17" {
		return nil, errors.New(`the policy's Version must be "2012-10-17"`)
	}
	var list []json.RawMessage
	if first := bytes.TrimSpace(doc.Statement); len(first) > 0 && first[0] == '{' {
		list = []json.RawMessage{doc.Statement}
	} else if err := json.Unmarshal(doc.Statement, &list); err != nil || len(list) == 0 {
		return nil, errors.New("the policy's Statement must be a statement or a list of at least one")
	}
	p := new(Policy)
	for i, raw := range list {
		s, err := parseStatement(raw, fmt.Sprintf("statement %d", i+1))
		if err != nil {
			return nil, err
		}
		p.statements = append(p.statements, s)
	}
	return p, nil
}

func parseStatement(raw json.RawMessage, where string) (s statement, err error) {
	var sid, effect string
	var conditions json.RawMessage
	err = elements(raw, where, map[string]func(json.RawMessage) error{
		"Sid": into(&sid), "Effect": into(&effect), "Action": texts(&s.actions), "Resource": texts(&s.resources), "Condition": into(&conditions),
	})
	switch {
	case err != nil:
		return s, err
	case effect != "Allow" && effect != "Deny":
		return s, fmt.Errorf("%s: Effect must be Allow or Deny", where)
	case len(s.actions) == 0:
		return s, fmt.Errorf("%s: Action is required", where)
	case len(s.resources) == 0:
		return s, fmt.Errorf(`%s: Resource is required; "*" is every resource`, where)
	}
	s.deny = effect == "Deny"
	for _, action := range s.actions {
		if err := checkAction(action); err != nil {
			return s, fmt.Errorf("%s: %w", where, err)
		}
	}
	for _, resource := range s.resources {
		if resource != "*" && (!strings.HasPrefix(resource, "arn:") || strings.Count(resource, ":") < 5) {
			return s, fmt.Errorf(`%s: Resource must be "*" or an ARN, such as arn:aws:connect:us-east-1:123456789012:instance/*, got %q`, where, short(resource))
		}
	}
	s.conditions, err = parseConditions(conditions, where)
	return s, err
}

// checkAction refuses what is no action of Amazon Connect: a policy that speaks of other services is meant for elsewhere.
func checkAction(action string) error {
	if action == "*" {
		return nil
	}
	service, name, ok := strings.Cut(action, ":")
	if !ok || !strings.EqualFold(service, "connect") || name == "" {
		return fmt.Errorf(`an action must be "*" or begin with connect:, such as connect:Describe*, got %q`, short(action))
	}
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '*' && c != '?' {
			return fmt.Errorf("an action must consist of letters, digits, * and ? behind connect:, got %q", short(action))
		}
	}
	return nil
}

func parseConditions(raw json.RawMessage, where string) (all []condition, err error) {
	if raw == nil {
		return nil, nil
	}
	operators := map[string]func(json.RawMessage) error{}
	for _, name := range []string{"StringEquals", "StringLike"} {
		operators[name] = func(raw json.RawMessage) error {
			keys, err := members(raw)
			if err != nil {
				return err
			}
			for _, m := range keys {
				c := condition{like: name == "StringLike"}
				if c.key, err = conditionKey(m.name); err != nil {
					return err
				}
				if err := texts(&c.values)(m.value); err != nil {
					return fmt.Errorf("%s: %w", short(m.name), err)
				}
				if len(c.values) == 0 {
					return fmt.Errorf("%s has no value", short(m.name))
				}
				all = append(all, c)
			}
			return nil
		}
	}
	return all, elements(raw, where+": Condition", operators)
}

// conditionKey is a key as conditions keep it.
func conditionKey(name string) (string, error) {
	if strings.EqualFold(name, instanceKey) {
		return instanceKey, nil
	}
	if len(name) > len(tagKey) && strings.EqualFold(name[:len(tagKey)], tagKey) {
		return tagKey + name[len(tagKey):], nil
	}
	return "", fmt.Errorf("the key %q is not known; connect:InstanceId and aws:ResourceTag/KEY are", short(name))
}

// member is one member of a JSON object.
type member struct {
	name  string
	value json.RawMessage
}

// members are those of an object, in their order. One that is there twice is refused: which counts depends on the reader.
func members(raw json.RawMessage) (all []member, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("it must be an object")
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		m := member{name: t.(string)}
		if seen[m.name] {
			return nil, fmt.Errorf("%q is there twice", short(m.name))
		}
		seen[m.name] = true
		if err := d.Decode(&m.value); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err == nil {
		return nil, errors.New("there is text behind it")
	}
	return all, nil
}

// elements reads an object whose members are all known.
func elements(raw json.RawMessage, where string, known map[string]func(json.RawMessage) error) error {
	all, err := members(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	for _, m := range all {
		read, ok := known[m.name]
		if !ok {
			return fmt.Errorf("%s: %q is not known here", where, short(m.name))
		}
		if err := read(m.value); err != nil {
			return fmt.Errorf("%s: %s: %w", where, m.name, err)
		}
	}
	return nil
}

func into[T any](to *T) func(json.RawMessage) error {
	return func(raw json.RawMessage) error {
		if err := json.Unmarshal(raw, to); err != nil {
			return fmt.Errorf("it must be a %T", *to)
		}
		return nil
	}
}

// texts reads a text or a list of them.
func texts(to *[]string) func(json.RawMessage) error {
	return func(raw json.RawMessage) error {
		list := raw
		if raw[0] != '[' {
			list = slices.Concat([]byte{'['}, raw, []byte{']'})
		}
		var all []*string
		if err := json.Unmarshal(list, &all); err != nil || slices.Contains(all, nil) {
			return errors.New("it must be a text or a list of texts")
		}
		for _, text := range all {
			if strings.Contains(*text, "${") {
				return fmt.Errorf("%q has a policy variable; they are not known here", short(*text))
			}
			*to = append(*to, *text)
		}
		return nil
	}
}

// short is the beginning of what a policy says, for a message.
func short(s string) string {
	if runes := []rune(s); len(runes) > 60 {
		return string(runes[:60]) + "…"
	}
	return s
}
