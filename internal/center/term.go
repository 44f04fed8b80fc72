package center

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// About is what users and flows have said of a contact. It goes with the chat.
type About struct {
	Name string            `json:"name,omitempty"`
	Tags map[string]string `json:"tags,omitempty"`
	// Segments are the segment attributes without the subtype.
	Segments map[string]SegmentAttribute `json:"segments,omitempty"`
}

// SubtypeKey is the segment attribute that every chat has.
const SubtypeKey = systemKey + "Subtype"

const (
	// maxSearchedSegment and maxSearchedKey are how many characters the values and keys of segment attributes have that a
	// search can name (API reference, SearchableSegmentAttributesCriteria).
	maxSearchedSegment = 128
	maxSearchedKey     = 64
	maxSearchedAgent   = 256
)

func (c *Contact) about() *About {
	segments := len(c.SegmentAttributes)
	if _, ok := c.SegmentAttributes[SubtypeKey]; ok {
		segments--
	}
	if c.Name == "" && len(c.Tags) == 0 && segments == 0 {
		return nil
	}
	a := &About{Name: c.Name, Tags: c.Tags}
	if segments > 0 {
		a.Segments = maps.Clone(c.SegmentAttributes)
		delete(a.Segments, SubtypeKey)
	}
	return a
}

func (a *About) same(b *About) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Name == b.Name && maps.Equal(a.Tags, b.Tags) && maps.EqualFunc(a.Segments, b.Segments, SegmentAttribute.equal)
}

// same says that the row of a contact may stay as it is, but perhaps for [Connected].
func (r *ContactRecord) same(now *ContactRecord) bool {
	a, b := *r, *now
	a.ConnectedToSystem, a.Shown, a.About = b.ConnectedToSystem, b.Shown, nil
	b.About = nil
	return a == b && r.About.same(now.About)
}

// FoldedName is a contact's name as it is searched.
func (r *ContactRecord) FoldedName() string {
	if r.About == nil {
		return ""
	}
	return FoldName(r.About.Name)
}

// FoldName is a name or a part of one as it is searched: without regard to case.
func FoldName(s string) string { return strings.ToLower(s) }

// ContactTerms are changes of what a contact can be searched by beside its row: Put are names with their values.
type ContactTerms struct {
	Contact ContactID
	Put     []Attribute
	Unset   []string
}

// TagTerm is the name of the term that a tag is.
func TagTerm(key string) string { return "tag/" + key }

// SegmentTerm is the name of the term that a segment attribute is.
func SegmentTerm(key string) string { return "segment/" + key }

// PreferredAgentTerm is the name of the term that says that a contact's routing criteria name an agent.
func PreferredAgentTerm(id string) string { return "agent/" + ResourceID(id, "agent") }

// terms are what a contact is searched by, by name.
func (r *ContactRecord) terms() map[string]string {
	if r.About == nil && r.Routing == nil {
		return nil
	}
	all := map[string]string{}
	if r.About != nil {
		for key, value := range r.About.Tags {
			all[TagTerm(key)] = value
		}
		for key, value := range r.About.Segments {
			text, ok := value.searched()
			if ok && utf8.RuneCountInString(key) <= maxSearchedKey && utf8.RuneCountInString(text) <= maxSearchedSegment {
				all[SegmentTerm(key)] = text
			}
		}
	}
	if r.Routing != nil {
		for i := range r.Routing.Steps {
			r.Routing.Steps[i].Expression.agents(func(id string) {
				if utf8.RuneCountInString(id) <= maxSearchedAgent {
					all[PreferredAgentTerm(id)] = ""
				}
			})
		}
	}
	return all
}

// searched is the text that a segment attribute is searched by.
func (v SegmentAttribute) searched() (string, bool) {
	switch {
	case v.ValueString != nil:
		return *v.ValueString, true
	case v.ValueInteger != nil:
		return strconv.FormatInt(*v.ValueInteger, 10), true
	}
	return "", false
}

// agents visits the agents that an expression prefers.
func (e *RoutingExpression) agents(visit func(id string)) {
	if e.Attribute != nil && e.Attribute.Match != nil {
		for _, id := range e.Attribute.Match.Agents.IDs {
			visit(id)
		}
	}
	for _, list := range [][]RoutingExpression{e.And, e.Or} {
		for i := range list {
			list[i].agents(visit)
		}
	}
}

// termsSince are the changes since before, the zero record for all.
func (r *ContactRecord) termsSince(before *ContactRecord) ContactTerms {
	changes := ContactTerms{Contact: r.ID}
	if before.Routing == r.Routing && before.About.same(r.About) {
		return changes
	}
	had, has := before.terms(), r.terms()
	for name, value := range has {
		if old, ok := had[name]; !ok || old != value {
			changes.Put = append(changes.Put, Attribute{name, value})
		}
	}
	for name := range had {
		if _, ok := has[name]; !ok {
			changes.Unset = append(changes.Unset, name)
		}
	}
	slices.SortFunc(changes.Put, func(a, b Attribute) int { return cmp.Compare(a.Name, b.Name) })
	slices.Sort(changes.Unset)
	return changes
}
