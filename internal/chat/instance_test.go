package chat_test

import (
	"context"
	"errors"
	"testing"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// hangsUp is a bus on which the caller of the operation is gone with the first news.
type hangsUp struct{ cancel context.CancelFunc }

func (b hangsUp) Publish(center.StreamID, []center.Item) { b.cancel() }

// Nothing of a deleted instance stays behind: not when its caller does not wait, nor, after another call, when power
// was lost behind the row that names it.
func TestDeleteInstanceLeavesNothing(t *testing.T) {
	for name, cut := range map[string]func(*world) error{
		"the caller hangs up": func(w *world) error {
			ctx, cancel := context.WithCancel(w.ctx)
			return w.node(center.DefaultSettings(), hangsUp{cancel}).Erasures.DeleteInstance(ctx, instance)
		},
		"a second call": func(w *world) error {
			w.must(w.store.DeleteResource(w.ctx, "", "instance", string(instance)))
			var refused *center.Error
			err := w.node(center.DefaultSettings(), &told{}).Erasures.DeleteInstance(w.ctx, instance)
			if !errors.As(err, &refused) || refused.Code != center.NotFound {
				t.Errorf("the second call: %v", err)
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c := w.node(center.DefaultSettings(), &told{})
			_, one := w.start(c, nil)
			w.start(c, nil)
			w.must(cut(w))
			if left, err := w.store.Streams(w.ctx, center.KindChat, instance, "", false, 10); err != nil || len(left) > 0 {
				t.Errorf("%d chats are left, %v", len(left), err)
			}
			if _, err := w.store.ChatOf(w.ctx, one.Contact); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("the contact is found: %v", err)
			}
			if _, err := w.store.Resource(w.ctx, instance, "contact-flow", string(w.flow)); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("the flow is found: %v", err)
			}
		})
	}
}

// Instances themselves, and keys, belong to the instance without an id: nobody can ask for that one.
func TestDeleteInstanceWithoutID(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	var refused *center.Error
	if err := c.Erasures.DeleteInstance(w.ctx, ""); !errors.As(err, &refused) || refused.Code != center.NotFound {
		t.Errorf("got %v", err)
	}
	if _, err := c.Catalog.Instance(w.ctx, instance); err != nil {
		t.Errorf("an instance is gone: %v", err)
	}
}
