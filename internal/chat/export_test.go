package chat

import (
	"context"
	"fmt"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
)

// Decoded is how many decoded states of a chat were kept, 0 or 1; they are dropped.
func (c *Chats) Decoded(id center.ChatID) int {
	if s, err := c.engine.ForgetStream(context.Background(), center.StreamID(id)); err != nil || s == nil {
		return 0
	}
	return 1
}

// RunBeside starts a flow beside those of a chat, as it is: its end is its own.
func (c *Chats) RunBeside(ctx context.Context, id center.ChatID, ref string) error {
	return c.change(ctx, id, func(t *turn) error {
		f, content, err := c.catalog.FlowToRun(ctx, t.Chat.Instance, ref)
		if err != nil {
			return err
		}
		t.keep()
		t.begin("beside", flow.New(string(f.ID), content, 1), f.Type)
		return c.flows.feed(t, flow.Start{})
	})
}

// Runs lists the flows of a chat: their roles, and where each stands.
func (c *Chats) Runs(ctx context.Context, id center.ChatID) (all []string) {
	s, err := c.view(ctx, id)
	if err != nil {
		return []string{err.Error()}
	}
	for _, r := range s.Runs {
		all = append(all, fmt.Sprintf("%d %s %s", r.ID, r.Role, r.At))
	}
	return all
}

// State is the stored state of a chat.
func (c *Chats) State(ctx context.Context, id center.ChatID) []byte {
	s, err := c.view(ctx, id)
	if err != nil {
		return nil
	}
	return s.encode()
}

// EndRun ends one flow of a chat.
func (c *Chats) EndRun(ctx context.Context, id center.ChatID, of int) error {
	return c.change(ctx, id, func(t *turn) error {
		if t.pick(runID(of)) {
			r := *t.run
			r.Done = true
			t.run, t.ran = &r, true
		}
		return nil
	})
}
