package chat_test

import (
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/center"
)

// What a ClientToken is remembered with are the ids of its chat. The answer's tokens are in no row.
func TestNoTokenIsKeptWithAClientToken(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	cmd := center.StartChat{Instance: instance, Flow: w.flow, DisplayName: "Ana", ClientToken: "once", Connect: true}
	first, err := c.Start(w.ctx, cmd)
	w.must(err)
	again, err := c.Start(w.ctx, cmd)
	w.must(err)
	if again.Contact != first.Contact || again.Participant != first.Participant {
		t.Errorf("the second answer is contact %s, the first %s", again.Contact, first.Contact)
	}
	tokens := []string{
		first.Token, first.Connection.Token, first.Connection.SocketToken,
		again.Token, again.Connection.Token, again.Connection.SocketToken,
	}
	for i, a := range tokens {
		for _, b := range tokens[:i] {
			if a == "" || a == b {
				t.Fatalf("token %d is empty or was given out before", i)
			}
		}
	}
	claims, err := w.store.Claims(w.ctx, center.ClaimStart, "")
	w.must(err)
	if len(claims) != 1 || !strings.Contains(claims[0].Value, string(first.Contact)) {
		t.Fatalf("the claims are %v", claims)
	}
	for _, secret := range append(tokens, "v4.local") {
		if strings.Contains(claims[0].Value, secret) {
			t.Error("the claim has a token")
		}
	}
}
