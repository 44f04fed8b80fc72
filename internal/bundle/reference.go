package bundle

import (
	"regexp"
	"slices"
	"strings"
)

// References. A file names another resource by a placeholder, anywhere in a string:
//
//	${queue:Support}       the id of the queue Support
//	${queue.arn:Support}   its ARN
//	${instance}            the id of the instance, ${instance.arn} its ARN
//	${$}                   a dollar sign that begins no placeholder, where it would
//
// In a name, } and % are written %7D and %25.

// key names a resource of an instance.
type key struct{ kind, name string }

func (k key) String() string { return placeholder{key: k}.String() }

// placeholder is one reference in a string. name is empty for the instance.
type placeholder struct {
	key
	arn     bool
	literal bool // a dollar sign
}

func (p placeholder) String() string {
	word := p.kind
	if p.arn {
		word += ".arn"
	}
	if p.kind != instanceWord {
		word += ":" + nameEscapes.Replace(p.name)
	}
	return "${" + word + "}"
}

var (
	placeholders = regexp.MustCompile(`\$\{(?:\$|instance(?:\.arn)?|([a-z][a-z-]*)(\.arn)?:([^}]*))\}`)
	nameEscapes  = strings.NewReplacer("%", "%25", "}", "%7D")
	nameTexts    = strings.NewReplacer("%25", "%", "%7D", "}", "%7d", "}")
)

// known says whether a word is that of a kind: all else in ${…:…} is text, and no placeholder.
func known(word string) bool { return kindOf(word) != nil }

// refs are the placeholders of a string, in order.
func refs(s string) (all []placeholder) {
	expand(s, func(p placeholder) string {
		if !p.literal {
			all = append(all, p)
		}
		return ""
	})
	return all
}

// expand is a string with f's text for each placeholder.
func expand(s string, f func(placeholder) string) string {
	if !strings.Contains(s, "${") {
		return s
	}
	return placeholders.ReplaceAllStringFunc(s, func(found string) string {
		switch found {
		case "${$}":
			f(placeholder{literal: true})
			return "$"
		case "${instance}", "${instance.arn}":
			return f(placeholder{key: key{kind: instanceWord}, arn: found != "${instance}"})
		}
		m := placeholders.FindStringSubmatch(found)
		if !known(m[1]) {
			return found
		}
		return f(placeholder{key: key{m[1], nameTexts.Replace(m[3])}, arn: m[2] != ""})
	})
}

// instanceWord stands for the instance itself.
const instanceWord = "instance"

var (
	uuids  = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	quotes = regexp.MustCompile(`\$\{(?:\$\}|instance(?:\.arn)?\}|([a-z][a-z-]*)(?:\.arn)?:)`)
)

// quote writes what would be read as a placeholder so that it is not.
func quote(s string) string {
	if !strings.Contains(s, "${") {
		return s
	}
	return quotes.ReplaceAllStringFunc(s, func(found string) string {
		if m := quotes.FindStringSubmatch(found); m[1] != "" && !known(m[1]) {
			return found
		}
		return "${$}" + found[1:]
	})
}

// symbols write placeholders for the ids and ARNs of an instance.
type symbols struct {
	pairs    [][2]string
	replacer *strings.Replacer
}

// add makes a resource known. Ids that are neither UUIDs nor ARNs could be words of any text, and are left alone.
func (s *symbols) add(k key, id, arn string) {
	if arn != "" {
		s.pairs = append(s.pairs, [2]string{arn, placeholder{key: k, arn: true}.String()})
	}
	if uuids.MatchString(id) || strings.HasPrefix(id, "arn:") {
		s.pairs = append(s.pairs, [2]string{id, k.String()})
	}
}

// of is a value with placeholders.
func (s *symbols) of(v *value) *value {
	if s.replacer == nil {
		// Of two that begin alike the longer one goes first: the ARN of an instance begins those of all that is in it.
		slices.SortStableFunc(s.pairs, func(a, b [2]string) int { return len(b[0]) - len(a[0]) })
		var all []string
		for _, pair := range s.pairs {
			all = append(all, pair[:]...)
		}
		s.replacer = strings.NewReplacer(all...)
	}
	return v.each(func(t *value) string { return s.replacer.Replace(quote(t.text)) })
}
