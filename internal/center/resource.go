package center

import (
	"strings"
	"time"
)

// Head is what the resources of an instance have in common. ID is the type of their identifiers.
type Head[ID ~string] struct {
	ID          ID                `json:"id"`
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	Modified    time.Time         `json:"modified"`
}

// Key is what a resource is found by, and what no other of its kind and instance is called.
func (h *Head[ID]) Key() (id, name string) { return string(h.ID), h.Name }

// Stamp gives a new resource its id, and notes when it was changed.
func (h *Head[ID]) Stamp(newID func() string, now time.Time) {
	if h.ID == "" {
		h.ID = ID(newID())
	}
	h.Modified = now
}

// TagSet is where the tags of a resource are.
func (h *Head[ID]) TagSet() *map[string]string { return &h.Tags }

// ResourceID takes the id out of a bare id or out of an ARN that ends in "/KIND/ID". Ids are in lower case.
func ResourceID(s, kind string) string {
	if strings.HasPrefix(s, "arn:") {
		if _, id, ok := strings.Cut(s, "/"+kind+"/"); ok {
			s = id
		}
	}
	return strings.ToLower(s)
}
