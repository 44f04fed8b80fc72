package center

import (
	"strings"
	"time"
)

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

// Stamp gives a new alias its id, and notes when it was changed.
func (a *Alias) Stamp(newID func() string, now time.Time) {
	if a.ID == "" {
		a.ID = newID()
	}
	a.Modified = now
}
