package center

import "time"

const timeLayout = "2006-01-02T15:04:05.000Z"

// FormatTime writes t as every AbsoluteTime and Expiry is written: UTC, three fraction digits, Z. Clients compare
// these as strings.
func FormatTime(t time.Time) string { return t.UTC().Format(timeLayout) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
