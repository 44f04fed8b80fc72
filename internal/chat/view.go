package chat

import "github.com/parley-chat/parley/internal/flow"

// showView shows a view to the participant whom the flow talks to.
func (c *Chats) showView(t *turn, e flow.ShowView) (flow.Event, error) {
	return flow.Refused{Reason: "there are no views"}, nil
}
