package chat

import (
	"context"

	"github.com/parley-chat/parley/internal/center"
)

// mayInvoke says whether an instance's flows may invoke a function.
func (c *Chats) mayInvoke(ctx context.Context, at center.InstanceID, arn string) (bool, error) {
	return false, nil
}

// mayTalk says whether an instance's flows may talk with a bot, by the ARN of its alias.
func (c *Chats) mayTalk(ctx context.Context, at center.InstanceID, alias string) (bool, error) {
	return false, nil
}
