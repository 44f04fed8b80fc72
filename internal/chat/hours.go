package chat

import (
	"context"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// open says whether it is within the hours of operation at a time.
func (c *Chats) open(ctx context.Context, at center.InstanceID, hoursID string, now time.Time) (bool, error) {
	return false, center.Refuse(center.NotFound, "Resource not found of Type: HOURS_OF_OPERATION %s", printable(hoursID))
}
