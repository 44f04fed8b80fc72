package chat_test

import (
	"maps"
	"testing"

	"github.com/parley-chat/parley/internal/center"
)

// A chat that continues another carries on its contact properties too; what the request gives goes before.
func TestPersistentChatCopiesProperties(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	first, err := c.Start(w.ctx, center.StartChat{
		Instance: instance, Flow: w.flow, DisplayName: "Ana", CustomerID: "customer", Attributes: map[string]string{"a": "old", "b": "old"},
	})
	w.must(err)
	w.must(c.Leave(w.ctx, w.connect(c, first)))
	second, err := c.Start(w.ctx, center.StartChat{
		Instance: instance, Flow: w.flow, DisplayName: "Ana", Attributes: map[string]string{"b": "new"},
		Persistent: &center.Persistence{Type: center.EntirePastSession, Source: first.Contact},
	})
	w.must(err)
	chat, contact, err := c.Contact(w.ctx, instance, second.Contact)
	w.must(err)
	if want := map[string]string{"a": "old", "b": "new"}; !maps.Equal(chat.Attributes, want) {
		t.Errorf("got %v, want %v", chat.Attributes, want)
	}
	if chat.CustomerID != "customer" || chat.Association != first.Contact || contact.Related != first.Contact {
		t.Errorf("customer %q, association %s, related %s", chat.CustomerID, chat.Association, contact.Related)
	}
}
