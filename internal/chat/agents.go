package chat

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/staff"
	"github.com/parley-chat/parley/internal/token"
)

// Agents are the decisions that involve an agent and a contact. A contact and the slot that it takes of its agent change
// together or not at all.
type Agents struct{ *Chats }

// NewAgents returns the decisions about the agents of chats.
func NewAgents(c *Chats) *Agents { return &Agents{c} }

// moveAgents does to agents' slots what was decided about the chat. An agent who is gone has none.
func (t *turn) moveAgents() error {
	for _, m := range t.TakeMoves() {
		a, err := t.chats.staff.In(t.tx, t.Chat.Instance, m.User)
		if center.Is(err, center.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		w, err := t.chats.staff.Worker(t.tx, t.Chat.Instance, m.User)
		switch {
		case center.Is(err, center.NotFound):
			w = new(catalog.Worker)
		case err != nil:
			return err
		default:
			a.As(w.RoutingProfile, w.Groups)
		}
		a.Apply(m, w.Channels.AfterContactWorkLimit())
	}
	return nil
}

// chatOf is the chat of a contact of an instance.
func (a *Agents) chatOf(ctx context.Context, at center.InstanceID, id center.ContactID) (center.ChatID, error) {
	chat, _, err := a.Contact(ctx, at, id)
	if err != nil {
		return "", err
	}
	return chat.ID, nil
}

// Offer offers a contact that waits in a queue to an agent. limit is how many contacts the agent may have for that; 0 asks
// neither for that nor for the agent's status: the contact is assigned. It is refused when the contact or the agent is not as
// whoever chose them has seen.
func (a *Agents) Offer(ctx context.Context, at center.InstanceID, contact center.ContactID, to center.UserID, limit int) error {
	chat, err := a.chatOf(ctx, at, contact)
	if err != nil {
		return err
	}
	if limit == 0 {
		if err := a.staff.Ensure(ctx, at, to); err != nil {
			return err
		}
	}
	return a.change(ctx, chat, func(t *turn) error {
		m, err := a.staff.In(t.tx, at, to)
		if err != nil {
			return err
		}
		w, err := a.staff.Worker(t.tx, at, to)
		if err != nil {
			return err
		}
		if limit > 0 && (!m.Agent.Routable() || len(m.Agent.Contacts) >= limit) {
			return center.Refuse(center.InvalidState, "the agent takes no contact now")
		}
		if limit == 0 {
			if err := m.Agent.MayBeAssigned(contact); err != nil {
				return err
			}
		}
		_, err = t.Draft.Offer(contact, center.Offeree{User: to, DisplayName: displayName(w), Direct: limit == 0})
		if err == nil && w.Channels.AutoAccepts() {
			t.AutoAccept(contact)
		}
		return err
	}, to)
}

// acceptFor accepts an offer for an agent who has said so. For one who is not signed in it rings on.
// Source: admin guide, "Enable auto-accept"; that it takes a live session is inferred.
func (c *Chats) acceptFor(ctx context.Context, due center.Due) error {
	contact := center.ContactID(strings.TrimPrefix(due.Key, center.DueAccept))
	return c.change(ctx, center.ChatID(due.Stream), func(t *turn) error {
		t.Answers(due)
		k, ok := t.Chat.Contact(contact)
		if !ok || k.Offer == nil || k.Offer.Participant != center.ParticipantID(due.Data) || !k.Offer.Accepted.IsZero() {
			return nil
		}
		there, err := find(t, "signed in "+string(k.Offer.User), func(ctx context.Context) (bool, error) {
			return c.catalog.SignedIn(ctx, t.Chat.Instance, k.Offer.User, c.wall())
		})
		if err != nil || !there {
			return err
		}
		if err := t.Draft.Accept(contact, k.Offer.User); err != nil {
			return err
		}
		return c.flows.accepted(t, contact)
	})
}

// displayName is what others in a chat see of an agent: the first name (inferred from samples of the admin guide).
func displayName(w *catalog.Worker) string {
	if w.Identity.FirstName != "" {
		return w.Identity.FirstName
	}
	return w.Name
}

// Accept takes a contact that is offered to an agent.
func (a *Agents) Accept(ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID) error {
	chat, err := a.chatOf(ctx, at, contact)
	if err != nil {
		return err
	}
	return a.change(ctx, chat, func(t *turn) error {
		if err := t.Draft.Accept(contact, agent); err != nil {
			return err
		}
		return a.flows.accepted(t, contact)
	}, agent)
}

// join connects the agent who has accepted a contact.
func (fs *flows) join(t *turn, contact center.ContactID) error {
	c, ok := t.Chat.Contact(contact)
	if !ok || c.Offer == nil {
		return nil
	}
	w, err := t.chats.staff.Worker(t.tx, t.Chat.Instance, c.Offer.User)
	if err != nil {
		return err
	}
	t.Draft.Join(contact, w.RoutingProfile, w.Groups)
	return nil
}

// Reject ends an offer. The contact is offered to others.
func (a *Agents) Reject(ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID) error {
	chat, err := a.chatOf(ctx, at, contact)
	if err != nil {
		return err
	}
	return a.change(ctx, chat, func(t *turn) error { return t.Draft.Reject(contact, agent) }, agent)
}

// Leave takes an agent out of a contact. The chat ends with its last agent, unless a disconnect flow is set.
func (a *Agents) Leave(ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID) error {
	chat, err := a.chatOf(ctx, at, contact)
	if err != nil {
		return err
	}
	return a.change(ctx, chat, func(t *turn) error {
		c, err := t.Chat.AgentOf(contact, agent)
		if err != nil {
			return err
		}
		of := center.ParticipantID("")
		if c.Offer != nil {
			of = c.Offer.Participant
		} else {
			of = c.Agent.Participant
		}
		if _, err := t.Chat.Present(of); err != nil {
			return center.Refuse(center.InvalidState, "the agent has left the contact %s already", contact)
		}
		left, err := t.Draft.Leave(of)
		if err != nil {
			return err
		}
		return a.flows.goesOnWithout(t, &left)
	}, agent)
}

// goesOnWithout goes on with a chat that an agent has left, or a contact that was offered to them.
func (fs *flows) goesOnWithout(t *turn, left *center.Participant) error {
	if left.Joined.IsZero() {
		return fs.putBack(t, left.Contact)
	}
	return fs.agentLeft(t)
}

const hookCustomerRemaining = "CustomerRemaining"

// agentLeft goes on with a chat whose last agent has left, if that is so: with its disconnect flow, on a contact of its own,
// while the customer is there; else the chat ends.
// Source: admin guide, "Set disconnect flow"; agents.md 2.2.
func (fs *flows) agentLeft(t *turn) error {
	if !t.Chat.Over() {
		return nil
	}
	reason := t.Chat.Current().DisconnectReason
	t.endRunsOfEnded()
	ref, set := t.Chat.Hooks[hookCustomerRemaining]
	if _, there := t.Chat.With(center.RoleCustomer); !set || !there || !t.Chat.MayFollow() {
		t.end(reason)
		return nil
	}
	f, err := fs.flowToRun(t, string(ref))
	if err != nil && !center.Refused(err) {
		return err
	}
	if err != nil || !f.flow.MayHook(hookCustomerRemaining) {
		t.warn("the disconnect flow is gone", "contact", t.Chat.Current().ID, "flow", ref)
		t.end(reason)
		return nil
	}
	t.endRunsThat(func(r *run) bool { return r.Of == "" })
	next := t.Follow(center.InitiatedByDisconnect)
	next.Flow, next.FlowQualifier = f.flow.ID, ""
	return fs.startOn(t, "", f)
}

// Clear frees the slot of a contact that is over for an agent, or whose chat does not exist or is damaged. After-contact work
// ends with that.
func (a *Agents) Clear(ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID) error {
	return a.staff.Change(ctx, at, agent, func(tx *engine.Tx, m *staff.Member) error { return a.clear(tx, m, contact) })
}

func (a *Agents) clear(tx *engine.Tx, m *staff.Member, contact center.ContactID) error {
	c, ok := m.Agent.Contact(contact)
	if ok && !c.Failed() {
		t, err := a.in(tx, c.Chat)
		switch {
		case center.Is(err, center.NotFound), errors.Is(err, center.ErrDamaged): // erased, or unreadable: nothing else frees the slot
			m.Drop(contact)
			return nil
		case err != nil:
			return err
		case c.State == center.SlotEnded:
			t.FinishAfterContactWork(contact, m.Agent.ID)
		}
	}
	return m.Clear(contact)
}

// afterContactWorkOver is the end of the time that an agent has for work after a contact.
func (c *Chats) afterContactWorkOver(ctx context.Context, due center.Due) error {
	a := &Agents{c}
	return c.engine.Change(ctx, func(tx *engine.Tx) error {
		m, err := c.staff.Of(tx, center.UserID(due.Stream))
		if err != nil {
			return err
		}
		m.Answers(due)
		contact := center.ContactID(strings.TrimPrefix(due.Key, center.DueAfterContactWork))
		if slot, ok := m.Agent.Contact(contact); !ok || slot.State != center.SlotEnded {
			return nil
		}
		return a.clear(tx, m, contact)
	}, due.Stream)
}

// dueOver is the key of the row, in an agent's stream, of contacts that are to be cleared because a status was chosen.
const dueOver = "over"

// SetStatus gives an agent a status, or the next one while contacts are live. It clears what is over for the agent: choosing
// another status ends after-contact work. That goes on when the caller does not wait for it, and, by a due row, after a crash.
// With strict, nothing becomes the next status.
// Source: admin guide, "Set next status"; agents.md 2.3, 4.2.
func (a *Agents) SetStatus(ctx context.Context, at center.InstanceID, agent center.UserID, status string, strict bool) error {
	to, err := a.enabled(ctx, at, status)
	if err != nil {
		return err
	}
	var chosen time.Time
	err = a.staff.Change(ctx, at, agent, func(_ *engine.Tx, m *staff.Member) error {
		chosen = time.Time{}
		if strict && m.Agent.Live() {
			return center.Refuse(center.InvalidState, "Cannot change agent state: Invalid agent or contact state.")
		}
		m.SetStatus(to.Work())
		if _, ok := m.Agent.Over(m.Now); ok && m.Agent.Next != nil && m.Agent.Next.ID == to.ID {
			chosen = m.Now
			m.Schedule(dueOver, chosen.Add(clearAgainAfter), "")
		}
		return nil
	})
	if err != nil || chosen.IsZero() {
		return err
	}
	return a.clearOver(context.WithoutCancel(ctx), agent, chosen)
}

// Override gives an agent the status that a supervisor has chosen, at once. by is for the audit log; the agent's stream has
// nothing of it.
// Source: admin guide, "Change the Agent activity status in a metrics report".
func (a *Agents) Override(ctx context.Context, at center.InstanceID, agent center.UserID, status string, by catalog.Author) error {
	to, err := a.enabled(ctx, at, status)
	if err != nil {
		return err
	}
	return a.staff.Change(ctx, at, agent, func(_ *engine.Tx, m *staff.Member) error {
		return m.Override(to.Work(), center.AuditNote{Who: by.Who, From: by.From, Action: by.Action, At: by.At})
	})
}

// enabled finds an agent status that may be chosen.
func (a *Agents) enabled(ctx context.Context, at center.InstanceID, status string) (*center.AgentStatus, error) {
	s, err := catalog.AgentStatuses.Get(ctx, a.catalog, at, status)
	if err == nil && s.State != center.StatusEnabled {
		err = center.Refuse(center.InvalidRequest, "the agent status %s is disabled", s.Name)
	}
	return s, err
}

// clearAgainAfter is when what a crash has left to clear is cleared.
const clearAgainAfter = 30 * time.Second

// clearOver clears the contacts that were over for an agent when they chose their next status, each in a decision of its own:
// all of them may be of more streams than one has room for. With the last one the due row goes. Contacts that end later have
// their after-contact work, and an agent who has chosen otherwise keeps what is not cleared yet.
func (c *Chats) clearOver(ctx context.Context, agent center.UserID, chosen time.Time) error {
	a := &Agents{c}
	for {
		more := false
		err := c.engine.Change(ctx, func(tx *engine.Tx) error {
			m, err := c.staff.Of(tx, agent)
			if err != nil {
				return err
			}
			if over, ok := m.Agent.Over(chosen); ok && m.Agent.Next != nil {
				if err := a.clear(tx, m, over.Contact); err != nil {
					return err
				}
			}
			if _, more = m.Agent.Over(chosen); m.Agent.Next == nil {
				more = false
			}
			if !more {
				m.Unschedule(dueOver)
			}
			return nil
		}, center.StreamID(agent))
		if err != nil || !more {
			return err
		}
	}
}

// Dismiss clears a contact of an agent that is over, or whose chat does not exist or is damaged: DismissUserContact.
func (a *Agents) Dismiss(ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID) error {
	if _, err := catalog.Users.Get(ctx, a.catalog, at, string(agent)); err != nil {
		return err
	}
	return a.staff.Change(ctx, at, agent, func(tx *engine.Tx, m *staff.Member) error {
		c, ok := m.Agent.Contact(contact)
		if !ok {
			return center.Refuse(center.NotFound, "Resource not found of Type: CONTACT %s (the user has no such contact)", center.Printable(string(contact)))
		}
		state := c.State
		err := a.clear(tx, m, contact)
		if center.Is(err, center.InvalidState) {
			return center.Refuse(center.InvalidRequest, "the contact %s is %s; only contacts that are MISSED, REJECTED, ERROR or ENDED can be dismissed", contact, state)
		}
		return err
	})
}

// Credentials are the tokens of an agent's participant.
type Credentials struct {
	Participant center.ParticipantID
	Token       string // opens CreateParticipantConnection
	Connection  *Connection
}

// Credentials gives an agent tokens for a contact that is offered to them or that they have joined. Until it is accepted, they
// let them neither send nor read.
func (a *Agents) Credentials(ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID) (*Credentials, error) {
	who, err := a.Caller(ctx, at, agent, contact)
	if err != nil {
		return nil, err
	}
	return &Credentials{
		Participant: who.Participant, Connection: a.credentials(who),
		Token: a.sealer.Seal(token.Claims{
			Kind: token.Participant, Instance: string(at), Chat: string(who.Chat), Contact: string(contact),
			Participant: string(who.Participant), Role: string(who.Role), Issued: a.wall(),
		}),
	}, nil
}

// Caller is an agent as the participant of a contact that takes one of their slots.
func (a *Agents) Caller(ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID) (Caller, error) {
	state, _, err := a.staff.Agent(ctx, at, agent)
	if err != nil {
		return Caller{}, err
	}
	c, ok := state.Contact(contact)
	if !ok {
		return Caller{}, center.Refuse(center.NotFound, "the user has no contact %s", center.Printable(string(contact)))
	}
	role := center.RoleAgent
	if c.Monitor != "" {
		role = center.RoleSupervisor
	}
	return Caller{Instance: at, Chat: c.Chat, Contact: contact, Participant: c.Participant, Role: role}, nil
}
