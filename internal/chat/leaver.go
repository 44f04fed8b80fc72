package chat

import (
	"context"
	"errors"
	"sync"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/staff"
)

// What becomes of agents at work when the configuration changes.

// dueGone is the key of the row, in an agent's stream, of what is left to do after the user was deleted.
const dueGone = "gone"

// DeleteUser deletes a user. Their live chats go on as if they had left, what is offered to them is not any more, and what
// they have not cleared is cleared. A crash in between leaves a due row that does the rest. Contacts in their queue stay there.
// Source: agents.md 5.6; the API says nothing of it.
func (a *Agents) DeleteUser(ctx context.Context, at center.InstanceID, id center.UserID) error {
	_, worked, err := a.staff.Agent(ctx, at, id)
	if err != nil && !center.Is(err, center.NotFound) { // the catalog says it better
		return err
	}
	if worked > 0 {
		err := a.engine.Change(ctx, func(tx *engine.Tx) error {
			m, err := a.staff.Of(tx, id)
			if err == nil {
				m.Schedule(dueGone, m.Now.Add(center.OfferWithin), "")
			}
			return err
		}, center.StreamID(id))
		if err != nil {
			return err
		}
	}
	if err := a.catalog.DeleteUser(ctx, at, string(id)); err != nil {
		return err
	}
	// Also one who has begun to work since we looked.
	if err := a.retire(ctx, at, id, center.Due{}); worked > 0 || !center.Is(err, center.NotFound) {
		return err
	}
	return nil
}

// userGone does what was left to do when a user was deleted, if they were.
func (c *Chats) userGone(ctx context.Context, due center.Due) error {
	id := center.UserID(due.Stream)
	seen, err := c.engine.Look(ctx, center.KindAgent, due.Stream)
	if err != nil {
		return err
	}
	at := seen.State.(*center.Agent).Instance
	_, err = c.catalog.Worker(ctx, at, id)
	switch {
	case center.Is(err, center.NotFound):
		return (&Agents{c}).retire(ctx, at, id, due)
	case err != nil:
		return err
	}
	return c.engine.Change(ctx, func(tx *engine.Tx) error {
		m, err := c.staff.Of(tx, id)
		if err == nil {
			m.Answers(due)
		}
		return err
	}, due.Stream)
}

// retire takes a user who was deleted out of all contacts, clears these, and leaves the user offline. due is the row that it is
// the answer to. While a contact is live, because it was offered a moment ago, the row comes again.
func (a *Agents) retire(ctx context.Context, at center.InstanceID, id center.UserID, due center.Due) error {
	offline, err := a.catalog.StatusOfType(ctx, at, center.StatusOffline)
	if err != nil {
		return err
	}
	state, _, err := a.staff.Agent(ctx, at, id)
	if err != nil {
		return err
	}
	for i := range state.Contacts {
		c := &state.Contacts[i]
		if c.Live() {
			if err := a.withdraw(ctx, c.Chat, c.Contact, id); err != nil && !center.Refused(err) && !errors.Is(err, center.ErrDamaged) {
				return err
			}
		}
		// Each in a decision of its own: all of them may be of more streams than one has room for.
		err := a.engine.Change(ctx, func(tx *engine.Tx) error {
			m, err := a.staff.Of(tx, id)
			if err != nil {
				return err
			}
			m.CancelNext()
			return a.clear(tx, m, c.Contact)
		}, center.StreamID(id), center.StreamID(c.Chat))
		if err != nil && !center.Is(err, center.NotFound) && !center.Is(err, center.InvalidState) { // it is cleared already, or live
			return err
		}
	}
	return a.engine.Change(ctx, func(tx *engine.Tx) error {
		m, err := a.staff.Of(tx, id)
		if err != nil {
			return err
		}
		m.SetStatus(offline.Work())
		switch {
		case len(m.Agent.Contacts) > 0:
			m.Schedule(dueGone, m.Now.Add(center.OfferWithin), "")
		case due.Key != "":
			m.Answers(due)
		default:
			m.Unschedule(dueGone)
		}
		return nil
	}, center.StreamID(id))
}

// withdraw takes a user out of a contact that is live for them.
func (a *Agents) withdraw(ctx context.Context, chat center.ChatID, contact center.ContactID, id center.UserID) error {
	return a.change(ctx, chat, func(t *turn) error {
		c, err := t.Chat.AgentOf(contact, id)
		if err != nil {
			return err
		}
		if c.Offer != nil {
			t.Withdraw(contact, center.SlotError)
			return a.flows.putBack(t, contact)
		}
		left, err := t.Draft.Leave(c.Agent.Participant)
		if err != nil {
			return err
		}
		return a.flows.goesOnWithout(t, &left)
	}, id)
}

// Reconfigured tells in an agent's stream that what the user is has changed. It tells nothing of one who has never worked. What
// has changed is committed: agents are told of it also when the caller does not wait, and after an error the caller may change
// the same again.
func (a *Agents) Reconfigured(ctx context.Context, at center.InstanceID, id center.UserID) error {
	ctx = context.WithoutCancel(ctx)
	_, worked, err := a.staff.Agent(ctx, at, id)
	if err != nil || worked == 0 {
		return err
	}
	return a.staff.Change(ctx, at, id, func(_ *engine.Tx, m *staff.Member) error {
		if m.Empty() { // otherwise it is told already
			m.Tell(center.AgentProfile)
		}
		return nil
	})
}

// reconfigureAtOnce is how many agents are told of a change of their routing profile at the same time.
const reconfigureAtOnce = 32

// ProfileReconfigured is Reconfigured for the agents of a routing profile who are at work or have contacts.
func (a *Agents) ProfileReconfigured(ctx context.Context, at center.InstanceID, profile center.RoutingProfileID) error {
	ctx = context.WithoutCancel(ctx)
	all, err := a.store.Agents(ctx, at)
	if err != nil {
		return err
	}
	var telling sync.WaitGroup
	places := make(chan struct{}, reconfigureAtOnce)
	errs := make([]error, len(all))
	for i := range all {
		if r := &all[i]; r.Profile != profile || r.Status.Type == center.StatusOffline && len(r.Slots) == 0 {
			continue
		}
		places <- struct{}{}
		telling.Go(func() {
			defer func() { <-places }()
			errs[i] = a.Reconfigured(ctx, at, all[i].Agent)
		})
	}
	telling.Wait()
	for _, err := range errs {
		if err != nil && !center.Is(err, center.NotFound) {
			return err
		}
	}
	return nil
}
