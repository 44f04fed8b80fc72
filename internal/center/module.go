package center

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ModuleID is the identifier of a flow module.
type ModuleID string

// FlowModule is a flow module as a resource: a part that flows invoke. Like a flow it has a published content, which
// flows run, and a saved one; both are named by the SHA-256 of their text.
type FlowModule struct {
	ID          ModuleID `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Archived    bool     `json:"archived,omitempty"`
	Published   string   `json:"published"`
	Saved       string   `json:"saved"`
	// Settings is the module's contract as the API has it: JSON, with the schemas of what goes in and comes out and
	// the names of its branches. PublishedSettings is that of the published content.
	Settings          string            `json:"settings,omitempty"`
	PublishedSettings string            `json:"publishedSettings,omitempty"`
	External          *bool             `json:"external,omitempty"` // ExternalInvocationConfiguration.Enabled
	Tags              map[string]string `json:"tags,omitempty"`
	LastVersion       int64             `json:"lastVersion,omitempty"` // the highest number given to a version, deleted ones included
	Modified          time.Time         `json:"modified"`
}

// Version is a published content of a flow or module with a number to refer to it. It never changes.
type Version struct {
	Of          string    `json:"of"` // id of the flow or module
	Number      int64     `json:"number"`
	Description string    `json:"description,omitempty"`
	Content     string    `json:"content"` // SHA-256 of the text
	Settings    string    `json:"settings,omitempty"`
	Modified    time.Time `json:"modified"`
	Region      string    `json:"region,omitempty"`
}

// MaxVersion is the highest number of a version: more than anybody makes, so that there is always a next one.
const MaxVersion = 1_000_000_000

// Key names the version; keys of versions of one flow or module are in the order of their numbers.
func (v *Version) Key() string { return VersionKey(v.Of, v.Number) }

// VersionKey is the key of a version with that number.
func VersionKey(of string, number int64) string { return fmt.Sprintf("%s/%019d", of, number) }

// Alias is a name for a version of a flow or module that can be moved to another version.
type Alias struct {
	ID          string    `json:"id"`
	Of          string    `json:"module"` // id of the flow or module; stored under this name since only modules had aliases
	Name        string    `json:"name"`
	Description string    `json:"description,omitempty"`
	Version     int64     `json:"version"`
	Modified    time.Time `json:"modified"`
}

// Key names the alias among those of all flows or modules.
func (a *Alias) Key() string { return a.Of + "/" + a.ID }

// NameKey names the alias by its name, which no other of its flow or module may have.
func (a *Alias) NameKey() string { return a.Of + "/" + a.Name }

// maxAliasName is the API model's bound for the names of module aliases. It has none for those of flow aliases
// (inferred: the same).
const maxAliasName = 100

// Check refuses names that could not be told from a version or a draft behind a colon (inferred: for flow aliases the
// API model has no pattern).
func (a *Alias) Check() error {
	if n := len([]rune(a.Name)); n > maxAliasName {
		return Refuse(InvalidParameter, "AliasName must have at most %d characters, got %d", maxAliasName, n)
	}
	switch _, number := versionNumber(a.Name); {
	case number:
		return Refuse(InvalidParameter, "AliasName must not be a number, which names a version")
	case strings.HasPrefix(a.Name, "$"), strings.ContainsAny(a.Name, ":/"):
		return Refuse(InvalidParameter, "AliasName must not begin with $ and not hold : or /")
	}
	return nil
}

// LatestQualifier addresses what is published, as no qualifier does.
const LatestQualifier = "$LATEST"

// ModuleRef is a reference to a module: its id, and the qualifier after a colon, if any: $LATEST, $SAVED, the number
// of a version or an alias.
type ModuleRef struct {
	ID        ModuleID
	Qualifier string
}

// ParseModule accepts a bare id or an ARN, either with a qualifier behind a colon.
func ParseModule(s string) ModuleRef {
	id, qualifier := parseRef(s, "/flow-module/")
	return ModuleRef{ID: ModuleID(id), Qualifier: qualifier}
}

// parseRef takes the id and what follows it out of a bare id or an ARN of the given kind of resource.
func parseRef(s, kind string) (id, qualifier string) {
	if strings.HasPrefix(s, "arn:") {
		if i := strings.Index(s, kind); i >= 0 {
			s = s[i+len(kind):]
		}
	}
	id, qualifier, _ = strings.Cut(s, ":")
	return strings.ToLower(id), qualifier
}

// Version is the number of the version that the reference names, if it names one.
func (r FlowRef) Version() (number int64, ok bool) { return versionNumber(r.Qualifier) }

// Version is the number of the version that the reference names, if it names one.
func (r ModuleRef) Version() (number int64, ok bool) { return versionNumber(r.Qualifier) }

// versionNumber reads the number of a version: digits, the first of them not 0.
func versionNumber(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n > 0 && strconv.FormatInt(n, 10) == s
}

// ModuleARN returns the ARN of a module of an instance, with a qualifier behind it when there is one.
func (p Partition) ModuleARN(i InstanceID, id ModuleID, qualifier string) string {
	return qualified(p.InstanceARN(i)+"/flow-module/"+string(id), qualifier)
}

// FlowVersionARN returns the ARN of a version of a flow.
func (p Partition) FlowVersionARN(i InstanceID, id FlowID, number int64) string {
	return qualified(p.FlowARN(i, id), strconv.FormatInt(number, 10))
}

// FlowAliasARN returns the ARN of an alias of a flow.
func (p Partition) FlowAliasARN(i InstanceID, id FlowID, name string) string {
	return qualified(p.FlowARN(i, id), name)
}

func qualified(arn, qualifier string) string {
	if qualifier == "" {
		return arn
	}
	return arn + ":" + qualifier
}

// Stamp gives a new module its id, and notes when it was changed.
func (m *FlowModule) Stamp(newID func() string, now time.Time) {
	if m.ID == "" {
		m.ID = ModuleID(newID())
	}
	m.Modified = now
}

// NextVersion gives the published content of a module the next number. v.Content is the hash that the caller takes the
// content to have, "" for any.
func (m *FlowModule) NextVersion(_, v *Version) error {
	if err := v.of(m.Published, m.PublishedSettings, m.Modified); err != nil {
		return err
	}
	m.LastVersion++
	v.Number = m.LastVersion
	return nil
}

// of makes v a version of the latest content. One that names another content is refused: "If the FlowContentSha256
// provided is different from the FlowContentSha256 of the $LATEST published flow content, then an error is returned" (API
// reference, CreateContactFlowVersion; which error is inferred).
func (v *Version) of(latest, settings string, modified time.Time) error {
	if v.Content != "" && v.Content != latest {
		return Refuse(InvalidRequest, "the hash of the content is not that of the latest published content, %s", latest)
	}
	v.Content, v.Settings = latest, settings
	if v.Modified.IsZero() {
		v.Modified = modified
	}
	return nil
}

// Stamp gives a new alias its id, and notes when it was changed.
func (a *Alias) Stamp(newID func() string, now time.Time) {
	if a.ID == "" {
		a.ID = newID()
	}
	a.Modified = now
}
