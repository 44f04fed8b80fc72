package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/token"
)

// Started is StartChatContact's answer.
type Started struct {
	Contact       center.ContactID
	Participant   center.ParticipantID
	Token         string // minted for this answer, stored nowhere
	ContinuedFrom center.ContactID
	// Connection is minted for this answer too, when it was asked for. It has no token for a socket when the chat has
	// ended, which only the answer to a repeated request can tell of.
	Connection *Connection
}

// firstAnswer is what a ClientToken's claim keeps: the ids, never the token.
type firstAnswer struct {
	Contact       center.ContactID     `json:"c"`
	Participant   center.ParticipantID `json:"p"`
	ContinuedFrom center.ContactID     `json:"f,omitempty"`
}

// Start starts a chat: the contact is there and waits for its customer to connect. A ClientToken seen before within
// its life is answered as the first time, before blocks, flow, source and quota are looked at, so that a retried call which
// had succeeded is never refused.
func (c *Chats) Start(ctx context.Context, cmd center.StartChat) (*Started, error) {
	if err := cmd.Check(c.settings); err != nil {
		return nil, err
	}
	again := center.Digest(string(cmd.Instance), cmd.ClientToken)
	opening, err := c.catalog.Opening(ctx, &cmd, again, c.clock.Now())
	if err != nil {
		return nil, err
	}
	if cmd.ClientToken != "" && opening.Held {
		return c.replay(ctx, &cmd, opening.Claim)
	}
	if err := c.catalog.MayStart(ctx, opening, cmd.CustomerID); err != nil {
		return nil, err
	}
	if err := c.catalog.Startable(ctx, cmd.Instance, opening, center.FlowRef{ID: cmd.Flow, Qualifier: cmd.FlowQualifier}); err != nil {
		return nil, err
	}
	if err := c.catalog.CheckSegmentAttributes(ctx, cmd.Instance, center.UserSegments(cmd.SegmentAttributes)); err != nil {
		return nil, err
	}
	var past []center.PastSession
	var related *center.Chat
	switch {
	case cmd.Persistent != nil:
		source, sessions, err := c.past(ctx, cmd.Instance, *cmd.Persistent)
		if err != nil {
			return nil, err
		}
		related, past = source, sessions
	case cmd.Related != "":
		r, err := c.chatOf(ctx, cmd.Instance, cmd.Related)
		if err != nil {
			return nil, err
		}
		related = &r.Chat
	}
	if related != nil && cmd.CustomerID == "" { // the chat will be that customer's
		if err := c.catalog.MayStart(ctx, opening, related.CustomerID); err != nil {
			return nil, err
		}
	}
	for {
		d, err := cmd.Begin(related, past, c.settings, c.clock.Now(), c.newID)
		if err != nil {
			return nil, err
		}
		first := firstAnswer{Contact: d.Chat.Current().ID, Participant: d.Chat.Participants[0].ID}
		if len(past) > 0 {
			first.ContinuedFrom = past[0].Contact
		}
		if err := c.claimStart(d, again, cmd.ClientToken, first); err != nil {
			return nil, err
		}
		if err := c.claimSlot(ctx, d); err != nil {
			return nil, err
		}
		err = c.begin(ctx, d)
		var taken *store.ClaimTaken
		var freed *store.Conflict
		switch {
		case err == nil:
			return c.started(&cmd, first), nil
		case errors.As(err, &freed):
			continue // a claim was held, and released before its holder could be read; the chat's own id is new
		case errors.As(err, &taken) && taken.Claim.Kind == center.ClaimStart:
			return c.replay(ctx, &cmd, taken.Claim)
		case errors.As(err, &taken) && taken.Claim.Kind == center.ClaimSlot:
			continue // another start took that slot; there may be more
		default:
			return nil, err
		}
	}
}

func (c *Chats) claimStart(d *center.Draft, key, clientToken string, first firstAnswer) error {
	if clientToken == "" {
		return nil
	}
	raw, err := json.Marshal(first)
	if err != nil {
		return err
	}
	d.Take(center.Claim{Kind: center.ClaimStart, Key: key, Value: string(raw), Expires: d.Now.Add(c.settings.ClientTokenLife)})
	return nil
}

// replay answers a ClientToken that was used before. The ids are those of the first answer; all tokens are new.
func (c *Chats) replay(ctx context.Context, cmd *center.StartChat, claim center.Claim) (*Started, error) {
	var first firstAnswer
	if err := json.Unmarshal([]byte(claim.Value), &first); err != nil {
		return nil, c.store.Damaged("claim", fmt.Errorf("claim %s: %w", claim.Kind, err))
	}
	answer := c.started(cmd, first)
	if answer.Connection == nil {
		return answer, nil
	}
	s, err := c.view(ctx, center.ChatID(first.Contact))
	if err != nil && !center.Is(err, center.NotFound) {
		return nil, err
	}
	if err != nil || !s.Ended.IsZero() {
		answer.Connection.SocketToken = ""
	}
	return answer, nil
}

func (c *Chats) started(cmd *center.StartChat, a firstAnswer) *Started {
	who := Caller{
		Instance: cmd.Instance, Chat: center.ChatID(a.Contact), Contact: a.Contact, Participant: a.Participant, Role: center.RoleCustomer,
	}
	answer := &Started{Contact: a.Contact, Participant: a.Participant, ContinuedFrom: a.ContinuedFrom}
	answer.Token = c.sealer.Seal(token.Claims{
		Kind: token.Participant, Instance: string(who.Instance), Chat: string(who.Chat), Contact: string(who.Contact),
		Participant: string(who.Participant), Role: string(who.Role), Issued: c.wall(),
	})
	if cmd.Connect {
		answer.Connection = c.credentials(who)
	}
	return answer
}

// claimSlot takes one of the instance's places for active chats, where their number is limited. Chats of before the
// limit was set hold none.
func (c *Chats) claimSlot(ctx context.Context, d *center.Draft) error {
	limit := c.settings.ActiveChats
	if limit <= 0 {
		return nil
	}
	// Any of them: a slot that a hung node has locked looks free to all others, and must not be the one that all choose.
	held, err := c.flows.claimed(ctx, center.ClaimSlot, center.SlotPrefix(d.Chat.Instance))
	if err != nil {
		return err
	}
	return d.TakeSlot(held, limit, rand.N(limit))
}
