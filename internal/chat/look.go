package chat

import (
	"context"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/flow"
)

// What a turn must know besides its chat is looked up here: by [engine.Find], while the chat's turn is not held. So each of
// these returns an error, and with it the turn is abandoned and taken again, until all that it asks for is known. What is the
// chat's own, its items, receipts and ClientTokens, is read in its turn, as its state is: otherwise it could be older.

func find[T any](t *turn, what string, look func(context.Context) (T, error)) (T, error) {
	return engine.Find(t.tx, string(t.Chat.ID)+" "+what, look)
}

// runnable is a flow or a module, and the hash of the content that it runs with.
type runnable struct {
	id      string
	flow    *center.ContactFlow // nil for a module
	content string
}

// flowToBegin is the flow that the contact was started with, none if it is gone.
func (fs *flows) flowToBegin(t *turn) (runnable, error) {
	chat := t.Chat
	return find(t, "begin", func(ctx context.Context) (runnable, error) {
		f, err := fs.findFlowToBegin(ctx, chat)
		if err != nil {
			return runnable{}, err
		}
		return *f, nil
	})
}

// findFlowToBegin is flowToBegin outside of a turn. The program is read too, if it is not in memory.
func (fs *flows) findFlowToBegin(ctx context.Context, chat *center.Chat) (*runnable, error) {
	contact := chat.Current()
	f, content, err := fs.catalog.FlowToBegin(ctx, chat.Instance, center.FlowRef{ID: contact.Flow, Qualifier: contact.FlowQualifier})
	if center.Refused(err) {
		return &runnable{}, nil
	}
	if err == nil {
		_, err = fs.catalog.Program(ctx, chat.Instance, content)
	}
	if err != nil {
		return nil, err
	}
	return &runnable{string(f.ID), f, content}, nil
}

// flowToRun is a flow that another one names.
func (fs *flows) flowToRun(t *turn, ref string) (runnable, error) {
	at := t.Chat.Instance
	return find(t, "flow "+ref, func(ctx context.Context) (runnable, error) {
		f, content, err := fs.catalog.FlowToRun(ctx, at, ref)
		if err != nil {
			return runnable{}, err
		}
		return runnable{string(f.ID), f, content}, nil
	})
}

// moduleToRun is a module that a flow names.
func (fs *flows) moduleToRun(t *turn, ref string) (runnable, error) {
	at := t.Chat.Instance
	return find(t, "module "+ref, func(ctx context.Context) (r runnable, err error) {
		r.id, r.content, err = fs.catalog.ModuleToRun(ctx, at, ref)
		return r, err
	})
}

// program is a content, ready to run. Those that ran lately are in memory.
func (fs *flows) program(t *turn, content string) (*flow.Program, error) {
	if p, ok := fs.catalog.Compiled(content); ok {
		return p, nil
	}
	at := t.Chat.Instance
	return find(t, "program "+content, func(ctx context.Context) (*flow.Program, error) { return fs.catalog.Program(ctx, at, content) })
}

func (fs *flows) queueByID(t *turn, id center.QueueID) (*center.Queue, error) {
	at := t.Chat.Instance
	return find(t, "queue "+string(id), func(ctx context.Context) (*center.Queue, error) { return fs.catalog.Queue(ctx, at, id) })
}

// agentQueue is an agent's queue, by the agent's id, ARN or user name.
func (fs *flows) agentQueue(t *turn, agent string) (*center.Queue, error) {
	at := t.Chat.Instance
	return find(t, "agent queue "+agent, func(ctx context.Context) (*center.Queue, error) { return fs.catalog.AgentQueue(ctx, at, agent) })
}

// isOpen says whether hours of operation are open now.
func (fs *flows) isOpen(t *turn, hours string) (bool, error) {
	at, now := t.Chat.Instance, t.Now
	return find(t, "open "+hours, func(ctx context.Context) (bool, error) { return fs.catalog.Open(ctx, at, hours, now) })
}

func (fs *flows) viewToShow(t *turn, ref center.ViewRef) (*catalog.View, error) {
	at := t.Chat.Instance
	return find(t, "view "+ref.String(), func(ctx context.Context) (*catalog.View, error) { return fs.catalog.View(ctx, at, ref) })
}

// held are the keys of claims of a kind that begin with a prefix.
func (fs *flows) held(t *turn, kind, prefix string) ([]string, error) {
	return find(t, "claims "+kind+" "+prefix, func(ctx context.Context) ([]string, error) { return fs.claimed(ctx, kind, prefix) })
}

// claimed reads the keys of claims.
func (fs *flows) claimed(ctx context.Context, kind, prefix string) ([]string, error) {
	all, err := fs.store.Claims(ctx, kind, prefix)
	keys := make([]string, len(all))
	for i := range all {
		keys[i] = all[i].Key
	}
	return keys, err
}

// earlier are the sessions that a chat goes on from: not from those of a blocked customer.
func (fs *flows) earlier(t *turn, p center.Persistence) ([]center.PastSession, error) {
	at := t.Chat.Instance
	return find(t, "past "+string(p.Source)+" "+string(p.Type), func(ctx context.Context) ([]center.PastSession, error) {
		source, past, err := fs.past(ctx, at, p)
		if err == nil {
			err = fs.catalog.Unblocked(ctx, at, source.CustomerID)
		}
		return past, err
	})
}

// chatRelated is the chat of the related contact, as it is stored.
func (fs *flows) chatRelated(t *turn) (*state, error) {
	at, id := t.Chat.Instance, t.Subject().Related
	return find(t, "chat "+string(id), func(ctx context.Context) (*state, error) { return fs.chatOf(ctx, at, id) })
}

// received is a message of the chat, and what its receivers have told of it.
type received struct {
	message  center.Item
	receipts []center.Receipt
}

func (fs *flows) received(t *turn, id center.ItemID) (r received, err error) {
	stream := center.StreamID(t.Chat.ID)
	if r.message, err = fs.store.Item(t.ctx, stream, id); err != nil {
		return r, err
	}
	all, err := fs.store.Receipts(t.ctx, stream, []center.ItemID{id})
	r.receipts = all[id]
	return r, err
}
