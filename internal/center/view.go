package center

import (
	"strings"
	"time"
)

// ViewID is the identifier of a customer's view, a UUID, or of one that AWS manages, a word such as form.
type ViewID string

// View is a customer's view as a resource: what a step-by-step guide shows. Like a flow it has a saved content, and once
// published a latest one; numbered versions are further names of contents. All are named by their SHA-256.
type View struct {
	ID          ViewID            `json:"id"`
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	Saved       string            `json:"saved"`
	Latest      string            `json:"latest,omitempty"` // "" when never published
	// Versions are in rising order; LastVersion is the highest number ever given, so that none is given twice.
	Versions    []ViewVersion `json:"versions,omitempty"`
	LastVersion int           `json:"lastVersion,omitempty"`
	Created     time.Time     `json:"created"`
	Modified    time.Time     `json:"modified"`
}

// ViewVersion is a content of a view that never changes.
type ViewVersion struct {
	Number      int    `json:"number"`
	Content     string `json:"content"` // SHA-256
	Description string `json:"description,omitempty"`
}

// Version finds a version by number.
func (v *View) Version(number int) (ViewVersion, bool) {
	for _, one := range v.Versions {
		if one.Number == number {
			return one, true
		}
	}
	return ViewVersion{}, false
}

// Publish gives the latest content a version. If the highest version has that content already, it stays the highest.
// expected is the SHA-256 that the caller takes the latest content to have, "" for any.
// Source: API reference of CreateViewVersion.
func (v *View) Publish(description, expected string) (ViewVersion, error) {
	switch n := len(v.Versions); {
	case v.Latest == "":
		return ViewVersion{}, Refuse(InvalidRequest, "the view was saved but never published, so there is nothing to make a version of")
	case expected != "" && expected != v.Latest:
		return ViewVersion{}, Refuse(InvalidRequest, "ViewContentSha256 is not that of the view's %s content", LatestQualifier)
	case n > 0 && v.Versions[n-1].Content == v.Latest:
		return v.Versions[n-1], nil
	}
	v.LastVersion++
	made := ViewVersion{Number: v.LastVersion, Content: v.Latest, Description: description}
	v.Versions = append(v.Versions, made)
	return made, nil
}

// ViewRef is a reference to a view: its id, and the qualifier after a colon, if any: $SAVED, $LATEST, a version's number.
type ViewRef struct {
	ID        ViewID
	Qualifier string
}

// ParseView accepts a bare id or an ARN, either with a qualifier.
func ParseView(s string) ViewRef {
	if strings.HasPrefix(s, "arn:") {
		for _, before := range []string{":view/", "/view/"} {
			if i := strings.Index(s, before); i >= 0 {
				s = s[i+len(before):]
				break
			}
		}
	}
	id, qualifier, _ := strings.Cut(s, ":")
	return ViewRef{ID: ViewID(strings.ToLower(id)), Qualifier: qualifier}
}

// At names the version that a flow asks for beside the view's id: Latest, or a qualifier. What the id says goes first.
func (r ViewRef) At(version string) ViewRef {
	if r.Qualifier == "" && version != "Latest" {
		r.Qualifier = version
	}
	return r
}

// Number is the version that the qualifier names, 0 if it names none.
func (r ViewRef) Number() (number int, ok bool) {
	n, ok := versionNumber(r.Qualifier)
	if !ok {
		return 0, false
	}
	return int(n), true
}

// ViewARN returns the ARN of a view of an instance.
func (p Partition) ViewARN(i InstanceID, r ViewRef) string {
	return p.InstanceARN(i) + "/view/" + r.String()
}

// ManagedViewARN returns the ARN of a view that AWS manages, which belongs to no account.
func (p Partition) ManagedViewARN(r ViewRef) string {
	return "arn:aws:connect:" + p.Region + ":aws:view/" + r.String()
}

// String is the id with its qualifier.
func (r ViewRef) String() string {
	if r.Qualifier == "" {
		return string(r.ID)
	}
	return string(r.ID) + ":" + r.Qualifier
}
