package chat

import (
	"context"
	"errors"
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/store"
)

// SetTimers sets how long roles may be silent in a contact, and in all that follow it.
func (c *Chats) SetTimers(ctx context.Context, at center.InstanceID, id center.ContactID, all []center.TimerSetting) error {
	if err := center.CheckTimerSettings(all); err != nil {
		return err
	}
	chat, _, err := c.Contact(ctx, at, id)
	if err != nil {
		return err
	}
	return c.change(ctx, chat.ID, func(t *turn) error { return t.Draft.SetTimers(id, all) })
}

// timerFired lets the time of the timer of a role have come.
func (c *Chats) timerFired(t *turn, due center.Due) error {
	role := center.Role(strings.TrimPrefix(due.Key, center.DueIdle))
	since, runs := t.Chat.TimerSince(role)
	if !runs {
		return nil
	}
	last, err := c.lastOf(t, role, since)
	if errors.Is(err, center.ErrDamaged) {
		t.TimerUnsure(role)
		return nil
	}
	if err != nil {
		return err
	}
	for _, p := range t.TimerFired(role, last) {
		if p.Role == center.RoleCustomParticipant {
			return c.flows.feedAll(t, flow.CustomParticipantLeft{})
		}
	}
	return c.flows.agentLeft(t)
}

// lastPage is how many items are in memory while the last message of a role is looked for.
const lastPage = 64

// lastOf finds the last message or attachment of a role among the items behind since, nil for none. It walks back from the
// chat's end, as the one looked for is mostly recent.
func (a archive) lastOf(t *turn, role center.Role, since int64) (*center.Item, error) {
	for to := t.After(); to > since; {
		items, err := a.store.Page(t.ctx, store.PageQuery{
			Stream: center.StreamID(t.Chat.ID), From: since + 1, To: to, Backward: true, Limit: lastPage, Last: t.After(),
		})
		if err != nil || len(items) == 0 {
			return nil, err
		}
		for i := range items {
			if it := &items[i]; it.Role == role && (it.Type == center.TypeMessage || it.Type == center.TypeAttachment) {
				return it, nil
			}
		}
		to = items[len(items)-1].Seq - 1
	}
	return nil, nil
}

// lexBot is the type of the action in which a Lex bot takes part in the chat.
const lexBot = "ConnectParticipantWithLexBot"

// botTakesOver takes a custom participant out when a Lex bot joins.
func (t *turn) botTakesOver(before, after *flow.Waiting) {
	if after != nil && after.For == lexBot && (before == nil || before.For != lexBot) {
		t.DropCustomParticipant()
	}
}
