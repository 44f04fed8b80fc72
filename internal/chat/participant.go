package chat

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/token"
)

// socketLife is what clients are told of a socket's life; one that lives longer is left alone.
const socketLife = time.Hour

// Caller is a participant who has shown a token of the right kind.
type Caller struct {
	Instance    center.InstanceID
	Chat        center.ChatID
	Contact     center.ContactID
	Participant center.ParticipantID
	Role        center.Role
}

// Authenticate opens a token of the given kind. Whether its participant is still in the chat is found out by what
// they ask for.
func (c *Chats) Authenticate(text string, want token.Kind) (Caller, error) {
	claims, err := c.sealer.Open(text, want, c.wall())
	switch {
	case errors.Is(err, token.ErrInvalid), errors.Is(err, token.ErrKind), errors.Is(err, token.ErrExpired):
		return Caller{}, &center.Error{Code: center.AccessDenied, Message: "Access denied", Cause: err}
	case err != nil:
		return Caller{}, err
	}
	return Caller{
		Instance: center.InstanceID(claims.Instance), Chat: center.ChatID(claims.Chat), Contact: center.ContactID(claims.Contact),
		Participant: center.ParticipantID(claims.Participant), Role: center.Role(claims.Role),
	}, nil
}

// Connection is what CreateParticipantConnection and StartChatContact give out: a token for the socket's URL and one for
// the operations.
type Connection struct {
	SocketToken  string
	SocketExpiry time.Time
	Token        string
	TokenExpiry  time.Time
}

// Connection gives a participant new credentials. Earlier ones stay good until they expire. With connect, the
// participant counts as connected from here on; without it, their socket's first subscription does that. Agents join by
// accepting, so connect changes nothing for them.
// After the first connection nothing is written.
func (c *Chats) Connection(ctx context.Context, who Caller, connect bool) (*Connection, error) {
	s, err := c.view(ctx, who.Chat)
	if err != nil {
		return nil, denied(err)
	}
	p, err := s.MayConnect(who.Participant)
	if err != nil {
		return nil, err
	}
	if connect && p.Joined.IsZero() && p.User == "" {
		var begins *runnable
		if p.Role == center.RoleCustomer {
			if begins, err = c.flows.findFlowToBegin(ctx, &s.Chat); err != nil {
				return nil, err
			}
		}
		if err := c.connected(ctx, who, begins); err != nil {
			return nil, err
		}
	}
	return c.credentials(who), nil
}

// credentials mints a token for the socket's URL and one for the operations.
func (c *Chats) credentials(who Caller) *Connection {
	now := c.wall()
	claims := token.Claims{
		Kind: token.Socket, Instance: string(who.Instance), Chat: string(who.Chat), Contact: string(who.Contact),
		Participant: string(who.Participant), Role: string(who.Role), Issued: now, Expires: now.Add(token.SocketLifetime),
	}
	con := &Connection{SocketToken: c.sealer.Seal(claims), SocketExpiry: now.Add(socketLife), TokenExpiry: now.Add(token.ConnectionLifetime)}
	claims.Kind, claims.Expires = token.Connection, con.TokenExpiry
	con.Token = c.sealer.Seal(claims)
	return con
}

// present returns the chat, the number of the last item that the caller may read, and that of the chat's last item, if they
// are still part of it.
func (c *Chats) present(ctx context.Context, who Caller) (s *state, bound, last int64, err error) {
	seen, err := c.engine.Look(ctx, center.KindChat, center.StreamID(who.Chat))
	if err != nil {
		return nil, 0, 0, denied(err)
	}
	s = seen.State.(*state)
	if bound, err = s.MayRead(who.Participant); bound == 0 {
		bound = seen.Seq
	}
	return s, bound, seen.Seq, err
}

// Connected says that a participant is there. The first time they join the chat, and if they are the customer the
// flow begins. Later it changes nothing: to a flow, a customer who reconnects has not returned until they send a message.
func (c *Chats) Connected(ctx context.Context, who Caller) error {
	return c.connected(ctx, who, nil)
}

// connected is Connected for a chat whose flow, which begins now, was looked up beforehand, if it was.
func (c *Chats) connected(ctx context.Context, who Caller, begins *runnable) error {
	return c.change(ctx, who.Chat, func(t *turn) error {
		p, err := t.Chat.MayListen(who.Participant)
		if err != nil {
			return err
		}
		starts := p.Joined.IsZero() && p.Role == center.RoleCustomer
		var begin runnable
		if begins != nil {
			begin = *begins
		} else if starts { // asked for before anything is decided, since that would be decided twice
			if begin, err = c.flows.flowToBegin(t); err != nil {
				return err
			}
		}
		if _, err := t.Connect(who.Participant); err != nil || !starts {
			return err
		}
		return c.flows.startFlow(t, begin)
	})
}

// Send says a message and returns the committed item. A ClientToken that this participant used before is answered
// with the first item.
func (c *Chats) Send(ctx context.Context, who Caller, m center.Message, clientToken string) (sent center.Item, err error) {
	var once [16]byte
	if clientToken != "" {
		h := sha256.New()
		_, _ = h.Write([]byte(who.Participant))
		_, _ = h.Write([]byte(clientToken))
		copy(once[:], h.Sum(nil))
	}
	err = c.change(ctx, who.Chat, func(t *turn) error {
		it, err := t.Send(who.Participant, m, once, c.settings)
		if err != nil {
			return err
		}
		if who.Role == center.RoleCustomer && slices.ContainsFunc(t.all, (*run).hides) {
			it.InTranscript = false
		}
		sent = *it
		if who.Role == center.RoleCustomer {
			return c.flows.feedAll(t, flow.CustomerMessage{ContentType: m.ContentType, Content: m.Content})
		}
		return nil
	})
	var again *store.TokenTaken
	if errors.As(err, &again) {
		return again.Item, nil
	}
	return sent, denied(err)
}

// denied answers for a chat that is not there as for any other dead token.
func denied(err error) error {
	if center.Is(err, center.NotFound) {
		return center.Refuse(center.AccessDenied, "Access denied")
	}
	return err
}

// Event takes a typing event or a receipt and returns the id and time it is answered with. Receipts carry the same
// ClientToken every time, so events are not deduplicated by it.
func (c *Chats) Event(ctx context.Context, who Caller, contentType, content string) (told center.Item, err error) {
	err = c.change(ctx, who.Chat, func(t *turn) error {
		switch contentType {
		case center.EventTyping:
			it, err := t.Typing(who.Participant)
			if err != nil {
				return err
			}
			t.ephemeral = []center.Item{it}
			told = it
			return nil
		case center.EventConnectionAck:
			told = center.Item{ID: center.ItemID(t.NewID()), Time: t.Now}
			_, err := t.Chat.Present(who.Participant)
			return err
		case center.EventDelivered, center.EventRead:
			return c.acknowledge(t, who, contentType == center.EventRead, content, &told)
		}
		return center.Refuse(center.InvalidParameter, "ContentType must be one of %s, %s, %s, %s",
			center.EventTyping, center.EventDelivered, center.EventRead, center.EventConnectionAck)
	})
	return told, denied(err)
}

func (c *Chats) acknowledge(t *turn, who Caller, read bool, content string, told *center.Item) error {
	if _, err := t.Chat.Present(who.Participant); err != nil {
		return err
	}
	var body struct {
		MessageID string `json:"messageId"`
	}
	if err := json.Unmarshal([]byte(content), &body); err != nil || body.MessageID == "" {
		return center.Refuse(center.InvalidParameter, `Content must be {"messageId":"…"} for message receipts, got %d characters of something else`, len([]rune(content)))
	}
	known, err := c.flows.received(t, center.ItemID(body.MessageID))
	if errors.Is(err, store.ErrNotFound) {
		return center.Refuse(center.InvalidParameter, "messageId must name a message of this chat")
	}
	if err != nil {
		return err
	}
	var before center.Receipt
	for _, r := range known.receipts {
		if r.Recipient == who.Participant {
			before = r
		}
	}
	it, err := t.Acknowledge(who.Participant, &known.message, before, read)
	if err == nil {
		*told = *it
	}
	return err
}

// Leave takes the caller out of the chat. The customer's leaving ends it.
func (c *Chats) Leave(ctx context.Context, who Caller) error {
	return denied(c.change(ctx, who.Chat, func(t *turn) error {
		stays, err := t.LeaveInFlow(who.Participant, hookCustomerRemaining)
		if err != nil {
			return err
		}
		if stays {
			return c.flows.agentLeft(t)
		}
		left, err := t.Draft.Leave(who.Participant)
		switch {
		case err != nil:
			return err
		case left.Role == center.RoleCustomParticipant:
			return c.flows.feedAll(t, flow.CustomParticipantLeft{})
		case left.Role == center.RoleAgent:
			return c.flows.goesOnWithout(t, &left)
		}
		return nil
	}))
}
