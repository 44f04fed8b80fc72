package chat

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/token"
)

// Contact finds a contact and the chat it is a segment of. Both are for reading only.
func (c *Chats) Contact(ctx context.Context, at center.InstanceID, id center.ContactID) (*center.Chat, *center.Contact, error) {
	if _, err := c.catalog.Instance(ctx, at); err != nil {
		return nil, nil, err
	}
	s, err := c.chatOf(ctx, at, id)
	if err != nil {
		return nil, nil, err
	}
	contact, ok := s.Contact(id)
	if !ok {
		return nil, nil, fmt.Errorf("chat %s does not know its contact %s", s.ID, id)
	}
	return &s.Chat, contact, nil
}

// Figures are what the messages of a contact come to, nil while nobody has counted them: until it ends.
func (c *Chats) Figures(ctx context.Context, id center.ContactID) (*center.Figures, error) {
	r, err := c.store.ContactRecord(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return r.Figures, err
}

func noContact(id center.ContactID) error {
	return center.Refuse(center.NotFound, "Resource not found of Type: CONTACT %s", center.Printable(string(id)))
}

// Stop ends a contact, whatever state it is in. The customer's takes the chat along.
func (c *Chats) Stop(ctx context.Context, at center.InstanceID, id center.ContactID) error {
	_, contact, err := c.Contact(ctx, at, id)
	var refused *center.Error
	if errors.As(err, &refused) && refused.Code == center.NotFound {
		if _, gone := c.catalog.Instance(ctx, at); gone != nil {
			return gone
		}
		return center.Refuse(center.ContactNotFound, "%s", refused.Message)
	}
	if err != nil {
		return err
	}
	over := center.Refuse(center.ContactNotFound, "the contact %s has ended", id)
	if !contact.Disconnected.IsZero() {
		return over
	}
	chat, err := c.store.ChatOf(ctx, id)
	if err != nil {
		return err
	}
	return c.change(ctx, center.ChatID(chat), func(t *turn) error {
		k, ok := t.Chat.Contact(id)
		switch {
		case !ok || !k.Live() || !t.Chat.Ended.IsZero():
			return over
		case k.Beside:
			t.StopBeside(id)
			return c.flows.agentLeft(t)
		}
		t.end(center.ReasonAPI)
		return nil
	})
}

// SetAttributes merges attributes into those of the contact's session. It works on ended contacts too.
func (c *Chats) SetAttributes(ctx context.Context, at center.InstanceID, id center.ContactID, set map[string]string) error {
	chat, _, err := c.Contact(ctx, at, id)
	if err != nil {
		return err
	}
	return c.change(ctx, chat.ID, func(t *turn) error { return t.Draft.SetAttributes(set) })
}

// Update writes what users say of a contact. It works on ended contacts too.
func (c *Chats) Update(ctx context.Context, at center.InstanceID, id center.ContactID, set center.ContactData) error {
	if err := cmp.Or(set.Check(), center.CheckReferences(set.References)); err != nil {
		return err
	}
	chat, _, err := c.Contact(ctx, at, id)
	if err != nil {
		return err
	}
	if err := c.catalog.CheckSegmentAttributes(ctx, at, set.SegmentAttributes); err != nil {
		return err
	}
	return c.change(ctx, chat.ID, func(t *turn) error { return t.SetContactData(id, set) })
}

// SetRouting changes a contact's place in its queue, and the agents that it asks for.
func (c *Chats) SetRouting(ctx context.Context, at center.InstanceID, id center.ContactID, r center.RoutingData) error {
	if err := r.Check(); err != nil {
		return err
	}
	chat, _, err := c.Contact(ctx, at, id)
	if err != nil {
		return err
	}
	return c.change(ctx, chat.ID, func(t *turn) error { return t.SetRoutingData(id, r) })
}

// CustomParticipant is one who may now connect.
type CustomParticipant struct {
	Participant center.ParticipantID
	Token       string
	Expires     string // AbsoluteTime form
}

// AddCustomParticipant brings a custom participant into a contact. A ClientToken seen before is answered as the first time.
func (c *Chats) AddCustomParticipant(ctx context.Context, at center.InstanceID, id center.ContactID, displayName, clientToken string) (*CustomParticipant, error) {
	chat, _, err := c.Contact(ctx, at, id)
	if err != nil {
		return nil, err
	}
	added, err := c.once(ctx, chat.ID, center.ClaimCustomParticipant, clientToken, func(t *turn) (string, error) {
		p, err := t.Draft.AddCustomParticipant(displayName, c.settings)
		return string(p.ID), err
	})
	if err != nil {
		return nil, err
	}
	return c.customParticipantCredentials(at, chat.ID, id, center.ParticipantID(added)), nil
}

// once lets decide work on a chat unless its ClientToken has been used on that chat before; then it returns what was
// answered the first time. It looks in the chat's own turn, where no other decision is under way: of two calls with
// one token at the same time, the second finds the first.
func (c *Chats) once(ctx context.Context, chat center.ChatID, kind, clientToken string, decide func(*turn) (string, error)) (answer string, err error) {
	key := center.Digest(string(chat), clientToken)
	err = c.change(ctx, chat, func(t *turn) error {
		if clientToken != "" {
			first, taken, err := c.store.Claim(ctx, kind, key, t.Now)
			if err != nil || taken {
				answer = first.Value
				return err
			}
		}
		if answer, err = decide(t); err != nil || clientToken == "" {
			return err
		}
		t.Take(center.Claim{Kind: kind, Key: key, Value: answer, Expires: t.Now.Add(c.settings.ClientTokenLife)})
		return nil
	})
	return answer, err
}

func (c *Chats) customParticipantCredentials(at center.InstanceID, chat center.ChatID, contact center.ContactID, id center.ParticipantID) *CustomParticipant {
	now := c.wall()
	return &CustomParticipant{
		Participant: id,
		Token: c.sealer.Seal(token.Claims{
			Kind: token.Participant, Instance: string(at), Chat: string(chat), Contact: string(contact),
			Participant: string(id), Role: string(center.RoleCustomParticipant), Issued: now,
		}),
		Expires: center.FormatTime(now.Add(token.ConnectionLifetime)),
	}
}

// Associate makes a running chat continue a past one, and returns the contact it continues from.
func (c *Chats) Associate(ctx context.Context, at center.InstanceID, id center.ContactID, p center.Persistence, clientToken string) (center.ContactID, error) {
	chat, _, err := c.Contact(ctx, at, id)
	if err != nil {
		return "", err
	}
	from, err := c.once(ctx, chat.ID, center.ClaimAssoc, clientToken, func(t *turn) (string, error) {
		if err := p.MayPrecede(id); err != nil {
			return "", err
		}
		past, err := c.flows.earlier(t, p)
		if err != nil {
			return "", err
		}
		return string(past[0].Contact), t.Draft.Associate(past)
	})
	return center.ContactID(from), err
}

// carryRelated writes what a flow has set of the related contact, and takes the due row away with that.
func (c *Chats) carryRelated(ctx context.Context, due center.Due) error {
	var r related
	if err := json.Unmarshal([]byte(due.Data), &r); err != nil {
		return c.store.Damaged("due", fmt.Errorf("%s of chat %s: %w", due.Key, due.Stream, err))
	}
	chat, err := c.store.ChatOf(ctx, r.Contact)
	if errors.Is(err, store.ErrNotFound) {
		return c.drop(ctx, due)
	}
	if err != nil {
		return err
	}
	return c.change(ctx, center.ChatID(chat), func(t *turn) error {
		t.Answers(due)
		if err := r.write(t.Draft); err != nil {
			t.warn("what a flow wrote of a related contact was refused", "contact", r.Contact, "why", err)
		}
		return nil
	})
}

// Tag writes tags of a contact and takes others away. It works on ended contacts too.
func (c *Chats) Tag(ctx context.Context, at center.InstanceID, id center.ContactID, set map[string]string, remove []string) error {
	chat, _, err := c.Contact(ctx, at, id)
	if err != nil {
		return err
	}
	return c.change(ctx, chat.ID, func(t *turn) error { return t.Draft.Tag(id, set, remove) })
}
