package chat_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store/storetest"
)

// A customer who was blocked on one node starts no chat on another one, in whatever way the chat would be that customer's. What is
// under way goes on.
func TestBlockedCustomersStartNoChats(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, database string) {
		w := newWorldOn(t, database)
		here, there := w.node(center.DefaultSettings(), &told{}), w.node(center.DefaultSettings(), &told{})
		start := func(edit func(*center.StartChat)) error {
			cmd := center.StartChat{Instance: instance, Flow: w.flow, DisplayName: "Ana"}
			edit(&cmd)
			_, err := there.Start(w.ctx, cmd)
			return err
		}
		as := func(customer string) func(*center.StartChat) {
			return func(cmd *center.StartChat) { cmd.CustomerID = customer }
		}
		past, err := here.Start(w.ctx, center.StartChat{Instance: instance, Flow: w.flow, DisplayName: "Ana", CustomerID: "ana"})
		w.must(err)
		w.must(here.Leave(w.ctx, w.connect(here, past)))
		underWay, err := here.Start(w.ctx, center.StartChat{Instance: instance, Flow: w.flow, DisplayName: "Ana", CustomerID: "ana", ClientToken: "once"})
		w.must(err)
		ana := w.connect(here, underWay)
		unknown, _ := w.start(here, nil)

		block, err := here.Catalog.Block(w.ctx, instance, center.BlockedCustomer{CustomerID: "ana", Reason: "threats"})
		w.must(err)
		for _, customer := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} { // with hashes in front of and behind hers
			_, err := here.Catalog.Block(w.ctx, instance, center.BlockedCustomer{CustomerID: customer})
			w.must(err)
		}
		ways := map[string]func(*center.StartChat){
			"by name": as("ana"),
			"by a past chat": func(cmd *center.StartChat) {
				cmd.Persistent = &center.Persistence{Type: center.EntirePastSession, Source: past.Contact}
			},
			"by a related contact": func(cmd *center.StartChat) { cmd.Related = past.Contact },
			"by name, beside another's contact": func(cmd *center.StartChat) {
				cmd.CustomerID, cmd.Related = "ana", unknown.Contact
			},
		}
		for how, edit := range ways {
			var refused *center.Error
			if err := start(edit); !errors.As(err, &refused) || refused.Code != center.AccessDenied || strings.Contains(refused.Error(), "ana") {
				t.Errorf("%s: %v", how, err)
			}
		}
		w.must(here.Catalog.SetBlockedMessage(w.ctx, instance, "Please call us."))
		if err := start(as("ana")); err == nil || err.Error() != "Please call us." {
			t.Errorf("the message is %v", err)
		}
		if _, err := there.Associate(w.ctx, instance, unknown.Contact, center.Persistence{Type: center.EntirePastSession, Source: past.Contact}, ""); !center.Is(err, center.AccessDenied) {
			t.Errorf("her past chat is continued: %v", err)
		}
		// Others are not she.
		w.must(start(as("")))
		w.must(start(as("Ana")))
		w.must(start(as("ana ")))
		w.must(start(func(cmd *center.StartChat) { cmd.CustomerID, cmd.Related = "ben", past.Contact }))
		w.must(start(func(cmd *center.StartChat) { cmd.Related = unknown.Contact }))
		// What is under way goes on, and a request that was repeated is answered as the first time.
		w.send(there, ana, "I am still here")
		again, err := there.Start(w.ctx, center.StartChat{Instance: instance, Flow: w.flow, DisplayName: "Ana", CustomerID: "ana", ClientToken: "once"})
		w.must(err)
		if again.Contact != underWay.Contact {
			t.Errorf("the repeated request made %s", again.Contact)
		}

		w.must(there.Catalog.Unblock(w.ctx, instance, block.ID))
		for how, edit := range ways {
			if how != "by a related contact" { // only one chat continues another
				w.must(start(edit))
			}
		}
	})
}
