package catalog

import (
	"context"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// attachedFiles are the configurations that were changed, by their scopes.
var attachedFiles = &Kind[center.AttachedFiles]{
	rows: "attached-files", word: "ATTACHED_FILES_CONFIGURATION",
	key:   func(f *center.AttachedFiles) (string, string) { return f.Scope, "" },
	stamp: func(f *center.AttachedFiles, _ func() string, now time.Time) { f.Modified = now },
	check: (*center.AttachedFiles).Check,
}

// AttachedFiles is which files may be attached in a scope.
func (c *Catalog) AttachedFiles(ctx context.Context, at center.InstanceID, scope string) (*center.AttachedFiles, error) {
	f, err := attachedFiles.Get(ctx, c, at, scope)
	if center.Is(err, center.NotFound) {
		if err := c.in(ctx, at); err != nil {
			return nil, err
		}
		standard := center.DefaultAttachedFiles(scope)
		return &standard, nil
	}
	return f, err
}

// UpdateAttachedFiles changes which files may be attached in a scope, and returns what it is now. edit may be called again.
func (c *Catalog) UpdateAttachedFiles(ctx context.Context, at center.InstanceID, scope string, edit func(*center.AttachedFiles)) (now *center.AttachedFiles, err error) {
	first := center.DefaultAttachedFiles(scope)
	edit(&first)
	now = &first
	err = attachedFiles.upsert(ctx, c, at, now, func(f *center.AttachedFiles) {
		edit(f)
		now = f
	})
	return now, err
}
