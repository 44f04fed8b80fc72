package chat

import (
	"context"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/engine"
)

// The lanes of due rows. The numbers are stored.
const (
	laneTimers  center.Lane = iota // what has a time of its own, and is answered in a moment
	laneCalls                      // calls outside
	laneErrands                    // what a chat has to do in another one, and erasures
)

// due are the kinds of due rows that chats have.
func (c *Chats) due() []engine.Due {
	timer := func(key string, fire func(*turn, center.Due) error) engine.Due {
		return engine.Due{Key: key, Lane: laneTimers, Answer: func(ctx context.Context, due center.Due) error {
			return c.change(ctx, center.ChatID(due.Stream), func(t *turn) error {
				t.Answers(due)
				if !t.Chat.Ended.IsZero() {
					return nil
				}
				return fire(t, due)
			})
		}}
	}
	ends := func(reason string) func(*turn, center.Due) error {
		return func(t *turn, _ center.Due) error {
			t.end(reason)
			return nil
		}
	}
	return []engine.Due{
		timer(center.DueConnect, ends(center.ReasonNotConnected)),
		timer(center.DueDuration, ends(center.ReasonExpired)),
		timer(dueFlow, c.fired),
		timer(dueFlowBehind, c.fired),
		timer(center.DueJoin, func(t *turn, due center.Due) error {
			t.DropLateBot(center.ParticipantID(due.Data))
			return nil
		}),
		{Key: dueCall, Lane: laneCalls, Outside: &engine.Outside{Read: c.readCall, Ask: c.askOutside}},
		{Key: dueRelated, Lane: laneErrands, Answer: c.carryRelated},
		{Key: dueErase, Lane: laneErrands, Answer: c.eraseAskedFor},
	}
}

// drop takes a due row away that has become pointless.
func (c *Chats) drop(ctx context.Context, due center.Due) error {
	return c.change(ctx, center.ChatID(due.Stream), func(t *turn) error {
		t.Answers(due)
		return nil
	})
}
