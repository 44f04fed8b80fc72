package bundle

import (
	"regexp"
	"slices"
	"strings"
	"sync"
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

// placeholders and quotes know the words of kinds: all else in ${…:…} is text, and may have placeholders in it.
var (
	placeholders = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`\$\{(?:\$|instance(?:\.arn)?|(` + strings.Join(Kinds(), "|") + `)(\.arn)?:([^}]*))\}`)
	})
	quotes = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`\$\{(?:\$\}|instance(?:\.arn)?\}|(?:` + strings.Join(Kinds(), "|") + `)(?:\.arn)?:)`)
	})
	nameEscapes = strings.NewReplacer("%", "%25", "}", "%7D")
	nameTexts   = strings.NewReplacer("%25", "%", "%7D", "}", "%7d", "}")
)

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
	return placeholders().ReplaceAllStringFunc(s, func(found string) string {
		switch found {
		case "${$}":
			f(placeholder{literal: true})
			return "$"
		case "${instance}", "${instance.arn}":
			return f(placeholder{key: key{kind: instanceWord}, arn: found != "${instance}"})
		}
		m := placeholders().FindStringSubmatch(found)
		return f(placeholder{key: key{m[1], nameTexts.Replace(m[3])}, arn: m[2] != ""})
	})
}

// instanceWord stands for the instance itself.
const instanceWord = "instance"

var uuids = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// quote writes what would be read as a placeholder so that it is not.
func quote(s string) string {
	if !strings.Contains(s, "${") {
		return s
	}
	return quotes().ReplaceAllStringFunc(s, func(found string) string { return "${$}" + found[1:] })
}

// symbols write placeholders for the ids and ARNs of an instance.
type symbols struct {
	texts   map[string]string // placeholders by ids and ARNs
	lengths []int             // of ids and ARNs, the longest first
}

// add makes a resource known. Ids that are neither UUIDs nor ARNs could be words of any text, and are left alone.
func (s *symbols) add(k key, id, arn string) {
	put := func(known, text string) {
		if s.texts == nil {
			s.texts = map[string]string{}
		}
		if _, is := s.texts[known]; is {
			return
		}
		s.texts[known] = text
		if i, is := slices.BinarySearchFunc(s.lengths, len(known), func(a, b int) int { return b - a }); !is {
			s.lengths = slices.Insert(s.lengths, i, len(known))
		}
	}
	if arn != "" {
		put(arn, placeholder{key: k, arn: true}.String())
	}
	if uuids.MatchString(id) || strings.HasPrefix(id, "arn:") {
		put(id, k.String())
	}
}

// of is a value with placeholders.
func (s *symbols) of(v *value) *value {
	return v.each(func(t *value) string { return s.replace(quote(t.text)) })
}

// replace writes placeholders into a text. Of two that begin alike the longer one is meant: the ARN of an instance begins
// those of all that is in it. An ARN ends where no other could go on: …:function:orders is not in …:function:orders-v2.
func (s *symbols) replace(in string) string {
	var out strings.Builder
	from := 0
scan:
	for i := 0; i < len(in); i++ {
		if c := in[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			continue // ids begin with a digit of a UUID, and ARNs with their a
		}
		for _, n := range s.lengths {
			if i+n > len(in) {
				continue
			}
			text, known := s.texts[in[i:i+n]]
			if !known || in[i] == 'a' && strings.HasPrefix(in[i:], "arn:") && i+n < len(in) && goesOn(in[i+n]) {
				continue
			}
			out.WriteString(in[from:i])
			out.WriteString(text)
			from = i + n
			i = from - 1
			continue scan
		}
	}
	return out.String() + in[from:]
}

// goesOn says that a character after an ARN makes a longer name of its end.
func goesOn(c byte) bool {
	return c == '-' || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
