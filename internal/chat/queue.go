package chat

import "github.com/parley-chat/parley/internal/flow"

// What flows ask about queues.

func (c *Chats) setTargetQueue(t *turn, e flow.SetTargetQueue) (flow.Event, error) {
	return flow.Refused{Reason: "there are no queues"}, nil
}

func (c *Chats) enqueue(t *turn, e flow.Enqueue, p *flow.Program) (flow.Event, error) {
	return flow.Refused{Reason: "there are no queues"}, nil
}

func (c *Chats) requeue(t *turn, e flow.Requeue, p *flow.Program) (flow.Event, error) {
	return flow.Refused{Reason: "there are no queues"}, nil
}

func (c *Chats) checkHours(t *turn, e flow.CheckHours) (flow.Event, error) {
	return flow.Refused{Reason: "there are no hours of operation"}, nil
}

func (c *Chats) checkMetric(t *turn, e flow.CheckMetric) (flow.Event, error) {
	return flow.Refused{Reason: "there are no queues"}, nil
}

func (c *Chats) getMetrics(t *turn, e flow.GetMetrics) (flow.Event, error) {
	return flow.Refused{Reason: "there are no queues"}, nil
}
