package wire

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// NoLimit stands for a bound that the API model does not set.
const NoLimit = -1

// MissingField is the finding that a required member is absent.
func MissingField(name string) *FieldError { return &FieldError{Field: name, Rule: Missing} }

// CheckLength checks a string's length. The model counts characters, that is Unicode code points.
func CheckLength(s string, shortest, longest int) *FieldError {
	if len(s) >= shortest*utf8.UTFMax && (longest == NoLimit || len(s) <= longest) {
		return nil
	}
	n := utf8.RuneCountInString(s)
	if n < shortest {
		return &FieldError{Rule: TooShort, Limit: int64(shortest), Got: int64(n)}
	}
	if longest != NoLimit && n > longest {
		return &FieldError{Rule: TooLong, Limit: int64(longest), Got: int64(n)}
	}
	return nil
}

// CheckCount checks how many elements a list or map has.
func CheckCount(n, fewest, most int) *FieldError {
	if n < fewest {
		return &FieldError{Rule: TooFew, Limit: int64(fewest), Got: int64(n)}
	}
	if most != NoLimit && n > most {
		return &FieldError{Rule: TooMany, Limit: int64(most), Got: int64(n)}
	}
	return nil
}

// CheckRange checks a number's bounds.
func CheckRange(n, smallest, largest int64) *FieldError {
	if n < smallest {
		return &FieldError{Rule: TooSmall, Limit: smallest}
	}
	if n > largest {
		return &FieldError{Rule: TooLarge, Limit: largest}
	}
	return nil
}

// CheckFloatRange checks the bounds of a number that may have a fraction. The models' bounds are whole.
func CheckFloatRange(n, smallest, largest float64) *FieldError {
	if n < smallest {
		return &FieldError{Rule: TooSmall, Limit: int64(smallest)}
	}
	if n > largest {
		return &FieldError{Rule: TooLarge, Limit: int64(largest)}
	}
	return nil
}

// CheckEnum checks that s is one of the allowed strings.
func CheckEnum(s string, allowed []string) *FieldError {
	if slices.Contains(allowed, s) {
		return nil
	}
	return &FieldError{Rule: Enum, Allowed: allowed}
}

// Matcher checks a pattern of the API model. Such patterns match anywhere in a string unless they say ^ and $
// (Smithy's pattern trait), and some begin with a negative lookahead, which Go's regular expressions lack: the
// generator splits it off as a prefix that a string must not have.
type Matcher struct {
	pattern string
	without string
	re      func() *regexp.Regexp // compiled at its first use
}

// NewMatcher makes a matcher for expr on strings that do not begin with without; pattern is the model's own text.
func NewMatcher(pattern, without, expr string) *Matcher {
	return &Matcher{pattern: pattern, without: without, re: sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(expr)
	})}
}

// Check checks that s matches.
func (m *Matcher) Check(s string) *FieldError {
	if m.without != "" && strings.HasPrefix(s, m.without) || !m.re().MatchString(s) {
		return &FieldError{Rule: Pattern, Want: m.pattern}
	}
	return nil
}

// CheckMap checks every key and value of a map; either check may be nil. Of several bad ones that with the smallest key is reported, so that
// a request always gets the same answer.
func CheckMap[T any](m map[string]T, checkKey func(string) *FieldError, checkValue func(T) *FieldError) *FieldError {
	var first *FieldError
	var firstKey string
	for key, value := range m {
		if first != nil && key > firstKey {
			continue
		}
		if e := checkEntry(key, value, checkKey, checkValue); e != nil {
			first, firstKey = e, key
		}
	}
	if first == nil {
		return nil
	}
	return first.Under(firstKey)
}

func checkEntry[T any](key string, value T, checkKey func(string) *FieldError, checkValue func(T) *FieldError) *FieldError {
	if checkKey != nil {
		if e := checkKey(key); e != nil {
			e.Key = true
			return e
		}
	}
	if checkValue != nil {
		return checkValue(value)
	}
	return nil
}
