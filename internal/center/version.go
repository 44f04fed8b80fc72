package center

import (
	"fmt"
	"strconv"
	"time"
)

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

// MaxVersion is the highest number of a version: more than will be made, so that there is always a next one.
const MaxVersion = 1_000_000_000

// Key names the version; keys of versions of one flow or module are in the order of their numbers.
func (v *Version) Key() string { return VersionKey(v.Of, v.Number) }

// VersionKey is the key of a version with that number.
func VersionKey(of string, number int64) string { return fmt.Sprintf("%s/%019d", of, number) }

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

// versionNumber reads the number of a version: digits, the first of them not 0.
func versionNumber(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n > 0 && strconv.FormatInt(n, 10) == s
}

// LatestQualifier addresses what is published, as no qualifier does.
const LatestQualifier = "$LATEST"
