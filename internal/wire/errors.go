package wire

import (
	"fmt"
	"slices"
	"strings"
)

// Rule names what a field broke.
type Rule uint8

const (
	Missing  Rule = iota // required and absent, or null
	Null                 // a null element of a list or map
	Type                 // a path or query value that does not read as the member's type
	TooShort             // a string of too few characters
	TooLong              // a string of too many characters
	TooFew               // a list or map of too few elements
	TooMany              // a list or map of too many elements
	TooSmall             // a number below the minimum
	TooLarge             // a number above the maximum
	Pattern              // a string that its pattern does not match
	Enum                 // a string outside the list of allowed ones
	Encoding             // a path, query or header value that is not UTF-8
)

// FieldError says which field of a request breaks the API model, and how. It holds lengths, never the value, so it
// may be logged and shown; the one thing of the caller's in it is a map's key, cut short.
type FieldError struct {
	Field   string // "ParticipantDetails.DisplayName", "SupportedMessagingContentTypes[2]", "Attributes[key]"
	Rule    Rule
	Key     bool     // the map's key breaks the rule, not the value beneath it
	Limit   int64    // of TooShort to TooLarge
	Got     int64    // characters or elements, of TooShort to TooMany
	Want    string   // the type of Type, the pattern of Pattern
	Allowed []string // of Enum
}

// Error is the text that a caller reads. Amazon Connect's own texts are known for few fields ("QuickConnectIds must
// include at most 50 items"); the others follow that style.
func (e *FieldError) Error() string {
	field := e.Field
	if e.Key {
		field += " key"
	}
	switch e.Rule {
	case Missing:
		return field + " is a required parameter"
	case Null:
		return field + " must not be null"
	case Type:
		return field + " must be " + e.Want
	case TooShort:
		return fmt.Sprintf("%s must have length greater than or equal to %d, got %d", field, e.Limit, e.Got)
	case TooLong:
		return fmt.Sprintf("%s must have length less than or equal to %d, got %d", field, e.Limit, e.Got)
	case TooFew:
		return fmt.Sprintf("%s must include at least %d items, got %d", field, e.Limit, e.Got)
	case TooMany:
		return fmt.Sprintf("%s must include at most %d items, got %d", field, e.Limit, e.Got)
	case TooSmall:
		return fmt.Sprintf("%s must have value greater than or equal to %d", field, e.Limit)
	case TooLarge:
		return fmt.Sprintf("%s must have value less than or equal to %d", field, e.Limit)
	case Pattern:
		return field + " must match the pattern " + e.Want
	case Enum:
		return field + " must be one of [" + strings.Join(e.Allowed, ", ") + "]"
	case Encoding:
		return field + " must be valid UTF-8"
	default:
		return field + " is invalid"
	}
}

// In puts the finding beneath the member called name.
func (e *FieldError) In(name string) *FieldError {
	switch {
	case e.Field == "":
		e.Field = name
	case e.Field[0] == '[':
		e.Field = name + e.Field
	default:
		e.Field = name + "." + e.Field
	}
	return e
}

// At puts the finding beneath the element i of a list.
func (e *FieldError) At(i int) *FieldError { return e.In(indexStep(i)) }

// Beside adds what is allowed beside the model's enumeration.
func (e *FieldError) Beside(value string) *FieldError {
	if e.Rule == Enum {
		e.Allowed = append(slices.Clip(e.Allowed), value)
	}
	return e
}

// Under puts the finding beneath the element of a map that has this key.
func (e *FieldError) Under(key string) *FieldError { return e.In(keyStep(key)) }

func indexStep(i int) string { return fmt.Sprintf("[%d]", i) }

func keyStep(key string) string { return "[" + cut(key) + "]" }

// cut shortens names that a caller chose: an error's text is bounded whatever a caller sends.
func cut(name string) string {
	const longest = 128
	if len(name) <= longest {
		return name
	}
	return strings.ToValidUTF8(name[:longest], "") + "…"
}

// SyntaxError says that a body is not JSON of the expected shape: malformed, not UTF-8, nested too deep, or holding a
// value of the wrong type or a number out of range. AWS answers SerializationException to all of these. It holds no
// value of the caller's but map keys, cut short.
type SyntaxError struct {
	Field  string // where, as in FieldError; empty at the top level
	Offset int    // the byte of the body that could not be read
	Reason string // "must be a string", "malformed JSON"
}

func (e *SyntaxError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("request body %s (byte %d)", e.Reason, e.Offset)
	}
	return fmt.Sprintf("%s %s (byte %d)", e.Field, e.Reason, e.Offset)
}
