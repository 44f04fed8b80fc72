package catalog

import (
	"context"

	"github.com/parley-chat/parley/internal/center"
)

// ApprovedOrigins are the origins whose pages may call an instance's participant operations. An instance without any does
// not ask.
var ApprovedOrigins = newSet("approved-origin", "APPROVED_ORIGIN", (*center.ApprovedOrigin).Key, (*center.ApprovedOrigin).Check, 100, "approved origins")

// OriginsOf are the origins that an instance approves of, as browsers spell them; nil when it has no list.
func (c *Catalog) OriginsOf(ctx context.Context, at center.InstanceID) (map[string]bool, error) {
	all, err := ApprovedOrigins.kind.all(ctx, c, at)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	origins := make(map[string]bool, len(all))
	for i := range all {
		if origin, ok := center.CanonicalOrigin(all[i].Origin); ok {
			origins[origin] = true
		}
	}
	return origins, nil
}
