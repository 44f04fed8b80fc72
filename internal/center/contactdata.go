package center

import (
	"cmp"
	"maps"
	"regexp"
	"strconv"
	"unicode/utf8"
)

// Reference is something that a contact refers to, such as a page in another system.
type Reference struct {
	Value string `json:"value"`
	Type  string `json:"type"`
}

// ContactData is what can be written about a contact beside its attributes; nil members stay as they are.
type ContactData struct {
	Name          *string              `json:"name,omitempty"`
	Description   *string              `json:"description,omitempty"`
	LanguageCode  *string              `json:"languageCode,omitempty"`
	CustomerID    *string              `json:"customerId,omitempty"`
	WisdomSession *string              `json:"wisdomSession,omitempty"` // ARN
	References    map[string]Reference `json:"references,omitempty"`
	// SegmentAttributes are those that users define; an action of a flow sets none.
	SegmentAttributes map[string]SegmentAttribute `json:"-"`
}

// And is s with what came later written over it.
func (s ContactData) And(later ContactData) ContactData {
	return ContactData{
		Name: cmp.Or(later.Name, s.Name), Description: cmp.Or(later.Description, s.Description),
		LanguageCode: cmp.Or(later.LanguageCode, s.LanguageCode), CustomerID: cmp.Or(later.CustomerID, s.CustomerID),
		WisdomSession: cmp.Or(later.WisdomSession, s.WisdomSession), References: merged(s.References, later.References),
	}
}

// Limits of what is known of a contact (API reference, UpdateContact and StartChatContact).
const (
	maxContactName        = 1024
	maxContactDescription = 4096
	maxContactReference   = 4096
	maxContactCustomerID  = 128
	maxContactLanguage    = 20 // inferred: the longest code of the documented ones is shorter
	// "You can have up to 4,096 UTF-8 bytes across all references for a contact" (API reference, Reference).
	maxReferenceBytes = 4096
)

// SetContactData writes what is known of a contact. The customer's id is the whole chat's.
func (d *Draft) SetContactData(id ContactID, set ContactData) error {
	if err := set.Check(); err != nil {
		return err
	}
	chat := d.Edit()
	c, ok := chat.Contact(id)
	if !ok {
		return Refuse(NotFound, "Resource not found of Type: CONTACT")
	}
	references := merged(c.References, set.References)
	if n := referenceBytes(references); n > maxReferenceBytes {
		return Refuse(InvalidRequest, "References must be at most %d bytes over all names, values and types, with those already set it would be %d", maxReferenceBytes, n)
	}
	if set.CustomerID != nil {
		chat.CustomerID = *set.CustomerID
	}
	for _, member := range []struct{ to, from *string }{
		{&c.Name, set.Name}, {&c.Description, set.Description}, {&c.LanguageCode, set.LanguageCode}, {&c.WisdomSession, set.WisdomSession},
	} {
		if member.from != nil {
			*member.to = *member.from
		}
	}
	c.References, c.SegmentAttributes, c.LastUpdate = references, merged(c.SegmentAttributes, set.SegmentAttributes), d.Now
	return nil
}

func referenceBytes(references map[string]Reference) (n int) {
	for name, r := range references {
		n += len(name) + len(r.Value) + len(r.Type)
	}
	return n
}

// Check refuses what cannot be written of any contact.
func (s *ContactData) Check() error {
	for _, member := range []struct {
		name  string
		value *string
		limit int
	}{
		{"Name", s.Name, maxContactName}, {"Description", s.Description, maxContactDescription},
		{"CustomerId", s.CustomerID, maxContactCustomerID}, {"LanguageCode", s.LanguageCode, maxContactLanguage},
		{"WisdomSessionArn", s.WisdomSession, maxContactReference},
	} {
		if member.value != nil && utf8.RuneCountInString(*member.value) > member.limit {
			return Refuse(InvalidRequest, "%s must be at most %d characters", member.name, member.limit)
		}
	}
	for key, r := range s.References {
		if n := utf8.RuneCountInString(key); n == 0 || n > maxContactReference || utf8.RuneCountInString(r.Value) > maxContactReference {
			return Refuse(InvalidRequest, "References must have keys of 1 to %d characters and values of at most as many", maxContactReference)
		}
	}
	return checkUserSegments(s.SegmentAttributes)
}

// The types of references that users may give. The others are made by the service, with what they refer to.
const (
	ReferenceURL    = "URL"
	ReferenceNumber = "NUMBER"
	ReferenceString = "STRING"
	ReferenceDate   = "DATE"
	ReferenceEmail  = "EMAIL"
)

// CheckReferences refuses references that a user cannot give a chat. "DATE must be of type Epoch timestamp", and a number "a
// valid number" (API reference, Reference and NumberReference); that they are refused otherwise is inferred.
func CheckReferences(all map[string]Reference) error {
	for _, r := range all {
		switch r.Type {
		case ReferenceURL, ReferenceString, ReferenceEmail:
		case ReferenceDate, ReferenceNumber:
			if _, err := strconv.ParseFloat(r.Value, 64); err != nil {
				return Refuse(InvalidRequest, "References of the type %s must have a number as their value; one of %d characters is none", r.Type, utf8.RuneCountInString(r.Value))
			}
		default:
			return Refuse(InvalidRequest, "References must have the type URL, NUMBER, STRING, DATE or EMAIL; those of the type %s are made by the service", r.Type)
		}
	}
	return nil
}

// merged is a new map: those of a contact are replaced as a whole.
func merged[V any](have, set map[string]V) map[string]V {
	if len(set) == 0 {
		return have
	}
	all := make(map[string]V, len(have)+len(set))
	maps.Copy(all, have)
	maps.Copy(all, set)
	return all
}

// The limits of tags that users give a contact (API reference, TagContact: ContactTagMap).
const (
	maxContactTags    = 6
	maxContactTagKey  = 128
	maxContactTagText = 256
)

// contactTagKey is the API model's pattern, in which +-= is a range that has the digits in it.
var contactTagKey = regexp.MustCompile(`^[a-zA-Z+-=._:/]+$`)

// Tag writes tags of a contact and takes others away. Tags that the service gives are not among them. That six is also
// the most that a contact can have is inferred from the answer of DescribeContact.
func (d *Draft) Tag(id ContactID, set map[string]string, remove []string) error {
	for key, value := range set {
		if err := checkContactTag(key, value); err != nil {
			return err
		}
	}
	old, ok := d.Chat.Contact(id)
	if !ok {
		return Refuse(NotFound, "Resource not found of Type: CONTACT")
	}
	tags := maps.Clone(old.Tags)
	for _, key := range remove {
		delete(tags, key)
	}
	if tags = merged(tags, set); len(tags) > maxContactTags {
		return Refuse(InvalidRequest, "a contact has at most %d tags, with those already set it would have %d", maxContactTags, len(tags))
	}
	if maps.Equal(tags, old.Tags) {
		return nil
	}
	c, _ := d.Edit().Contact(id)
	c.Tags, c.LastUpdate = tags, d.Now
	return nil
}

func checkContactTag(key, value string) error {
	switch {
	case len(key) >= 4 && key[:4] == "aws:":
		return Refuse(InvalidRequest, "tags whose key begins with aws: are the service's own")
	case len(key) > maxContactTagKey || !contactTagKey.MatchString(key):
		return Refuse(InvalidRequest, "a tag's key must be 1 to %d letters, digits and +,-./:;<=_", maxContactTagKey)
	case utf8.RuneCountInString(value) > maxContactTagText:
		return Refuse(InvalidRequest, "a tag's value must be at most %d characters", maxContactTagText)
	}
	return nil
}
