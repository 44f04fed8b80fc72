package center

import (
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
func (r ModuleRef) Version() (number int64, ok bool) { return versionNumber(r.Qualifier) }

// ModuleARN returns the ARN of a module of an instance, with a qualifier behind it when there is one.
func (p Partition) ModuleARN(i InstanceID, id ModuleID, qualifier string) string {
	return qualified(p.InstanceARN(i)+"/flow-module/"+string(id), qualifier)
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
