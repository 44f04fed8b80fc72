package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/flow"
)

// The lanes of due rows. The numbers are stored.
const (
	laneTimers    center.Lane = iota // what has a time of its own, and is answered in a moment
	laneCalls                        // calls outside
	laneElsewhere                    // what a chat has to do in another one, and erasures
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
		timer(dueFlow, c.flows.fired),
		timer(dueFlowBehind, c.flows.fired),
		timer(center.DueIdle, c.timerFired),
		timer(center.DueOffer, func(t *turn, due center.Due) error {
			t.Miss(center.ContactID(strings.TrimPrefix(due.Key, center.DueOffer)), center.ParticipantID(due.Data))
			return nil
		}),
		timer(center.DueWhisper, c.flows.whisperTooLong),
		timer(center.DueCustomParticipant, func(t *turn, due center.Due) error {
			t.DropLateCustomParticipant(center.ParticipantID(due.Data))
			return nil
		}),
		{Key: center.DueAccept, Lane: laneTimers, Answer: c.acceptFor},
		{Key: dueCall, Lane: laneCalls, Outside: &engine.Outside{Read: c.readCall, Ask: c.askOutside}},
		{Key: dueRelated, Lane: laneElsewhere, Answer: c.carryRelated},
	}
}

// drop takes a due row away that has become pointless.
func (c *Chats) drop(ctx context.Context, due center.Due) error {
	return c.change(ctx, center.ChatID(due.Stream), func(t *turn) error {
		t.Answers(due)
		return nil
	})
}

// askOutside asks what a due row asks, and gives the flow the answer. Nothing is asked that no flow waits for any more.
func (c *Chats) askOutside(ctx context.Context, due center.Due, call engine.Call, late bool) error {
	q := call.(*outsideCall)
	s, err := c.view(ctx, center.ChatID(due.Stream))
	if err != nil {
		return err
	}
	waits, ok := s.awaiting(due.Key)
	if !ok {
		return c.drop(ctx, due)
	}
	// A flow that cannot go on is not worth asking for, again and again.
	if _, err := c.catalog.Program(ctx, s.Instance, waits.Content); err != nil {
		return err
	}
	answered := flow.Answered{Error: noMatchingError, Why: "too many others are asking the same"}
	if !late {
		if answered, err = c.flows.ask(ctx, s.Instance, q); err != nil {
			return err
		}
	}
	answered.ID = q.ID
	return c.change(ctx, center.ChatID(due.Stream), func(t *turn) error {
		t.Answers(due)
		if !t.pickBy(func(r *run) bool { return r.Asked == due.Key }) {
			return nil
		}
		r := *t.run
		r.Asked = ""
		t.run, t.ran = &r, true
		if q.Kind == kindSignIn {
			return c.flows.signedIn(t, answered)
		}
		return c.flows.feed(t, answered)
	})
}

func (c *Chats) readCall(due center.Due) (engine.Call, error) {
	q := new(outsideCall)
	if err := json.Unmarshal([]byte(due.Data), q); err != nil {
		return nil, c.store.Damaged("due", fmt.Errorf("%s of stream %s: %w", due.Key, due.Stream, err))
	}
	return q, nil
}
