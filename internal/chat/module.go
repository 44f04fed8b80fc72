package chat

import (
	"context"

	"github.com/parley-chat/parley/internal/center"
)

// moduleToRun finds the module that a flow invokes, an id or ARN with a version or an alias behind a colon, and the
// hash of its content.
func (c *Chats) moduleToRun(ctx context.Context, at center.InstanceID, ref string) (id, content string, err error) {
	return "", "", center.Refuse(center.NotFound, "Resource not found of Type: CONTACT_FLOW_MODULE %s", printable(ref))
}
