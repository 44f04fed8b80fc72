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
	Latest      string            `json:"latest,omitempty"`      // "" when never published
	LastVersion int64             `json:"lastVersion,omitempty"` // the highest number given to a version, deleted ones included
	Created     time.Time         `json:"created"`
	Modified    time.Time         `json:"modified"`
}

// Stamp gives a new view its id and its time, and notes when it was changed.
func (v *View) Stamp(newID func() string, now time.Time) {
	if v.ID == "" {
		v.ID, v.Created = ViewID(newID()), now
	}
	v.Modified = now
}

// NextVersion gives the latest content of a view the next number. If the highest version has that content already, it is
// that one again. next.Content is the hash that the caller takes the latest content to have, "" for any.
// Source: API reference of CreateViewVersion.
func (v *View) NextVersion(highest, next *Version) error {
	switch {
	case v.Latest == "":
		return Refuse(InvalidRequest, "the view was saved but never published, so there is nothing to make a version of")
	case next.Content != "" && next.Content != v.Latest:
		return Refuse(InvalidRequest, "ViewContentSha256 is not that of the view's %s content", LatestQualifier)
	case highest != nil && highest.Content == v.Latest:
		next.Number = highest.Number
		return nil
	}
	v.LastVersion++
	next.Number, next.Content = v.LastVersion, v.Latest
	return nil
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
