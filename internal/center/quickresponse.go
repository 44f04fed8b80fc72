package center

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// QuickResponseID names a quick response.
type QuickResponseID string

// QuickResponse is a text that agents find and send.
// Source: API reference of Amazon Q in Connect, CreateQuickResponse and QuickResponseData; admin guide, "Create quick responses".
type QuickResponse struct {
	Head[QuickResponseID]
	Content string `json:"content"`
	Format  string `json:"format"`
	// Shortcut is what agents type to find it, "" for none. It is unique in the instance, whatever the case of its letters.
	Shortcut string `json:"shortcut,omitempty"`
	// Profiles are the routing profiles whose agents find it; none: all agents do. They were there when it was saved.
	Profiles   []RoutingProfileID `json:"profiles,omitempty"`
	Inactive   bool               `json:"inactive,omitempty"` // no agent finds it
	Channels   []string           `json:"channels,omitempty"` // none: all
	Language   string             `json:"language,omitempty"`
	Created    time.Time          `json:"created"`
	ModifiedBy UserID             `json:"modifiedBy,omitempty"` // "" for a command
}

// Formats of a content.
const (
	QuickPlain    = "plain"
	QuickMarkdown = "markdown"
)

// QuickContentType is the media type of a format, as Amazon Q in Connect spells it.
func QuickContentType(format string) string { return "application/x.quickresponse;format=" + format }

// QuickChannels are the channels that a quick response may be for. Chats are all there is here; others are kept.
var QuickChannels = []string{"Chat", "Email"}

// Permissions of security profiles that managing quick responses asks for. Agents find quick responses without any of them.
// Source: admin guide, "Assign permissions to manage quick responses": who may create may also view and edit.
const (
	PermitQuickView   = "QuickResponses.View"
	PermitQuickCreate = "QuickResponses.Create"
	PermitQuickEdit   = "QuickResponses.Edit"
	PermitQuickDelete = "QuickResponses.Delete"
)

// Bounds of quick responses. Sources: API reference of CreateQuickResponse and of QuickResponseDataProvider; admin guide, "Add
// quick responses" (20 routing profiles).
const (
	maxQuickName        = 100
	maxQuickDescription = 255
	maxQuickShortcut    = 10
	maxQuickContent     = 1024
	maxQuickProfiles    = 20
)

var quickLanguage = regexp.MustCompile(`^[a-z]{2}_[A-Z]{2}$`)

// FieldProblem is what is wrong with one field.
type FieldProblem struct{ Field, Message string }

// Problems are all that is wrong with a quick response by itself.
func (r *QuickResponse) Problems() (all []FieldProblem) {
	wrong := func(field, format string, args ...any) {
		all = append(all, FieldProblem{field, fmt.Sprintf(format, args...)})
	}
	for _, text := range []struct {
		field, value string
		least, most  int
	}{
		{"name", r.Name, 1, maxQuickName}, {"description", r.Description, 0, maxQuickDescription},
		{"shortcutKey", r.Shortcut, 0, maxQuickShortcut}, {"content", r.Content, 1, maxQuickContent},
	} {
		switch n := utf8.RuneCountInString(text.value); {
		case !utf8.ValidString(text.value):
			wrong(text.field, "must be UTF-8")
		case n < text.least:
			wrong(text.field, "is required")
		case n > text.most:
			wrong(text.field, "must have at most %d characters, got %d", text.most, n)
		}
	}
	if strings.ContainsFunc(r.Shortcut, func(c rune) bool { return c <= ' ' || c == '/' || c == '#' }) {
		wrong("shortcutKey", "must have no spaces and none of / and #")
	}
	if r.Format != QuickPlain && r.Format != QuickMarkdown {
		wrong("contentType", "must be plain or markdown")
	}
	for i, channel := range r.Channels {
		if !slices.Contains(QuickChannels, channel) || slices.Contains(r.Channels[:i], channel) {
			wrong("channels", "may have %s, each once", strings.Join(QuickChannels, " and "))
			break
		}
	}
	if r.Language != "" && !quickLanguage.MatchString(r.Language) {
		wrong("language", "must be a language and a region, such as en_US")
	}
	if n := len(r.Profiles); n > maxQuickProfiles {
		wrong("routingProfiles", "may have at most %d routing profiles, got %d; none means all agents", maxQuickProfiles, n)
	}
	return all
}

// Check refuses a quick response that cannot be.
func (r *QuickResponse) Check() error {
	if all := r.Problems(); len(all) > 0 {
		return Refuse(InvalidParameter, "%s %s", all[0].Field, all[0].Message)
	}
	return nil
}

// ShortcutKey is what no other quick response of the instance has, "" for none.
func (r *QuickResponse) ShortcutKey() string { return strings.ToLower(r.Shortcut) }

// For says whether agents of a routing profile find the quick response in a channel.
func (r *QuickResponse) For(profile RoutingProfileID, channel string) bool {
	return !r.Inactive && (len(r.Profiles) == 0 || slices.Contains(r.Profiles, profile)) && (len(r.Channels) == 0 || slices.Contains(r.Channels, channel))
}

// The places where a query is found, the best first. Source of their order: admin guide, "Enable Amazon Connect quick responses in
// a custom CCP"; that what begins with a text goes before what has it inside is inferred.
const (
	byShortcut = iota
	byShortcutPrefix
	byNamePrefix
	byNameWords
	byContent
	byDescription
	nowhereFound
)

// rank is where all words of a query are found first. query is in lower case.
func (r *QuickResponse) rank(query string, words []string) int {
	has := func(text string) bool {
		text = strings.ToLower(text)
		for _, w := range words {
			if !strings.Contains(text, w) {
				return false
			}
		}
		return true
	}
	shortcut := r.ShortcutKey()
	switch {
	case shortcut != "" && shortcut == query:
		return byShortcut
	case shortcut != "" && strings.HasPrefix(shortcut, query):
		return byShortcutPrefix
	case strings.HasPrefix(strings.ToLower(r.Name), query):
		return byNamePrefix
	case has(r.Name):
		return byNameWords
	case has(r.Content):
		return byContent
	case has(r.Description):
		return byDescription
	}
	return nowhereFound
}

// FindQuickResponses finds the quick responses among some that agents of a routing profile see, by a text: the best first, and
// those that are as good by their names. An empty text finds all. It may begin with /#, as agents write it in a message.
func FindQuickResponses(all []QuickResponse, text string, profile RoutingProfileID, channel string) (found []*QuickResponse) {
	query := strings.ToLower(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "/#")))
	words := strings.Fields(query)
	ranks := map[*QuickResponse]int{}
	for i := range all {
		r := &all[i]
		if !r.For(profile, channel) {
			continue
		}
		if query != "" {
			rank := r.rank(query, words)
			if rank == nowhereFound {
				continue
			}
			ranks[r] = rank
		}
		found = append(found, r)
	}
	slices.SortFunc(found, func(a, b *QuickResponse) int {
		return cmp.Or(cmp.Compare(ranks[a], ranks[b]), cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return found
}

// placeholder is a name in double braces. Source: admin guide, "Add attributes for personalizing quick responses".
var placeholder = regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`)

// Prefixes of the names of placeholders: of contact attributes, and, which is ours, of what is known of the agent.
const (
	attributePrefix = "Attributes."
	agentPrefix     = "Agent."
)

// Filled is a content with its placeholders filled in. What has no value stays as it stands.
type Filled struct {
	Content string
	// Filled and Missing are the names in placeholders, each once, in the order of the content.
	Filled, Missing []string
}

// Fill fills in the placeholders of a content: {{Attributes.NAME}} by an attribute of the contact, {{Agent.NAME}} by one of the
// agent. An empty value is none. Values go in as they are, and placeholders in them stay text.
func Fill(content string, attributes, agent map[string]string) (out Filled) {
	out.Content = placeholder.ReplaceAllStringFunc(content, func(whole string) string {
		name := placeholder.FindStringSubmatch(whole)[1]
		value := ""
		if key, ok := strings.CutPrefix(name, attributePrefix); ok {
			value = attributes[key]
		} else if key, ok := strings.CutPrefix(name, agentPrefix); ok {
			value = agent[key]
		}
		list := &out.Filled
		if value == "" {
			list, value = &out.Missing, whole
		}
		if !slices.Contains(*list, name) {
			*list = append(*list, name)
		}
		return value
	})
	return out
}
