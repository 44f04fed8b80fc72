package chat

import (
	"context"
	"hash/fnv"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/stock"
)

// Reclaim takes a contact away from an agent whose client is gone. What is offered goes to others. A conversation goes on with
// its other agents; without any, its disconnect flow runs, or, where none is set, the customer waits in the same queue again, on
// a contact of its own that is as old as the first. Amazon Connect does nothing of this.
func (a *Agents) Reclaim(ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID) error {
	chat, err := a.chatOf(ctx, at, contact)
	if err != nil {
		return err
	}
	return a.change(ctx, chat, func(t *turn) error {
		joined, err := t.Lose(contact, agent)
		switch {
		case err != nil:
			return err
		case !joined:
			return a.flows.putBack(t, contact)
		case !t.Chat.Over():
			return nil
		}
		if _, set := t.Chat.Hooks[hookCustomerRemaining]; !set {
			back, err := a.flows.takeBack(t)
			if err != nil || back {
				return err
			}
		}
		return a.flows.agentLeft(t)
	}, agent)
}

// takeBack lets the customer of a chat whose last agent is gone wait in the queue that the agent was found in. back is false
// when there is no such queue, or no room in it, or the chat has as many contacts in a row as it may have.
func (fs *flows) takeBack(t *turn) (back bool, err error) {
	over := *t.Chat.Current()
	if _, there := t.Chat.With(center.RoleCustomer); !there || over.Queue == "" || !t.Chat.MayFollow() {
		return false, nil
	}
	q, err := fs.queueByID(t, over.Queue)
	if center.Is(err, center.NotFound) || err == nil && q.Status != center.QueueEnabled {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	place, full, err := fs.queuePlace(t, q, true)
	if err != nil || full {
		return false, err
	}
	t.endRunsThat(func(r *run) bool { return r.Of == "" })
	t.Follow(center.InitiatedByDisconnect)
	t.keep()
	t.On("")
	t.Return(q.ID, &over)
	t.Enqueue(place, q.Type == center.QueueAgent)
	ref, set := t.Chat.Hooks[hookCustomerQueue]
	if !set {
		ref = stock.FlowID(t.Chat.Instance, stock.CustomerQueue)
	}
	f, err := fs.flowToRun(t, string(ref))
	if err != nil && !center.Refused(err) {
		return false, err
	}
	if err != nil || !f.flow.MayHook(hookCustomerQueue) {
		t.warn("the customer queue flow is gone", "contact", t.Subject().ID, "flow", ref)
		return true, nil // the customer just waits
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(t.Subject().ID))
	t.beginOn("", roleQueue, flow.New(f.id, f.content, h.Sum64()), f.flow.Type)
	t.BeginFlow(int(t.run.ID), f.flow.ID, f.flow.Type)
	return true, fs.feed(t, flow.Start{})
}
