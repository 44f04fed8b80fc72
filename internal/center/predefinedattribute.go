package center

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// PredefinedAttribute is a name that agents' proficiencies and contacts' segment attributes may have, with its values. The name
// is its identifier.
type PredefinedAttribute struct {
	Name     string   `json:"name"`
	Values   []string `json:"values"`
	Purposes []string `json:"purposes,omitempty"`
	// Validated says that contacts may have the listed values only.
	Validated bool      `json:"validated,omitempty"`
	Modified  time.Time `json:"modified"`
}

// Predefined attributes that Amazon Connect sets. Source: admin guide, "Create predefined attributes for routing contacts to
// agents": values may be added to connect:Language, connect:Subtype cannot be changed, and neither can be deleted.
const (
	AttributeLanguage = "connect:Language"
	AttributeSubtype  = "connect:Subtype"
)

const systemPrefix = "connect:"

// System says that Amazon Connect has set the attribute.
func (a *PredefinedAttribute) System() bool { return strings.HasPrefix(a.Name, systemPrefix) }

// ReadOnly says that the attribute cannot be changed.
func (a *PredefinedAttribute) ReadOnly() bool { return a.Name == AttributeSubtype }

// Key is what an attribute is found by, and its name as it must differ from those of others: names that differ in case alone
// are the same (admin guide, same page).
func (a *PredefinedAttribute) Key() (id, name string) { return a.Name, strings.ToLower(a.Name) }

// Stamp notes when the attribute was changed.
func (a *PredefinedAttribute) Stamp(_ func() string, now time.Time) { a.Modified = now }

// predefinedPattern is what names and values consist of (admin guide, same page, where +-@ is a range). That they must not
// begin with aws: or connect: is checked aside.
var predefinedPattern = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+-@']+$`)

func checkPredefined(field, s string) error {
	if !predefinedPattern.MatchString(s) || strings.HasPrefix(s, "aws:") || strings.HasPrefix(s, systemPrefix) {
		return Refuse(InvalidParameter, "%s must consist of letters, digits, spaces and _.:/=+-@' and must not begin with aws: or connect:, got %d characters", field, utf8.RuneCountInString(s))
	}
	return nil
}

// Check refuses names and values that cannot be.
func (a *PredefinedAttribute) Check() error {
	if !a.System() {
		if err := checkPredefined("Name", a.Name); err != nil {
			return err
		}
	}
	if a.ReadOnly() {
		return nil
	}
	for i, v := range a.Values {
		if slices.Contains(a.Values[:i], v) {
			return Refuse(InvalidParameter, "Values.StringList must not have a value twice, but it has one of %d characters again at index %d", utf8.RuneCountInString(v), i)
		}
		if err := checkPredefined("Values.StringList", v); err != nil {
			return err
		}
	}
	return nil
}

// SystemAttributes are the predefined attributes that every new instance has. The guide does not list their values: those of
// connect:Subtype are the kinds of chat that the API Reference names.
func SystemAttributes(now time.Time) []PredefinedAttribute {
	return []PredefinedAttribute{
		{Name: AttributeLanguage, Values: []string{}, Modified: now.UTC()},
		{Name: AttributeSubtype, Values: []string{"connect:Chat", "connect:Guide", "connect:SMS"}, Modified: now.UTC()},
	}
}
