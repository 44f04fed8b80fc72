package chat

import (
	"bytes"
	"context"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// unneeded are the contents that nothing was found to refer to, and since when. A flow, a module or a version refers to
// its contents; a chat to those that it is in, until it ends. What no flow, module or version refers to is not begun by
// another chat, so that the chats that are in it become fewer. After unneededFor every decision that had read the
// reference before it went has been committed: whoever is still in the content is found among the chats.
type unneeded map[contentKey]time.Time

type contentKey struct {
	at  center.InstanceID
	sha string
}

const (
	unneededFor = time.Hour
	contentPage = 100
)

// deleteUnneeded deletes the contents that nothing has referred to for unneededFor.
func (e *Erasures) deleteUnneeded(ctx context.Context, since unneeded) error {
	var after string
	for {
		some, err := e.catalog.Instances(ctx, after, contentPage)
		if err != nil {
			return err
		}
		for i := range some {
			if err := e.deleteUnneededOf(ctx, some[i].ID, since); err != nil {
				return err
			}
		}
		if len(some) < contentPage {
			return nil
		}
		after = string(some[len(some)-1].ID)
	}
}

func (e *Erasures) deleteUnneededOf(ctx context.Context, at center.InstanceID, since unneeded) error {
	now := e.clock.Now()
	found, err := e.catalog.UnneededContents(ctx, at)
	if err != nil {
		return err
	}
	for key := range since {
		if key.at == at && !found[key.sha] {
			delete(since, key) // it is referred to again, or another node has deleted it
		}
	}
	ripe := map[string]bool{}
	for sha := range found {
		key := contentKey{at, sha}
		seen, known := since[key]
		if !known {
			since[key] = now
		}
		if known && now.Sub(seen) >= unneededFor {
			ripe[sha] = true
		}
	}
	if len(ripe) == 0 {
		return nil
	}
	if err := e.withoutRunning(ctx, at, ripe); err != nil {
		return err
	}
	for sha := range ripe {
		key := contentKey{at, sha}
		gone, err := e.catalog.DeleteContent(ctx, at, sha, since[key])
		if err != nil {
			return err
		}
		if gone {
			e.contents.Add(1)
		}
		delete(since, key)
	}
	return nil
}

// withoutRunning leaves out the contents that a chat which has not ended names: wherever in its state, so that no place
// is forgotten.
func (e *Erasures) withoutRunning(ctx context.Context, at center.InstanceID, ripe map[string]bool) error {
	for after := center.ChatID(""); ; {
		some, err := e.store.Streams(ctx, center.KindChat, at, center.StreamID(after), true, contentPage)
		if err != nil {
			return err
		}
		for i := range some {
			for sha := range ripe {
				if bytes.Contains(some[i].State, []byte(sha)) {
					delete(ripe, sha)
				}
			}
		}
		if len(some) < contentPage || len(ripe) == 0 {
			return nil
		}
		after = center.ChatID(some[len(some)-1].ID)
		rest(ctx, erasePause)
	}
}
