package chat

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/parley-chat/parley/internal/center"
)

// Kinds of claims that earlier versions had of contacts in queues. Their keys end with the contact's id.
var olderQueueClaims = []string{"queued", "in-line"}

// queueOlderAtOnce is how many chats get their rows at a time.
const queueOlderAtOnce = 16

// QueueOlder gives the contacts that earlier versions put into queues the rows by which those who wait are found now, in place
// of their claims, and says how many it found. What fails is logged and tried again at the next start.
func (c *Chats) QueueOlder(ctx context.Context) (n int, err error) {
	claims := map[center.ContactID][]center.Claim{}
	for _, kind := range olderQueueClaims {
		all, err := c.store.Claims(ctx, kind, "")
		if err != nil {
			return 0, err
		}
		for _, claim := range all {
			id := center.ContactID(claim.Key[strings.LastIndexByte(claim.Key, '/')+1:])
			claims[id] = append(claims[id], claim)
		}
	}
	var running sync.WaitGroup
	var done atomic.Int64
	places := make(chan struct{}, queueOlderAtOnce)
	for contact, held := range claims {
		places <- struct{}{}
		running.Go(func() {
			defer func() { <-places }()
			if err := c.queueOlder(ctx, contact, held); err != nil {
				c.log.Warn("a contact that an earlier version put into a queue was not found there", "contact", contact, "error", err)
				return
			}
			done.Add(1)
		})
	}
	running.Wait()
	return int(done.Load()), ctx.Err()
}

func (c *Chats) queueOlder(ctx context.Context, contact center.ContactID, held []center.Claim) error {
	at, _, _ := strings.Cut(held[0].Key, "/")
	s, err := c.chatOf(ctx, center.InstanceID(at), contact)
	if err != nil {
		return err
	}
	return c.change(ctx, s.ID, func(t *turn) error {
		t.Edit() // the rows follow from the chat
		for _, claim := range held {
			t.Release(claim)
		}
		return nil
	})
}
